/**
 * Signals that nobody should send. Anybody may, with the bare `temporal` command; a handler that throws stops its
 * workflow for good, and with it everybody who waits for it.
 */
import { GATE, freshGateState, gateIdOf } from '../../src/domain/gate';
import type { GateState } from '../../src/domain/gate';
import { hoursIdOf } from '../../src/domain/hours-messages';
import type { WorkingHoursState } from '../../src/domain/hours-state';
import { taskQueueOf, watchIdOf } from '../../src/domain/messages';
import type { WatchState } from '../../src/domain/watch';
import { HOUR, inPhase, policyFile, progressOf, raise, startHandler } from '../support/events';
import { REGION, withFleet } from '../support/skipping-environment';
import type { Fleet } from '../support/skipping-environment';
import { until } from '../support/until';

const POLICIES = policyFile(`
version: 1
policies:
  - { name: any, ifNoWindow: now, health: { command: 'true' } }
`);

/** No argument, nothing, another type, a list of nothing, and things that look right and are not. */
const POISON: unknown[][] = [
  [],
  [null],
  ['text'],
  [7],
  [[null]],
  [{}],
  [[{ kind: 'moon', key: 'a', waiter: 'b', generation: 'c', since: 0 }]],
  [[{ kind: 'agent', key: 'i-a', waiter: 'b', generation: 'c', since: 'soon' }]],
  [{ requestId: 7, kind: 'granted' }],
];

async function poison(fleet: Fleet, workflowId: string, signal: string): Promise<void> {
  const handle = fleet.temporal.client.workflow.getHandle(workflowId);
  for (const args of POISON) await handle.signal(signal, ...args);
}

/** Starts one of those that never end and asks it something, poisoned by these signals. */
async function stateOf<T>(
  fleet: Fleet,
  { type, workflowId, input }: { type: string; workflowId: string; input: unknown },
  signals: string[],
): Promise<T> {
  const { client } = fleet.temporal;
  const taskQueue = taskQueueOf(fleet.account);
  const handle = await client.workflow.start(type, { workflowId, taskQueue, args: [input] });
  for (const signal of signals) await poison(fleet, workflowId, signal);
  return client.withDeadline(Date.now() + 10_000, () => handle.query<T>('progress'));
}

it('are passed over by those that never end', () =>
  withFleet({ instances: 1 }, async (fleet) => {
    const watch = { region: REGION, waits: [], memory: {}, ticks: 0 };
    const watcher = { type: 'watchRegion', workflowId: watchIdOf(fleet.account, REGION), input: watch };
    expect((await stateOf<WatchState>(fleet, watcher, ['registerWaits'])).waits).toEqual([]);

    const gate = { type: GATE, workflowId: gateIdOf(fleet.account, REGION), input: freshGateState(REGION) };
    const gated = await stateOf<GateState>(fleet, gate, ['gateRequest', 'gateRelease']);
    expect(gated).toMatchObject({ held: [], waiting: [] });

    const definition = {
      name: 'office',
      regions: [REGION],
      tags: [{ key: 'a' }],
      timeZone: 'UTC',
      stop: '21:00',
    };
    const hours = {
      type: 'workingHours',
      workflowId: hoursIdOf(fleet.account, 'office'),
      input: { definition },
    };
    expect((await stateOf<WorkingHoursState>(fleet, hours, ['hoursRan', 'hoursLooked'])).runs).toEqual([]);
  }));

it('minutes of a drill that are no date are refused as bad input, and do not stop its workflow for good', () =>
  withFleet({ instances: 1 }, async (fleet) => {
    const input = { region: REGION, instanceId: fleet.simulator.instanceIds[0] ?? '', inMinutes: 1e15 };
    const { workflow } = fleet.temporal.client;
    const taskQueue = taskQueueOf(fleet.account);
    const drill = workflow.execute('drillSystemEvent', { workflowId: 'drill', taskQueue, args: [input] });
    await expect(drill).rejects.toMatchObject({ cause: { type: 'InvalidInput' } });
  }));

it('are passed over by who waits at the gate or for the watcher', () =>
  withFleet({ instances: 1, policies: POLICIES }, async (fleet) => {
    const handle = await startHandler(fleet, raise(fleet, 24 * HOUR));
    await until('it works', async () => (await progressOf(handle)).phase !== 'reading');
    for (const signal of ['waitEnded', 'gateAnswer', 'eventChanged'])
      await poison(fleet, handle.workflowId, signal);
    expect(await handle.result()).toMatchObject({ outcome: 'avoided', reboots: 1 });
    await expect(inPhase(handle, 'done')).resolves.toBeUndefined();
  }));
