/** Cloud Assistant: commands, invocations and their results. */
import {
  DescribeInvocationResultsRequest,
  DescribeInvocationsRequest,
  DescribeInvocationsRequestTag,
  InvokeCommandRequest,
  InvokeCommandRequestTag,
  RunCommandRequest,
  RunCommandRequestTag,
  StopInvocationRequest,
} from '@alicloud/ecs20140526';
import type {
  DescribeInvocationResultsResponseBody,
  DescribeInvocationsResponseBody,
} from '@alicloud/ecs20140526';
import { sentScript } from '../domain/command-environment';
import type { InvocationState } from '../domain/invocation';
import type { CommandSpec } from '../domain/messages';
import { inChunks, pagesByToken } from './paging';
import type { EcsTransport } from './transport';

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
  /** Of the delivery to OSS; empty where none was asked for. */
  oss: { uri: string; status: string; errorCode: string; errorInfo: string };
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
  /** When it comes; absent: once, now. */
  timing?: { repeatMode: string; frequency?: string };
  /** ECS only checks the call, and refuses it with DryRunOperation where it would have been taken. */
  dryRun?: boolean;
}

export interface CloudAssistantCalls {
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

const STOPS_PER_CALL = 50;
const INVOCATIONS_PER_PAGE = 50;
const RESULTS_PER_PAGE = 50;

export function cloudAssistantCalls(transport: EcsTransport): CloudAssistantCalls {
  return {
    async runCommand(call) {
      const { commandId } = call.command;
      if (commandId !== undefined) {
        const request = invokeCommandRequest(call, commandId);
        const sent = await transport.call('InvokeCommand', call.region, (sdk) => sdk.invokeCommand(request));
        return { invokeId: sent.invokeId ?? '', commandId };
      }
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
            new DescribeInvocationsRequest({
              regionId: region,
              tag,
              maxResults: INVOCATIONS_PER_PAGE,
              nextToken,
            }),
          ),
        ),
      )) {
        found.push(...statesOf(body));
      }
      return found;
    },

    async *invocationPages(region, invokeStatus) {
      const request = (nextToken?: string): DescribeInvocationsRequest =>
        new DescribeInvocationsRequest({
          regionId: region,
          invokeStatus,
          maxResults: INVOCATIONS_PER_PAGE,
          nextToken,
        });
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

/** A saved command has its content, type and name already; everything else is as in RunCommand. */
function invokeCommandRequest(call: RunCommandCall, commandId: string): InvokeCommandRequest {
  const { command } = call;
  return new InvokeCommandRequest({
    regionId: call.region,
    commandId,
    timeout: command.timeoutSeconds,
    workingDir: command.workingDirectory,
    username: command.user,
    ...timingOf(call),
    windowsPasswordName: command.windowsPasswordName,
    ossOutputDelivery: command.ossOutputDelivery,
    parameters: command.parameters,
    instanceId: call.instanceIds,
    clientToken: call.clientToken,
    tag: Object.entries(call.tags).map(([key, value]) => new InvokeCommandRequestTag({ key, value })),
  });
}

function runCommandRequest(call: RunCommandCall): RunCommandRequest {
  const { command } = call;
  return new RunCommandRequest({
    regionId: call.region,
    name: call.name,
    type: command.type,
    commandContent: Buffer.from(sentScript(command), 'utf8').toString('base64'),
    contentEncoding: 'Base64',
    timeout: command.timeoutSeconds,
    workingDir: command.workingDirectory,
    username: command.user,
    ...timingOf(call),
    windowsPasswordName: command.windowsPasswordName,
    ossOutputDelivery: command.ossOutputDelivery,
    enableParameter: usesParameters(command) ? true : undefined,
    parameters: command.parameters,
    instanceId: call.instanceIds,
    clientToken: call.clientToken,
    tag: Object.entries(call.tags).map(([key, value]) => new RunCommandRequestTag({ key, value })),
  });
}

function timingOf({ dryRun, timing }: RunCommandCall): { repeatMode?: string; frequency?: string } {
  return { repeatMode: dryRun ? 'DryRun' : timing?.repeatMode, frequency: timing?.frequency };
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

/** The rows of an answer. */
export function resultsOf(body: DescribeInvocationResultsResponseBody): InvocationResult[] {
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
    oss: {
      uri: row.ossOutputUri ?? '',
      status: row.ossOutputStatus ?? '',
      errorCode: row.ossOutputErrorCode ?? '',
      errorInfo: row.ossOutputErrorInfo ?? '',
    },
  }));
}

/** Without EnableParameter, Cloud Assistant leaves `{{…}}` as it stands, its own `{{ACS::InstanceId}}` and such as well. */
function usesParameters({ content, parameters = {} }: CommandSpec): boolean {
  return Object.keys(parameters).length > 0 || /\{\{\s*ACS::/i.test(content);
}
