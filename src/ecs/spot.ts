/** Spot instances: reading them, the market around them, and launching. */
import {
  CreateSimulatedSystemEventsRequest,
  DescribeAvailableResourceRequest,
  DescribeInstanceRamRoleRequest,
  DescribeInstancesRequest,
  DescribeSpotAdviceRequest,
  DescribeSpotPriceHistoryRequest,
  DescribeUserDataRequest,
  DescribeVSwitchesRequest,
  ListTagResourcesRequest,
  ListTagResourcesRequestTag,
  RunInstancesRequest,
  RunInstancesRequestDataDisk,
  RunInstancesRequestSystemDisk,
  RunInstancesRequestTag,
} from '@alicloud/ecs20140526';
import type { DescribeInstancesResponseBodyInstancesInstance as SdkInstance } from '@alicloud/ecs20140526';
import type { Stock } from '../domain/spot-candidates';
import type { SpotInstance, SpotTag } from '../domain/spot-record';
import type { LaunchRequest } from '../domain/spot-launch';
import { inChunks, pagesByToken } from './paging';
import type { EcsTransport } from './transport';

/** A locked instance as the patrol and the watcher need it. */
export interface LockedInstance {
  instanceId: string;
  status: string;
}

export interface SpotCalls {
  /** By id, 100 a call; instances that do not exist (any more) are absent. */
  describeSpotInstances(region: string, instanceIds: string[]): Promise<SpotInstance[]>;
  /** All instances of the region that are being taken back: one filtered, paged call, whatever the size of the fleet. */
  listRecycling(region: string): Promise<{ instances: LockedInstance[]; calls: number }>;
  /** Base64; empty where there is none. */
  describeUserData(region: string, instanceId: string): Promise<string>;
  describeRamRole(region: string, instanceId: string): Promise<string>;
  /** Ids of instances that carry this tag, each with all its tags. */
  findTaggedInstances(region: string, tag: SpotTag): Promise<{ instanceId: string; tags: SpotTag[] }[]>;
  /** @returns ids of the instances that were made */
  runInstances(
    request: LaunchRequest & { region: string; clientToken: string; password?: string },
  ): Promise<string[]>;
  /** Stock of a type by zone. */
  describeStock(region: string, instanceType: string, spotStrategy: string): Promise<Map<string, Stock>>;
  /** The newest spot price of a type by zone, with the list price. */
  describeSpotPrices(
    region: string,
    instanceType: string,
  ): Promise<Map<string, { spot: number; list: number }>>;
  /** How often instances of a type were taken back lately, by zone: `0-3%` and so on. */
  describeInterruptions(region: string, instanceTypes: string[]): Promise<Map<string, string>>;
  describeVSwitchZones(region: string, vSwitchIds: string[]): Promise<Map<string, string>>;
  /** ECS's own rehearsal of a reclaim, carried out for real. @returns the id of the event */
  simulateInterruption(region: string, instanceId: string, notBefore: string): Promise<string>;
}

const PAGE = 100;
const LOCK = 'Recycling';
const TYPES_PER_CALL = 10;

