/**
 * Bringing a set of instances to Running or Stopped: the gate, calls of at most 100, waiting, and trying again.
 *
 * The one rule: a set ends with a row for each instance; what ECS refuses for one never keeps the others.
 */
import { sleep } from '@temporalio/workflow';
import { wantedStatus } from '../domain/by-tag';
import { instanceGateKey, MAX_GATE_KEYS } from '../domain/gate';
import { instancesKeyOf } from '../domain/watch';
import { alert, close, record } from './by-tag-context';
import type { ByTagContext } from './by-tag-context';
import { lookingAtFleet, recording, switching } from './proxies';

const MINUTE = 60_000;
const BATCH = 100;
const DEFAULT_WITHIN_MINUTES = 15;
const DEFAULT_STOCK_MINUTES = 60;
/** Somebody else's instances must not keep the others waiting longer than this. */
const GATE_PATIENCE_MS = 30_000;
/** Nor may a slow one keep waiting those that are too many for the same set of keys. */
const SET_PATIENCE_MS = 3 * MINUTE;
/** After ForceStop an instance is off within seconds, or something is wrong. */
const FORCED_WITHIN_MS = 5 * MINUTE;
/** Gaps between tries: of an instance between two states, and of a start without stock; each twice the one before. */
const STATE_GAP = { first: 10_000, longest: 2 * MINUTE };
const STOCK_GAP = { first: MINUTE, longest: 15 * MINUTE };

/** What is left of a set after a pass. */
interface Left {
  later: string[];
  noStock: string[];
  said: string;
}

/** Instances that hold their keys together, and how long they may take. */
interface KeySet {
  ids: string[];
  withinMs: number;
  /** Others wait for this set's keys to be given back. */
  othersWait: boolean;
  /** When each instance first had its turn, epoch milliseconds. */
  turns: Map<string, number>;
}

/** Acts until every instance has a row. @returns how many of them failed */
export async function bring(context: ByTagContext, instanceIds: readonly string[]): Promise<number> {
  const failedBefore = context.totals.failed;
  const since = Date.now();
  const within = (context.input.withinMinutes ?? DEFAULT_WITHIN_MINUTES) * MINUTE;
  const stockUntil = stockDeadline(context, since);
  const turns = new Map<string, number>();
  let gaps = { state: STATE_GAP.first, stock: STOCK_GAP.first };
  let open = [...instanceIds];
  for (let round = 1; ; round += 1) {
    const left = await pass(context, open, { withinMs: within, turns, round });
    context.waitingForStock = left.noStock.length;
    const now = Date.now();
    const isLate = (id: string): boolean => now >= (turns.get(id) ?? now) + within;
    await record(context, left.later.filter(isLate), {
      outcome: 'Failed',
      reason: `not within ${within / MINUTE} min; ECS says ${left.said}`,
    });
    left.later = left.later.filter((id) => !isLate(id));
    const noStockLeft = left.noStock.length > 0 && now + gaps.stock > stockUntil;
    if (noStockLeft) await giveUpStock(context, left.noStock.splice(0), left.said);
    open = [...left.later, ...left.noStock];
    context.waitingForStock = left.noStock.length;
    if (open.length === 0) return context.totals.failed - failedBefore;
    const gap = left.later.length > 0 ? gaps.state : gaps.stock;
    await sleep(gap, { summary: `${open.length} are tried again` });
    gaps = {
      state: Math.min(gaps.state * 2, STATE_GAP.longest),
      stock: left.later.length > 0 ? gaps.stock : Math.min(gaps.stock * 2, STOCK_GAP.longest),
    };
  }
}

function stockDeadline({ input }: ByTagContext, since: number): number {
  const limit = since + (input.stockMinutes ?? DEFAULT_STOCK_MINUTES) * MINUTE;
  return input.notAfter === undefined ? limit : Math.min(limit, Date.parse(input.notAfter));
}

async function giveUpStock(context: ByTagContext, instanceIds: string[], said: string): Promise<void> {
  await record(context, instanceIds, {
    outcome: 'Failed',
    reason: `no stock until the limit; ECS says ${said}`,
  });
  alert(
    context,
    'no stock',
    `${instanceIds.length} instances in ${context.input.region} could not be started: ${said}`,
  );
}

/** One try of a set: its keys, a call for each batch, and waiting until they are there. */
async function pass(
  context: ByTagContext,
  instanceIds: string[],
  { round, ...times }: Pick<KeySet, 'withinMs' | 'turns'> & { round: number },
): Promise<Left> {
  const left: Left = { later: [], noStock: [], said: 'nothing' };
  const sets = chunks(instanceIds, MAX_GATE_KEYS);
  for (const [index, ids] of sets.entries())
    await passOfSet(context, { ids, ...times, othersWait: round === 1 && index < sets.length - 1 }, left);
  return left;
}

