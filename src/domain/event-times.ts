/** Moments people name; small, for the workflow bundle. */

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
