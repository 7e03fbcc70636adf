/**
 * The state survives: instances, steps that were under way, tokens, tags, the ledger; and nobody else can read it.
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SimulatorOptions } from '../../simulator';
import { temporaryDirectory } from '../support/temporary';
import type { Simulated } from './support/simulated';
import { simulate } from './support/simulated';

const START = Date.parse('2026-08-01T00:00:00Z');
const BASE = {
  ImageId: 'aliyun_3_x64_20G_alibase_20240528.vhd',
  InstanceType: 'ecs.g7.large',
  ClientToken: 'kept',
};
const options = (stateFile: string): SimulatorOptions => ({
  stateFile,
  time: { kind: 'driven', startAt: START },
  instances: 2,
  tags: { env: 'prod' },
});

async function withSimulator<T>(
  settings: SimulatorOptions,
  work: (sim: Simulated) => Promise<T>,
): Promise<T> {
  const sim = await simulate(settings);
  try {
    return await work(sim);
  } finally {
    await sim.close();
  }
}

test('a restarted simulator goes on where the first one ended', async () => {
  const stateFile = join(temporaryDirectory(), 'state.json');
  const before = await withSimulator(options(stateFile), async (sim) => {
    const made = (await sim.ok('RunInstances', BASE))['InstanceIdSets'];
    await sim.ok('StopInstance', { InstanceId: sim.instanceIds[0] ?? '', StoppedMode: 'StopCharging' });
    await sim.control.setStock({ zoneId: 'cn-hangzhou-h', instanceType: 'ecs.g7.large', stock: 5 });
    return { made, all: await sim.control.instances(), ledger: await sim.control.ledger() };
  });
  await withSimulator(options(stateFile), async (sim) => {
    expect(await sim.control.instances()).toEqual(before.all);
    expect(await sim.control.ledger()).toEqual(before.ledger);
    expect((await sim.ok('RunInstances', BASE))['InstanceIdSets']).toEqual(before.made);
    expect(await sim.control.effects('instance.created')).toHaveLength(3);
    await sim.control.advance(60_000);
    expect((await sim.control.instances()).map(({ status }) => status)).toEqual([
      'Stopped',
      'Running',
      'Running',
    ]);
    expect((await sim.control.instances())[0]?.stoppedMode).toBe('StopCharging');
    expect((await sim.ok('DescribeInstances', { 'Tag.1.Key': 'env' }))['TotalCount']).toBe(2);
    const addresses = (await sim.control.instances()).map(({ privateIp }) => privateIp);
    const [id = ''] = await sim.control.addInstances();
    const added = (await sim.control.instances()).find(({ instanceId }) => instanceId === id);
    expect(addresses).not.toContain(added?.privateIp);
  });
});

test('what was answered has been written: a copy taken right after the answer holds it', async () => {
  const stateFile = join(temporaryDirectory(), 'state.json');
  await withSimulator(options(stateFile), async (sim) => {
    const answer = await sim.ok('RunInstances', BASE);
    const [id = ''] = (answer['InstanceIdSets'] as { InstanceIdSet: string[] }).InstanceIdSet;
    expect(readFileSync(stateFile, 'utf8')).toContain(id);
  });
});

test('the files belong to their owner alone and hold no secret', async () => {
  const stateFile = join(temporaryDirectory(), 'state.json');
  const keys = { accessKeyId: 'canary-id', accessKeySecret: 'Canary-secret-123' };
  await withSimulator({ ...options(stateFile), ...keys }, async (sim) => {
    await sim.ok('RunInstances', { ...BASE, Password: 'Canary-pass-123' });
    await sim.call('RunInstances', BASE, { securityToken: 'Canary-token-123' });
  });
  for (const file of [stateFile, `${stateFile}.ledger`]) {
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).not.toMatch(/Canary-(secret|pass|token)/);
  }
});

test('a spoilt state file is refused with its name; a cut line of the ledger is not', async () => {
  const stateFile = join(temporaryDirectory(), 'state.json');
  await withSimulator(options(stateFile), (sim) => sim.ok('DescribeZones'));
  const whole = readFileSync(`${stateFile}.ledger`, 'utf8');
  writeFileSync(`${stateFile}.ledger`, whole.slice(0, -20));
  await withSimulator(options(stateFile), async (sim) =>
    expect(await sim.control.instances()).toHaveLength(2),
  );
  writeFileSync(stateFile, '{"version":1,');
  await expect(simulate(options(stateFile))).rejects.toThrow(stateFile);
});
