/**
 * The system event actions through the SDK: filters, both paging styles, error codes, drills and maintenance
 * attributes.
 */
import * as Models from '@alicloud/ecs20140526';
import { codeOf } from './support/assistant';
import { faultsOf, gapsOf } from './support/model-check';
import { eachDriven, REGION, second, START } from './support/sdk';

const MINUTE = 60_000;
const sim = eachDriven({ instances: 3, tags: { env: 'prod' } });
const first = (): string => sim().instanceIds[0] ?? '';

const drill = async (over: Record<string, unknown> = {}): Promise<string[]> => {
  const request = new Models.CreateSimulatedSystemEventsRequest({
    regionId: REGION,
    eventType: 'SystemMaintenance.Reboot',
    notBefore: second(START + 10 * MINUTE),
    instanceId: [first()],
    ...over,
  });
  return (await sim().sdk.createSimulatedSystemEvents(request)).body?.eventIdSet?.eventId ?? [];
};
const cancel = (eventId: string[]): Promise<unknown> =>
  sim().sdk.cancelSimulatedSystemEvents(
    new Models.CancelSimulatedSystemEventsRequest({ regionId: REGION, eventId }),
  );
const lives = async (): Promise<string[]> => (await sim().control.events()).map((event) => event.status);
const found = async (
  params: Record<string, string>,
  action = 'DescribeInstanceHistoryEvents',
): Promise<number> =>
  (await sim().ok(action, { 'InstanceEventCycleStatus.1': 'Scheduled', ...params }))['TotalCount'] as number;

test('a drill of a planned reboot leaves the instance alone', async () => {
  const ids = await drill({ instanceId: [...sim().instanceIds] });
  expect(ids).toHaveLength(3);
  const raised = await sim().control.events();
  expect(raised.map((event) => event.instanceId)).toEqual(sim().instanceIds);
  expect(raised[0]).toMatchObject({ status: 'Scheduled', reason: 'A simulated event.', simulated: true });
  await sim().control.advance(10 * MINUTE);
  expect(await lives()).toEqual(['Executed', 'Executed', 'Executed']);
  expect(await sim().control.effects('instance.rebooting')).toEqual([]);
});

test('a drill becomes Avoided by a reboot, and Canceled by its owner', async () => {
  const [, other = ''] = await drill({ instanceId: sim().instanceIds.slice(0, 2) });
  await sim().sdk.rebootInstance(new Models.RebootInstanceRequest({ instanceId: first() }));
  await cancel([other]);
  await sim().control.advance(MINUTE);
  expect(await lives()).toEqual(['Avoided', 'Canceled']);
  expect(await codeOf(cancel([other]))).toBe('403 InvalidParameter');
});

test('a drill of a failure is Executing at once and Executed at NotBefore', async () => {
  await drill({ eventType: 'SystemFailure.Reboot' });
  expect(await lives()).toEqual(['Executing']);
  await sim().control.advance(10 * MINUTE);
  expect(await lives()).toEqual(['Executed']);
  expect(await sim().control.effects('instance.rebooting')).toEqual([]);
});

test('TriggerRealOps really reboots, and a redeployment does not wait for NotBefore', async () => {
  await drill({ triggerRealOps: true });
  await drill({
    instanceId: [sim().instanceIds[1]],
    eventType: 'SystemMaintenance.Redeploy',
    triggerRealOps: true,
  });
  await sim().control.advance(1);
  expect(await sim().control.effects('instance.rebooting')).toHaveLength(1);
  await sim().control.advance(11 * MINUTE);
  expect(await sim().control.effects('instance.rebooting')).toHaveLength(2);
  expect(await lives()).toEqual(['Executed', 'Executed']);
});

