/**
 * What disk, snapshot and image actions have in common: names, descriptions, errors of existence and the filter by
 * the moment of creation. The rule: one code for one mistake, wherever it is made.
 */
import type { ActionContext } from '../core';
import { EcsError, list, rawText, struct, text } from '../core';
import type { ErrorSpec } from '../core/errors';
import type { Param } from '../core/schema';
import type { Disk, Image, Snapshot } from '../model/storage';

/** A name of 2 to 128 characters that begins with a letter. */
export function resourceName(bad: ErrorSpec, not = 'https?:\\/\\/'): Param<string | undefined> {
  const pattern = new RegExp(`^(?!${not})\\p{L}[\\p{L}\\p{N}:_.\\-]*$`, 'u');
  return text({ min: 2, max: 128, pattern, bad });
}

/** A description of 2 to 256 characters. */
export const resourceDescription = text({
  min: 2,
  max: 256,
  pattern: /^(?!https?:\/\/)/,
  bad: [400, 'InvalidDescription.Malformed', 'The specified parameter "Description" is not valid.'],
});

/** What the service says of a snapshot id that does not exist. */
export const snapshotNotFound = (): EcsError =>
  new EcsError(404, 'InvalidSnapshotId.NotFound', 'The specified SnapshotId does not exist.');

/** A disk, wherever it is. */
export function findDisk(context: ActionContext, diskId: string): Disk | undefined {
  for (const region of context.simulation.world.regions.values()) {
    const disk = region.disks.get(diskId);
    if (disk) return disk;
  }
  return undefined;
}

/** A disk that must exist. */
export function requireDisk(context: ActionContext, diskId: string): Disk {
  const disk = findDisk(context, diskId);
  if (disk) return disk;
  throw new EcsError(404, 'InvalidDiskId.NotFound', 'The specified disk does not exist.');
}

/** A snapshot, wherever it is. */
export function findSnapshot(context: ActionContext, snapshotId: string): Snapshot | undefined {
  for (const region of context.simulation.world.regions.values()) {
    const snapshot = region.snapshots.get(snapshotId);
    if (snapshot) return snapshot;
  }
  return undefined;
}

/** The images that are made of a snapshot. */
export function imagesOf(context: ActionContext, snapshot: Snapshot): Image[] {
  const { images } = context.simulation.world.region(snapshot.regionId);
  return [...images.values()].filter((image) =>
    image.disks.some(({ snapshotId }) => snapshotId === snapshot.snapshotId),
  );
}

/** `Filter.N`. */
export const filterList = list(struct({ Key: text(), Value: rawText() }));

/** The documented filter: created since a minute, or up to one. */
export function createdWithin(
  filters: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[],
): (createdAt: number) => boolean {
  const bounds = filters.map(({ Key: key, Value: value = '' }) => {
    if (key !== 'CreationStartTime' && key !== 'CreationEndTime')
      throw new EcsError(404, 'InvalidFilterKey.NotFound', 'The specified filter key does not exist.');
    const at = /^\d{4}-\d\d-\d\dT\d\d:\d\dZ$/.test(value) ? Date.parse(value) : NaN;
    if (Number.isNaN(at))
      throw new EcsError(400, 'InvalidFilterValue', 'The specified filter value is not valid.');
    return { isStart: key === 'CreationStartTime', at };
  });
  return (createdAt) => bounds.every(({ isStart, at }) => (isStart ? createdAt >= at : createdAt <= at));
}
