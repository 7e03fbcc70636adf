/**
 * Agents of Cloud Assistant: names, ids and payloads of `reportAgents`, `installAgents` and `rebootForAgent`, and what
 * can be known of an agent.
 *
 * The one rule: "alive" is what the service says; everything else is a reason, and a reason never claims more than was
 * read.
 */
import type { RateControl, Targets } from './messages';
import { utf8Length } from './command-content';

export const REPORT_AGENTS = 'reportAgents';
export const INSTALL_AGENTS = 'installAgents';
export const REBOOT_FOR_AGENT = 'rebootForAgent';

/** Each is an act of its own; `nonce` tells them apart. */
export function agentsIdOf(account: string, what: 'report' | 'install', nonce: string): string {
  return `agents/${account}/${what}/${nonce}`;
}

/** What is known of the agent of one instance. Times are the API's, or empty. */
export interface AgentRow {
  instanceId: string;
  name: string;
  /** The Status of the instance; empty where there is no such instance in the region. */
  instanceStatus: string;
  osType: string;
  /** A heartbeat within the last two minutes, as the service says. */
  alive: boolean;
  version: string;
  lastHeartbeatAt: string;
  activeTasks: number;
  invocations: number;
  /** Why it is not alive, as far as that can be known. */
  reason?: string;
}

/** Input of `reportAgents`. */
export interface ReportAgentsInput {
  region: string;
  targets: Targets;
  /** Only rows of agents that are not alive; the sums are of all. */
  deadOnly?: boolean;
}

/** Result of `reportAgents`; at most 256 KB. */
export interface AgentsReport {
  region: string;
  at: string;
  instances: number;
  alive: number;
  dead: number;
  /** Of agents that are alive, the most frequent first; at most 50. */
  versions: { version: string; instances: number }[];
  /** Those that are not alive first. */
  rows: AgentRow[];
  /** True where `rows` is not everything that was asked for; everything is in the result store. */
  rowsTruncated: boolean;
  resultStore?: { workflowId: string; runId: string; path: string };
}

/** What is read of an instance and of its agent; absent: not listed. */
export interface AgentFacts {
  instanceId: string;
  instance?: { name: string; status: string; osType: string };
  agent?: {
    alive: boolean;
    version: string;
    lastHeartbeatAt: string;
    activeTasks: number;
    invocations: number;
  };
}

/** One row, with the reason where the agent is not alive. */
export function agentRowOf(facts: AgentFacts, region: string): AgentRow {
  const { instanceId, instance, agent } = facts;
  const alive = instance !== undefined && agent?.alive === true;
  return {
    instanceId,
    name: instance?.name ?? '',
    instanceStatus: instance?.status ?? '',
    osType: instance?.osType ?? '',
    alive,
    version: agent?.version ?? '',
    lastHeartbeatAt: agent?.lastHeartbeatAt ?? '',
    activeTasks: agent?.activeTasks ?? 0,
    invocations: agent?.invocations ?? 0,
    ...(alive ? {} : { reason: reasonNotAlive(facts, region) }),
  };
}

function reasonNotAlive({ instance, agent }: AgentFacts, region: string): string {
  if (!instance) return `not found in ${region}`;
  if (instance.status !== 'Running') return `the instance is ${instance.status || 'in an unknown state'}`;
  if (!agent) return 'no status listed; released meanwhile?';
  return agent.lastHeartbeatAt === ''
    ? 'never heard of: not installed, or cut off from the service (security group, route)'
    : `no heartbeat since ${agent.lastHeartbeatAt}: stopped, removed, or cut off from the service (security group, route)`;
}

const ROWS_IN_REPORT = 500;
const ROW_BUDGET_BYTES = 200 * 1024;
const VERSIONS_IN_REPORT = 50;

