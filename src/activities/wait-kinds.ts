/**
 * How each kind of wait is looked at. A new kind is a new entry of WAIT_KINDS.
 *
 * The one rule: calls depend on pages of ids, not on waits, and an end needs evidence. What was never seen and is not
 * listed is "not visible yet" until it is a minute old.
 */
import type { EcsClient } from '../ecs/client';
import { isEventEnd } from '../domain/system-event';
import { VISIBLE_WITHIN_MS } from '../domain/waiting';
import { readInstancesKey } from '../domain/watch';
import type { Wait, WaitKind, WatchMemory } from '../domain/watch';
import { describeKnownAgents } from './known-agents';
import { lookAtFiles, lookAtInvocations } from './wait-invocations';

export interface Look {
  ended: Set<string>;
  seen: Set<string>;
  states: Map<string, Record<string, number>>;
  /** What is new in it. */
  memory: WatchMemory;
  calls: number;
  how: string;
}

export interface LookRequest {
  ecs: EcsClient;
  region: string;
  waits: Wait[];
  memory: WatchMemory;
  /** Epoch milliseconds by the server's clock. */
  now: number;
}

export const WAIT_KINDS: Record<WaitKind, (request: LookRequest) => Promise<Look>> = {
  invocation: lookAtInvocations,
  file: lookAtFiles,
  agent: (request) => lookByIds(request, 50, agentsOf),
  snapshot: (request) => lookByIds(request, 100, snapshotsOf),
  systemEvent: (request) => lookByIds(request, 100, eventsOf),
  instances: lookAtInstances,
  image: (request) => lookByIds(request, 100, imagesOf),
  // One filtered listing, however many are waited for.
  reclaim: (request) => lookByIds(request, Infinity, reclaimsOf),
};

/** What one call says of some ids: which are listed, and which of those are over. */
interface Seen {
  listed: Set<string>;
  over: Set<string>;
}

type Ask = (request: LookRequest, waits: Wait[]) => Promise<Seen>;

async function lookByIds(request: LookRequest, perCall: number, ask: Ask): Promise<Look> {
  const look: Look = {
    ended: new Set(),
    seen: new Set(),
    states: new Map(),
    memory: {},
    calls: 0,
    how: '',
  };
  for (let start = 0; start < request.waits.length; start += perCall) {
    const waits = request.waits.slice(start, start + perCall);
    const { listed, over } = await ask(request, waits);
    look.calls += 1;
    for (const wait of waits) {
      const gone = !listed.has(wait.key) && (wait.seen || request.now - wait.since > VISIBLE_WITHIN_MS);
      if (over.has(wait.key) || gone) look.ended.add(wait.key);
      else if (listed.has(wait.key)) look.seen.add(wait.key);
    }
  }
  look.how = `by ids ${look.calls}`;
  return look;
}

/**
 * Over when the agent has been heard of after the wait began: it is the agent of the new boot, or never went away. An
 * agent that is not listed has not been heard of; only an instance that ECS does not know ends the wait without one.
 */
async function agentsOf({ ecs, region }: LookRequest, waits: Wait[]): Promise<Seen> {
  const ids = waits.map((wait) => wait.key);
  const { agents, unknown } = await describeKnownAgents(ecs, region, ids);
  const since = new Map(waits.map((wait) => [wait.key, wait.since]));
  const back = agents.filter(
    (agent) => agent.alive && Date.parse(agent.lastHeartbeatAt) > (since.get(agent.instanceId) ?? 0),
  );
  return {
    listed: new Set(ids.filter((id) => !unknown.includes(id))),
    over: new Set(back.map(({ instanceId }) => instanceId)),
  };
}

async function snapshotsOf({ ecs, region }: LookRequest, waits: Wait[]): Promise<Seen> {
  const statuses = await ecs.describeSnapshots(
    region,
    waits.map((wait) => wait.key),
  );
  const listed = [...statuses.keys()];
  const over = listed.filter((id) => statuses.get(id) === 'accomplished' || statuses.get(id) === 'failed');
  return idsOf(listed, over, (id) => id);
}

async function imagesOf({ ecs, region }: LookRequest, waits: Wait[]): Promise<Seen> {
  const images = await ecs.describeImages(
    region,
    waits.map((wait) => wait.key),
  );
  const made = images.filter(({ status }) => status !== 'Creating' && status !== 'Waiting');
  return idsOf(images, made, ({ imageId }) => imageId);
}

/** Over when the instance is no longer locked: released, stopped, or left to us. */
async function reclaimsOf({ ecs, region }: LookRequest): Promise<Seen> {
  const { instances } = await ecs.listRecycling(region);
  const stopped = instances.filter(({ status }) => status === 'Stopped');
  return idsOf(instances, stopped, ({ instanceId }) => instanceId);
}

async function eventsOf({ ecs, region }: LookRequest, waits: Wait[]): Promise<Seen> {
  const events = await ecs.describeEvents(
    region,
    waits.map((wait) => wait.key),
  );
  return idsOf(
    events,
    events.filter((event) => isEventEnd(event.status)),
    (event) => event.eventId,
  );
}

/** All ids of all waits are read together: a batch of 100 costs what one instance costs. */
async function lookAtInstances({ ecs, region, waits, now }: LookRequest): Promise<Look> {
  const asked = new Map(waits.map((wait) => [wait, readInstancesKey(wait.key)]));
  const ids = [...new Set([...asked.values()].flatMap(({ instanceIds }) => instanceIds))];
  const found = await ecs.describeInstances(region, ids);
  const statusOf = new Map(found.map(({ instanceId, status }) => [instanceId, status]));
  const keys = (keep: (wait: Wait, now: { status: string; statuses: (string | undefined)[] }) => boolean) =>
    new Set(
      [...asked].flatMap(([wait, { status, instanceIds }]) => {
        const statuses = instanceIds.map((id) => statusOf.get(id));
        return keep(wait, { status, statuses }) ? [wait.key] : [];
      }),
    );
  const mayBeInvisible = (wait: Wait): boolean => !wait.seen && now - wait.since <= VISIBLE_WITHIN_MS;
  return {
    ended: keys((wait, { status, statuses }) =>
      statuses.every((each) => each === status || (each === undefined && !mayBeInvisible(wait))),
    ),
    seen: keys((_, { statuses }) => !statuses.includes(undefined)),
    states: new Map(),
    memory: {},
    calls: Math.max(1, Math.ceil(ids.length / 100)),
    how: `instances ${ids.length}`,
  };
}

function idsOf<T>(listed: T[], over: T[], idOf: (item: T) => string): Seen {
  return { listed: new Set(listed.map(idOf)), over: new Set(over.map(idOf)) };
}
