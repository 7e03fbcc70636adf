/**
 * Saving what is on an instance: images, snapshots, and disks that live on.
 *
 * The one rule: CreateImage and CreateSnapshot carry a ClientToken that is the same for every attempt; an attempt that
 * comes so late that the token may be forgotten looks by tag first.
 */
import { activityInfo } from '@temporalio/activity';
import { SPOT_TAGS } from '../domain/spot-record';
import type { SpotTag } from '../domain/spot-record';
import type { EcsClient } from '../ecs/client';
import { EcsError } from '../ecs/errors';
import { atBoundary } from './failures';

/** Nobody says how long ECS remembers a ClientToken. */
const TOKEN_TRUSTED_MS = 10 * 60_000;

export interface CopyRequest {
  region: string;
  name: string;
  clientToken: string;
  tag: SpotTag;
}

export interface SpotSaveActivities {
  createImage(
    request: CopyRequest & { from: { instanceId: string } | { snapshotId: string } },
  ): Promise<string>;
  createDiskSnapshot(request: CopyRequest & { diskId: string }): Promise<string>;
  /** Whether disks go with their instance. */
  setDeleteWithInstance(request: {
    region: string;
    diskIds: string[];
    deleteWithInstance: boolean;
  }): Promise<void>;
  /** The snapshots images are made of. */
  snapshotsOfImages(request: { region: string; imageIds: string[] }): Promise<string[]>;
  /**
   * Deletes what can be deleted now. Who wants the snapshots of an image deleted names them: an attempt after the image
   * is gone could not find them any more. @returns ids that are gone, and the others with the reason
   */
  deleteCopies(request: {
    region: string;
    imageIds: string[];
    snapshotIds: string[];
    diskIds: string[];
  }): Promise<{ deleted: string[]; kept: { id: string; reason: string; forGood: boolean }[] }>;
  /** Images made of the instance ahead of a reclaim, but this one: ids, with those of their snapshots. */
  findOlderWarm(request: {
    region: string;
    instanceId: string;
    imageId: string;
  }): Promise<{ imageIds: string[]; snapshotIds: string[] }>;
}

export function createSpotSaveActivities(ecs: EcsClient): SpotSaveActivities {
  const imageOfThisName = async ({ region, name, tag }: CopyRequest): Promise<string | undefined> => {
    const images = await ecs.findImages(region, tag);
    const since = Date.parse(isoOf(name));
    return images.find(({ createdAt }) => createdAt >= since - 1_000)?.imageId;
  };

  return {
    createImage: (request) =>
      atBoundary(async () => {
        const { region, name, clientToken, from, tag } = request;
        const { attempt, scheduledTimestampMs, currentAttemptScheduledTimestampMs } = activityInfo();
        const isLate = currentAttemptScheduledTimestampMs - scheduledTimestampMs > TOKEN_TRUSTED_MS;
        const earlier = isLate ? await imageOfThisName(request) : undefined;
        if (earlier !== undefined) return earlier;
        try {
          return await ecs.createImage({ region, from, name, clientToken, tags: [tag] });
        } catch (error) {
          const isOurs =
            error instanceof EcsError && error.code === 'InvalidImageName.Duplicated' && attempt > 1;
          const made = isOurs ? await imageOfThisName(request) : undefined;
          if (made === undefined) throw error;
          return made;
        }
      }),

    createDiskSnapshot: ({ tag, ...request }) =>
      atBoundary(() => ecs.createTaggedSnapshot({ ...request, tags: [tag] })),

    setDeleteWithInstance: ({ region, diskIds, deleteWithInstance }) =>
      atBoundary(() => ecs.setDeleteWithInstance(region, diskIds, deleteWithInstance)),

    snapshotsOfImages: ({ region, imageIds }) =>
      atBoundary(async () =>
        (await ecs.describeImages(region, imageIds)).flatMap((image) => image.snapshotIds),
      ),

    deleteCopies: ({ region, imageIds, snapshotIds, diskIds }) =>
      atBoundary(async () => {
        const deleted: string[] = [];
        const kept: { id: string; reason: string; forGood: boolean }[] = [];
        const remove = async (id: string, act: () => Promise<void>): Promise<void> => {
          try {
            await act();
            deleted.push(id);
          } catch (error) {
            if (!(error instanceof EcsError) || error.kind === 'retry') throw error;
            if (/NotFound/.test(error.code)) deleted.push(id);
            else kept.push({ id, reason: error.message, forGood: error.kind === 'terminal' });
          }
        };
        const images = await ecs.describeImages(region, imageIds);
        for (const id of imageIds) await remove(id, () => ecs.deleteImage(region, id));
        const stands = new Set(
          images.filter(({ imageId }) => !deleted.includes(imageId)).flatMap((i) => i.snapshotIds),
        );
        for (const id of new Set(snapshotIds.filter((each) => !stands.has(each))))
          await remove(id, () => ecs.deleteSnapshot(region, id));
        for (const id of diskIds) await remove(id, () => ecs.deleteDisk(region, id));
        return { deleted, kept };
      }),

    findOlderWarm: ({ region, instanceId, imageId }) =>
      atBoundary(async () => {
        const all = await ecs.findImages(region, { key: SPOT_TAGS.warmOf, value: instanceId });
        const older = all.filter((image) => image.imageId !== imageId);
        return {
          imageIds: older.map((image) => image.imageId),
          snapshotIds: older.flatMap((i) => i.snapshotIds),
        };
      }),
  };
}

/** The moment in a `copyName`. */
function isoOf(name: string): string {
  const [, y = '', mo = '', d = '', h = '', mi = '', s = ''] =
    /(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)$/.exec(name) ?? [];
  return `${y}-${mo}-${d}T${h}:${mi}:${s}Z`;
}
