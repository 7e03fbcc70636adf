/**
 * How spot instances are taken back: five minutes' notice, Terminate and Stop, withdrawn, ordered by price, stock or
 * drill, and over a restart.
 */
import * as Models from '@alicloud/ecs20140526';
import { join } from 'node:path';
import { temporaryDirectory } from '../support/temporary';
import { codeOf } from './support/assistant';
import type { WithSdk } from './support/sdk';
import { driven, eachDriven, IMAGE, REGION, second, START } from './support/sdk';

const MINUTE = 60_000;
const ZONE = 'cn-hangzhou-h';
const TYPE = 'ecs.g7.large';
const sim = eachDriven({ instances: 0 });

const add = async (over: Record<string, unknown> = {}, of: WithSdk = sim()): Promise<string> => {
  const [id = ''] = await of.control.addInstances({ spotStrategy: 'SpotAsPriceGo', ...over });
  return id;
};
const look = async (id: string, of: WithSdk = sim()) =>
  (await of.control.instances()).find(({ instanceId }) => instanceId === id);
const locked = async (): Promise<(string | undefined)[]> => {
  const request = new Models.DescribeInstancesRequest({ regionId: REGION, lockReason: 'Recycling' });
  return ((await sim().sdk.describeInstances(request)).body?.instances?.instance ?? []).map(
    (i) => i.instanceId,
  );
};
const start = (instanceId: string): Promise<unknown> =>
  sim().sdk.startInstance(new Models.StartInstanceRequest({ instanceId }));
const effectsOf = async (id: string): Promise<string[]> =>
  (await sim().control.effects(undefined, { resourceId: id })).map(({ effect }) => effect);

test('notice, five minutes, gone: the lock is what tells', async () => {
  const [id, other] = [await add(), await add()];
  expect(await sim().control.reclaim(id)).toEqual([START + 5 * MINUTE]);
  expect(await locked()).toEqual([id]);
  expect(await codeOf(sim().sdk.rebootInstance(new Models.RebootInstanceRequest({ instanceId: id })))).toBe(
    '403 IncorrectInstanceStatus',
  );
  await sim().control.advance(5 * MINUTE - 1);
  expect((await look(id))?.status).toBe('Running');
  await sim().control.advance(1);
  expect((await look(id))?.status).toBe('Stopping');
  await sim().control.advance(2_000);
  expect(await look(id)).toBeUndefined();
  expect((await look(other))?.status).toBe('Running');
  expect((await effectsOf(id)).slice(-5)).toEqual([
    'spot.noticed',
    'spot.reclaimed',
    'instance.stopping',
    'instance.stopped',
    'instance.released',
  ]);
});

test('with Stop it is stopped without charge, and starts again when there is room', async () => {
  const id = await add({ spotInterruptionBehavior: 'Stop' });
  await sim().control.setStock({ zoneId: ZONE, instanceType: TYPE, stock: 0 });
  await sim().control.reclaim(id);
  await sim().control.advance(5 * MINUTE + 2_000);
  expect(await look(id)).toMatchObject({ status: 'Stopped', stoppedMode: 'StopCharging', locks: [] });
  expect(await codeOf(start(id))).toBe('403 OperationDenied.NoStock');
  await sim().control.setStock({ zoneId: ZONE, instanceType: TYPE, stock: 1 });
  await start(id);
  await sim().control.advance(10_000);
  expect((await look(id))?.status).toBe('Running');
  // A second reclaim later is a reclaim like the first.
  await sim().control.reclaim(id);
  await sim().control.advance(5 * MINUTE + 2_000);
  expect((await look(id))?.status).toBe('Stopped');
});

test('with the switch the lock of a stopped instance stays', async () => {
  await sim().control.setSwitches({ recyclingAfterStop: 'kept' });
  const id = await add({ spotInterruptionBehavior: 'Stop' });
  await sim().control.reclaim(id);
  await sim().control.advance(5 * MINUTE + 2_000);
  expect(await locked()).toEqual([id]);
  expect(await codeOf(start(id))).toBe('403 IncorrectInstanceStatus');
});

test('a notice can be withdrawn, and given again', async () => {
  const id = await add();
  await sim().control.reclaim(id);
  await sim().control.advance(4 * MINUTE);
  await sim().control.withdrawReclaim(id);
  await sim().control.advance(10 * MINUTE);
  expect(await look(id)).toMatchObject({ status: 'Running', locks: [] });
  await expect(sim().control.withdrawReclaim(id)).rejects.toThrow('409');
  await sim().control.reclaim(id);
  await sim().control.advance(5 * MINUTE + 2_000);
  expect(await look(id)).toBeUndefined();
});

test('only spot instances are taken back', async () => {
  const id = await add({ spotStrategy: 'NoSpot' });
  await expect(sim().control.reclaim(id)).rejects.toThrow('409');
  await expect(sim().control.reclaim('i-none')).rejects.toThrow('404');
});

test('in fast time the notice is so many times shorter', async () => {
  const fast = await driven({ instances: 0, time: { kind: 'fast', factor: 1_000 } });
  try {
    const id = await add({}, fast);
    const [due = 0] = await fast.control.reclaim(id);
    expect((due ?? 0) - Date.now()).toBeLessThanOrEqual(300);
  } finally {
    await fast.close();
  }
});

