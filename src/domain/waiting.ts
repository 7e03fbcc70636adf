/** How long things are waited for before we conclude something. */

/**
 * Milliseconds until a waiter looks for itself, beside the watcher that normally tells it: a tenth of the wait's age,
 * 1 to 10 minutes.
 */
export function lookGapMs(ageMs: number): number {
  return Math.round(Math.min(600_000, Math.max(60_000, ageMs / 10)));
}

/** An invocation never seen is "not visible yet" this long (ECS is eventually consistent), then it is missing. */
export const VISIBLE_WITHIN_MS = 60_000;

/** After a command's own timeout: delivery (up to a minute), the agent's report, a guest that restarts. Then we stop waiting. */
export const GRACE_AFTER_TIMEOUT_MS = 10 * 60_000;

/** Cloud Assistant's default where a command names no timeout. */
export const DEFAULT_TIMEOUT_SECONDS = 60;

/** ECS tells the time of a heartbeat in whole seconds: that of a guest that is up within one may seem to be from before. */
export const HEARTBEAT_PRECISION_MS = 1_000;
