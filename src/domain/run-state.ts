/**
 * What a run knows of itself: one plain object, carried whole when the run continues as new. It has no more in it
 * than what is under way and sums of what has ended.
 *
 * The one rule: its size does not grow with the number of instances. The ids of a large run are in the result store.
 */
import { BIGGEST_CARRIED_PLAN } from './plan';
import type { InstanceRow, InvocationRef, RunCommandInput, RunCommandProgress, RunPhase } from './messages';
import { awaitsApproval, batchesToCome, limitsOf, instancesOf, reasonToStop } from './rate';
import type { Pace } from './rate';
import { ALL_ROWS_UP_TO, FAILURES_IN_RESULT, addToTotals, emptyTotals } from './rows';
import type { BatchReport } from './rows';

/** Some instances of a run: by id, or as a part of the plan that the result store keeps. */
export type Slice = { instanceIds: string[] } | { plan: string; start: number; count: number };

/** The order in which the instances of a run are taken: carried where they are few, else kept in the result store. */
export type Plan = { instanceIds: string[] } | { plan: string; count: number };

/** How many instances a slice or plan has. */
export function countOf(slice: Slice | Plan): number {
  return 'plan' in slice ? slice.count : slice.instanceIds.length;
}

export interface BatchState {
  readonly index: number;
  /** Changes only when ECS refused the batch and unfit instances were taken out. */
  slice: Slice;
  instances: number;
  phase: 'queued' | 'dispatching' | 'waiting' | 'collecting' | 'stopping' | 'done';
  invokeId?: string;
  /** Rows of instances taken out of this batch after a refusal. */
  unfit: InstanceRow[];
  report?: BatchReport;
  /** Instances on which the command had started when it was stopped. */
  startedBeforeStop: number;
  /** Epoch milliseconds when the command was accepted. */
  dispatchedAt?: number;
  /** Why ECS refused the whole batch, where it did. */
  refusal?: string;
}

export interface RunState extends Pace {
  startedAt: string;
  /** The first run id of the chain: rows and invocations are found by it. */
  readonly run: string;
  storePath: string;
  phase: 'resolving' | 'gate' | 'running' | 'done';
  plan: Plan;
  targets?: number;
  /** Under way. */
  batches: BatchState[];
  batchesMade: number;
  batchesEnded: number;
  /** Rows for the result: all of a small run, else the first that did not succeed. */
  rows: InstanceRow[];
  invocations: InvocationRef[];
  startedBeforeStop: number;
  /** Why nothing could be read or sent. */
  refusal?: string;
  /** Of the first batch that was refused. */
  firstRefusal?: string;
  cancelled: boolean;
  /** Batches after which the run continues as new; absent: when the server suggests it. For tests. */
  batchesPerRun?: number;
}

/** At most this many of its invocations a result names. */
const INVOCATIONS_IN_RESULT = 500;

export function newRunState(run: string, startedAt: string): RunState {
  return {
    startedAt,
    run,
    storePath: '',
    phase: 'resolving',
    plan: { instanceIds: [] },
    planned: 0,
    next: 0,
    batches: [],
    batchesMade: 0,
    batchesEnded: 0,
    limits: { maxConcurrency: 1, maxErrors: 0 },
    canary: 0,
    startWith: 0,
    needsApproval: false,
    approved: false,
    paused: false,
    totals: emptyTotals(),
    rows: [],
    invocations: [],
    startedBeforeStop: 0,
    cancelled: false,
  };
}

/** What resolving the targets found. */
export interface Resolved {
  plan: Plan;
  unfit: { count: number; rows: InstanceRow[] };
  storePath: string;
}

export function noteTargets(
  state: RunState,
  found: Resolved,
  { rate, maxBatch }: Pick<RunCommandInput, 'rate'> & Pick<RunState, 'maxBatch'>,
): void {
  state.plan = found.plan;
  state.storePath = found.storePath;
  state.planned = countOf(found.plan);
  state.targets = state.planned + found.unfit.count;
  state.maxBatch = maxBatch;
  state.limits = limitsOf(rate, state.planned);
  const amountOf = (amount?: number | string): number =>
    amount === undefined ? 0 : Math.min(state.planned, instancesOf(amount, state.planned, 1));
  state.canary = amountOf(rate?.canary);
  state.startWith = amountOf(rate?.startWith);
  state.needsApproval = rate?.approve === true;
  state.totals.Unfit += found.unfit.count;
  state.totals.targets += found.unfit.count;
  keepRows(state, found.unfit.rows);
}

