/**
 * `steward patrol start|status|stop`: the one look-out of a region for system events.
 *
 * The one rule: a region has one patrol. Starting it again changes nothing and says so; stopping it leaves the handlers
 * of events alone.
 */
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { PATROL_REGION, patrolIdOf } from '../domain/event-messages';
import { PROGRESS_QUERY } from '../domain/messages';
import { PATROL_KINDS } from '../domain/system-event';
import type { PatrolInput, PatrolState } from '../domain/system-event';
import { stripControl } from '../domain/text';
import type { Temporal } from './connection';
import { CliError, EXIT, usageError } from './exit';
import type { ExitCode } from './exit';
import type { Context } from './inspect';
import { regionOf, withTemporal } from './region';
import type { RegionOptions } from './region';
import { plural } from './render';
import { QUERY_TIMEOUT_MS } from './run-progress';
import { tagOf } from './run-options';
import { selfCommand } from './self';

export interface PatrolOptions extends RegionOptions {
  every?: string;
  kind: string[];
  type: string[];
  tag: string[];
  instance: string[];
}

/** The patrol of a region; the document of `--json`. */
interface Patrol {
  workflowId: string;
  region: string;
  running: boolean;
  /** Temporal's word; absent where there never was one. */
  status?: string;
  url?: string;
  progress?: PatrolState;
  /** Why there is no progress. */
  reason?: string;
}

/** Ending takes a workflow task. */
const STOP_WITHIN_MS = 15_000;
const STOP_GAP_MS = 200;
const DEFAULT_EVERY_SECONDS = 60;

/** Starts the patrol, or says that it runs. */
export async function patrolStart(options: PatrolOptions, { config, terminal }: Context): Promise<ExitCode> {
  const input = inputOf(options, regionOf(options, config));
  return withTemporal(config, { worker: true }, async (temporal) => {
    const started = await startPatrol(temporal, input);
    const patrol = await look(temporal, input.region);
    const line = started
      ? `Started ${patrol.workflowId}: looks every ${input.everySeconds ?? DEFAULT_EVERY_SECONDS} s.`
      : `${patrol.workflowId} runs already; what was typed now changes nothing. To change it, stop it first.`;
    if (options.json) terminal.result(JSON.stringify({ started, ...patrol }, null, 2));
    else terminal.result([line, ...(started ? [] : [patrolText(patrol)])].join('\n'));
    return EXIT.ok;
  });
}

/** Says whether it runs, and its last look. */
export async function patrolStatus(options: RegionOptions, { config, terminal }: Context): Promise<ExitCode> {
  const region = regionOf(options, config);
  return withTemporal(config, { worker: false }, async (temporal) => {
    const patrol = await look(temporal, region);
    terminal.result(options.json ? JSON.stringify(patrol, null, 2) : patrolText(patrol));
    return EXIT.ok;
  });
}

/** Ends the patrol; also where none runs. */
export async function patrolStop(options: RegionOptions, { config, terminal }: Context): Promise<ExitCode> {
  const region = regionOf(options, config);
  return withTemporal(config, { worker: false }, async (temporal) => {
    const stopped = await stopPatrol(temporal, region);
    const patrol = await look(temporal, region);
    if (patrol.running)
      throw new CliError(
        EXIT.notCarriedOut,
        `${patrol.workflowId} was asked to end and has not yet: no worker answers. It ends when one is back.`,
      );
    const line = stopped ? `Stopped ${patrol.workflowId}.` : `${patrol.workflowId} does not run.`;
    terminal.result(
      options.json
        ? JSON.stringify({ stopped, ...patrol }, null, 2)
        : `${line} Events that are handled go on being handled.`,
    );
    return EXIT.ok;
  });
}

function inputOf({ every, kind, type, tag, instance }: PatrolOptions, region: string): PatrolInput {
  const everySeconds = Number(every ?? DEFAULT_EVERY_SECONDS);
  if (!Number.isInteger(everySeconds) || everySeconds < 10 || everySeconds > 3_600)
    throw usageError([{ path: '--every', message: 'must be a whole number of seconds from 10 to 3600' }]);
  const kinds = PATROL_KINDS.filter((each) => kind.includes(each));
  if (kinds.length < new Set(kind).size)
    throw usageError([{ path: '--kind', message: `must be ${PATROL_KINDS.join(' or ')}` }]);
  return {
    region,
    ...(kinds.length > 0 ? { kinds } : {}),
    ...(every === undefined ? {} : { everySeconds }),
    ...(type.length > 0 ? { eventTypes: type } : {}),
    ...(instance.length > 0 ? { instanceIds: instance } : {}),
    ...(tag.length > 0 ? { tags: tag.map(tagOf) } : {}),
  };
}

