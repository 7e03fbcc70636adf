/** Timed commands of Cloud Assistant: what is listed of them, each occurrence, and stopping them as a whole. */
import {
  DescribeInvocationResultsRequest,
  DescribeInvocationsRequest,
  DescribeInvocationsRequestTag,
  StopInvocationRequest,
} from '@alicloud/ecs20140526';
import type { DescribeInvocationsResponseBodyInvocationsInvocation } from '@alicloud/ecs20140526';
import type { TimedInvocation } from '../domain/timed-lines';
import { resultsOf } from './cloud-assistant';
import type { InvocationResult } from './cloud-assistant';
import { pagesByToken } from './paging';
import type { EcsTransport } from './transport';

/** Which timed invocations; one of these. */
export type TimedQuery = { repeatMode: string } | { tags: Record<string, string> } | { invokeId: string };

export interface TimedCommandCalls {
  /** Pages of at most 50, those of RepeatMode Once left out. */
  timedPages(region: string, query: TimedQuery): AsyncIterable<TimedInvocation[]>;
  /** Every occurrence on every instance, or on one, in pages of at most 50. */
  occurrencePages(region: string, invokeId: string, instanceId?: string): AsyncIterable<InvocationResult[]>;
  /** Stops it on all of its instances. */
  stopWholeInvocation(region: string, invokeId: string): Promise<void>;
}

const PAGE = 50;

export function timedCommandCalls(transport: EcsTransport): TimedCommandCalls {
  return {
    async *timedPages(region, query) {
      const { tags, ...plain } = 'tags' in query ? query : { ...query, tags: undefined };
      const tag =
        tags && Object.entries(tags).map(([key, value]) => new DescribeInvocationsRequestTag({ key, value }));
      const request = (nextToken?: string): DescribeInvocationsRequest =>
        new DescribeInvocationsRequest({
          ...{ regionId: region, contentEncoding: 'Base64', maxResults: PAGE, nextToken, tag },
          ...plain,
        });
      for await (const body of pagesByToken((token) =>
        transport.call('DescribeInvocations', region, (sdk) => sdk.describeInvocations(request(token))),
      )) {
        const all = body.invocations?.invocation ?? [];
        yield all.map(timedOf).filter(({ repeatMode }) => repeatMode !== 'Once' && repeatMode !== '');
      }
    },

    async *occurrencePages(region, invokeId, instanceId) {
      const request = (nextToken?: string): DescribeInvocationResultsRequest =>
        new DescribeInvocationResultsRequest({
          ...{ regionId: region, invokeId, instanceId, includeHistory: true },
          ...{ contentEncoding: 'Base64', maxResults: PAGE, nextToken },
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

    async stopWholeInvocation(region, invokeId) {
      const request = new StopInvocationRequest({ regionId: region, invokeId });
      await transport.call('StopInvocation', region, (sdk) => sdk.stopInvocation(request));
    },
  };
}

function timedOf(listed: DescribeInvocationsResponseBodyInvocationsInvocation): TimedInvocation {
  const invokeId = listed.invokeId ?? '';
  const tags = (listed.tags?.tag ?? []).map(({ tagKey = '', tagValue = '' }) => [tagKey, tagValue]);
  return {
    invokeId,
    commandName: listed.commandName ?? '',
    type: listed.commandType ?? '',
    content: Buffer.from(listed.commandContent ?? '', 'base64').toString('utf8'),
    timeoutSeconds: listed.timeout ?? 60,
    repeatMode: listed.repeatMode ?? '',
    frequency: listed.frequency ?? '',
    status: listed.invocationStatus ?? listed.invokeStatus ?? '',
    createdAt: listed.creationTime ?? '',
    active: listed.timed ?? false,
    tags: Object.fromEntries(tags) as Record<string, string>,
    instances: (listed.invokeInstances?.invokeInstance ?? []).map((instance) => ({
      instanceId: instance.instanceId ?? '',
      invokeId,
      status: instance.invocationStatus ?? instance.instanceInvokeStatus ?? '',
      occurrences: instance.repeats ?? 0,
      stoppedAt: instance.stopTime ?? '',
      ...(instance.exitCode === undefined ? {} : { exitCode: instance.exitCode }),
      ...(instance.errorCode ? { errorCode: instance.errorCode } : {}),
      ...(instance.startTime ? { startedAt: instance.startTime } : {}),
    })),
  };
}
