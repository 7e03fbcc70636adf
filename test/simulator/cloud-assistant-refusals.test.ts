import * as Models from '@alicloud/ecs20140526';
import { codeOf, REGION, useAssistant } from './support/assistant';

const on = useAssistant();

const linux = (): string[] => [...on().instanceIds];
const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `i-${index}`);

describe('other actions refuse', () => {
  const request = { regionId: REGION };
  const call: [what: string, code: string, make: () => Promise<unknown>][] = [
    [
      'InvokeCommand of nothing',
      '404 InvalidCmdId.NotFound',
      () =>
        on().sdk.invokeCommand(
          new Models.InvokeCommandRequest({ ...request, commandId: 'c-none', instanceId: linux() }),
        ),
    ],
    [
      'InvokeCommand without a command',
      '400 MissingCommandId',
      () => on().sdk.invokeCommand(new Models.InvokeCommandRequest(request)),
    ],
    [
      'InvokeCommand with a Timeout below 10',
      '400 InvalidParameter.Timeout',
      () =>
        on().sdk.invokeCommand(
          new Models.InvokeCommandRequest({ ...request, commandId: 'c-none', timeout: 9 }),
        ),
    ],
    [
      'CreateCommand without a name',
      '400 MissingName',
      () =>
        on().sdk.createCommand(
          new Models.CreateCommandRequest({ ...request, type: 'RunShellScript', commandContent: 'eA==' }),
        ),
    ],
    [
      'CreateCommand with plain text that is no Base64',
      '403 CmdContent.DecodeError',
      () =>
        on().sdk.createCommand(
          new Models.CreateCommandRequest({
            ...request,
            name: 'n',
            type: 'RunShellScript',
            commandContent: 'echo a; echo b',
          }),
        ),
    ],
    [
      'DeleteCommand of nothing',
      '404 InvalidCmdId.NotFound',
      () => on().sdk.deleteCommand(new Models.DeleteCommandRequest({ ...request, commandId: 'c-none' })),
    ],
    [
      'ModifyCommand of nothing',
      '404 InvalidCmdId.NotFound',
      () => on().sdk.modifyCommand(new Models.ModifyCommandRequest({ ...request, commandId: 'c-none' })),
    ],
    [
      'StopInvocation of nothing',
      '404 InvalidInvokeId.NotFound',
      () => on().sdk.stopInvocation(new Models.StopInvocationRequest({ ...request, invokeId: 't-none' })),
    ],
    [
      'StopInvocation of more than 50',
      '403 InstanceIds.ExceedLimit',
      () =>
        on().sdk.stopInvocation(
          new Models.StopInvocationRequest({ ...request, invokeId: 't-none', instanceId: many(51) }),
        ),
    ],
    [
      'InstallCloudAssistant on nothing',
      '400 MissingParam.InstanceId',
      () => on().sdk.installCloudAssistant(new Models.InstallCloudAssistantRequest(request)),
    ],
    [
      'InstallCloudAssistant of an unknown instance',
      '404 InvalidInstance.NotFound',
      () =>
        on().sdk.installCloudAssistant(
          new Models.InstallCloudAssistantRequest({ ...request, instanceId: ['i-none'] }),
        ),
    ],
    [
      'the agent of an unknown instance',
      '404 InvalidInstance.NotFound',
      () =>
        on().sdk.describeCloudAssistantStatus(
          new Models.DescribeCloudAssistantStatusRequest({ ...request, instanceId: ['i-none'] }),
        ),
    ],
    [
      'more than 50 agents',
      '403 InstanceIds.ExceedLimit',
      () =>
        on().sdk.describeCloudAssistantStatus(
          new Models.DescribeCloudAssistantStatusRequest({ ...request, instanceId: many(51) }),
        ),
    ],
    [
      'output of everything',
      '400 MissingParam.InvokeId',
      () =>
        on().sdk.describeInvocations(
          new Models.DescribeInvocationsRequest({ ...request, includeOutput: true }),
        ),
    ],
    [
      'history of everything',
      '400 MissingParam.InvokeId',
      () =>
        on().sdk.describeInvocationResults(
          new Models.DescribeInvocationResultsRequest({ ...request, includeHistory: true }),
        ),
    ],
    [
      'a page of zero',
      '403 InvalidParam.PageNumber',
      () =>
        on().sdk.describeInvocations(new Models.DescribeInvocationsRequest({ ...request, pageNumber: 0 })),
    ],
    [
      'a page of 51',
      '403 InvalidParam.PageSize',
      () =>
        on().sdk.describeInvocationResults(
          new Models.DescribeInvocationResultsRequest({ ...request, pageSize: 51 }),
        ),
    ],
    [
      'a token of nobody',
      '400 InvalidNextToken',
      () =>
        on().sdk.describeCommands(
          new Models.DescribeCommandsRequest({
            ...request,
            nextToken: 'bm9uc2Vuc2Ugbm9uc2Vuc2Ugbm9uc2Vuc2U',
            maxResults: 10,
          }),
        ),
    ],
  ];

  it.each(call)('%s with %s', async (_, code, make) => {
    expect(await codeOf(make())).toBe(code);
  });
});
