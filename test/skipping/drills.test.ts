/** Reports and drills: bounded, one simulated event whatever is lost, and none left behind. The oracle is the ledger. */
import type { WorkflowHandle } from '@temporalio/client';
import { drillIdOf, reportIdOf } from '../../src/domain/event-messages';
import type {
  DrillInput,
  DrillProgress,
  DrillResult,
  SystemEventsReport,
} from '../../src/domain/event-report';
import { taskQueueOf } from '../../src/domain/messages';
import { ramPolicyFor } from '../../src/domain/permissions';
import type { FaultSpec } from '../../simulator/core/faults';
import { HOUR, policyFile, raise, rebootsOf } from '../support/events';
import { REGION, withFleet } from '../support/skipping-environment';
import type { Fleet } from '../support/skipping-environment';
import { until } from '../support/until';

const WINDOWS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].map(
  (day) => `'${day} 01:00-05:00 Asia/Tokyo'`,
);
const ACT = policyFile('version: 1\npolicies:\n  - {name: any, margin: 30m}\n');

type Drill = WorkflowHandle<(input: DrillInput) => Promise<DrillResult>>;

function startDrill(fleet: Fleet): Promise<Drill> {
  const instanceId = fleet.simulator.instanceIds[0] ?? '';
  return fleet.temporal.client.workflow.start<(input: DrillInput) => Promise<DrillResult>>(
    'drillSystemEvent',
    {
      taskQueue: taskQueueOf(fleet.account),
      workflowId: drillIdOf(fleet.account, REGION, instanceId),
      args: [{ region: REGION, instanceId }],
    },
  );
}

const raised = (fleet: Fleet): number =>
  fleet.simulator.simulation.ledger.query({ kind: 'effect', effect: 'event.raised' }).length;

const open = (fleet: Fleet): number =>
  fleet.simulator.simulation.systemEvents.openOf(fleet.simulator.instanceIds[0] ?? '').length;

it('a report of 250 events with their plans is cut to what a result may carry, and says how many there are', () =>
  withFleet(
    {
      instances: 250,
      policies: policyFile(`version: 1\npolicies:\n  - {name: any, windows: [${WINDOWS.join(', ')}]}\n`),
    },
    async (fleet) => {
      for (const index of fleet.simulator.instanceIds.keys()) raise(fleet, 400 * HOUR, index);
      const report = (await fleet.temporal.client.workflow.execute('reportSystemEvents', {
        taskQueue: taskQueueOf(fleet.account),
        workflowId: reportIdOf(fleet.account, REGION, '1'),
        args: [{ region: REGION, kind: 'open' }],
      })) as SystemEventsReport;
      expect(report.total).toBe(250);
      expect(report.rows).toHaveLength(200);
      expect(Buffer.byteLength(JSON.stringify(report))).toBeLessThan(256 * 1024);
      expect(report.rows[0]?.plan?.considered.map(({ verdict }) => verdict)).toContain('chosen');
      // Three pages of events, and the instances of 200 of them.
      expect([fleet.callsOf('DescribeInstanceHistoryEvents'), fleet.callsOf('DescribeInstances')]).toEqual([
        3, 2,
      ]);
    },
  ));

describe('a drill', () => {
  const lost: [string, FaultSpec[]][] = [
    [
      'was lost after the effect',
      [{ action: 'CreateSimulatedSystemEvents', kind: 'reset', phase: 'after', count: 1 }],
    ],
    [
      'was lost before it',
      [{ action: 'CreateSimulatedSystemEvents', kind: 'reset', phase: 'before', count: 1 }],
    ],
  ];
  it.each(lost)('whose raising %s raises one event, and passes', (_what, faults) =>
    withFleet({ instances: 1, policies: ACT }, async (fleet) => {
      fleet.simulator.simulation.faults.set(faults);
      const result = await (await startDrill(fleet)).result();
      expect(result).toMatchObject({ outcome: 'passed', eventStatus: 'Avoided', cancelledEvents: [] });
      expect([raised(fleet), rebootsOf(fleet).length, open(fleet)]).toEqual([1, 1, 0]);
    }),
  );

  it('that is cancelled takes its event back, and its handler ends', () =>
    withFleet({ instances: 1, policies: ACT }, async (fleet) => {
      const drill = await startDrill(fleet);
      await until('it waits', async () => (await drill.query<DrillProgress>('progress')).phase === 'waiting');
      await drill.cancel();
      expect(await drill.result()).toMatchObject({ outcome: 'cancelled', eventStatus: 'Canceled' });
      expect([raised(fleet), rebootsOf(fleet).length, open(fleet)]).toEqual([1, 0, 0]);
    }));

  it('that may not take its event back fails and names the permission', () => {
    const policy = ramPolicyFor(['runCommand', 'systemEvents']);
    for (const each of policy.Statement)
      each.Action = each.Action.filter((action) => action !== 'ecs:CancelSimulatedSystemEvents');
    return withFleet({ instances: 1, policies: ACT, policy }, async (fleet) => {
      const drill = await startDrill(fleet);
      await until('it waits', async () => (await drill.query<DrillProgress>('progress')).phase === 'waiting');
      await drill.cancel();
      await expect(drill.result()).rejects.toMatchObject({
        cause: { cause: { message: expect.stringContaining('ecs:CancelSimulatedSystemEvents') as string } },
      });
    });
  });
});
