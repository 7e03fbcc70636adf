/** System events, and what answering one needs: the instance behind it, its reboot, its disks and their snapshots. */
import {
  CancelSimulatedSystemEventsRequest,
  CreateSimulatedSystemEventsRequest,
  CreateSnapshotRequest,
  CreateSnapshotRequestTag,
  DescribeDisksRequest,
  DescribeInstanceHistoryEventsRequest,
  DescribeInstancesRequest,
  DescribeSnapshotsRequest,
  RebootInstanceRequest,
} from '@alicloud/ecs20140526';
import type {
  DescribeInstanceHistoryEventsResponseBodyInstanceSystemEventSetInstanceSystemEventType as SdkEvent,
  DescribeInstancesResponseBodyInstancesInstance as SdkInstance,
} from '@alicloud/ecs20140526';
import type { EventInstance, SystemEvent } from '../domain/system-event';
import { EVENT_STATUSES, OPEN_EVENT_STATUSES } from '../domain/system-event';
import { inChunks, pagesByToken } from './paging';
import type { EcsTransport } from './transport';

export interface SystemEventCalls {
  /** Open events (Scheduled, Inquiring, Executing) of the region: one paged call, whatever the size of the fleet. */
  listOpenEvents(region: string): Promise<SystemEvent[]>;
  /** Events of any status that finished or were published within `[from, to]`, ISO times; at most 30 days back. */
  listEventHistory(region: string, from: string, to: string): Promise<SystemEvent[]>;
  /** Events by id, of any status; 100 a call. Unknown ids are absent. */
  describeEvents(region: string, eventIds: string[]): Promise<SystemEvent[]>;
  /** By id, 100 a call; instances that do not exist (any more) are absent. */
  describeEventInstances(region: string, instanceIds: string[]): Promise<Map<string, EventInstance>>;
  /** `undefined` where the instance does not exist (any more). */
  describeEventInstance(region: string, instanceId: string): Promise<EventInstance | undefined>;
  /** No ClientToken: never call it again without having looked. */
  rebootInstance(region: string, instanceId: string): Promise<void>;
  listDiskIds(region: string, instanceId: string): Promise<string[]>;
  createSnapshot(call: {
    region: string;
    diskId: string;
    name: string;
    clientToken: string;
  }): Promise<string>;
  /** Status by id: progressing, accomplished, failed. Unknown ids are absent; 100 a call. */
  describeSnapshots(region: string, snapshotIds: string[]): Promise<Map<string, string>>;
  /** Raises a simulated event; the API's own way to rehearse. @returns its id */
  createSimulatedEvent(call: {
    region: string;
    instanceId: string;
    type: string;
    notBefore: string;
  }): Promise<string>;
  cancelSimulatedEvent(region: string, eventId: string): Promise<void>;
}

const IDS_PER_CALL = 100;
const PAGE = 100;

