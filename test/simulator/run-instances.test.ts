/**
 * RunInstances refuses what the service refuses, with its code, and creates exactly what was asked for.
 */
import { QUICK, useSimulator } from './support/simulated';

const sim = useSimulator({ durations: QUICK, throttling: false });
const IMAGE = 'aliyun_3_x64_20G_alibase_20240528.vhd';
const BASE = { ImageId: IMAGE, InstanceType: 'ecs.g7.large' };
const ZONE = 'cn-hangzhou-i';

interface Row {
  readonly InstanceId: string;
  readonly InstanceName: string;
  readonly ZoneId: string;
}
const run = async (params: Record<string, string>): Promise<string[]> => {
  const answer = await sim().ok('RunInstances', { ...BASE, ...params });
  return (answer['InstanceIdSets'] as { InstanceIdSet: string[] }).InstanceIdSet;
};
const rows = async (ids: readonly string[]): Promise<Row[]> => {
  const answer = await sim().ok('DescribeInstances', { InstanceIds: JSON.stringify(ids), PageSize: '100' });
  return (answer['Instances'] as { Instance: Row[] }).Instance;
};
const tooMany = Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`Tag.${i + 1}.Key`, `k${i}`]));

test.each([
  ['no region', { RegionId: '' }, '400 MissingRegionId'],
  ['an unknown region', { RegionId: 'cn-atlantis' }, '404 InvalidRegionId.NotFound'],
  ['no image', { ImageId: '' }, '400 MissingParameter'],
  ['an unknown image', { ImageId: 'm-unknown' }, '404 InvalidImageId.NotFound'],
  ['an unknown type', { InstanceType: 'ecs.unknown' }, '400 InvalidInstanceType.ValueNotSupported'],
  [
    'a type of another architecture',
    { InstanceType: 'ecs.c8y.large' },
    '403 InvalidInstanceType.NotSupported',
  ],
  ['an unknown zone', { ZoneId: 'cn-hangzhou-z' }, '404 InvalidZoneId.NotFound'],
  ['an unknown switch', { VSwitchId: 'vsw-x' }, '404 InvalidVSwitchId.NotFound'],
  ['an unknown group', { SecurityGroupId: 'sg-x' }, '404 InvalidSecurityGroupId.NotFound'],
  ['an unknown template', { LaunchTemplateId: 'lt-x' }, '404 InvalidLaunchTemplate.NotFound'],
  ['amount 0', { Amount: '0' }, '403 InvalidParam.Amount'],
  ['amount 101', { Amount: '101' }, '403 InvalidParam.Amount'],
  ['no number as amount', { Amount: 'many' }, '403 InvalidParam.Amount'],
  ['a least amount over the amount', { Amount: '1', MinAmount: '2' }, '400 InvalidMinAmount.Malformed'],
  ['a short name', { InstanceName: 'x' }, '400 InvalidInstanceName.Malformed'],
  ['a name that is an address', { InstanceName: 'http://x' }, '400 InvalidInstanceName.Malformed'],
  ['a weak password', { Password: 'weakweak' }, '400 InvalidPassword.Malformed'],
  ['user data that is not Base64', { UserData: '#!/bin/sh' }, '400 InvalidUserData.SizeExceeded'],
  ['user data over 32 KB', { UserData: 'A'.repeat(44_000) }, '400 InvalidUserData.SizeExceeded'],
  ['an unknown spot strategy', { SpotStrategy: 'SpotCheap' }, '400 InvalidSpotStrategy'],
  [
    'a price with four decimals',
    { SpotStrategy: 'SpotWithPriceLimit', SpotPriceLimit: '0.0001' },
    '400 InvalidSpotPriceLimit',
  ],
  ['a price limit without a price', { SpotStrategy: 'SpotWithPriceLimit' }, '400 InvalidSpotPriceLimit'],
  [
    'spot as a subscription',
    { SpotStrategy: 'SpotAsPriceGo', InstanceChargeType: 'PrePaid' },
    '400 InvalidSpotPrepaid',
  ],
  ['two protected hours', { SpotStrategy: 'SpotAsPriceGo', SpotDuration: '2' }, '400 InvalidSpotDuration'],
  ['an unknown behaviour', { SpotInterruptionBehavior: 'Vanish' }, '400 InvalidSpotInterruptionBehavior'],
  [
    'a disk smaller than the image',
    { 'SystemDisk.Size': '10' },
    '400 InvalidSystemDiskSize.LessThanImageSize',
  ],
  [
    'a release in ten minutes',
    { AutoReleaseTime: new Date(Date.now() + 600_000).toISOString().replace(/\.\d+/, '') },
    '400 InvalidAutoReleaseTime.Malformed',
  ],
  ['a tag twice', { 'Tag.1.Key': 'a', 'Tag.2.Key': 'a' }, '400 Duplicate.TagKey'],
  ['a reserved tag', { 'Tag.1.Key': 'acs:x' }, '400 InvalidTagKey.Malformed'],
  ['an address as a tag', { 'Tag.1.Key': 'a', 'Tag.1.Value': 'http://x' }, '400 InvalidTagValue.Malformed'],
  ['21 tags', tooMany, '400 InvalidTagCount'],
  ['a long ClientToken', { ClientToken: 'x'.repeat(65) }, '400 InvalidClientToken.ValueNotSupported'],
])('%s is refused and creates nothing', async (_what, params, code) => {
  await sim().control.mark('refused');
  expect(await sim().fails('RunInstances', { ...BASE, ...params })).toBe(code);
  expect(await sim().control.effects('instance.created', { sinceMark: 'refused' })).toEqual([]);
});