/** The next batch of `size` instances, under way from now on. */
export function takeBatch(state: RunState, size: number): BatchState {
  const batch: BatchState = {
    index: state.batchesMade,
    slice: sliceOf(state.plan, state.next, size),
    instances: size,
    phase: 'queued',
    unfit: [],
    startedBeforeStop: 0,
  };
  state.next += size;
  state.batchesMade += 1;
  state.batches.push(batch);
  return batch;
}

/** Everything that is in no batch. */
export function restOf(state: RunState): Slice {
  return sliceOf(state.plan, state.next, state.planned - state.next);
}

/** A part of a plan. */
export function sliceOf(plan: Plan, start: number, count: number): Slice {
  return 'plan' in plan
    ? { plan: plan.plan, start, count }
    : { instanceIds: plan.instanceIds.slice(start, start + count) };
}

/** A batch has ended: its sums are kept, itself not. */
export function endBatch(state: RunState, batch: BatchState): void {
  state.batches = state.batches.filter((each) => each !== batch);
  state.batchesEnded += 1;
  addReport(state, batch.report);
  addToTotals(state.totals, batch.unfit);
  keepRows(state, batch.unfit);
  state.startedBeforeStop += batch.startedBeforeStop;
  state.firstRefusal ??= batch.refusal;
  if (state.invocations.length < INVOCATIONS_IN_RESULT) {
    const { index, instances, invokeId } = batch;
    state.invocations.push({ batch: index, instances, invokeId });
  }
  state.stopped ??= reasonToStop(state);
}

/** Adds what a report says of some instances. */
export function addReport(state: RunState, report?: BatchReport): void {
  for (const [outcome, count] of Object.entries(report?.totals ?? {}))
    state.totals[outcome as keyof RunState['totals']] += count;
  keepRows(state, report?.rows ?? []);
}

function keepRows(state: RunState, rows: readonly InstanceRow[]): void {
  const all = (state.targets ?? 0) <= ALL_ROWS_UP_TO;
  const wanted = all ? rows : rows.filter((row) => row.outcome !== 'Success');
  state.rows.push(...wanted.slice(0, (all ? ALL_ROWS_UP_TO : FAILURES_IN_RESULT) - state.rows.length));
}

/** True where the ids are carried in the run itself. */
export function carriesIds(planned: number): boolean {
  return planned <= BIGGEST_CARRIED_PLAN;
}

/** The answer of the `progress` query. */
export function progressOf(
  state: RunState,
  { region, name, retryOf }: Pick<RunCommandInput, 'region' | 'name' | 'retryOf'>,
): RunCommandProgress {
  const states: Record<string, number> = {};
  const count = (what: string, by: number): void => {
    if (by > 0) states[what] = (states[what] ?? 0) + by;
  };
  for (const [outcome, by] of Object.entries(state.totals)) if (outcome !== 'targets') count(outcome, by);
  if (state.phase !== 'done') count('Queued', state.planned - state.next);
  for (const batch of state.batches) {
    count('Unfit', batch.unfit.length);
    count(batch.invokeId ? 'Sent' : 'Queued', batch.instances);
  }
  const invokeIds = state.batches.flatMap(({ invokeId }) => invokeId ?? []);
  return {
    phase: phaseOf(state),
    region,
    name,
    retryOf,
    targets: state.targets,
    batches: {
      total: state.batchesMade + (state.phase === 'done' ? 0 : batchesToCome(state)),
      dispatched: state.batchesEnded + invokeIds.length,
      ended: state.batchesEnded,
    },
    ...(state.targets === undefined ? {} : { limits: state.limits }),
    ...(state.stopped === undefined ? {} : { stopped: state.stopped }),
    states,
    invokeIds,
    startedAt: state.startedAt,
  };
}

/** The phase of the batch that is furthest behind; a stop, a pause and an approval concern the whole run. */
function phaseOf(state: RunState): RunPhase {
  if (state.phase !== 'running') return state.phase;
  const some = (...phases: BatchState['phase'][]): boolean =>
    state.batches.some((batch) => phases.includes(batch.phase));
  if (some('stopping')) return 'stopping';
  if (state.paused) return 'paused';
  if (awaitsApproval(state)) return 'approval';
  const more = state.next < state.planned && state.stopped === undefined;
  if (more || some('queued', 'dispatching')) return 'dispatching';
  return some('waiting') ? 'waiting' : 'collecting';
}
