/**
 * Faults happen where, when and as often as they are declared, and the ledger says which call was hit.
 */
import type { FaultSpec } from '../../simulator/core/faults';
import type { RawAnswer } from './support/api';
import { callRaw } from './support/api';
import type { Simulated } from './support/simulated';
import { simulate } from './support/simulated';

let sim: Simulated;
const START = Date.parse('2026-05-01T08:00:30Z');
beforeEach(async () => {
  sim = await simulate({
    time: { kind: 'driven', startAt: START },
    instances: 30,
    tags: { env: 'old' },
    randomStart: 7,
    throttling: false,
  });
});
afterEach(() => sim.close());

const set = (...faults: FaultSpec[]): Promise<string[]> => sim.control.setFaults(...faults);
const codes = async (times: number, action = 'DescribeZones'): Promise<string[]> => {
  const all: string[] = [];
  for (let call = 0; call < times; call += 1)
    all.push(await sim.fails(action).catch((error: Error) => error.message));
  return all;
};
const BASE = { ImageId: 'aliyun_3_x64_20G_alibase_20240528.vhd', InstanceType: 'ecs.g7.large' };

test('count, skip, action and where choose the calls; the ledger names the fault', async () => {
  await set({ id: 'f', action: ['DescribeZones', 'X'], kind: 'error', httpStatus: 500, skip: 1, count: 2 });
  expect(await codes(5)).toEqual(['200 OK', '500 InternalError', '500 InternalError', '200 OK', '200 OK']);
  expect(await sim.fails('DescribeRegions')).toBe('200 OK');
  const hit = await sim.control.calls('DescribeZones', { code: 'InternalError' });
  expect(hit.map((call) => call.faults)).toEqual([['error#f'], ['error#f']]);
  await set({ action: '*', kind: 'error', code: 'Odd', httpStatus: 418, where: { RegionId: 'cn-beijing' } });
  expect(await sim.fails('DescribeZones', { RegionId: 'cn-beijing' })).toBe('418 Odd');
  expect(await sim.fails('DescribeZones')).toBe('200 OK');
});

test('a rate hits its share, the same calls for the same number', async () => {
  await set({ action: '*', kind: 'error', rate: 0.3 });
  const pattern = (await codes(60)).map((code) => code.startsWith('503'));
  const share = pattern.filter(Boolean).length / 60;
  expect(share).toBeGreaterThan(0.1);
  expect(share).toBeLessThan(0.5);
  await sim.close();
  sim = await simulate({
    time: { kind: 'driven', startAt: START },
    instances: 30,
    tags: { env: 'old' },
    randomStart: 7,
  });
  await set({ action: '*', kind: 'error', rate: 0.3 });
  expect((await codes(60)).map((code) => code.startsWith('503'))).toEqual(pattern);
});

test('throttling lasts to the end of the minute and says so', async () => {
  await set({ action: 'DescribeZones', kind: 'throttle', count: 1, code: 'Throttling.Api', httpStatus: 503 });
  const answer = await sim.call('DescribeZones');
  expect(answer.headers['x-acs-retry-after']).toBe('30000');
  expect(await codes(2)).toEqual(['503 Throttling.Api', '503 Throttling.Api']);
  await sim.control.advance(30_000);
  expect(await codes(1)).toEqual(['200 OK']);
});

test.each([
  ['error', 'before', 0],
  ['error', 'after', 1],
  ['reset', 'before', 0],
  ['reset', 'after', 1],
  ['html', 'before', 0],
  ['html', 'after', 1],
] as const)('%s %s the effect: %i instance', async (kind, phase, made) => {
  await set({ action: 'RunInstances', kind, phase, count: 1 });
  const answer = await sim.call('RunInstances', BASE).then(
    ({ status }) => status,
    () => 'broken',
  );
  expect(answer).toBe(kind === 'error' ? 503 : 'broken');
  expect(await sim.control.effects('instance.created')).toHaveLength(30 + made);
  const [call] = await sim.control.calls('RunInstances');
  expect(call?.code).not.toBe('OK');
});

test('malformed, truncated, HTML, slow and huge answers go over the wire as such', async () => {
  await set({ action: 'DescribeZones', kind: 'malformedJson', count: 1 });
  const malformed = await raw();
  expect(malformed.status).toBe(200);
  expect(() => JSON.parse(malformed.text) as unknown).toThrow();
  await set({ action: 'DescribeZones', kind: 'truncated', count: 1 });
  await expect(raw()).rejects.toThrow();
  await set({ action: 'DescribeZones', kind: 'html', httpStatus: 502, count: 1 });
  expect(await raw()).toMatchObject({ status: 502, type: 'text/html' });
  await set({ action: 'DescribeZones', kind: 'slowDrip', bytes: 2_000, everyMs: 5, count: 1 });
  const slow = await raw();
  expect(slow.parts).toBeGreaterThan(1);
  expect(JSON.parse(slow.text)).toHaveProperty('RequestId');
  await set({ action: 'DescribeZones', kind: 'hugeBody', bytes: 3_000_000, count: 1 });
  expect(Buffer.byteLength((await raw()).text)).toBe(3_000_000);
});

