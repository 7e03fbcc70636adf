/**
 * The sliding window of a run: sends the next batch as soon as there is room for it, whatever the others are doing.
 *
 * The one rule: what may start is decided by src/domain/rate.ts alone, anew before each batch.
 */
import { CancellationScope, condition, isCancellation, workflowInfo } from '@temporalio/workflow';
import { awaitsApproval, nextBatchSize } from '../domain/rate';
import { addReport, countOf, endBatch, restOf, takeBatch } from '../domain/run-state';
import type { BatchState, RunState } from '../domain/run-state';
import { record, runBatch } from './run-batch';
import type { RunContext } from './run-batch';
import { askForAttention } from './search-attributes';

/** @returns `leave` where the run is to continue as new with what is under way; else everything has its rows. */
export async function runWindow(state: RunState, context: RunContext): Promise<'over' | 'leave'> {
  const work = new Set<Promise<void>>();
  const endedBefore = state.batchesEnded;
  const launch = (batch: BatchState): void => {
    const done = runBatch(batch, context).then(() => {
      work.delete(done);
      if (batch.phase === 'done') endBatch(state, batch);
      context.changed();
    });
    work.add(done);
  };
  // The keys of the gate are held by this run.
  const runIsOver = (): boolean =>
    context.input.exclusive !== true &&
    (workflowInfo().continueAsNewSuggested ||
      (state.batchesPerRun !== undefined && state.batchesEnded - endedBefore >= state.batchesPerRun));
  const isOver = (): boolean =>
    state.batches.length === 0 && (state.next >= state.planned || state.stopped !== undefined);

  for (const batch of state.batches) launch(batch);
  let asked = false;
  try {
    while (!isOver() && !runIsOver()) {
      for (let size = nextBatchSize(state); size > 0; size = nextBatchSize(state))
        launch(takeBatch(state, size));
      if (asked !== awaitsApproval(state)) askForApproval(context, (asked = !asked));
      await condition(
        () => isOver() || runIsOver() || nextBatchSize(state) > 0 || asked !== awaitsApproval(state),
      );
    }
  } catch (error) {
    if (!isCancellation(error)) throw error;
  }
  context.leaving = !isOver() && !context.cancelled();
  await CancellationScope.nonCancellable(() => Promise.all(work));
  if (context.cancelled()) {
    // Told to stop when it was about to leave: what waits is stopped and reported here.
    for (const batch of state.batches) launch(batch);
    await CancellationScope.nonCancellable(() => Promise.all(work));
  }
  if (asked) askForApproval(context, false);
  if (!isOver() && !context.cancelled()) return 'leave';
  await recordRest(state, context);
  return 'over';
}

/** A row for everything that was left out. */
async function recordRest(state: RunState, context: RunContext): Promise<void> {
  const rest = restOf(state);
  if (countOf(rest) === 0) return;
  const reason = context.cancelled()
    ? 'the run was cancelled before this was sent'
    : `not sent: ${state.stopped ?? ''}`;
  const row = { outcome: 'NotStarted', reason } as const;
  addReport(state, await CancellationScope.nonCancellable(() => record({ slice: rest }, context, row)));
  state.next = state.planned;
}

/** People see it in `steward attention` for as long as it is so. */
function askForApproval({ sending }: RunContext, asked: boolean): void {
  askForAttention(asked ? `${sending.workflow}: approval` : null);
}