test.each([
  ['a moment that has passed', { notBefore: second(START - 1_000) }, '403 InvalidNotBefore.Passed'],
  ['an unknown instance', { instanceId: ['i-none'] }, '404 InvalidInstanceId.NotFound'],
  ['an unknown type', { eventType: 'SystemMaintenance.Dance' }, '403 InvalidParameter'],
  ['a type that cannot be tried', { eventType: 'InstanceExpiration.Stop' }, '403 InvalidParameter'],
  [
    'an interruption without real operations',
    { eventType: 'Instance:PreemptibleInstanceInterruption' },
    '403 InvalidParameter',
  ],
  [
    'a failure that is not offered with real operations',
    { eventType: 'SystemFailure.Stop', triggerRealOps: true },
    '403 InvalidParameter',
  ],
  [
    '101 instances',
    { instanceId: Array.from({ length: 101 }, (_, i) => `i-${i}`) },
    '403 InstanceIdLimitExceeded',
  ],
  ['no type', { eventType: '' }, '404 MissingParameter'],
])('a drill with %s is refused', async (_what, over, code) => {
  expect(await codeOf(drill(over))).toBe(code);
  expect(await sim().control.events()).toEqual([]);
});

test('cancelling is all or nothing, and for drills only', async () => {
  const [real = ''] = await sim().control.raiseEvents({ instanceIds: [first()] });
  const [made = ''] = await drill();
  expect(await codeOf(cancel([made, 'e-none']))).toBe('403 InvalidEventId.NotFound');
  expect(await codeOf(cancel([made, real]))).toBe('403 CannotCancelSystemEvent.NotSimulated');
  expect(await codeOf(cancel(Array.from({ length: 101 }, (_, i) => `e-${i}`)))).toBe(
    '400 EventIdLimitExceeded',
  );
  expect(await lives()).toEqual(['Scheduled', 'Scheduled']);
});

test('there is a limit of open drills', async () => {
  const ids = await sim().control.addInstances({ count: 1_000 });
  for (let from = 0; from < 1_000; from += 100) await drill({ instanceId: ids.slice(from, from + 100) });
  expect(await codeOf(drill())).toBe('403 SimulatedEventLimitExceeded');
});

test('events are found by id, type, instance, tag, group and both ranges of time', async () => {
  const [a = ''] = await sim().control.raiseEvents({ instanceIds: [first()], inMs: MINUTE * 100 });
  await sim().control.advance(MINUTE);
  await sim().control.raiseEvents({
    instanceIds: sim().instanceIds.slice(1),
    type: 'SystemMaintenance.Stop',
    inMs: MINUTE * 200,
  });
  expect(await found({})).toBe(3);
  expect(await found({ 'EventId.1': a, 'EventId.2': 'e-none' })).toBe(1);
  expect(await found({ EventType: 'SystemMaintenance.Stop' })).toBe(2);
  // The list of types beats the single one.
  expect(
    await found({ EventType: 'SystemMaintenance.Stop', 'InstanceEventType.1': 'SystemMaintenance.Reboot' }),
  ).toBe(1);
  expect(await found({ InstanceId: first() })).toBe(1);
  expect(await found({ 'ResourceId.1': first(), 'ResourceId.2': sim().instanceIds[2] ?? '' })).toBe(2);
  expect(await found({ 'Tag.1.Key': 'env', 'Tag.1.Value': 'prod' })).toBe(3);
  expect(await found({ 'Tag.1.Key': 'env', 'Tag.1.Value': 'test' })).toBe(0);
  expect(await found({ 'NotBefore.End': second(START + 150 * MINUTE) })).toBe(1);
  expect(await found({ 'EventPublishTime.Start': second(START + MINUTE) })).toBe(2);
  expect(await found({ ResourceType: 'ddh' })).toBe(0);
  expect(await found({ EventType: 'SystemMaintenance.Stop' }, 'DescribeInstancesFullStatus')).toBe(2);
  expect(await found({ HealthStatus: 'Warning' }, 'DescribeInstancesFullStatus')).toBe(3);
  expect(await found({ Status: 'Stopped' }, 'DescribeInstancesFullStatus')).toBe(0);
});

test.each(['DescribeInstancesFullStatus', 'DescribeInstanceHistoryEvents'])(
  '%s refuses what is wrong',
  async (action) => {
    const ends = { 'NotBefore.Start': second(START), 'NotBefore.End': second(START - MINUTE) };
    expect(await sim().fails(action, { RegionId: '' })).toBe('404 MissingParameter');
    expect(await sim().fails(action, ends)).toBe('403 InvalidParameter.TimeEndBeforeStart');
    expect(await sim().fails(action, { EventType: 'Nothing' })).toBe('403 InvalidParameter');
    expect(await sim().fails(action, { 'NotBefore.Start': 'soon' })).toBe('403 InvalidParameter');
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`EventId.${i + 1}`, `e-${i}`]));
    expect(await sim().fails(action, many)).toBe('403 EventIdLimitExceeded');
  },
);