test('what is created is listed only after the lag, and found by id no sooner', async () => {
  await sim.control.setVisibilityLag(5_000);
  const made = (await sim.ok('RunInstances', BASE))['InstanceIdSets'] as { InstanceIdSet: string[] };
  const listed = async (): Promise<unknown> =>
    (await sim.ok('DescribeInstances', { InstanceIds: JSON.stringify(made.InstanceIdSet) }))['TotalCount'];
  expect(await listed()).toBe(0);
  await sim.control.advance(4_999);
  expect(await listed()).toBe(0);
  await sim.control.advance(1);
  expect(await listed()).toBe(1);
});

test('a search by tag sees old tags, a list old statuses', async () => {
  await set({ kind: 'tagLag', ms: 2_000 }, { kind: 'staleStatus', ms: 3_000 });
  await sim.control.advance(10_000);
  const [InstanceId = ''] = sim.instanceIds;
  await sim.ok('TagResources', {
    ResourceType: 'instance',
    'ResourceId.1': InstanceId,
    'Tag.1.Key': 'env',
    'Tag.1.Value': 'new',
  });
  await sim.ok('StopInstance', { InstanceId });
  const byTag = async (): Promise<unknown> =>
    (await sim.ok('DescribeInstances', { 'Tag.1.Key': 'env', 'Tag.1.Value': 'new' }))['TotalCount'];
  const status = async (): Promise<unknown> =>
    (await sim.ok('DescribeInstanceStatus', { 'InstanceId.1': InstanceId }))['InstanceStatuses'];
  expect(await byTag()).toBe(0);
  expect(await status()).toEqual({ InstanceStatus: [{ InstanceId, Status: 'Running' }] });
  await sim.control.advance(3_000);
  expect(await byTag()).toBe(1);
  expect(await status()).toEqual({ InstanceStatus: [{ InstanceId, Status: 'Stopping' }] });
});

test('pages shift and tokens repeat', async () => {
  const rows = async (params: Record<string, string>): Promise<string[]> => {
    const answer = await sim.ok('DescribeInstances', params);
    return (answer['Instances'] as { Instance: { InstanceId: string }[] }).Instance.map(
      (row) => row.InstanceId,
    );
  };
  const [shifted] = await set({ action: 'DescribeInstances', kind: 'pageShift', by: -2 });
  const first = await rows({ PageSize: '10' });
  expect((await rows({ PageSize: '10', PageNumber: '2' })).slice(0, 2)).toEqual(first.slice(-2));
  await sim.control.clearFaults(shifted);
  await set({ action: 'DescribeInstances', kind: 'repeatedToken' });
  const token = (await sim.ok('DescribeInstances', { MaxResults: '10' }))['NextToken'] as string;
  const again = await sim.ok('DescribeInstances', { MaxResults: '10', NextToken: token });
  expect(again['NextToken']).toBe(token);
});

test('a skewed clock refuses fresh signatures and shows in the Date header', async () => {
  await set({ action: '*', kind: 'clockSkew', ms: 20 * 60_000 });
  const answer = await sim.call('DescribeZones');
  expect(answer.body['Code']).toBe('InvalidTimeStamp.Expired');
  const theirs = Date.parse(String(answer.headers['date']));
  const date = `${new Date(theirs).toISOString().slice(0, 19)}Z`;
  expect((await sim.call('DescribeZones', {}, { date })).status).toBe(200);
});

test('credentials expire: tokens always, keys unless told otherwise', async () => {
  await set({ id: 'x', kind: 'expiredCredentials', keys: false });
  expect((await sim.call('DescribeZones', {}, { securityToken: 't' })).body['Code']).toBe(
    'InvalidSecurityToken.Expired',
  );
  expect(await sim.fails('DescribeZones')).toBe('200 OK');
  await set({ id: 'x', kind: 'expiredCredentials' });
  expect(await sim.fails('DescribeZones')).toBe('400 InvalidAccessKeyId.Inactive');
});

test.each([
  [{ kind: 'unheard-of' }],
  [{ kind: 'error', colour: 'red' }],
  [{ kind: 'error', rate: 2 }],
  [{ kind: 'delay' }],
])('the fault %j is refused and nothing is set', async (fault) => {
  await expect(set(fault as FaultSpec)).rejects.toThrow('400');
  expect(await sim.control.faults()).toEqual([]);
});

/** A signed call whose answer is taken as bytes. */
const raw = (): Promise<RawAnswer> => callRaw(sim, 'DescribeZones', { RegionId: sim.regionId });
