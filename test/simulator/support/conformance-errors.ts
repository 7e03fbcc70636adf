/** Errors as the SDK makes them of the answers: the class it throws decides what its users retry. */
import { DescribeInstancesRequest, StartInstanceRequest, StopInstanceRequest } from '@alicloud/ecs20140526';
import type { Target } from './conformance-target';

interface Thrown {
  readonly name: string;
  readonly code: string;
  readonly statusCode: number;
  readonly retryAfter?: number;
  readonly accessDeniedDetail?: Record<string, unknown>;
  readonly data?: Record<string, unknown>;
}

/** The tests. */
export function errorConformance(target: Target): void {
  const { regionId } = target;
  const list = (): Promise<unknown> =>
    target.sdk().describeInstances(new DescribeInstancesRequest({ regionId }));
  const thrownBy = async (call: Promise<unknown>): Promise<Thrown> => {
    try {
      await call;
    } catch (error) {
      return error as Thrown;
    }
    throw new Error('nothing was thrown');
  };
  afterEach(() => target.simulated().control.clearFaults());

  test('4xx is a ClientError with code, status and the whole body', async () => {
    const error = await thrownBy(
      target.sdk().startInstance(new StartInstanceRequest({ instanceId: 'i-none' })),
    );
    expect(error).toMatchObject({ name: 'ClientError', code: 'InvalidInstanceId.NotFound', statusCode: 404 });
    expect(Object.keys(error.data ?? {})).toEqual(
      expect.arrayContaining(['HostId', 'Recommend', 'RequestId']),
    );
  });

  test('throttling is a ThrottlingError that says how long to wait', async () => {
    await target.simulated().control.setFaults({ action: 'DescribeInstances', kind: 'throttle', count: 1 });
    const error = await thrownBy(list());
    expect(error).toMatchObject({ name: 'ThrottlingError', code: 'Throttling.User', statusCode: 400 });
    expect(error.retryAfter).toBeGreaterThan(0);
    expect(error.retryAfter).toBeLessThanOrEqual(60_000);
  });

  test('5xx is a ServerError', async () => {
    await target.simulated().control.setFaults({ action: '*', kind: 'error', httpStatus: 503, count: 1 });
    expect(await thrownBy(list())).toMatchObject({
      name: 'ServerError',
      code: 'ServiceUnavailable',
      statusCode: 503,
    });
  });

  test('a denial names the action that was missing', async () => {
    const Statement = [{ Effect: 'Allow' as const, Action: 'ecs:Describe*' }];
    const { control, instanceIds } = target.simulated();
    await control.setPolicy({ Version: '1', Statement });
    try {
      const instanceId = instanceIds[9];
      const error = await thrownBy(target.sdk().stopInstance(new StopInstanceRequest({ instanceId })));
      expect(error).toMatchObject({ name: 'ClientError', code: 'Forbidden.RAM', statusCode: 403 });
      expect(error.accessDeniedDetail).toMatchObject({ AuthAction: 'ecs:StopInstance' });
    } finally {
      await control.setPolicy(undefined);
    }
  });

  test.each(['malformedJson', 'truncated', 'reset', 'html'] as const)(
    'a %s answer throws and is no success',
    async (kind) => {
      await target.simulated().control.setFaults({ action: '*', kind, count: 1 });
      await expect(list()).rejects.toBeTruthy();
      await expect(list()).resolves.toBeTruthy();
    },
  );

  test('unknown fields and statuses do not disturb the SDK', async () => {
    const { control } = target.simulated();
    await control.setFaults({ action: '*', kind: 'unknownFields' }, { action: '*', kind: 'unknownStatus' });
    const { body } = await target.sdk().describeInstances(new DescribeInstancesRequest({ regionId }));
    expect(body?.instances?.instance?.[0]?.status).toBe('Hibernating');
  });
}
