/**
 * Lists: every filter finds what it names, both paging styles reach every row once, clamps and caps are the
 * documented ones.
 */
import fc from 'fast-check';
import { useSimulator } from './support/simulated';

const NEVER = { durations: { pending: 1e9 } };
const sim = useSimulator({
  ...NEVER,
  instances: [
    {
      instanceId: 'i-linux',
      name: 'web-1',
      tags: new Map([
        ['env', 'prod'],
        ['team', 'a'],
      ]),
    },
    {
      instanceId: 'i-windows',
      name: 'web-2',
      osType: 'windows',
      tags: new Map([['env', 'prod']]),
      zoneId: 'cn-hangzhou-i',
    },
    {
      instanceId: 'i-stopped',
      name: 'db',
      status: 'Stopped',
      resourceGroupId: 'rg-1',
      instanceType: 'ecs.r7.large',
    },
    {
      instanceId: 'i-spot',
      name: 'spot*',
      spotStrategy: 'SpotAsPriceGo',
      keyPairName: 'kp',
      bandwidthOut: 1,
    },
    { instanceId: 'i-prepaid', name: 'old', chargeType: 'PrePaid', tags: new Map([['env', 'test']]) },
    ...Array.from({ length: 42 }, (_, i) => ({ instanceId: `i-many${i}`, regionId: 'cn-beijing' })),
  ],
});

interface Row {
  readonly InstanceId: string;
  readonly VpcAttributes: {
    readonly VSwitchId: string;
    readonly VpcId: string;
    readonly PrivateIpAddress: { readonly IpAddress: string[] };
  };
}
const list = async (params: Record<string, string>): Promise<Row[]> =>
  ((await sim().ok('DescribeInstances', params))['Instances'] as { Instance: Row[] }).Instance;
const ids = async (params: Record<string, string>): Promise<string[]> =>
  (await list(params)).map((row) => row.InstanceId);

test.each([
  ['InstanceIds', { InstanceIds: '["i-stopped", "i-linux", "i-none"]' }, ['i-linux', 'i-stopped']],
  ['Status', { Status: 'Stopped' }, ['i-stopped']],
  ['a name', { InstanceName: 'web-1' }, ['i-linux']],
  ['a name with *', { InstanceName: 'we*-*' }, ['i-linux', 'i-windows']],
  ['a name that looks like a pattern', { InstanceName: 'w.b-1' }, []],
  ['one tag', { 'Tag.1.Key': 'env', 'Tag.1.Value': 'prod' }, ['i-linux', 'i-windows']],
  ['a tag key alone', { 'Tag.3.Key': 'env' }, ['i-linux', 'i-windows', 'i-prepaid']],
  ['two tags together', { 'Tag.1.Key': 'env', 'Tag.1.Value': 'prod', 'Tag.12.Key': 'team' }, ['i-linux']],
  ['a zone', { ZoneId: 'cn-hangzhou-i' }, ['i-windows']],
  ['a type', { InstanceType: 'ecs.r7.large' }, ['i-stopped']],
  ['a family', { InstanceTypeFamily: 'ecs.r7' }, ['i-stopped']],
  ['a charge type', { InstanceChargeType: 'PrePaid' }, ['i-prepaid']],
  ['a resource group', { ResourceGroupId: 'rg-1' }, ['i-stopped']],
  ['a key pair', { KeyPairName: 'kp' }, ['i-spot']],
  ['another network', { VpcId: 'vpc-x' }, []],
  ['a classic network', { InstanceNetworkType: 'classic' }, []],
  [
    'a time of creation to come',
    { 'Filter.1.Key': 'CreationStartTime', 'Filter.1.Value': '2199-01-01T00:00Z' },
    [],
  ],
])('DescribeInstances by %s', async (_what, params, found) => {
  expect(await ids(params)).toEqual(found);
});

test('DescribeInstances by what only the instance itself tells', async () => {
  const [row] = await list({ InstanceIds: '["i-spot"]' });
  const vpc = row?.VpcAttributes;
  expect(await ids({ PrivateIpAddresses: JSON.stringify(vpc?.PrivateIpAddress.IpAddress) })).toEqual([
    'i-spot',
  ]);
  expect(await ids({ VSwitchId: vpc?.VSwitchId ?? '', VpcId: vpc?.VpcId ?? '' })).toContain('i-spot');
});

