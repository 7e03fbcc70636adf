import * as Models from '@alicloud/ecs20140526';
import { assist, codeOf, REGION, useAssistant } from './support/assistant';
import type { Assistant } from './support/assistant';
import { until } from './support/simulated';

const CONTENT = 'echo {{name}}';

async function create(on: Assistant, over: object = {}): Promise<string> {
  const commandContent = Buffer.from(CONTENT).toString('base64');
  const request = {
    regionId: REGION,
    name: 'greet',
    type: 'RunShellScript',
    commandContent,
    enableParameter: true,
    ...over,
  };
  return (await on.sdk.createCommand(new Models.CreateCommandRequest(request))).body?.commandId ?? '';
}

async function list(on: Assistant, over: object = {}) {
  const { body } = await on.sdk.describeCommands(
    new Models.DescribeCommandsRequest({ regionId: REGION, ...over }),
  );
  return body?.commands?.command ?? [];
}

describe('a command', () => {
  const on = useAssistant();

  it('is kept with all that was said of it', async () => {
    const commandId = await create(on(), {
      description: 'says hello',
      timeout: 90,
      workingDir: '/tmp',
      tag: [{ key: 'team', value: 'a' }],
    });
    const [row] = await list(on(), { commandId, contentEncoding: 'PlainText' });
    expect(row).toMatchObject({
      commandId,
      name: 'greet',
      description: 'says hello',
      type: 'RunShellScript',
      commandContent: CONTENT,
      timeout: 90,
      workingDir: '/tmp',
      enableParameter: true,
      invokeTimes: 0,
      provider: 'User',
    });
    expect(row?.parameterNames?.parameterName).toEqual(['name']);
    expect(row?.tags?.tag).toMatchObject([{ tagKey: 'team', tagValue: 'a' }]);
  });

  it('is Base64 unless it says PlainText, whatever else it says', async () => {
    const content = async (over: object) =>
      (await list(on(), { commandId: await create(on(), over), contentEncoding: 'PlainText' }))[0]
        ?.commandContent;
    expect(await content({ contentEncoding: 'PlainText', commandContent: 'echo plain' })).toBe('echo plain');
    expect(await content({ contentEncoding: 'rot13' })).toBe(CONTENT);
  });

  it('is found by id, name with *, type and tag', async () => {
    const special = await create(on(), { name: 'special-one', tag: [{ key: 'find', value: 'me' }] });
    const found = async (over: object) => (await list(on(), over)).map((row) => row.commandId);
    for (const over of [
      { commandId: special },
      { name: 'special-one' },
      { name: 'spec*' },
      { tag: [{ key: 'find' }] },
    ])
      expect(await found(over)).toEqual([special]);
    expect(await found({ name: 'special' })).toEqual([]);
    expect(await found({ type: 'RunBatScript' })).toEqual([]);
    expect(await found({ provider: 'AlibabaCloud' })).toEqual([]);
  });

  it('can be changed, but for its content', async () => {
    const commandId = await create(on());
    const change = { regionId: REGION, commandId, name: 'other', timeout: 11, commandContent: 'ZWNobw==' };
    await on().sdk.modifyCommand(new Models.ModifyCommandRequest(change));
    const [row] = await list(on(), { commandId, contentEncoding: 'PlainText' });
    expect(row).toMatchObject({ name: 'other', timeout: 11, commandContent: CONTENT });
  });

  it('cannot be deleted while it runs, and is gone afterwards', async () => {
    const commandId = await create(on(), {
      contentEncoding: 'PlainText',
      commandContent: 'sleep 600',
      enableParameter: false,
    });
    const request = { regionId: REGION, commandId };
    const invoke = new Models.InvokeCommandRequest({
      ...request,
      instanceId: [...on().instanceIds],
      timeout: 3_600,
    });
    const invokeId = (await on().sdk.invokeCommand(invoke)).body?.invokeId ?? '';
    const remove = () => codeOf(on().sdk.deleteCommand(new Models.DeleteCommandRequest(request)));
    expect(await remove()).toBe('403 Operation.Forbidden');
    const running = () => on().invocation(invokeId);
    await until(running, (found) => found.invocationStatus === 'Running');
    for (const id of on().instanceIds) await on().ok('RebootInstance', { InstanceId: id });
    await on().ended(invokeId);
    expect(await remove()).toBe('OK');
    expect(await list(on(), { commandId })).toEqual([]);
    expect(await remove()).toBe('404 InvalidCmdId.NotFound');
    expect((await on().invocation(invokeId, { contentEncoding: 'PlainText' })).commandContent).toBe(
      'sleep 600',
    );
  });

  it('of RunCommand is gone after the run unless it was to be kept', async () => {
    const passing = await on().run('true');
    const kept = await on().run('true', { keepCommand: true, name: 'kept' });
    await on().ended(passing.invokeId);
    await on().ended(kept.invokeId);
    expect(await list(on(), { commandId: passing.commandId })).toEqual([]);
    expect(await list(on(), { commandId: kept.commandId })).toMatchObject([{ name: 'kept', invokeTimes: 1 }]);
    const byCommand = new Models.DescribeInvocationsRequest({
      regionId: REGION,
      commandId: passing.commandId,
    });
    expect((await on().sdk.describeInvocations(byCommand)).body?.totalCount).toBe(1);
  });
});

