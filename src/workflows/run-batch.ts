/**
 * One batch of a run: dispatch, wait, collect; on cancel: stop what can be stopped, then report.
 *
 * The one rule: a batch always ends in a report that has a row for each of its instances; refusals and lost answers
 * are rows with a reason, never an exception that would take the other batches down.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  TimeoutFailure,
  isCancellation,
  uuid4,
} from '@temporalio/workflow';
import type { EcsFailureDetail } from '../activities/failures';
import type { Batch } from '../activities/run-command';
import type { InstanceRow } from '../domain/messages';
import { MAX_RECHECKS, UNFIT_INSTANCE_CODES } from '../domain/plan';
import { ALL_ROWS_UP_TO } from '../domain/rows';
import type { BatchReport } from '../domain/rows';
import type { BatchState, RunState, Slice } from '../domain/run-state';
import type { RunInput, Sending } from '../domain/sending';
import { GRACE_AFTER_TIMEOUT_MS } from '../domain/waiting';
import { collecting, reading } from './proxies';
import { postOf } from './run-post';
import type { Hints } from './waiting';
import { messageOf } from './failure-text';

export interface RunContext {
  input: RunInput;
  readonly sending: Sending;
  readonly state: RunState;
  hints: Hints;
  /** Called when a batch has come to another phase. */
  changed: () => void;
  /** The run has been told to stop. */
  cancelled: () => boolean;
  /** The run is about to continue as new: a batch that waits ends here and goes on waiting there. */
  leaving: boolean;
}

/**
 * Runs a batch to its report, or, where the run is to continue as new, up to its wait. Never throws for a refusal, a lost
 * answer or a cancel.
 */
export async function runBatch(batch: BatchState, context: RunContext): Promise<void> {
  try {
    const sent = batch.phase === 'waiting' || (await dispatch(batch, context));
    if (sent && !(await waitAndCollect(batch, context))) return;
  } catch (error) {
    await CancellationScope.nonCancellable(() =>
      isCancellation(error) ? stopAndReport(batch, context) : recordUnread(batch, context, error),
    );
  }
  batch.phase = 'done';
}

/** @returns true where it was accepted for at least one instance. */
async function dispatch(batch: BatchState, context: RunContext): Promise<boolean> {
  const { action } = context.sending;
  batch.phase = 'dispatching';
  for (let recheck = 0; batch.instances > 0; recheck += 1) {
    try {
      const summary = `batch ${batch.index}: ${action} on ${batch.instances} instances`;
      const call = { ...requestOf(batch, context), clientToken: uuid4() };
      batch.invokeId = (await postOf(context.input).dispatch(call, summary)).invokeId;
      batch.dispatchedAt = Date.now();
      return true;
    } catch (error) {
      const refusal = refusalOf(error);
      const again = refusal && UNFIT_INSTANCE_CODES.includes(refusal.code) && recheck < MAX_RECHECKS;
      if (!again || !(await takeOutUnfit(batch, context))) {
        await recordUnsent(batch, context, error);
        return false;
      }
    }
  }
  return false;
}

/** @returns true where instances were taken out: what is left, if anything, is worth sending again. */
async function takeOutUnfit(batch: BatchState, context: RunContext): Promise<boolean> {
  const { need: type } = context.sending;
  const { fit, unfit } = await reading.recheckBatch({ ...requestOf(batch, context), type });
  batch.unfit.push(...unfit);
  batch.slice = { instanceIds: fit };
  batch.instances = fit.length;
  return unfit.length > 0;
}

/** The call was refused for good, or nobody knows what became of it. */
async function recordUnsent(batch: BatchState, context: RunContext, error: unknown): Promise<void> {
  const refusal = refusalOf(error);
  if (!refusal && isCancellation(error)) throw error;
  const { action } = context.sending;
  batch.refusal = refusal?.message ?? `${action} was not accepted within its time`;
  const row: Omit<InstanceRow, 'instanceId'> = refusal?.effectExcluded
    ? { outcome: 'NotStarted', errorCode: refusal.code, reason: refusal.message }
    : { outcome: 'Unknown', reason: unknownReason(action, error) };
  await end(batch, context, row);
}

/** It was sent, but ECS refuses to let us read what became of it (a permission taken away, for one). */
async function recordUnread(batch: BatchState, context: RunContext, error: unknown): Promise<void> {
  const reason = `sent as ${batch.invokeId}, but its results could not be read: ${messageOf(error)}`;
  await end(batch, context, { outcome: 'Unknown', reason });
}