test('a price above the limit takes back who bid less, after the protected hour', async () => {
  const bid = { spotStrategy: 'SpotWithPriceLimit', spotPriceLimit: 0.2 };
  const [old, rich] = [await add({ ...bid, spotDuration: 0 }), await add({ ...bid, spotPriceLimit: 9 })];
  const young = await add({ ...bid, spotDuration: 1 });
  await sim().control.setSpotPrice({ zoneId: ZONE, instanceType: TYPE, price: 0.3 });
  expect(await locked()).toEqual([old]);
  await sim().control.advance(60 * MINUTE);
  expect(await locked()).toEqual([young]);
  expect((await look(rich))?.status).toBe('Running');
  await sim().control.updateInstance(rich, { status: 'Stopped' });
  await sim().control.setSpotPrice({ zoneId: ZONE, instanceType: TYPE, price: 10 });
  expect(await codeOf(start(rich))).toBe('403 OperationDenied.SpotPriceLowerThanPublicPrice');
  await sim().control.setSpotPrice({ zoneId: ZONE, instanceType: TYPE, price: null });
  expect(await codeOf(start(rich))).toBe('OK');
});

test('a price that falls again within the protected hour changes nothing', async () => {
  const id = await add({ spotStrategy: 'SpotWithPriceLimit', spotPriceLimit: 0.2, spotDuration: 1 });
  await sim().control.setSpotPrice({ zoneId: ZONE, instanceType: TYPE, price: 0.3 });
  await sim().control.advance(30 * MINUTE);
  await sim().control.setSpotPrice({ zoneId: ZONE, instanceType: TYPE, price: 0.1 });
  await sim().control.advance(60 * MINUTE);
  expect((await look(id))?.status).toBe('Running');
});

test('a zone that needs its capacity takes the spot instances of that type back', async () => {
  const [here, there] = [
    await add({ spotDuration: 0 }),
    await add({ spotDuration: 0, zoneId: 'cn-hangzhou-i' }),
  ];
  await sim().control.setStock({ zoneId: ZONE, instanceType: TYPE, stock: 0, reclaim: true });
  expect(await locked()).toEqual([here]);
  expect((await look(there))?.locks).toEqual([]);
});

test('a drill of the interruption is the real thing, and can be cancelled while it lasts', async () => {
  const [gone, stays] = [await add(), await add()];
  const drill = async (instanceId: string): Promise<string[]> =>
    (
      await sim().sdk.createSimulatedSystemEvents(
        new Models.CreateSimulatedSystemEventsRequest({
          regionId: REGION,
          eventType: 'Instance:PreemptibleInstanceInterruption',
          notBefore: second(START + MINUTE),
          instanceId: [instanceId],
          triggerRealOps: true,
        }),
      )
    ).body?.eventIdSet?.eventId ?? [];
  await drill(gone);
  const eventId = await drill(stays);
  await sim().control.advance(MINUTE);
  expect(await locked()).toEqual([gone, stays]);
  await sim().sdk.cancelSimulatedSystemEvents(
    new Models.CancelSimulatedSystemEventsRequest({ regionId: REGION, eventId }),
  );
  expect(await locked()).toEqual([gone]);
  await sim().control.advance(5 * MINUTE + 2_000);
  expect(await look(gone)).toBeUndefined();
  expect((await look(stays))?.status).toBe('Running');
  expect((await sim().control.events()).map(({ status }) => status)).toEqual(['Executed', 'Canceled']);
  const plain = await add({ spotStrategy: 'NoSpot' });
  expect(await codeOf(drill(plain))).toBe('403 InvalidParameter');
});

test('200 reclaimed in the same minute are gone five minutes later', async () => {
  const ids = await sim().control.addInstances({ count: 200, spotStrategy: 'SpotAsPriceGo' });
  await sim().control.reclaim(...ids);
  await sim().control.advance(5 * MINUTE + 2_000);
  expect(await sim().control.instances()).toEqual([]);
});

test('a notice goes on after a restart', async () => {
  const stateFile = join(temporaryDirectory(), 'state.json');
  const before = await driven({ stateFile, instances: 0 });
  const id = await add({}, before);
  await before.control.setSpotPrice({ zoneId: ZONE, instanceType: TYPE, price: 0.123 });
  await before.control.reclaim(id);
  await before.control.advance(4 * MINUTE);
  await before.close();
  const after = await driven({ stateFile });
  try {
    expect(after.simulation.spot.priceOf(ZONE, TYPE)).toBe(0.123);
    expect((await look(id, after))?.status).toBe('Running');
    await after.control.advance(MINUTE + 2_000);
    expect(await look(id, after)).toBeUndefined();
  } finally {
    await after.close();
  }
});

test('RunInstances takes a spot bid at or above the market and says what it costs', async () => {
  const base = { regionId: REGION, zoneId: ZONE, imageId: IMAGE, instanceType: TYPE };
  const run = (over: Record<string, unknown>): Promise<Models.RunInstancesResponse> =>
    sim().sdk.runInstances(new Models.RunInstancesRequest({ ...base, ...over }));
  await sim().control.setSpotPrice({ zoneId: ZONE, instanceType: TYPE, price: 0.1 });
  const low = run({ spotStrategy: 'SpotWithPriceLimit', spotPriceLimit: 0.099 });
  expect(await codeOf(low)).toBe('400 InvalidSpotPriceLimit.LowerThanPublicPrice');
  expect(
    (await run({ spotStrategy: 'SpotWithPriceLimit', spotPriceLimit: 0.1, amount: 3 })).body?.tradePrice,
  ).toBe(0.3);
  expect((await run({})).body?.tradePrice).toBe(0.52);
});
