/**
 * When working hours begin and end: boundaries in an IANA zone, with holidays, make-up workdays and freezes.
 *
 * The one rule: each boundary is one moment. Where clocks go forward, one inside the gap moves to the gap's end; where
 * they go back, one that comes twice is the second of the two.
 *
 * Zone data are the host's (Node's ICU), so this runs in activities and on the command line, never in workflows.
 */
import { IANAZone } from 'luxon';
import type { WorkingHours } from './hours-messages';
import { minuteOfDay, readCron, readDays, refused } from './hours-days';
import type { BoundaryRule, Read } from './hours-days';
import { parseExclusion, zoneError } from './windows';
import type { Exclusion } from './windows';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** What is wanted now is said by the last boundary; hours that have none in so many days want nothing. */
const LOOK_BACK_DAYS = 400;

export type BoundaryKind = 'start' | 'stop';

export interface Boundary {
  kind: BoundaryKind;
  /** Epoch milliseconds. */
  at: number;
  /** The day the hours belong to, as `2026-12-24`. */
  day: string;
}

/** Working hours, read; `holidays` and so on as ranges of days. */
export interface CompiledHours {
  zone: IANAZone;
  rules: Partial<Record<BoundaryKind, BoundaryRule>>;
  holidays: Exclusion[];
  workdays: Exclusion[];
  freezes: Exclusion[];
  staysStopped: boolean;
}

type Timetable = Pick<
  WorkingHours,
  'timeZone' | 'start' | 'stop' | 'days' | 'holidays' | 'workdays' | 'freezes' | 'onHoliday'
>;

/** Reads a definition; every error by its path. */
export function compileHours(
  hours: Timetable,
): { ok: true; compiled: CompiledHours } | { ok: false; errors: { path: string; message: string }[] } {
  const errors: { path: string; message: string }[] = [];
  const wrongZone = zoneError(hours.timeZone);
  if (wrongZone !== undefined) errors.push({ path: 'timeZone', message: wrongZone });
  const rules: CompiledHours['rules'] = {};
  for (const kind of ['start', 'stop'] as const) {
    const text = hours[kind];
    if (text === undefined) continue;
    const rule = readRule(hours, kind, text);
    if (rule.ok) rules[kind] = rule.value;
    else errors.push({ path: rule.path ?? kind, message: rule.message });
  }
  if (hours.start === undefined && hours.stop === undefined)
    errors.push({ path: 'start', message: 'is missing, and so is stop; give one of them, or both' });
  if (hours.start !== undefined && hours.start === hours.stop)
    errors.push({ path: 'stop', message: 'is the time of the start' });
  const days = (path: 'holidays' | 'workdays' | 'freezes'): Exclusion[] =>
    (hours[path] ?? []).flatMap((text, index) => {
      const parsed = parseExclusion(text);
      if (parsed.ok) return [parsed.exclusion];
      errors.push({ path: `${path}[${index}]`, message: parsed.message });
      return [];
    });
  const read = { holidays: days('holidays'), workdays: days('workdays'), freezes: days('freezes') };
  if (errors.length > 0) return { ok: false, errors };
  const staysStopped = (hours.onHoliday ?? 'stay-stopped') === 'stay-stopped';
  return { ok: true, compiled: { zone: IANAZone.create(hours.timeZone), rules, ...read, staysStopped } };
}

/** Hours that were checked before. @throws where they were not */
export function compiledHours(hours: Timetable): CompiledHours {
  const read = compileHours(hours);
  if (read.ok) return read.compiled;
  throw new Error(read.errors.map(({ path, message }) => `${path}: ${message}`).join('; '));
}

function readRule(
  hours: Timetable,
  kind: BoundaryKind,
  text: string,
): Read<BoundaryRule> & { path?: string } {
  const minute = minuteOfDay(text);
  if (minute === undefined) {
    if (!/\s/.test(text.trim()))
      return refused('is not a time such as 09:00, nor five cron fields such as "0 9 * * 1-5"');
    const cron = readCron(text);
    if (!cron.ok || hours.days === undefined) return cron;
    return { ...refused('goes with times such as 09:00; a cron string has its days itself'), path: 'days' };
  }
  const days = readDays(hours.days ?? 'mon-sun');
  if (!days.ok) return { ...days, path: 'days' };
  const start = minuteOfDay(hours.start ?? '');
  const overnight = kind === 'stop' && start !== undefined && minute < start;
  return {
    ok: true,
    value: {
      minutes: [minute % 60],
      hours: [Math.floor(minute / 60)],
      daysOfWeek: days.value,
      dayShift: overnight ? 1 : 0,
    },
  };
}

