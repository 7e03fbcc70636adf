/** Images and the snapshots they consist of: making, finding, reading and deleting those that are ours. */
import {
  CreateImageRequest,
  CreateImageRequestTag,
  CreateSnapshotRequest,
  CreateSnapshotRequestTag,
  DeleteImageRequest,
  DeleteSnapshotRequest,
  DescribeImagesRequest,
  DescribeImagesRequestTag,
} from '@alicloud/ecs20140526';
import type { DescribeImagesResponseBodyImagesImage as SdkImage } from '@alicloud/ecs20140526';
import type { SpotImage, SpotTag } from '../domain/spot-record';
import { inChunks } from './paging';
import type { EcsTransport } from './transport';

export interface ImageCalls {
  /** Of an instance, or of a snapshot of a system disk. @returns the id of an image that is being made */
  createImage(call: {
    region: string;
    from: { instanceId: string } | { snapshotId: string };
    name: string;
    clientToken: string;
    tags: SpotTag[];
  }): Promise<string>;
  /** By id, of any status; unknown ids are absent. 100 a call. */
  describeImages(region: string, imageIds: string[]): Promise<SpotImage[]>;
  /** Own images of any status that carry this tag; at most 100, as nobody has more of one instance. */
  findImages(region: string, tag: SpotTag): Promise<SpotImage[]>;
  /** Done too where it is gone. ECS refuses while an instance uses it. */
  deleteImage(region: string, imageId: string): Promise<void>;
  /** Of one disk, tagged. @returns the id of a snapshot that is being made */
  createTaggedSnapshot(call: {
    region: string;
    diskId: string;
    name: string;
    clientToken: string;
    tags: SpotTag[];
  }): Promise<string>;
  deleteSnapshot(region: string, snapshotId: string): Promise<void>;
}

const IDS_PER_CALL = 100;
/** Without it ECS shows Available images only. */
const ANY_STATUS = 'Creating,Waiting,Available,UnAvailable,CreateFailed,Deprecated';

export function imageCalls(transport: EcsTransport): ImageCalls {
  const list = async (region: string, over: Record<string, unknown>): Promise<SpotImage[]> => {
    const request = new DescribeImagesRequest({
      regionId: region,
      status: ANY_STATUS,
      pageSize: IDS_PER_CALL,
      ...over,
    });
    const body = await transport.call('DescribeImages', region, (sdk) => sdk.describeImages(request));
    return (body.images?.image ?? []).map(imageOf);
  };

  return {
    async createImage({ region, from, name, clientToken, tags }) {
      const tag = tags.map((each) => new CreateImageRequestTag(each));
      const request = new CreateImageRequest({
        regionId: region,
        imageName: name,
        clientToken,
        tag,
        ...from,
      });
      const body = await transport.call('CreateImage', region, (sdk) => sdk.createImage(request));
      return body.imageId ?? '';
    },

    async describeImages(region, imageIds) {
      const found: SpotImage[] = [];
      for (const ids of inChunks(imageIds, IDS_PER_CALL))
        found.push(...(await list(region, { imageId: ids.join(',') })));
      return found;
    },

    findImages: (region, tag) =>
      list(region, { imageOwnerAlias: 'self', tag: [new DescribeImagesRequestTag(tag)] }),

    async deleteImage(region, imageId) {
      await transport.call('DeleteImage', region, (sdk) =>
        sdk.deleteImage(new DeleteImageRequest({ regionId: region, imageId })),
      );
    },

    async createTaggedSnapshot({ region, diskId, name, clientToken, tags }) {
      const tag = tags.map((each) => new CreateSnapshotRequestTag(each));
      const request = new CreateSnapshotRequest({ diskId, snapshotName: name, clientToken, tag });
      const body = await transport.call('CreateSnapshot', region, (sdk) => sdk.createSnapshot(request));
      return body.snapshotId ?? '';
    },

    async deleteSnapshot(region, snapshotId) {
      await transport.call('DeleteSnapshot', region, (sdk) =>
        sdk.deleteSnapshot(new DeleteSnapshotRequest({ snapshotId })),
      );
    },
  };
}

function imageOf(image: SdkImage): SpotImage {
  return {
    imageId: image.imageId ?? '',
    status: image.status ?? '',
    createdAt: Date.parse(image.creationTime ?? ''),
    snapshotIds: (image.diskDeviceMappings?.diskDeviceMapping ?? []).flatMap(({ snapshotId }) =>
      snapshotId ? [snapshotId] : [],
    ),
    tags: (image.tags?.tag ?? []).map(({ tagKey = '', tagValue = '' }) => ({ key: tagKey, value: tagValue })),
  };
}
