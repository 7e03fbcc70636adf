/**
 * Holding an event: windows, clocks that change, approval, what people and the provider say meanwhile, and what is done
 * where it is too late. The oracle is the ledger: when RebootInstance took effect, and how often.
 */
import { DateTime } from 'luxon';
import { patrolIdOf, systemEventIdOf } from '../../src/domain/event-messages';
import { taskQueueOf } from '../../src/domain/messages';
import type { PolicyFile } from '../../src/domain/policy';
import {
  HOUR,
  inPhase,
  policyFile,
  progressOf,
  raise,
  raiseAt,
  rebootsOf,
  startHandler,
} from '../support/events';
import type { Handler } from '../support/events';
import { REGION, withFleet } from '../support/skipping-environment';
import { until } from '../support/until';

const MINUTE = 60_000;

const ONE = 'version: 1\npolicies:\n  - ';
/** A file of one policy; `rest` is YAML in braces. */
const one = (rest: string, hooks = ''): PolicyFile => policyFile(`${ONE}{name: any, ${rest}}\n${hooks}`);

describe('where NotBefore comes before any window', () => {
  // A window of the day before yesterday: the next one is days after NotBefore.
  const day = DateTime.utc().minus({ days: 2 }).toFormat('ccc');
  const AHEAD = 30 * HOUR;
  it.each([
    { ifNoWindow: 'act-at-deadline', from: AHEAD - 40 * MINUTE, until: AHEAD - 38 * MINUTE },
    { ifNoWindow: 'now', from: 0, until: 10 * MINUTE },
    { ifNoWindow: 'alert-only' },
  ])('the policy says $ifNoWindow', ({ ifNoWindow, from, until: end }) => {
    const policies = one(`windows: ['${day} 01:00-02:00 UTC'], margin: 40m, ifNoWindow: ${ifNoWindow}`);
    return withFleet({ instances: 1, policies }, async (fleet) => {
      const raisedAt = Math.ceil(fleet.simulator.simulation.clock.now() / 1000) * 1000;
      const result = await (await startHandler(fleet, raiseAt(fleet, raisedAt + AHEAD))).result();
      const times = rebootsOf(fleet).map(({ time }) => time - raisedAt);
      const alerts = result.steps.filter(({ step }) => step === 'alert');
      if (from === undefined) {
        expect([result.outcome, times, alerts.length]).toEqual(['executed-by-provider', [], 1]);
      } else {
        expect([result.outcome, times.length, alerts.length]).toEqual(['avoided', 1, 0]);
        expect(times[0]).toBeGreaterThanOrEqual(from - 1_000);
        expect(times[0]).toBeLessThan(end);
      }
    });
  });
});

/** The next moment at which the zone's clocks change, forwards or back. */
function nextChange(zone: string, direction: 'forward' | 'back'): number {
  const offsetAt = (ms: number): number => DateTime.fromMillis(ms, { zone }).offset;
  for (let at = Math.ceil(Date.now() / HOUR) * HOUR + 48 * HOUR; ; at += HOUR) {
    const by = offsetAt(at) - offsetAt(at - HOUR);
    if (direction === 'forward' ? by > 0 : by < 0) return at;
  }
}

describe('on a day on which clocks change the window is where the wall clock says', () => {
  it('forward: what begins in the missing hour begins at its end', () => {
    const zone = 'America/New_York';
    const at = nextChange(zone, 'forward');
    return answersWithin({ zone, window: 'Sun 02:30-03:30', start: at, end: at + 30 * MINUTE, at });
  });

  it('back: the hour that comes twice is in the window both times', () => {
    const zone = 'Europe/Berlin';
    const at = nextChange(zone, 'back');
    const { hour } = DateTime.fromMillis(at - 1, { zone });
    const window = `Sun 0${hour}:00-0${hour + 1}:00`;
    return answersWithin({ zone, window, start: at - HOUR, end: at + HOUR, at });
  });

  function answersWithin(day: { zone: string; window: string; start: number; end: number; at: number }) {
    const policies = one(`windows: ['${day.window} ${day.zone}'], work: 10m, ifNoWindow: alert-only`);
    return withFleet({ instances: 1, policies }, async (fleet) => {
      await fleet.temporal.sleep(day.at - 20 * HOUR - (await fleet.temporal.currentTimeMs()));
      const handle = await startHandler(fleet, raiseAt(fleet, day.at + 12 * HOUR));
      await inPhase(handle, 'holding');
      const { plan } = await progressOf(handle);
      const chosen = plan?.considered.find(({ verdict }) => verdict === 'chosen');
      expect([chosen?.start, chosen?.end]).toEqual(
        [day.start, day.end].map((ms) => new Date(ms).toISOString()),
      );
      expect(await handle.result()).toMatchObject({ outcome: 'avoided', reboots: 1 });
      const [reboot] = rebootsOf(fleet);
      expect(reboot?.time).toBeGreaterThanOrEqual(day.start);
      expect(reboot?.time).toBeLessThan(day.end - 5 * MINUTE);
    });
  }
});