export function systemEventCalls(transport: EcsTransport): SystemEventCalls {
  const history = async (region: string, over: Record<string, unknown>): Promise<SystemEvent[]> => {
    const found: SystemEvent[] = [];
    for await (const body of pagesByToken((nextToken) =>
      transport.call('DescribeInstanceHistoryEvents', region, (sdk) =>
        sdk.describeInstanceHistoryEvents(
          new DescribeInstanceHistoryEventsRequest({
            regionId: region,
            maxResults: PAGE,
            nextToken,
            ...over,
          }),
        ),
      ),
    )) {
      found.push(...(body.instanceSystemEventSet?.instanceSystemEventType ?? []).map(eventOf));
    }
    return found;
  };

  const describeEventInstances = async (
    region: string,
    instanceIds: string[],
  ): Promise<Map<string, EventInstance>> => {
    const found = new Map<string, EventInstance>();
    for (const ids of inChunks(instanceIds, IDS_PER_CALL)) {
      const request = new DescribeInstancesRequest({
        regionId: region,
        instanceIds: JSON.stringify(ids),
        maxResults: PAGE,
      });
      const body = await transport.call('DescribeInstances', region, (sdk) => sdk.describeInstances(request));
      for (const instance of body.instances?.instance ?? [])
        found.set(instance.instanceId ?? '', instanceOf(instance));
    }
    return found;
  };

  return {
    listOpenEvents: (region) => history(region, { instanceEventCycleStatus: [...OPEN_EVENT_STATUSES] }),

    listEventHistory: (region, start, end) =>
      history(region, { instanceEventCycleStatus: [...EVENT_STATUSES], eventPublishTime: { start, end } }),

    async describeEvents(region, eventIds) {
      const found: SystemEvent[] = [];
      for (const eventId of inChunks(eventIds, IDS_PER_CALL)) {
        found.push(...(await history(region, { instanceEventCycleStatus: [...EVENT_STATUSES], eventId })));
      }
      return found;
    },

    describeEventInstances,

    describeEventInstance: async (region, instanceId) =>
      (await describeEventInstances(region, [instanceId])).get(instanceId),

    async rebootInstance(region, instanceId) {
      await transport.call('RebootInstance', region, (sdk) =>
        sdk.rebootInstance(new RebootInstanceRequest({ instanceId })),
      );
    },

    async listDiskIds(region, instanceId) {
      const ids: string[] = [];
      for await (const body of pagesByToken((nextToken) =>
        transport.call('DescribeDisks', region, (sdk) =>
          sdk.describeDisks(
            new DescribeDisksRequest({ regionId: region, instanceId, maxResults: PAGE, nextToken }),
          ),
        ),
      )) {
        ids.push(...(body.disks?.disk ?? []).map((disk) => disk.diskId ?? ''));
      }
      return ids;
    },

    async createSnapshot({ region, diskId, name, clientToken }) {
      const tag = [new CreateSnapshotRequestTag({ key: 'steward', value: 'system-event' })];
      const request = new CreateSnapshotRequest({ diskId, snapshotName: name, clientToken, tag });
      const body = await transport.call('CreateSnapshot', region, (sdk) => sdk.createSnapshot(request));
      return body.snapshotId ?? '';
    },

    async describeSnapshots(region, snapshotIds) {
      const found = new Map<string, string>();
      for (const ids of inChunks(snapshotIds, IDS_PER_CALL)) {
        const request = new DescribeSnapshotsRequest({
          regionId: region,
          snapshotIds: JSON.stringify(ids),
          maxResults: PAGE,
        });
        const body = await transport.call('DescribeSnapshots', region, (sdk) =>
          sdk.describeSnapshots(request),
        );
        for (const snapshot of body.snapshots?.snapshot ?? [])
          found.set(snapshot.snapshotId ?? '', snapshot.status ?? '');
      }
      return found;
    },

    async createSimulatedEvent({ region, instanceId, type, notBefore }) {
      const request = new CreateSimulatedSystemEventsRequest({
        regionId: region,
        instanceId: [instanceId],
        eventType: type,
        notBefore,
      });
      const body = await transport.call('CreateSimulatedSystemEvents', region, (sdk) =>
        sdk.createSimulatedSystemEvents(request),
      );
      return body.eventIdSet?.eventId?.[0] ?? '';
    },

    async cancelSimulatedEvent(region, eventId) {
      await transport.call('CancelSimulatedSystemEvents', region, (sdk) =>
        sdk.cancelSimulatedSystemEvents(
          new CancelSimulatedSystemEventsRequest({ regionId: region, eventId: [eventId] }),
        ),
      );
    },
  };
}

function instanceOf(instance: SdkInstance): EventInstance {
  return {
    instanceId: instance.instanceId ?? '',
    name: instance.instanceName ?? '',
    status: instance.status ?? '',
    osType: instance.OSType ?? '',
    tags: (instance.tags?.tag ?? []).map((tag) => ({ key: tag.tagKey ?? '', value: tag.tagValue ?? '' })),
    addresses: [
      ...(instance.vpcAttributes?.privateIpAddress?.ipAddress ?? []),
      ...(instance.publicIpAddress?.ipAddress ?? []),
    ],
  };
}

function eventOf(event: SdkEvent): SystemEvent {
  return {
    eventId: event.eventId ?? '',
    instanceId: event.instanceId ?? '',
    type: event.eventType?.name ?? '',
    status: event.eventCycleStatus?.name ?? '',
    notBefore: event.notBefore ?? '',
    publishedAt: event.eventPublishTime ?? '',
    finishedAt: event.eventFinishTime ?? '',
    reason: event.reason ?? '',
  };
}
