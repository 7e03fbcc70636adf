/**
 * The sliding window of reboots after an installation: each instance is a child, and the next one follows as soon as
 * there is room for it.
 *
 * The one rule: what may start is decided by src/domain/rate.ts alone, anew before each reboot.
 */
import {
  CancellationScope,
  ChildWorkflowCancellationType,
  condition,
  isCancellation,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { ChildWorkflowHandle } from '@temporalio/workflow';
import { REBOOT_FOR_AGENT } from '../domain/agents';
import type { InstallAgentsInput, InstallRow } from '../domain/agents';
import { endReboot, partOf } from '../domain/install-state';
import type { InstallState } from '../domain/install-state';
import { nextBatchSize } from '../domain/rate';
import { messageOf } from './failure-text';
import { readingAgents } from './proxies';
import { standDownSignal } from './reboot-for-agent';
import type { rebootForAgent } from './reboot-for-agent';

type Child = ChildWorkflowHandle<typeof rebootForAgent>;

/** Ids of a plan in the result store are read so many at a time. */
const IDS_AT_ONCE = 100;

/** @returns `leave` where the run is to continue as new; else every reboot that was begun has its row. */
export async function rebootAll(
  state: InstallState,
  input: InstallAgentsInput,
  changed: () => void,
): Promise<'over' | 'leave'> {
  state.phase = 'rebooting';
  changed();
  const work = new Set<Promise<void>>();
  const children = new Set<Child>();
  let ended = 0;
  const launch = (instanceId: string): void => {
    state.next += 1;
    state.batches.push({ instances: 1 });
    const done = rebootOne(instanceId, input, children).then(async (row) => {
      await CancellationScope.nonCancellable(() =>
        readingAgents.recordAgents({ run: state.run, rows: [row] }),
      );
      endReboot(state, row);
      ended += 1;
      work.delete(done);
      if (state.stopped !== undefined) standDown(children);
      changed();
    });
    work.add(done);
  };
  const runIsOver = (): boolean =>
    workflowInfo().continueAsNewSuggested ||
    (state.rebootsPerRun !== undefined && ended >= state.rebootsPerRun);
  const isOver = (): boolean =>
    state.batches.length === 0 && (state.next >= state.planned || state.stopped !== undefined);
  const queue: string[] = [];
  try {
    while (!isOver() && !runIsOver()) {
      if (nextBatchSize(state) > 0) {
        if (queue.length === 0) queue.push(...(await idsAhead(state)));
        // Meanwhile something may have ended.
        const id = nextBatchSize(state) > 0 ? queue.shift() : undefined;
        if (id !== undefined) launch(id);
      } else await condition(() => isOver() || runIsOver() || nextBatchSize(state) > 0);
    }
  } catch (error) {
    if (!isCancellation(error)) throw error;
    state.cancelled = true;
  }
  await CancellationScope.nonCancellable(() => Promise.all(work));
  return isOver() || state.cancelled ? 'over' : 'leave';
}

async function idsAhead(state: InstallState): Promise<string[]> {
  const slice = partOf(state, state.next, Math.min(state.planned, state.next + IDS_AT_ONCE));
  return 'plan' in slice ? readingAgents.readAgentPlan({ run: state.run, slice }) : slice.instanceIds;
}

/** What was begun and has not been rebooted yet is left alone. */
function standDown(children: Set<Child>): void {
  for (const child of children) void child.signal(standDownSignal).catch(() => undefined);
}

async function rebootOne(
  instanceId: string,
  { region, force, withinSeconds }: InstallAgentsInput,
  children: Set<Child>,
): Promise<InstallRow> {
  let child: Child | undefined;
  try {
    child = await startChild<typeof rebootForAgent>(REBOOT_FOR_AGENT, {
      workflowId: `${workflowInfo().workflowId}/${instanceId}`,
      args: [{ region, instanceId, force, withinSeconds }],
      staticSummary: `reboot of ${instanceId} for its agent`,
      // It may just have called RebootInstance: what became of that is told.
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    });
    children.add(child);
    return await child.result();
  } catch (error) {
    return isCancellation(error)
      ? { instanceId, outcome: 'NeedsReboot', reason: 'cancelled before its reboot' }
      : { instanceId, outcome: 'Unknown', reason: `the workflow of its reboot failed: ${messageOf(error)}` };
  } finally {
    if (child) children.delete(child);
  }
}