describe('an approval that the policy asks for', () => {
  const asks = (otherwise: string, more = ''): PolicyFile =>
    one(`approval: {required: true, by: 2h, otherwise: ${otherwise}}, margin: 30m${more}`);

  it('is given: acted upon at the planned moment, and nobody is wanted any more', () =>
    withFleet({ instances: 1, policies: asks('skip') }, async (fleet) => {
      const handle = await startHandler(fleet, raise(fleet, 24 * HOUR));
      await inPhase(handle, 'holding');
      expect((await attentionOf(handle))[0]).toBe('handleSystemEvent: approval');
      await handle.executeUpdate('approve');
      expect(await handle.result()).toMatchObject({ outcome: 'avoided', reboots: 1 });
      expect(await attentionOf(handle)).toEqual([]);
    }));

  it.each([
    ['skip', 'skipped', 0],
    ['act', 'avoided', 1],
  ])('is not given in time: %s', (otherwise, outcome, reboots) =>
    withFleet({ instances: 1, policies: asks(otherwise) }, async (fleet) => {
      const result = await (await startHandler(fleet, raise(fleet, 24 * HOUR))).result();
      expect(result).toMatchObject({ outcome, reboots });
      expect(rebootsOf(fleet)).toHaveLength(reboots);
    }),
  );

  it('is not given by an event that changes, nor by now', () =>
    withFleet({ instances: 1, policies: asks('skip', ', ifNoWindow: now') }, async (fleet) => {
      const handle = await startHandler(fleet, raise(fleet, 24 * HOUR));
      await inPhase(handle, 'approval');
      await handle.signal('eventChanged');
      await handle.executeUpdate('now');
      await fleet.temporal.sleep(HOUR);
      expect((await progressOf(handle)).phase).toBe('approval');
      await handle.executeUpdate('approve');
      expect(await handle.result()).toMatchObject({ outcome: 'avoided', reboots: 1 });
    }));

  it('is given after the window: acted upon in the next one', () => {
    const [today, later] = [2, 30].map((hours) => DateTime.utc().startOf('hour').plus({ hours }));
    const windows = [today, later].map(
      (at) => `'${at?.toFormat('ccc HH:mm')}-${at?.plus({ minutes: 59 }).toFormat('HH:mm')} UTC'`,
    );
    const policies = asks('skip', `, windows: [${windows.join(', ')}]`);
    return withFleet({ instances: 1, policies }, async (fleet) => {
      const handle = await startHandler(fleet, raise(fleet, 47 * HOUR));
      await inPhase(handle, 'holding');
      await fleet.temporal.sleep(6 * HOUR);
      await inPhase(handle, 'approval');
      await handle.executeUpdate('approve');
      expect(await handle.result()).toMatchObject({ outcome: 'avoided', reboots: 1 });
      expect(rebootsOf(fleet)[0]?.time).toBeGreaterThanOrEqual(later?.toMillis() ?? Infinity);
    });
  });
});

it('a time a person chose does not outlive the event being moved before it', () =>
  withFleet({ instances: 1, policies: one('margin: 30m') }, async (fleet) => {
    const { systemEvents, clock } = fleet.simulator.simulation;
    const eventId = raise(fleet, 72 * HOUR);
    const handle = await startHandler(fleet, eventId);
    await inPhase(handle, 'holding');
    const at = new Date((await fleet.temporal.currentTimeMs()) + 60 * HOUR).toISOString();
    await handle.executeUpdate('reschedule', { args: [{ at }] });
    const event = systemEvents.find(eventId);
    const moved = clock.now() + 12 * HOUR;
    if (event) systemEvents.move(event, moved);
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'avoided', reboots: 1 });
    expect(rebootsOf(fleet)[0]?.time).toBeLessThan(moved - 29 * MINUTE);
    expect(result.steps.map(({ step }) => step)).toContain('alert');
  }));

