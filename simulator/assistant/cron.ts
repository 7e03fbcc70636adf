/**
 * Cron with seconds: `<second> <minute> <hour> <day> <month> <weekday> [year] [zone]`. The rule: either the day of
 * the month or the weekday is `?`, as in Quartz, whose fields these are.
 */
import type { Zone } from './zones';
import { zoneOf } from './zones';

/** A parsed expression. */
export interface Cron {
  readonly fields: readonly ReadonlySet<number>[];
  readonly zone: Zone;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const RANGES: readonly (readonly [number, number])[] = [
  [0, 59],
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [1, 7],
  [1970, 2099],
];
/** An expression without an occurrence in this many days has none that matters. */
const HORIZON_DAYS = 366 * 5;

/** Reads an expression; undefined when it is not one. */
export function parseCron(text: string): Cron | undefined {
  const words = text.split(/\s+/);
  if (words.length < 6 || words.length > 8) return undefined;
  const last = words.at(-1) ?? '';
  const zone = words.length > 6 && /[A-Za-z]/.test(last) ? zoneOf(last) : zoneOf('UTC');
  const plain = words.length > 6 && /[A-Za-z]/.test(last) ? words.slice(0, -1) : words;
  if (!zone || plain.length > 7) return undefined;
  // Exactly one of the two ways to name a day says nothing.
  if ((plain[3] === '?') === (plain[5] === '?') && plain[5] !== '*') return undefined;
  const fields = RANGES.map((_, index) => parseField(plain[index] ?? '*', index));
  if (fields.some((field) => field === undefined || field.size === 0)) return undefined;
  return { fields: fields as ReadonlySet<number>[], zone };
}

function parseField(text: string, index: number): ReadonlySet<number> | undefined {
  const [low, high] = RANGES[index] ?? [0, 0];
  const values = new Set<number>();
  for (const part of text.toUpperCase().split(',')) {
    const match = /^(\*|\?|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(part);
    if (!match) return undefined;
    const open = match[1] === '*' || match[1] === '?';
    if (match[1] === '?' && index !== 3 && index !== 5) return undefined;
    const first = open ? low : valueOf(match[1] ?? '', index);
    const last = match[2] !== undefined ? valueOf(match[2], index) : open || match[3] ? high : first;
    const step = match[3] === undefined ? 1 : Number(match[3]);
    if (!(first >= low && last <= high && first <= last && step > 0)) return undefined;
    for (let value = first; value <= last; value += step) values.add(value);
  }
  return values;
}

function valueOf(text: string, index: number): number {
  const names = index === 4 ? MONTHS : index === 5 ? DAYS : [];
  const named = names.indexOf(text);
  return named >= 0 ? named + 1 : /^\d+$/.test(text) ? Number(text) : NaN;
}

/** The first occurrence after a moment. */
export function cronNext({ fields, zone }: Cron, after: number): number | undefined {
  const [seconds, minutes, hours, days, months, weekdays, years] = fields;
  const start = new Date(zone.toLocal(after) + 1_000);
  start.setUTCMilliseconds(0);
  const sorted = (values: ReadonlySet<number> | undefined): number[] =>
    [...(values ?? [])].sort((a, b) => a - b);
  const times = { h: sorted(hours), m: sorted(minutes), s: sorted(seconds) };
  for (let offset = 0; offset < HORIZON_DAYS; offset += 1) {
    const midnight = Date.UTC(start.getUTCFullYear(), start.getUTCMonth(), start.getUTCDate() + offset);
    const day = new Date(midnight);
    const fits =
      years?.has(day.getUTCFullYear()) &&
      months?.has(day.getUTCMonth() + 1) &&
      days?.has(day.getUTCDate()) &&
      weekdays?.has(day.getUTCDay() + 1);
    const local = fits ? firstTime(times, midnight, start.getTime()) : undefined;
    if (local !== undefined) return zone.toUtc(local);
  }
  return undefined;
}

function firstTime(
  times: { readonly h: number[]; readonly m: number[]; readonly s: number[] },
  midnight: number,
  from: number,
): number | undefined {
  for (const hour of times.h)
    for (const minute of times.m) {
      const base = midnight + (hour * 60 + minute) * 60_000;
      if (base + 59_000 < from) continue;
      const second = times.s.find((value) => base + value * 1_000 >= from);
      if (second !== undefined) return base + second * 1_000;
    }
  return undefined;
}
