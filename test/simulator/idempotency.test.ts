/**
 * ClientToken: one token is one call. Throttling: a minute's calls and not one more.
 */
import { until, useSimulator } from './support/simulated';

const NOON = Date.parse('2026-03-01T12:00:00Z');
const sim = useSimulator({
  time: { kind: 'driven', startAt: NOON },
  quotas: { DescribeZones: 3, DescribeRegions: 0 },
});
const BASE = { ImageId: 'aliyun_3_x64_20G_alibase_20240528.vhd', InstanceType: 'ecs.g7.large' };

const run = async (params: Record<string, string>): Promise<unknown> =>
  (await sim().ok('RunInstances', { ...BASE, ...params }))['InstanceIdSets'];
const created = async (mark: string): Promise<number> =>
  (await sim().control.effects('instance.created', { sinceMark: mark })).length;

test('the same token gives the same answer and one effect, in another case or order of parameters too', async () => {
  await sim().control.mark('same');
  const first = await run({ ClientToken: 'a', InstanceName: 'one' });
  expect(await run({ InstanceName: 'one', ClientToken: 'a' })).toEqual(first);
  expect(await run({ ClientToken: 'A', InstanceName: 'one' })).not.toEqual(first);
  expect(await created('same')).toBe(2);
});

test('the same token with other parameters is refused, in another region or action it is another token', async () => {
  await run({ ClientToken: 'b', Amount: '1' });
  expect(await sim().fails('RunInstances', { ...BASE, ClientToken: 'b', Amount: '2' })).toBe(
    '403 IdempotentParameterMismatch',
  );
  expect(
    await sim().fails('RunInstances', { ...BASE, ClientToken: 'b', Amount: '2', RegionId: 'cn-beijing' }),
  ).toBe('200 OK');
});

test('a call refused with 4xx leaves its token free', async () => {
  expect(await sim().fails('RunInstances', { ...BASE, ClientToken: 'c', ImageId: 'm-none' })).toBe(
    '404 InvalidImageId.NotFound',
  );
  expect(await sim().fails('RunInstances', { ...BASE, ClientToken: 'c' })).toBe('200 OK');
});

test('while the first call is being processed the second is told so', async () => {
  await sim().control.setFaults({
    action: 'RunInstances',
    kind: 'delay',
    phase: 'during',
    ms: 300,
    count: 1,
  });
  await sim().control.mark('processing');
  const first = run({ ClientToken: 'd' });
  await until(
    () => sim().control.faults(),
    ([fault]) => fault?.hits === 1,
  );
  expect(await sim().fails('RunInstances', { ...BASE, ClientToken: 'd' })).toBe('403 IdempotentProcessing');
  expect(await run({ ClientToken: 'e' })).toBeTruthy();
  await first;
  expect(await sim().fails('RunInstances', { ...BASE, ClientToken: 'd' })).toBe('200 OK');
  expect(await created('processing')).toBe(2);
  await sim().control.clearFaults();
});

test('a token is remembered for a day, or as long as a fault says', async () => {
  await sim().control.mark('day');
  await run({ ClientToken: 'f' });
  await sim().control.advance(86_399_000);
  await run({ ClientToken: 'f' });
  expect(await created('day')).toBe(1);
  await sim().control.advance(2_000);
  await run({ ClientToken: 'f' });
  expect(await created('day')).toBe(2);
  await sim().control.setFaults({ action: 'RunInstances', kind: 'clientTokenLifetime', ms: 1_000 });
  await run({ ClientToken: 'g' });
  await sim().control.advance(1_001);
  await run({ ClientToken: 'g' });
  expect(await created('day')).toBe(4);
  await sim().control.clearFaults();
});

test('a response that was lost is found again by its token: one effect', async () => {
  await sim().control.mark('lost');
  await sim().control.setFaults({ action: 'RunInstances', kind: 'reset', phase: 'after', count: 1 });
  await expect(run({ ClientToken: 'h' })).rejects.toThrow();
  const again = await run({ ClientToken: 'h' });
  expect(again).toEqual({ InstanceIdSet: [expect.stringMatching(/^i-/)] });
  expect(await created('lost')).toBe(1);
});

test('a minute has so many calls per action and region; the answer says when the next begins', async () => {
  await sim().control.setTime(Date.parse('2026-04-01T00:00:20Z'));
  for (let call = 0; call < 3; call += 1) expect(await sim().fails('DescribeZones')).toBe('200 OK');
  const answer = await sim().call('DescribeZones');
  expect(`${answer.status} ${String(answer.body['Code'])}`).toBe('400 Throttling.User');
  expect(answer.body['Message']).toBe('Request was denied due to user flow control.');
  expect(answer.headers['x-acs-retry-after']).toBe('40000');
  expect(await sim().fails('DescribeZones', { RegionId: 'cn-beijing' })).toBe('200 OK');
  await sim().control.advance(40_000);
  expect(await sim().fails('DescribeZones')).toBe('200 OK');
});

test('limits are set and lifted at any time', async () => {
  expect(await sim().fails('DescribeRegions')).toBe('400 Throttling.User');
  await sim().control.setThrottle({ limits: { DescribeRegions: 1 } });
  await sim().control.advance(60_000);
  expect(await sim().fails('DescribeRegions')).toBe('200 OK');
  expect(await sim().fails('DescribeRegions')).toBe('400 Throttling.User');
  await sim().control.setThrottle({ enabled: false });
  expect(await sim().fails('DescribeRegions')).toBe('200 OK');
});