describe('what takes too long', () => {
  const SLOW = `hooks:
  slow: {command: {content: drain, timeoutSeconds: 5400}, timeout: 2h, onFailure: continue}
  silent: {webhook: {url: 'http://127.0.0.1:1/'}, onFailure: continue}
`;
  it('a hook that goes on until NotBefore: no reboot beside the provider, and people are told', () =>
    withFleet({ instances: 1, policies: one('pre: [slow], margin: 1h', SLOW) }, async (fleet) => {
      fleet.simulator.simulation.assistant.answers.add({ content: 'drain', hang: true });
      const result = await (await startHandler(fleet, raise(fleet, 24 * HOUR))).result();
      expect(result).toMatchObject({
        outcome: 'escalated',
        step: 'reboot',
        eventStatus: 'Executed',
        reboots: 0,
      });
      expect(rebootsOf(fleet)).toHaveLength(0);
    }));

  it('a notify hook that does not answer holds nobody up', () =>
    withFleet(
      {
        instances: 1,
        policies: one(
          'pre: [gone], notify: [silent], margin: 3m',
          `${SLOW}  gone: {command: {content: drain}, onFailure: alert}\n`,
        ),
      },
      async (fleet) => {
        fleet.simulator.simulation.assistant.answers.add({ content: 'drain', exitCode: 1 });
        const result = await (await startHandler(fleet, raise(fleet, 24 * HOUR))).result();
        expect(result).toMatchObject({ outcome: 'avoided', reboots: 1 });
        expect(result.steps.find(({ step }) => step === 'notify')).toMatchObject({ ok: false });
      },
    ));
});

it('a permission that goes missing while it holds forgets nothing: people are told, and it goes on when it is back', () =>
  withFleet({ instances: 1, policies: one('margin: 30m') }, async (fleet) => {
    const { simulation } = fleet.simulator;
    const handle = await startHandler(fleet, raise(fleet, 24 * HOUR));
    await inPhase(handle, 'holding');
    simulation.policy = { Version: '1', Statement: [{ Effect: 'Allow', Action: 'ecs:DescribeInstances' }] };
    await handle.signal('eventChanged');
    await until('people are told', async () => (await attentionOf(handle))[0] === 'handleSystemEvent: read');
    const alert = (await progressOf(handle)).steps.find(({ step }) => step === 'alert');
    expect(alert?.detail).toContain('ecs:DescribeInstanceHistoryEvents');
    simulation.policy = undefined;
    expect(await handle.result()).toMatchObject({ outcome: 'avoided', reboots: 1 });
  }));

describe('skipped by a person', () => {
  it('it is still skipped a day later, with the patrol running', () =>
    withFleet({ instances: 1, policies: one('margin: 30m') }, async (fleet) => {
      const { workflow } = fleet.temporal.client;
      const eventId = raise(fleet, 47 * HOUR);
      const input = { region: REGION, kinds: ['events'], everySeconds: 3_600 };
      await workflow.start('patrolRegion', {
        taskQueue: taskQueueOf(fleet.account),
        workflowId: patrolIdOf(fleet.account, REGION),
        args: [input],
      });
      const handle: Handler = workflow.getHandle(systemEventIdOf(fleet.account, REGION, eventId));
      await until(
        'it is held',
        async () => (await progressOf(handle).catch(() => undefined))?.phase === 'holding',
      );
      const { runId } = await handle.describe();
      await handle.executeUpdate('skip', { args: [{ reason: 'the owner reboots it' }] });
      await fleet.temporal.sleep(25 * HOUR);
      expect(await handle.describe()).toMatchObject({ runId, status: { name: 'RUNNING' } });
      expect(await progressOf(handle)).toMatchObject({ phase: 'watching', outcome: 'skipped' });
      await expect(handle.executeUpdate('now')).rejects.toThrow();
      expect(await handle.result()).toMatchObject({
        outcome: 'skipped',
        eventStatus: 'Executed',
        reboots: 0,
      });
      await fleet.temporal.sleep(3 * HOUR);
      expect((await handle.describe()).runId).toBe(runId);
      expect(rebootsOf(fleet)).toHaveLength(0);
      await workflow.getHandle(patrolIdOf(fleet.account, REGION)).terminate();
    }));
});

/** The value of StewardAttention, as a list. */
async function attentionOf(handle: Handler): Promise<unknown[]> {
  const { typedSearchAttributes } = await handle.describe();
  return typedSearchAttributes
    .getAll()
    .flatMap(({ key, value }) => (key.name === 'StewardAttention' ? [value] : []));
}
