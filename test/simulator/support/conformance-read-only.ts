/** Reading calls that cost nothing and change nothing; they hold for the simulator and for the real service. */
import {
  DescribeDisksRequest,
  DescribeInstancesRequest,
  DescribeInstanceStatusRequest,
  DescribeInstanceTypesRequest,
  DescribeRegionsRequest,
  DescribeSecurityGroupsRequest,
  DescribeZonesRequest,
  ListTagResourcesRequest,
} from '@alicloud/ecs20140526';
import type { Target } from './conformance-target';

const STATUSES = ['Pending', 'Starting', 'Running', 'Stopping', 'Stopped'];

/** The tests. */
export function readOnlyConformance(target: Target): void {
  const { regionId } = target;

  test('DescribeRegions lists the region with an endpoint', async () => {
    const { body } = await target
      .sdk()
      .describeRegions(new DescribeRegionsRequest({ acceptLanguage: 'en-US' }));
    const region = body?.regions?.region?.find((entry) => entry.regionId === regionId);
    expect(region?.regionEndpoint).toBeTruthy();
    expect(region?.localName).toBeTruthy();
  });

  test('DescribeZones lists zones of the region with what they sell', async () => {
    const { body } = await target.sdk().describeZones(new DescribeZonesRequest({ regionId }));
    const zones = body?.zones?.zone ?? [];
    expect(zones.length).toBeGreaterThan(0);
    for (const zone of zones) expect(zone.zoneId).toContain(regionId);
    expect(zones[0]?.availableResources?.resourcesInfo?.[0]?.ioOptimized).toEqual(expect.any(Boolean));
    expect(zones[0]?.availableInstanceTypes?.instanceTypes).toEqual(expect.any(Array));
  });

  test('DescribeInstances pages by token to the end without a repetition', async () => {
    const seen = new Set<string>();
    let nextToken: string | undefined;
    let pages = 0;
    do {
      const request = new DescribeInstancesRequest({ regionId, maxResults: 10, nextToken });
      const { body } = await target.sdk().describeInstances(request);
      for (const instance of body?.instances?.instance ?? []) {
        expect(seen.has(instance.instanceId ?? '')).toBe(false);
        seen.add(instance.instanceId ?? '');
        expect(STATUSES).toContain(instance.status);
        expect(instance.creationTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\dZ$/);
        expect(instance.memory).toEqual(expect.any(Number));
      }
      nextToken = body?.nextToken || undefined;
      pages += 1;
    } while (nextToken !== undefined && pages < 500);
    const { body } = await target.sdk().describeInstances(new DescribeInstancesRequest({ regionId }));
    expect(seen.size).toBe(body?.totalCount);
  });

  test('DescribeInstances pages by number', async () => {
    const request = (pageNumber: number): DescribeInstancesRequest =>
      new DescribeInstancesRequest({ regionId, pageNumber, pageSize: 5 });
    const first = (await target.sdk().describeInstances(request(1))).body;
    const second = (await target.sdk().describeInstances(request(2))).body;
    expect(first).toMatchObject({ pageNumber: 1, pageSize: 5 });
    const ids = (body: typeof first): (string | undefined)[] =>
      (body?.instances?.instance ?? []).map((instance) => instance.instanceId);
    expect(ids(first).filter((id) => ids(second).includes(id))).toEqual([]);
  });

  test('an unknown id in InstanceIds is absent, an empty list matches nothing', async () => {
    for (const instanceIds of ['["i-bp1doesnotexist00000"]', '[]']) {
      const request = new DescribeInstancesRequest({ regionId, instanceIds });
      expect((await target.sdk().describeInstances(request)).body?.totalCount).toBe(0);
    }
  });

  test('DescribeInstanceStatus gives ids and statuses', async () => {
    const request = new DescribeInstanceStatusRequest({ regionId, pageSize: 50 });
    const { body } = await target.sdk().describeInstanceStatus(request);
    for (const row of body?.instanceStatuses?.instanceStatus ?? []) expect(STATUSES).toContain(row.status);
  });

  test('DescribeInstanceTypes gives memory in GiB and pages by token', async () => {
    const request = new DescribeInstanceTypesRequest({ instanceTypes: ['ecs.g7.large'] });
    const { body } = await target.sdk().describeInstanceTypes(request);
    expect(body?.instanceTypes?.instanceType?.[0]).toMatchObject({
      instanceTypeId: 'ecs.g7.large',
      instanceTypeFamily: 'ecs.g7',
      cpuCoreCount: 2,
      memorySize: 8,
    });
  });

  test('DescribeDisks and DescribeSecurityGroups answer lists', async () => {
    const disks = (await target.sdk().describeDisks(new DescribeDisksRequest({ regionId }))).body;
    expect(disks?.disks?.disk).toEqual(expect.any(Array));
    const groups = (
      await target.sdk().describeSecurityGroups(new DescribeSecurityGroupsRequest({ regionId }))
    ).body;
    expect(groups?.securityGroups?.securityGroup).toEqual(expect.any(Array));
  });

  test('ListTagResources wants a resource or a tag', async () => {
    const request = new ListTagResourcesRequest({ regionId, resourceType: 'instance' });
    const code = await target
      .sdk()
      .listTagResources(request)
      .catch((error: { code?: string }) => error.code);
    expect(code).toMatch(/^Missing/);
  });

  test.each([
    ['an unknown region', { regionId: 'cn-nowhere' }, 'InvalidRegionId.NotFound'],
    ['an unknown status', { regionId, status: 'Flying' }, 'InvalidStatus.NotFound'],
    ['an unknown lock', { regionId, lockReason: 'mood' }, 'InvalidLockReason.NotFound'],
  ])('%s is refused', async (_what, fields, code) => {
    const call = target.sdk().describeInstances(new DescribeInstancesRequest(fields));
    await expect(call).rejects.toMatchObject({ code });
  });
}
