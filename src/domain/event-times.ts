/** Moments at which people and workflows may still act; small, for the workflow bundle. */
import type { EventPlan } from './event-plan';
import type { EventPolicy } from './policy';

/** Closer to NotBefore than this, our reboot and the provider's could both happen. */
export const TOO_LATE_MS = 60_000;
/** A moment a person chose still counts this long after it has come, for a timer that is late. */
const LATE_TIMER_MS = 5 * 60_000;
const DAY = 86_400_000;

/** How long a planned moment that has come still counts; planning and waiting for the gate agree on it. */
export function graceMs({ workMs, marginMs }: Pick<EventPolicy, 'workMs' | 'marginMs'>): number {
  return Math.min(LATE_TIMER_MS, workMs / 2, marginMs / 2);
}

/**
 * How long a moment that has come may be waited with for the gate: in a window as long as the work may begin in it, and
 * at the very latest until half of the margin is left. Where `last`, no other moment comes after it.
 */
export function gateWaitsUntil(held: {
  notBefore: string;
  said: { at?: string; now: boolean };
  plan?: EventPlan;
  policy?: Pick<EventPolicy, 'workMs' | 'marginMs'>;
  now: number;
}): { until: number; latest: number; last: boolean } {
  const { said, plan, policy = { workMs: 0, marginMs: 0 }, now } = held;
  const notBefore = Date.parse(held.notBefore);
  // With the margin half gone already: a minute, for a gate that is free.
  const latest = Number.isNaN(notBefore)
    ? now + DAY
    : Math.max(notBefore - policy.marginMs / 2, Math.min(now, notBefore - TOO_LATE_MS) + 60_000);
  const window = plan?.considered.find(({ verdict }) => verdict === 'chosen');
  let good = latest;
  if (said.now) good = latest;
  else if (said.at !== undefined) good = Date.parse(said.at) + LATE_TIMER_MS + 1_000;
  else if (window) {
    const begin = Math.min(Date.parse(window.end) - policy.workMs, Date.parse(plan?.deadline ?? ''));
    good = begin + graceMs(policy) + 1_000;
  }
  const until = Math.min(good, latest);
  return { until, latest, last: until >= latest };
}

/** Why an event may not be answered by a reboot any more; `undefined` where it may. */
export function tooLateToAct(
  { status, notBefore }: { status: string; notBefore: string },
  now: number,
): string | undefined {
  if (status !== 'Scheduled' && status !== 'Inquiring')
    return `the event is ${status}: a reboot now could be the second one`;
  if (now > Date.parse(notBefore) - TOO_LATE_MS)
    return `it is less than a minute before NotBefore ${notBefore}, or after it: a reboot now could be the second one`;
  return undefined;
}

/** Why a moment a person chose earlier does not count any more; `undefined` where it does. */
export function lapsedError(at: string, deadline: string | undefined, now: number): string | undefined {
  if (Date.parse(at) > Date.parse(deadline ?? ''))
    return `the event was moved: ${at} is after its new deadline ${deadline ?? ''}`;
  if (now - Date.parse(at) > LATE_TIMER_MS) return `${at} was missed`;
  return undefined;
}

/** Why a moment cannot be rescheduled to; `undefined` where it can. */
export function rescheduleError(at: string, deadline: string | undefined, now: number): string | undefined {
  const moment = Date.parse(at);
  if (Number.isNaN(moment) || !/T.*(Z|[+-]\d\d:\d\d)$/.test(at))
    return `${JSON.stringify(at)} is not a time; give ISO 8601 with a zone, such as 2026-12-01T02:00:00+09:00`;
  if (moment < now) return `${at} has passed`;
  if (deadline !== undefined && moment > Date.parse(deadline))
    return `${at} is after the deadline ${deadline}: the provider would be first`;
  return undefined;
}
