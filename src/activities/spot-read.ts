/**
 * Reading a spot instance: its lock, what its replacement needs, and what an earlier run has made because of this very
 * reclaim.
 *
 * The one rule: one look is one round of calls at the same moment; nothing here changes anything.
 */
import { activityInfo } from '@temporalio/activity';
import type { PolicyFile } from '../domain/policy';
import type { SpotReading } from '../domain/spot-messages';
import { spotPolicyFor } from '../domain/spot-policy';
import { SAME_RECLAIM_MS, SPOT_TAGS } from '../domain/spot-record';
import type { SpotExtrasReading, SpotImage, SpotReplacement } from '../domain/spot-record';
import type { EcsClient } from '../ecs/client';
import { EcsError } from '../ecs/errors';
import { atBoundary } from './failures';

export interface SpotReadActivities {
  readSpot(request: { region: string; instanceId: string }): Promise<SpotReading>;
  /** What DescribeInstances does not show. */
  readSpotExtras(request: {
    region: string;
    instanceId: string;
    userData: boolean;
  }): Promise<SpotExtrasReading>;
  /** Absent where the instance is gone. */
  readNotice(request: {
    region: string;
    instanceId: string;
  }): Promise<{ locked: boolean; status: string } | undefined>;
  /** An image made because of this very reclaim, whoever made it. */
  findRescueImage(request: { region: string; instanceId: string }): Promise<string | undefined>;
  /** The newest Available image made of the instance ahead of any reclaim. */
  findWarmImage(request: {
    region: string;
    instanceId: string;
    maxAgeMs: number;
  }): Promise<{ imageId: string; asOf: string } | undefined>;
  /** Status by name; `''` where it is not listed. */
  readImage(request: { region: string; imageId: string }): Promise<string>;
}

export function createSpotReadActivities(ecs: EcsClient, policies: PolicyFile): SpotReadActivities {
  const rescueImage = async (
    region: string,
    instanceId: string,
    now: number,
  ): Promise<string | undefined> => {
    const images = await ecs.findImages(region, { key: SPOT_TAGS.rescueOf, value: instanceId });
    return newest(
      images.filter((image) => USEFUL.includes(image.status) && now - image.createdAt < SAME_RECLAIM_MS),
    )?.imageId;
  };

  return {
    readSpot: ({ region, instanceId }) =>
      atBoundary(async () => {
        const now = activityInfo().currentAttemptScheduledTimestampMs;
        const [[instance], replacement, imageId] = await Promise.all([
          ecs.describeSpotInstances(region, [instanceId]),
          findReplacement(ecs, region, instanceId, now),
          rescueImage(region, instanceId, now),
        ]);
        const policy = spotPolicyFor(policies, { instanceId, tags: instance?.tags ?? [] });
        return { record: instance, policy, replacementId: replacement?.instanceId, imageId };
      }),

    readSpotExtras: ({ region, instanceId, userData }) =>
      atBoundary(async () => {
        const unread: string[] = [];
        /** One that may not be read must not hide the others. */
        const orElse = async <T>(read: Promise<T>, none: T): Promise<T> => {
          try {
            return await read;
          } catch (error) {
            if (!(error instanceof EcsError) || error.kind !== 'terminal') throw error;
            unread.push(error.message);
            return none;
          }
        };
        const [disks, ramRoleName, data] = await Promise.all([
          orElse(ecs.describeDisks(region, { instanceId }), []),
          orElse(ecs.describeRamRole(region, instanceId), ''),
          userData ? orElse(ecs.describeUserData(region, instanceId), '') : '',
        ]);
        const shapes = disks.map(
          ({ diskId, type, category, size, performanceLevel, device, deleteWithInstance }) => {
            return { diskId, type, category, size, performanceLevel, device, deleteWithInstance };
          },
        );
        return { disks: shapes, ramRoleName, userData: data, unread };
      }),

    readNotice: ({ region, instanceId }) =>
      atBoundary(async () => {
        const [instance] = await ecs.describeSpotInstances(region, [instanceId]);
        return instance && { locked: instance.locked, status: instance.status };
      }),

    findRescueImage: ({ region, instanceId }) =>
      atBoundary(() => rescueImage(region, instanceId, activityInfo().currentAttemptScheduledTimestampMs)),

    findWarmImage: ({ region, instanceId, maxAgeMs }) =>
      atBoundary(async () => {
        const now = activityInfo().currentAttemptScheduledTimestampMs;
        const images = await ecs.findImages(region, { key: SPOT_TAGS.warmOf, value: instanceId });
        const found = newest(
          images.filter(({ status, createdAt }) => status === 'Available' && now - createdAt < maxAgeMs),
        );
        return found && { imageId: found.imageId, asOf: new Date(found.createdAt).toISOString() };
      }),

    readImage: ({ region, imageId }) =>
      atBoundary(async () => (await ecs.describeImages(region, [imageId]))[0]?.status ?? ''),
  };
}

/** Of an image: it is there, or will be. */
const USEFUL = ['Creating', 'Waiting', 'Available'];

function newest(images: readonly SpotImage[]): SpotImage | undefined {
  return [...images].sort((a, b) => b.createdAt - a.createdAt)[0];
}

/** Tagged as the replacement of this instance, for a lock seen no longer ago than a notice can last. */
export async function findReplacement(
  ecs: EcsClient,
  region: string,
  instanceId: string,
  now: number,
): Promise<SpotReplacement | undefined> {
  const found = await ecs.findTaggedInstances(region, { key: SPOT_TAGS.replacementOf, value: instanceId });
  if (found.length === 0) return undefined;
  // Search by tags remembers instances for a while after they are gone.
  const there = await ecs.describeSpotInstances(
    region,
    found.map((each) => each.instanceId),
  );
  return there
    .map(({ instanceId: id, tags }) => {
      const at = tags.find(({ key }) => key === SPOT_TAGS.replacementLock)?.value ?? '';
      return { instanceId: id, lockSeenAt: Date.parse(at) };
    })
    .find(({ lockSeenAt }) => now - lockSeenAt < SAME_RECLAIM_MS);
}
