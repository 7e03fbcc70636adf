/**
 * DescribeImages. The rule: without Status only what is Available is shown, so an image that is being made is
 * invisible unless the caller asks for it.
 */
import type { ActionContext, PageLimits } from '../core';
import { defineAction, EcsError, flag, ignoredAll, number, seconds, text } from '../core';
import { fitsWildcard } from '../core/wildcard';
import { INSTANCE_TYPES } from '../model/catalog';
import type { Image, ImageDisk } from '../model/storage';
import { percentOf } from '../model/storage';
import { ACCOUNT_ID } from '../model/world';
import { tagsView } from './instance-view';
import { createdWithin, filterList } from './resource-params';
import { carries, requireSearchable, tagList } from './tag-rules';

const LIMITS: PageLimits = { defaultSize: 10, max: 100 };
const STATUSES = ['Creating', 'Waiting', 'Available', 'UnAvailable', 'CreateFailed', 'Deprecated', 'ALL'];
const STATUS_LIST = new RegExp(`^(${STATUSES.join('|')})(,(${STATUSES.join('|')}))*$`);
const ALIASES = ['system', 'self', 'others', 'marketplace'];
/** Who owns the public images here. */
const SYSTEM_OWNER = 1_898_289_672_128_034;

const FEATURES = {
  NvmeSupport: 'supported',
  ImdsSupport: 'v2',
  CpuOnlineUpgrade: 'unsupported',
  CpuOnlineDowngrade: 'unsupported',
  MemoryOnlineUpgrade: 'unsupported',
  MemoryOnlineDowngrade: 'unsupported',
};

const params = {
  ...ignoredAll('ActionType ShowExpired'),
  IsSupportCloudinit: flag(),
  IsSupportIoOptimized: flag(),
  RegionId: text(),
  PageNumber: number({ min: 1 }),
  PageSize: number({ min: 1 }),
  ImageId: text(),
  ImageName: text(),
  ImageFamily: text(),
  ImageOwnerAlias: text({
    oneOf: ALIASES,
    bad: [400, 'InvalidImageOwnerAlias.ValueNotSupported', 'The specified ImageOwnerAlias is not supported.'],
  }),
  ImageOwnerId: number(),
  Status: text({
    pattern: STATUS_LIST,
    bad: [400, 'InvalidStatus.ValueNotSupported', 'The specified status is not supported.'],
  }),
  SnapshotId: text(),
  InstanceType: text(),
  Architecture: text({
    oneOf: ['i386', 'x86_64', 'arm64'],
    bad: [404, 'InvalidArchitecture', 'The specified architecture is not valid.'],
  }),
  OSType: text({
    oneOf: ['linux', 'windows'],
    bad: [404, 'InvalidOSType', 'The specified OS type is not valid.'],
  }),
  Usage: text({
    oneOf: ['instance', 'none'],
    bad: [404, 'InvalidUsage', 'The specified usage is not valid.'],
  }),
  Usable: flag(),
  IsPublic: flag(),
  ResourceGroupId: text(),
  Tag: tagList(),
  Filter: filterList,
};

