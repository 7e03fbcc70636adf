/**
 * One batch of a command run: dispatch, wait, collect; on cancel: stop, then report.
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
import type { BatchReport } from '../activities/result-rows';
import type { InstanceRow, RunCommandInput } from '../domain/messages';
import { UNFIT_INSTANCE_CODES } from '../domain/plan';
import { ALL_ROWS_UP_TO, addToTotals } from '../domain/rows';
import type { Totals } from '../domain/rows';
import { DEFAULT_TIMEOUT_SECONDS, GRACE_AFTER_TIMEOUT_MS } from '../domain/waiting';
import { collecting, dispatching, reading, stopping } from './proxies';
import type { Hints } from './waiting';

/** How often a batch is checked again after such a refusal; instances do not vanish faster than that. */
const MAX_RECHECKS = 3;

/** After StopInvocation, instances that had not started end within seconds; what has started runs on. */
const STOP_SETTLES_WITHIN_MS = 15_000;

export interface BatchState {
  readonly index: number;
  /** Changes only when ECS refused the batch and unfit instances were taken out. */
  instanceIds: string[];
  phase: 'queued' | 'dispatching' | 'waiting' | 'collecting' | 'stopping' | 'done';
  invokeId?: string;
  /** Rows of instances taken out of this batch after a refusal. */
  unfit: InstanceRow[];
  report?: BatchReport;
  /** Instances on which the command had started when it was stopped. */
  startedBeforeStop?: string[];
  /** Epoch milliseconds when the command was accepted. */
  dispatchedAt?: number;
  cancelled: boolean;
  /** Why ECS refused the whole batch, where it did. */
  refusal?: string;
}

export interface RunContext {
  input: RunCommandInput;
  targets: number;
  hints: Hints;
  /** Called when a batch has come to another phase. */
  changed: () => void;
}

/** Runs a batch to its report. Never throws for a refusal, a lost answer or a cancel. */
export async function runBatch(batch: BatchState, context: RunContext): Promise<void> {
  try {
    if (await dispatch(batch, context)) await waitAndCollect(batch, context);
  } catch (error) {
    await CancellationScope.nonCancellable(() =>
      isCancellation(error) ? stopAndReport(batch, context) : recordUnread(batch, context, error),
    );
  } finally {
    batch.phase = 'done';
  }
}

