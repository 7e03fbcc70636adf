/**
 * What working hours have saved: from what was seen of each instance, the hours it stood stopped without charges.
 *
 * The one rule: only what was verified counts. An interval begins with StoppedMode StopCharging read from ECS and ends
 * with the instance running; what was not seen is not guessed.
 */

/** What was seen of an instance once; a line of the meter. */
export interface Sighting {
  instanceId: string;
  instanceType: string;
  region: string;
  /** ISO 8601 UTC. */
  at: string;
  state: 'free' | 'charged' | 'running';
}

/** One instance in one month. */
export interface SavingsRow {
  instanceId: string;
  instanceType: string;
  region: string;
  hoursFree: number;
  /** Stopped, but charged for. */
  hoursCharged: number;
  /** Only where a price is given. */
  saved?: number;
}

const HOUR = 3_600_000;

/** Bounds of a month `2026-12` in UTC; `undefined` for other text. */
export function monthBounds(month: string): { from: number; to: number } | undefined {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) return undefined;
  const [year = 0, number = 0] = month.split('-').map(Number);
  return { from: Date.UTC(year, number - 1), to: Date.UTC(year, number) };
}

/** Rows by instance, those that saved most first. `now` ends what is still going on. */
export function savingsOf(
  sightings: readonly Sighting[],
  { from, to, now, prices = {} }: { from: number; to: number; now: number; prices?: Record<string, number> },
): SavingsRow[] {
  const byInstance = new Map<string, Sighting[]>();
  for (const sighting of sightings) {
    const seen = byInstance.get(sighting.instanceId) ?? [];
    byInstance.set(sighting.instanceId, [...seen, sighting]);
  }
  return [...byInstance.values()]
    .flatMap((seen) => rowOf(seen, { from, to: Math.min(to, now), prices }))
    .sort((a, b) => b.hoursFree - a.hoursFree || a.instanceId.localeCompare(b.instanceId));
}

function rowOf(
  seen: Sighting[],
  { from, to, prices }: { from: number; to: number; prices: Record<string, number> },
): SavingsRow[] {
  const inOrder = [...seen].sort((a, b) => a.at.localeCompare(b.at));
  const total = { free: 0, charged: 0, running: 0 };
  inOrder.forEach(({ state, at }, index) => {
    const end = inOrder[index + 1]?.at;
    const until = Math.min(to, end === undefined ? Infinity : Date.parse(end));
    total[state] += Math.max(0, until - Math.max(from, Date.parse(at)));
  });
  if (total.free + total.charged === 0) return [];
  const last = inOrder.at(-1);
  const { instanceId = '', instanceType = '', region = '' } = last ?? {};
  const price = prices[instanceType] ?? prices['*'];
  const hoursFree = rounded(total.free / HOUR);
  const row = { instanceId, instanceType, region, hoursFree, hoursCharged: rounded(total.charged / HOUR) };
  return [price === undefined ? row : { ...row, saved: rounded(hoursFree * price) }];
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