/** @returns false where it waits on in the continuation of this run. */
async function waitAndCollect(batch: BatchState, context: RunContext): Promise<boolean> {
  const waitMs = context.sending.timeoutSeconds * 1000 + GRACE_AFTER_TIMEOUT_MS;
  const deadline = (batch.dispatchedAt ?? Date.now()) + waitMs;
  for (;;) {
    batch.phase = 'waiting';
    context.changed();
    if (leaves(context)) return false;
    const end = await waitForEnd(batch, context, deadline - Date.now());
    if (end === 'interrupted') return false;
    batch.phase = 'collecting';
    const late = `still not ended ${Math.round(waitMs / 60_000)} min after dispatch`;
    const report = await collect(batch, context, end === 'deadline' ? late : undefined);
    // An ended task whose rows are not all at their end yet: a late answer, wait on.
    if (report.alive === 0) {
      batch.report = report;
      return true;
    }
  }
}

/** A hint or a look says that the invocation is over, or its record gone; what became of it the results tell. */
function waitForEnd(
  { invokeId = '', dispatchedAt }: BatchState,
  context: RunContext,
  withinMs: number,
): ReturnType<Hints['wait']> {
  const since = dispatchedAt ?? Date.now();
  return context.hints.wait({
    region: context.input.region,
    kind: postOf(context.input).waitKind,
    key: invokeId,
    since,
    withinMs,
    interrupt: () => leaves(context),
  });
}

function leaves({ leaving, cancelled }: RunContext): boolean {
  return leaving && !cancelled();
}

async function stopAndReport(batch: BatchState, context: RunContext): Promise<void> {
  batch.phase = 'stopping';
  context.changed();
  const { invokeId } = batch;
  const post = postOf(context.input);
  try {
    const stopped = await post.stop({ ...requestOf(batch, context), invokeId });
    batch.startedBeforeStop = stopped.started.length;
    batch.invokeId ??= stopped.invokeId;
  } catch (error) {
    const why = `cancelled, but ${post.stopping} could not be made: ${messageOf(error)}`;
    return end(batch, context, { outcome: 'Unknown', reason: why });
  }
  if (batch.invokeId === undefined) {
    return end(batch, context, {
      outcome: 'NotStarted',
      reason: `the run was cancelled before ${context.sending.action} was accepted`,
    });
  }
  await waitForEnd(batch, context, post.settlesWithinMs);
  batch.report = await collect(batch, context, post.afterStop);
}

async function collect(batch: BatchState, context: RunContext, why?: string): Promise<BatchReport> {
  return postOf(context.input).collect({
    ...requestOf(batch, context),
    invokeId: batch.invokeId ?? '',
    all: isSmall(context),
    final: why === undefined ? undefined : { why },
  });
}

async function end(
  batch: BatchState,
  context: RunContext,
  row: Omit<InstanceRow, 'instanceId'>,
): Promise<void> {
  batch.report = await record({ batch: batch.index, slice: batch.slice }, context, row);
}

/** The same row for each of these instances. */
export function record(
  about: { batch?: number; slice: Slice },
  context: RunContext,
  row: Omit<InstanceRow, 'instanceId'>,
): Promise<BatchReport> {
  const { input, state } = context;
  return collecting.recordBatch({
    region: input.region,
    run: state.run,
    ...about,
    row,
    all: isSmall(context),
  });
}

function isSmall({ state }: RunContext): boolean {
  return (state.targets ?? 0) <= ALL_ROWS_UP_TO;
}

function requestOf({ index, slice }: BatchState, { input, state }: RunContext): Batch {
  return { region: input.region, run: state.run, batch: index, slice };
}

/** What ECS said when it refused for good; `undefined` for timeouts and everything that is no answer of ECS. */
export function refusalOf(error: unknown): (EcsFailureDetail & { message: string }) | undefined {
  if (!(error instanceof ActivityFailure) || !(error.cause instanceof ApplicationFailure)) return undefined;
  const detail = error.cause.details?.[0] as EcsFailureDetail | undefined;
  return detail?.code === undefined ? undefined : { ...detail, message: error.cause.message };
}

function unknownReason(action: string, error: unknown): string {
  const timedOut = error instanceof ActivityFailure && error.cause instanceof TimeoutFailure;
  const last =
    timedOut && error.cause.cause ? `; last error: ${error.cause.cause.message}` : `; ${messageOf(error)}`;
  return `it could not be learnt whether ${action} took effect${last}`;
}
