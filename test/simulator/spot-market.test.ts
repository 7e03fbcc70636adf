/**
 * Prices, advice, stock and elastic addresses through the SDK, and the Vpc product's version on the same port.
 */
import * as Models from '@alicloud/ecs20140526';
import { codeOf } from './support/assistant';
import { faultsOf, gapsOf } from './support/model-check';
import { eachDriven, REGION, second, START } from './support/sdk';

const HOUR = 3_600_000;
const ZONE = 'cn-hangzhou-h';
const TYPE = 'ecs.g7.large';
const VPC = { version: '2016-04-28' };
const sim = eachDriven();
const first = (): string => sim().instanceIds[0] ?? '';

const history = async (over: Record<string, unknown> = {}) => {
  const base = { regionId: REGION, networkType: 'vpc', instanceType: TYPE };
  const request = new Models.DescribeSpotPriceHistoryRequest({ ...base, ...over });
  return (await sim().sdk.describeSpotPriceHistory(request)).body;
};

test('the price history is hourly, the same at every look, and ends with what holds now', async () => {
  const body = await history({ zoneId: ZONE });
  const rows = body?.spotPrices?.spotPriceType ?? [];
  expect(rows.map((row) => row.timestamp)).toEqual([3, 2, 1, 0].map((ago) => second(START - ago * HOUR)));
  expect(rows.every((row) => (row.spotPrice ?? 9) < (row.originPrice ?? 0))).toBe(true);
  expect((await history({ zoneId: ZONE }))?.spotPrices).toEqual(body?.spotPrices);
  await sim().control.setSpotPrice({ zoneId: ZONE, instanceType: TYPE, price: 0.444 });
  const later = (await history({ zoneId: ZONE }))?.spotPrices?.spotPriceType ?? [];
  expect(later.map((row) => row.spotPrice)).toEqual([
    ...rows.slice(0, -1).map((row) => row.spotPrice),
    0.444,
  ]);
  expect(new Set((await history())?.spotPrices?.spotPriceType?.map((row) => row.zoneId)).size).toBe(4);
});

test('within the hour, the last row is of the hour that has begun and has the price that holds now', async () => {
  await sim().control.advance(20 * 60_000);
  await sim().control.setSpotPrice({ zoneId: ZONE, instanceType: TYPE, price: 0.222 });
  const rows = (await history({ zoneId: ZONE }))?.spotPrices?.spotPriceType ?? [];
  expect(rows.map((row) => row.timestamp)).toEqual([2, 1, 0].map((ago) => second(START - ago * HOUR)));
  expect(rows.at(-1)?.spotPrice).toBe(0.222);
});

test.each([
  ['DescribeSpotPriceHistory', { NetworkType: 'vpc', InstanceType: TYPE }, '400 InvalidParams.RegionId'],
  ['DescribeSpotAdvice', {}, '404 Invalid.RegionId'],
  ['DescribeAvailableResource', { DestinationResource: 'Zone' }, '404 Invalid.RegionId'],
  ['CopyImage', { ImageId: 'm-x' }, '400 SourceRegion.NotFound'],
  ['DescribeZones', {}, '404 InvalidRegionId.NotFound'],
])('%s has its own word for an unknown region', async (action, params, code) => {
  expect(await sim().fails(action, { ...params, RegionId: 'cn-nowhere' })).toBe(code);
});

test('a long history comes in pieces', async () => {
  const startTime = second(START - 30 * 24 * HOUR);
  const one = await history({ startTime });
  expect(one?.nextOffset).toBe(1_000);
  const next = await history({ startTime, offset: 1_000 });
  expect(next?.spotPrices?.spotPriceType?.length).toBe(1_000);
  expect((await history({ startTime, offset: 2_000 }))?.nextOffset).toBe(0);
});

