/** Agents: what is told of them, and installing them, over the simulator's ledger: what was really rebooted, and how often. */
import type { WorkflowHandle } from '@temporalio/client';
import { INSTALL_AGENTS, REPORT_AGENTS } from '../../src/domain/agents';
import type {
  AgentsReport,
  InstallAgentsInput,
  InstallAgentsResult,
  InstallRow,
} from '../../src/domain/agents';
import { taskQueueOf } from '../../src/domain/messages';
import { readRows } from '../../src/results/store';
import { REGION, withFleet } from '../support/skipping-environment';
import type { Fleet } from '../support/skipping-environment';
import { until } from '../support/temporary';

const NEVER = { agent: { installed: false } };
let count = 0;

function started(
  fleet: Fleet,
  over: Partial<InstallAgentsInput>,
  carried?: { rebootsPerRun: number },
): Promise<WorkflowHandle<(input: InstallAgentsInput) => Promise<InstallAgentsResult>>> {
  return fleet.temporal.client.workflow.start(INSTALL_AGENTS, {
    taskQueue: taskQueueOf(fleet.account),
    workflowId: `install-${(count += 1)}`,
    args: [{ region: REGION, targets: { all: true }, ...over }, ...(carried ? [carried] : [])] as [
      InstallAgentsInput,
    ],
  });
}

async function install(fleet: Fleet, over: Partial<InstallAgentsInput> = {}): Promise<InstallAgentsResult> {
  return (await started(fleet, over)).result();
}

async function rowsOf({ resultStore }: InstallAgentsResult): Promise<Record<string, InstallRow>> {
  const rows = await readRows<InstallRow>(resultStore.path);
  return Object.fromEntries(rows.map((row) => [row.instanceId, row]));
}

interface Effect {
  resourceId: string;
  seq: number;
  time: number;
}

function effects(fleet: Fleet, effect: string): Effect[] {
  return fleet.simulator.simulation.ledger.query({ kind: 'effect', effect }) as never;
}

const rebooted = (fleet: Fleet): string[] =>
  effects(fleet, 'instance.rebooting').map(({ resourceId }) => resourceId);

/** The most instances on their way from RebootInstance to the next boot at any moment. */
function mostAtOnce(fleet: Fleet): number {
  const marks = [
    ...effects(fleet, 'instance.rebooting').map(({ seq }) => ({ seq, by: 1 })),
    ...effects(fleet, 'agent.installed').map(({ seq }) => ({ seq, by: -1 })),
  ].sort((a, b) => a.seq - b.seq);
  let now = 0;
  return Math.max(0, ...marks.map(({ by }) => (now += by)));
}

describe('a report on agents', () => {
  it('says which are alive, and of the others what can be known', () =>
    withFleet(
      {
        instances: [
          {},
          NEVER,
          { status: 'Stopped' },
          { agent: { version: '2.2.3.100' } },
          { osType: 'windows' },
          {},
        ],
      },
      async (fleet) => {
        const { simulation, instanceIds } = fleet.simulator;
        const [fine = '', never = '', stopped = '', old = '', windows = '', blocked = ''] = instanceIds;
        const instance = simulation.world.findInstance(blocked);
        if (instance) simulation.instances.setAgent(instance, { blocked: true });
        await fleet.temporal.sleep('5 minutes');
        const report: AgentsReport = await fleet.temporal.client.workflow.execute(REPORT_AGENTS, {
          taskQueue: taskQueueOf(fleet.account),
          workflowId: 'report-1',
          args: [{ region: REGION, targets: { instanceIds: [...instanceIds, 'i-nobody'] } }],
        });
        expect(report).toMatchObject({ instances: 7, alive: 3, dead: 4, rowsTruncated: false });
        expect(report.versions).toEqual([
          { version: '2.1.3.915', instances: 1 },
          { version: '2.2.3.100', instances: 1 },
          { version: '2.2.3.915', instances: 1 },
        ]);
        const why = Object.fromEntries(report.rows.map((row) => [row.instanceId, row.reason ?? row.osType]));
        expect(why).toEqual({
          [fine]: 'linux',
          [old]: 'linux',
          [windows]: 'windows',
          [never]: expect.stringContaining('never heard of: not installed'),
          [stopped]: 'the instance is Stopped',
          [blocked]: expect.stringMatching(/^no heartbeat since \d{4}-.*security group/),
          'i-nobody': `not found in ${REGION}`,
        });
      },
    ));
});

