/**
 * Cron with seconds, as the agent in the guest reads it: `<second> <minute> <hour> <day> <month> <weekday> [year]
 * [zone]`. The rule: `*` and `?` say the same; where a day of the month and a weekday are both given, a day that is
 * one of the two fits. Weekdays: 1 to 7 from Monday on, and 0 is Sunday too.
 */
import type { Zone } from './zones';
import { zoneOf } from './zones';

/** A parsed expression. */
export interface Cron {
  readonly times: {
    readonly seconds: readonly number[];
    readonly minutes: readonly number[];
    readonly hours: readonly number[];
  };
  readonly fitsDay: DayRule;
  readonly zone: Zone;
}

/** A day of the calendar. */
interface Day {
  readonly year: number;
  readonly month: number;
  readonly date: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** The last date of its month. */
  readonly last: number;
}

type DayRule = (day: Day) => boolean;

interface Field {
  readonly low: number;
  readonly high: number;
  readonly names?: readonly string[];
  /** The number of the first name. */
  readonly first?: number;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const SECONDS: Field = { low: 0, high: 59 };
const HOURS: Field = { low: 0, high: 23 };
const DATES: Field = { low: 1, high: 31 };
const MONTH: Field = { low: 1, high: 12, names: MONTHS, first: 1 };
const WEEKDAY: Field = { low: 0, high: 6, names: DAYS, first: 0 };
const YEARS: Field = { low: 1970, high: 2099 };
/** An expression without an occurrence in this many days has none that matters. */
const HORIZON_DAYS = 366 * 5;

/** Reads an expression; undefined when it is not one. */
export function parseCron(text: string): Cron | undefined {
  const words = text.toUpperCase().split(/\s+/);
  if (words.length < 6 || words.length > 8) return undefined;
  const last = text.split(/\s+/).at(-1) ?? '';
  const hasZone = words.length > 6 && /[A-Za-z]/.test(last);
  const zone = zoneOf(hasZone ? last : 'UTC');
  const fields = hasZone ? words.slice(0, -1) : words;
  if (!zone || fields.length > 7) return undefined;
  const [second = '', minute = '', hour = '', date = '', month = '', weekday = '', year = '*'] = fields;
  const seconds = numbersOf(second, SECONDS);
  const minutes = numbersOf(minute, SECONDS);
  const hours = numbersOf(hour, HOURS);
  const months = numbersOf(month, MONTH);
  const years = numbersOf(year, YEARS);
  const byDate = ruleOf(date, ofMonth);
  const byWeekday = ruleOf(weekday, ofWeek);
  if (!seconds || !minutes || !hours || !months || !years || !byDate || !byWeekday) return undefined;
  const bothNamed = !isOpen(date) && !isOpen(weekday);
  return {
    times: { seconds, minutes, hours },
    fitsDay: (day) =>
      years.includes(day.year) &&
      months.includes(day.month) &&
      (bothNamed ? byDate(day) || byWeekday(day) : byDate(day) && byWeekday(day)),
    zone,
  };
}

const isOpen = (text: string): boolean => text === '*' || text === '?';

/** The numbers of a field, in order; undefined when it is not one. */
function numbersOf(text: string, field: Field): number[] | undefined {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const found = partOf(part, field);
    if (!found || found.length === 0) return undefined;
    for (const value of found) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

function partOf(text: string, field: Field): number[] | undefined {
  const { low, high } = field;
  const match = /^(?:[*?]|(\w+)(?:-(\w+))?)(?:\/(\d{1,2}))?$/.exec(text);
  if (!match) return undefined;
  const [, from, to, every] = match;
  const first = from === undefined ? low : numberOf(from, field);
  const open = from === undefined || (to === undefined && every !== undefined);
  const last = to !== undefined ? numberOf(to, field) : open ? high : first;
  const step = every === undefined ? 1 : Number(every);
  if (!(first >= low && last <= high && first <= last && step >= 1 && step <= high)) return undefined;
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, at) => first + at * step);
}

