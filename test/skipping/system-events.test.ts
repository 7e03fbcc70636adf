/**
 * A planned event from its plan to the proof that it is gone, in skipped time. The oracle is the simulator's ledger:
 * how often RebootInstance took effect, and when.
 */
import type { WorkflowHandle } from '@temporalio/client';
import { HANDLE_SYSTEM_EVENT, systemEventIdOf } from '../../src/domain/event-messages';
import { taskQueueOf } from '../../src/domain/messages';
import type { SystemEventProgress, SystemEventResult } from '../../src/domain/system-event';
import type { PolicyFile } from '../../src/domain/policy';
import { parsePolicyFile } from '../../src/hooks/policy-file';
import type { FaultSpec } from '../../simulator/core/faults';
import { until } from '../support/until';
import { REGION, withFleet } from '../support/skipping-environment';
import type { Fleet } from '../support/skipping-environment';

const HOUR = 3_600_000;
type Handle = WorkflowHandle<() => Promise<SystemEventResult>>;

function raise(fleet: Fleet, inMs: number, instance = 0): string {
  const { simulation } = fleet.simulator;
  const instanceId = fleet.simulator.instanceIds[instance] ?? '';
  const notBefore = simulation.clock.now() + inMs;
  return simulation.systemEvents.raise({
    instanceId,
    regionId: REGION,
    type: 'SystemMaintenance.Reboot',
    notBefore,
  }).eventId;
}

