import * as Models from '@alicloud/ecs20140526';
import { assist, codeOf, REGION, useAssistant } from './support/assistant';
import { until } from './support/simulated';

describe('a command', () => {
  const on = useAssistant();

  it('runs on every instance and tells output, exit code and times', async () => {
    const { invokeId, commandId } = await on().run('hostname; exit 0');
    expect(invokeId).toMatch(/^t-[a-z0-9]+$/);
    expect(commandId).toMatch(/^c-[a-z0-9]+$/);
    const rows = await on().ended(invokeId);
    expect(rows.map((row) => row.instanceId)).toEqual(on().instanceIds);
    for (const row of rows) {
      expect(row).toMatchObject({
        invokeId,
        commandId,
        invocationStatus: 'Success',
        invokeRecordStatus: 'Finished',
      });
      expect(row).toMatchObject({
        exitCode: 0,
        errorCode: '',
        errorInfo: '',
        dropped: 0,
        repeats: 1,
        stopTime: '',
      });
      expect(row.output).toMatch(/^iZ\w+\n$/);
      expect(row.startTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(Date.parse(row.finishedTime ?? '')).toBeGreaterThanOrEqual(Date.parse(row.startTime ?? ''));
    }
  });

  it('answers in Base64 unless plain text is asked for', async () => {
    const { invokeId } = await on().run('echo grüße');
    await on().ended(invokeId);
    const [row] = await on().results(invokeId, { contentEncoding: undefined });
    expect(Buffer.from(row?.output ?? '', 'base64').toString()).toBe('grüße\n');
    const { commandContent } = await on().invocation(invokeId);
    expect(Buffer.from(commandContent ?? '', 'base64').toString()).toBe('echo grüße');
    expect((await on().invocation(invokeId, { contentEncoding: 'plaintext' })).commandContent).toBe(
      'echo grüße',
    );
  });

  it('that exits with another code has failed, and finished in the older words', async () => {
    const { invokeId } = await on().run('echo no; exit 3');
    for (const row of await on().ended(invokeId))
      expect(row).toMatchObject({
        invocationStatus: 'Failed',
        invokeRecordStatus: 'Finished',
        exitCode: 3,
        errorCode: 'ExitCodeNonzero',
        output: 'no\n',
      });
    const whole = await on().invocation(invokeId);
    expect(whole).toMatchObject({ invocationStatus: 'Failed', invokeStatus: 'Finished', parameters: '{}' });
  });

  it('that takes too long times out at start plus Timeout, without an exit code', async () => {
    const { invokeId } = await on().run('echo begun; sleep 100', { timeout: 1 });
    const [row] = await on().ended(invokeId);
    expect(row).toMatchObject({
      invocationStatus: 'Timeout',
      invokeRecordStatus: 'Failed',
      errorCode: 'ExecutionTimeout',
      output: 'begun\n',
    });
    expect(row?.exitCode).toBeUndefined();
    expect(Date.parse(row?.finishedTime ?? '') - Date.parse(row?.startTime ?? '')).toBeLessThanOrEqual(1_000);
  });

  it('has no exit code and no finish before its end', async () => {
    const { invokeId } = await on().run('sleep 60');
    const [row] = await until(
      () => on().results(invokeId),
      ([first]) => first?.invocationStatus === 'Running',
    );
    expect(row).toMatchObject({ finishedTime: '', stopTime: '', repeats: 1 });
    expect(row?.exitCode).toBeUndefined();
    expect(await on().invocation(invokeId)).toMatchObject({
      invocationStatus: 'Running',
      invokeStatus: 'Running',
    });
  });

  it('that failed on some has failed in part', async () => {
    const [bad = ''] = on().instanceIds;
    await on().control.scriptAnswers({ id: 'part', content: 'partly', instanceId: bad, exitCode: 1 });
    const { invokeId } = await on().run('echo partly');
    await on().ended(invokeId);
    expect(await on().invocation(invokeId)).toMatchObject({
      invocationStatus: 'PartialFailed',
      invokeStatus: 'Finished',
    });
    await on().control.clearAnswers('part');
  });

  it('runs as the account and in the directory it names, and says when there is none', async () => {
    const row = async (over: object) => (await on().ended((await on().run('whoami; pwd', over)).invokeId))[0];
    expect(await row({ username: 'ecs-user', workingDir: '/tmp' })).toMatchObject({
      output: 'ecs-user\n/tmp\n',
      username: 'ecs-user',
    });
    expect(await row({ username: 'nobody-knows' })).toMatchObject({
      invocationStatus: 'Invalid',
      errorCode: 'AccountNotExists',
      invokeRecordStatus: 'Failed',
    });
    expect(await row({ workingDir: '/nope' })).toMatchObject({
      invocationStatus: 'Invalid',
      errorCode: 'DirectoryNotExists',
    });
  });

  it('takes Base64 content when it says so, and plain text for any other encoding', async () => {
    const content = Buffer.from('echo decoded').toString('base64');
    const output = async (contentEncoding: string, text: string) =>
      (await on().ended((await on().run(text, { contentEncoding })).invokeId))[0]?.output;
    expect(await output('base64', content)).toBe('decoded\n');
    expect(await output('rot13', 'echo plain')).toBe('plain\n');
  });

  it('puts parameters in: given, built-in, and empty where not given; without regard to case', async () => {
    const content =
      'echo {{ Greeting }}-{{missing}}-{{ACS::InstanceId}}-{{acs::regionid}}-{{ACS::InvokeId}}-{{ACS::CommandId}}';
    const { invokeId, commandId } = await on().run(content, {
      enableParameter: true,
      parameters: { greeting: 'hi' },
    });
    for (const row of await on().ended(invokeId))
      expect(row.output).toBe(`hi--${row.instanceId}-${REGION}-${invokeId}-${commandId}\n`);
    expect((await on().invocation(invokeId)).parameters).toBe('{"greeting":"hi"}');
  });

  it('leaves braces alone when parameters are not enabled', async () => {
    const { invokeId } = await on().run("echo '{{ACS::InstanceId}} {{.Names}}'");
    expect((await on().ended(invokeId))[0]?.output).toBe('{{ACS::InstanceId}} {{.Names}}\n');
  });

  it('sent twice with one ClientToken is one invocation', async () => {
    await on().control.mark('token');
    const over = { clientToken: 'token-1' };
    const first = await on().run('echo once', over);
    expect(await on().run('echo once', over)).toEqual(first);
    expect(await codeOf(on().run('echo twice', over))).toBe('403 IdempotentParameterMismatch');
    expect(await on().control.effects('invocation.created', { sinceMark: 'token' })).toHaveLength(1);
  });

  it('writes each start and end into the ledger, so that what ran at a time can be told', async () => {
    await on().control.mark('ledger');
    const { invokeId } = await on().run('echo seen; exit 2');
    await on().ended(invokeId);
    const effects = await on().control.effects(undefined, { sinceMark: 'ledger' });
    const of = (name: string) => effects.filter((effect) => effect.effect === name);
    expect(of('invocation.created')).toMatchObject([{ resourceId: invokeId, detail: { instances: 3 } }]);
    expect(
      of('command.started')
        .map((effect) => effect.resourceId)
        .sort(),
    ).toEqual([...on().instanceIds].sort());
    for (const { detail } of of('command.finished'))
      expect(detail).toMatchObject({ invokeId, status: 'Failed', exitCode: 2 });
    expect(of('command.finished')).toHaveLength(3);
  });

  it('reaches the instances that carry a tag', async () => {
    const [first = '', second = ''] = on().instanceIds;
    for (const id of [first, second]) await on().control.updateInstance(id, { tags: { role: 'web' } });
    const { invokeId } = await on().run('true', { resourceTag: [{ key: 'role', value: 'web' }] });
    expect((await on().ended(invokeId)).map((row) => row.instanceId).sort()).toEqual([first, second].sort());
  });
});

describe('delivery', () => {
  it('to a stopped instance ends Aborted; the switch refuses the call instead', async () => {
    const on = await assist({ instances: [{ status: 'Stopped' }, {}] });
    const rows = await on.ended((await on.run('true')).invokeId);
    expect(rows.map((row) => row.invocationStatus)).toEqual(['Aborted', 'Success']);
    expect(rows[0]).toMatchObject({
      errorCode: 'InstanceNotRunning',
      startTime: '',
      invokeRecordStatus: 'Failed',
    });
    expect(rows[0]?.exitCode).toBeUndefined();
    await on.control.setSwitches({ commandOnStopped: 'reject' });
    expect(await codeOf(on.run('true'))).toBe('403 IncorrectInstanceStatus');
    await on.close();
  });

  it('without an agent ends Aborted, and says so', async () => {
    const on = await assist({ instances: [{ agent: { installed: false } }, { agent: { enabled: false } }] });
    for (const row of await on.ended((await on.run('true')).invokeId))
      expect(row).toMatchObject({ invocationStatus: 'Aborted', errorCode: 'ClientNotRunning' });
    await on.close();
  });

  it('waits for a guest that is on its way up', async () => {
    const on = await assist({
      instances: [{ status: 'Stopped' }],
      durations: { starting: 150, agentBoot: 150 },
    });
    await on.ok('StartInstance', { InstanceId: on.instanceIds[0] ?? '' });
    const [row] = await on.ended((await on.run('echo up')).invokeId);
    expect(row).toMatchObject({ invocationStatus: 'Success', output: 'up\n' });
    await on.close();
  });

  it.each([
    ['StopInstance', 'ExecutionInterrupted'],
    ['RebootInstance', 'ExecutionInterrupted'],
    ['DeleteInstance', 'InstanceReleased'],
  ])('is undone by %s: what ran ends Error with %s', async (action, errorCode) => {
    const on = await assist({ instances: 1 });
    const { invokeId } = await on.run('echo partial; sleep 60');
    await until(
      () => on.results(invokeId),
      ([row]) => row?.invocationStatus === 'Running',
    );
    const force: Record<string, string> =
      action === 'DeleteInstance' ? { Force: 'true', ForceStop: 'true' } : {};
    await on.ok(action, { InstanceId: on.instanceIds[0] ?? '', ...force });
    const [row] = await on.ended(invokeId);
    expect(row).toMatchObject({
      invocationStatus: 'Error',
      errorCode,
      invokeRecordStatus: 'Failed',
      output: 'partial\n',
    });
    expect(row?.exitCode).toBeUndefined();
    await on.close();
  });

  it('takes the time of the provider, which fast time divides', async () => {
    const on = await assist({ instances: 1, time: { kind: 'driven' }, durations: { delivery: 5_000 } });
    const { invokeId } = await on.run('sleep 30');
    const status = async () => (await on.results(invokeId))[0]?.invocationStatus;
    expect(await status()).toBe('Pending');
    await on.control.advance(5_000);
    expect(await status()).toBe('Running');
    await on.control.advance(30_000);
    expect(await status()).toBe('Success');
    await on.close();
  });

  it.each([
    'ClientNotResponse',
    'DeliveryTimeout',
    'ClientIsUpgrading',
    'ClientNeedUpgrade',
    'SecurityGroupRuleDenied',
    'ExecutionException',
    'CommandNotApplicable',
  ] as const)('can be scripted to fail with %s', async (error) => {
    const on = await assist({ instances: 1 });
    await on.control.scriptAnswers({ error });
    const [row] = await on.ended((await on.run('true')).invokeId);
    expect(row?.errorCode).toBe(error);
    expect(row?.errorInfo).not.toBe('');
    expect(['Aborted', 'Error', 'Invalid']).toContain(row?.invocationStatus);
    await on.close();
  });
});

test('a kept command is sent again with InvokeCommand, with its own or other settings', async () => {
  const on = await assist();
  const created = await on.sdk.createCommand(
    new Models.CreateCommandRequest({
      regionId: REGION,
      name: 'n',
      type: 'RunShellScript',
      commandContent: Buffer.from('echo {{who}}; pwd').toString('base64'),
      enableParameter: true,
      timeout: 30,
      workingDir: '/tmp',
    }),
  );
  const commandId = created.body?.commandId;
  const invoke = async (over: object): Promise<string> => {
    const request = { regionId: REGION, commandId, instanceId: [...on.instanceIds], ...over };
    return (await on.sdk.invokeCommand(new Models.InvokeCommandRequest(request))).body?.invokeId ?? '';
  };
  const plain = await invoke({ parameters: { who: 'me' } });
  expect((await on.ended(plain))[0]?.output).toBe('me\n/tmp\n');
  expect(await on.invocation(plain)).toMatchObject({ timeout: 30, workingDir: '/tmp', commandName: 'n' });
  const other = await invoke({ workingDir: '/var', timeout: 20 });
  expect((await on.ended(other))[0]?.output).toBe('\n/var\n');
  expect(await on.invocation(other)).toMatchObject({ timeout: 20, workingDir: '/var' });
  await on.close();
});