test.each([
  ['an unknown type', { instanceType: 'ecs.none' }, '400 InvalidParams.InstanceType'],
  ['an unknown zone', { zoneId: 'cn-hangzhou-z' }, '400 InvalidParams.ZoneId'],
  ['an unknown network', { networkType: 'token-ring' }, '400 InvalidParams.NetworkType'],
  ['more than a month', { startTime: second(START - 31 * 24 * HOUR) }, '400 InvalidParams.EndTime'],
  ['a start after the end', { startTime: second(START + HOUR) }, '400 InvalidParams.StartTime'],
  ['no type', { instanceType: '' }, '400 MissingParameter'],
  ['two protected hours', { spotDuration: 2 }, '400 InvalidSpotDuration'],
])('a price history of %s is refused', async (_what, over, code) => {
  expect(await codeOf(history(over))).toBe(code);
});

test('advice names types by name or by shape, not both', async () => {
  const advice = async (over: Record<string, unknown>) =>
    (await sim().sdk.describeSpotAdvice(new Models.DescribeSpotAdviceRequest({ regionId: REGION, ...over })))
      .body?.availableSpotZones?.availableSpotZone ?? [];
  const zones = await advice({ instanceTypes: [TYPE], zoneId: ZONE });
  expect(zones).toHaveLength(1);
  const [row] = zones[0]?.availableSpotResources?.availableSpotResource ?? [];
  expect(row?.instanceType).toBe(TYPE);
  expect(row?.averageSpotDiscount).toBeGreaterThan(0);
  expect(row?.averageSpotDiscount).toBeLessThan(50);
  expect(row?.interruptRateDesc).toMatch(/%$/);
  const shaped = await advice({ cores: 4, memory: 16 });
  const ofShape = shaped[0]?.availableSpotResources?.availableSpotResource?.map((r) => r.instanceType);
  expect(ofShape).toContain('ecs.g7.xlarge');
  expect(ofShape).not.toContain('ecs.g7.large');
  expect(ofShape).not.toContain('ecs.r7.large');
  expect(ofShape).not.toContain('ecs.c7.xlarge');
  expect(await codeOf(advice({ instanceTypes: [TYPE], cores: 2 }))).toBe(
    '403 InvalidParam.TypeAndCpuMem.Conflict',
  );
});

test('what is sold out is what RunInstances refuses', async () => {
  const available = async (over: Record<string, unknown> = {}) => {
    const base = { regionId: REGION, destinationResource: 'InstanceType', instanceType: TYPE };
    const request = new Models.DescribeAvailableResourceRequest({ ...base, ...over });
    return (await sim().sdk.describeAvailableResource(request)).body?.availableZones?.availableZone ?? [];
  };
  await sim().control.setStock({ zoneId: ZONE, instanceType: TYPE, stock: 0 });
  await sim().control.setStock({ zoneId: 'cn-hangzhou-i', instanceType: TYPE, stock: 2 });
  const verdicts = (await available()).map((zone) => {
    const [resource] = zone.availableResources?.availableResource ?? [];
    const [row] = resource?.supportedResources?.supportedResource ?? [];
    return [zone.zoneId, row?.value, row?.status, row?.statusCategory];
  });
  expect(verdicts.slice(0, 3)).toEqual([
    [ZONE, TYPE, 'SoldOut', 'WithoutStock'],
    ['cn-hangzhou-i', TYPE, 'Available', 'ClosedWithStock'],
    ['cn-hangzhou-j', TYPE, 'Available', 'WithStock'],
  ]);
  const [disks] = await available({ destinationResource: 'SystemDisk', zoneId: 'cn-hangzhou-i' });
  expect(
    disks?.availableResources?.availableResource?.[0]?.supportedResources?.supportedResource?.[0],
  ).toMatchObject({
    value: 'cloud_essd',
    min: 20,
    unit: 'GiB',
  });
  expect(await codeOf(available({ destinationResource: 'SystemDisk', instanceType: undefined }))).toBe(
    '400 Invalid.Param',
  );
  expect(await codeOf(available({ destinationResource: 'Moon' }))).toBe('404 Invalid.DestinationResource');
});

