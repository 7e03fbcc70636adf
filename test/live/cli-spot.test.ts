/** Spot instances from the command line: prices, plan, launch, status, and what is refused. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LaunchSpotResult, SpotReport } from '../../src/domain/spot-messages';
import { cli, stackUp } from '../support/cli';
import type { Finished } from '../support/cli';

const stateDir = mkdtempSync(join(tmpdir(), 'steward-cli-'));
let stack: Awaited<ReturnType<typeof stackUp>>;

beforeAll(async () => {
  stack = await stackUp(stateDir, ['--instances', '1', '--exec', 'canned', '--time', 'x20']);
}, 60_000);

afterAll(async () => {
  await stack.end();
  rmSync(stateDir, { recursive: true, force: true });
});

const spot = (...args: string[]): Promise<Finished> =>
  cli(['spot', ...args, '--region', stack.line.simulator.regionId], { stateDir });

test('launch, its plan and prices; nothing is rescued that nobody takes back', async () => {
  const image = [
    '--image',
    'aliyun_3_x64_20G_alibase_20240528.vhd',
    '--security-group',
    'sg-cnhangzhou000000000000',
  ];
  const launched = await spot(
    'launch',
    ...image,
    '--type',
    'ecs.g7.large',
    '--duration',
    '0',
    '--tag',
    'a=b',
    '--json',
  );
  expect(launched.code).toBe(0);
  const { instanceId = '', outcome } = JSON.parse(launched.stdout) as LaunchSpotResult;
  expect(outcome).toBe('running');
  const plan = await spot('relaunch', instanceId, '--plan');
  expect(plan.stdout).toMatch(/is not being taken back; policy built-in/);
  expect(plan.stdout).toMatch(/1\. image[\s\S]*5\. original-image/);
  expect(plan.stdout).toMatch(/1\. ecs\.g7\.large in cn-hangzhou-\w, spot at [\d.]+ an hour/);
  const prices = await spot('prices', '--type', 'ecs.g7.large', '--type', 'ecs.c7.large', '--json');
  expect((JSON.parse(prices.stdout) as SpotReport).rows.length).toBeGreaterThan(3);
  expect((await spot('status')).stdout).toContain('No rescue runs');
  const none = await spot('relaunch', instanceId);
  expect([none.code, none.stdout]).toEqual([0, expect.stringContaining('Nobody takes this instance back')]);
  expect((await spot('status', instanceId)).stdout).toContain('completed');
}, 120_000);

test.each([
  [['launch', '--image', 'm-bp1', '--type', 'g7', '--security-group', 'sg-bp1'], 'instanceType'],
  [
    ['launch', '--image', 'm-bp1', '--type', 'ecs.g7.large', '--security-group', 'sg-bp1', '--duration', '6'],
    'spotDuration',
  ],
  [['launch', '--type', 'ecs.g7.large', '--security-group', 'sg-bp1'], '--image'],
  [['relaunch', 'web-1'], 'is not an instance id'],
  [['drill', 'i-bp1abc'], '--yes'],
  [['prices', '--type', 'g7'], 'instanceTypes'],
])(
  '%j is bad usage',
  async (args, message) => {
    const { code, stderr } = await spot(...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  },
  60_000,
);