export function spotCalls(transport: EcsTransport): SpotCalls {
  return {
    async describeSpotInstances(region, instanceIds) {
      const found: SpotInstance[] = [];
      for (const ids of inChunks(instanceIds, PAGE)) {
        const request = new DescribeInstancesRequest({
          regionId: region,
          instanceIds: JSON.stringify(ids),
          maxResults: PAGE,
        });
        const body = await transport.call('DescribeInstances', region, (sdk) =>
          sdk.describeInstances(request),
        );
        found.push(...(body.instances?.instance ?? []).map(instanceOf));
      }
      return found;
    },

    async listRecycling(region) {
      const instances: LockedInstance[] = [];
      let calls = 0;
      for await (const body of pagesByToken((nextToken) => {
        calls += 1;
        const request = { regionId: region, lockReason: LOCK, maxResults: PAGE, nextToken };
        return transport.call('DescribeInstances', region, (sdk) =>
          sdk.describeInstances(new DescribeInstancesRequest(request)),
        );
      })) {
        for (const { instanceId = '', status = '' } of body.instances?.instance ?? [])
          instances.push({ instanceId, status });
      }
      return { instances, calls };
    },

    async describeUserData(region, instanceId) {
      const request = new DescribeUserDataRequest({ regionId: region, instanceId });
      const body = await transport.call('DescribeUserData', region, (sdk) => sdk.describeUserData(request));
      return body.userData ?? '';
    },

    async describeRamRole(region, instanceId) {
      const request = new DescribeInstanceRamRoleRequest({
        regionId: region,
        instanceIds: JSON.stringify([instanceId]),
      });
      const body = await transport.call('DescribeInstanceRamRole', region, (sdk) =>
        sdk.describeInstanceRamRole(request),
      );
      return body.instanceRamRoleSets?.instanceRamRoleSet?.[0]?.ramRoleName ?? '';
    },

    async findTaggedInstances(region, tag) {
      const tags = new Map<string, SpotTag[]>();
      for await (const body of pagesByToken((nextToken) =>
        transport.call('ListTagResources', region, (sdk) =>
          sdk.listTagResources(
            new ListTagResourcesRequest({
              regionId: region,
              resourceType: 'instance',
              tag: [new ListTagResourcesRequestTag(tag)],
              nextToken,
            }),
          ),
        ),
      )) {
        for (const { resourceId = '', tagKey = '', tagValue = '' } of body.tagResources?.tagResource ?? [])
          tags.set(resourceId, [...(tags.get(resourceId) ?? []), { key: tagKey, value: tagValue }]);
      }
      return [...tags].map(([instanceId, all]) => ({ instanceId, tags: all }));
    },

    async runInstances(request) {
      const body = await transport.call('RunInstances', request.region, (sdk) =>
        sdk.runInstances(runInstancesRequest(request)),
      );
      return body.instanceIdSets?.instanceIdSet ?? [];
    },

    async describeStock(region, instanceType, spotStrategy) {
      const request = new DescribeAvailableResourceRequest({
        regionId: region,
        destinationResource: 'InstanceType',
        instanceChargeType: 'PostPaid',
        spotStrategy,
        instanceType,
      });
      const body = await transport.call('DescribeAvailableResource', region, (sdk) =>
        sdk.describeAvailableResource(request),
      );
      const zones = body.availableZones?.availableZone ?? [];
      return new Map(
        zones.map(({ zoneId = '', availableResources }) => {
          const [resource] = (availableResources?.availableResource ?? []).flatMap(
            (each) => each.supportedResources?.supportedResource ?? [],
          );
          return [zoneId, stockOf(resource?.status, resource?.statusCategory)];
        }),
      );
    },

    async describeSpotPrices(region, instanceType) {
      const request = new DescribeSpotPriceHistoryRequest({
        regionId: region,
        networkType: 'vpc',
        instanceType,
      });
      const body = await transport.call('DescribeSpotPriceHistory', region, (sdk) =>
        sdk.describeSpotPriceHistory(request),
      );
      const rows = [...(body.spotPrices?.spotPriceType ?? [])].sort((a, b) =>
        (a.timestamp ?? '').localeCompare(b.timestamp ?? ''),
      );
      return new Map(
        rows.map((row) => [row.zoneId ?? '', { spot: row.spotPrice ?? NaN, list: row.originPrice ?? NaN }]),
      );
    },

    async describeInterruptions(region, instanceTypes) {
      const found = new Map<string, string>();
      for (const types of inChunks(instanceTypes, TYPES_PER_CALL)) {
        const request = new DescribeSpotAdviceRequest({ regionId: region, instanceTypes: types });
        const body = await transport.call('DescribeSpotAdvice', region, (sdk) =>
          sdk.describeSpotAdvice(request),
        );
        for (const { zoneId = '', availableSpotResources } of body.availableSpotZones?.availableSpotZone ??
          [])
          for (const each of availableSpotResources?.availableSpotResource ?? [])
            found.set(`${each.instanceType ?? ''}/${zoneId}`, each.interruptRateDesc ?? '');
      }
      return found;
    },

    async describeVSwitchZones(region, vSwitchIds) {
      const found = new Map<string, string>();
      for (const vSwitchId of vSwitchIds) {
        const request = new DescribeVSwitchesRequest({ regionId: region, vSwitchId });
        const body = await transport.call('DescribeVSwitches', region, (sdk) =>
          sdk.describeVSwitches(request),
        );
        const zoneId = body.vSwitches?.vSwitch?.[0]?.zoneId;
        if (zoneId !== undefined) found.set(vSwitchId, zoneId);
      }
      return found;
    },

    async simulateInterruption(region, instanceId, notBefore) {
      const request = new CreateSimulatedSystemEventsRequest({
        regionId: region,
        instanceId: [instanceId],
        eventType: 'Instance:PreemptibleInstanceInterruption',
        notBefore,
        triggerRealOps: true,
      });
      const body = await transport.call('CreateSimulatedSystemEvents', region, (sdk) =>
        sdk.createSimulatedSystemEvents(request),
      );
      return body.eventIdSet?.eventId?.[0] ?? '';
    },
  };
}

