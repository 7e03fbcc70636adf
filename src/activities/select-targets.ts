/** From what a run is to be on to the instances that can take what it sends, and why the others cannot. */
import { ApplicationFailure } from '@temporalio/common';
import type { EcsClient } from '../ecs/client';
import type { InstanceRow, Targets } from '../domain/messages';
import { MAX_TARGETS, sortOut } from '../domain/plan';
import type { Need } from '../domain/plan';

export interface Selected {
  /** Each once. */
  ids: string[];
  /** Named or found, and left out on purpose: they are no targets. */
  left: { instanceId: string; reason: string }[];
}

/** @throws where they are more than one run takes */
export async function selectTargets(ecs: EcsClient, region: string, targets: Targets): Promise<Selected> {
  const { tags = [], resourceGroupId, all, limit = Infinity } = targets;
  const listed = [
    ...(tags.length > 0 ? await ecs.listInstanceIdsByTags(region, tags) : []),
    ...(all ? await ecs.listInstanceIds(region) : []),
    ...(resourceGroupId !== undefined && !all ? await ecs.listInstanceIds(region, resourceGroupId) : []),
  ];
  const excluded = new Set(targets.excludeInstanceIds);
  const found = [...new Set([...(targets.instanceIds ?? []), ...listed])];
  const wanted = found.filter((id) => !excluded.has(id));
  const ids = wanted.slice(0, limit);
  if (ids.length > MAX_TARGETS) throw tooMany(ids.length);
  const leftBy = (reason: string) => (instanceId: string) => ({ instanceId, reason });
  return {
    ids,
    left: [
      ...found.filter((id) => excluded.has(id)).map(leftBy('excluded by name')),
      ...wanted.slice(ids.length).map(leftBy(`over the limit of ${limit}`)),
    ],
  };
}

export interface Checked {
  fit: string[];
  unfit: InstanceRow[];
  zoneOf: (id: string) => string;
  /** Of the agent; empty where it does not run. */
  agentVersionOf: (id: string) => string;
  /** Instances whose agent was asked about. */
  running: number;
}

/** One unfit instance would fail a whole call: each is looked at before. */
export async function checkTargets(
  ecs: EcsClient,
  region: string,
  instanceIds: string[],
  need: Need,
): Promise<Checked> {
  const instances = new Map((await ecs.describeInstances(region, instanceIds)).map((i) => [i.instanceId, i]));
  const running = instanceIds.filter((id) => instances.get(id)?.status === 'Running');
  const agents = new Map((await ecs.describeAgents(region, running)).map((a) => [a.instanceId, a]));
  const candidates = instanceIds.map((instanceId) => ({
    instanceId,
    instance: instances.get(instanceId),
    agent: agents.get(instanceId),
  }));
  return {
    ...sortOut(candidates, need, region),
    zoneOf: (id) => instances.get(id)?.zoneId ?? '',
    agentVersionOf: (id) => agents.get(id)?.version ?? '',
    running: running.length,
  };
}

function tooMany(count: number): ApplicationFailure {
  const message = `${count} instances are selected, at most ${MAX_TARGETS} fit one run; start several, or give a limit`;
  const details = [{ code: 'TooManyTargets', effectExcluded: true }];
  return ApplicationFailure.create({ type: 'TooManyTargets', message, nonRetryable: true, details });
}
