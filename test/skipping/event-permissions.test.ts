/** System events under their minimal RAM policy on a simulator that enforces it, and without each action of it. */
import type { WorkflowHandle } from '@temporalio/client';
import type { DrillResult, SystemEventsReport } from '../../src/domain/event-report';
import { drillIdOf, patrolIdOf, systemEventIdOf } from '../../src/domain/event-messages';
import { taskQueueOf } from '../../src/domain/messages';
import { FEATURES, ramPolicyFor } from '../../src/domain/permissions';
import type { PatrolState, SystemEventResult } from '../../src/domain/system-event';
import { HOUR, policyFile, progressOf, raise, startHandler } from '../support/events';
import { REGION, withFleet } from '../support/skipping-environment';
import type { Fleet } from '../support/skipping-environment';
import { until } from '../support/until';

const ALL = ramPolicyFor(['runCommand', 'systemEvents']);
const POLICIES = policyFile(`
version: 1
policies:
  - { name: any, ifNoWindow: now, pre: [snapshots], health: { command: 'true' } }
hooks:
  snapshots: { snapshot: { wait: true }, onFailure: abort }
`);
const OPTIONS = { tags: { role: 'web' }, policies: POLICIES, policy: ALL };
const TAGS = [{ key: 'role', value: 'web' }];

function execute<T>(fleet: Fleet, type: string, workflowId: string, input: object): Promise<T> {
  const taskQueue = taskQueueOf(fleet.account);
  return fleet.temporal.client.workflow.execute(type, { taskQueue, workflowId, args: [input] }) as Promise<T>;
}

const report = (fleet: Fleet, id: string, kind = 'open'): Promise<SystemEventsReport> =>
  execute(fleet, 'reportSystemEvents', id, { region: REGION, kind });

async function startDrill(
  fleet: Fleet,
  instance: number,
): Promise<WorkflowHandle<() => Promise<DrillResult>>> {
  const instanceId = fleet.simulator.instanceIds[instance] ?? '';
  return fleet.temporal.client.workflow.start<() => Promise<DrillResult>>('drillSystemEvent', {
    taskQueue: taskQueueOf(fleet.account),
    workflowId: drillIdOf(fleet.account, REGION, instanceId),
    args: [{ region: REGION, instanceId }] as never,
  });
}

/** A patrol's first look. */
async function firstLook(fleet: Fleet, workflowId: string): Promise<PatrolState> {
  const input = { region: REGION, kinds: ['events'], everySeconds: 3_600, tags: TAGS };
  const patrol = await fleet.temporal.client.workflow.start('patrolRegion', {
    taskQueue: taskQueueOf(fleet.account),
    workflowId,
    args: [input],
  });
  const state = (): Promise<PatrolState> => patrol.query<PatrolState>('progress');
  await until('it has looked', async () => (await state()).lastLook !== undefined);
  const seen = await state();
  await patrol.terminate();
  return seen;
}

it('is enough for patrol, handler, report and drill, and all of it is used', () =>
  withFleet({ instances: 2, ...OPTIONS }, async (fleet) => {
    const eventId = raise(fleet, 24 * HOUR);
    expect((await report(fleet, 'open')).rows[0]?.plan?.action).toBe('act');
    expect((await firstLook(fleet, patrolIdOf(fleet.account, REGION))).known).toHaveLength(1);
    const handler = fleet.temporal.client.workflow.getHandle<() => Promise<SystemEventResult>>(
      systemEventIdOf(fleet.account, REGION, eventId),
    );
    expect(await handler.result()).toMatchObject({ outcome: 'avoided', reboots: 1 });
    expect((await report(fleet, 'past', 'history')).rows[0]?.status).toBe('Avoided');
    expect(await (await startDrill(fleet, 1)).result()).toMatchObject({ outcome: 'passed' });

    const { calls, codes } = fleet.simulator.simulation.ledger.counts();
    expect(codes).not.toHaveProperty('Forbidden.RAM');
    const unused = FEATURES.systemEvents.filter((action) => calls[action] === undefined);
    // Only a drill that is ended early cancels: drills.test.ts.
    expect(unused).toEqual(['CancelSimulatedSystemEvents']);
  }));

it('without any one action of it what fails names that action', () =>
  withFleet({ instances: FEATURES.systemEvents.length + 2, ...OPTIONS }, async (fleet) => {
    const last = fleet.simulator.instanceIds.length - 1;
    let next = 0;
    /** What a handler of an event of its own says, once it says something of `about`. */
    const handled = async (about: string): Promise<string> => {
      await fleet.simulator.simulation.clock.setTime(await fleet.temporal.currentTimeMs());
      const handle = await startHandler(fleet, raise(fleet, 24 * HOUR, (next += 1)));
      const text = async (): Promise<string> => JSON.stringify((await progressOf(handle)).steps);
      await until(`it says ${about}`, async () => {
        await fleet.temporal.sleep(60_000);
        return (await text()).includes(`"step":"${about}"`);
      });
      await handle.terminate();
      return text();
    };
    const failure = (doing: Promise<unknown>): Promise<string> =>
      doing.then(
        (value) => JSON.stringify(value),
        (error: unknown) => (error as { cause: { cause: Error } }).cause.cause.message,
      );
    const table: Record<string, () => Promise<string>> = {
      DescribeInstanceHistoryEvents: () => failure(report(fleet, 'a')),
      ListTagResources: async () => {
        await fleet.simulator.simulation.clock.setTime(await fleet.temporal.currentTimeMs());
        raise(fleet, 1_000 * HOUR, 0);
        return (await firstLook(fleet, 'patrol/x')).lastLook?.error ?? '';
      },
      CreateSimulatedSystemEvents: () => failure(startDrill(fleet, last).then((handle) => handle.result())),
      DescribeInstances: () => handled('alert'),
      DescribeDisks: () => handled('pre/snapshots'),
      CreateSnapshot: () => handled('pre/snapshots'),
      DescribeSnapshots: () => handled('pre/snapshots'),
      RebootInstance: () => handled('reboot'),
      RunCommand: () => handled('witness'),
      DescribeCloudAssistantStatus: () => handled('witness'),
    };
    const untried = FEATURES.systemEvents.filter((action) => !(action in table));
    expect(untried).toEqual(['CancelSimulatedSystemEvents']);
    for (const [missing, fails] of Object.entries(table)) {
      const Statement = ALL.Statement.map((each) => ({
        ...each,
        Action: each.Action.filter((action) => action !== `ecs:${missing}`),
      }));
      fleet.simulator.simulation.policy = { ...ALL, Statement };
      expect([missing, await fails()]).toEqual([missing, expect.stringContaining(`ecs:${missing}`)]);
    }
  }));