test.each([
  ['a status', { Status: 'running' }, '404 InvalidStatus.NotFound'],
  ['a charge type', { InstanceChargeType: 'Free' }, '404 InvalidInstanceChargeType.NotFound'],
  ['a network type', { InstanceNetworkType: 'x' }, '404 InvalidNetworkType.NotFound'],
  ['a filter', { 'Filter.1.Key': 'Mood', 'Filter.1.Value': 'x' }, '404 InvalidFilterKey.NotFound'],
  ['a tag without its key', { 'Tag.1.Value': 'x' }, '400 InvalidTag.Mismatch'],
  ['ids that are not JSON', { InstanceIds: 'i-linux' }, '400 InvalidInstanceIds.Malformed'],
  ['101 ids', { InstanceIds: JSON.stringify(Array(101).fill('i')) }, '400 InvalidInstanceIds.Malformed'],
])('%s that nobody knows is refused', async (_what, params, code) => {
  expect(await sim().fails('DescribeInstances', params)).toBe(code);
});

test.each([
  [{ PageSize: '100' }, 42],
  [{ PageSize: '1' }, 1],
  [{}, 10],
  [{ MaxResults: '3' }, 10],
  [{ MaxResults: '25' }, 25],
  [{ MaxResults: '1000' }, 42],
])('with %j a page has %i rows', async (params, rows) => {
  expect(await ids({ RegionId: 'cn-beijing', ...(params as Record<string, string>) })).toHaveLength(rows);
});

test('every row is seen once, whatever the page size and style', async () => {
  const all = await ids({ RegionId: 'cn-beijing', PageSize: '100' });
  const property = fc.asyncProperty(fc.integer({ min: 1, max: 50 }), fc.boolean(), async (size, byToken) => {
    expect(await (byToken ? allByToken(size) : allByNumber(size))).toEqual(all);
  });
  await fc.assert(property, { numRuns: 20 });
});

async function allByNumber(size: number): Promise<string[]> {
  const seen: string[] = [];
  for (let page = 1; ; page += 1) {
    const rows = await ids({ RegionId: 'cn-beijing', PageNumber: String(page), PageSize: String(size) });
    if (rows.length === 0) return seen;
    seen.push(...rows);
  }
}

async function allByToken(size: number, NextToken = ''): Promise<string[]> {
  const params: Record<string, string> = {
    RegionId: 'cn-beijing',
    MaxResults: String(size),
    ...(NextToken === '' ? {} : { NextToken }),
  };
  const answer = await sim().ok('DescribeInstances', params);
  const rows = (answer['Instances'] as { Instance: Row[] }).Instance.map((row) => row.InstanceId);
  const next = answer['NextToken'] as string;
  return next === '' ? rows : [...rows, ...(await allByToken(size, next))];
}

test('a token is opaque, bound to its filters and cannot be made up', async () => {
  const first = await sim().ok('DescribeInstances', { RegionId: 'cn-beijing', MaxResults: '10' });
  const NextToken = first['NextToken'] as string;
  const bad = '400 InvalidNextToken';
  expect(
    await sim().fails('DescribeInstances', { RegionId: 'cn-beijing', NextToken, Status: 'Running' }),
  ).toBe(bad);
  expect(await sim().fails('DescribeInstances', { RegionId: 'cn-hangzhou', NextToken })).toBe(bad);
  const made = { RegionId: 'cn-beijing', NextToken: 'AAAA' };
  expect(await sim().fails('DescribeInstances', made)).toBe(bad);
  await sim().control.setSwitches({ badNextToken: 'InvalidParameter' });
  expect(await sim().fails('DescribeInstances', made)).toBe('400 InvalidParameter');
  await sim().control.setSwitches({ badNextToken: 'InvalidNextToken' });
  expect(
    await sim().fails('DescribeInstances', { RegionId: 'cn-beijing', NextToken, MaxResults: '20' }),
  ).toBe('200 OK');
});

