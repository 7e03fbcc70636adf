/** Instances and their tags: reading them, every list to its end. */
import {
  DescribeInstancesRequest,
  ListTagResourcesRequest,
  ListTagResourcesRequestTag,
} from '@alicloud/ecs20140526';
import type { TagSelector } from '../domain/messages';
import { inChunks, pagesByToken } from './paging';
import type { EcsTransport } from './transport';

/** An instance as far as we need it. Status and osType are the API's words. */
export interface EcsInstance {
  instanceId: string;
  name: string;
  status: string;
  osType: string;
  zoneId: string;
}

export interface InstanceCalls {
  /** Instances among `instanceIds` that exist in the region; unknown ones are absent. 100 ids a call. */
  describeInstances(region: string, instanceIds: string[]): Promise<EcsInstance[]>;
  /** Ids of every instance of the region, or of one resource group; its own filter would end at 1,000. */
  listInstanceIds(region: string, resourceGroupId?: string): Promise<string[]>;
  /** Ids of the instances that carry all of `tags`. ListTagResources, because the tag filter of DescribeInstances ends at 1,000. */
  listInstanceIdsByTags(region: string, tags: TagSelector[]): Promise<string[]>;
}

const INSTANCES_PER_CALL = 100;

export function instanceCalls(transport: EcsTransport): InstanceCalls {
  return {
    async describeInstances(region, instanceIds) {
      const found: EcsInstance[] = [];
      for (const ids of inChunks(instanceIds, INSTANCES_PER_CALL)) {
        const request = (nextToken?: string): DescribeInstancesRequest =>
          new DescribeInstancesRequest({
            regionId: region,
            instanceIds: JSON.stringify(ids),
            maxResults: 100,
            nextToken,
          });
        for await (const body of pagesByToken((token) =>
          transport.call('DescribeInstances', region, (sdk) => sdk.describeInstances(request(token))),
        )) {
          for (const i of body.instances?.instance ?? []) {
            found.push({
              instanceId: i.instanceId ?? '',
              name: i.instanceName ?? '',
              status: i.status ?? '',
              osType: i.OSType ?? '',
              zoneId: i.zoneId ?? '',
            });
          }
        }
      }
      return found;
    },

    async listInstanceIds(region, resourceGroupId) {
      const ids: string[] = [];
      const request = (nextToken?: string): DescribeInstancesRequest =>
        new DescribeInstancesRequest({ regionId: region, maxResults: INSTANCES_PER_CALL, nextToken });
      for await (const body of pagesByToken((token) =>
        transport.call('DescribeInstances', region, (sdk) => sdk.describeInstances(request(token))),
      )) {
        for (const { instanceId, resourceGroupId: group } of body.instances?.instance ?? [])
          if (instanceId && (resourceGroupId === undefined || group === resourceGroupId))
            ids.push(instanceId);
      }
      return ids;
    },

    async listInstanceIdsByTags(region, tags) {
      let selected: Set<string> | undefined;
      for (const tag of tags) {
        const ids = await instanceIdsOfTag(transport, region, tag);
        selected = selected === undefined ? ids : new Set([...selected].filter((id) => ids.has(id)));
      }
      return [...(selected ?? [])];
    },
  };
}

async function instanceIdsOfTag(
  transport: EcsTransport,
  region: string,
  tag: TagSelector,
): Promise<Set<string>> {
  const ids = new Set<string>();
  const filter = [new ListTagResourcesRequestTag({ key: tag.key, value: tag.value })];
  for await (const body of pagesByToken((nextToken) =>
    transport.call('ListTagResources', region, (sdk) =>
      sdk.listTagResources(
        new ListTagResourcesRequest({ regionId: region, resourceType: 'instance', tag: filter, nextToken }),
      ),
    ),
  )) {
    for (const row of body.tagResources?.tagResource ?? []) {
      // The answer may carry the other tags of a matching resource too.
      const matches = row.tagKey === tag.key && (tag.value === undefined || row.tagValue === tag.value);
      if (matches && row.resourceId) ids.add(row.resourceId);
    }
  }
  return ids;
}
