/**
 * CreateSnapshot, DescribeSnapshots, DeleteSnapshot. The rule: one snapshot of a disk at a time, and none is
 * deleted from under an image.
 */
import type { ActionContext, PageLimits } from '../core';
import {
  defineAction,
  EcsError,
  errors,
  flag,
  ignoredAll,
  jsonList,
  number,
  pageParams,
  seconds,
  text,
} from '../core';
import { isLocked } from '../model/instance';
import type { Disk, Snapshot } from '../model/storage';
import { percentOf } from '../model/storage';
import { tagsView } from './instance-view';
import {
  createdWithin,
  filterList,
  findDisk,
  findSnapshot,
  imagesOf,
  requireDisk,
  resourceDescription,
  resourceName,
} from './resource-params';
import { carries, newTags, requireSearchable, tagList } from './tag-rules';

/** CreateSnapshot. */
export const createSnapshot = defineAction({
  name: 'CreateSnapshot',
  required: ['DiskId'],
  quota: 'mutate',
  clientToken: [400, 'InvalidClientToken.ValueNotSupported', 'The ClientToken provided is invalid.'],
  params: {
    ...ignoredAll('Category InstantAccess InstantAccessRetentionDays StorageLocationArn'),
    DiskId: text(),
    SnapshotName: resourceName(
      [400, 'InvalidSnapshotName.Malformed', 'The specified parameter "SnapshotName" is not valid.'],
      'https?:\\/\\/|auto',
    ),
    Description: resourceDescription,
    RetentionDays: number({
      min: 1,
      max: 65_536,
      bad: [400, 'InvalidRetentionDays', 'The specified RetentionDays is invalid.'],
    }),
    ResourceGroupId: text(),
    Tag: tagList(),
  },
  async handle(context, params) {
    const tags = newTags(params.Tag);
    const disk = requireDisk(context, params.DiskId);
    requireCopyable(context, disk);
    const { snapshots } = context.simulation.storage;
    const draft = {
      name: params.SnapshotName,
      description: params.Description,
      retentionDays: params.RetentionDays,
      resourceGroupId: params.ResourceGroupId,
      tags,
    };
    const made = await snapshots.create(disk, draft, snapshots.durationOf(disk), context.requestId);
    return { SnapshotId: made.snapshotId };
  },
});

function requireCopyable(context: ActionContext, disk: Disk): void {
  const { world } = context.simulation;
  if (!['In_use', 'Available'].includes(disk.status))
    throw new EcsError(
      403,
      'IncorrectDiskStatus',
      'The current disk status does not support this operation.',
    );
  // A disk that was never attached has nothing on it.
  if (disk.instanceId === '' && disk.attachedAt === undefined && disk.detachedAt === undefined)
    throw new EcsError(
      403,
      'IncorrectDiskStatus.NeverAttached',
      'The specified disk has never been attached.',
    );
  const instance = world.findInstance(disk.instanceId);
  if (instance && isLocked(instance, 'security')) throw errors.lockedForSecurity();
  if (instance && !['Running', 'Stopped'].includes(instance.status)) throw errors.incorrectStatus(400);
  const all = [...world.region(disk.regionId).snapshots.values()];
  if (all.some(({ diskId, status }) => diskId === disk.diskId && status === 'progressing'))
    throw new EcsError(
      403,
      'IncorrectDiskStatus.CreatingSnapshot',
      'A snapshot of the disk is being created.',
    );
}

const LIMITS: PageLimits = { defaultSize: 10, max: 100 };