test.each([
  ['DescribeInstances', 'empty', ''],
  ['DescribeDisks', 'empty', ''],
  ['DescribeCommands', 'absent', undefined],
  ['DescribeInstanceStatus', 'empty', undefined],
] as const)(
  'by number too %s has a NextToken where it knows tokens at all (%s)',
  async (action, lastNextToken, token) => {
    await sim().control.setSwitches({ lastNextToken });
    const answer = await sim().ok(action, { PageNumber: '1' });
    expect([answer['NextToken'], 'NextToken' in answer]).toEqual([token, token !== undefined]);
    await sim().control.setSwitches({ lastNextToken: 'empty' });
  },
);

test.each([
  ['a GPU', { MinimumGPUAmount: '1' }, 'ecs.gn6i-c4g1.xlarge ecs.gn7i-c8g1.2xlarge'],
  ['one GPU', { GPUSpec: 'NVIDIA T4' }, 'ecs.gn6i-c4g1.xlarge'],
  ['one of two GPUs', { 'GpuSpecs.1': 'NVIDIA T4', 'GpuSpecs.2': 'None' }, 'ecs.gn6i-c4g1.xlarge'],
  ['local disks', { MinimumLocalStorageAmount: '2' }, 'ecs.d2s.5xlarge'],
  ['a kind', { InstanceCategory: 'Big data' }, 'ecs.d2s.5xlarge'],
  ['a kind of disk', { LocalStorageCategory: 'local_ssd_pro' }, 'ecs.i3.xlarge ecs.i2.xlarge'],
  [
    'credits and a size',
    { InstanceFamilyLevel: 'CreditEntryLevel', MaximumCpuCoreCount: '1', MinimumMemorySize: '1.5' },
    'ecs.t5-lc1m2.small',
  ],
  [
    'an architecture',
    { 'CpuArchitectures.1': 'ARM', InstanceTypeFamily: 'ecs.g8y', MinimumCpuCoreCount: '32' },
    'ecs.g8y.8xlarge',
  ],
  ['queue pairs', { MinimumQueuePairNumber: '1' }, ''],
])('the types with %s', async (_what, params, types) => {
  const answer = await sim().ok('DescribeInstanceTypes', params);
  const { InstanceType: rows } = answer['InstanceTypes'] as { InstanceType: { InstanceTypeId: string }[] };
  expect(rows.map((row) => row.InstanceTypeId).join(' ')).toBe(types);
});

test.each([
  ['DescribeDisks', { EnableAutoSnapshot: 'true', MultiAttach: 'Disabled', EnableShared: 'false' }, 5],
  ['DescribeDisks', { EnableAutoSnapshot: 'false' }, 0],
  ['DescribeDisks', { MultiAttach: 'Enabled' }, 0],
  ['DescribeDisks', { EnableShared: 'true' }, 0],
  ['DescribeDisks', { LockReason: 'security' }, 0],
  ['DescribeDisks', { ResourceGroupId: 'rg-none' }, 0],
  ['DescribeImages', { IsSupportCloudinit: 'true', Usable: 'true', Status: 'Available' }, 6],
  ['DescribeImages', { IsSupportIoOptimized: 'false' }, 0],
  ['DescribeSecurityGroups', { SecurityGroupName: 'def', FuzzyQuery: 'true' }, 1],
  ['DescribeSecurityGroups', { SecurityGroupName: 'def' }, 0],
  ['DescribeSecurityGroups', { NetworkType: 'classic' }, 0],
  ['DescribeSecurityGroups', { ServiceManaged: 'true' }, 0],
  ['DescribeVSwitches', { IsDefault: 'false' }, 4],
  ['DescribeVSwitches', { IsDefault: 'true' }, 0],
] as const)('%s with %j has %i rows', async (action, params, rows) => {
  expect((await sim().ok(action, params))['TotalCount']).toBe(rows);
});

test('DescribeInstanceStatus takes 100 ids and answers only what is there', async () => {
  const answer = await sim().ok('DescribeInstanceStatus', {
    'InstanceId.1': 'i-stopped',
    'InstanceId.3': 'i-none',
  });
  expect(answer).toMatchObject({
    InstanceStatuses: { InstanceStatus: [{ InstanceId: 'i-stopped', Status: 'Stopped' }] },
    TotalCount: 1,
  });
});