/** Every boundary from `fromMs` until before `toMs`, in order. */
export function boundaries(hours: CompiledHours, fromMs: number, toMs: number): Boundary[] {
  const found: Boundary[] = [];
  const first = Math.floor(fromMs / DAY) - 2;
  const last = Math.floor(toMs / DAY) + 1;
  for (let day = first; day <= last; day += 1) {
    for (const kind of ['start', 'stop'] as const) {
      const rule = hours.rules[kind];
      if (!rule || !holds(hours, rule, kind, day)) continue;
      const moments = timesOf(rule).map((time) => moment(hours.zone, (day + rule.dayShift) * DAY + time));
      // Two times of day inside one gap are the same moment.
      for (const at of new Set(moments))
        if (at >= fromMs && at < toMs) found.push({ kind, at, day: dayText(day) });
    }
  }
  return found.sort((a, b) => a.at - b.at || (a.kind === 'stop' ? -1 : 1));
}

/** What the last boundary up to `now` asks for; `undefined` where there was none for long. */
export function wantedAt(hours: CompiledHours, now: number): Boundary | undefined {
  for (const days of [3, LOOK_BACK_DAYS]) {
    const last = boundaries(hours, now - days * DAY, now + 1).at(-1);
    if (last) return last;
  }
  return undefined;
}

/** The first boundary of a kind after `after`, within a good year. */
export function nextBoundary(hours: CompiledHours, kind: BoundaryKind, after: number): number | undefined {
  for (const days of [10, LOOK_BACK_DAYS]) {
    const found = boundaries(hours, after + 1, after + days * DAY).find((each) => each.kind === kind);
    if (found) return found.at;
  }
  return undefined;
}

/** Does `day` (as `2026-12-24`) lie in one of these ranges? */
export function isIn(ranges: readonly Exclusion[], day: string): boolean {
  return ranges.some(({ from, to }) => from <= day && day <= to);
}

/** The day it is in the hours' zone. */
export function localDay(hours: Pick<CompiledHours, 'zone'>, at: number): string {
  return dayText(Math.floor((at + offsetAt(hours.zone, at)) / DAY));
}

/** Does the wall clock of the zone show the time of `at` a second time later, because clocks go back? */
export function comesAgain(zone: IANAZone, at: number): boolean {
  const before = offsetAt(zone, at);
  const after = offsetAt(zone, at + 3 * HOUR);
  return after < before && offsetAt(zone, at + before - after) === after;
}

/** Does the rule have a boundary for this day (days since 1970-01-01)? */
function holds(hours: CompiledHours, rule: BoundaryRule, kind: BoundaryKind, day: number): boolean {
  const text = dayText(day);
  if (isIn(hours.freezes, text)) return false;
  if (isIn(hours.workdays, text)) return true;
  if (kind === 'start' && hours.staysStopped && isIn(hours.holidays, text)) return false;
  const date = new Date(day * DAY);
  // 1 January 1970 was a Thursday.
  const weekday = (((day + 3) % 7) + 7) % 7;
  return (
    (rule.daysOfWeek?.includes(weekday) ?? true) &&
    (rule.daysOfMonth?.includes(date.getUTCDate()) ?? true) &&
    (rule.months?.includes(date.getUTCMonth() + 1) ?? true)
  );
}

function timesOf({ hours, minutes }: BoundaryRule): number[] {
  return hours.flatMap((hour) => minutes.map((minute) => hour * HOUR + minute * MINUTE));
}

/** The moment at which the zone's clock shows `wall`, given as if it were UTC. */
function moment(zone: IANAZone, wall: number): number {
  const offsets = [offsetAt(zone, wall - DAY), offsetAt(zone, wall + DAY)];
  const shown = offsets.map((offset) => wall - offset).filter((at) => at + offsetAt(zone, at) === wall);
  if (shown.length > 0) return Math.max(...shown);
  return gapEnd(zone, wall, offsets[0] ?? 0);
}

/** The moment at which clocks went forward over `wall`. */
function gapEnd(zone: IANAZone, wall: number, before: number): number {
  let [low, high] = [wall - before - DAY, wall - before + DAY];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone, middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

/** Milliseconds east of UTC. */
export function offsetAt(zone: IANAZone, at: number): number {
  return Math.round(zone.offset(at) * MINUTE);
}

export function dayText(day: number): string {
  return new Date(day * DAY).toISOString().slice(0, 10);
}

/** The wall clock at a moment, as `Mon 2026-12-07 09:00`. */
export function wallText(zone: IANAZone, at: number): string {
  const wall = new Date(at + offsetAt(zone, at));
  const weekday = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][wall.getUTCDay()] ?? '';
  return `${weekday} ${wall.toISOString().slice(0, 16).replace('T', ' ')}`;
}

/** A moment as people type it: ISO 8601 with a zone, or `2026-12-01 08:00` by the clock of `zone`. */
export function readMoment(text: string, zone: string): string | undefined {
  const [, day, time] = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})$/.exec(text) ?? [];
  const wall = day === undefined ? NaN : Date.parse(`${day}T${time ?? ''}:00Z`);
  const at = Number.isFinite(wall)
    ? moment(IANAZone.create(zone), wall)
    : /(Z|[+-]\d\d:\d\d)$/.test(text)
      ? Date.parse(text)
      : NaN;
  return Number.isFinite(at) ? new Date(at).toISOString().replace('.000Z', 'Z') : undefined;
}
