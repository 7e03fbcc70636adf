/**
 * Weekly windows: times at which the least harm is done, as `Sat-Sun 02:00-05:00 Asia/Tokyo`.
 *
 * The one rule: a moment is in a window when the wall clock of the window's zone shows a time of the window. All else
 * follows: where clocks go forward, a boundary inside the gap moves to the gap's end; where they go back, the hour that
 * comes twice is in the window both times, as one span, or as two where a boundary lies inside that hour.
 *
 * The data of zones are those of the host (Node's ICU), and hosts differ. So plan in activities: workflow code that ran
 * this would not replay elsewhere. test/unit/import-graph.test.ts keeps workflows from reaching the package luxon.
 */
import { IANAZone } from 'luxon';
import { nearestName } from './input-errors';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Zones lie between UTC-12 and UTC+14; an hour more to be sure. */
const WEST = 13 * HOUR;
const EAST = 15 * HOUR;
/** No zone changes its clocks and back within this time. */
const STEP = DAY;
/** Longer searches are a mistake of the caller. */
const MAX_SEARCH = 800 * DAY;

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const EXAMPLE = 'write it like "Sat-Sun 02:00-05:00 Asia/Tokyo"';

/** A window as parsed; plain JSON. */
export interface WeeklyWindow {
  /** As it was written. */
  text: string;
  /** Days on which it begins: 0 is Monday, 6 Sunday. */
  days: number[];
  /** Minutes after midnight by the wall clock. */
  startMinute: number;
  /** Above 1440 where the window runs into the next day. */
  endMinute: number;
  /** IANA name of the zone. */
  zone: string;
}

/** Days on which no window begins, both included, as `2026-12-24`. */
export interface Exclusion {
  from: string;
  to: string;
}

/** A stretch of time in epoch milliseconds: `start` belongs to it, `end` does not. */
export interface Span {
  start: number;
  end: number;
}

/** A stretch of a window, and the day on which the window begins, by the calendar of its zone. */
export interface WindowSpan extends Span {
  day: string;
}

export type ParsedWindow = { ok: true; window: WeeklyWindow } | { ok: false; message: string };
export type ParsedExclusion = { ok: true; exclusion: Exclusion } | { ok: false; message: string };

/** Reads `<days> <from>-<to> <zone>`: days such as `Mon,Wed-Fri`, times such as `22:00-02:00` or `18:00-24:00`. */
export function parseWindow(text: string): ParsedWindow {
  const parts = text.split(' ');
  const [daysText = '', timesText = '', zone = ''] = parts;
  if (parts.length !== 3 || parts.includes('')) {
    return refused(`is not a window: days, times and zone with one space between them; ${EXAMPLE}`);
  }
  const days = parseDays(daysText);
  if (typeof days === 'string') return refused(days);
  const times = parseTimes(timesText);
  if (typeof times === 'string') return refused(times);
  const wrongZone = zoneError(zone);
  if (wrongZone !== undefined) return refused(wrongZone);
  return { ok: true, window: { text, days, ...times, zone } };
}

/** Reads one day `2026-12-24` or days from one to another, `2026-12-24..2026-12-26`. */
export function parseExclusion(text: string): ParsedExclusion {
  const [from = '', to = from, ...more] = text.split('..');
  if (more.length > 0 || ![from, to].every((day) => /^\d{4}-\d{2}-\d{2}$/.test(day))) {
    return refused('is not a date; write it like 2026-12-24 or 2026-12-24..2026-12-26');
  }
  const unreal = [from, to].find((day) => !isRealDay(day));
  if (unreal !== undefined) return refused(`contains ${unreal}, a day no calendar has`);
  if (to < from) return refused(`ends before it begins; did you mean ${to}..${from}?`);
  return { ok: true, exclusion: { from, to } };
}

/** The exclusion that keeps a window from beginning on `day`; `undefined` where none does. */
export function exclusionOf(day: string, exclusions: readonly Exclusion[]): Exclusion | undefined {
  return exclusions.find(({ from, to }) => from <= day && day <= to);
}

/**
 * The stretches of the window that touch the time from `fromMs` to `toMs`, in order and whole. Those of a window that
 * begins on an excluded day, by the calendar of its zone, are left out.
 */
export function occurrences(
  window: WeeklyWindow,
  fromMs: number,
  toMs: number,
  exclusions: readonly Exclusion[] = [],
): Span[] {
  return windowSpans(window, fromMs, toMs)
    .filter(({ day }) => exclusionOf(day, exclusions) === undefined)
    .map(({ start, end }) => ({ start, end }));
}

