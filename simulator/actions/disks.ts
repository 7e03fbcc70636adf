/**
 * DescribeDisks. The rule: times of disks carry seconds, as in published answers; only ExpiredTime has minutes.
 */
import type { PageLimits } from '../core';
import { defineAction, flag, ignored, jsonList, pageParams, seconds, text } from '../core';
import type { Disk } from '../model/storage';
import { tagsView } from './instance-view';
import { createdWithin, filterList } from './resource-params';
import { carries, requireSearchable, tagList } from './tag-rules';

const DISK_LIMITS: PageLimits = { defaultSize: 10, max: 500, minResults: 10 };
const DISK_STATUSES = ['In_use', 'Available', 'Attaching', 'Detaching', 'Creating', 'ReIniting', 'All'];
/** What is the same for every disk here; a filter for anything else finds nothing. */
const PLAIN = {
  DeleteAutoSnapshot: true,
  EnableAutoSnapshot: true,
  EnableAutomatedSnapshotPolicy: false,
  AutoSnapshotPolicyId: '',
  MultiAttach: 'Disabled',
  KMSKeyId: '',
  ResourceGroupId: '',
} as const;

/** DescribeDisks. */
export const describeDisks = defineAction({
  name: 'DescribeDisks',
  required: ['RegionId'],
  quota: 'describe',
  dryRun: true,
  params: {
    AdditionalAttributes: ignored(),
    AutoSnapshotPolicyId: text(),
    DeleteAutoSnapshot: flag(),
    EnableAutoSnapshot: flag(),
    EnableAutomatedSnapshotPolicy: flag(),
    EnableShared: flag(),
    KMSKeyId: text(),
    LockReason: text(),
    MultiAttach: text(),
    ResourceGroupId: text(),
    RegionId: text(),
    ...pageParams(DISK_LIMITS),
    DiskIds: jsonList({
      max: 100,
      bad: [404, 'InvalidDiskIds.ValueNotSupported', 'The specified parameter "DiskIds" is not supported.'],
    }),
    InstanceId: text(),
    DiskType: text({
      oneOf: ['system', 'data', 'all'],
      bad: [400, 'InvalidDiskType.ValueNotSupported', 'The specified disk type is not supported.'],
    }),
    Category: text(),
    Status: text({
      oneOf: DISK_STATUSES,
      bad: [400, 'InvalidStatus.ValueNotSupported', 'The specified status is not supported.'],
    }),
    ZoneId: text(),
    DiskName: text(),
    DiskChargeType: text(),
    DeleteWithInstance: flag(),
    Encrypted: flag(),
    SnapshotId: text(),
    Tag: tagList(),
    Portable: flag(),
    Filter: filterList,
  },
  handle(context, params) {
    requireSearchable(params.Tag);
    const isCreated = createdWithin(params.Filter);
    const is = <T>(wanted: T | undefined, value: T): boolean => wanted === undefined || wanted === value;
    const isPlain =
      params.LockReason === undefined &&
      is(params.EnableShared, false) &&
      Object.entries(PLAIN).every(([name, value]) => is<unknown>(params[name as keyof typeof PLAIN], value));
    const rows = [...context.region.disks.values()].filter(
      (disk) =>
        isPlain &&
        context.isVisible(disk.createdAt) &&
        isCreated(disk.createdAt) &&
        (params.DiskChargeType === undefined || params.DiskChargeType === 'PostPaid') &&
        is(params.Portable, disk.type === 'data') &&
        (params.DiskIds?.includes(disk.diskId) ?? true) &&
        is(params.InstanceId, disk.instanceId) &&
        (params.DiskType === 'all' || is(params.DiskType, disk.type)) &&
        (params.Status === 'All' || is(params.Status, disk.status)) &&
        is(params.Category, disk.category) &&
        is(params.ZoneId, disk.zoneId) &&
        is(params.DiskName, disk.name) &&
        is(params.DeleteWithInstance, disk.deleteWithInstance) &&
        is(params.Encrypted, disk.encrypted) &&
        is(params.SnapshotId, disk.sourceSnapshotId) &&
        carries(disk.tags, params.Tag),
    );
    const page = context.page(rows, (disk) => disk.sequence, params, DISK_LIMITS);
    return { Disks: { Disk: page.items.map(diskView) }, ...page.fields };
  },
});

function diskView(disk: Disk): Record<string, unknown> {
  const attachments =
    disk.attachedAt === undefined || disk.instanceId === ''
      ? []
      : [{ InstanceId: disk.instanceId, Device: disk.device, AttachedTime: seconds(disk.attachedAt) }];
  return {
    DiskId: disk.diskId,
    DiskName: disk.name,
    Description: disk.description,
    RegionId: disk.regionId,
    ZoneId: disk.zoneId,
    InstanceId: disk.instanceId,
    Device: disk.device,
    Type: disk.type,
    Category: disk.category,
    PerformanceLevel: disk.performanceLevel,
    Size: disk.size,
    Status: disk.status,
    ImageId: disk.imageId,
    SourceSnapshotId: disk.sourceSnapshotId,
    SourceDiskId: '',
    Placement: { ZoneIds: disk.zoneId },
    DiskChargeType: 'PostPaid',
    CreationTime: seconds(disk.createdAt),
    AttachedTime: disk.attachedAt === undefined ? '' : seconds(disk.attachedAt),
    DetachedTime: disk.detachedAt === undefined ? '' : seconds(disk.detachedAt),
    ExpiredTime: '2999-09-08T16:00Z',
    Attachments: { Attachment: attachments },
    MountInstances: { MountInstance: [] },
    MountInstanceNum: 0,
    DeleteWithInstance: disk.deleteWithInstance,
    ...PLAIN,
    BdfId: '',
    BurstingEnabled: false,
    DataSource: { Id: disk.sourceSnapshotId, Type: disk.sourceSnapshotId === '' ? '' : 'snapshot' },
    Encrypted: disk.encrypted,
    Portable: disk.type === 'data',
    ProductCode: '',
    SerialNumber: disk.diskId.slice(-20),
    StorageClusterId: '',
    StorageSetId: '',
    StorageSetPartitionNumber: 0,
    IOPS: Math.min(50_000, 1_800 + 50 * disk.size),
    IOPSRead: Math.min(50_000, 1_800 + 50 * disk.size),
    IOPSWrite: Math.min(50_000, 1_800 + 50 * disk.size),
    Throughput: Math.min(350, 120 + Math.floor(disk.size / 2)),
    ThroughputRead: Math.min(350, 120 + Math.floor(disk.size / 2)),
    ThroughputWrite: Math.min(350, 120 + Math.floor(disk.size / 2)),
    ProvisionedIops: 0,
    OperationLocks: { OperationLock: [] },
    Tags: tagsView(disk.tags),
  };
}
