/**
 * Many independent runs at once, each on one instance of its own and each started on its own, and what must be true of
 * them afterwards by the simulator's ledger.
 */
import { REGISTER_WAITS_SIGNAL, WORKFLOW_TYPES, taskQueueOf } from '../../src/domain/messages';
import type { RunCommandResult } from '../../src/domain/messages';
import type { WatchState } from '../../src/domain/watch';
import type { Run, Site } from './live-site';

/** Starts a run for each instance, all at once. */
export function startOneRunEach(site: Site, ids = site.simulator.instanceIds): Promise<Run[]> {
  return Promise.all(ids.map((id, index) => site.start({ targets: { instanceIds: [id] } }, `-${index + 1}`)));
}

/** What is wrong with these results by the ledger; empty where every run ended right and every instance ran once. */
export function wrongWith(site: Site, results: RunCommandResult[]): string[] {
  const ids = site.simulator.instanceIds;
  const started = site.effects('command.started').map((effect) => effect.resourceId);
  const ours = started.filter((id) => ids.includes(id));
  const created = site
    .calls('RunCommand')
    .filter((call) => site.effects('invocation.created').some((e) => e.requestId === call.requestId));
  return [
    ...results.flatMap((result) =>
      result.outcome === 'succeeded' ? [] : [`${result.resultStore.workflowId}: ${result.summary}`],
    ),
    ...ids.flatMap((id) => {
      const times = ours.filter((each) => each === id).length;
      return times === 1 ? [] : [`${id} ran ${times} times`];
    }),
    ...(created.length === ids.length ? [] : [`${created.length} invocations of ${ids.length} runs`]),
    ...(results.length === ids.length ? [] : [`${results.length} results of ${ids.length} runs`]),
  ];
}

/** Starts the region's watcher before anybody waits, to continue as new after every `ticksPerRun` ticks. */
export async function startWatcher(site: Site, ticksPerRun: number): Promise<void> {
  const { account, simulator, live, watcher } = site;
  const state: WatchState = { region: simulator.regionId, waits: [], memory: {}, ticks: 0, ticksPerRun };
  await live.client.workflow.signalWithStart(WORKFLOW_TYPES.watchRegion, {
    taskQueue: taskQueueOf(account),
    workflowId: watcher.workflowId,
    args: [state],
    signal: REGISTER_WAITS_SIGNAL,
    signalArgs: [[]],
  });
}