function policyFile(text: string): PolicyFile {
  const parsed = parsePolicyFile(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.file;
}

function start(
  fleet: Fleet,
  eventId: string,
  workflowId = systemEventIdOf(fleet.account, REGION, eventId),
): Promise<Handle> {
  const taskQueue = taskQueueOf(fleet.account);
  return fleet.temporal.client.workflow.start(HANDLE_SYSTEM_EVENT, {
    taskQueue,
    workflowId,
    args: [{ region: REGION, eventId }],
  });
}

const progress = (handle: Handle): Promise<SystemEventProgress> =>
  handle.query<SystemEventProgress>('progress');

function rebootTimes(fleet: Fleet): number[] {
  const { ledger } = fleet.simulator.simulation;
  return ledger.query({ kind: 'effect', effect: 'instance.rebooting' }).map((record) => record.time);
}

const reboots = (fleet: Fleet): number =>
  fleet.simulator.simulation.ledger.query({ kind: 'effect', effect: 'instance.rebooting' }).length;

const ACT = policyFile(`
version: 1
policies:
  - name: any
    ifNoWindow: act-at-deadline
    margin: 30m
    health: { command: 'true' }
`);

it('48 h ahead is answered once, before the deadline, and becomes Avoided', () =>
  withFleet({ instances: 2, policies: ACT }, async (fleet) => {
    const eventId = raise(fleet, 48 * HOUR);
    const result = await (await start(fleet, eventId)).result();
    expect(result).toMatchObject({ outcome: 'avoided', eventStatus: 'Avoided', reboots: 1 });
    expect(reboots(fleet)).toBe(1);
  }));

describe('while it holds', () => {
  it('an event that is cancelled is left alone', () =>
    withFleet({ instances: 1, policies: ACT }, async (fleet) => {
      const eventId = raise(fleet, 48 * HOUR);
      const handle = await start(fleet, eventId);
      await until('it holds', async () => (await progress(handle)).phase === 'holding');
      const { systemEvents } = fleet.simulator.simulation;
      const event = systemEvents.find(eventId);
      if (event) systemEvents.cancel(event);
      expect(await handle.result()).toMatchObject({ outcome: 'cancelled', reboots: 0 });
      expect(reboots(fleet)).toBe(0);
    }));

  it('an event that is moved earlier is answered before its new time', () =>
    withFleet({ instances: 1, policies: ACT }, async (fleet) => {
      const eventId = raise(fleet, 72 * HOUR);
      const handle = await start(fleet, eventId);
      await until('it holds', async () => (await progress(handle)).phase === 'holding');
      const { systemEvents, clock } = fleet.simulator.simulation;
      const event = systemEvents.find(eventId);
      if (event) systemEvents.move(event, clock.now() + 12 * HOUR);
      const moved = event?.notBefore ?? 0;
      const result = await handle.result();
      expect(result).toMatchObject({ outcome: 'avoided', reboots: 1 });
      expect(rebootTimes(fleet)[0]).toBeLessThan(moved);
    }));

  it('an instance that is released ends the matter', () =>
    withFleet({ instances: 1, policies: ACT }, async (fleet) => {
      const handle = await start(fleet, raise(fleet, 48 * HOUR));
      await until('it holds', async () => (await progress(handle)).phase === 'holding');
      const { world, instances } = fleet.simulator.simulation;
      for (const instance of world.regions.get(REGION)?.instances.values() ?? [])
        instances.release(instance, true);
      expect((await handle.result()).reboots).toBe(0);
      expect(reboots(fleet)).toBe(0);
    }));

  it('skipped by a person it stays skipped, and the provider does it', () =>
    withFleet({ instances: 1, policies: ACT }, async (fleet) => {
      const handle = await start(fleet, raise(fleet, 48 * HOUR));
      await until('it holds', async () => (await progress(handle)).phase === 'holding');
      await handle.executeUpdate('skip', { args: [{ reason: 'the owner reboots it' }] });
      const result = await handle.result();
      expect(result).toMatchObject({ outcome: 'skipped', reboots: 0, eventStatus: 'Executed' });
    }));

  it('a time after the deadline is refused', () =>
    withFleet({ instances: 1, policies: ACT }, async (fleet) => {
      const handle = await start(fleet, raise(fleet, 48 * HOUR));
      await until('it holds', async () => (await progress(handle)).phase === 'holding');
      const late = new Date((await fleet.temporal.currentTimeMs()) + 60 * HOUR).toISOString();
      const refused = handle.executeUpdate('reschedule', { args: [{ at: late }] });
      await expect(refused).rejects.toMatchObject({
        cause: { message: expect.stringContaining('after the deadline') as string },
      });
      await handle.executeUpdate('now');
      expect(await handle.result()).toMatchObject({ outcome: 'avoided', reboots: 1 });
    }));
});

describe('the reboot', () => {
  const lost: [string, FaultSpec, number][] = [
    [
      'whose answer was lost after the effect',
      { action: 'RebootInstance', kind: 'reset', phase: 'after', count: 1 },
      1,
    ],
    [
      'whose answer was 500 after the effect',
      { action: 'RebootInstance', kind: 'error', httpStatus: 500, phase: 'after', count: 1 },
      1,
    ],
    [
      'that was lost before anything happened',
      { action: 'RebootInstance', kind: 'reset', phase: 'before', count: 1 },
      1,
    ],
    ['that was throttled', { action: 'RebootInstance', kind: 'throttle', count: 1 }, 1],
  ];
  it.each(lost)('%s happens exactly once', (_name, fault, times) =>
    withFleet({ instances: 1, policies: ACT }, async (fleet) => {
      fleet.simulator.simulation.faults.set([fault]);
      const result = await (await start(fleet, raise(fleet, 24 * HOUR))).result();
      expect(result).toMatchObject({ outcome: 'avoided', eventStatus: 'Avoided', reboots: 1 });
      expect(reboots(fleet)).toBe(times);
    }),
  );

  it('under another id than the event own is refused', () =>
    withFleet({ instances: 1, policies: ACT }, async (fleet) => {
      const eventId = raise(fleet, 24 * HOUR);
      const foreign = await start(fleet, eventId, 'my-own-id');
      await expect(foreign.result()).rejects.toMatchObject({ cause: { type: 'InvalidInput' } });
      expect(reboots(fleet)).toBe(0);
    }));
});
