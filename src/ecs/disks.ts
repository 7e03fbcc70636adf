/** Disks and elastic addresses: what outlives an instance and is given to another one. */
import {
  AssociateEipAddressRequest,
  AttachDiskRequest,
  DeleteDiskRequest,
  DescribeDisksRequest,
  DescribeEipAddressesRequest,
  ModifyDiskAttributeRequest,
  UnassociateEipAddressRequest,
} from '@alicloud/ecs20140526';
import type { DescribeDisksResponseBodyDisksDisk as SdkDisk } from '@alicloud/ecs20140526';
import type { SpotDisk } from '../domain/spot-record';
import { pagesByToken } from './paging';
import type { EcsTransport } from './transport';

/** A disk now: where it is, and in which state. */
export interface DiskNow extends SpotDisk {
  status: string;
  instanceId: string;
  zoneId: string;
}

export interface DiskCalls {
  describeDisks(region: string, of: { instanceId: string } | { diskIds: string[] }): Promise<DiskNow[]>;
  /** Whether disks go with their instance; one call. */
  setDeleteWithInstance(region: string, diskIds: string[], deleteWithInstance: boolean): Promise<void>;
  attachDisk(call: {
    region: string;
    diskId: string;
    instanceId: string;
    deleteWithInstance: boolean;
  }): Promise<void>;
  deleteDisk(region: string, diskId: string): Promise<void>;
  /** `undefined` where there is no such address. */
  describeEip(
    region: string,
    allocationId: string,
  ): Promise<{ status: string; instanceId: string } | undefined>;
  associateEip(region: string, allocationId: string, instanceId: string): Promise<void>;
  unassociateEip(region: string, allocationId: string, instanceId: string): Promise<void>;
}

const PAGE = 100;
const instanceType = 'EcsInstance';

export function diskCalls(transport: EcsTransport): DiskCalls {
  return {
    async describeDisks(region, of) {
      const which =
        'instanceId' in of ? { instanceId: of.instanceId } : { diskIds: JSON.stringify(of.diskIds) };
      const found: DiskNow[] = [];
      for await (const body of pagesByToken((nextToken) =>
        transport.call('DescribeDisks', region, (sdk) =>
          sdk.describeDisks(
            new DescribeDisksRequest({ regionId: region, ...which, maxResults: PAGE, nextToken }),
          ),
        ),
      )) {
        found.push(...(body.disks?.disk ?? []).map(diskOf));
      }
      return found;
    },

    async setDeleteWithInstance(region, diskIds, deleteWithInstance) {
      const request = new ModifyDiskAttributeRequest({ regionId: region, diskIds, deleteWithInstance });
      await transport.call('ModifyDiskAttribute', region, (sdk) => sdk.modifyDiskAttribute(request));
    },

    async attachDisk({ region, ...over }) {
      await transport.call('AttachDisk', region, (sdk) => sdk.attachDisk(new AttachDiskRequest(over)));
    },

    async deleteDisk(region, diskId) {
      await transport.call('DeleteDisk', region, (sdk) => sdk.deleteDisk(new DeleteDiskRequest({ diskId })));
    },

    async describeEip(region, allocationId) {
      const request = new DescribeEipAddressesRequest({ regionId: region, allocationId });
      const body = await transport.call('DescribeEipAddresses', region, (sdk) =>
        sdk.describeEipAddresses(request),
      );
      const [eip] = body.eipAddresses?.eipAddress ?? [];
      return eip && { status: eip.status ?? '', instanceId: eip.instanceId ?? '' };
    },

    async associateEip(region, allocationId, instanceId) {
      const request = { regionId: region, allocationId, instanceId, instanceType };
      await transport.call('AssociateEipAddress', region, (sdk) =>
        sdk.associateEipAddress(new AssociateEipAddressRequest(request)),
      );
    },

    async unassociateEip(region, allocationId, instanceId) {
      const request = { regionId: region, allocationId, instanceId, instanceType };
      await transport.call('UnassociateEipAddress', region, (sdk) =>
        sdk.unassociateEipAddress(new UnassociateEipAddressRequest(request)),
      );
    },
  };
}

function diskOf(disk: SdkDisk): DiskNow {
  return {
    diskId: disk.diskId ?? '',
    type: disk.type === 'system' ? 'system' : 'data',
    category: disk.category ?? '',
    size: disk.size ?? 0,
    performanceLevel: disk.performanceLevel ?? '',
    device: disk.device ?? '',
    deleteWithInstance: disk.deleteWithInstance ?? true,
    status: disk.status ?? '',
    instanceId: disk.instanceId ?? '',
    zoneId: disk.zoneId ?? '',
  };
}
