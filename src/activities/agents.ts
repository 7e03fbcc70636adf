/**
 * Activities of `reportAgents`, `installAgents` and `rebootForAgent`: read agents, have them installed, write rows.
 *
 * The one rule: each of these may be run again. InstallCloudAssistant twice is as once; RebootInstance is not called here.
 */
import { activityInfo } from '@temporalio/activity';
import type { EcsClient } from '../ecs/client';
import { agentRowOf, reportOf } from '../domain/agents';
import type { AgentRow, AgentsReport, InstallRow, ReportAgentsInput } from '../domain/agents';
import { sortAgents, sumOf } from '../domain/install-state';
import type { InstallFound } from '../domain/install-state';
import type { Targets } from '../domain/messages';
import type { Slice } from '../domain/run-state';
import type { ResultStore } from '../results/store';
import { atBoundary } from './failures';
import { describeKnownAgents, withoutUnknown } from './known-agents';
import { idsOf, keepPlan } from './plans';
import { runKey } from './run-key';
import { selectTargets } from './select-targets';

export interface AgentActivities {
  reportAgents(request: ReportAgentsInput): Promise<AgentsReport>;
  /** Who is meant, and for whom there is something to do; the rows of the others are written. */
  surveyAgents(request: {
    region: string;
    run: string;
    targets: Targets;
    force: boolean;
  }): Promise<InstallFound>;
  /** At most 50 instances. @returns those that are gone */
  installOnBatch(request: { region: string; run: string; slice: Slice }): Promise<string[]>;
  /** The ids of a part of the plan. */
  readAgentPlan(request: { run: string; slice: Slice }): Promise<string[]>;
  readAgent(request: { region: string; instanceId: string }): Promise<AgentRow>;
  /** Writes rows: these, or the same one for all of `slice`. */
  recordAgents(
    request: { run: string } & (
      { rows: InstallRow[] } | { slice: Slice; row: Omit<InstallRow, 'instanceId'> }
    ),
  ): Promise<void>;
}

export function createAgentActivities(ecs: EcsClient, store: ResultStore): AgentActivities {
  const idsOfPart = (run: string, slice: Slice): Promise<string[]> => idsOf(store, runKey(run), slice);

  return {
    reportAgents: (request) =>
      atBoundary(async () => {
        const { ids } = await selectTargets(ecs, request.region, request.targets);
        const rows = await readAgents(ecs, request.region, ids);
        const at = new Date(activityInfo().currentAttemptScheduledTimestampMs).toISOString();
        const report = reportOf(rows, request, at);
        if (!report.rowsTruncated) return report;
        await store.append(runKey(), request.deadOnly ? rows.filter((row) => !row.alive) : rows);
        return { ...report, resultStore: { ...runKey(), path: store.pathOf(runKey()) } };
      }),

    surveyAgents: ({ region, run, targets, force }) =>
      atBoundary(async () => {
        const { ids } = await selectTargets(ecs, region, targets);
        const { rows, todo } = sortAgents(await readAgents(ecs, region, ids), force);
        const key = runKey(run);
        await store.append(key, rows);
        return {
          ...sumOf(rows),
          plan: await keepPlan(store, key, todo),
          storePath: store.pathOf(key),
        };
      }),

    installOnBatch: ({ region, run, slice }) =>
      atBoundary(async () =>
        withoutUnknown(await idsOfPart(run, slice), (ids) => ecs.installAgents(region, ids)),
      ),

    readAgentPlan: ({ run, slice }) => idsOfPart(run, slice),

    readAgent: ({ region, instanceId }) =>
      atBoundary(async () => (await readAgents(ecs, region, [instanceId]))[0] as AgentRow),

    recordAgents: async ({ run, ...what }) => {
      const rows =
        'rows' in what
          ? what.rows
          : (await idsOfPart(run, what.slice)).map((instanceId) => ({ instanceId, ...what.row }));
      await store.append(runKey(run), rows);
    },
  };
}

async function readAgents(ecs: EcsClient, region: string, ids: string[]): Promise<AgentRow[]> {
  const instances = new Map((await ecs.describeInstances(region, ids)).map((i) => [i.instanceId, i]));
  const known = ids.filter((id) => instances.has(id));
  const found = await describeKnownAgents(ecs, region, known);
  const agents = new Map(found.agents.map((agent) => [agent.instanceId, agent]));
  return ids.map((instanceId) =>
    agentRowOf({ instanceId, instance: instances.get(instanceId), agent: agents.get(instanceId) }, region),
  );
}