test('required parameters are reported before malformed ones', async () => {
  expect(await sim().fails('RunInstances', { RegionId: '', Amount: 'many' })).toBe('400 MissingRegionId');
});

test.each([
  ['web-[3,2]', undefined, ['web-03', 'web-04', 'web-05']],
  ['web-[98,2]-x', undefined, ['web-98-x', 'web-99-x', 'web-100-x']],
  ['plain', 'true', ['plain001', 'plain002', 'plain003']],
  ['plain', undefined, ['plain', 'plain', 'plain']],
])('the name %s with UniqueSuffix %s becomes %s', async (InstanceName, UniqueSuffix, names) => {
  const suffix: Record<string, string> = UniqueSuffix === undefined ? {} : { UniqueSuffix };
  const ids = await run({ InstanceName, Amount: '3', ...suffix });
  expect((await rows(ids)).map((row) => row.InstanceName)).toEqual(names);
});

test('stock: all or nothing, and with MinAmount what fits', async () => {
  const { control } = sim();
  const stock = { zoneId: ZONE, instanceType: 'ecs.g7.xlarge' };
  const wanted = { ZoneId: ZONE, InstanceType: 'ecs.g7.xlarge', Amount: '5' };
  await control.setStock({ ...stock, stock: 3 });
  expect(await sim().fails('RunInstances', { ...BASE, ...wanted })).toBe('403 OperationDenied.NoStock');
  expect(await sim().fails('RunInstances', { ...BASE, ...wanted, MinAmount: '4' })).toBe(
    '403 OperationDenied.NoStock',
  );
  const made = await run({ ...wanted, MinAmount: '2' });
  expect(made).toHaveLength(3);
  expect((await rows(made)).every((row) => row.ZoneId === ZONE)).toBe(true);
  expect(await sim().fails('RunInstances', { ...BASE, ...wanted, Amount: '1' })).toBe(
    '403 OperationDenied.NoStock',
  );
  await control.setStock({ ...stock, stock: null });
});

test('a private address is used once and free again after the release', async () => {
  const [row] = await rows(await run({ ZoneId: ZONE }));
  const [instance] = (await sim().control.instances()).filter(
    ({ instanceId }) => instanceId === row?.InstanceId,
  );
  const wanted = { ZoneId: ZONE, PrivateIpAddress: instance?.privateIp ?? '' };
  expect(await sim().fails('RunInstances', { ...BASE, ...wanted })).toBe('400 InvalidIPAddress.AlreadyUsed');
  await sim().control.removeInstance(instance?.instanceId ?? '');
  expect(await run(wanted)).toHaveLength(1);
});

test('DryRun creates nothing', async () => {
  await sim().control.mark('dry');
  expect(await sim().fails('RunInstances', { ...BASE, DryRun: 'true' })).toBe('400 DryRunOperation');
  expect(await sim().control.effects('instance.created', { sinceMark: 'dry' })).toEqual([]);
});