test('a region holds 500 kept commands and no more', async () => {
  const on = await assist({ instances: 0 });
  for (let count = 0; count < 500; count += 1)
    on.simulation.assistant.createCommand({ ...DRAFT, name: `n${count}` });
  expect(await codeOf(create(on))).toBe('403 CmdCount.ExceedQuota');
  expect((await list(on, { pageSize: 50 })).length).toBe(50);
  await on.close();
});

const DRAFT = {
  regionId: REGION,
  type: 'RunShellScript' as const,
  content: Buffer.from('true'),
  enableParameter: false,
  parameterNames: [],
  resourceGroupId: '',
  tags: new Map<string, string>(),
  kept: true,
  description: '',
  timeout: 60,
  workingDir: '',
  launcher: '',
};

describe('an agent', () => {
  const status = async (on: Assistant, over: object = {}) => {
    const request = new Models.DescribeCloudAssistantStatusRequest({ regionId: REGION, ...over });
    const { body } = await on.sdk.describeCloudAssistantStatus(request);
    return body?.instanceCloudAssistantStatusSet?.instanceCloudAssistantStatus ?? [];
  };

  it('that is in contact says true, its version and its last heartbeat', async () => {
    const on = await assist({ instances: 12 });
    await on.ended((await on.run('true')).invokeId);
    const rows = await status(on, { instanceId: [...on.instanceIds] });
    expect(rows).toHaveLength(12);
    for (const row of rows)
      expect(row).toMatchObject({
        cloudAssistantStatus: 'true',
        cloudAssistantVersion: expect.stringMatching(/^\d+\./) as string,
        OSType: 'Linux',
        invocationCount: 1,
        activeTaskCount: 0,
      });
    expect(await status(on)).toHaveLength(10);
    expect(await status(on, { OSType: 'Windows' })).toEqual([]);
    await on.close();
  });

  it('is missed two minutes after its guest has gone', async () => {
    const on = await assist({ instances: 1, time: { kind: 'driven' } });
    await on.ok('StopInstance', { InstanceId: on.instanceIds[0] ?? '' });
    await on.control.advance(60_000);
    expect(await status(on)).toMatchObject([{ cloudAssistantStatus: 'true' }]);
    await on.control.advance(120_000);
    expect(await status(on)).toMatchObject([{ cloudAssistantStatus: 'false', cloudAssistantVersion: '' }]);
    await on.close();
  });

  it('that is installed works after the next start', async () => {
    const on = await assist({
      instances: [{ agent: { installed: false } }],
      durations: { deliveryTimeout: 20 },
    });
    const [id = ''] = on.instanceIds;
    const outcome = async () => (await on.ended((await on.run('true')).invokeId))[0]?.errorCode;
    expect(await outcome()).toBe('ClientNotRunning');
    await on.sdk.installCloudAssistant(
      new Models.InstallCloudAssistantRequest({ regionId: REGION, instanceId: [id] }),
    );
    expect(await outcome()).toBe('ClientNotRunning');
    await on.ok('RebootInstance', { InstanceId: id });
    expect(await outcome()).toBe('');
    await on.close();
  });
});
