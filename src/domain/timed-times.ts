/**
 * When a timed command of Cloud Assistant comes: from what people write to the API's Frequency, and from a Frequency to
 * the next time.
 *
 * The one rule: what is sent means the same to every reader of it. A zone is always in it; weekdays go as names, for
 * numbers are counted from Sunday by some and from Monday by others; `?` stands where a day says nothing.
 *
 * Zone data are the host's, so this runs in activities and on the command line, never in workflows.
 */
import { cronErrors, cronValues } from './cron';
import { describeDuration, parseDuration } from './durations';
import type { InputError } from './messages';
import type { TimedWhen } from './timed-commands';
import { isZone, localOf, momentsOf, offsetOf } from './wall-clocks';
import { zoneError } from './windows';

const DAY_NAMES = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const MONTH_NAMES = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const MINUTE = 60_000;
const DAY = 86_400_000;
const SHORTEST_RATE_SECONDS = 60;
const LONGEST_RATE_SECONDS = 7 * 86_400;
const SHORTEST_CRON_SECONDS = 10;
/** Leap years included, every month and day has come by then. */
const HORIZON_DAYS = 366 * 5;

/** What is wrong with `when`; `now` in epoch milliseconds. */
export function whenErrors(when: TimedWhen, timeoutSeconds: number, now: number): InputError[] {
  const ways = (['cron', 'every', 'at', 'reboot'] as const).filter((way) => when[way] !== undefined);
  const given = ways.length === 0 ? 'nothing' : ways.join(' and ');
  const zone = zoneErrors(when);
  const { cron, every, at } = when;
  const found = {
    cron: cron === undefined ? [] : timedCronErrors(cron, timeoutSeconds),
    every: every === undefined ? [] : rateErrors(every, timeoutSeconds),
    at: at === undefined ? [] : atErrors(at, zone.length === 0 ? when.zone : undefined, now),
  };
  return [
    ...(ways.length === 1
      ? []
      : [{ path: 'when', message: `says ${given}; give exactly one of cron, every, at and reboot` }]),
    ...zone,
    ...Object.entries(found).flatMap(([way, messages]) =>
      messages.map((message) => ({ path: `when.${way}`, message })),
    ),
  ];
}

function zoneErrors({ cron, at, zone }: TimedWhen): InputError[] {
  const path = 'when.zone';
  if (cron === undefined && at === undefined)
    return zone === undefined ? [] : [{ path, message: 'is for cron and at alone; leave it out' }];
  if (zone === undefined)
    return [{ path, message: 'is missing; a time of day has a zone: give one such as Asia/Shanghai' }];
  const message = isZone(zone) ? undefined : zoneError(zone);
  return message === undefined ? [] : [{ path, message }];
}

function rateErrors(every: string, timeoutSeconds: number): string[] {
  const seconds = parseDuration(every);
  if (seconds === undefined || seconds < SHORTEST_RATE_SECONDS || seconds > LONGEST_RATE_SECONDS)
    return [
      `must be a duration from 60s to 7d such as 90s, 30m, 2h, 1d, not ${JSON.stringify(every.slice(0, 40))}`,
    ];
  if (seconds <= timeoutSeconds)
    return [
      `of ${seconds} s is not longer than the command may run, ${timeoutSeconds} s; give a longer one or a shorter timeout`,
    ];
  return [];
}

function timedCronErrors(text: string, timeoutSeconds: number): string[] {
  const words = text.trim().split(/\s+/);
  if (words.length === 5)
    return [`has five fields, as in Unix; Cloud Assistant has the second first: "0 ${words.join(' ')}"`];
  if (words.length > 6)
    return [`has ${words.length} fields; give six, from second to weekday; a zone has its own place`];
  const plain = plainCron(text);
  const errors = cronErrors(plain);
  if (errors.length > 0 || words.length < 6) return errors;
  const gap = leastGapSeconds(plain);
  if (gap < SHORTEST_CRON_SECONDS)
    return [`comes again after ${gap} s; Cloud Assistant takes no less than ${SHORTEST_CRON_SECONDS}`];
  if (gap < timeoutSeconds)
    return [
      `comes again after ${gap} s, and the command may run ${timeoutSeconds} s; give it more time between, or a shorter timeout`,
    ];
  return [];
}

/** Without a zone, whether it is a time at all. */
function atErrors(text: string, zone: string | undefined, now: number): string[] {
  const local = localOf(text);
  if (local === undefined) return ['must be a time such as "2026-12-24 21:30:00", by the clocks of its zone'];
  if (zone === undefined) return [];
  const [moment, again] = momentsOf(local, zone);
  if (moment === undefined) return [`does not come: clocks in ${zone} leave that time out`];
  if (again !== undefined) return [`comes twice, for clocks in ${zone} go back; give it in UTC`];
  return moment <= now ? [`lies in the past, at ${new Date(moment).toISOString()}`] : [];
}