/** DescribeSnapshots. */
export const describeSnapshots = defineAction({
  name: 'DescribeSnapshots',
  required: ['RegionId'],
  quota: 'describe',
  dryRun: true,
  params: {
    RegionId: text(),
    ...pageParams(LIMITS),
    SnapshotIds: jsonList({
      max: 100,
      bad: [
        403,
        'InvalidSnapshotIds.Malformed',
        'The specified SnapshotIds is not a JSON array of at most 100 ids.',
      ],
    }),
    DiskId: text(),
    InstanceId: text(),
    SnapshotName: text(),
    SnapshotLinkId: text(),
    Status: text({
      oneOf: ['progressing', 'accomplished', 'failed', 'all'],
      bad: [404, 'InvalidStatus.NotFound', 'The specified status does not exist.'],
    }),
    SnapshotType: text({
      oneOf: ['auto', 'user', 'all'],
      bad: [404, 'InvalidSnapshotType.NotFound', 'The specified snapshot type does not exist.'],
    }),
    SourceDiskType: text({ pattern: /^(system|data)$/i }),
    Usage: text({
      oneOf: ['image', 'disk', 'image_disk', 'none'],
      bad: [404, 'InvalidUsage', 'The specified usage is not valid.'],
    }),
    Encrypted: flag(),
    ResourceGroupId: text(),
    Tag: tagList(),
    Filter: filterList,
    Category: text({ pattern: /^(standard|flash|archive)$/i }),
    KMSKeyId: text(),
  },
  handle(context, params) {
    requireSearchable(params.Tag);
    const isCreated = createdWithin(params.Filter);
    const is = <T>(wanted: T | undefined, value: T): boolean => wanted === undefined || wanted === value;
    const rows = [...context.region.snapshots.values()].filter(
      (snapshot) =>
        context.isVisible(snapshot.createdAt) &&
        isCreated(snapshot.createdAt) &&
        (params.SnapshotIds?.includes(snapshot.snapshotId) ?? true) &&
        is(params.DiskId, snapshot.diskId) &&
        is(params.InstanceId, findDisk(context, snapshot.diskId)?.instanceId) &&
        is(params.SnapshotName, snapshot.name) &&
        is(params.SnapshotLinkId, linkOf(snapshot)) &&
        (params.Status === 'all' || is<string>(params.Status, snapshot.status)) &&
        params.SnapshotType !== 'auto' &&
        is(params.Category?.toLowerCase(), 'standard') &&
        params.KMSKeyId === undefined &&
        is<string>(params.SourceDiskType?.toLowerCase(), snapshot.diskType) &&
        is(params.Usage, usageOf(context, snapshot)) &&
        is(params.Encrypted, snapshot.encrypted) &&
        is(params.ResourceGroupId, snapshot.resourceGroupId) &&
        carries(snapshot.tags, params.Tag),
    );
    const page = context.page(rows, (snapshot) => snapshot.sequence, params, LIMITS);
    return {
      Snapshots: { Snapshot: page.items.map((snapshot) => snapshotView(context, snapshot)) },
      ...page.fields,
    };
  },
});

function linkOf(snapshot: Snapshot): string {
  return `sl-${snapshot.diskId.slice(2)}`;
}

function usageOf(context: ActionContext, snapshot: Snapshot): string {
  const isImage = imagesOf(context, snapshot).length > 0;
  const isDisk = disksOf(context, snapshot).length > 0;
  if (isImage) return isDisk ? 'image_disk' : 'image';
  return isDisk ? 'disk' : 'none';
}

function disksOf(context: ActionContext, snapshot: Snapshot): Disk[] {
  const { disks } = context.simulation.world.region(snapshot.regionId);
  return [...disks.values()].filter((disk) => disk.sourceSnapshotId === snapshot.snapshotId);
}

function snapshotView(context: ActionContext, snapshot: Snapshot): Record<string, unknown> {
  const { now } = context;
  const { work } = snapshot;
  return {
    SnapshotId: snapshot.snapshotId,
    SnapshotName: snapshot.name,
    SnapshotLinkId: linkOf(snapshot),
    SnapshotSN: '',
    SnapshotType: 'user',
    Description: snapshot.description,
    RegionId: snapshot.regionId,
    Status: snapshot.status,
    Available: snapshot.status === 'accomplished',
    Progress: snapshot.status === 'failed' ? '0%' : `${percentOf(work, now)}%`,
    RemainTime: work ? Math.max(0, Math.ceil((work.due - now) / 1_000)) : 0,
    CreationTime: seconds(snapshot.createdAt),
    LastModifiedTime: seconds(snapshot.finishedAt ?? snapshot.createdAt),
    SourceDiskId: snapshot.diskId,
    SourceDiskType: snapshot.diskType,
    SourceDiskSize: String(snapshot.diskSize),
    SourceStorageType: snapshot.diskCategory,
    SourceSnapshotId: snapshot.sourceSnapshotId,
    SourceRegionId: snapshot.sourceRegionId,
    Category: 'Standard',
    Encrypted: snapshot.encrypted,
    KMSKeyId: '',
    InstantAccess: false,
    InstantAccessRetentionDays: 0,
    RetentionDays: snapshot.retentionDays,
    FullSnapshotSizeInBytes: Math.round(snapshot.diskSize * 1024 ** 3 * 0.2),
    ProductCode: '',
    ResourceGroupId: snapshot.resourceGroupId,
    Usage: usageOf(context, snapshot),
    Tags: tagsView(snapshot.tags),
  };
}

/** DeleteSnapshot; an unknown id is ignored, as documented. */
export const deleteSnapshot = defineAction({
  name: 'DeleteSnapshot',
  required: ['SnapshotId'],
  quota: 'mutate',
  params: { SnapshotId: text(), Force: flag() },
  async handle(context, params) {
    const snapshot = findSnapshot(context, params.SnapshotId);
    if (!snapshot) return {};
    if (imagesOf(context, snapshot).length > 0)
      throw new EcsError(403, 'SnapshotCreatedImage', 'The snapshot has been used to create images.');
    if (!params.Force && disksOf(context, snapshot).length > 0)
      throw new EcsError(403, 'SnapshotCreatedDisk', 'The snapshot has been used to create disks.');
    await context.simulation.storage.snapshots.remove(snapshot, context.requestId);
    return {};
  },
});