/** @returns true where the command was accepted for at least one instance. */
async function dispatch(batch: BatchState, context: RunContext): Promise<boolean> {
  const { region, command, name } = context.input;
  batch.phase = 'dispatching';
  for (let recheck = 0; batch.instanceIds.length > 0; recheck += 1) {
    try {
      const request = { region, batch: batch.index, instanceIds: batch.instanceIds };
      const summary = `batch ${batch.index}: RunCommand on ${batch.instanceIds.length} instances`;
      const call = { ...request, command, name, clientToken: uuid4() };
      batch.invokeId = (await dispatching.dispatchBatch.executeWithOptions({ summary }, [call])).invokeId;
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
async function takeOutUnfit(batch: BatchState, { input }: RunContext): Promise<boolean> {
  const { region, command } = input;
  const { fit, unfit } = await reading.recheckBatch({
    region,
    batch: batch.index,
    instanceIds: batch.instanceIds,
    type: command.type,
  });
  batch.unfit.push(...unfit);
  batch.instanceIds = fit;
  return unfit.length > 0;
}

/** The call was refused for good, or nobody knows what became of it. */
async function recordUnsent(batch: BatchState, context: RunContext, error: unknown): Promise<void> {
  const refusal = refusalOf(error);
  if (!refusal && isCancellation(error)) throw error;
  batch.refusal = refusal?.message ?? 'RunCommand was not accepted within its time';
  const row: Omit<InstanceRow, 'instanceId'> = refusal?.effectExcluded
    ? { outcome: 'NotStarted', errorCode: refusal.code, reason: refusal.message }
    : { outcome: 'Unknown', reason: unknownReason(error) };
  await record(batch, context, row);
}

/** The command was sent, but ECS refuses to let us read what became of it (a permission taken away, for one). */
async function recordUnread(batch: BatchState, context: RunContext, error: unknown): Promise<void> {
  const reason = `sent as ${batch.invokeId}, but its results could not be read: ${messageOf(error)}`;
  await record(batch, context, { outcome: 'Unknown', reason });
}

async function waitAndCollect(batch: BatchState, context: RunContext): Promise<void> {
  const { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = context.input.command;
  const waitMs = timeoutSeconds * 1000 + GRACE_AFTER_TIMEOUT_MS;
  const deadline = Date.now() + waitMs;
  for (;;) {
    batch.phase = 'waiting';
    context.changed();
    const end = await waitForEnd(batch, context, deadline - Date.now());
    batch.phase = 'collecting';
    const late = `still not ended ${Math.round(waitMs / 60_000)} min after dispatch`;
    const report = await collect(batch, context, end === 'deadline' ? late : undefined);
    // An ended task whose rows are not all at their end yet: a late answer, wait on.
    if (report.alive === 0) {
      batch.report = report;
      return;
    }
  }
}

/** A hint or a look says that the invocation is over, or its record gone; what became of it the results tell. */
function waitForEnd(
  { invokeId = '', dispatchedAt }: BatchState,
  { input, hints }: RunContext,
  withinMs: number,
): ReturnType<Hints['wait']> {
  const since = dispatchedAt ?? Date.now();
  return hints.wait({ region: input.region, kind: 'invocation', key: invokeId, since, withinMs });
}

async function stopAndReport(batch: BatchState, context: RunContext): Promise<void> {
  batch.cancelled = true;
  if (batch.phase === 'queued') {
    return record(batch, context, {
      outcome: 'NotStarted',
      reason: 'the run was cancelled before this batch was sent',
    });
  }
  batch.phase = 'stopping';
  context.changed();
  const { region } = context.input;
  const request = { region, batch: batch.index, instanceIds: batch.instanceIds, invokeId: batch.invokeId };
  try {
    const stopped = await stopping.stopBatch(request);
    batch.startedBeforeStop = stopped.started;
    batch.invokeId ??= stopped.invokeId;
  } catch (error) {
    const why = `cancelled, but StopInvocation could not be made: ${messageOf(error)}`;
    return record(batch, context, { outcome: 'Unknown', reason: why });
  }
  if (batch.invokeId === undefined) {
    return record(batch, context, {
      outcome: 'NotStarted',
      reason: 'the run was cancelled before RunCommand was accepted',
    });
  }
  await waitForEnd(batch, context, STOP_SETTLES_WITHIN_MS);
  batch.report = await collect(
    batch,
    context,
    'the run was cancelled; what had started runs on until its own timeout',
  );
}

async function collect(
  batch: BatchState,
  { input, targets }: RunContext,
  why?: string,
): Promise<BatchReport> {
  return collecting.collectResults({
    region: input.region,
    batch: batch.index,
    instanceIds: batch.instanceIds,
    invokeId: batch.invokeId ?? '',
    all: targets <= ALL_ROWS_UP_TO,
    final: why === undefined ? undefined : { why },
  });
}

async function record(
  batch: BatchState,
  { input, targets }: RunContext,
  row: Omit<InstanceRow, 'instanceId'>,
): Promise<void> {
  const { region } = input;
  batch.report = await collecting.recordBatch({
    region,
    batch: batch.index,
    instanceIds: batch.instanceIds,
    row,
    all: targets <= ALL_ROWS_UP_TO,
  });
}

/** What ECS said when it refused for good; `undefined` for timeouts and everything that is no answer of ECS. */
export function refusalOf(error: unknown): (EcsFailureDetail & { message: string }) | undefined {
  if (!(error instanceof ActivityFailure) || !(error.cause instanceof ApplicationFailure)) return undefined;
  const detail = error.cause.details?.[0] as EcsFailureDetail | undefined;
  return detail?.code === undefined ? undefined : { ...detail, message: error.cause.message };
}

function unknownReason(error: unknown): string {
  const timedOut = error instanceof ActivityFailure && error.cause instanceof TimeoutFailure;
  const last =
    timedOut && error.cause.cause ? `; last error: ${error.cause.cause.message}` : `; ${messageOf(error)}`;
  return `it could not be learnt whether RunCommand took effect${last}`;
}

function messageOf(error: unknown): string {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

/** Totals over a batch, with what was taken out of it. */
export function addBatch(totals: Totals, batch: BatchState): void {
  for (const [outcome, count] of Object.entries(batch.report?.totals ?? {})) {
    totals[outcome as keyof Totals] += count;
  }
  addToTotals(totals, batch.unfit);
}
