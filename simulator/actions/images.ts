/**
 * CreateImage, CopyImage, DeleteImage. The rule: of instance, disks and snapshot the first that is given counts;
 * the answer comes at once and the image some minutes later.
 */
import type { ActionContext, ParamsOf } from '../core';
import {
  defineAction,
  EcsError,
  errors,
  flag,
  ignored,
  ignoredAll,
  list,
  number,
  requireInstance,
  struct,
  text,
} from '../core';
import type { ErrorSpec } from '../core/errors';
import { isLocked } from '../model/instance';
import type { Instance } from '../model/instance';
import type { Region } from '../model/region';
import type { Image, Snapshot } from '../model/storage';
import type { ImageDraft, Mapping } from '../storage/images';
import { resourceDescription, resourceName, snapshotNotFound } from './resource-params';
import { newTags, tagList } from './tag-rules';

const badName: ErrorSpec = [400, 'InvalidImageName.Malformed', 'The specified image name is wrongly formed.'];
const clientToken: ErrorSpec = [
  400,
  'InvalidClientToken.ValueNotSupported',
  'The ClientToken provided is invalid.',
];
const badDevice: ErrorSpec = [400, 'InvalidDevice.Malformed', 'The specified device is wrongly formed.'];
const MOST_DATA_DISKS = 16;

const imageNotFound = (): EcsError =>
  new EcsError(404, 'InvalidImageId.NotFound', 'The specified ImageId does not exist.');

const createParams = {
  ...ignoredAll('Architecture BootMode DetectionStrategy Features Platform SecureBootOptions'),
  RegionId: text(),
  InstanceId: text(),
  SnapshotId: text(),
  DiskDeviceMapping: list(
    struct({
      Device: text({ pattern: /^\/dev\/(xvd|sd|vd)[a-z]$/, bad: badDevice }),
      DiskType: text({ oneOf: ['system', 'data'] }),
      Size: number({ min: 5, max: 32_768 }),
      SnapshotId: text(),
    }),
    { max: MOST_DATA_DISKS + 1 },
  ),
  ImageName: resourceName(badName),
  ImageFamily: resourceName([
    400,
    'InvalidImageFamily.Malformed',
    'The specified image family is wrongly formed.',
  ]),
  ImageVersion: text({ max: 40 }),
  Description: resourceDescription,
  ResourceGroupId: text(),
  Tag: tagList(),
};

type CreateParams = ParamsOf<typeof createParams, 'RegionId'>;

/** CreateImage. */
export const createImage = defineAction({
  name: 'CreateImage',
  required: ['RegionId'],
  quota: 'mutate',
  dryRun: true,
  clientToken,
  tokenMismatch: ({ imageTokenMismatch }) =>
    imageTokenMismatch === 'IdempotenceParamNotMatch'
      ? new EcsError(400, imageTokenMismatch, 'A ClientToken used before came with other parameters.')
      : errors.idempotentMismatch(),
  params: createParams,
  async handle(context, params) {
    const { region, simulation, requestId } = context;
    const { images } = simulation.storage;
    const draft: ImageDraft = {
      name: params.ImageName,
      family: params.ImageFamily,
      description: params.Description,
      version: params.ImageVersion,
      resourceGroupId: params.ResourceGroupId,
      tags: newTags(params.Tag),
    };
    if (params.InstanceId !== undefined) {
      const instance = requireInstance(context, params.InstanceId);
      requireImageable(region, instance);
      requireFreeName(region, params.ImageName);
      return { ImageId: (await images.ofInstance(instance, draft, requestId)).imageId };
    }
    const mappings = mappingsOf(region, params);
    requireFreeName(region, params.ImageName);
    return { ImageId: images.ofSnapshots(region.regionId, mappings, draft, requestId).imageId };
  },
});

function requireImageable(region: Region, instance: Instance): void {
  if (instance.regionId !== region.regionId) throw errors.instanceNotFound();
  if (isLocked(instance, 'security')) throw errors.lockedForSecurity(400);
  if (!['Running', 'Stopped'].includes(instance.status)) throw errors.incorrectStatus(400);
  const ids = [...region.disks.values()]
    .filter((d) => d.instanceId === instance.instanceId)
    .map((d) => d.diskId);
  const isBusy = [...region.snapshots.values()].some(
    (s) => s.status === 'progressing' && ids.includes(s.diskId),
  );
  if (isBusy)
    throw new EcsError(
      403,
      'IncorrectDiskStatus.CreatingSnapshot',
      'A previous snapshot of a disk of the instance is being created.',
    );
}

function requireFreeName(region: Region, name: string | undefined): void {
  if (name === undefined) return;
  if ([...region.images.values()].some((image) => image.ownerAlias === 'self' && image.name === name))
    throw new EcsError(400, 'InvalidImageName.Duplicated', 'The specified Image name has already been used.');
}

