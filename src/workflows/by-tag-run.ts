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

/** Acts until every instance has a row. @returns how many of them failed */
export async function bring(context: ByTagContext, instanceIds: readonly string[]): Promise<number> {
  const failedBefore = context.totals.failed;
  const since = Date.now();
  const within = (context.input.withinMinutes ?? DEFAULT_WITHIN_MINUTES) * MINUTE;
  const stockUntil = stockDeadline(context, since);
  let gaps = { state: STATE_GAP.first, stock: STOCK_GAP.first };
  let open = [...instanceIds];
  for (;;) {
    const left = await pass(context, open, since + within);
    context.waitingForStock = left.noStock.length;
    const now = Date.now();
    if (now >= since + within)
      await record(context, left.later.splice(0), {
        outcome: 'Failed',
        reason: `not within ${within / MINUTE} min; ECS says ${left.said}`,
      });
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
  await alert(
    context,
    'no stock',
    `${instanceIds.length} instances in ${context.input.region} could not be started: ${said}`,
  );
}

/** One try of a set: its keys, a call for each batch, and waiting until they are there. */
async function pass(context: ByTagContext, instanceIds: string[], until: number): Promise<Left> {
  const left: Left = { later: [], noStock: [], said: 'nothing' };
  for (const ids of chunks(instanceIds, MAX_GATE_KEYS)) await passOfSet(context, { ids, until }, left);
  return left;
}

async function passOfSet(
  context: ByTagContext,
  { ids, until }: { ids: string[]; until: number },
  left: Left,
): Promise<void> {
  const { lease, input, purpose } = context;
  const { region } = input;
  const patience = ids.length === 1 ? Math.max(GATE_PATIENCE_MS, until - Date.now()) : GATE_PATIENCE_MS;
  const end = await lease.acquire({ region, purpose, keys: ids.map(instanceGateKey), withinMs: patience });
  if (end !== 'granted') return withoutHeld(context, { ids, until }, left);
  try {
    const taken = new Set(lease.takenKeys);
    const ours = ids.filter((id) => !taken.has(instanceGateKey(id).key));
    await Promise.all(chunks(ours, BATCH).map((batch) => passOfBatch(context, { ids: batch, until }, left)));
    left.later.push(...ids.filter((id) => taken.has(instanceGateKey(id).key)));
  } finally {
    await lease.release();
  }
}

/** Somebody holds some of them: the others go first. */
async function withoutHeld(
  context: ByTagContext,
  { ids, until }: { ids: string[]; until: number },
  left: Left,
): Promise<void> {
  const { region } = context.input;
  const holders = await lookingAtFleet.findHolders({ region, instanceIds: ids });
  const held = ids.filter((id) => holders[id] !== undefined);
  const free = ids.filter((id) => holders[id] === undefined);
  if (held.length > 0 && free.length > 0) await passOfSet(context, { ids: free, until }, left);
  const rest = held.length > 0 ? held : ids;
  left.later.push(...rest);
  left.said = `another operation has the instance (${holders[rest[0] ?? ''] ?? 'it has ended meanwhile'})`;
}

async function passOfBatch(
  context: ByTagContext,
  { ids, until }: { ids: string[]; until: number },
  left: Left,
): Promise<void> {
  const { moving, later, noStock, said } = await call(context, ids);
  left.later.push(...later);
  left.noStock.push(...noStock);
  if (later.length + noStock.length > 0) left.said = said;
  if (moving.length === 0) return;
  const { forceAfterMinutes } = context.input;
  const firstUntil =
    forceAfterMinutes === undefined ? until : Math.min(until, Date.now() + forceAfterMinutes * MINUTE);
  const slow = await waitFor(context, moving, { until: firstUntil, last: forceAfterMinutes === undefined });
  if (slow.length === 0) return;
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
