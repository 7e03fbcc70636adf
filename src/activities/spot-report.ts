/**
 * The patrol's look for reclaims, reports, and the drill's call.
 *
 * The one rule: starting a rescue is idempotent by its id; looks and reports change nothing else.
 */
import { activityInfo } from '@temporalio/activity';
import { plannedLadder } from '../domain/spot-ladder';
import { rankCandidates } from '../domain/spot-candidates';
import { spotPolicyFor } from '../domain/spot-policy';
import { SPOT_TAGS } from '../domain/spot-record';
import type { PolicyFile } from '../domain/policy';
import type { RescueEnd, SpotPlan, SpotReport, SpotReportInput } from '../domain/spot-messages';
import type { KnownReclaim, PatrolInput } from '../domain/system-event';
import type { EcsClient } from '../ecs/client';
import { atBoundary } from './failures';
import { marketFacts } from './spot-launch';

/** The small port to Temporal's client for rescues. */
export interface SpotRescues {
  /** Starts one, or leaves the one that runs; urgent. */
  start(region: string, instanceId: string): Promise<void>;
  end(region: string, instanceId: string): Promise<RescueEnd>;
}

export interface ReclaimVerdict {
  locked: KnownReclaim[];
  started: number;
  calls: number;
}

export interface SpotReportActivities {
  lookForReclaims(request: PatrolInput & { locked: KnownReclaim[] }): Promise<ReclaimVerdict>;
  reportSpot(request: SpotReportInput): Promise<SpotReport>;
  /** ECS's own rehearsal of a reclaim, for real. @returns the id of the event; empty where it is locked already */
  raiseReclaim(request: { region: string; instanceId: string; notBefore: string }): Promise<string>;
  startRescue(request: { region: string; instanceId: string }): Promise<void>;
  readRescue(request: { region: string; instanceId: string }): Promise<RescueEnd>;
}

/** Starts at once: a look's worth of reclaims in a second or two. */
const STARTS_AT_ONCE = 20;
/** A rescue that has ended while the lock goes on (taken back, and given again) is started anew after this. */
const START_AGAIN_MS = 30_000;
const DRILL = 'Instance:PreemptibleInstanceInterruption';

export function createSpotReportActivities(
  ecs: EcsClient,
  policies: PolicyFile,
  rescues: SpotRescues,
): SpotReportActivities {
  return {
    lookForReclaims: ({ region, instanceIds, tags, locked: before }) =>
      atBoundary(async () => {
        const now = activityInfo().currentAttemptScheduledTimestampMs;
        const { instances, calls } = await ecs.listRecycling(region);
        const tagged =
          tags?.length && instances.length > 0 ? await ecs.listInstanceIdsByTags(region, tags) : undefined;
        const wanted = instances.filter(
          ({ instanceId, status }) =>
            // One that was stopped stays as it is, with or without its lock.
            status !== 'Stopped' &&
            (instanceIds?.includes(instanceId) ?? true) &&
            (tagged?.includes(instanceId) ?? true),
        );
        const known = new Map(before.map((each) => [each.instanceId, each.startedAt]));
        const due = wanted.filter(({ instanceId }) => now - (known.get(instanceId) ?? 0) > START_AGAIN_MS);
        const queue = due.map(({ instanceId }) => instanceId);
        const lane = async (): Promise<void> => {
          for (let id = queue.shift(); id !== undefined; id = queue.shift()) await rescues.start(region, id);
        };
        await Promise.all(Array.from({ length: Math.min(STARTS_AT_ONCE, queue.length) }, lane));
        const started = new Set(due.map(({ instanceId }) => instanceId));
        return {
          locked: wanted.map(({ instanceId }) => ({
            instanceId,
            startedAt: started.has(instanceId) ? now : (known.get(instanceId) ?? now),
          })),
          started: due.filter(({ instanceId }) => !known.has(instanceId)).length,
          calls,
        };
      }),

    reportSpot: ({ region, kind, instanceId, instanceTypes = [] }) =>
      atBoundary(async () => {
        const now = activityInfo().currentAttemptScheduledTimestampMs;
        const base = { region, kind, at: new Date(now).toISOString(), rows: [] };
        if (kind === 'plan') {
          const plan = await planOf(ecs, policies, { region, instanceId: instanceId ?? '', now });
          return plan ? { ...base, plan } : base;
        }
        const interruptions = await ecs.describeInterruptions(region, instanceTypes);
        const zones = [...new Set([...interruptions.keys()].map((key) => key.split('/')[1] ?? ''))];
        const facts = await marketFacts(
          ecs,
          region,
          instanceTypes,
          zones.map((zoneId) => ({ zoneId })),
        );
        const rows = facts
          .map((fact) => ({
            ...fact,
            interruptions: interruptions.get(`${fact.instanceType}/${fact.zoneId}`) ?? '',
          }))
          .sort((a, b) => (a.spotPrice ?? Infinity) - (b.spotPrice ?? Infinity));
        return { ...base, rows };
      }),

    raiseReclaim: ({ region, instanceId, notBefore }) =>
      atBoundary(async () => {
        const [instance] = await ecs.describeSpotInstances(region, [instanceId]);
        if (instance?.locked) return '';
        const open = (await ecs.listOpenEvents(region)).find(
          (event) => event.instanceId === instanceId && event.type === DRILL,
        );
        return open?.eventId ?? ecs.simulateInterruption(region, instanceId, notBefore);
      }),

    startRescue: ({ region, instanceId }) => rescues.start(region, instanceId),
    readRescue: ({ region, instanceId }) => rescues.end(region, instanceId),
  };
}

async function planOf(
  ecs: EcsClient,
  policies: PolicyFile,
  { region, instanceId, now }: { region: string; instanceId: string; now: number },
): Promise<SpotPlan | undefined> {
  const [instance] = await ecs.describeSpotInstances(region, [instanceId]);
  if (!instance) return undefined;
  const policy = spotPolicyFor(policies, { instanceId, tags: instance.tags });
  const disks = await ecs.describeDisks(region, { instanceId });
  const images = await ecs.findImages(region, { key: SPOT_TAGS.warmOf, value: instanceId });
  const warm = images
    .filter(({ status, createdAt }) => status === 'Available' && now - createdAt < policy.warmMaxAgeMs)
    .sort((a, b) => b.createdAt - a.createdAt)[0];
  const { launch } = policy;
  const instanceTypes = [...new Set([instance.instanceType, ...launch.instanceTypes])];
  const others = launch.vSwitchIds.filter((id) => id !== instance.vSwitchId);
  const zones = await ecs.describeVSwitchZones(region, others);
  const vSwitches = [
    { vSwitchId: instance.vSwitchId, zoneId: instance.zoneId },
    ...[...zones].map(([vSwitchId, zoneId]) => ({ vSwitchId, zoneId })),
  ];
  const facts = await marketFacts(ecs, region, instanceTypes, vSwitches);
  const { candidates, leftOut } = rankCandidates(
    {
      instanceTypes,
      vSwitches,
      priceCap: launch.priceCap,
      payAsYouGo: launch.payAsYouGo,
      ...(policy.ip === 'same-private-ip' ? { onlyVSwitch: instance.vSwitchId } : {}),
    },
    facts,
  );
  return {
    instanceId,
    policy: policy.name,
    locked: instance.locked,
    interruptionBehavior: instance.spotInterruptionBehavior,
    rungs: plannedLadder(policy.save, { disks }),
    ...(warm && { warmImage: { imageId: warm.imageId, asOf: new Date(warm.createdAt).toISOString() } }),
    places: candidates,
    leftOut,
  };
}
