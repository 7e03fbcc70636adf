/**
 * CreateDisk, AttachDisk, DetachDisk, ModifyDiskAttribute, DeleteDisk. The rule: existence, then locks, then the
 * status of disk and instance, then their zones; files are in place before the answer.
 */
import type { ActionContext } from '../core';
import {
  defineAction,
  EcsError,
  errors,
  flag,
  ignored,
  ignoredAll,
  list,
  number,
  rawText,
  requireInstance,
  text,
} from '../core';
import { DISK_CATEGORIES } from '../model/catalog';
import type { Instance } from '../model/instance';
import { isLocked } from '../model/instance';
import type { Disk } from '../model/storage';
import { passwordRules } from './launch-params';
import {
  findDisk,
  requireDisk,
  resourceDescription,
  resourceName,
  snapshotNotFound,
} from './resource-params';
import { newTags, tagList } from './tag-rules';

const MOST_DISKS = 17;
const diskName = resourceName([400, 'InvalidDiskName.Malformed', 'The specified DiskName is not valid.']);

const wrongDisk = (httpStatus: number): EcsError =>
  new EcsError(httpStatus, 'IncorrectDiskStatus', 'The current disk status does not support this operation.');

/** CreateDisk: a pay-as-you-go data disk, empty or from a snapshot. */
export const createDisk = defineAction({
  name: 'CreateDisk',
  required: ['RegionId'],
  quota: 'mutate',
  clientToken: [400, 'InvalidClientToken.ValueNotSupported', 'The ClientToken provided is invalid.'],
  params: {
    ...ignoredAll(
      'AdvancedFeatures Arn BurstingEnabled EncryptAlgorithm InstanceId KMSKeyId MultiAttach ProvisionedIops ResourceGroupId StorageClusterId StorageSetId StorageSetPartitionNumber',
    ),
    RegionId: text(),
    ZoneId: text(),
    DiskCategory: text({
      oneOf: [...DISK_CATEGORIES, 'cloud'],
      bad: [400, 'InvalidDiskCategory.ValueNotSupported', 'The specified DiskCategory is not supported.'],
    }),
    DiskName: diskName,
    Description: resourceDescription,
    Encrypted: flag(),
    PerformanceLevel: text({ oneOf: ['PL0', 'PL1', 'PL2', 'PL3'] }),
    Size: number({
      min: 1,
      max: 65_536,
      bad: [400, 'InvalidDiskSize.ValueNotSupported', 'The specified Size is not supported.'],
    }),
    SnapshotId: text(),
    Tag: tagList(),
  },
  async handle(context, params) {
    const tags = newTags(params.Tag);
    const { region } = context;
    if (params.ZoneId === undefined || !region.zone(params.ZoneId))
      throw new EcsError(404, 'InvalidZoneId.NotFound', 'The specified ZoneId does not exist.');
    const snapshot = params.SnapshotId === undefined ? undefined : region.snapshots.get(params.SnapshotId);
    if (params.SnapshotId !== undefined && !snapshot) throw snapshotNotFound();
    if (snapshot && snapshot.status !== 'accomplished')
      throw new EcsError(403, 'InvalidSnapshotId.NotReady', 'The specified snapshot is not ready.');
    const size = params.Size ?? snapshot?.diskSize;
    if (size === undefined || size < (snapshot?.diskSize ?? 1))
      throw new EcsError(
        400,
        'InvalidDiskSize.ValueNotSupported',
        'Size is missing or smaller than the snapshot.',
      );
    const category = params.DiskCategory ?? 'cloud_essd';
    const disk = await context.simulation.storage.disks.create(
      {
        regionId: region.regionId,
        zoneId: params.ZoneId,
        category,
        performanceLevel: params.PerformanceLevel ?? (category === 'cloud_essd' ? 'PL1' : ''),
        size,
        name: params.DiskName ?? '',
        description: params.Description ?? '',
        encrypted: params.Encrypted ?? false,
        sourceSnapshotId: snapshot?.snapshotId ?? '',
        tags,
      },
      context.requestId,
    );
    return { DiskId: disk.diskId, OrderId: '' };
  },
});

