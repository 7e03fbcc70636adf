/**
 * From working hours to the spec of a Temporal Schedule.
 *
 * The one rule: the server's calendar fires at the boundaries of hours-calendar.ts and nowhere else, as far as a spec can
 * say that. The server passes over a time inside a spring gap, so the gap's end is listed by date, for ten years. In the
 * autumn it fires once or twice at a time that comes twice, and always at the second; who acts asks `comesAgain`.
 */
import { boundaries, dayText, isIn, localDay, offsetAt } from './hours-calendar';
import type { BoundaryKind, CompiledHours } from './hours-calendar';
import type { Exclusion } from './windows';

const DAY = 86_400_000;
/** Gaps are listed for so long; creating or editing lists them anew. */
export const GAP_YEARS = 10;
/** What a Schedule is given at most; a spec is read at every firing. */
export const MAX_DAYS = 1_000;

const WEEKDAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'] as const;
const MONTHS = [
  'JANUARY',
  'FEBRUARY',
  'MARCH',
  'APRIL',
  'MAY',
  'JUNE',
  'JULY',
  'AUGUST',
  'SEPTEMBER',
  'OCTOBER',
  'NOVEMBER',
  'DECEMBER',
] as const;

/** A calendar as Temporal's client takes it. */
export interface SpecCalendar {
  year?: number;
  month?: (typeof MONTHS)[number][] | (typeof MONTHS)[number];
  dayOfMonth?: number[] | number;
  dayOfWeek?: (typeof WEEKDAYS)[number][];
  hour: number[] | number | '*';
  minute: number[] | number | '*';
  second?: '*';
  comment?: string;
}

export interface HoursSpec {
  calendars: SpecCalendar[];
  skip: SpecCalendar[];
  timezone: string;
}

/** The spec for one kind of boundary; `undefined` where the hours have none. */
export function scheduleSpecOf(hours: CompiledHours, kind: BoundaryKind, now: number): HoursSpec | undefined {
  const rule = hours.rules[kind];
  if (!rule) return undefined;
  const { minutes: minute, hours: hour, daysOfMonth, months, daysOfWeek, dayShift } = rule;
  const regular: SpecCalendar = {
    hour,
    minute,
    ...(daysOfMonth ? { dayOfMonth: daysOfMonth } : {}),
    ...(months ? { month: months.map(monthName) } : {}),
    ...(daysOfWeek ? { dayOfWeek: daysOfWeek.map((day) => weekdayName(day + dayShift)) } : {}),
  };
  const skipped = kind === 'start' && hours.staysStopped ? hours.holidays : [];
  const works = (day: string): boolean => isIn(hours.workdays, day) && !isIn(hours.freezes, day);
  const off = [...daysOf(skipped).filter((day) => !isIn(hours.workdays, day)), ...daysOf(hours.freezes)];
  return {
    calendars: [
      regular,
      ...daysOf(hours.workdays)
        .filter(works)
        .map((day) => ({ ...dateOf(shifted(day, dayShift)), hour, minute, comment: 'workday' })),
      ...gapEnds(hours, kind, now),
    ],
    skip: [...new Set(off)].map((day) => ({
      ...dateOf(shifted(day, dayShift)),
      hour: '*',
      minute: '*',
      second: '*',
    })),
    timezone: hours.zone.name,
  };
}

/** The days of ranges, one by one. */
export function daysOf(ranges: readonly Exclusion[]): string[] {
  return ranges.flatMap(({ from, to }) => {
    const first = Date.parse(`${from}T00:00:00Z`) / DAY;
    const last = Date.parse(`${to}T00:00:00Z`) / DAY;
    return Array.from({ length: Math.min(last - first + 1, MAX_DAYS + 1) }, (_, index) =>
      dayText(first + index),
    );
  });
}

/** Boundaries that were moved to the end of a gap. */
function gapEnds(hours: CompiledHours, kind: BoundaryKind, now: number): SpecCalendar[] {
  const rule = hours.rules[kind];
  // No zone changes its clocks by day.
  if (!rule || rule.hours.every((hour) => hour >= 4 && hour <= 22)) return [];
  const found: SpecCalendar[] = [];
  for (const { at, kind: of } of boundaries(hours, now, now + GAP_YEARS * 366 * DAY)) {
    if (of !== kind) continue;
    const wall = new Date(at + offsetAt(hours.zone, at));
    const [hour, minute] = [wall.getUTCHours(), wall.getUTCMinutes()];
    if (rule.hours.includes(hour) && rule.minutes.includes(minute)) continue;
    found.push({ ...dateOf(localDay(hours, at)), hour, minute, comment: 'end of a gap' });
  }
  return found;
}

function shifted(day: string, by: number): string {
  return dayText(Date.parse(`${day}T00:00:00Z`) / DAY + by);
}

function dateOf(day: string): { year: number; month: (typeof MONTHS)[number]; dayOfMonth: number } {
  const [year = 0, month = 0, dayOfMonth = 0] = day.split('-').map(Number);
  return { year, month: monthName(month), dayOfMonth };
}

function monthName(month: number): (typeof MONTHS)[number] {
  return MONTHS[month - 1] ?? 'JANUARY';
}

function weekdayName(day: number): (typeof WEEKDAYS)[number] {
  return WEEKDAYS[day % 7] ?? 'MONDAY';
}
