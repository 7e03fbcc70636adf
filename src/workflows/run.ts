/**
 * The engine of `runCommand` and `sendFile`: resolve the targets, send batch by batch, a row for every instance.
 *
 * Promise: each batch is sent at most once whatever fails (the ClientToken is minted in the workflow, so every attempt
 * carries the same one); every target ends in exactly one row; instances that cannot take it are set aside
 * with a reason instead of failing the call; instances under way are never more than the limit.
 * Business ends are results: a run whose instances failed completes, and so does a cancelled one.
 * Updates: pause, resume, approve, setLimits, abort; they decide about what is not sent yet.
 * A long run continues as new, with one plain object and without the ids of a large fleet.
 * Not handled: the same job started twice under two ids runs twice.
 */
import {
  CancellationScope,
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  isCancellation,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { MAX_INSTANCE_IDS_IN_SEARCH_ATTRIBUTE, PROGRESS_QUERY } from '../domain/messages';
import type { InstanceRow, RunCommandInput, RunCommandProgress, RunCommandResult } from '../domain/messages';
import { BIGGEST_CARRIED_PLAN } from '../domain/plan';
import { addToTotals, assertResultSize, rowsForResult } from '../domain/rows';
import { newRunState, noteTargets, progressOf } from '../domain/run-state';
import type { RunState } from '../domain/run-state';
import { detailsOf, outcomeOfRun, summaryOf } from '../domain/run-summary';
import { instanceGateKey } from '../domain/gate';
import { isFileInput, sendingOf } from '../domain/sending';
import type { RunInput, Sending } from '../domain/sending';
import { handedOver } from './carried';
import { GateLease } from './gate-lease';
import { refuseBadInput } from './input';
import { reading } from './proxies';
import { refusalOf } from './run-batch';
import type { RunContext } from './run-batch';
import { acceptUpdates } from './run-updates';
import { runWindow } from './run-window';
import { Hints } from './waiting';
import { noteOperation } from './search-attributes';

export const progressQuery = defineQuery<RunCommandProgress>(PROGRESS_QUERY);

/** What a run hands to its continuation, or a test to a run. */
export type Carried = RunState | Pick<RunState, 'batchesPerRun'>;

/** @param carried what a run hands to its continuation; nobody else gives it (but `batchesPerRun`, in tests) */
export async function runToEnd(
  workflow: Sending['workflow'],
  input: RunInput,
  carried?: Carried,
): Promise<RunCommandResult> {
  const handed = handedOver<RunState>(carried);
  const state: RunState = handed ?? {
    ...newRunState(workflowInfo().firstExecutionRunId, new Date().toISOString()),
    batchesPerRun: carried?.batchesPerRun,
  };
  // Anything may have been given as input; the check comes after the handlers.
  const shown = (): RunCommandProgress => progressOf(state, input ?? { region: '' });
  const changed = (): void => setCurrentDetails(detailsOf(shown()));
  setHandler(progressQuery, shown);
  acceptUpdates(state, changed);
  const hints = new Hints();
  const lease = input?.exclusive === true ? new GateLease() : undefined;
  if (!handed) await refuseBadInput(workflow, input);
  const sending = sendingOf(input);
  changed();

  if (handed || (await resolve(state, input, sending))) {
    await takeKeys(state, input, lease);
    const scope = CancellationScope.current();
    const cancelled = (): boolean => (state.cancelled ||= scope.consideredCancelled);
    const context: RunContext = { input, sending, state, hints, changed, cancelled, leaving: false };
    state.phase = 'running';
    const end = await runWindow(state, context);
    await lease?.release();
    if (end === 'leave') {
      await condition(allHandlersFinished);
      // The targets are in the plan.
      await continueAsNew<(input: RunInput, carried: RunState) => Promise<RunCommandResult>>(
        { ...input, targets: {} },
        state,
      );
    }
    cancelled();
  }
  return finish(state, input, sending);
}

/** @returns false where there is nothing to run on. */
async function resolve(
  state: RunState,
  input: RunInput,
  { need, maxBatch, workflow }: Sending,
): Promise<boolean> {
  const { region, targets, rate } = input;
  try {
    const summary = `targets in ${region}`;
    const request = { region, run: state.run, targets, type: need, spread: rate?.spreadOverZones };
    if (!isFileInput(input)) await checkSaved(input);
    const found = await reading.resolveTargets.executeWithOptions({ summary }, [request]);
    noteTargets(state, found, { rate, maxBatch });
  } catch (error) {
    const refusal = refusalOf(error);
    if (isCancellation(error)) state.cancelled = true;
    else if (refusal) state.refusal = refusal.message;
    else throw error;
    return false;
  }
  noteSearchAttributes(state, input, workflow);
  return state.planned > 0;
}

async function checkSaved({ region, command: { commandId, type, content } }: RunCommandInput): Promise<void> {
  if (commandId !== undefined) await reading.checkSavedCommand({ region, commandId, type, content });
}

/** An exclusive run waits for its instances until no other operation of ours has one of them. */
async function takeKeys(state: RunState, { region }: RunInput, lease: GateLease | undefined): Promise<void> {
  if (lease === undefined) return;
  if (!('instanceIds' in state.plan)) {
    state.stopped = `an exclusive run takes at most ${BIGGEST_CARRIED_PLAN} instances, these are ${state.planned}`;
    return;
  }
  state.phase = 'gate';
  const keys = state.plan.instanceIds.map(instanceGateKey);
  try {
    await lease.acquire({ region, purpose: 'run', keys, interrupt: () => state.stopped !== undefined });
  } catch (error) {
    // The window sees the cancel and leaves everything out.
    if (!isCancellation(error)) throw error;
  }
}

function finish(state: RunState, input: RunInput, { what }: Sending): RunCommandResult {
  const { totals } = state;
  const unresolved = unresolvedRows(state, input);
  addToTotals(totals, unresolved);
  const shown = rowsForResult([...unresolved, ...state.rows], totals.targets);
  const refusal = state.refusal ?? (totals.NotStarted === totals.targets ? state.firstRefusal : undefined);
  const outcome = outcomeOfRun(totals, {
    cancelled: state.cancelled,
    refusal,
    allowEmpty: input.targets.allowEmpty,
  });
  const stopped = state.cancelled || totals.NotStarted === 0 ? undefined : state.stopped;
  const { startedBeforeStop } = state;
  const result: RunCommandResult = {
    outcome,
    summary: summaryOf({ outcome, totals, refusal, stopped, startedBeforeStop, what }),
    refusal,
    stopped,
    retryOf: input.retryOf,
    region: input.region,
    totals,
    rows: shown.rows,
    rowsTruncated: shown.truncated,
    invocations: state.invocations.sort((a, b) => a.batch - b.batch),
    resultStore: {
      workflowId: workflowInfo().workflowId,
      runId: state.run,
      path: state.storePath,
      rows: totals.targets - unresolved.length,
    },
    startedAt: state.startedAt,
    finishedAt: new Date().toISOString(),
  };
  assertResultSize(result);
  state.phase = 'done';
  setCurrentDetails(detailsOf(progressOf(state, input), result));
  return result;
}

/** The named instances of a run that ended before its targets could be read. */
function unresolvedRows(state: RunState, { targets }: RunInput): InstanceRow[] {
  if (state.targets !== undefined) return [];
  const reason = state.refusal ?? 'the run was cancelled before its targets were read';
  return (targets.instanceIds ?? []).map((instanceId) => ({ instanceId, outcome: 'NotStarted', reason }));
}

function noteSearchAttributes(
  { targets = 0, plan, rows }: RunState,
  { region }: RunInput,
  workflow: Sending['workflow'],
): void {
  const planned = 'instanceIds' in plan ? plan.instanceIds : [];
  const ids = [...rows.map((row) => row.instanceId), ...planned];
  const listed = targets <= MAX_INSTANCE_IDS_IN_SEARCH_ATTRIBUTE;
  noteOperation(workflow, { region, instanceIds: listed ? ids : [] });
}
