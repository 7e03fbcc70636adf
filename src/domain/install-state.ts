/**
 * What `installAgents` knows of itself, and what it concludes: one plain object, carried whole when it continues as new.
 *
 * The one rule: its size does not grow with the number of instances; ids and rows of a large fleet are in the result
 * store.
 */
import { INSTALL_OUTCOMES } from './agents';
import type {
  AgentRow,
  InstallAgentsInput,
  InstallAgentsProgress,
  InstallAgentsResult,
  InstallCounts,
  InstallOutcome,
  InstallPhase,
  InstallRow,
} from './agents';
import type { Outcome } from './messages';
import { errorsOf, instancesOf, limitsOf, reasonToStop } from './rate';
import type { Pace } from './rate';
import { ALL_ROWS_UP_TO, FAILURES_IN_RESULT, addToTotals, emptyTotals } from './rows';
import { countOf } from './run-state';
import type { Plan, Slice } from './run-state';

/** Instances rebooted at once where nobody said how many. */
const DEFAULT_SHARE = '10%';
const MOST_BY_DEFAULT = 20;
const DEFAULT_ERRORS = '10%';

/** What a look at the targets found: a plan of those for whom there is something to do, and the others. */
export interface InstallFound {
  plan: Plan;
  storePath: string;
  /** Of the others. */
  counts: InstallCounts;
  rows: InstallRow[];
}

export interface InstallState extends Pace {
  readonly run: string;
  startedAt: string;
  storePath: string;
  phase: InstallPhase;
  plan: Plan;
  /** Of how many of the plan InstallCloudAssistant has been called. */
  installed: number;
  counts: InstallCounts;
  rows: InstallRow[];
  reboots: number;
  /** Being rebooted now. */
  batches: { instances: 1 }[];
  refusal?: string;
  cancelled: boolean;
  /** Reboots after which it continues as new; absent: when the server suggests it. For tests. */
  rebootsPerRun?: number;
}

export function newInstallState(run: string, startedAt: string): InstallState {
  return {
    run,
    startedAt,
    storePath: '',
    phase: 'looking',
    plan: { instanceIds: [] },
    installed: 0,
    counts: emptyCounts(),
    rows: [],
    reboots: 0,
    planned: 0,
    next: 0,
    batches: [],
    limits: { maxConcurrency: 1, maxErrors: 0 },
    canary: 0,
    startWith: 0,
    needsApproval: false,
    approved: false,
    paused: false,
    totals: emptyTotals(),
    cancelled: false,
  };
}

function emptyCounts(): InstallCounts {
  const counts = Object.fromEntries(INSTALL_OUTCOMES.map((outcome) => [outcome, 0])) as InstallCounts;
  return { ...counts, targets: 0 };
}

/** Sorts what was read into rows of those for whom there is nothing to do, and the ids of the others. */
export function sortAgents(
  agents: readonly AgentRow[],
  force: boolean,
): { rows: InstallRow[]; todo: string[] } {
  const rows: InstallRow[] = [];
  const todo: string[] = [];
  for (const { instanceId, instanceStatus, alive, version, reason } of agents) {
    if (instanceStatus === '') rows.push({ instanceId, outcome: 'Failed', reason });
    else if (alive && !force) rows.push({ instanceId, outcome: 'AlreadyRunning', version });
    else todo.push(instanceId);
  }
  return { rows, todo };
}

/** Sums of rows and the first of them. */
export function sumOf(rows: readonly InstallRow[]): Pick<InstallFound, 'counts' | 'rows'> {
  const counts = emptyCounts();
  for (const { outcome } of rows) counts[outcome] += 1;
  counts.targets = rows.length;
  const failed = rows.filter(({ outcome }) => !isGood(outcome));
  const shown = rows.length <= ALL_ROWS_UP_TO ? rows : failed;
  return { counts, rows: shown.slice(0, ALL_ROWS_UP_TO) };
}

export function noteFound(state: InstallState, found: InstallFound, { rate }: InstallAgentsInput): void {
  const planned = countOf(found.plan);
  Object.assign(state, { plan: found.plan, storePath: found.storePath, planned });
  state.counts = { ...found.counts, targets: found.counts.targets + planned };
  state.rows = [...found.rows];
  state.limits = limitsOf(
    {
      maxConcurrency:
        rate?.maxConcurrency ?? Math.min(MOST_BY_DEFAULT, instancesOf(DEFAULT_SHARE, planned, 1)),
      maxErrors: rate?.maxErrors ?? DEFAULT_ERRORS,
    },
    planned,
  );
  const { canary } = rate ?? {};
  state.canary = canary === undefined ? 0 : Math.min(planned, instancesOf(canary, planned, 1));
}

