/**
 * Calls per minute. The rule: a limit belongs to one action in one region and is counted per minute of the
 * simulator's clock; the numbers are settings, for the service publishes none.
 */
import { EcsError } from './errors';

/** Default calls per minute of a kind of action. */
export const DEFAULT_QUOTAS = { describe: 1000, mutate: 100, run: 200, launch: 50 } as const;

/** The kind of an action for the default limit, or the limit itself. */
export type Quota = keyof typeof DEFAULT_QUOTAS | number;

const MINUTE = 60_000;

/** The answer of the service to a call over the limit, with the milliseconds until the next minute. */
export function throttled(now: number, code = 'Throttling.User', httpStatus = 400): EcsError {
  const text = code === 'Throttling.User' ? 'user flow control' : 'request throttling';
  return new EcsError(
    httpStatus,
    code,
    `Request was denied due to ${text}.`,
    {},
    {
      'x-acs-retry-after': String(MINUTE - (now % MINUTE)),
    },
  );
}

/** Counts calls and refuses those over the limit. */
export class Throttle {
  private readonly windows = new Map<string, { minute: number; used: number }>();
  private readonly limits = new Map<string, number>();
  enabled: boolean;

  constructor(limits: Readonly<Record<string, number>> = {}, enabled = true) {
    this.enabled = enabled;
    this.set(limits);
  }

  /** Sets limits by action; `*` is the limit of every action that has none of its own. */
  set(limits: Readonly<Record<string, number>>): void {
    for (const [action, limit] of Object.entries(limits)) this.limits.set(action, limit);
  }

  /** Goes back to the defaults and empties the counters. */
  reset(): void {
    this.limits.clear();
    this.windows.clear();
  }

  /** The limit of an action. */
  limitOf(action: string, quota: Quota): number {
    const fallback = typeof quota === 'number' ? quota : DEFAULT_QUOTAS[quota];
    return this.limits.get(action) ?? this.limits.get('*') ?? fallback;
  }

  /** Counts a call; throws when the minute is used up. */
  take(action: string, quota: Quota, regionId: string, now: number): void {
    if (!this.enabled) return;
    const minute = Math.floor(now / MINUTE);
    const key = `${regionId}/${action}`;
    let window = this.windows.get(key);
    if (!window || window.minute !== minute) this.windows.set(key, (window = { minute, used: 0 }));
    window.used += 1;
    if (window.used > this.limitOf(action, quota)) throw throttled(now);
  }
}