/** The API's Frequency; `undefined` where the command waits for a start of the guest. */
export function frequencyOf({ cron, every, at, zone = 'UTC' }: TimedWhen): string | undefined {
  if (every !== undefined) return `rate(${every})`;
  if (at !== undefined) {
    const text = new Date(localOf(at) ?? 0).toISOString();
    return `at(${text.slice(0, 10)} ${text.slice(11, 19)} ${zone})`;
  }
  if (cron === undefined) return undefined;
  const plain = plainCron(cron);
  const [second = '', minute = '', hour = '', day = '', month = '', weekday = ''] = plain.split(' ');
  const names = (cronValues(plain)[5] ?? []).map((value) => DAY_NAMES[value]).join(',');
  const days = weekday === '*' ? [day, month, '?'] : ['?', month, names];
  return [second, minute, hour, ...days, zone].join(' ');
}

/** The next time of a Frequency after a moment; `undefined` where it says none, or depends on the guest. */
export function nextTime(frequency: string, createdAt: number, after: number): number | undefined {
  const rate = /^rate\((\d+)([smhd])\)$/.exec(frequency);
  if (rate) {
    const every = (parseDuration(`${rate[1]}${rate[2]}`) ?? 0) * 1_000;
    return every > 0 ? createdAt + (Math.floor((after - createdAt) / every) + 1) * every : undefined;
  }
  const at = /^at\((\S+ \S+?)(?: (\S+))?\)$/.exec(frequency);
  if (at) {
    const local = localOf(at[1] ?? '');
    const [moment] = local === undefined || !isZone(at[2]) ? [] : momentsOf(local, at[2] ?? 'UTC');
    return moment !== undefined && moment > after ? moment : undefined;
  }
  const words = frequency.split(' ');
  const zone = words.pop() ?? '';
  const plain = plainCron(words.join(' '));
  if (words.length !== 6 || !isZone(zone) || cronErrors(plain).length > 0) return undefined;
  return nextOfCron(plain, zone, after);
}

function nextOfCron(plain: string, zone: string, after: number): number | undefined {
  const fits = dayRule(plain);
  const from = after + offsetOf(zone, after);
  const today = Math.floor(from / DAY) * DAY;
  for (let day = today; day < today + HORIZON_DAYS * DAY; day += DAY) {
    if (!fits(day)) continue;
    for (const local of timesFrom(plain, day, from)) {
      // Of a time that comes twice, the first.
      const [moment] = momentsOf(local, zone);
      if (moment !== undefined && moment > after) return moment;
    }
  }
  return undefined;
}

/** The local times of a day; those of minutes that were over at `from` are left out. */
function* timesFrom(plain: string, day: number, from: number): Generator<number> {
  const [seconds = [], minutes = [], hours = []] = cronValues(plain);
  for (const hour of hours)
    for (const minute of minutes) {
      const base = day + (hour * 60 + minute) * MINUTE;
      if (base + MINUTE > from) for (const second of seconds) yield base + second * 1_000;
    }
}

/** Words of months and days become numbers, `?` becomes `*`, spaces single. */
function plainCron(text: string): string {
  const words = text.trim().toUpperCase().split(/\s+/);
  const named = (word: string, names: readonly string[], first: number): string =>
    word.replace(/[A-Z]+/g, (name) => {
      const at = names.indexOf(name);
      return at < 0 ? name : String(at + first);
    });
  return words
    .map((word, at) => {
      const open = (at === 3 || at === 5) && word === '?' ? '*' : word;
      if (at === 4) return named(open, MONTH_NAMES, 1);
      return at === 5 ? named(open, DAY_NAMES, 0) : open;
    })
    .join(' ');
}

/** Whether a day, as its midnight in UTC, is one of the expression's. */
function dayRule(plain: string): (midnight: number) => boolean {
  const [, , , days = [], months = [], weekdays = []] = cronValues(plain);
  return (midnight) => {
    const day = new Date(midnight);
    return (
      days.includes(day.getUTCDate()) &&
      months.includes(day.getUTCMonth() + 1) &&
      weekdays.includes(day.getUTCDay())
    );
  };
}

/** The least time between two occurrences, changes of the clocks aside. */
function leastGapSeconds(plain: string): number {
  const [seconds = [], minutes = [], hours = []] = cronValues(plain);
  const times = hours.flatMap((hour) =>
    minutes.flatMap((minute) => seconds.map((second) => (hour * 60 + minute) * 60 + second)),
  );
  let least = Infinity;
  for (let at = 1; at < times.length; at += 1)
    least = Math.min(least, (times[at] ?? 0) - (times[at - 1] ?? 0));
  const overnight = 86_400 + (times[0] ?? 0) - (times.at(-1) ?? 0);
  const fits = dayRule(plain);
  const first = Date.UTC(2024, 0, 1);
  let before = false;
  for (let day = first; overnight < least && day < first + HORIZON_DAYS * DAY; day += DAY) {
    const now = fits(day);
    if (now && before) least = overnight;
    before = now;
  }
  return least;
}

/** When it comes, in words. */
export function describeWhen({ repeatMode, frequency }: { repeatMode: string; frequency: string }): string {
  if (repeatMode === 'EveryReboot') return 'every start of the guest';
  if (repeatMode === 'NextRebootOnly') return 'the next start of the guest';
  const rate = /^rate\((\w+)\)$/.exec(frequency)?.[1];
  const seconds = rate === undefined ? undefined : parseDuration(rate);
  return seconds === undefined ? frequency : `every ${describeDuration(seconds)}`;
}
