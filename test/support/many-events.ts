/**
 * A region with many open events and two patrols' looks at it: what each look calls, and who is started.
 *
 * The one rule: the ledger counts. A patrol asks without an event id, a handler with one.
 */
import type { CallRecord } from '../../simulator/core/ledger';
import { patrolIdOf, systemEventIdOf } from '../../src/domain/event-messages';
import { taskQueueOf } from '../../src/domain/messages';
import { EMPTY_POLICY_FILE } from '../../src/domain/policy';
import type { PatrolState } from '../../src/domain/system-event';
import { HOUR, raise } from './events';
import { REGION, withFleet } from './skipping-environment';
import { until } from './until';

export interface LooksAtMany {
  state: PatrolState;
  /** Calls of the patrol, by action. */
  calls: Record<string, number>;
  /** How often each event was read by a handler; alert-only handlers read once and hold. */
  reads: number[];
  /** Handlers that run. */
  running: number;
}

/** `count` instances with an event each, under the built-in policy, which only tells people. */
export function looksAtMany(count: number, looks: number): Promise<LooksAtMany> {
  return withFleet({ instances: count, policies: EMPTY_POLICY_FILE }, async (fleet) => {
    const eventIds = fleet.simulator.instanceIds.map((_, index) => raise(fleet, 48 * HOUR, index));
    const { workflow } = fleet.temporal.client;
    const workflowId = patrolIdOf(fleet.account, REGION);
    await workflow.start('patrolRegion', {
      taskQueue: taskQueueOf(fleet.account),
      workflowId,
      // Continues as new in between: what is known is carried over, and nobody is started again.
      args: [{ region: REGION, kinds: ['events'], everySeconds: 600, looksPerRun: 2 }],
    });
    const { ledger } = fleet.simulator.simulation;
    const read = (): CallRecord[] =>
      (ledger.query({ kind: 'call', action: 'DescribeInstanceHistoryEvents' }) as CallRecord[]).filter(
        ({ params }) => 'EventId.1' in params,
      );
    await until('every event is read', () => read().length >= count, 40_000);
    await fleet.temporal.sleep((looks - 1) * 600_000 + 60_000);
    const handle = workflow.getHandle(workflowId);
    const state = await handle.query<PatrolState>('progress');
    await handle.terminate();
    const described = await Promise.all(
      eventIds.map((id) => workflow.getHandle(systemEventIdOf(fleet.account, REGION, id)).describe()),
    );
    const all = ledger.counts().calls;
    const lists = (all.DescribeInstanceHistoryEvents ?? 0) - read().length;
    return {
      state,
      calls: {
        ...all,
        DescribeInstanceHistoryEvents: lists,
        DescribeInstances: (all.DescribeInstances ?? 0) - count,
      },
      reads: eventIds.map((id) => read().filter(({ params }) => params['EventId.1'] === id).length),
      running: described.filter(({ status }) => status.name === 'RUNNING').length,
    };
  });
}
