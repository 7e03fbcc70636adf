import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import { INSTALL_AGENTS } from '../../src/domain/agents';
import { taskQueueOf, watchIdOf } from '../../src/domain/messages';
import type { RunCommandInput } from '../../src/domain/messages';
import { cloudAssistant } from '../../simulator/assistant';
import { patrolIdOf, systemEventIdOf } from '../../src/domain/event-messages';
import { GATE, freshGateState, gateIdOf, instanceGateKey } from '../../src/domain/gate';
import type { GateHolding } from '../../src/domain/gate';
import { hoursIdOf } from '../../src/domain/hours-messages';
import { BUILT_IN_POLICY, EMPTY_POLICY_FILE } from '../../src/domain/policy';
import type { PolicyFile } from '../../src/domain/policy';
import { timedStartIdOf } from '../../src/domain/timed-commands';
import type { WatchState } from '../../src/domain/watch';
import { provideTemporalCli } from '../../src/stack/binaries';
import { replay } from '../support/replay';
import { REGION, withFleet } from '../support/skipping-environment';
import type { Fleet } from '../support/skipping-environment';
import { reclaim, SHORT, SPOT, startRescue } from '../support/spot-fleet';
import { until } from '../support/temporary';

/** Set to record what test/unit/replay.test.ts replays: `npm run histories`. */
const RECORD = process.env.STEWARD_RECORD_HISTORIES === '1';
const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as {
  version: string;
};
const DIRECTORY = join(__dirname, '../replay/histories');

function inputFor(fleet: Fleet, content = 'hostname'): RunCommandInput {
  const instanceIds = [...fleet.simulator.instanceIds, 'i-bpgone'];
  return {
    region: REGION,
    targets: { instanceIds },
    command: { type: 'RunShellScript', content, timeoutSeconds: 600 },
  };
}

async function keep(fleet: Fleet, name: string, handle: WorkflowHandle, runId?: string): Promise<void> {
  await replay(await handle.fetchHistory(), handle.workflowId);
  if (RECORD) {
    mkdirSync(DIRECTORY, { recursive: true });
    writeFileSync(
      join(DIRECTORY, `${name}-${version}.json`),
      await shown(fleet.temporal.address, handle.workflowId, runId),
    );
  }
}

/** As the temporal CLI shows it: the form in which people hand histories around. */
async function shown(address: string, workflowId: string, runId?: string): Promise<string> {
  const { path } = await provideTemporalCli({ env: process.env, report: () => undefined });
  const args = [
    'workflow',
    'show',
    '--output',
    'json',
    '--workflow-id',
    workflowId,
    ...(runId ? ['--run-id', runId] : []),
  ];
  const { stdout } = await promisify(execFile)(path, [...args, '--address', address]);
  return `${JSON.stringify(JSON.parse(stdout))}\n`;
}

const ACT: PolicyFile = {
  ...EMPTY_POLICY_FILE,
  policies: [
    {
      match: { eventTypes: [], instanceIds: [], tags: [] },
      policy: { ...BUILT_IN_POLICY, ifNoWindow: 'now' },
    },
  ],
};

