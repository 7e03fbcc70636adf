/** Moments at which people and workflows may still act; small, for the workflow bundle. */

/** Closer to NotBefore than this, our reboot and the provider's could both happen. */
export const TOO_LATE_MS = 60_000;
/** A moment a person chose still counts this long after it has come, for a timer that is late. */
const LATE_TIMER_MS = 5 * 60_000;

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