/** Disks of an image of snapshots: one system disk, no device twice. */
function mappingsOf(region: Region, params: CreateParams): Mapping[] {
  if (params.DiskDeviceMapping.length === 0) {
    if (params.SnapshotId === undefined)
      throw new EcsError(400, 'MissingParameter', 'InstanceId, DiskDeviceMapping or SnapshotId is required.');
    const snapshot = requireReady(region, params.SnapshotId);
    return requireSystem([{ type: snapshot.diskType, size: snapshot.diskSize, snapshot }]);
  }
  const mappings = params.DiskDeviceMapping.map((disk): Mapping => {
    const snapshot = disk.SnapshotId === undefined ? undefined : requireReady(region, disk.SnapshotId);
    const size = disk.Size ?? snapshot?.diskSize ?? 20;
    if (snapshot && size < snapshot.diskSize)
      throw new EcsError(400, 'InvalidSize.ValueNotSupported', 'Size is smaller than the snapshot.');
    const type = (disk.DiskType as Mapping['type'] | undefined) ?? snapshot?.diskType ?? 'data';
    return { type, size, device: disk.Device, ...(snapshot ? { snapshot } : {}) };
  });
  const devices = mappings.flatMap(({ device }) => device ?? []);
  if (new Set(devices).size < devices.length)
    throw new EcsError(400, 'InvalidDevice.InUse', 'The specified device has been occupied.');
  return requireSystem(mappings);
}

function requireReady(region: Region, snapshotId: string): Snapshot {
  const snapshot = region.snapshots.get(snapshotId);
  if (!snapshot) throw snapshotNotFound();
  if (snapshot.status === 'accomplished') return snapshot;
  throw new EcsError(403, 'InvalidSnapshotId.NotReady', 'The specified snapshot has not completed yet.');
}

function requireSystem(mappings: Mapping[]): Mapping[] {
  const systems = mappings.filter(({ type }) => type === 'system');
  const [system] = systems;
  if (systems.length !== 1 || !system?.snapshot)
    throw new EcsError(403, 'OperationDenied', 'An image needs the snapshot of exactly one system disk.');
  // CreateImage: "the system disk is retained as a data disk. Snapshots created from this disk do not support …"
  if (system.snapshot.ofLeftDisk)
    throw new EcsError(
      403,
      'OperationDenied',
      'A snapshot of a retained system disk does not support images.',
    );
  return mappings;
}

/** CopyImage, to the same or another region. */
export const copyImage = defineAction({
  name: 'CopyImage',
  required: ['ImageId', 'RegionId'],
  unknownRegion: [400, 'SourceRegion.NotFound', 'The specified source region does not exist.'],
  quota: 'mutate',
  dryRun: true,
  clientToken,
  params: {
    ...ignoredAll('EncryptAlgorithm Encrypted KMSKeyId'),
    RegionId: text(),
    ImageId: text(),
    DestinationRegionId: text(),
    DestinationImageName: resourceName(badName),
    DestinationDescription: resourceDescription,
    ResourceGroupId: text(),
    Tag: tagList(),
  },
  async handle(context, params) {
    const { simulation } = context;
    const source = own(context.region, params.ImageId);
    if (!source) throw imageNotFound();
    const target = simulation.world.regions.get(params.DestinationRegionId ?? params.RegionId);
    if (!target)
      throw new EcsError(
        400,
        'DestinationRegion.NotFound',
        'The specified destination region does not exist.',
      );
    if (source.status !== 'Available')
      throw new EcsError(400, 'IncorrectImageStatus', 'The image must be Available.');
    requireFreeName(target, params.DestinationImageName);
    const draft: ImageDraft = {
      name: params.DestinationImageName,
      description: params.DestinationDescription,
      resourceGroupId: params.ResourceGroupId,
      tags: newTags(params.Tag),
    };
    const made = await simulation.storage.images.copyTo(source, target.regionId, draft, context.requestId);
    return { ImageId: made.imageId };
  },
});

function own(region: Region, imageId: string): Image | undefined {
  const image = region.images.get(imageId);
  return image?.ownerAlias === 'self' ? image : undefined;
}

/** DeleteImage; an unknown id is ignored or refused by the switch `deleteUnknownImage`. */
export const deleteImage = defineAction({
  name: 'DeleteImage',
  required: ['ImageId', 'RegionId'],
  quota: 'mutate',
  dryRun: true,
  params: { RegionId: text(), ImageId: text(), Force: flag(), Filter: ignored() },
  handle(context, params) {
    const image = own(context.region, params.ImageId);
    if (!image) {
      const isIgnored = context.simulation.switches.deleteUnknownImage === 'success';
      if (isIgnored && /^m-[a-z0-9]+$/.test(params.ImageId)) return {};
      throw imageNotFound();
    }
    requireDeletable(context, image, params.Force ?? false);
    context.simulation.storage.images.remove(image, context.requestId);
    return {};
  },
});

function requireDeletable(context: ActionContext, image: Image, force: boolean): void {
  if (image.isCopied && image.work)
    throw new EcsError(403, 'OperationDenied.ImageCopying', 'The image is being copied.');
  const isUsed = [...context.region.instances.values()].some(({ imageId }) => imageId === image.imageId);
  if (isUsed && !force)
    throw new EcsError(403, 'ImageUsingByInstance', 'The specified image is used by instances.');
}
