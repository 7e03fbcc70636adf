import * as Models from '@alicloud/ecs20140526';
import { codeOf, REGION, useAssistant } from './support/assistant';
import type { Result } from './support/assistant';

const on = useAssistant({ instances: 1 });

let windows = '';
beforeAll(async () => {
  const images = await on().sdk.describeImages(
    new Models.DescribeImagesRequest({ regionId: REGION, OSType: 'windows' }),
  );
  const [image] = images.body?.images?.image ?? [];
  expect(image).toMatchObject({ OSType: 'windows', platform: 'Windows Server 2022' });
  const made = await on().sdk.runInstances(
    new Models.RunInstancesRequest({
      regionId: REGION,
      imageId: image?.imageId,
      instanceType: 'ecs.g7.large',
      securityGroupId: await groupId(),
      vSwitchId: await switchId(),
    }),
  );
  windows = made.body?.instanceIdSets?.instanceIdSet?.[0] ?? '';
});

async function groupId(): Promise<string> {
  const request = new Models.DescribeSecurityGroupsRequest({ regionId: REGION });
  const { body } = await on().sdk.describeSecurityGroups(request);
  return body?.securityGroups?.securityGroup?.[0]?.securityGroupId ?? '';
}

async function switchId(): Promise<string> {
  const body = await on().ok('DescribeVSwitches');
  const { VSwitch } = body['VSwitches'] as { VSwitch: { VSwitchId: string }[] };
  return VSwitch[0]?.VSwitchId ?? '';
}

async function run(commandContent: string, over: object = {}): Promise<Result> {
  const type = 'RunPowerShellScript';
  const { invokeId } = await on().run(commandContent, { type, instanceId: [windows], ...over });
  const [row] = await on().ended(invokeId);
  return row as Result;
}

describe('a Windows instance', () => {
  it('comes from a Windows image and says what it is', async () => {
    const request = new Models.DescribeInstancesRequest({
      regionId: REGION,
      instanceIds: JSON.stringify([windows]),
    });
    const [instance] = (await on().sdk.describeInstances(request)).body?.instances?.instance ?? [];
    expect(instance).toMatchObject({
      OSType: 'windows',
      OSNameEn: expect.stringContaining('Windows Server 2022'),
    });
  });

  it('takes the two Windows types, as System, and tells when it was started', async () => {
    expect(await run('Write-Output hello')).toMatchObject({ invocationStatus: 'Success', output: 'hello\n' });
    expect((await run('ver', { type: 'RunBatScript' })).output).toContain('Microsoft Windows');
    expect((await run('whoami')).output).toBe('system\n');
    const boot = await run('(Get-CimInstance Win32_OperatingSystem).LastBootUpTime.Ticks');
    expect(boot.output).toMatch(/^63\d{16}\r\n$/);
  });

  it.each([
    ['RunShellScript', () => [windows]],
    ['RunPowerShellScript', () => [...on().instanceIds]],
    ['RunBatScript', () => [...on().instanceIds, windows]],
  ])('and %s on the other system: the whole call is refused', async (type, ids) => {
    expect(await codeOf(on().run('true', { type, instanceId: ids() }))).toBe('400 InvalidInstance.NotMatch');
  });
});

describe('a user on Windows', () => {
  const user = 'Administrator';

  it('needs the name of a password that exists: the row says so', async () => {
    const wrong = { invocationStatus: 'Error', errorCode: 'ExecutionException' };
    expect(await run('whoami', { username: user })).toMatchObject({
      ...wrong,
      errorInfo: expect.stringContaining('UsernameOrPasswordInvalid: a user other than System needs'),
    });
    expect(await run('whoami', { username: user, windowsPasswordName: 'mine' })).toMatchObject({
      ...wrong,
      errorInfo: expect.stringContaining('no such password'),
    });
    await on().control.setSecret({ name: 'mine', exists: true });
    expect(await run('whoami', { username: user, windowsPasswordName: 'mine' })).toMatchObject({
      invocationStatus: 'Success',
      username: user,
      output: `${user}\n`,
    });
    await on().control.setSecret({ name: 'mine', exists: false });
  });

  it('who does not exist is told as on Linux; System needs no password', async () => {
    expect(await run('whoami', { username: 'nobody' })).toMatchObject({
      invocationStatus: 'Invalid',
      errorCode: 'AccountNotExists',
    });
    expect(await run('whoami', { username: 'System' })).toMatchObject({ invocationStatus: 'Success' });
  });

  it('without a password is refused at the call by the switch', async () => {
    await on().control.setSwitches({ windowsPassword: 'reject' });
    const send = (over: object): Promise<string> =>
      codeOf(on().run('whoami', { type: 'RunPowerShellScript', instanceId: [windows], ...over }));
    expect(await send({ username: user })).toBe('400 MissingParam.WindowsPasswordName');
    expect(await send({ username: user, windowsPasswordName: 'mine' })).toBe(
      '404 InvalidWindowsPasswordName.NotFound',
    );
    expect(await send({ username: user, windowsPasswordName: 'axtSecretPassword' })).toBe('OK');
    await on().control.setSwitches({ windowsPassword: 'row' });
  });
});
