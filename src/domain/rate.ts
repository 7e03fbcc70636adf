/**
 * How fast a run may go and when it stops by itself: limits, canary, growth, and the size of the batch that may be sent
 * now. Pure functions over the state of a run.
 *
 * The one rule: whatever is asked for, no batch is made that would bring the instances under way above the limit.
 */
import type { Amount, RateControl } from './messages';
import { MAX_BATCH } from './plan';
import type { Totals } from './rows';

/** Up to this many instances a run has no limits of its own accord. */
export const UNLIMITED_UP_TO = 100;
const DEFAULT_CONCURRENCY: Amount = '50%';
const HIGHEST_DEFAULT_CONCURRENCY = 500;
const DEFAULT_ERRORS: Amount = '10%';

/** Batches under way at once, however small they are: each is an activity and a timer of the workflow. */
const MAX_BATCHES = 100;

const PERCENTAGE = /^(100|[1-9]?\d)%$/;

/** What is wrong with an amount given by anybody; `undefined` where it is one. `least`: 0 or 1. */
export function amountError(value: unknown, least: 0 | 1): string | undefined {
  const whole = typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= 10_000;
  const share = typeof value === 'string' && PERCENTAGE.test(value) && Number.parseInt(value) >= least;
  return whole || share
    ? undefined
    : `must be a whole number from ${least} to 10000, or a percentage from "${least}%" to "100%"`;
}

/** An amount as a number of instances; percentages of `of`, rounded down, but never below `least`. */
export function instancesOf(amount: Amount, of: number, least: 0 | 1): number {
  const count = typeof amount === 'number' ? amount : Math.floor((of * Number.parseInt(amount)) / 100);
  return Math.max(least, count);
}

export interface Limits {
  /** Instances under way at once. */
  maxConcurrency: number;
  /** One error more than this, and nothing further starts. */
  maxErrors: number;
}

/** The limits of a run on `planned` instances. */
export function limitsOf(rate: RateControl | undefined, planned: number): Limits {
  const small = planned <= UNLIMITED_UP_TO;
  const { maxConcurrency, maxErrors } = rate ?? {};
  const usual = small
    ? planned
    : Math.min(HIGHEST_DEFAULT_CONCURRENCY, instancesOf(DEFAULT_CONCURRENCY, planned, 1));
  return {
    maxConcurrency: maxConcurrency === undefined ? usual : instancesOf(maxConcurrency, planned, 1),
    maxErrors:
      maxErrors === undefined
        ? small
          ? planned
          : instancesOf(DEFAULT_ERRORS, planned, 0)
        : instancesOf(maxErrors, planned, 0),
  };
}

/** What of a run decides whether it may go on. */
export interface Pace {
  /** Instances the command can be sent to. */
  planned: number;
  /** How many of them, in the order of the plan, are in a batch already. */
  next: number;
  /** Batches that have not ended. */
  batches: readonly { instances: number }[];
  limits: Limits;
  /** Instances a call takes; absent: those of RunCommand. */
  maxBatch?: number;
  /** Instances of the canary; 0: none. */
  canary: number;
  /** Instances under way at first; 0: as many as the limit allows. */
  startWith: number;
  needsApproval: boolean;
  approved: boolean;
  paused: boolean;
  /** Why nothing further starts, where that is so. */
  stopped?: string;
  /** Of everything that has ended. */
  totals: Totals;
}

/** Instances on which the command did not succeed, refused batches among them; the unfit never had it. */
export function errorsOf({ targets, Success, Unfit }: Totals): number {
  return targets - Success - Unfit;
}

/** The canary has ended, and the run may not go on without a person. */
export function awaitsApproval(pace: Pace): boolean {
  return (
    pace.needsApproval && !pace.approved && pace.stopped === undefined && canaryEnded(pace) && left(pace) > 0
  );
}

/** Every instance of the canary has ended. */
export function canaryEnded(pace: Pace): boolean {
  return pace.next >= pace.canary && (pace.next > pace.canary || pace.batches.length === 0);
}

/** Why nothing further may start, judged by what has ended; `undefined` where the run may go on. */
export function reasonToStop(pace: Pace): string | undefined {
  const errors = errorsOf(pace.totals);
  if (left(pace) === 0 || errors === 0) return undefined;
  const { maxErrors } = pace.limits;
  if (errors > maxErrors) return `${errors} errors, more than the ${maxErrors} allowed`;
  const judgesItself =
    pace.canary > 0 && !pace.needsApproval && pace.next === pace.canary && canaryEnded(pace);
  return judgesItself ? `the canary failed on ${errors} of ${pace.canary} instances` : undefined;
}

/** Instances of the batch that may be sent now; 0: none. */
export function nextBatchSize(pace: Pace): number {
  if (pace.stopped !== undefined || pace.paused || pace.batches.length >= MAX_BATCHES) return 0;
  const underWay = pace.batches.reduce((sum, batch) => sum + batch.instances, 0);
  const room = Math.min(allowedNow(pace) - underWay, left(pace), roomForCanary(pace));
  return room <= 0 ? 0 : Math.ceil(room / Math.ceil(room / (pace.maxBatch ?? MAX_BATCH)));
}

/** Batches still to come, as far as can be told now. */
export function batchesToCome(pace: Pace): number {
  return Math.ceil(left(pace) / Math.min(pace.maxBatch ?? MAX_BATCH, pace.limits.maxConcurrency));
}

function left({ planned, next }: Pace): number {
  return planned - next;
}

/** Each success makes room for one more: what is under way doubles from round to round, up to the limit. */
function allowedNow({ limits, startWith, totals }: Pace): number {
  return startWith === 0
    ? limits.maxConcurrency
    : Math.min(limits.maxConcurrency, startWith + totals.Success);
}

function roomForCanary(pace: Pace): number {
  if (pace.next < pace.canary) return pace.canary - pace.next;
  return pace.next > pace.canary || pace.canary === 0 || (canaryEnded(pace) && !awaitsApproval(pace))
    ? Infinity
    : 0;
}
