/**
 * The patrol starts one handler for each open event, whatever the API does meanwhile. The oracle is the ledger: reboots,
 * and calls per look.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import type { FaultSpec } from '../../simulator/core/faults';
import { patrolIdOf, systemEventIdOf } from '../../src/domain/event-messages';
import { taskQueueOf } from '../../src/domain/messages';
import { EMPTY_POLICY_FILE } from '../../src/domain/policy';
import type { PatrolState } from '../../src/domain/system-event';
import { HOUR, inPhase, policyFile, raise, rebootsOf, startHandler } from '../support/events';
import type { Handler } from '../support/events';
import { looksAtMany } from '../support/many-events';
import { REGION, withFleet } from '../support/skipping-environment';
import type { Fleet } from '../support/skipping-environment';
import { until } from '../support/until';

function startPatrol(
  fleet: Fleet,
  everySeconds: number,
  workflowId = patrolIdOf(fleet.account, REGION),
): Promise<WorkflowHandle> {
  const taskQueue = taskQueueOf(fleet.account);
  const args = [{ region: REGION, kinds: ['events'], everySeconds }];
  return fleet.temporal.client.workflow.start('patrolRegion', { taskQueue, workflowId, args });
}

const stateOf = (patrol: WorkflowHandle): Promise<PatrolState> => patrol.query<PatrolState>('progress');

it('120 open events: two calls a look and nothing per event, one handler each', async () => {
  const { state, calls, reads, running } = await looksAtMany(120, 5);
  expect(state.known).toHaveLength(120);
  expect(state.looks).toBeGreaterThan(4);
  expect(state.lastLook).toMatchObject({ started: 0, calls: 2 });
  expect(calls).toEqual({ DescribeInstanceHistoryEvents: 2 * state.looks, DescribeInstances: 0 });
  expect(new Set(reads)).toEqual(new Set([1]));
  expect(running).toBe(120);
});

it.each<[string, FaultSpec, string]>([
  [
    'an outage of an hour',
    { action: 'DescribeInstanceHistoryEvents', kind: 'error', httpStatus: 503, phase: 'before' },
    'ServiceUnavailable',
  ],
  ['an hour of throttling', { action: 'DescribeInstanceHistoryEvents', kind: 'throttle' }, 'Throttling.User'],
])('goes on through %s and says so', (_what, fault, says) =>
  withFleet({ instances: 2, policies: EMPTY_POLICY_FILE }, async (fleet) => {
    const { faults } = fleet.simulator.simulation;
    faults.set([fault]);
    for (const instance of [0, 1]) raise(fleet, 48 * HOUR, instance);
    const patrol = await startPatrol(fleet, 600);
    await fleet.temporal.sleep(HOUR);
    const during = await stateOf(patrol);
    expect(during.lastLook?.error).toContain(says);
    expect(during.looks).toBeGreaterThan(2);
    faults.clear();
    await fleet.temporal.sleep(HOUR);
    const after = await stateOf(patrol);
    await patrol.terminate();
    expect(after.lastLook?.error).toBeUndefined();
    expect(after.known).toHaveLength(2);
  }),
);

it('its history stays bounded: it continues as new every day, and knows what it knew', () =>
  withFleet({ instances: 1, policies: EMPTY_POLICY_FILE }, async (fleet) => {
    raise(fleet, 100 * HOUR);
    const patrol = await startPatrol(fleet, 3_600);
    const first = (await patrol.describe()).runId;
    await fleet.temporal.sleep(60 * HOUR);
    const latest = fleet.temporal.client.workflow.getHandle(patrol.workflowId);
    const { runId, historyLength } = await latest.describe();
    const { looks, known, lastLook } = await stateOf(latest);
    await latest.terminate();
    expect(runId).not.toBe(first);
    expect(looks).toBeGreaterThanOrEqual(59);
    expect([known.length, lastLook?.started]).toEqual([1, 0]);
    // A day of looks, 11 events each.
    expect(historyLength).toBeLessThan(25 * 11 + 10);
  }));

it('two patrols, ten starts by hand and starts under other ids: one reboot', () =>
  withFleet(
    { instances: 1, policies: policyFile('version: 1\npolicies:\n  - {name: any, margin: 30m}\n') },
    async (fleet) => {
      const eventId = raise(fleet, 24 * HOUR);
      const own = systemEventIdOf(fleet.account, REGION, eventId);
      const foreign = ['my-own-id', systemEventIdOf('another', REGION, eventId)];
      const patrols = ['patrol/second', patrolIdOf(fleet.account, REGION)];
      const [byHand, others, patrolling] = await Promise.all([
        Promise.allSettled(Array.from({ length: 10 }, () => startHandler(fleet, eventId))),
        Promise.all(foreign.map((id) => startHandler(fleet, eventId, id))),
        Promise.all(patrols.map((id) => startPatrol(fleet, 3_600, id))),
      ]);
      const refused = byHand.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
      expect(refused.length).toBeGreaterThanOrEqual(9);
      for (const reason of refused) expect(reason).toBeInstanceOf(WorkflowExecutionAlreadyStartedError);
      for (const patrol of patrolling)
        await until('it has looked', async () => (await stateOf(patrol)).known.length === 1);
      const handler: Handler = fleet.temporal.client.workflow.getHandle(own);
      await inPhase(handler, 'holding');
      for (const each of others)
        await expect(each.result()).rejects.toMatchObject({ cause: { type: 'InvalidInput' } });
      expect(await handler.result()).toMatchObject({ outcome: 'avoided', reboots: 1 });
      expect(rebootsOf(fleet)).toHaveLength(1);
      for (const patrol of patrolling) await patrol.terminate();
    },
  ));
