/**
 * Starting and stopping by tag: everybody found, one row each, nothing for nothing. The oracle is the ledger: calls that
 * change something, and the instances themselves.
 */
import { FEATURES, ramPolicyFor } from '../../src/domain/permissions';
import type { Instance } from '../../simulator/model/instance';
import { TAG, byTag, setTags, startByTag, statuses } from '../support/by-tag';
import { policyFile } from '../support/events';
import { withFleet } from '../support/skipping-environment';
import type { Fleet } from '../support/skipping-environment';
import { until } from '../support/temporary';

const MINUTE = 60_000;
const tagged = { tags: { [TAG]: '' } };
/** A hook that nobody answers. */
const DEAF = policyFile(`
version: 1
policies: []
hooks:
  deaf: { webhook: { url: 'http://127.0.0.1:9/' } }
`);

function instance(fleet: Fleet, index: number) {
  const found = fleet.simulator.simulation.world.findInstance(fleet.simulator.instanceIds[index] ?? '');
  if (!found) throw new Error(`no instance ${index}`);
  return found;
}

/** When calls of an action reached ECS, epoch milliseconds. */
function timesOf(fleet: Fleet, action: string): number[] {
  return fleet.simulator.simulation.ledger.query({ kind: 'call', action }).map(({ time }) => time);
}

/** Room for so many more of what the fleet is made of. */
function setStock(fleet: Fleet, count: number): void {
  const { instanceType, zoneId, regionId } = instance(fleet, 0);
  fleet.simulator.simulation.world.region(regionId).zone(zoneId)?.stock.set(instanceType, count);
}

it('stops 1,200 but 30 that cannot be, each with its reason, in as few calls as there are hundreds', () =>
  withFleet({ instances: 1_200, ...tagged }, async (fleet) => {
    for (let index = 0; index < 30; index += 1)
      instance(fleet, index * 40).locks.push({ reason: 'security', message: '' });
    const result = await byTag(fleet, 'stop');
    expect(result).toMatchObject({
      outcome: 'partly-failed',
      totals: { targets: 1_200, done: 1_170, failed: 30, skipped: 0, charging: 0 },
    });
    expect(result.exceptions).toHaveLength(30);
    for (const { reason } of result.exceptions) expect(reason).toContain('InstanceLockedForSecurity');
    expect(fleet.callsOf('StopInstances')).toBe(12);
    expect(result.calls).toBe(12);
    expect(statuses(fleet)).toEqual({ Stopped: 1_170, Running: 30 });
  }));

it('says which go on costing and why, and warns of addresses that may change', () =>
  withFleet({ instances: 3, ...tagged }, async (fleet) => {
    instance(fleet, 0).chargeType = 'PrePaid';
    instance(fleet, 1).instanceType = 'ecs.i3.xlarge';
    instance(fleet, 2).publicIp = '203.0.113.9';
    const result = await byTag(fleet, 'stop');
    expect(result).toMatchObject({ outcome: 'succeeded', totals: { done: 3, charging: 2 } });
    const reasons = result.exceptions.map(({ reason }) => reason).join('; ');
    for (const text of ['subscription', 'local disks']) expect(reasons).toContain(text);
    expect(result.warnings).toEqual([expect.stringContaining(instance(fleet, 2).instanceId)]);
    const again = await byTag(fleet, 'stop');
    expect(again).toMatchObject({ outcome: 'nothing-to-do', calls: 0, totals: { already: 3, charging: 2 } });
  }));

