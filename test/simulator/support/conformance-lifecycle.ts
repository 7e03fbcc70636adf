/** Calls that change something, through the SDK; against the simulator only. */
import {
  DeleteInstanceRequest,
  DeleteInstancesRequest,
  DescribeDisksRequest,
  DescribeInstanceAttributeRequest,
  DescribeInstancesRequest,
  DescribeInstancesRequestTag,
  DescribeVSwitchesRequest,
  ListTagResourcesRequest,
  ListTagResourcesRequestTag,
  ModifyInstanceAttributeRequest,
  RebootInstanceRequest,
  RebootInstancesRequest,
  RunInstancesRequest,
  RunInstancesRequestDataDisk,
  RunInstancesRequestSystemDisk,
  RunInstancesRequestTag,
  StartInstanceRequest,
  StartInstancesRequest,
  StopInstanceRequest,
  StopInstancesRequest,
  TagResourcesRequest,
  TagResourcesRequestTag,
  UntagResourcesRequest,
} from '@alicloud/ecs20140526';
import type { Target } from './conformance-target';
import { until } from './simulated';

const IMAGE = 'aliyun_3_x64_20G_alibase_20240528.vhd';

/** The tests. */
export function lifecycleConformance(target: Target): void {
  const { regionId } = target;
  const statusOf = async (instanceId: string): Promise<string | undefined> =>
    (await target.sdk().describeInstanceAttribute(new DescribeInstanceAttributeRequest({ instanceId }))).body
      ?.status;
  const reaches = (instanceId: string, status: string): Promise<unknown> =>
    until(
      () => statusOf(instanceId),
      (now) => now === status,
    );

  test('RunInstances, tags, disks, attributes and DeleteInstance', async () => {
    const sdk = target.sdk();
    const request = new RunInstancesRequest({
      regionId,
      imageId: IMAGE,
      instanceType: 'ecs.g7.large',
      instanceName: 'job-[7,3]',
      amount: 2,
      minAmount: 1,
      clientToken: 'conformance-1',
      systemDisk: new RunInstancesRequestSystemDisk({ category: 'cloud_essd', size: '60' }),
      dataDisk: [
        new RunInstancesRequestDataDisk({ category: 'cloud_essd', size: 100, deleteWithInstance: true }),
      ],
      spotStrategy: 'SpotAsPriceGo',
      internetMaxBandwidthOut: 5,
      tag: [new RunInstancesRequestTag({ key: 'job', value: 'conformance' })],
    });
    const { body } = await sdk.runInstances(request);
    const ids = body?.instanceIdSets?.instanceIdSet ?? [];
    expect(ids).toHaveLength(2);
    expect(body?.tradePrice).toEqual(expect.any(Number));
    for (const id of ids) await reaches(id, 'Running');
    const tag = [new DescribeInstancesRequestTag({ key: 'job', value: 'conformance' })];
    const found = (await sdk.describeInstances(new DescribeInstancesRequest({ regionId, tag }))).body;
    expect(found?.instances?.instance?.map((instance) => instance.instanceName)).toEqual([
      'job-007',
      'job-008',
    ]);
    expect(found?.instances?.instance?.[0]).toMatchObject({
      instanceTypeFamily: 'ecs.g7',
      memory: 8192,
      cpu: 2,
      ioOptimized: true,
      spotStrategy: 'SpotAsPriceGo',
      spotInterruptionBehavior: 'Terminate',
      stoppedMode: 'Not-applicable',
      tags: { tag: [{ tagKey: 'job', tagValue: 'conformance' }] },
      vpcAttributes: { privateIpAddress: { ipAddress: [expect.stringMatching(/^10\./)] } },
      publicIpAddress: { ipAddress: [expect.any(String)] },
      networkInterfaces: { networkInterface: [{ type: 'Primary' }] },
      operationLocks: { lockReason: [] },
    });
    const disks = (await sdk.describeDisks(new DescribeDisksRequest({ regionId, instanceId: ids[0] }))).body;
    expect(disks?.disks?.disk?.map((disk) => [disk.type, disk.size])).toEqual([
      ['system', 60],
      ['data', 100],
    ]);
    const again = (await sdk.runInstances(request)).body;
    expect(again?.instanceIdSets?.instanceIdSet).toEqual(ids);
    expect(again?.requestId).not.toBe(body?.requestId);
    await sdk.deleteInstances(
      new DeleteInstancesRequest({ regionId, instanceId: ids, force: true, forceStop: true }),
    );
    await expect(statusOf(ids[0] ?? '')).rejects.toMatchObject({ code: 'InvalidInstanceId.NotFound' });
  });

  test('stop, start, reboot, modify and release of one instance', async () => {
    const sdk = target.sdk();
    const instanceId = target.simulated().instanceIds[0] ?? '';
    await sdk.stopInstance(
      new StopInstanceRequest({ instanceId, stoppedMode: 'StopCharging', forceStop: false }),
    );
    await reaches(instanceId, 'Stopped');
    const stopped = await sdk.describeInstanceAttribute(new DescribeInstanceAttributeRequest({ instanceId }));
    expect(stopped.body).toMatchObject({ stoppedMode: 'StopCharging', ioOptimized: 'optimized' });
    await sdk.startInstance(new StartInstanceRequest({ instanceId }));
    await reaches(instanceId, 'Running');
    await sdk.rebootInstance(new RebootInstanceRequest({ instanceId, forceStop: true }));
    await reaches(instanceId, 'Running');
    await sdk.modifyInstanceAttribute(
      new ModifyInstanceAttributeRequest({ instanceId, instanceName: 'renamed' }),
    );
    const named = await sdk.describeInstances(
      new DescribeInstancesRequest({ regionId, instanceName: 'ren*' }),
    );
    expect(named.body?.instances?.instance?.map((instance) => instance.instanceId)).toEqual([instanceId]);
    await sdk.deleteInstance(new DeleteInstanceRequest({ instanceId, force: true, forceStop: true }));
    await expect(statusOf(instanceId)).rejects.toMatchObject({ statusCode: 404 });
  });

  test('the batch forms answer a row per instance', async () => {
    const sdk = target.sdk();
    const instanceId = target.simulated().instanceIds.slice(1, 4);
    const row = { code: '200', message: 'success', previousStatus: 'Running' };
    const stopped = await sdk.stopInstances(new StopInstancesRequest({ regionId, instanceId }));
    expect(stopped.body?.instanceResponses?.instanceResponse).toEqual(
      instanceId.map((id): unknown =>
        expect.objectContaining({ ...row, instanceId: id, currentStatus: 'Stopping' }),
      ),
    );
    for (const id of instanceId) await reaches(id, 'Stopped');
    const batchOptimization = 'SuccessFirst';
    const withUnknown = [...instanceId, 'i-unknown'];
    const started = await sdk.startInstances(
      new StartInstancesRequest({ regionId, instanceId: withUnknown, batchOptimization }),
    );
    expect(started.body?.instanceResponses?.instanceResponse?.map((entry) => entry.code)).toEqual([
      '200',
      '200',
      '200',
      'InvalidInstanceId.NotFound',
    ]);
    for (const id of instanceId) await reaches(id, 'Running');
    const rebooted = await sdk.rebootInstances(new RebootInstancesRequest({ regionId, instanceId }));
    expect(rebooted.body?.instanceResponses?.instanceResponse?.[0]?.currentStatus).toBe('Starting');
  });

  test('tags are put on, listed and taken off', async () => {
    const sdk = target.sdk();
    const resourceId = target.simulated().instanceIds.slice(5, 8);
    const tag = [new TagResourcesRequestTag({ key: 'team', value: 'ops' })];
    const resourceType = 'instance';
    await sdk.tagResources(new TagResourcesRequest({ regionId, resourceType, resourceId, tag }));
    const wanted = [new ListTagResourcesRequestTag({ key: 'team' })];
    const list = async (): Promise<(string | undefined)[]> => {
      const request = new ListTagResourcesRequest({ regionId, resourceType, tag: wanted });
      return ((await sdk.listTagResources(request)).body?.tagResources?.tagResource ?? []).map(
        (row) => row.resourceId,
      );
    };
    expect(await list()).toEqual(resourceId);
    await sdk.untagResources(
      new UntagResourcesRequest({ regionId, resourceType, resourceId, tagKey: ['team'] }),
    );
    expect(await list()).toEqual([]);
  });

  test('DescribeVSwitches lists a switch per zone', async () => {
    const { body } = await target.sdk().describeVSwitches(new DescribeVSwitchesRequest({ regionId }));
    expect(body?.vSwitches?.vSwitch?.length).toBe(body?.totalCount);
    expect(body?.vSwitches?.vSwitch?.[0]?.cidrBlock).toMatch(/^10\.\d+\.0\.0\/16$/);
  });

  test('the SDK sends no parameter that the simulator does not know', async () => {
    const { unknownParameters } = await target.simulated().control.counts();
    expect(unknownParameters).toEqual({});
  });
}