/** DescribeImages. */
export const describeImages = defineAction({
  name: 'DescribeImages',
  required: ['RegionId'],
  quota: 'describe',
  dryRun: true,
  params,
  handle(context, given) {
    requireSearchable(given.Tag);
    if (given.Usable && given.Status === undefined)
      throw new EcsError(400, 'MissingParameter', 'Usable needs Status.');
    const statuses = (given.Status ?? 'Available').split(',');
    const ids = given.ImageId?.split(',').map((id) => id.trim());
    const isCreated = createdWithin(given.Filter);
    const is = <T>(wanted: T | undefined, value: T): boolean => wanted === undefined || wanted === value;
    const isArm = given.InstanceType === undefined ? undefined : INSTANCE_TYPES.get(given.InstanceType)?.arm;
    const rows = [...context.region.images.values()].filter(
      (image) =>
        context.isVisible(image.createdAt) &&
        isCreated(image.createdAt) &&
        (statuses.includes('ALL') || statuses.includes(image.status)) &&
        (ids?.includes(image.imageId) ?? true) &&
        (given.ImageName === undefined || fitsWildcard(given.ImageName, image.name)) &&
        is(given.ImageFamily, image.family) &&
        is(given.Usable, image.status === 'Available') &&
        is(given.IsSupportCloudinit, true) &&
        is(given.IsSupportIoOptimized, true) &&
        is<string>(given.ImageOwnerAlias, image.ownerAlias) &&
        is(given.ImageOwnerId, ownerOf(image)) &&
        (given.SnapshotId === undefined || image.disks.some((d) => d.snapshotId === given.SnapshotId)) &&
        is(isArm, image.architecture === 'arm64') &&
        is(given.Architecture, image.architecture) &&
        is<string>(given.OSType, image.osType) &&
        is(given.Usage, usageOf(context, image)) &&
        is(given.IsPublic, image.ownerAlias === 'system') &&
        is(given.ResourceGroupId, image.resourceGroupId) &&
        carries(image.tags, given.Tag),
    );
    const page = context.page(rows.reverse(), (image) => -image.sequence, given, LIMITS);
    return {
      RegionId: context.region.regionId,
      Images: { Image: page.items.map((image) => imageView(context, image)) },
      ...page.fields,
    };
  },
});

function ownerOf(image: Image): number {
  return image.ownerAlias === 'self' ? Number(ACCOUNT_ID) : SYSTEM_OWNER;
}

function usageOf(context: ActionContext, image: Image): string {
  const { instances } = context.region;
  for (const { imageId } of instances.values()) if (imageId === image.imageId) return 'instance';
  return 'none';
}

function progressOf(context: ActionContext, image: Image): string {
  const isBegun = image.status !== 'Waiting' && image.status !== 'CreateFailed';
  return isBegun ? `${percentOf(image.work, context.now)}%` : '0%';
}

function imageView(context: ActionContext, image: Image): Record<string, unknown> {
  const isOwn = image.ownerAlias === 'self';
  return {
    ImageId: image.imageId,
    ImageName: image.name,
    ImageFamily: image.family,
    ImageVersion: image.version,
    ImageOwnerAlias: image.ownerAlias,
    ImageOwnerId: ownerOf(image),
    Description: image.description,
    Status: image.status,
    Progress: progressOf(context, image),
    CreationTime: seconds(image.createdAt),
    Size: image.size,
    Architecture: image.architecture,
    BootMode: 'BIOS',
    OSName: image.osName,
    OSNameEn: image.osNameEn,
    OSType: image.osType,
    Platform: image.platform,
    Usage: usageOf(context, image),
    Usable: image.status === 'Available',
    IsCopied: image.isCopied,
    IsPublic: !isOwn,
    IsSelfShared: isOwn ? 'False' : '',
    IsSubscribed: false,
    IsSupportCloudinit: true,
    IsSupportIoOptimized: true,
    LoginAsNonRootSupported: true,
    ProductCode: '',
    ResourceGroupId: image.resourceGroupId,
    SupplierName: '',
    LicenseType: 'Auto',
    DiskDeviceMappings: { DiskDeviceMapping: image.disks.map((disk) => mappingView(context, image, disk)) },
    DetectionOptions: { Items: { Item: [] }, Status: '' },
    Features: FEATURES,
    SecureBootOptions: { SecureBootSupport: 'unsupported' },
    Tags: tagsView(image.tags),
  };
}

function mappingView(context: ActionContext, image: Image, disk: ImageDisk): Record<string, unknown> {
  const remain = image.work ? Math.max(0, Math.ceil((image.work.due - context.now) / 1_000)) : 0;
  return {
    Device: disk.device,
    Type: disk.type,
    Size: String(disk.size),
    SnapshotId: disk.snapshotId,
    Format: '',
    Encrypted: false,
    ImportOSSBucket: '',
    ImportOSSObject: '',
    Progress: progressOf(context, image),
    RemainTime: remain,
  };
}