describe('what was just recorded replays', () => {
  it('a timed command in two parts, the first answer lost and one instance unfit', () =>
    withFleet({ instances: 101 }, async (fleet) => {
      const { faults } = fleet.simulator.simulation;
      faults.set([{ action: 'RunCommand', kind: 'reset', phase: 'after', count: 1 }]);
      const input = {
        ...{ region: REGION, action: 'start', name: 'health', when: { every: '1h' } },
        targets: { instanceIds: [...fleet.simulator.instanceIds, 'i-bpgone'] },
        command: { type: 'RunShellScript', content: 'hostname' },
      };
      const handle = await fleet.temporal.client.workflow.start('manageTimed', {
        workflowId: timedStartIdOf(fleet.account, REGION, 'health'),
        taskQueue: taskQueueOf(fleet.account),
        args: [input],
      });
      expect(await handle.result()).toMatchObject({ outcome: 'partly', totals: { accepted: 101, unfit: 1 } });
      await keep(fleet, 'manage-timed', handle);
    }));

  it('a run of three batches with an unfit instance, and its watcher', () =>
    withFleet({ instances: 201 }, async (fleet) => {
      cloudAssistant(fleet.simulator.simulation).answers.add({ content: 'hostname', durationMs: 30_000 });
      const workflowId = watchIdOf(fleet.account, REGION);
      const state: WatchState = { region: REGION, waits: [], memory: {}, ticks: 0, ticksPerRun: 4 };
      const { workflow } = fleet.temporal.client;
      const watch = await workflow.start('watchRegion', {
        workflowId,
        taskQueue: taskQueueOf(fleet.account),
        args: [state],
      });
      const handle = await fleet.start(inputFor(fleet));
      await handle.result();
      await keep(fleet, 'run-command', handle);
      await keep(
        fleet,
        'watch-region',
        workflow.getHandle(workflowId, watch.firstExecutionRunId),
        watch.firstExecutionRunId,
      );
    }));

  it('a file in two parts, one of them sent at the second attempt', () =>
    withFleet({ instances: 51 }, async (fleet) => {
      const { simulation } = fleet.simulator;
      simulation.faults.set([{ action: 'SendFile', kind: 'reset', phase: 'after', count: 1 }]);
      cloudAssistant(simulation).answers.add({ file: 'app.conf', durationMs: 30_000 });
      const file = { name: 'app.conf', targetDirectory: '/etc/app', content: 'a = 1\n' };
      const { region, targets } = inputFor(fleet);
      const handle = await fleet.start({ region, targets, file });
      expect(await handle.result()).toMatchObject({ totals: { Success: 51, Unfit: 1 } });
      await keep(fleet, 'send-file', handle);
    }));

  it('a run whose dispatch was answered at the third attempt', () =>
    withFleet({ instances: 2 }, async (fleet) => {
      fleet.simulator.simulation.faults.set([
        { action: 'RunCommand', kind: 'reset', phase: 'after', count: 2 },
      ]);
      const handle = await fleet.start(inputFor(fleet));
      await handle.result();
      await keep(fleet, 'run-command-lost-answer', handle);
    }));

  it('a stop by tag, and an action of working hours', () =>
    withFleet({ instances: 2, tags: { office: '' } }, async (fleet) => {
      const { workflow } = fleet.temporal.client;
      const taskQueue = taskQueueOf(fleet.account);
      const tags = [{ key: 'office' }];
      const definition = {
        name: 'office',
        regions: [REGION],
        tags,
        timeZone: 'UTC',
        start: '09:00',
        stop: '21:00',
      };
      const keeper = await workflow.start('workingHours', {
        workflowId: hoursIdOf(fleet.account, 'office'),
        taskQueue,
        args: [{ definition, overrides: [], audit: [], runs: [] }],
      });
      const apply = await workflow.start('applyWorkingHours', {
        workflowId: 'apply-working-hours',
        taskQueue,
        args: [{ hours: 'office', action: 'stop' }],
      });
      await apply.result();
      await keep(fleet, 'apply-working-hours', apply);
      await keep(fleet, 'stop-by-tag', workflow.getHandle(`apply-working-hours/${REGION}/stop`));
      await keeper.terminate();
    }));

  it('an installation of an agent, with its reboot', () =>
    withFleet({ instances: [{ agent: { installed: false } }, {}] }, async (fleet) => {
      const { workflow } = fleet.temporal.client;
      const install = await workflow.start(INSTALL_AGENTS, {
        workflowId: 'install-agents',
        taskQueue: taskQueueOf(fleet.account),
        args: [{ region: REGION, targets: { all: true }, reboot: true }],
      });
      await install.result();
      await keep(fleet, 'install-agents', install);
      const [id = ''] = fleet.simulator.instanceIds;
      await keep(fleet, 'reboot-for-agent', workflow.getHandle(`install-agents/${id}`));
    }));

  it('a cancelled run', () =>
    withFleet({ instances: 2 }, async (fleet) => {
      cloudAssistant(fleet.simulator.simulation).answers.add({ content: 'work', hang: true });
      const handle = await fleet.start(inputFor(fleet, 'work'));
      await until('RunCommand was called', () => fleet.callsOf('RunCommand') === 1);
      await handle.cancel();
      await handle.result();
      await keep(fleet, 'run-command-cancelled', handle);
    }));

  it('an event answered, its patrol, and the gate, which drops a holder that is gone', () =>
    withFleet({ instances: 1, policies: ACT }, async (fleet) => {
      const { simulation, instanceIds } = fleet.simulator;
      const notBefore = simulation.clock.now() + 24 * 3_600_000;
      const type = 'SystemMaintenance.Reboot';
      const { eventId } = simulation.systemEvents.raise({
        instanceId: instanceIds[0] ?? '',
        regionId: REGION,
        type,
        notBefore,
      });
      const { workflow } = fleet.temporal.client;
      const taskQueue = taskQueueOf(fleet.account);
      const gateId = gateIdOf(fleet.account, REGION);
      const gone: GateHolding = {
        requestId: 'gone',
        holder: 'gone',
        runId: '11111111-2222-4333-8444-555555555555',
        purpose: 'reboot',
        keys: [instanceGateKey(instanceIds[0] ?? '').key],
        askedAt: 0,
        generation: 1,
        grantedAt: 0,
      };
      const gate = await workflow.start(GATE, {
        taskQueue,
        workflowId: gateId,
        args: [{ ...freshGateState(REGION), held: [gone], generation: 1, looksPerRun: 1 }],
      });
      const workflowId = patrolIdOf(fleet.account, REGION);
      const patrol = await workflow.start('patrolRegion', {
        taskQueue,
        workflowId,
        args: [{ region: REGION, kinds: ['events'], everySeconds: 3_600, looksPerRun: 3 }],
      });
      const id = systemEventIdOf(fleet.account, REGION, eventId);
      await until('the patrol started a handler', () =>
        workflow
          .getHandle(id)
          .describe()
          .then(
            () => true,
            () => false,
          ),
      );
      const handler = workflow.getHandle(id);
      await handler.result();
      await keep(fleet, 'handle-system-event', handler);
      const { firstExecutionRunId } = gate;
      await keep(fleet, 'gate', workflow.getHandle(gateId, firstExecutionRunId), firstExecutionRunId);
      await keep(
        fleet,
        'patrol-region',
        workflow.getHandle(workflowId, patrol.firstExecutionRunId),
        patrol.firstExecutionRunId,
      );
    }));

  it('a rescue whose image dies with its instance', () =>
    withFleet(
      {
        instances: [SPOT],
        durations: SHORT,
        policies: EMPTY_POLICY_FILE,
        switches: { imageOfReleased: 'fails' },
      },
      async (fleet) => {
        const [id = ''] = fleet.simulator.instanceIds;
        await reclaim(fleet, id);
        const handle = await startRescue(fleet, id);
        expect(await handle.result()).toMatchObject({ outcome: 'relaunched' });
        await keep(fleet, 'relaunch-spot-instance', handle);
      },
    ));
});
