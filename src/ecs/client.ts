/**
 * The typed client: only the calls we use, in our names, every list paged to its end.
 *
 * The one rule: the SDK's model classes and the API's casing stop here. What leaves are the plain objects below.
 */
import {
  DescribeCloudAssistantStatusRequest,
  DescribeInstancesRequest,
  DescribeInvocationResultsRequest,
  DescribeInvocationsRequest,
  ListTagResourcesRequest,
  ListTagResourcesRequestTag,
  RunCommandRequest,
  RunCommandRequestTag,
  StopInvocationRequest,
  DescribeInvocationsRequestTag,
} from '@alicloud/ecs20140526';
import type {
  DescribeInvocationsResponseBody,
  DescribeInvocationResultsResponseBody,
} from '@alicloud/ecs20140526';
import type { InvocationState } from '../domain/invocation';
import type { CommandSpec, TagSelector } from '../domain/messages';
import { pagesByToken } from './paging';
import { EcsTransport } from './transport';
import type { EcsOptions } from './transport';

/** An instance as far as we need it. Status and osType are the API's words. */
export interface EcsInstance {
  instanceId: string;
  name: string;
  status: string;
  osType: string;
  zoneId: string;
}

export interface AgentStatus {
  instanceId: string;
  /** A heartbeat within the last two minutes. */
  alive: boolean;
  /** Empty where the agent does not run. */
  version: string;
  lastHeartbeatAt: string;
}

/** One row of DescribeInvocationResults; `outputBase64` is the output as the API sent it. */
export interface InvocationResult {
  instanceId: string;
  invokeId: string;
  status: string;
  exitCode?: number;
  errorCode: string;
  errorInfo: string;
  startedAt: string;
  finishedAt: string;
  outputBase64: string;
  dropped: number;
}

export interface RunCommandCall {
  region: string;
  instanceIds: string[];
  command: CommandSpec;
  name?: string;
  /** At most 64 ASCII characters; the same for every attempt of one batch. */
  clientToken: string;
  /** Kept on the invocation, so that it can be found again without its id. */
  tags: Record<string, string>;
}

export interface EcsClient {
  /** Instances among `instanceIds` that exist in the region; unknown ones are absent. 100 ids a call. */
  describeInstances(region: string, instanceIds: string[]): Promise<EcsInstance[]>;
  /** Ids of the instances that carry all of `tags`. ListTagResources, because the tag filter of DescribeInstances ends at 1,000. */
  listInstanceIdsByTags(region: string, tags: TagSelector[]): Promise<string[]>;
  /** 50 ids a call. */
  describeAgents(region: string, instanceIds: string[]): Promise<AgentStatus[]>;
  runCommand(call: RunCommandCall): Promise<{ invokeId: string; commandId: string }>;
  /** `undefined` where no record is listed: not visible yet, or purged. */
  describeInvocation(region: string, invokeId: string): Promise<InvocationState | undefined>;
  /** Invocations that carry all of `tags`. */
  findInvocations(region: string, tags: Record<string, string>): Promise<InvocationState[]>;
  /** Pages of at most 50 invocations of the account, newest first (undocumented: check); `status` is one InvokeStatus. */
  invocationPages(region: string, status?: string): AsyncIterable<InvocationState[]>;
  /** Pages of at most 50 rows. */
  invocationResultPages(region: string, invokeId: string): AsyncIterable<InvocationResult[]>;
  /** Stops the invocation on these instances; 50 ids a call. */
  stopInvocation(region: string, invokeId: string, instanceIds: string[]): Promise<void>;
}

const INSTANCES_PER_CALL = 100;
const AGENTS_PER_CALL = 50;
const STOPS_PER_CALL = 50;
const RESULTS_PER_PAGE = 50;