/** Sums of all rows, and as many of those that were asked for as a result takes. */
export function reportOf(
  rows: readonly AgentRow[],
  { region, deadOnly }: ReportAgentsInput,
  at: string,
): AgentsReport {
  const dead = rows.filter((row) => !row.alive);
  const versions = new Map<string, number>();
  for (const { alive, version } of rows) if (alive) versions.set(version, (versions.get(version) ?? 0) + 1);
  const wanted = deadOnly ? dead : [...dead, ...rows.filter((row) => row.alive)];
  let bytes = 0;
  const shown = wanted
    .slice(0, ROWS_IN_REPORT)
    .filter((row) => (bytes += utf8Length(JSON.stringify(row))) <= ROW_BUDGET_BYTES);
  return {
    region,
    at,
    instances: rows.length,
    alive: rows.length - dead.length,
    dead: dead.length,
    versions: [...versions]
      .map(([version, instances]) => ({ version, instances }))
      .sort((a, b) => b.instances - a.instances || a.version.localeCompare(b.version))
      .slice(0, VERSIONS_IN_REPORT),
    rows: shown,
    rowsTruncated: shown.length < wanted.length,
  };
}

/** Input of `installAgents`. */
export interface InstallAgentsInput {
  region: string;
  targets: Targets;
  /** Reboot what the agent was installed on: without that it works from its next start on. */
  reboot?: boolean;
  /** Also where the agent answers. */
  force?: boolean;
  /** Of the reboots. Default: 10 % at once, at most 20; 10 % errors. */
  rate?: Pick<RateControl, 'maxConcurrency' | 'maxErrors' | 'canary'>;
  /** The agent has to be heard of this long after its reboot; 60 to 3,600, default 600. */
  withinSeconds?: number;
}

/** Input of `rebootForAgent`, which `installAgents` starts for each instance. */
export interface RebootForAgentInput {
  region: string;
  instanceId: string;
  force?: boolean;
  withinSeconds?: number;
}

/**
 * What became of one instance. Installed: rebooted, and the agent was heard of after that. AlreadyRunning: nothing was
 * done. NeedsReboot: installed, works from the next start of the instance on. NotStarted: not installed, nothing was done.
 * Unknown: it cannot be told whether it was rebooted, or whether it will be well.
 */
export const INSTALL_OUTCOMES = [
  'Installed',
  'AlreadyRunning',
  'NeedsReboot',
  'Failed',
  'NotStarted',
  'Unknown',
] as const;
export type InstallOutcome = (typeof INSTALL_OUTCOMES)[number];

export interface InstallRow {
  instanceId: string;
  outcome: InstallOutcome;
  /** Of the agent, where it answers. */
  version?: string;
  /** When RebootInstance was called. */
  rebootedAt?: string;
  reason?: string;
}

export type InstallCounts = Record<InstallOutcome, number> & { targets: number };

export type InstallPhase = 'looking' | 'installing' | 'rebooting' | 'done';

/** Answer of the `progress` query of `installAgents`. */
export interface InstallAgentsProgress {
  phase: InstallPhase;
  region: string;
  counts: InstallCounts;
  /** Instances being rebooted now. */
  underWay: number;
  limits?: { maxConcurrency: number; maxErrors: number };
  stopped?: string;
  startedAt: string;
}

/** Result of `installAgents`; at most 256 KB. */
export interface InstallAgentsResult {
  /** `needs-reboot`: nothing failed, and some agents work only from the next start of their instance on. */
  outcome: 'succeeded' | 'needs-reboot' | 'partly-failed' | 'failed' | 'cancelled' | 'no-targets';
  summary: string;
  /** Why nothing could be done at all. */
  refusal?: string;
  /** Why no further instance was rebooted. */
  stopped?: string;
  region: string;
  counts: InstallCounts;
  /** Instances for which RebootInstance was called. */
  reboots: number;
  /** Up to 100 instances: all of them; above: the first 50 that are neither Installed nor AlreadyRunning, as far as they are carried. */
  rows: InstallRow[];
  rowsTruncated: boolean;
  resultStore: { workflowId: string; runId: string; path: string };
  startedAt: string;
  finishedAt: string;
}
