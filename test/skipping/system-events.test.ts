/**
 * A planned event from its plan to the proof that it is gone, in skipped time. The oracle is the simulator's ledger:
 * how often RebootInstance took effect, and when.
 */
import type { FaultSpec } from '../../simulator/core/faults';
import { HOUR, inPhase, policyFile, raise, rebootsOf, startHandler } from '../support/events';
import { REGION, withFleet } from '../support/skipping-environment';

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
    const result = await (await startHandler(fleet, eventId)).result();
    expect(result).toMatchObject({ outcome: 'avoided', eventStatus: 'Avoided', reboots: 1 });
    expect(rebootsOf(fleet)).toHaveLength(1);
  }));

it('that is listed but cannot be read by its id yet is not forgotten', () =>
  withFleet({ instances: 1, policies: ACT }, async (fleet) => {
    fleet.simulator.simulation.faults.set([
      { action: 'DescribeInstanceHistoryEvents', kind: 'visibilityLag', ms: 40_000 },
    ]);
    const result = await (await startHandler(fleet, raise(fleet, 48 * HOUR))).result();
    expect(result).toMatchObject({ outcome: 'avoided', reboots: 1 });
  }));

it('that does not exist is said so within minutes', () =>
  withFleet({ instances: 1, policies: ACT }, async (fleet) => {
    const result = await (await startHandler(fleet, 'e-bp1gone')).result();
    expect(result.outcome).toBe('not-found');
    expect(Date.parse(result.finishedAt) - Date.parse(result.startedAt)).toBeLessThan(120_000);
  }));

it('is not given up because its instance was not listed once', () =>
  withFleet({ instances: 1, policies: ACT }, async (fleet) => {
    const { instances } = fleet.simulator.simulation.world.region(REGION);
    const [[id, instance] = ['', undefined]] = instances;
    const handle = await startHandler(fleet, raise(fleet, 48 * HOUR));
    await inPhase(handle, 'holding');
    fleet.afterCall('DescribeInstanceHistoryEvents', () => instances.delete(id));
    fleet.afterCall('DescribeInstances', () => void (instance && instances.set(id, instance)));
    await handle.signal('eventChanged');
    expect(await handle.result()).toMatchObject({ outcome: 'avoided', reboots: 1 });
  }));

describe('while it holds', () => {
  it('an event that is cancelled is left alone', () =>
    withFleet({ instances: 1, policies: ACT }, async (fleet) => {
      const eventId = raise(fleet, 48 * HOUR);
      const handle = await startHandler(fleet, eventId);
      await inPhase(handle, 'holding');
      const { systemEvents } = fleet.simulator.simulation;
      const event = systemEvents.find(eventId);
      if (event) systemEvents.cancel(event);
      expect(await handle.result()).toMatchObject({ outcome: 'cancelled', reboots: 0 });
      expect(rebootsOf(fleet)).toHaveLength(0);
    }));

  it('an event that is moved earlier is answered before its new time', () =>
    withFleet({ instances: 1, policies: ACT }, async (fleet) => {
      const eventId = raise(fleet, 72 * HOUR);
      const handle = await startHandler(fleet, eventId);
      await inPhase(handle, 'holding');
      const { systemEvents, clock } = fleet.simulator.simulation;
      const event = systemEvents.find(eventId);
      if (event) systemEvents.move(event, clock.now() + 12 * HOUR);
      const moved = event?.notBefore ?? 0;
      const result = await handle.result();
      expect(result).toMatchObject({ outcome: 'avoided', reboots: 1 });
      expect(rebootsOf(fleet)[0]?.time).toBeLessThan(moved);
    }));

  it('an instance that is released ends the matter', () =>
    withFleet({ instances: 1, policies: ACT }, async (fleet) => {
      const handle = await startHandler(fleet, raise(fleet, 48 * HOUR));
      await inPhase(handle, 'holding');
      const { world, instances } = fleet.simulator.simulation;
      for (const instance of world.regions.get(REGION)?.instances.values() ?? [])
        instances.release(instance, true);
      expect((await handle.result()).reboots).toBe(0);
      expect(rebootsOf(fleet)).toHaveLength(0);
    }));

  it('a time after the deadline is refused', () =>
    withFleet({ instances: 1, policies: ACT }, async (fleet) => {
      const handle = await startHandler(fleet, raise(fleet, 48 * HOUR));
      await inPhase(handle, 'holding');
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
      const result = await (await startHandler(fleet, raise(fleet, 24 * HOUR))).result();
      expect(result).toMatchObject({ outcome: 'avoided', eventStatus: 'Avoided', reboots: 1 });
      expect(rebootsOf(fleet)).toHaveLength(times);
    }),
  );

  it('is not believed while lists still say Running of the old boot', () =>
    withFleet(
      {
        instances: 1,
        policies: ACT,
        switches: { statusAfterReboot: 'stale' },
        durations: { rebooting: 90_000, staleStatus: 60_000 },
      },
      async (fleet) => {
        const result = await (await startHandler(fleet, raise(fleet, 24 * HOUR))).result();
        expect(result).toMatchObject({ outcome: 'avoided', reboots: 1 });
        const { ledger } = fleet.simulator.simulation;
        const [rebooting] = rebootsOf(fleet);
        const running = ledger
          .query({ kind: 'effect', effect: 'instance.running', after: rebooting?.seq })
          .map(({ time }) => time);
        const well = result.steps.find(({ step }) => step === 'health');
        expect(running).toHaveLength(1);
        expect(Date.parse(well?.at ?? '')).toBeGreaterThan(running[0] ?? Infinity);
      },
    ));
});