test('an elastic address outlives its instance and goes to the next one', async () => {
  const sdk = sim().sdk;
  const made = (
    await sdk.allocateEipAddress(new Models.AllocateEipAddressRequest({ regionId: REGION, bandwidth: '9' }))
  ).body;
  const allocationId = made?.allocationId ?? '';
  const associate = (instanceId: string): Promise<unknown> =>
    sdk.associateEipAddress(new Models.AssociateEipAddressRequest({ allocationId, instanceId }));
  await associate(first());
  expect(await codeOf(associate(sim().instanceIds[1] ?? ''))).toBe('400 IncorrectEipStatus');
  const found = await sdk.describeInstances(
    new Models.DescribeInstancesRequest({
      regionId: REGION,
      eipAddresses: JSON.stringify([made?.eipAddress]),
    }),
  );
  expect(found.body?.instances?.instance?.[0]).toMatchObject({
    instanceId: first(),
    eipAddress: { allocationId, ipAddress: made?.eipAddress, bandwidth: 9, isSupportUnassociate: true },
  });
  expect(await sim().fails('ReleaseEipAddress', { AllocationId: allocationId })).toBe(
    '400 IncorrectEipStatus',
  );
  await sim().control.removeInstance(first());
  await associate(sim().instanceIds[1] ?? '');
  const listed = (
    await sdk.describeEipAddresses(new Models.DescribeEipAddressesRequest({ regionId: REGION }))
  ).body;
  expect(listed?.eipAddresses?.eipAddress?.[0]).toMatchObject({
    status: 'InUse',
    instanceId: sim().instanceIds[1],
  });
});

test('the same actions answer to the version of the Vpc product', async () => {
  const of = async (action: string, params: Record<string, string>): Promise<Record<string, unknown>> =>
    (await sim().call(action, params, VPC)).body;
  const { AllocationId: id } = await of('AllocateEipAddress', {});
  const AllocationId = id as string;
  await of('AssociateEipAddress', { AllocationId, InstanceId: first(), InstanceType: 'EcsInstance' });
  expect((await of('DescribeEipAddresses', { AssociatedInstanceId: first() }))['TotalCount']).toBe(1);
  await of('UnassociateEipAddress', { AllocationId, InstanceId: first() });
  expect((await of('DescribeEipAddresses', { Status: 'Available' }))['TotalCount']).toBe(1);
  await of('ReleaseEipAddress', { AllocationId });
  expect((await of('ReleaseEipAddress', { AllocationId }))['Code']).toBe('InvalidAllocationId.NotFound');
  await sim().control.setPolicy({ Version: '1', Statement: [{ Effect: 'Allow', Action: 'vpc:Describe*' }] });
  expect((await of('DescribeEipAddresses', {}))['TotalCount']).toBe(0);
  expect((await of('AllocateEipAddress', {}))['Code']).toBe('Forbidden.RAM');
  await sim().control.setPolicy(undefined);
});

test.each([
  [
    'DescribeSpotPriceHistory',
    { NetworkType: 'vpc', InstanceType: TYPE },
    Models.DescribeSpotPriceHistoryResponseBody,
  ],
  ['DescribeSpotAdvice', {}, Models.DescribeSpotAdviceResponseBody],
  [
    'DescribeAvailableResource',
    { DestinationResource: 'DataDisk' },
    Models.DescribeAvailableResourceResponseBody,
  ],
  ['DescribeEipAddresses', {}, Models.DescribeEipAddressesResponseBody],
])('%s answers what the SDK describes', async (action, params, model) => {
  await sim().ok('AllocateEipAddress', {});
  const body = await sim().ok(action, params);
  expect(faultsOf(body, model)).toEqual([]);
  expect(gapsOf(body, model)).toEqual([]);
});
