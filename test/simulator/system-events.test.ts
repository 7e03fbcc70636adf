/**
 * The lives of system events in driven time, through the SDK: what avoids them, what carries them out, what a
 * reboot in the guest does not do, and that they go on after a restart.
 */
import * as Models from '@alicloud/ecs20140526';
import { join } from 'node:path';
import { temporaryDirectory } from '../support/temporary';
import { codeOf } from './support/assistant';
import type { WithSdk } from './support/sdk';
import { driven, eachDriven, REGION, second, START } from './support/sdk';

const HOUR = 3_600_000;
const sim = eachDriven();
const first = (): string => sim().instanceIds[0] ?? '';
const OPEN = ['Scheduled', 'Inquiring', 'Executing'];

type Row = Models.DescribeInstanceHistoryEventsResponseBodyInstanceSystemEventSetInstanceSystemEventType;

async function history(over: Record<string, unknown> = {}, of: WithSdk = sim()): Promise<Row[]> {
  const request = new Models.DescribeInstanceHistoryEventsRequest({ regionId: REGION, ...over });
  const { body } = await of.sdk.describeInstanceHistoryEvents(request);
  return body?.instanceSystemEventSet?.instanceSystemEventType ?? [];
}
const statusOf = async (eventId = ''): Promise<string> =>
  (await sim().control.events()).find((event) => event.eventId === eventId)?.status ?? '';
const reboots = async (): Promise<(string | undefined)[]> =>
  (await sim().control.effects('instance.rebooting')).map((effect) => effect.requestId);
const reboot = (instanceId = first()): Promise<unknown> =>
  sim().sdk.rebootInstance(new Models.RebootInstanceRequest({ instanceId }));
const raise = async (
  over: Partial<Parameters<WithSdk['control']['raiseEvents']>[0]> = {},
): Promise<string> => {
  const [eventId = ''] = await sim().control.raiseEvents({
    instanceIds: [first()],
    inMs: 24 * HOUR,
    ...over,
  });
  return eventId;
};

test('an open event is hidden by default and shown by its status, with its numbers', async () => {
  const eventId = await raise();
  expect(await history()).toEqual([]);
  const [row] = await history({ instanceEventCycleStatus: OPEN });
  expect(row).toMatchObject({
    eventId,
    instanceId: first(),
    eventType: { code: 1, name: 'SystemMaintenance.Reboot' },
    eventCycleStatus: { code: 24, name: 'Scheduled' },
    eventPublishTime: second(START),
    notBefore: second(START + 24 * HOUR),
    eventFinishTime: '',
    impactLevel: '100',
    resourceType: 'instance',
  });
  const request = new Models.DescribeInstancesFullStatusRequest({ regionId: REGION });
  const full = (await sim().sdk.describeInstancesFullStatus(request)).body;
  expect(full).toMatchObject({ totalCount: 2, pageNumber: 1, pageSize: 10 });
  const rows = full?.instanceFullStatusSet?.instanceFullStatusType ?? [];
  expect(rows[0]).toMatchObject({
    status: { code: 1, name: 'Running' },
    healthStatus: { code: 64, name: 'Warning' },
    scheduledSystemEventSet: { scheduledSystemEventType: [{ eventId, notBefore: row?.notBefore }] },
  });
  expect(rows[1]).toMatchObject({
    healthStatus: { code: 0, name: 'Ok' },
    scheduledSystemEventSet: { scheduledSystemEventType: [] },
  });
});

test('a reboot through the API avoids the event some seconds after the guest is back', async () => {
  const eventId = await raise();
  await reboot();
  await sim().control.advance(15_000);
  expect(await statusOf(eventId)).toBe('Scheduled');
  await sim().control.advance(4_999);
  expect(await statusOf(eventId)).toBe('Scheduled');
  await sim().control.advance(1);
  const [row] = await history();
  expect(row).toMatchObject({
    eventCycleStatus: { code: 8, name: 'Avoided' },
    eventFinishTime: second(START + 20_000),
  });
  await sim().control.advance(48 * HOUR);
  expect(await statusOf(eventId)).toBe('Avoided');
  expect(await reboots()).toHaveLength(1);
});