test('history pages by token and by number, each event once', async () => {
  const instanceIds = await sim().control.addInstances({ count: 25 });
  const raised = await sim().control.raiseEvents({ instanceIds });
  for (const style of ['token', 'number']) {
    const seen: (string | undefined)[] = [];
    let nextToken: string | undefined;
    for (let page = 1; page <= 3; page += 1) {
      const paging = style === 'token' ? { maxResults: 5, nextToken } : { pageNumber: page, pageSize: 10 };
      const instanceEventCycleStatus = ['Scheduled'];
      const { body } = await sim().sdk.describeInstanceHistoryEvents(
        new Models.DescribeInstanceHistoryEventsRequest({
          regionId: REGION,
          instanceEventCycleStatus,
          ...paging,
        }),
      );
      seen.push(...(body?.instanceSystemEventSet?.instanceSystemEventType ?? []).map((row) => row.eventId));
      nextToken = body?.nextToken;
    }
    expect(seen).toEqual(raised);
    if (style === 'token') expect(nextToken).toBe('');
  }
});

test('what was published a moment ago is not listed yet, when listing lags', async () => {
  await sim().control.setVisibilityLag(5_000, 'DescribeInstanceHistoryEvents');
  await sim().control.raiseEvents({ instanceIds: [first()] });
  expect(await found({})).toBe(0);
  await sim().control.advance(5_000);
  expect(await found({})).toBe(1);
});

test('maintenance attributes are kept and described', async () => {
  const window = [{ startTime: '02:00:00', endTime: '05:00:00' }].map(
    (value) => new Models.ModifyInstanceMaintenanceAttributesRequestMaintenanceWindow(value),
  );
  const modify = (over: Record<string, unknown>): Promise<unknown> =>
    sim().sdk.modifyInstanceMaintenanceAttributes(
      new Models.ModifyInstanceMaintenanceAttributesRequest({
        regionId: REGION,
        instanceId: [first()],
        ...over,
      }),
    );
  await modify({ actionOnMaintenance: 'Stop', maintenanceWindow: window });
  await modify({ notifyOnMaintenance: true });
  const described = await sim().sdk.describeInstanceMaintenanceAttributes(
    new Models.DescribeInstanceMaintenanceAttributesRequest({ regionId: REGION, instanceId: [first()] }),
  );
  expect(described.body?.maintenanceAttributes?.maintenanceAttribute?.[0]).toMatchObject({
    instanceId: first(),
    actionOnMaintenance: { value: 'Stop', defaultValue: 'AutoRecover' },
    maintenanceWindows: { maintenanceWindow: [{ startTime: '02:00:00', endTime: '05:00:00' }] },
    notifyOnMaintenance: true,
  });
  expect(await codeOf(modify({ instanceId: ['i-none'] }))).toBe('404 InvalidInstanceId.NotFound');
  expect(await codeOf(modify({ actionOnMaintenance: 'Pray' }))).toBe('403 InvalidParameter');
  const half = { 'InstanceId.1': first(), 'MaintenanceWindow.1.StartTime': '02:30:00' };
  expect(await sim().fails('ModifyInstanceMaintenanceAttributes', half)).toBe('403 InvalidParameter');
});

test.each([
  ['DescribeInstancesFullStatus', Models.DescribeInstancesFullStatusResponseBody],
  ['DescribeInstanceHistoryEvents', Models.DescribeInstanceHistoryEventsResponseBody],
  ['DescribeInstanceMaintenanceAttributes', Models.DescribeInstanceMaintenanceAttributesResponseBody],
])('%s answers what the SDK describes', async (action, model) => {
  await sim().control.raiseEvents({ instanceIds: [first()] });
  const isHistory = action === 'DescribeInstanceHistoryEvents';
  const body = await sim().ok(action, isHistory ? { 'InstanceEventCycleStatus.1': 'Scheduled' } : {});
  expect(faultsOf(body, model)).toEqual([]);
  expect(gapsOf(body, model).filter((gap) => !/ExtendedAttribute|NextToken/.test(gap))).toEqual([]);
  expect((await sim().control.counts()).unknownParameters).toEqual({});
});