/** As `occurrences`, without exclusions and with the day each stretch belongs to. */
export function windowSpans(window: WeeklyWindow, fromMs: number, toMs: number): WindowSpan[] {
  if (!(toMs > fromMs)) return [];
  if (toMs - fromMs > MAX_SEARCH) throw new RangeError('windows are searched over at most 800 days');
  // A day earlier for what began the day before and runs over midnight.
  const first = Math.floor((fromMs - WEST) / DAY) - 1;
  const last = Math.floor((toMs + EAST) / DAY);
  const zone = stretches(IANAZone.create(window.zone), first * DAY - EAST, (last + 2) * DAY + WEST);
  const spans: WindowSpan[] = [];
  for (let day = first; day <= last; day += 1) {
    // 1 January 1970 was a Thursday.
    if (!window.days.includes((((day + 3) % 7) + 7) % 7)) continue;
    const begin = day * DAY + window.startMinute * MINUTE;
    const end = day * DAY + window.endMinute * MINUTE;
    for (const span of momentsShowing(zone, begin, end)) {
      if (span.end > fromMs && span.start < toMs) spans.push({ ...span, day: dayText(day) });
    }
  }
  return spans.sort((a, b) => a.start - b.start);
}

/** All moments at which the zone's wall clock shows a time from `begin` until `end`, both given as if it were UTC. */
function momentsShowing(zone: readonly Stretch[], begin: number, end: number): Span[] {
  const found: Span[] = [];
  for (const { start, end: until, offset } of zone) {
    const span = { start: Math.max(start, begin - offset), end: Math.min(until, end - offset) };
    if (span.end <= span.start) continue;
    const before = found.at(-1);
    if (before?.end === span.start) before.end = span.end;
    else found.push(span);
  }
  return found;
}

/** A time over which a zone keeps one offset, in milliseconds east of UTC. */
interface Stretch extends Span {
  offset: number;
}

/** The time from `from` to `to` in stretches. */
function stretches(zone: IANAZone, from: number, to: number): Stretch[] {
  const found: Stretch[] = [];
  let start = from;
  let offset = offsetAt(zone, from);
  for (let at = from; at < to; at += STEP) {
    const next = Math.min(at + STEP, to);
    const later = offsetAt(zone, next);
    if (later === offset) continue;
    const change = changeBetween(zone, at, next, offset);
    found.push({ start, end: change, offset });
    start = change;
    offset = later;
  }
  return [...found, { start, end: to, offset }];
}

/** The first moment in (`from`, `to`] with another offset than `offset`. */
function changeBetween(zone: IANAZone, from: number, to: number, offset: number): number {
  let [before, after] = [from, to];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(zone, middle) === offset) before = middle;
    else after = middle;
  }
  return after;
}

function offsetAt(zone: IANAZone, ms: number): number {
  return Math.round(zone.offset(ms) * MINUTE);
}

/** The days a window begins on, or what is wrong with the text. */
function parseDays(text: string): number[] | string {
  const days = new Set<number>();
  for (const part of text.split(',')) {
    const [from = '', to = from, ...more] = part.split('-');
    const unknown = [from, to].find((name) => !DAYS.includes(name));
    if (unknown !== undefined || more.length > 0) {
      const shown = JSON.stringify((unknown ?? part).slice(0, 20));
      return `has days ${shown}; days are ${DAYS.join(', ')}, with - for ranges and commas, such as Mon,Wed-Fri`;
    }
    for (let day = DAYS.indexOf(from); ; day = (day + 1) % 7) {
      days.add(day);
      if (DAYS[day] === to) break;
    }
  }
  return [...days].sort((a, b) => a - b);
}

function parseTimes(text: string): { startMinute: number; endMinute: number } | string {
  const [from = '', to = '', ...more] = text.split('-');
  const startMinute = minuteOf(from);
  const endMinute = to === '24:00' ? 1440 : minuteOf(to);
  if (startMinute === undefined || endMinute === undefined || more.length > 0) {
    return `has times ${JSON.stringify(text.slice(0, 20))}; write them like 02:00-05:00, from 00:00 to 24:00`;
  }
  if (startMinute === endMinute) return 'ends when it begins; a whole day is 00:00-24:00';
  return { startMinute, endMinute: endMinute > startMinute ? endMinute : endMinute + 1440 };
}

function minuteOf(text: string): number | undefined {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes);
}

/** Only names with an area: abbreviations such as EST mean several things, and fixed offsets know no summer time. */
export function zoneError(zone: string): string | undefined {
  if (zone === 'UTC') return undefined;
  const known = Intl.supportedValuesOf('timeZone');
  const spelling = known.find((name) => name.toLowerCase() === zone.toLowerCase());
  const valid = /^[A-Za-z]+\/[\w+/-]+$/.test(zone) && IANAZone.isValidZone(zone);
  if (valid && (spelling === undefined || spelling === zone)) return undefined;
  const near = spelling ?? nearestName(zone.slice(0, 60), known);
  const hint =
    near === undefined ? 'give an IANA name such as Asia/Shanghai, or UTC' : `did you mean ${near}?`;
  return `has the zone ${JSON.stringify(zone.slice(0, 60))}, which is unknown; ${hint}`;
}

function isRealDay(day: string): boolean {
  const ms = Date.parse(`${day}T00:00:00Z`);
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(day);
}

function dayText(day: number): string {
  return new Date(day * DAY).toISOString().slice(0, 10);
}

function refused(message: string): { ok: false; message: string } {
  return { ok: false, message };
}
