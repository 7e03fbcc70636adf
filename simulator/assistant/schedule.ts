/**
 * `Frequency`: rate(5m), at(2026-01-02 03:04:05 Asia/Shanghai) and cron with seconds. The rule: a text that is not
 * one of the three is refused with the parameter's code; what is understood says when it is next due.
 */
import { cronNext, parseCron } from './cron';
import { zoneOf } from './zones';

/** When a command is due. */
export interface Schedule {
  readonly kind: 'rate' | 'at' | 'cron';
  /** The least time between two occurrences, in milliseconds; Infinity for a single one. */
  readonly interval: number;
  /** The first occurrence after a moment, or undefined when there is none. */
  next(after: number, createdAt: number): number | undefined;
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SHORTEST_RATE = 60_000;
const LONGEST_RATE = 7 * 86_400_000;
const SHORTEST_CRON = 10_000;

/** Reads a Frequency; undefined when it is not one. */
export function parseSchedule(text: string, timeoutMs: number): Schedule | undefined {
  const trimmed = text.trim();
  const rate = /^rate\(\s*(\d{1,9})\s*([smhd])\s*\)$/.exec(trimmed);
  if (rate) return rateSchedule(Number(rate[1]) * (UNITS[rate[2] ?? ''] ?? NaN), timeoutMs);
  const at = /^at\(\s*(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\s+(\S+))?\s*\)$/.exec(trimmed);
  if (at) return atSchedule(at.slice(1, 7).map(Number), at[7]);
  const cron = parseCron(trimmed);
  if (!cron) return undefined;
  const next = (after: number): number | undefined => cronNext(cron, after);
  const interval = leastInterval(next);
  if (interval < Math.max(SHORTEST_CRON, timeoutMs)) return undefined;
  return { kind: 'cron', interval, next };
}

function rateSchedule(interval: number, timeoutMs: number): Schedule | undefined {
  if (interval < SHORTEST_RATE || interval > LONGEST_RATE || interval <= timeoutMs) return undefined;
  return {
    kind: 'rate',
    interval,
    next: (after, createdAt) => createdAt + (Math.floor((after - createdAt) / interval) + 1) * interval,
  };
}

function atSchedule(fields: readonly number[], zoneName: string | undefined): Schedule | undefined {
  const zone = zoneOf(zoneName ?? 'UTC');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields;
  const local = Date.UTC(year, month - 1, day, hour, minute, second);
  const isReal =
    new Date(local).getUTCMonth() + 1 === month &&
    new Date(local).getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60;
  if (!zone || !isReal) return undefined;
  const moment = zone.toUtc(local);
  return { kind: 'at', interval: Infinity, next: (after) => (moment > after ? moment : undefined) };
}

/** Looked at over its first occurrences from a fixed moment on. */
function leastInterval(next: (after: number) => number | undefined): number {
  let least = Infinity;
  let last = next(Date.UTC(2024, 0, 1));
  for (let count = 0; last !== undefined && count < 20; count += 1) {
    const following = next(last);
    if (following === undefined) break;
    least = Math.min(least, following - last);
    last = following;
  }
  return least;
}
