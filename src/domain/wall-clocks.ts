/**
 * Local times and moments, in zones as Cloud Assistant names them: IANA names, `UTC`, offsets such as `GMT+8:00`.
 *
 * The one rule: a local time is a number as if it were UTC, and says nothing until a zone makes moments of it.
 *
 * Zone data are the host's, so this runs in activities and on the command line, never in workflows.
 */
import { IANAZone } from 'luxon';
import { zoneError } from './windows';

const MINUTE = 60_000;
const DAY = 86_400_000;
const OFFSET = /^GMT([+-])(\d|1[0-4]):([0-5]\d)$/;

/** An IANA name, `UTC`, or an offset such as `GMT+8:00`. */
export function isZone(zone = 'UTC'): boolean {
  return OFFSET.test(zone) || zoneError(zone) === undefined;
}

/** Milliseconds east of UTC at a moment. */
export function offsetOf(zone: string, at: number): number {
  const [, sign, hours, minutes] = OFFSET.exec(zone) ?? [];
  if (sign === undefined) return zone === 'UTC' ? 0 : Math.round(IANAZone.create(zone).offset(at) * MINUTE);
  return (Number(hours) * 60 + Number(minutes)) * MINUTE * (sign === '-' ? -1 : 1);
}

/** The moments at which the zone's clocks show a local time: none where they leave it out, two where they go back. */
export function momentsOf(local: number, zone: string): number[] {
  const offsets = new Set([local - DAY, local + DAY].map((near) => offsetOf(zone, near)));
  return [...offsets]
    .map((offset) => local - offset)
    .filter((moment) => moment + offsetOf(zone, moment) === local)
    .sort((a, b) => a - b);
}

/** A local time as if it were UTC; `undefined` for text that is none, or a day no calendar has. */
export function localOf(text: string): number | undefined {
  const [, day, time, second = '00'] = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(?::(\d\d))?$/.exec(text) ?? [];
  const local = Date.parse(`${day}T${time}:${second}Z`);
  return Number.isFinite(local) && new Date(local).toISOString().startsWith(`${day}T${time}`)
    ? local
    : undefined;
}