type PatrolRegion = (input: PatrolInput) => Promise<void>;

/** @returns false where one runs already */
async function startPatrol({ client, account, taskQueue }: Temporal, input: PatrolInput): Promise<boolean> {
  try {
    await client.workflow.start<PatrolRegion>(PATROL_REGION, {
      workflowId: patrolIdOf(account, input.region),
      taskQueue,
      args: [input],
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: `patrol of ${input.region}`,
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

/** @returns false where none ran */
async function stopPatrol({ client, account }: Temporal, region: string): Promise<boolean> {
  const handle = client.workflow.getHandle(patrolIdOf(account, region));
  try {
    if ((await handle.describe()).status.name !== 'RUNNING') return false;
    await handle.cancel();
    const deadline = Date.now() + STOP_WITHIN_MS;
    while ((await handle.describe()).status.name === 'RUNNING' && Date.now() < deadline)
      await sleep(STOP_GAP_MS);
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

async function look(temporal: Temporal, region: string): Promise<Patrol> {
  const workflowId = patrolIdOf(temporal.account, region);
  const handle = temporal.client.workflow.getHandle(workflowId);
  const described = await handle.describe().catch((error: unknown) => {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  });
  if (!described) return { workflowId, region, running: false };
  const status = described.status.name;
  const url = temporal.linkOf(workflowId, described.runId);
  const known = { workflowId, region, running: status === 'RUNNING', status, url };
  if (!known.running) return known;
  try {
    const query = (): Promise<PatrolState> => handle.query<PatrolState>(PROGRESS_QUERY);
    const progress = await temporal.connection.withDeadline(Date.now() + QUERY_TIMEOUT_MS, query);
    return { ...known, progress };
  } catch {
    return {
      ...known,
      reason: `No worker answers just now; it goes on when one is back: ${selfCommand()} worker`,
    };
  }
}

/** One patrol for people. */
export function patrolText({ workflowId, region, running, status, url, progress, reason }: Patrol): string {
  if (!running) {
    const end = status === undefined ? '' : ` (${status.toLowerCase()})`;
    return `${workflowId} does not run${end}: nobody looks for new events. Start it: ${selfCommand()} patrol start --region ${region}`;
  }
  const lines = [workflowId, ...(url === undefined ? [] : [url]), ...(reason === undefined ? [] : [reason])];
  if (!progress) return lines.join('\n');
  lines.push(...eventLines(progress), ...reclaimLines(progress));
  return lines.map((line) => stripControl(line)).join('\n');
}

function eventLines(progress: PatrolState): string[] {
  const { kinds, known, looks, lastLook, everySeconds = DEFAULT_EVERY_SECONDS } = progress;
  if (kinds?.includes('events') === false) return [];
  const lines = [
    `looks every ${everySeconds} s at ${filterText(progress)}`,
    `${plural(looks, 'look')}, ${plural(known.length, 'open event')}`,
  ];
  if (lastLook) {
    const { at, started, changed, calls, error } = lastLook;
    lines.push(`the last at ${at}: ${started} new, ${changed} changed, ${plural(calls, 'call')}`);
    if (error !== undefined) lines.push(`it failed: ${error}`);
  }
  for (const { eventId, status: now, notBefore } of known)
    lines.push(`  ${eventId}  ${now}  not before ${notBefore}`);
  return lines;
}

function reclaimLines({ kinds, locked = [], lockLooks = 0, lastLockLook }: PatrolState): string[] {
  if (kinds?.includes('reclaims') === false) return [];
  const lines = [
    'looks every 15 s for spot instances that are being taken back, every 5 s while there is one',
    `${plural(lockLooks, 'look')}, ${locked.length} being taken back`,
  ];
  if (lastLockLook) {
    const { at, started, calls, error } = lastLockLook;
    lines.push(`the last at ${at}: ${started} new, ${plural(calls, 'call')}`);
    if (error !== undefined) lines.push(`it failed: ${error}`);
  }
  return [...lines, ...locked.map(({ instanceId }) => `  ${instanceId}`)];
}

function filterText({ eventTypes, instanceIds, tags }: PatrolInput): string {
  const parts = [
    ...(eventTypes ? [`events of type ${eventTypes.join(', ')}`] : ['all events']),
    ...(instanceIds ? [`of ${instanceIds.join(', ')}`] : []),
    ...(tags
      ? [`with ${tags.map(({ key, value }) => (value === undefined ? key : `${key}=${value}`)).join(', ')}`]
      : []),
  ];
  return parts.join(' ');
}