describe('an installation', () => {
  it('without --reboot says what needs one and reboots nothing; 50 instances a call, and only where none answers', () =>
    withFleet({ instances: [...Array.from({ length: 60 }, () => NEVER), {}] }, async (fleet) => {
      const ids = [...fleet.simulator.instanceIds, 'i-nobody'];
      const result = await install(fleet, { targets: { instanceIds: ids } });
      expect(result).toMatchObject({
        outcome: 'partly-failed',
        reboots: 0,
        counts: { targets: 62, NeedsReboot: 60, AlreadyRunning: 1, Failed: 1 },
      });
      expect(result.rows).toHaveLength(62);
      expect(await rowsOf(result)).toMatchObject({
        [ids[0] ?? '']: { outcome: 'NeedsReboot', reason: expect.stringContaining('--reboot') },
        'i-nobody': { outcome: 'Failed', reason: `not found in ${REGION}` },
      });
      expect(effects(fleet, 'agent.installing')).toHaveLength(60);
      expect(fleet.callsOf('InstallCloudAssistant')).toBe(2);
      expect(fleet.callsOf('RebootInstance')).toBe(0);
      expect(rebooted(fleet)).toEqual([]);
      expect(fleet.simulator.simulation.ledger.counts().unknownParameters).toEqual({});
      const nothing = { targets: { tags: [{ key: 'nobody' }] } };
      expect(await install(fleet, nothing)).toMatchObject({ outcome: 'no-targets', counts: { targets: 0 } });
      expect(fleet.callsOf('InstallCloudAssistant')).toBe(2);
    }));

  it('with it reboots each once, never more at once than the limit, also where answers are lost; over continuations', () =>
    withFleet({ instances: [...Array.from({ length: 10 }, () => NEVER), {}] }, async (fleet) => {
      const { simulation, instanceIds } = fleet.simulator;
      const [lost = '', unheard = ''] = instanceIds;
      simulation.faults.set([
        { action: 'RebootInstance', kind: 'reset', phase: 'after', count: 1, where: { InstanceId: lost } },
        {
          action: 'RebootInstance',
          kind: 'error',
          phase: 'after',
          httpStatus: 500,
          code: 'InternalError',
          count: 1,
          where: { InstanceId: unheard },
        },
        { action: 'InstallCloudAssistant', kind: 'reset', phase: 'after', count: 1 },
      ] as never);
      const rate = { maxConcurrency: 3, maxErrors: 5 };
      const handle = await started(fleet, { reboot: true, rate }, { rebootsPerRun: 4 });
      const result = await handle.result();
      expect(result).toMatchObject({
        outcome: 'succeeded',
        reboots: 10,
        counts: { targets: 11, Installed: 10, AlreadyRunning: 1 },
        summary: '11 of 11 agents run',
      });
      expect(rebooted(fleet).sort()).toEqual([...instanceIds.slice(0, 10)].sort());
      expect(mostAtOnce(fleet)).toBeLessThanOrEqual(3);
      expect(mostAtOnce(fleet)).toBeGreaterThan(1);
      const rows = await rowsOf(result);
      expect(Object.keys(rows)).toHaveLength(11);
      expect(rows[lost]).toMatchObject({ outcome: 'Installed', version: '2.2.3.915' });
      expect(rows[lost]?.rebootedAt).toMatch(/^\d{4}-/);
      expect((await handle.describe()).runId).not.toBe(result.resultStore.runId);
    }));

  it('stops past the error limit: no further reboot, and the rest is told to need one', () =>
    withFleet(
      { instances: [{ agent: { blocked: true } }, ...Array.from({ length: 5 }, () => NEVER)] },
      async (fleet) => {
        const [first = '', second = ''] = fleet.simulator.instanceIds;
        await fleet.temporal.sleep('3 minutes');
        const result = await install(fleet, { reboot: true, rate: { canary: 1 }, withinSeconds: 120 });
        expect(result).toMatchObject({
          outcome: 'partly-failed',
          counts: { Failed: 1, NeedsReboot: 5 },
          stopped: '1 errors, more than the 0 allowed',
          reboots: 1,
        });
        expect(rebooted(fleet)).toEqual([first]);
        const rows = await rowsOf(result);
        expect(rows[first]?.reason).toMatch(/^rebooted, but its agent was not heard of within 2 min: /);
        expect(rows[second]?.reason).toBe(`installed, but not rebooted: ${result.stopped}`);
      },
    ));

  it('is never a second call where nobody knows; Stopped is left alone; --force waits for the new boot', () =>
    withFleet({ instances: [{}, {}, { status: 'Stopped' }] }, async (fleet) => {
      const { simulation, instanceIds } = fleet.simulator;
      const [lost = '', fine = '', stopped = ''] = instanceIds;
      simulation.faults.set([
        { action: 'RebootInstance', kind: 'reset', phase: 'before', count: 1, where: { InstanceId: lost } },
      ] as never);
      const rate = { maxConcurrency: 3, maxErrors: 3 };
      const result = await install(fleet, { reboot: true, force: true, rate });
      const rows = await rowsOf(result);
      expect(rows[lost]).toMatchObject({
        outcome: 'Unknown',
        reason: expect.stringContaining('it cannot be told whether the instance was rebooted'),
      });
      expect(rows[fine]).toMatchObject({ outcome: 'Installed' });
      expect(rows[stopped]).toMatchObject({
        outcome: 'NeedsReboot',
        reason: 'the instance is Stopped; the agent works from its next start on',
      });
      expect(rebooted(fleet)).toEqual([fine]);
      const calls = simulation.ledger.query({ kind: 'call', action: 'RebootInstance' });
      expect(calls).toHaveLength(2);
      // The agent of the old boot was still said to be alive by its last heartbeat.
      const [reboot] = effects(fleet, 'instance.rebooting');
      expect(simulation.clock.now() - (reboot?.time ?? 0)).toBeGreaterThan(120_000);
    }));

  it('that is cancelled begins no further reboot, and tells of the one it had begun', () =>
    withFleet({ instances: [{ agent: { blocked: true } }, NEVER, NEVER] }, async (fleet) => {
      const [first = ''] = fleet.simulator.instanceIds;
      await fleet.temporal.sleep('3 minutes');
      const handle = await started(fleet, { reboot: true, rate: { maxConcurrency: 1 } });
      await until('the first is rebooted', () => rebooted(fleet).length > 0);
      await handle.cancel();
      const result = await handle.result();
      expect(result).toMatchObject({ outcome: 'cancelled', counts: { Unknown: 1, NeedsReboot: 2 } });
      const rows = await rowsOf(result);
      expect(rows[first]).toMatchObject({
        outcome: 'Unknown',
        reason: 'rebooted; cancelled before its agent was heard of',
      });
      expect(rebooted(fleet)).toEqual([first]);
    }));

  it('of more than 1,000 is kept in the result store: stopped by its canary, every one has its row', () =>
    withFleet({ instances: Array.from({ length: 1_020 }, () => NEVER) }, async (fleet) => {
      const { simulation, instanceIds } = fleet.simulator;
      const first = simulation.world.findInstance(instanceIds[0] ?? '');
      if (first) simulation.instances.setAgent(first, { blocked: true });
      const rate = { canary: 1, maxErrors: 5 };
      const result = await install(fleet, { reboot: true, rate, withinSeconds: 60 });
      expect(result).toMatchObject({
        outcome: 'partly-failed',
        counts: { targets: 1_020, Failed: 1, NeedsReboot: 1_019 },
        stopped: 'the canary failed on 1 of 1 instances',
        rowsTruncated: true,
        reboots: 1,
      });
      expect(Object.keys(await rowsOf(result))).toHaveLength(1_020);
      expect(effects(fleet, 'agent.installing')).toHaveLength(1_020);
      expect(fleet.callsOf('InstallCloudAssistant')).toBe(21);
      expect(rebooted(fleet)).toEqual([instanceIds[0]]);
    }));

  it('that stops leaves alone what still waits at the gate', () =>
    withFleet({ instances: [{}, { agent: { blocked: true } }] }, async (fleet) => {
      const [held = '', blocked = ''] = fleet.simulator.instanceIds;
      fleet.simulator.simulation.assistant.answers.add({ content: 'work', hang: true });
      const run = await fleet.start({
        region: REGION,
        targets: { instanceIds: [held] },
        command: { type: 'RunShellScript', content: 'work', timeoutSeconds: 3_600 },
        exclusive: true,
      });
      await until('the command runs', () => effects(fleet, 'command.started').length > 0);
      const rate = { maxConcurrency: 2, maxErrors: 0 };
      const result = await install(fleet, { reboot: true, force: true, rate, withinSeconds: 60 });
      expect(await rowsOf(result)).toMatchObject({
        [blocked]: { outcome: 'Failed' },
        [held]: { outcome: 'NeedsReboot', reason: 'the run stopped before its reboot' },
      });
      expect(rebooted(fleet)).toEqual([blocked]);
      await run.cancel();
      await run.result();
    }));

  it('waits at the gate while another operation of ours works on the instance', () =>
    withFleet({ instances: 1 }, async (fleet) => {
      const [id = ''] = fleet.simulator.instanceIds;
      fleet.simulator.simulation.assistant.answers.add({ content: 'work', durationMs: 240_000 });
      const run = await fleet.start({
        region: REGION,
        targets: { instanceIds: [id] },
        command: { type: 'RunShellScript', content: 'work', timeoutSeconds: 600 },
        exclusive: true,
      });
      await until('the command runs', () => effects(fleet, 'command.started').length > 0);
      const result = await install(fleet, { reboot: true, force: true });
      expect(result).toMatchObject({ outcome: 'succeeded', counts: { Installed: 1 } });
      expect(await run.result()).toMatchObject({ outcome: 'succeeded' });
      expect(effects(fleet, 'instance.rebooting')[0]?.seq).toBeGreaterThan(
        effects(fleet, 'command.finished')[0]?.seq ?? Infinity,
      );
    }));
});