test('a reboot inside the guest is a new boot and does not count', async () => {
  const eventId = await raise();
  const [before] = await sim().control.instances();
  await sim().control.rebootGuest(first());
  await sim().control.advance(HOUR);
  const [after] = await sim().control.instances();
  expect(after?.bootId).not.toBe(before?.bootId);
  expect(after?.startedAt).toBe(START + 15_000);
  expect(after?.agent.lastHeartbeat).toBeGreaterThan(before?.agent.lastHeartbeat ?? 0);
  expect(await statusOf(eventId)).toBe('Scheduled');
  await sim().control.advance(23 * HOUR);
  expect(await statusOf(eventId)).toBe('Executing');
});

test('at NotBefore the provider reboots the instance itself', async () => {
  const eventId = await raise();
  await sim().control.advance(24 * HOUR - 1);
  expect(await reboots()).toEqual([]);
  await sim().control.advance(1);
  expect((await history({ eventCycleStatus: 'Executing' }))[0]?.eventCycleStatus?.code).toBe(26);
  expect((await sim().control.instances())[0]?.status).toBe('Starting');
  await sim().control.advance(30_000);
  expect(await statusOf(eventId)).toBe('Executed');
  expect((await sim().control.instances())[0]?.status).toBe('Running');
  expect(await reboots()).toEqual([undefined]);
});

test('a reboot that is under way at NotBefore is not followed by a second one', async () => {
  const eventId = await raise({ inMs: 10_000 });
  await sim().control.advance(5_000);
  await reboot();
  await sim().control.advance(HOUR);
  expect(await statusOf(eventId)).toBe('Avoided');
  expect(await reboots()).toHaveLength(1);
});

test('an event is cancelled, moved earlier and later, and remembers its first moment', async () => {
  const [cancelled, moved] = [await raise(), await raise({ instanceIds: [sim().instanceIds[1] ?? ''] })];
  await sim().control.cancelEvent(cancelled);
  await sim().control.moveEvent(moved, { inMs: HOUR });
  await sim().control.moveEvent(moved, { notBefore: START + 2 * HOUR });
  const [row] = await history({ eventCycleStatus: 'Scheduled' });
  expect(row?.notBefore).toBe(second(START + 2 * HOUR));
  expect(row?.extendedAttribute?.initialNotBefore).toBe(second(START + 24 * HOUR));
  await sim().control.advance(HOUR + 1);
  expect(await reboots()).toEqual([]);
  await sim().control.advance(HOUR);
  expect(await reboots()).toHaveLength(1);
  expect((await history()).map((event) => event.eventCycleStatus?.name)).toEqual(['Canceled']);
});

test('a released instance takes its planned event with it; the record stays', async () => {
  const eventId = await raise();
  await sim().control.removeInstance(first());
  expect(await statusOf(eventId)).toBe('Canceled');
  expect((await history({ instanceId: first() }))[0]?.eventId).toBe(eventId);
});

test('finished events are known for 30 days, open ones for ever', async () => {
  const [old, open] = [await raise(), await raise({ inMs: 90 * 24 * HOUR })];
  await sim().control.cancelEvent(old);
  await sim().control.advance(30 * 24 * HOUR);
  expect((await history()).map((event) => event.eventId)).toEqual([old]);
  await sim().control.advance(1);
  expect(await history()).toEqual([]);
  expect((await history({ eventCycleStatus: 'Scheduled' }))[0]?.eventId).toBe(open);
});

test.each([
  ['SystemMaintenance.Stop', 'Stopped'],
  ['InstanceExpiration.Delete', undefined],
  ['SystemFailure.Reboot', 'Running'],
])('%s leaves the instance %s', async (type, status) => {
  const eventId = await raise({ type, inMs: 0 });
  await sim().control.advance(60_000);
  expect(await statusOf(eventId)).toBe('Executed');
  const found = (await sim().control.instances()).find(({ instanceId }) => instanceId === first());
  expect(found?.status).toBe(status);
});