function numberOf(text: string, { names = [], first = 0 }: Field): number {
  const named = names.indexOf(text);
  if (named >= 0) return named + first;
  if (!/^(0?\d|[1-9]\d+)$/.test(text)) return NaN;
  // Sunday ends the week as well as it begins it.
  return names === DAYS && Number(text) === 7 ? 0 : Number(text);
}

/** A field about days, its parts joined by "or". */
function ruleOf(text: string, partRule: (part: string) => DayRule | undefined): DayRule | undefined {
  const rules = text.split(',').map(partRule);
  if (rules.some((rule) => rule === undefined)) return undefined;
  return (day) => rules.some((rule) => rule?.(day));
}

/** `15`, `L` (the last day), `15W` (the workday nearest to it, in the same month), `LW`. */
function ofMonth(part: string): DayRule | undefined {
  if (part === 'L') return ({ date, last }) => date === last;
  const near = /^(\d{1,2}|L)W$/.exec(part)?.[1];
  if (near !== undefined) {
    const wanted = near === 'L' ? Infinity : numberOf(near, DATES);
    if (!(wanted >= 1 && (wanted <= 31 || near === 'L'))) return undefined;
    return (day) => day.date === workdayNear(near === 'L' ? day.last : wanted, day);
  }
  const dates = partOf(part, DATES);
  return dates && (({ date }) => dates.includes(date));
}

function workdayNear(wanted: number, { date, weekday, last }: Day): number | undefined {
  if (wanted > last) return undefined;
  const on = (((weekday + wanted - date) % 7) + 7) % 7;
  if (on === 6) return wanted === 1 ? 3 : wanted - 1;
  if (on === 0) return wanted === last ? wanted - 2 : wanted + 1;
  return wanted;
}

/** `5`, `FRI`, `5L` (the last Friday of the month), `5#3` (the third). */
function ofWeek(part: string): DayRule | undefined {
  const [, name, rank] = /^(\w+?)(L|#[1-5])$/.exec(part) ?? [];
  if (name === undefined || rank === undefined) {
    const days = partOf(part, WEEKDAY);
    return days && (({ weekday }) => days.includes(weekday));
  }
  const wanted = numberOf(name, WEEKDAY);
  if (!(wanted >= 0 && wanted <= 6)) return undefined;
  if (rank === 'L') return ({ weekday, date, last }) => weekday === wanted && date > last - 7;
  const nth = Number(rank.slice(1));
  return ({ weekday, date }) => weekday === wanted && Math.ceil(date / 7) === nth;
}

/**
 * The first occurrence after a moment. A time that the clocks leave out does not come that day; of one that comes
 * twice, the first counts.
 */
export function cronNext({ times, fitsDay, zone }: Cron, after: number): number | undefined {
  const start = new Date(zone.toLocal(after));
  for (let offset = 0; offset < HORIZON_DAYS; offset += 1) {
    const midnight = new Date(
      Date.UTC(start.getUTCFullYear(), start.getUTCMonth(), start.getUTCDate() + offset),
    );
    const [year, month] = [midnight.getUTCFullYear(), midnight.getUTCMonth() + 1];
    const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
    if (!fitsDay({ year, month, date: midnight.getUTCDate(), weekday: midnight.getUTCDay(), last })) continue;
    for (const local of timesOf(times, midnight.getTime(), start.getTime())) {
      const utc = zone.toUtc(local);
      if (utc > after && zone.toLocal(utc) === local) return utc;
    }
  }
  return undefined;
}

/** The times of a day that are not before `from`, by the local clock. */
function* timesOf(times: Cron['times'], midnight: number, from: number): Generator<number> {
  for (const hour of times.hours)
    for (const minute of times.minutes) {
      const base = midnight + (hour * 60 + minute) * 60_000;
      if (base + 59_000 < from) continue;
      for (const second of times.seconds) if (base + second * 1_000 >= from) yield base + second * 1_000;
    }
}