it('in an economical account too asks for the mode it was told, and one that is stuck in Stopping keeps no other', () =>
  withFleet({ instances: 6, ...tagged, switches: { economicalMode: true } }, async (fleet) => {
    const { instances } = fleet.simulator.simulation;
    const [subscription, disks, stuck, byHand, byHandCharged, ordinary] = [0, 1, 2, 3, 4, 5].map((index) =>
      instance(fleet, index),
    ) as [Instance, Instance, Instance, Instance, Instance, Instance];
    subscription.chargeType = 'PrePaid';
    disks.instanceType = 'ecs.i3.xlarge';
    instances.setStuck(stuck, true);
    instances.force(byHand, 'Stopped', 'StopCharging');
    instances.force(byHandCharged, 'Stopped', 'KeepCharging');
    const result = await byTag(fleet, 'stop', { withinMinutes: 5 });
    expect(result).toMatchObject({
      outcome: 'partly-failed',
      totals: { done: 3, already: 2, failed: 1, charging: 3 },
    });
    const reasons = Object.fromEntries(
      result.exceptions.map(({ instanceId, outcome, reason }) => [instanceId, `${outcome}: ${reason}`]),
    );
    expect(reasons).toEqual({
      [stuck.instanceId]: 'Failed: Stopping: not Stopped within 5 min',
      [subscription.instanceId]: expect.stringMatching(/^Success: stopped, but .* it is a subscription/),
      [disks.instanceId]: expect.stringMatching(/^Success: stopped, but .* its type has local disks/),
      [byHandCharged.instanceId]: expect.stringMatching(/^Success: was Stopped before, but .* stop it again/),
    });
    expect(ordinary.stoppedMode).toBe('StopCharging');

    instances.setStuck(stuck, false);
    expect(await byTag(fleet, 'start')).toMatchObject({ outcome: 'succeeded', totals: { done: 6 } });
    expect(await byTag(fleet, 'stop', { stoppedMode: 'KeepCharging' })).toMatchObject({
      totals: { done: 6, charging: 0 },
    });
    expect(ordinary.stoppedMode).toBe('KeepCharging');
  }));

it('does nothing twice: doubled runs of one boundary call once for each instance', () =>
  withFleet({ instances: 250, ...tagged }, async (fleet) => {
    const handles = [await startByTag(fleet, 'stop'), await startByTag(fleet, 'stop')];
    for (const handle of handles) expect((await handle.result()).totals.failed).toBe(0);
    expect(statuses(fleet)).toEqual({ Stopped: 250 });
    const { ledger } = fleet.simulator.simulation;
    expect(ledger.query({ kind: 'effect', effect: 'instance.stopping' })).toHaveLength(250);
    expect(fleet.callsOf('StopInstances')).toBe(3);
  }));

it('tries a start without stock again with growing gaps, while the others run, until there is some', () =>
  withFleet({ instances: 4, ...tagged }, async (fleet) => {
    await byTag(fleet, 'stop');
    setStock(fleet, 2);
    const handle = await startByTag(fleet, 'start');
    await until('two wait for stock', async () => {
      const { waitingForStock } = await handle.query<{ waitingForStock: number }>('progress');
      return waitingForStock === 2;
    });
    expect(statuses(fleet).Running).toBe(2);
    setStock(fleet, 100);
    expect(await handle.result()).toMatchObject({ outcome: 'succeeded', totals: { done: 4, failed: 0 } });
  }));

it('gives up without stock at its limit, says so and leaves it stopped', () =>
  withFleet({ instances: 2, ...tagged }, async (fleet) => {
    await byTag(fleet, 'stop');
    setStock(fleet, 0);
    const result = await byTag(fleet, 'start', { stockMinutes: 60 });
    expect(result).toMatchObject({ outcome: 'failed', totals: { failed: 2 } });
    expect(result.exceptions[0]?.reason).toContain('OperationDenied.NoStock');
    // 0, 1, 3, 7, 15, 30, 45 and 60 minutes at the most.
    expect(fleet.callsOf('StartInstances')).toBeGreaterThan(3);
    expect(fleet.callsOf('StartInstances')).toBeLessThan(9);
  }));

it('finds what a lost answer did, and calls no second time', () =>
  withFleet({ instances: 3, ...tagged }, async (fleet) => {
    fleet.simulator.simulation.faults.set([
      { action: 'StopInstances', kind: 'error', httpStatus: 503, phase: 'after', count: 1 },
    ]);
    expect(await byTag(fleet, 'stop')).toMatchObject({ outcome: 'succeeded', totals: { done: 3 } });
    expect(fleet.callsOf('StopInstances')).toBe(1);
  }));