/** A part of the plan. */
export function partOf({ plan }: InstallState, start: number, end: number): Slice {
  return 'plan' in plan
    ? { plan: plan.plan, start, count: Math.max(0, end - start) }
    : { instanceIds: plan.instanceIds.slice(start, end) };
}

/** What an end means for the rate: what had no reboot is no error of it. */
const AS_OUTCOME: Record<InstallOutcome, Outcome> = {
  Installed: 'Success',
  AlreadyRunning: 'Success',
  NeedsReboot: 'Unfit',
  NotStarted: 'Unfit',
  Failed: 'Failed',
  Unknown: 'Unknown',
};

/** One instance has been rebooted, or not. */
export function endReboot(state: InstallState, row: InstallRow): void {
  state.batches.pop();
  addToTotals(state.totals, [{ outcome: AS_OUTCOME[row.outcome] }]);
  if (row.rebootedAt !== undefined) state.reboots += 1;
  noteRows(state, [row]);
  state.stopped ??= reasonToStop(state) ?? reasonToStandDown(state);
}

/** Nothing is left to begin, but what was begun may still wait at the gate. */
function reasonToStandDown({ batches, totals, limits: { maxErrors } }: InstallState): string | undefined {
  const errors = errorsOf(totals);
  return batches.length > 0 && errors > maxErrors
    ? `${errors} errors, more than the ${maxErrors} allowed`
    : undefined;
}

/** Rows of instances of the plan. */
export function noteRows(state: InstallState, rows: readonly InstallRow[]): void {
  for (const row of rows) state.counts[row.outcome] += 1;
  const all = state.counts.targets <= ALL_ROWS_UP_TO;
  const shown = all ? rows : rows.filter(({ outcome }) => !isGood(outcome));
  const most = all ? ALL_ROWS_UP_TO : FAILURES_IN_RESULT;
  state.rows.push(...shown.slice(0, Math.max(0, most - state.rows.length)));
}

/** The same row for many, of which the first are shown. */
export function noteMany(state: InstallState, slice: Slice, row: Omit<InstallRow, 'instanceId'>): void {
  const shown = 'plan' in slice ? [] : slice.instanceIds;
  noteRows(
    state,
    shown.map((instanceId) => ({ instanceId, ...row })),
  );
  state.counts[row.outcome] += countOf(slice) - shown.length;
}

export function progressOf(
  state: InstallState,
  { region }: Pick<InstallAgentsInput, 'region'>,
): InstallAgentsProgress {
  const { phase, counts, batches, limits, stopped, startedAt } = state;
  return {
    phase,
    region,
    counts,
    underWay: batches.length,
    ...(phase === 'rebooting' ? { limits } : {}),
    ...(stopped === undefined ? {} : { stopped }),
    startedAt,
  };
}

export function outcomeOf(
  state: InstallState,
  { targets }: Pick<InstallAgentsInput, 'targets'>,
): InstallAgentsResult['outcome'] {
  const { counts } = state;
  if (state.cancelled) return 'cancelled';
  if (state.refusal !== undefined) return 'failed';
  if (counts.targets === 0) return targets.allowEmpty ? 'succeeded' : 'no-targets';
  const good = counts.Installed + counts.AlreadyRunning;
  if (good === counts.targets) return 'succeeded';
  if (good + counts.NeedsReboot === counts.targets) return 'needs-reboot';
  return good + counts.NeedsReboot > 0 ? 'partly-failed' : 'failed';
}

/** One sentence, e.g. `2 of 5 agents run: 3 NeedsReboot`. */
export function summaryOf(state: InstallState, outcome: InstallAgentsResult['outcome']): string {
  const { counts, refusal, stopped } = state;
  if (outcome === 'no-targets')
    return 'No instance matches the targets. Nothing was installed; where that is no mistake, give allowEmpty (--allow-empty).';
  const others = INSTALL_OUTCOMES.filter((each) => !isGood(each) && counts[each] > 0);
  const rest = others.length > 0 ? `: ${others.map((each) => `${counts[each]} ${each}`).join(', ')}` : '';
  const done = `${counts.Installed + counts.AlreadyRunning} of ${counts.targets} agents run${rest}`;
  const why = refusal ?? stopped;
  return `${outcome === 'cancelled' ? 'Cancelled. ' : ''}${done}${why === undefined ? '' : `; ${why}`}`;
}

function isGood(outcome: InstallOutcome): boolean {
  return outcome === 'Installed' || outcome === 'AlreadyRunning';
}
