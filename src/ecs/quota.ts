/**
 * A token bucket per API, account and region. Temporal's own limits count tasks, not calls, and one activity may make
 * many calls; ECS counts calls per minute, shared with the console and every other tool of the account.
 *
 * The one rule: nobody waits here for long. If a token is more than a second away the caller is told when to come
 * back, so that no activity slot is held while waiting; and each is told another moment, so that not all come at once.
 *
 * Urgent calls have a bucket of their own, as large: what is left to people and other tools otherwise. It may be spent at
 * once, for five minutes' notice is no time to be frugal.
 */

/** Calls a minute we allow ourselves; the rest of the account's quota is left to people and other tools. */
export interface QuotaLimits {
  /** By action name; `Describe*` and `*` are fallbacks. */
  [action: string]: number;
}

/**
 * Half of the figures the neighbouring products publish (Simple Application Server: 1,000 reads, 100 reboots a minute).
 * The account's real ones are in the Quota Center console; set them in the worker's configuration.
 */
export const DEFAULT_QUOTA: QuotaLimits = {
  'Describe*': 500,
  ListTagResources: 500,
  RunCommand: 100,
  InvokeCommand: 100,
  SendFile: 100,
  RunInstances: 25,
  '*': 50,
};

/** A token nearer than this is waited for; one further away is refused. */
const PATIENCE_MS = 1_000;

/** A share of the minute's tokens that may be spent at once. */
const BURST_SHARE = 0.1;

/** Who was told to come back is told so at most this far ahead. */
const LONGEST_PROMISE_MS = 120_000;

/** No API is closed longer; one that seems to be was closed by a clock that has been set back since. */
const LONGEST_CLOSED_MS = 120_000;

/** Ordinary work, or what cannot wait. */
export type Lane = 'ordinary' | 'urgent';

interface Bucket {
  tokens: number;
  updatedAt: number;
  closedUntil: number;
  /** The last moment somebody was told to come back at. */
  promisedUntil: number;
}

export type QuotaVerdict =
  { grant: 'now' } | { grant: 'in'; waitMs: number } | { grant: 'later'; retryAfterMs: number };

export class Quota {
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    private readonly limits: QuotaLimits = DEFAULT_QUOTA,
    private readonly now: () => number = Date.now,
  ) {}

  /** Takes a token, perhaps from the near future. `later` takes none. */
  take(action: string, region: string, lane: Lane = 'ordinary'): QuotaVerdict {
    const now = this.now();
    const perMinute = this.limitOf(action);
    const bucket = this.refilled(action, region, lane, now);
    if (bucket.closedUntil > now) return { grant: 'later', retryAfterMs: bucket.closedUntil - now };
    const waitMs = bucket.tokens >= 1 ? 0 : Math.ceil(((1 - bucket.tokens) * 60_000) / perMinute);
    if (waitMs > PATIENCE_MS) {
      const next = bucket.promisedUntil + 60_000 / perMinute;
      bucket.promisedUntil = Math.min(Math.max(now + waitMs, next), now + LONGEST_PROMISE_MS);
      return { grant: 'later', retryAfterMs: Math.ceil(bucket.promisedUntil - now) };
    }
    bucket.tokens -= 1;
    return waitMs === 0 ? { grant: 'now' } : { grant: 'in', waitMs };
  }

  /**
   * ECS answered Throttling: nothing of that API goes out until the service says, or until the next minute begins
   * (limits are counted by the minute).
   */
  close(action: string, region: string, retryAfterMs?: number, lane: Lane = 'ordinary'): number {
    const now = this.now();
    const untilNextMinute = 60_000 - (now % 60_000);
    const wait =
      retryAfterMs !== undefined && retryAfterMs > 0
        ? Math.min(retryAfterMs, LONGEST_CLOSED_MS)
        : untilNextMinute;
    // The service counts all calls together: where urgent ones are refused, ordinary ones must not take their place.
    for (const each of lane === 'urgent' ? (['urgent', 'ordinary'] as const) : (['ordinary'] as const)) {
      const bucket = this.refilled(action, region, each, now);
      bucket.closedUntil = Math.max(bucket.closedUntil, now + wait);
      bucket.tokens = Math.min(bucket.tokens, 1);
    }
    return wait;
  }

  private limitOf(action: string): number {
    const fallback = action.startsWith('Describe') ? this.limits['Describe*'] : undefined;
    return Math.max(1, this.limits[action] ?? fallback ?? this.limits['*'] ?? 50);
  }

  private refilled(action: string, region: string, lane: Lane, now: number): Bucket {
    const perMinute = this.limitOf(action);
    const burst = lane === 'urgent' ? perMinute : Math.max(1, Math.floor(perMinute * BURST_SHARE));
    const key = `${lane}/${region}/${action}`;
    const bucket = this.buckets.get(key) ?? {
      tokens: burst,
      updatedAt: now,
      closedUntil: 0,
      promisedUntil: 0,
    };
    bucket.tokens = Math.min(
      burst,
      bucket.tokens + (Math.max(0, now - bucket.updatedAt) * perMinute) / 60_000,
    );
    bucket.updatedAt = now;
    if (bucket.closedUntil - now > LONGEST_CLOSED_MS) bucket.closedUntil = now + LONGEST_CLOSED_MS;
    this.buckets.set(key, bucket);
    return bucket;
  }
}