it('says what it did when it is cancelled', () =>
  withFleet({ instances: 3, ...tagged }, async (fleet) => {
    const handle = await startByTag(fleet, 'stop');
    await until('it was called', () => fleet.callsOf('StopInstances') === 1);
    await handle.cancel();
    const result = await handle.result();
    expect(result.outcome).toBe('cancelled');
    expect(result.totals.done + result.totals.failed).toBe(3);
  }));

it('needs no more than its RAM policy, and says what is missing', () =>
  withFleet({ instances: 1, ...tagged, policy: ramPolicyFor(['workingHours']) }, async (fleet) => {
    for (const purpose of ['stop', 'start'] as const)
      expect(await byTag(fleet, purpose)).toMatchObject({ outcome: 'succeeded' });
    const called = Object.keys(fleet.simulator.simulation.ledger.counts().calls).sort();
    expect(called).toEqual([...FEATURES.workingHours].sort());
  }));

it.each(FEATURES.workingHours.filter((action) => action !== 'StartInstances'))(
  'names %s where it is not allowed',
  (missing) => {
    const policy = ramPolicyFor(['workingHours']);
    policy.Statement = policy.Statement.map((statement) => ({
      ...statement,
      Action: statement.Action.filter((action) => action !== `ecs:${missing}`),
    }));
    return withFleet({ instances: 1, ...tagged, policy }, async (fleet) => {
      const result = await byTag(fleet, 'stop');
      expect(result.outcome).toBe('failed');
      expect(JSON.stringify(result)).toContain(`ecs:${missing}`);
    });
  },
);

it('a start that finds stock late has as long as the others to get there', () =>
  withFleet({ instances: 4, ...tagged }, async (fleet) => {
    await byTag(fleet, 'stop');
    setStock(fleet, 2);
    const handle = await startByTag(fleet, 'start', { withinMinutes: 2 });
    await fleet.temporal.sleep(20 * MINUTE);
    expect(statuses(fleet)).toEqual({ Running: 2, Stopped: 2 });
    setStock(fleet, 100);
    expect(await handle.result()).toMatchObject({ outcome: 'succeeded', totals: { done: 4, failed: 0 } });
  }));

it('one that is stuck does not keep those waiting that are too many for the same set of keys', () =>
  withFleet({ instances: 1_010, ...tagged }, async (fleet) => {
    fleet.simulator.simulation.instances.setStuck(instance(fleet, 0), true);
    const result = await byTag(fleet, 'stop');
    expect(result).toMatchObject({ outcome: 'partly-failed', totals: { done: 1_009, failed: 1 } });
    const times = timesOf(fleet, 'StopInstances');
    expect(times).toHaveLength(11);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeLessThan(5 * MINUTE);
  }));

it('ForceStop comes after the minutes the policy says, also where they are more than an instance may take', () =>
  withFleet({ instances: 1, ...tagged }, async (fleet) => {
    fleet.simulator.simulation.instances.setStuck(instance(fleet, 0), true);
    await byTag(fleet, 'stop', { withinMinutes: 2, forceAfterMinutes: 20 });
    const [asked = 0, forced = 0] = timesOf(fleet, 'StopInstances');
    expect(forced - asked).toBeGreaterThanOrEqual(20 * MINUTE);
  }));

it('nothing waits for a notify hook that does not answer', () =>
  withFleet({ instances: 2, ...tagged, policies: DEAF }, async (fleet) => {
    const first = setTags(fleet, 0, { tier: 'db' });
    await byTag(fleet, 'stop');
    const order = [
      { name: 'database', instanceIds: [first], health: { command: 'exit 1', withinMinutes: 1 } },
    ];
    const result = await byTag(fleet, 'start', { order, notify: ['deaf'] });
    expect(result.warnings.join()).toContain('nobody could be told');
    const [, rest = 0] = timesOf(fleet, 'StartInstances');
    expect(rest - Date.parse(result.startedAt)).toBeLessThan(10 * MINUTE);
  }));