test('an inquiring event waits for its answer and is listed in full status by the switch', async () => {
  const eventId = await raise({ type: 'SystemMaintenance.RebootAndIsolateErrorDisk', status: 'Inquiring' });
  const listed = async (): Promise<number> =>
    (
      await sim().sdk.describeInstancesFullStatus(
        new Models.DescribeInstancesFullStatusRequest({ regionId: REGION, eventId: [eventId] }),
      )
    ).body?.totalCount ?? -1;
  expect(await listed()).toBe(0);
  await sim().control.setSwitches({ fullStatusEvents: 'scheduled-or-inquiring' });
  expect(await listed()).toBe(1);
  await sim().control.advance(100 * HOUR);
  const accept = (id: string): Promise<string> =>
    codeOf(
      sim().sdk.acceptInquiredSystemEvent(
        new Models.AcceptInquiredSystemEventRequest({ regionId: REGION, eventId: id }),
      ),
    );
  expect(await accept(eventId)).toBe('OK');
  expect(await statusOf(eventId)).toBe('Executing');
  expect(await accept(eventId)).toBe('404 InvalidEventId.NoInquiringEventFound');
  await sim().control.advance(60_000);
  expect(await statusOf(eventId)).toBe('Executed');
});

test('an instance whose creation fails is never Running and leaves SystemFailure.Delete', async () => {
  await sim().control.setFaults({ action: 'RunInstances', kind: 'creationFailure', count: 1 });
  const request = { ImageId: 'aliyun_3_x64_20G_alibase_20240528.vhd', InstanceType: 'ecs.g7.large' };
  const answer = await sim().ok('RunInstances', request);
  const [id = ''] = (answer['InstanceIdSets'] as { InstanceIdSet: string[] }).InstanceIdSet;
  expect((await sim().control.instances()).some(({ instanceId }) => instanceId === id)).toBe(true);
  await sim().control.advance(60_000);
  expect((await sim().control.instances()).some(({ instanceId }) => instanceId === id)).toBe(false);
  expect(await sim().control.effects('instance.running', { resourceId: id })).toEqual([]);
  expect((await history({ instanceId: id }))[0]).toMatchObject({
    eventType: { code: 66, name: 'SystemFailure.Delete' },
    eventCycleStatus: { code: 0, name: 'Executed' },
  });
});

test('what was planned goes on after a restart, avoided or carried out, and boots are kept', async () => {
  const stateFile = join(temporaryDirectory(), 'state.json');
  const one = await driven({ stateFile, instances: 2 });
  const [a = '', b = ''] = one.instanceIds;
  await one.control.raiseEvents({ instanceIds: [a, b], inMs: HOUR });
  await one.sdk.rebootInstance(new Models.RebootInstanceRequest({ instanceId: a }));
  await one.control.advance(17_000);
  const boots = (await one.control.instances()).map(({ bootId, agent }) => [bootId, agent]);
  await one.close();
  const two = await driven({ stateFile });
  try {
    expect((await two.control.instances()).map(({ bootId, agent }) => [bootId, agent])).toEqual(boots);
    await two.control.advance(3_000);
    expect((await history({}, two)).map((event) => event.instanceId)).toEqual([a]);
    await two.control.advance(HOUR + 30_000);
    const ends = (await two.control.events()).map(({ instanceId, status }) => [instanceId, status]);
    expect(ends).toEqual([
      [a, 'Avoided'],
      [b, 'Executed'],
    ]);
  } finally {
    await two.close();
  }
});

test('with the switch lists go on saying Running of the old boot', async () => {
  await sim().control.setSwitches({ statusAfterReboot: 'stale' });
  const shown = async (): Promise<(string | undefined)[]> => {
    const listed = await sim().sdk.describeInstances(
      new Models.DescribeInstancesRequest({ regionId: REGION }),
    );
    const statuses = await sim().sdk.describeInstanceStatus(
      new Models.DescribeInstanceStatusRequest({ regionId: REGION }),
    );
    const [row] = statuses.body?.instanceStatuses?.instanceStatus ?? [];
    return [listed.body?.instances?.instance?.[0]?.status, row?.status];
  };
  await reboot();
  await sim().control.advance(2_999);
  expect(await shown()).toEqual(['Running', 'Running']);
  await sim().control.advance(1);
  expect(await shown()).toEqual(['Starting', 'Starting']);
  await sim().control.advance(15_000);
  expect(await shown()).toEqual(['Running', 'Running']);
});
