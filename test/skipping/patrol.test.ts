/**
 * The patrol starts one handler for each open event, whatever the API does meanwhile. The oracle is the ledger: reboots,
 * and calls per look.
 */
import { patrolIdOf, systemEventIdOf } from '../../src/domain/event-messages';
import { taskQueueOf } from '../../src/domain/messages';
import { EMPTY_POLICY_FILE } from '../../src/domain/policy';
import type { PatrolState } from '../../src/domain/system-event';
import { REGION, withFleet } from '../support/skipping-environment';
import type { Fleet } from '../support/skipping-environment';

const HOUR = 3_600_000;

function raiseAll(fleet: Fleet, inMs: number): string[] {
  const { simulation } = fleet.simulator;
  const notBefore = simulation.clock.now() + inMs;
  return fleet.simulator.instanceIds.map(
    (instanceId) =>
      simulation.systemEvents.raise({
        instanceId,
        regionId: REGION,
        type: 'SystemMaintenance.Reboot',
        notBefore,
      }).eventId,
  );
}

/** A patrol that continues as new after `looksPerRun` looks; ends when the returned function is called. */
async function patrol(fleet: Fleet, looksPerRun?: number): Promise<() => Promise<PatrolState>> {
  const { workflow } = fleet.temporal.client;
  const workflowId = patrolIdOf(fleet.account, REGION);
  const input: PatrolState = { region: REGION, everySeconds: 600, known: [], looks: 0, looksPerRun };
  await workflow.start('patrolRegion', { taskQueue: taskQueueOf(fleet.account), workflowId, args: [input] });
  return async () => {
    const handle = workflow.getHandle(workflowId);
    const state = await handle.query<PatrolState>('progress');
    await handle.terminate('the test has seen enough');
    return state;
  };
}

it('starts one handler for each of 120 open events, in two calls a look', () =>
  withFleet({ instances: 120, policies: EMPTY_POLICY_FILE }, async (fleet) => {
    const eventIds = raiseAll(fleet, 48 * HOUR);
    const end = await patrol(fleet, 2);
    await fleet.temporal.sleep(HOUR);
    const state = await end();
    expect(state.known).toHaveLength(120);
    expect(state.looks).toBeGreaterThan(4);
    expect(state.lastLook).toMatchObject({ started: 0, calls: 2 });
    const last = fleet.temporal.client.workflow.getHandle(
      systemEventIdOf(fleet.account, REGION, eventIds[119] ?? ''),
    );
    expect((await last.describe()).status.name).toBe('RUNNING');
  }));

it('goes on through an outage of an hour and says so', () =>
  withFleet({ instances: 2, policies: EMPTY_POLICY_FILE }, async (fleet) => {
    const { faults } = fleet.simulator.simulation;
    faults.set([
      { action: 'DescribeInstanceHistoryEvents', kind: 'error', httpStatus: 503, phase: 'before' },
    ]);
    raiseAll(fleet, 48 * HOUR);
    const end = await patrol(fleet);
    await fleet.temporal.sleep(HOUR);
    const handle = fleet.temporal.client.workflow.getHandle(patrolIdOf(fleet.account, REGION));
    expect((await handle.query<PatrolState>('progress')).lastLook?.error).toContain('ServiceUnavailable');
    faults.clear();
    await fleet.temporal.sleep(HOUR);
    const state = await end();
    expect(state.lastLook?.error).toBeUndefined();
    expect(state.known).toHaveLength(2);
  }));