/** The client over the real SDK. One per worker: it holds the quota of its account. */
export function createEcsClient(options: EcsOptions = {}): EcsClient {
  const transport = new EcsTransport(options);
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

    async listInstanceIdsByTags(region, tags) {
      let selected: Set<string> | undefined;
      for (const tag of tags) {
        const ids = await instanceIdsOfTag(transport, region, tag);
        selected = selected === undefined ? ids : new Set([...selected].filter((id) => ids.has(id)));
      }
      return [...(selected ?? [])];
    },

    async describeAgents(region, instanceIds) {
      const agents: AgentStatus[] = [];
      for (const ids of inChunks(instanceIds, AGENTS_PER_CALL)) {
        const request = new DescribeCloudAssistantStatusRequest({
          regionId: region,
          instanceId: ids,
          pageSize: 50,
        });
        const body = await transport.call('DescribeCloudAssistantStatus', region, (sdk) =>
          sdk.describeCloudAssistantStatus(request),
        );
        for (const s of body.instanceCloudAssistantStatusSet?.instanceCloudAssistantStatus ?? []) {
          agents.push({
            instanceId: s.instanceId ?? '',
            alive: s.cloudAssistantStatus === 'true',
            version: s.cloudAssistantVersion ?? '',
            lastHeartbeatAt: s.lastHeartbeatTime ?? '',
          });
        }
      }
      return agents;
    },

    async runCommand(call) {
      const body = await transport.call('RunCommand', call.region, (sdk) =>
        sdk.runCommand(runCommandRequest(call)),
      );
      return { invokeId: body.invokeId ?? '', commandId: body.commandId ?? '' };
    },

    async describeInvocation(region, invokeId) {
      const body = await transport.call('DescribeInvocations', region, (sdk) =>
        sdk.describeInvocations(
          new DescribeInvocationsRequest({ regionId: region, invokeId, maxResults: 50 }),
        ),
      );
      return statesOf(body).find((state) => state.invokeId === invokeId);
    },

    async findInvocations(region, tags) {
      const tag = Object.entries(tags).map(
        ([key, value]) => new DescribeInvocationsRequestTag({ key, value }),
      );
      const found: InvocationState[] = [];
      for await (const body of pagesByToken((nextToken) =>
        transport.call('DescribeInvocations', region, (sdk) =>
          sdk.describeInvocations(
            new DescribeInvocationsRequest({ regionId: region, tag, maxResults: 50, nextToken }),
          ),
        ),
      )) {
        found.push(...statesOf(body));
      }
      return found;
    },

    async *invocationPages(region, invokeStatus) {
      const request = (nextToken?: string): DescribeInvocationsRequest =>
        new DescribeInvocationsRequest({ regionId: region, invokeStatus, maxResults: 50, nextToken });
      for await (const body of pagesByToken((token) =>
        transport.call('DescribeInvocations', region, (sdk) => sdk.describeInvocations(request(token))),
      )) {
        yield statesOf(body);
      }
    },

    async *invocationResultPages(region, invokeId) {
      const request = (nextToken?: string): DescribeInvocationResultsRequest =>
        new DescribeInvocationResultsRequest({
          regionId: region,
          invokeId,
          contentEncoding: 'Base64',
          maxResults: RESULTS_PER_PAGE,
          nextToken,
        });
      for await (const body of pagesByToken(
        (token) =>
          transport.call('DescribeInvocationResults', region, (sdk) =>
            sdk.describeInvocationResults(request(token)),
          ),
        (body) => body.invocation?.nextToken,
      )) {
        yield resultsOf(body);
      }
    },

    async stopInvocation(region, invokeId, instanceIds) {
      for (const ids of inChunks(instanceIds, STOPS_PER_CALL)) {
        await transport.call('StopInvocation', region, (sdk) =>
          sdk.stopInvocation(new StopInvocationRequest({ regionId: region, invokeId, instanceId: ids })),
        );
      }
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

function runCommandRequest(call: RunCommandCall): RunCommandRequest {
  const { command } = call;
  return new RunCommandRequest({
    regionId: call.region,
    name: call.name,
    type: command.type,
    commandContent: Buffer.from(command.content, 'utf8').toString('base64'),
    contentEncoding: 'Base64',
    timeout: command.timeoutSeconds,
    workingDir: command.workingDirectory,
    username: command.user,
    enableParameter:
      command.parameters !== undefined && Object.keys(command.parameters).length > 0 ? true : undefined,
    parameters: command.parameters,
    instanceId: call.instanceIds,
    clientToken: call.clientToken,
    tag: Object.entries(call.tags).map(([key, value]) => new RunCommandRequestTag({ key, value })),
  });
}

function statesOf(body: DescribeInvocationsResponseBody): InvocationState[] {
  return (body.invocations?.invocation ?? []).map((invocation) => ({
    invokeId: invocation.invokeId ?? '',
    status: invocation.invocationStatus ?? '',
    legacyStatus: invocation.invokeStatus ?? '',
    createdAt: invocation.creationTime ?? '',
    instances: (invocation.invokeInstances?.invokeInstance ?? []).map((instance) => ({
      instanceId: instance.instanceId ?? '',
      status: instance.invocationStatus ?? instance.instanceInvokeStatus ?? '',
    })),
  }));
}

function resultsOf(body: DescribeInvocationResultsResponseBody): InvocationResult[] {
  return (body.invocation?.invocationResults?.invocationResult ?? []).map((row) => ({
    instanceId: row.instanceId ?? '',
    invokeId: row.invokeId ?? '',
    status: row.invocationStatus ?? row.invokeRecordStatus ?? '',
    exitCode: row.exitCode,
    errorCode: row.errorCode ?? '',
    errorInfo: row.errorInfo ?? '',
    startedAt: row.startTime ?? '',
    finishedAt: row.finishedTime ?? '',
    outputBase64: row.output ?? '',
    dropped: row.dropped ?? 0,
  }));
}

/** Consecutive pieces of at most `size`. */
export function inChunks<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let start = 0; start < items.length; start += size) chunks.push(items.slice(start, start + size));
  return chunks;
}