async function passOfSet(context: ByTagContext, set: KeySet, left: Left): Promise<void> {
  const { lease, input, purpose } = context;
  const { region } = input;
  const { ids, turns, withinMs: within, othersWait } = set;
  const now = Date.now();
  for (const id of ids) if (!turns.has(id)) turns.set(id, now);
  const alone = ids.length === 1 && !othersWait ? (turns.get(ids[0] ?? '') ?? now) + within - now : 0;
  const withinMs = Math.max(GATE_PATIENCE_MS, alone);
  const end = await lease.acquire({ region, purpose, keys: ids.map(instanceGateKey), withinMs });
  if (end !== 'granted') return withoutHeld(context, set, left);
  try {
    const taken = new Set(lease.takenKeys);
    const ours = ids.filter((id) => !taken.has(instanceGateKey(id).key));
    await Promise.all(chunks(ours, BATCH).map((batch) => passOfBatch(context, { ...set, ids: batch }, left)));
    left.later.push(...ids.filter((id) => taken.has(instanceGateKey(id).key)));
  } finally {
    await lease.release();
  }
}

/** Somebody holds some of them: the others go first. */
async function withoutHeld(context: ByTagContext, set: KeySet, left: Left): Promise<void> {
  const { ids } = set;
  const { region } = context.input;
  const holders = await lookingAtFleet.findHolders({ region, instanceIds: ids });
  const held = ids.filter((id) => holders[id] !== undefined);
  const free = ids.filter((id) => holders[id] === undefined);
  if (held.length > 0 && free.length > 0) await passOfSet(context, { ...set, ids: free }, left);
  const rest = held.length > 0 ? held : ids;
  left.later.push(...rest);
  left.said = `another operation has the instance (${holders[rest[0] ?? ''] ?? 'it has ended meanwhile'})`;
}

async function passOfBatch(
  context: ByTagContext,
  { ids, withinMs, othersWait, turns }: KeySet,
  left: Left,
): Promise<void> {
  const { moving, later, noStock, said } = await call(context, ids);
  left.later.push(...later);
  left.noStock.push(...noStock);
  if (later.length + noStock.length > 0) left.said = said;
  if (moving.length === 0) return;
  const { forceAfterMinutes } = context.input;
  // Counted from the call: one that was accepted late, for want of stock or of a turn, has as long as the others.
  const now = Date.now();
  const until = now + (forceAfterMinutes === undefined ? withinMs : forceAfterMinutes * MINUTE);
  const cutShort = othersWait && until > now + SET_PATIENCE_MS;
  const slow = await waitFor(context, moving, {
    until: cutShort ? now + SET_PATIENCE_MS : until,
    last: !cutShort && forceAfterMinutes === undefined,
  });
  if (slow.length === 0) return;
  if (cutShort) {
    // They are on their way; the wait for them begins anew when the others have had their turn.
    for (const id of slow) turns.delete(id);
    left.later.push(...slow);
    left.said = `not ${wantedStatus(context.purpose)} yet`;
    return;
  }
  const forced = await call(context, slow, true);
  await waitFor(context, [...forced.moving, ...forced.later], {
    until: Date.now() + FORCED_WITHIN_MS,
    last: true,
  });
}

async function call(
  context: ByTagContext,
  instanceIds: string[],
  force = false,
): Promise<Left & { moving: string[] }> {
  const { purpose, input, stoppedMode } = context;
  const { region } = input;
  const summary = `${force ? 'force-' : ''}${purpose} ${instanceIds.length}`;
  const request = { purpose, region, instanceIds, stoppedMode, ...(force && { force }) };
  const report = await switching.actOnBatch.executeWithOptions({ summary }, [request]);
  context.calls += report.calls;
  const kept = new Set([...report.moving, ...report.later, ...report.noStock]);
  const { failed, gone, exceptions } = report.refused;
  const refused = instanceIds.filter((id) => !kept.has(id));
  close(context, refused, { failed, skipped: gone, exceptions });
  return report;
}

/** Waits and counts. @returns those that are not there; none where this was the `last` wait */
async function waitFor(
  context: ByTagContext,
  instanceIds: string[],
  { until, last }: { until: number; last: boolean },
): Promise<string[]> {
  const { purpose, input, stoppedMode, hints } = context;
  const { region, hours } = input;
  const since = Date.now();
  const minutes = Math.max(1, Math.round((until - since) / MINUTE));
  let open = instanceIds;
  for (;;) {
    const key = instancesKeyOf(wantedStatus(purpose), open);
    const end = await hints.wait({
      region,
      kind: 'instances',
      key,
      since,
      withinMs: Math.max(1_000, until - Date.now()),
    });
    const over = end === 'deadline';
    const late = over && last ? { late: `not ${wantedStatus(purpose)} within ${minutes} min` } : {};
    const request = {
      purpose,
      region,
      instanceIds: open,
      stoppedMode,
      hours: hours?.definition.name,
      ...late,
    };
    const { open: still, done, failed, charging, exceptions } = await recording.settleBatch(request);
    const stays = new Set(still);
    close(
      context,
      open.filter((id) => !stays.has(id)),
      { done, failed, charging, exceptions },
    );
    open = still;
    if (open.length === 0 || over) return open;
  }
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}
