/**
 * `runCommand`: one command on many instances through Cloud Assistant, with a row for every instance.
 *
 * Promise: each batch is sent at most once whatever fails (the ClientToken is minted in the workflow, so every attempt
 * carries the same one); every target ends in exactly one row; instances that cannot take the command are set aside
 * with a reason instead of failing the call.
 * Business ends are results: a run whose instances failed completes, and so does a cancelled one.
 * Cancel: StopInvocation for what is alive, then a report of what had already started (Cloud Assistant lets it run on).
 * Not handled: the same job started twice under two ids runs twice.
 */
import { defineSearchAttributeKey } from '@temporalio/common';
import {
  defineQuery,
  isCancellation,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { MAX_INSTANCE_IDS_IN_SEARCH_ATTRIBUTE, PROGRESS_QUERY, WORKFLOW_TYPES } from '../domain/messages';
import type {
  InstanceRow,
  RunCommandInput,
  RunCommandProgress,
  RunCommandResult,
  RunPhase,
} from '../domain/messages';
import { addToTotals, assertResultSize, emptyTotals, rowsForResult } from '../domain/rows';
import { detailsOf, outcomeOfRun, summaryOf } from '../domain/run-summary';
import { refuseBadInput } from './input';
import { reading } from './proxies';
import { addBatch, refusalOf, runBatch } from './run-batch';
import type { BatchState, RunContext } from './run-batch';
import { Hints } from './waiting';

/** Batches in flight at once: 1,000 instances. */
const BATCHES_AT_ONCE = 10;

interface RunState {
  startedAt: string;
  /** What the batches do is told by the batches. */
  phase: 'resolving' | 'running' | 'done';
  targets?: number;
  unfitRows: InstanceRow[];
  unfitCount: number;
  batches: BatchState[];
  storePath: string;
  refusal?: string;
  cancelled: boolean;
}

export const progressQuery = defineQuery<RunCommandProgress>(PROGRESS_QUERY);

export async function runCommand(input: RunCommandInput): Promise<RunCommandResult> {
  const state: RunState = {
    startedAt: new Date().toISOString(),
    phase: 'resolving',
    unfitRows: [],
    unfitCount: 0,
    batches: [],
    storePath: '',
    cancelled: false,
  };
  // Anything may have been given as input; the check comes after the handlers.
  setHandler(progressQuery, () => progressOf(state, input ?? { region: '' }));
  const hints = new Hints();
  await refuseBadInput(WORKFLOW_TYPES.runCommand, input);
  setCurrentDetails(detailsOf(progressOf(state, input)));

  if (await resolve(state, input)) await runBatches(state, input, hints);
  return finish(state, input);
}

/** @returns false where there is nothing to run on. */
async function resolve(state: RunState, input: RunCommandInput): Promise<boolean> {
  const { region, targets, command } = input;
  try {
    const summary = `targets in ${region}`;
    const request = { region, targets, type: command.type };
    const resolved = await reading.resolveTargets.executeWithOptions({ summary }, [request]);
    state.storePath = resolved.storePath;
    state.unfitRows = resolved.unfit.rows;
    state.unfitCount = resolved.unfit.count;
    state.batches = resolved.batches.map((instanceIds, index) => ({
      index,
      instanceIds,
      phase: 'queued',
      unfit: [],
      cancelled: false,
    }));
  } catch (error) {
    const refusal = refusalOf(error);
    if (isCancellation(error)) state.cancelled = true;
    else if (refusal) state.refusal = refusal.message;
    else throw error;
    return false;
  }
  state.targets = state.unfitCount + state.batches.reduce((sum, batch) => sum + batch.instanceIds.length, 0);
  noteSearchAttributes(state, input);
  return state.batches.length > 0;
}

/** Keeps BATCHES_AT_ONCE batches going; a slow one does not hold up the others. */
async function runBatches(state: RunState, input: RunCommandInput, hints: Hints): Promise<void> {
  const changed = (): void => setCurrentDetails(detailsOf(progressOf(state, input)));
  const context: RunContext = { input, targets: state.targets ?? 0, hints, changed };
  const queue = [...state.batches];
  state.phase = 'running';
  changed();
  const lane = async (): Promise<void> => {
    for (let batch = queue.shift(); batch; batch = queue.shift()) {
      await runBatch(batch, context);
      changed();
    }
  };
  await Promise.all(Array.from({ length: Math.min(BATCHES_AT_ONCE, queue.length) }, lane));
  state.cancelled = state.batches.some((batch) => batch.cancelled);
}

function finish(state: RunState, input: RunCommandInput): RunCommandResult {
  const totals = emptyTotals();
  addToTotals(
    totals,
    Array.from({ length: state.unfitCount }, () => ({ outcome: 'Unfit' as const })),
  );
  for (const batch of state.batches) addBatch(totals, batch);
  const unresolved = unresolvedRows(state, input);
  addToTotals(totals, unresolved);
  const rows = [
    ...unresolved,
    ...state.unfitRows,
    ...state.batches.flatMap((batch) => [...batch.unfit, ...(batch.report?.rows ?? [])]),
  ];
  const shown = rowsForResult(rows, totals.targets);
  const { workflowId, runId } = workflowInfo();
  const refusal =
    state.refusal ??
    (totals.NotStarted === totals.targets ? state.batches.find((b) => b.refusal)?.refusal : undefined);
  const started = state.batches.flatMap((batch) => batch.startedBeforeStop ?? []).length;
  const outcome = outcomeOfRun(totals, { cancelled: state.cancelled, refusal });
  const result: RunCommandResult = {
    outcome,
    summary: summaryOf({ outcome, totals, refusal, startedBeforeStop: started }),
    refusal,
    region: input.region,
    totals,
    rows: shown.rows,
    rowsTruncated: shown.truncated,
    invocations: state.batches.map(({ index, instanceIds, invokeId }) => ({
      batch: index,
      instances: instanceIds.length,
      invokeId,
    })),
    resultStore: { workflowId, runId, path: state.storePath, rows: totals.targets - unresolved.length },
    startedAt: state.startedAt,
    finishedAt: new Date().toISOString(),
  };
  assertResultSize(result);
  state.phase = 'done';
  setCurrentDetails(detailsOf(progressOf(state, input), result));
  return result;
}

/** The named instances of a run that ended before its targets could be read. */
function unresolvedRows(state: RunState, { targets }: RunCommandInput): InstanceRow[] {
  if (state.targets !== undefined) return [];
  const reason = state.refusal ?? 'the run was cancelled before its targets were read';
  return (targets.instanceIds ?? []).map((instanceId) => ({ instanceId, outcome: 'NotStarted', reason }));
}

function progressOf(
  state: RunState,
  { region, name }: Pick<RunCommandInput, 'region' | 'name'>,
): RunCommandProgress {
  const states: Record<string, number> = {};
  const count = (what: string, by: number): void => {
    if (by > 0) states[what] = (states[what] ?? 0) + by;
  };
  count('Unfit', state.unfitCount);
  for (const batch of state.batches) {
    count('Unfit', batch.unfit.length);
    if (!batch.report) count(batch.invokeId ? 'Sent' : 'Queued', batch.instanceIds.length);
    for (const [outcome, by] of Object.entries(batch.report?.totals ?? {}))
      if (outcome !== 'targets') count(outcome, by);
  }
  const batches = {
    total: state.batches.length,
    dispatched: state.batches.filter((batch) => batch.invokeId !== undefined).length,
    ended: state.batches.filter((batch) => batch.phase === 'done').length,
  };
  return {
    phase: phaseOf(state),
    region,
    name,
    targets: state.targets,
    batches,
    states,
    invokeIds: state.batches.flatMap(({ report, invokeId }) => (report || !invokeId ? [] : [invokeId])),
    startedAt: state.startedAt,
  };
}

/** The phase of the batch that is furthest behind; a stop concerns the whole run. */
function phaseOf({ phase, batches }: RunState): RunPhase {
  if (phase !== 'running') return phase;
  const some = (...phases: BatchState['phase'][]): boolean =>
    batches.some((batch) => phases.includes(batch.phase));
  if (some('stopping')) return 'stopping';
  if (some('queued', 'dispatching')) return 'dispatching';
  return some('waiting') ? 'waiting' : 'collecting';
}

function noteSearchAttributes(state: RunState, { region }: RunCommandInput): void {
  const ids = [
    ...state.unfitRows.map((row) => row.instanceId),
    ...state.batches.flatMap((batch) => batch.instanceIds),
  ];
  const listed = (state.targets ?? 0) <= MAX_INSTANCE_IDS_IN_SEARCH_ATTRIBUTE && ids.length > 0;
  upsertSearchAttributes([
    { key: defineSearchAttributeKey('EcsRegion', 'KEYWORD'), value: region },
    { key: defineSearchAttributeKey('StewardOperation', 'KEYWORD'), value: WORKFLOW_TYPES.runCommand },
    ...(listed ? [{ key: defineSearchAttributeKey('EcsInstanceId', 'KEYWORD_LIST'), value: ids }] : []),
  ]);
}
