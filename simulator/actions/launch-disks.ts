/**
 * The disks an instance is launched with: those of its image, those of snapshots, and empty ones. The rule: a disk
 * that the call names by the device of one of the image's takes that one's place.
 */
import type { ParamsOf } from '../core';
import { EcsError } from '../core';
import type { LaunchDisk } from '../model/launch';
import type { Region } from '../model/region';
import type { Image } from '../model/storage';
import type { launchParams } from './launch-params';
import { snapshotNotFound } from './resource-params';

type Params = ParamsOf<typeof launchParams, 'RegionId'>;
type DiskParams = Params['SystemDisk'];

/** The data disks of a launch, in the order of their devices. */
export function dataDisksOf(params: Params, region: Region, image: Image): LaunchDisk[] {
  const ofImage = image.disks
    .filter(({ type }) => type === 'data')
    .map(({ size, snapshotId, device }): LaunchDisk => ({ size, snapshotId, device }));
  const asked = params.DataDisk.map((disk): LaunchDisk => {
    const inPlace = ofImage.find(({ device }) => device !== undefined && device === disk.Device);
    const snapshotId = disk.SnapshotId ?? inPlace?.snapshotId;
    const snapshot =
      snapshotId === undefined || snapshotId === '' ? undefined : region.snapshots.get(snapshotId);
    if (disk.SnapshotId !== undefined && !snapshot) throw snapshotNotFound();
    const least = snapshot?.diskSize ?? inPlace?.size ?? 20;
    if (disk.Size !== undefined && snapshot && disk.Size < least)
      throw new EcsError(
        400,
        'InvalidDataDiskSize.ValueNotSupported',
        'The specified DataDisk.n.Size is smaller than its snapshot.',
      );
    return { ...toDisk(disk, least), size: disk.Size ?? least, snapshotId };
  });
  const taken = new Set(asked.map(({ device }) => device));
  return [...ofImage.filter(({ device }) => !taken.has(device)), ...asked];
}

/** A disk as RunInstances asks for it. */
export function toDisk(
  disk: DiskParams & {
    readonly Device?: string | undefined;
    readonly DeleteWithInstance?: boolean | undefined;
    readonly SnapshotId?: string | undefined;
  },
  least: number,
): LaunchDisk {
  return {
    category: disk.Category,
    size: disk.Size ?? Math.max(40, least),
    performanceLevel: disk.PerformanceLevel,
    name: disk.DiskName,
    description: disk.Description,
    device: disk.Device,
    deleteWithInstance: disk.DeleteWithInstance,
    encrypted: disk.Encrypted,
    snapshotId: disk.SnapshotId,
  };
}
