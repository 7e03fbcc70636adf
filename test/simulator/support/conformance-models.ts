/** Every field of every answer is one that the SDK's model knows, with its type: clients that coerce nothing rely on it. */
import * as models from '@alicloud/ecs20140526';
import type { Target } from './conformance-target';
import { faultsOf, gapsOf } from './model-check';

/** Fields of an instance that must be there even when they are empty. */
const INSTANCE_FIELDS =
  'InstanceId InstanceName HostName Description Status StoppedMode RegionId ZoneId ClusterId SerialNumber InstanceType InstanceTypeFamily Cpu Memory GPUAmount GPUSpec OSType OSName OSNameEn ImageId InstanceChargeType InternetChargeType InternetMaxBandwidthIn InternetMaxBandwidthOut InstanceNetworkType IoOptimized SpotStrategy SpotPriceLimit SpotDuration SpotInterruptionBehavior CreationTime StartTime ExpiredTime AutoReleaseTime DeletionProtection DeviceAvailable Recyclable CreditSpecification KeyPairName ResourceGroupId VlanId SaleCycle OperationLocks Tags SecurityGroupIds PublicIpAddress InnerIpAddress EipAddress VpcAttributes NetworkInterfaces DedicatedHostAttribute DedicatedInstanceAttribute EcsCapacityReservationAttr MetadataOptions CpuOptions HibernationOptions DeploymentSetId'.split(
    ' ',
  );

/** The tests. */
export function modelConformance(target: Target): void {
  const instanceId = (): string => target.simulated().instanceIds[20] ?? '';
  const answers: readonly (readonly [string, () => Record<string, string>, unknown])[] = [
    ['DescribeRegions', () => ({}), models.DescribeRegionsResponseBody],
    ['DescribeZones', () => ({}), models.DescribeZonesResponseBody],
    ['DescribeInstanceTypes', () => ({}), models.DescribeInstanceTypesResponseBody],
    ['DescribeSecurityGroups', () => ({}), models.DescribeSecurityGroupsResponseBody],
    ['DescribeVSwitches', () => ({}), models.DescribeVSwitchesResponseBody],
    ['DescribeDisks', () => ({}), models.DescribeDisksResponseBody],
    ['DescribeInstances', () => ({ MaxResults: '10' }), models.DescribeInstancesResponseBody],
    ['DescribeInstanceStatus', () => ({}), models.DescribeInstanceStatusResponseBody],
    [
      'DescribeInstanceAttribute',
      () => ({ InstanceId: instanceId() }),
      models.DescribeInstanceAttributeResponseBody,
    ],
    [
      'ListTagResources',
      () => ({ ResourceType: 'instance', 'Tag.1.Key': 'env' }),
      models.ListTagResourcesResponseBody,
    ],
    ['StopInstances', () => ({ 'InstanceId.1': instanceId() }), models.StopInstancesResponseBody],
  ];

  test.each(answers)('%s', async (action, params, model) => {
    const body = await target.simulated().ok(action, params());
    expect(faultsOf(body, model)).toEqual([]);
  });

  test('an instance has every documented field', async () => {
    const body = await target.simulated().ok('DescribeInstances');
    const gaps = gapsOf(body, models.DescribeInstancesResponseBody);
    expect(gaps.filter((gap) => INSTANCE_FIELDS.includes(gap.replace('Instances.Instance[].', '')))).toEqual(
      [],
    );
  });

  test('the check itself finds a wrong type, an unknown field and a missing one', async () => {
    const body = await target.simulated().ok('DescribeInstanceStatus');
    const model = models.DescribeInstanceStatusResponseBody;
    expect(faultsOf({ ...body, TotalCount: '3' }, model)).toEqual(['TotalCount: string instead of number']);
    expect(faultsOf({ ...body, Colour: 1 }, model)).toEqual(['Colour: the SDK has no such field']);
    expect(faultsOf({ ...body, InstanceStatuses: { InstanceStatus: {} } }, model)).toHaveLength(1);
    const { TotalCount: _total, ...less } = body;
    expect(gapsOf(less, model)).toContain('TotalCount');
  });
}
