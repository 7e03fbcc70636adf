/** Starting and stopping instances in batches, and what one has to know of them for that. */
import { DescribeInstancesRequest, StartInstancesRequest, StopInstancesRequest } from '@alicloud/ecs20140526';
import type { DescribeInstancesResponseBodyInstancesInstance as SdkInstance } from '@alicloud/ecs20140526';
import type { FleetInstance } from '../domain/by-tag';
import { inChunks, pagesByToken } from './paging';
import type { EcsTransport } from './transport';

/** One row of a batch answer: `200`, or the code of the refusal. */
export interface BatchRow {
  instanceId: string;
  code: string;
  message: string;
}

export interface LifecycleCalls {
  /** By id, 100 a call; instances that do not exist (any more) are absent. */
  describeFleet(region: string, instanceIds: string[]): Promise<FleetInstance[]>;
  /** At most 100 ids. No ClientToken: look before a second call. SuccessFirst: the good ones start whatever the others do. */
  startInstances(region: string, instanceIds: string[]): Promise<BatchRow[]>;
  stopInstances(
    region: string,
    instanceIds: string[],
    how: { stoppedMode: string; force: boolean },
  ): Promise<BatchRow[]>;
}

const IDS_PER_CALL = 100;
const SUCCESS_FIRST = 'SuccessFirst';

export function lifecycleCalls(transport: EcsTransport): LifecycleCalls {
  return {
    async describeFleet(region, instanceIds) {
      const found: FleetInstance[] = [];
      for (const ids of inChunks(instanceIds, IDS_PER_CALL)) {
        const request = (nextToken?: string): DescribeInstancesRequest =>
          new DescribeInstancesRequest({
            regionId: region,
            instanceIds: JSON.stringify(ids),
            maxResults: IDS_PER_CALL,
            nextToken,
          });
        for await (const body of pagesByToken((token) =>
          transport.call('DescribeInstances', region, (sdk) => sdk.describeInstances(request(token))),
        ))
          found.push(...(body.instances?.instance ?? []).map(fleetInstanceOf));
      }
      return found;
    },

    async startInstances(regionId, instanceId) {
      const request = new StartInstancesRequest({ regionId, instanceId, batchOptimization: SUCCESS_FIRST });
      const body = await transport.call('StartInstances', regionId, (sdk) => sdk.startInstances(request));
      return rowsOf(body.instanceResponses?.instanceResponse);
    },

    async stopInstances(regionId, instanceId, { stoppedMode, force }) {
      const request = new StopInstancesRequest({
        regionId,
        instanceId,
        batchOptimization: SUCCESS_FIRST,
        stoppedMode,
        forceStop: force ? true : undefined,
      });
      const body = await transport.call('StopInstances', regionId, (sdk) => sdk.stopInstances(request));
      return rowsOf(body.instanceResponses?.instanceResponse);
    },
  };
}

function rowsOf(rows: { instanceId?: string; code?: string; message?: string }[] = []): BatchRow[] {
  return rows.map(({ instanceId = '', code = '', message = '' }) => ({ instanceId, code, message }));
}

function fleetInstanceOf(instance: SdkInstance): FleetInstance {
  return {
    instanceId: instance.instanceId ?? '',
    name: instance.instanceName ?? '',
    status: instance.status ?? '',
    stoppedMode: instance.stoppedMode ?? '',
    chargeType: instance.instanceChargeType ?? '',
    instanceType: instance.instanceType ?? '',
    zoneId: instance.zoneId ?? '',
    osType: instance.OSType ?? '',
    localDisks: (instance.localStorageAmount ?? 0) > 0,
    staticPublicIp: (instance.publicIpAddress?.ipAddress ?? []).length > 0,
    startedAt: instance.startTime ?? '',
    tags: (instance.tags?.tag ?? []).map((tag) => ({ key: tag.tagKey ?? '', value: tag.tagValue ?? '' })),
  };
}