function runInstancesRequest({
  region,
  systemDisk,
  dataDisks,
  tags,
  ...over
}: LaunchRequest & { region: string; clientToken: string; password?: string }): RunInstancesRequest {
  return new RunInstancesRequest({
    ...over,
    regionId: region,
    amount: 1,
    instanceChargeType: 'PostPaid',
    systemDisk:
      systemDisk &&
      new RunInstancesRequestSystemDisk({ ...systemDisk, size: systemDisk.size && String(systemDisk.size) }),
    dataDisk: dataDisks?.map((disk) => new RunInstancesRequestDataDisk(disk)),
    tag: tags.map((tag) => new RunInstancesRequestTag(tag)),
  });
}

function stockOf(status = '', category = ''): Stock {
  if (status === 'SoldOut') return 'none';
  if (status !== 'Available') return 'unknown';
  return category === 'WithStock' ? 'plenty' : 'some';
}

function instanceOf(instance: SdkInstance): SpotInstance {
  const { eipAddress, vpcAttributes } = instance;
  const eip = eipAddress?.allocationId
    ? { eip: { allocationId: eipAddress.allocationId, address: eipAddress.ipAddress ?? '' } }
    : {};
  return {
    instanceId: instance.instanceId ?? '',
    name: instance.instanceName ?? '',
    hostName: instance.hostName ?? '',
    description: instance.description ?? '',
    status: instance.status ?? '',
    locked: (instance.operationLocks?.lockReason ?? []).some(
      ({ lockReason = '' }) => lockReason.toLowerCase() === LOCK.toLowerCase(),
    ),
    osType: instance.OSType ?? '',
    instanceType: instance.instanceType ?? '',
    zoneId: instance.zoneId ?? '',
    vSwitchId: vpcAttributes?.vSwitchId ?? '',
    securityGroupIds: instance.securityGroupIds?.securityGroupId ?? [],
    privateIp: vpcAttributes?.privateIpAddress?.ipAddress?.[0] ?? '',
    hasPublicIp: (instance.publicIpAddress?.ipAddress ?? []).length > 0,
    internetChargeType: instance.internetChargeType ?? '',
    internetMaxBandwidthOut: instance.internetMaxBandwidthOut ?? 0,
    ...eip,
    imageId: instance.imageId ?? '',
    keyPairName: instance.keyPairName ?? '',
    resourceGroupId: instance.resourceGroupId ?? '',
    creditSpecification: instance.creditSpecification ?? '',
    deletionProtection: instance.deletionProtection ?? false,
    httpTokens: instance.metadataOptions?.httpTokens ?? '',
    spotStrategy: instance.spotStrategy ?? '',
    spotPriceLimit: instance.spotPriceLimit ?? 0,
    spotDuration: instance.spotDuration ?? 1,
    spotInterruptionBehavior: instance.spotInterruptionBehavior || 'Terminate',
    tags: (instance.tags?.tag ?? []).map(({ tagKey = '', tagValue = '' }) => ({
      key: tagKey,
      value: tagValue,
    })),
  };
}