/** AttachDisk. A kept system disk is attached as the data disk it has become. */
export const attachDisk = defineAction({
  name: 'AttachDisk',
  required: ['DiskId', 'InstanceId'],
  quota: 'mutate',
  params: {
    InstanceId: text(),
    DiskId: text(),
    DeleteWithInstance: flag(),
    Device: ignored(),
    Bootable: flag(),
    Force: ignored(),
    KeyPairName: ignored(),
    Password: passwordRules,
  },
  async handle(context, params) {
    const instance = requireInstance(context, params.InstanceId);
    const disk = requireDisk(context, params.DiskId);
    if (isLocked(instance, 'security')) throw errors.lockedForSecurity();
    if (disk.instanceId !== '') throw new EcsError(404, 'InvalidDisk.InUse', 'The specified disk is in use.');
    if (disk.status !== 'Available')
      throw new EcsError(403, 'DiskId.StatusNotSupported', 'The disk must be Available.');
    requireFit(context, instance, disk);
    disk.deleteWithInstance = params.DeleteWithInstance ?? false;
    await context.simulation.storage.disks.attach(disk, instance, context.requestId);
    return {};
  },
});

function requireFit(context: ActionContext, instance: Instance, disk: Disk): void {
  if (!['Running', 'Stopped'].includes(instance.status)) throw errors.incorrectStatus(400);
  if (disk.zoneId !== instance.zoneId)
    throw new EcsError(403, 'ResourcesNotInSameZone', 'The disk and the instance are not in the same zone.');
  const { disks } = context.simulation.world.region(instance.regionId);
  const attached = [...disks.values()].filter(({ instanceId }) => instanceId === instance.instanceId);
  if (attached.length >= MOST_DISKS)
    throw new EcsError(
      403,
      'InstanceDiskLimitExceeded',
      'The amount of disks on the instance exceeds the limit.',
    );
}

/** DetachDisk. */
export const detachDisk = defineAction({
  name: 'DetachDisk',
  required: ['DiskId', 'InstanceId'],
  quota: 'mutate',
  params: { InstanceId: text(), DiskId: text(), DeleteWithInstance: flag() },
  async handle(context, params) {
    const instance = requireInstance(context, params.InstanceId);
    const disk = requireDisk(context, params.DiskId);
    if (isLocked(instance, 'security')) throw errors.lockedForSecurity();
    if (disk.instanceId !== instance.instanceId)
      throw new EcsError(403, 'DependencyViolation', 'The disk is not attached to the specified instance.');
    const allowed = disk.type === 'system' ? ['Stopped'] : ['Running', 'Stopped'];
    if (!allowed.includes(instance.status)) throw errors.incorrectStatus();
    if (disk.status !== 'In_use') throw wrongDisk(403);
    disk.deleteWithInstance = params.DeleteWithInstance ?? disk.type === 'system';
    await context.simulation.storage.disks.detach(disk, context.requestId);
    return {};
  },
});

/** ModifyDiskAttribute, of one disk or of several. */
export const modifyDiskAttribute = defineAction({
  name: 'ModifyDiskAttribute',
  required: [],
  quota: 'mutate',
  params: {
    RegionId: text(),
    DiskId: text(),
    DiskIds: list(text(), { max: 100 }),
    DiskName: diskName,
    Description: rawText(),
    DeleteWithInstance: flag(),
    DeleteAutoSnapshot: ignored(),
    EnableAutoSnapshot: ignored(),
    BurstingEnabled: ignored(),
  },
  handle(context, params) {
    const ids = params.DiskId === undefined ? params.DiskIds : [params.DiskId];
    if (ids.length === 0) throw new EcsError(400, 'MissingDiskId', 'DiskId is mandatory for this action.');
    const disks = ids.map((id) => requireDisk(context, id));
    for (const disk of disks) {
      const instance = context.simulation.world.findInstance(disk.instanceId);
      if (instance && isLocked(instance, 'security')) throw errors.lockedForSecurity();
    }
    for (const disk of disks) {
      disk.name = params.DiskName ?? disk.name;
      disk.description = params.Description ?? disk.description;
      disk.deleteWithInstance = params.DeleteWithInstance ?? disk.deleteWithInstance;
      context.effect('disk.modified', disk.diskId, disk.regionId, {
        deleteWithInstance: disk.deleteWithInstance,
      });
    }
    return {};
  },
});

/** DeleteDisk; an unknown id is ignored, as documented. */
export const deleteDisk = defineAction({
  name: 'DeleteDisk',
  required: ['DiskId'],
  quota: 'mutate',
  params: { DiskId: text() },
  async handle(context, params) {
    const disk = findDisk(context, params.DiskId);
    if (!disk) return {};
    if (disk.status !== 'Available') throw wrongDisk(403);
    await context.simulation.storage.disks.remove(disk, context.requestId);
    return {};
  },
});
