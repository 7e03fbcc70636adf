/**
 * The probes of the actions spot instances need; see probes.ts. What could have an effect names a resource that cannot
 * exist, or asks for a DryRun.
 */
import {
  AssociateEipAddressRequest,
  AttachDiskRequest,
  CreateImageRequest,
  DeleteDiskRequest,
  DeleteImageRequest,
  DeleteSnapshotRequest,
  DescribeAvailableResourceRequest,
  DescribeEipAddressesRequest,
  DescribeImagesRequest,
  DescribeInstanceRamRoleRequest,
  DescribeSpotAdviceRequest,
  DescribeSpotPriceHistoryRequest,
  DescribeUserDataRequest,
  DescribeVSwitchesRequest,
  ModifyDiskAttributeRequest,
  RunInstancesRequest,
  UnassociateEipAddressRequest,
} from '@alicloud/ecs20140526';
import type Ecs from '@alicloud/ecs20140526';
import type { FEATURES } from '../domain/permissions';

const NO_INSTANCE = 'i-stewarddoctor';
const NO_DISK = 'd-stewarddoctor';
const NO_SNAPSHOT = 's-stewarddoctor';
const NO_IMAGE = 'm-stewarddoctor';
const NO_VSWITCH = 'vsw-stewarddoctor';
const NO_EIP = 'eip-stewarddoctor';
/** A type every region has had for years; asking for its price does nothing. */
const TYPE = 'ecs.g6.large';

type Others = (typeof FEATURES)['runCommand' | 'systemEvents'][number];
type Probe = (sdk: Ecs, regionId: string) => Promise<{ body?: { requestId?: string } }>;

export const SPOT_PROBES: Record<Exclude<(typeof FEATURES)['spot'][number], Others>, Probe> = {
  DescribeUserData: (sdk, regionId) =>
    sdk.describeUserData(new DescribeUserDataRequest({ regionId, instanceId: NO_INSTANCE })),
  DescribeInstanceRamRole: (sdk, regionId) =>
    sdk.describeInstanceRamRole(
      new DescribeInstanceRamRoleRequest({ regionId, instanceIds: JSON.stringify([NO_INSTANCE]) }),
    ),
  ModifyDiskAttribute: (sdk, regionId) =>
    sdk.modifyDiskAttribute(
      new ModifyDiskAttributeRequest({ regionId, diskIds: [NO_DISK], deleteWithInstance: false }),
    ),
  CreateImage: (sdk, regionId) =>
    sdk.createImage(new CreateImageRequest({ regionId, instanceId: NO_INSTANCE, dryRun: true })),
  DescribeImages: (sdk, regionId) =>
    sdk.describeImages(new DescribeImagesRequest({ regionId, imageId: NO_IMAGE })),
  DescribeVSwitches: (sdk, regionId) =>
    sdk.describeVSwitches(new DescribeVSwitchesRequest({ regionId, vSwitchId: NO_VSWITCH })),
  DescribeAvailableResource: (sdk, regionId) =>
    sdk.describeAvailableResource(
      new DescribeAvailableResourceRequest({
        regionId,
        destinationResource: 'InstanceType',
        instanceType: TYPE,
      }),
    ),
  DescribeSpotPriceHistory: (sdk, regionId) =>
    sdk.describeSpotPriceHistory(
      new DescribeSpotPriceHistoryRequest({ regionId, networkType: 'vpc', instanceType: TYPE }),
    ),
  DescribeSpotAdvice: (sdk, regionId) =>
    sdk.describeSpotAdvice(new DescribeSpotAdviceRequest({ regionId, instanceTypes: [TYPE] })),
  RunInstances: (sdk, regionId) =>
    sdk.runInstances(
      new RunInstancesRequest({ regionId, imageId: NO_IMAGE, instanceType: TYPE, dryRun: true }),
    ),
  AttachDisk: (sdk) => sdk.attachDisk(new AttachDiskRequest({ instanceId: NO_INSTANCE, diskId: NO_DISK })),
  DescribeEipAddresses: (sdk, regionId) =>
    sdk.describeEipAddresses(new DescribeEipAddressesRequest({ regionId, allocationId: NO_EIP })),
  AssociateEipAddress: (sdk, regionId) =>
    sdk.associateEipAddress(
      new AssociateEipAddressRequest({ regionId, allocationId: NO_EIP, instanceId: NO_INSTANCE }),
    ),
  UnassociateEipAddress: (sdk, regionId) =>
    sdk.unassociateEipAddress(
      new UnassociateEipAddressRequest({ regionId, allocationId: NO_EIP, instanceId: NO_INSTANCE }),
    ),
  DeleteImage: (sdk, regionId) =>
    sdk.deleteImage(new DeleteImageRequest({ regionId, imageId: NO_IMAGE, dryRun: true })),
  DeleteSnapshot: (sdk) => sdk.deleteSnapshot(new DeleteSnapshotRequest({ snapshotId: NO_SNAPSHOT })),
  DeleteDisk: (sdk) => sdk.deleteDisk(new DeleteDiskRequest({ diskId: NO_DISK })),
};
