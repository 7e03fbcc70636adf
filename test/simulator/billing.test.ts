/** What a week costs with and without stopping, and everything that keeps stopping from saving money. */
import { useSimulator } from './support/simulated';

const HOUR = 3_600_000;
const MONDAY = Date.UTC(2026, 10, 30);
const sim = useSimulator({ regions: ['cn-hangzhou'], time: { kind: 'driven', startAt: MONDAY } });

type Spec = Parameters<ReturnType<typeof sim>['control']['addInstances']>[0];
const one = async (spec: Spec = {}): Promise<string> => (await sim().control.addInstances(spec))[0] ?? '';
const hours = (count: number): Promise<unknown> => sim().control.advance(count * HOUR);
const stop = (InstanceId: string, StoppedMode = 'StopCharging'): Promise<unknown> =>
  sim().ok('StopInstance', { InstanceId, StoppedMode });
const found = async (
  instanceId: string,
): Promise<{ status: string; publicIp: string; stoppedMode: string }> => {
  const all = await sim().control.instances();
  return all.find((each) => each.instanceId === instanceId) ?? { status: '', publicIp: '', stoppedMode: '' };
};
const now = async (): Promise<number> => (await sim().control.clock()).time;

test('a week of working hours costs what its running hours cost; the one that is never stopped all of it', async () => {
  const [office = '', always = '', keeps = ''] = await sim().control.addInstances({
    count: 3,
    instanceType: 'ecs.c7.large',
  });
  const from = await now();
  for (let day = 0; day < 7; day += 1) {
    await hours(12);
    await stop(office);
    await stop(keeps, 'KeepCharging');
    await hours(12);
    if (day === 6) break;
    await sim().ok('StartInstance', { InstanceId: office });
    await sim().ok('StartInstance', { InstanceId: keeps });
  }
  const bills = await sim().control.bill({ from, instanceIds: [office, always, keeps] });
  const of = (id: string): (typeof bills)[number] | undefined =>
    bills.find(({ instanceId }) => instanceId === id);
  const hourly = (of(always)?.cost ?? 0) / 168;
  expect(hourly).toBeGreaterThan(0);
  expect(of(always)).toMatchObject({ hours: { running: 168, keepCharging: 0, stopCharging: 0 } });
  // Stopping takes half a minute or so, and is charged.
  expect(of(office)?.hours.running).toBeCloseTo(84, 0);
  expect(of(office)?.hours.stopCharging).toBeCloseTo(84, 0);
  expect(of(office)?.cost).toBeCloseTo((of(office)?.hours.running ?? 0) * hourly, 6);
  expect(of(keeps)?.hours.keepCharging).toBeCloseTo(84, 0);
  expect(of(keeps)?.cost).toBeCloseTo(168 * hourly, 6);
});

test('a bill is of the time that was asked for, and goes on being known after a release', async () => {
  const id = await one();
  const from = await now();
  await hours(3);
  await sim().control.removeInstance(id);
  await hours(5);
  const [whole] = await sim().control.bill({ instanceIds: [id] });
  expect(whole?.hours.running).toBe(3);
  const [part] = await sim().control.bill({ from: from + HOUR, to: from + 2 * HOUR, instanceIds: [id] });
  expect(part?.hours.running).toBe(1);
  expect(part?.cost).toBeCloseTo((whole?.cost ?? 0) / 3, 9);
  expect(await sim().control.bill({ from: from + 4 * HOUR, instanceIds: [id] })).toEqual([]);
});

test('a spot instance costs the price of each hour', async () => {
  const zoneId = 'cn-hangzhou-k';
  const instanceType = 'ecs.c7.large';
  await sim().control.setSpotPrice({ zoneId, instanceType, price: 0.1 });
  const id = await one({ zoneId, instanceType, spotStrategy: 'SpotAsPriceGo' });
  await hours(2);
  await sim().control.setSpotPrice({ zoneId, instanceType, price: 0.3 });
  await hours(1);
  expect((await sim().control.bill({ instanceIds: [id] }))[0]?.cost).toBeCloseTo(0.5, 1);
});

test.each<[string, Spec]>([
  ['a subscription', { chargeType: 'PrePaid' }],
  ['local disks', { instanceType: 'ecs.i2.xlarge' }],
])('%s: StopCharging is ignored without a word, and goes on costing', async (_, spec) => {
  const id = await one(spec);
  await stop(id);
  await hours(10);
  expect(await found(id)).toMatchObject({ status: 'Stopped', stoppedMode: 'KeepCharging' });
  expect((await sim().control.bill({ instanceIds: [id] }))[0]?.hours.stopCharging).toBe(0);
});

test('with the account set to economical mode a stop that says nothing saves money', async () => {
  await sim().control.setSwitches({ economicalMode: true });
  const id = await one();
  await sim().ok('StopInstance', { InstanceId: id });
  await hours(1);
  expect((await found(id)).stoppedMode).toBe('StopCharging');
  await sim().control.setSwitches({ economicalMode: false });
});

test('the public address is another one after StopCharging, the same after KeepCharging', async () => {
  const id = await one({ bandwidthOut: 10 });
  const before = (await found(id)).publicIp;
  expect(before).not.toBe('');
  const restart = async (mode: string): Promise<string> => {
    await stop(id, mode);
    await hours(1);
    await sim().ok('StartInstance', { InstanceId: id });
    await hours(1);
    return (await found(id)).publicIp;
  };
  expect(await restart('KeepCharging')).toBe(before);
  const after = await restart('StopCharging');
  expect(after).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
  expect(after).not.toBe(before);
});

test('the row of one without stock says so in a batch, and the others start', async () => {
  const [a = '', b = ''] = [
    await one({ zoneId: 'cn-hangzhou-k', instanceType: 'ecs.c7.large' }),
    await one({ zoneId: 'cn-hangzhou-k', instanceType: 'ecs.g7.large' }),
  ];
  await stop(a);
  await stop(b);
  await hours(1);
  const sold = { zoneId: 'cn-hangzhou-k', instanceType: 'ecs.c7.large' };
  await sim().control.setStock({ ...sold, stock: 0 });
  const members = { 'InstanceId.1': a, 'InstanceId.2': b };
  expect(await sim().fails('StartInstances', members)).toBe('403 OperationDenied.NoStock');
  const answer = await sim().ok('StartInstances', { ...members, BatchOptimization: 'SuccessFirst' });
  expect(answer['InstanceResponses']).toMatchObject({
    InstanceResponse: [
      { InstanceId: a, Code: 'OperationDenied.NoStock', CurrentStatus: 'Stopped' },
      { InstanceId: b, Code: '200', CurrentStatus: 'Starting' },
    ],
  });
  await sim().control.setStock({ ...sold, stock: null });
});

test('an instance may be slow, or stuck in a change of status until it is told otherwise', async () => {
  const id = await one();
  await sim().control.updateInstance(id, { stuck: true });
  await stop(id);
  await hours(5);
  expect((await found(id)).status).toBe('Stopping');
  await sim().control.updateInstance(id, { stuck: false });
  await hours(1);
  expect((await found(id)).status).toBe('Stopped');
  await sim().control.updateInstance(id, { slowness: 10_000 });
  await sim().ok('StartInstance', { InstanceId: id });
  await hours(1);
  expect((await found(id)).status).toBe('Starting');
  await hours(1_000);
  expect((await found(id)).status).toBe('Running');
});
