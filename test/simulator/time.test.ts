/**
 * Three kinds of time: real, fast (the provider's processes only) and driven (nothing happens by itself).
 */
import { Clock } from '../../simulator/core/clock';
import { simulate, until } from './support/simulated';

const START = Date.parse('2026-07-01T00:00:00Z');
const statusOf = async (sim: Awaited<ReturnType<typeof simulate>>, id: string): Promise<unknown> =>
  (await sim.control.instances()).find(({ instanceId }) => instanceId === id)?.status;

test('driven: an instance is made, boots and reports as time is moved, and not before', async () => {
  const sim = await simulate({
    time: { kind: 'driven', startAt: START },
    durations: { pending: 2_000, starting: 8_000, agentBoot: 5_000 },
  });
  try {
    const answer = await sim.ok('RunInstances', {
      ImageId: 'aliyun_3_x64_20G_alibase_20240528.vhd',
      InstanceType: 'ecs.g7.large',
    });
    const id = (answer['InstanceIdSets'] as { InstanceIdSet: string[] }).InstanceIdSet[0] ?? '';
    expect(await statusOf(sim, id)).toBe('Pending');
    await sim.control.advance(1_999);
    expect(await statusOf(sim, id)).toBe('Pending');
    await sim.control.advance(1);
    expect(await statusOf(sim, id)).toBe('Starting');
    await sim.control.setTime(START + 10_000);
    expect(await statusOf(sim, id)).toBe('Running');
    const shown = await sim.ok('DescribeInstances', { InstanceIds: JSON.stringify([id]) });
    expect(shown['Instances']).toMatchObject({
      Instance: [{ CreationTime: '2026-07-01T00:00Z', StartTime: '2026-07-01T00:00Z' }],
    });
    const [before] = await sim.control.instances();
    expect(before?.agent.lastHeartbeat).toBeNull();
    await sim.control.advance(5_000 + 150_000);
    expect((await sim.control.instances())[0]?.agent.lastHeartbeat).toBe(START + 15_000 + 120_000);
  } finally {
    await sim.close();
  }
});

test('driven: one long step does in order what many short ones do', async () => {
  const run = async (steps: number): Promise<string[]> => {
    const sim = await simulate({ time: { kind: 'driven', startAt: START }, instances: 3 });
    try {
      for (const [index, InstanceId] of sim.instanceIds.entries()) {
        if (index > 0) await sim.control.advance(1_000);
        await sim.ok('RebootInstance', { InstanceId });
      }
      for (let step = 0; step < steps; step += 1) await sim.control.advance(60_000 / steps);
      const effects = await sim.control.effects();
      return effects.map(
        ({ effect, resourceId, time }) => `${effect} ${sim.instanceIds.indexOf(resourceId)} ${time - START}`,
      );
    } finally {
      await sim.close();
    }
  };
  const once = await run(1);
  expect(once).toContain('instance.running 2 17000');
  expect(await run(60)).toEqual(once);
});

test('driven time never goes back, signatures stay on wall time', async () => {
  const sim = await simulate({ time: { kind: 'driven', startAt: START } });
  try {
    await sim.control.setTime(START + 1_000);
    expect((await sim.control.setTime(START)).time).toBe(START + 1_000);
    await sim.control.advance(10 * 365 * 86_400_000);
    expect(await sim.fails('DescribeZones')).toBe('200 OK');
  } finally {
    await sim.close();
  }
});

test('fast: a boot of a minute takes a moment, and the timestamps are real', async () => {
  const sim = await simulate({
    time: { kind: 'fast', factor: 2_000 },
    instances: 1,
    durations: { rebooting: 60_000 },
  });
  try {
    const [InstanceId = ''] = sim.instanceIds;
    const began = Date.now();
    await sim.ok('RebootInstance', { InstanceId });
    await until(
      () => statusOf(sim, InstanceId),
      (status) => status === 'Running',
    );
    const last = (await sim.control.effects('instance.running', { resourceId: InstanceId })).at(-1);
    expect(last?.time).toBeGreaterThanOrEqual(began);
    expect(last?.time).toBeLessThanOrEqual(Date.now());
  } finally {
    await sim.close();
  }
});

test('timers of one moment run in the order in which they were set, cancelled ones never', async () => {
  const clock = new Clock({ kind: 'driven', startAt: 0 });
  const ran: number[] = [];
  const timers = Array.from({ length: 200 }, (_, i) => clock.at(1 + (i % 7), () => ran.push(i)));
  timers.filter((_, i) => i % 3 === 0).forEach((timer) => timer.cancel());
  await clock.setTime(10);
  const kept = Array.from({ length: 200 }, (_, i) => i).filter((i) => i % 3 !== 0);
  expect(ran).toEqual([...kept].sort((a, b) => (a % 7) - (b % 7) || a - b));
});

test('a timer that a timer sets runs in the same step when it is due', async () => {
  const clock = new Clock({ kind: 'driven', startAt: 0 });
  const ran: number[] = [];
  clock.after(10, () => {
    ran.push(clock.now());
    clock.after(10, () => ran.push(clock.now()));
  });
  await clock.setTime(100);
  expect(ran).toEqual([10, 20]);
  expect(clock.now()).toBe(100);
});

test('a timer that throws stops no other', async () => {
  const heard: unknown[] = [];
  const clock = new Clock({ kind: 'driven', startAt: 0 }, (error) => heard.push(error));
  const ran: string[] = [];
  clock.at(1, () => {
    throw new Error('bad');
  });
  clock.at(2, () => ran.push('good'));
  await clock.setTime(5);
  expect(ran).toEqual(['good']);
  expect(heard).toHaveLength(1);
});
