/**
 * Whole parts away in the middle of a run: every process killed together, the server killed on its database file, no
 * worker for a while, a worker that is asked to end. The run ends right, and the ledger shows nothing lost or doubled.
 */
import { join } from 'node:path';
import { ControlClient } from '../../simulator/control/client';
import { WORKFLOW_TYPES, taskQueueOf } from '../../src/domain/messages';
import type { RunCommandResult } from '../../src/domain/messages';
import { startSimulatorProcess } from '../../src/stack/simulator-process';
import type { Simulator } from '../../src/stack/simulator-process';
import { withSimulator } from '../../src/stack/stack';
import { startWorkerProcess } from '../../src/stack/worker-process';
import type { WorkerProcess } from '../../src/stack/worker-process';
import type { Site } from '../support/live-site';
import { LiveServer, QUICK_WORKER, killed, withSite } from '../support/live-site';
import { until } from '../support/until';

/** Shortened; the ten minutes of the promise are in test/long. */
const AWAY_MS = 20_000;
const ACCOUNT = 'all-killed';

async function withServer(work: (live: LiveServer) => Promise<void>): Promise<void> {
  const live = await LiveServer.start();
  try {
    await work(live);
  } finally {
    await live.close();
  }
}

const onceEach = (site: Site): void => {
  const started = site.effects('command.started').map((effect) => effect.resourceId);
  expect(started).toHaveLength(site.simulator.instanceIds.length);
  expect(new Set(started)).toEqual(new Set(site.simulator.instanceIds));
  expect(site.effects('invocation.created')).toHaveLength(1);
};

test(
  'worker, server and simulator killed together and started again: what ended is kept, what ran is interrupted',
  () =>
    withServer(async (live) => {
      const startSimulator = (): Promise<Simulator> =>
        startSimulatorProcess({
          instances: 5,
          exec: 'canned',
          stateFile: join(live.dir, 'simulator.json'),
          env: process.env,
          logFile: join(live.dir, 'simulator.log'),
        });
      const startWorker = (simulator: Simulator): Promise<WorkerProcess> =>
        startWorkerProcess({
          ...{ address: live.server.address, namespace: live.server.namespace, account: ACCOUNT },
          stateDir: live.dir,
          logFile: join(live.dir, 'worker.log'),
          env: withSimulator({ ...process.env, ...QUICK_WORKER }, simulator),
        });
      const parts = { simulator: await startSimulator() };
      let control = new ControlClient(parts.simulator);
      const [quick, ...slow] = parts.simulator.instanceIds;
      await control.scriptAnswers({ instanceId: slow, hang: true });
      let worker = await startWorker(parts.simulator);
      const { workflowId } = await live.client.workflow.start(WORKFLOW_TYPES.runCommand, {
        taskQueue: taskQueueOf(ACCOUNT),
        workflowId: 'survivor',
        args: [
          {
            region: parts.simulator.regionId,
            targets: { instanceIds: parts.simulator.instanceIds },
            command: { type: 'RunShellScript', content: 'uname' },
          },
        ],
      });
      await until(
        'the quick one has ended',
        async () => (await control.effects('command.finished')).length === 1,
      );
      await until('the watcher looks', async () => (await control.calls('DescribeInvocations')).length > 0);
      process.kill(parts.simulator.pid, 'SIGKILL');
      await Promise.all([killed(worker), live.kill(), parts.simulator.ended]);
      await live.restart();
      parts.simulator = await startSimulator();
      control = new ControlClient(parts.simulator);
      worker = await startWorker(parts.simulator);
      try {
        const result = (await live.client.workflow.getHandle(workflowId).result()) as RunCommandResult;
        expect(result).toMatchObject({
          outcome: 'partly-failed',
          totals: { targets: 5, Success: 1, Failed: 4 },
        });
        const rows = new Map(result.rows.map((row) => [row.instanceId, row]));
        expect(rows.get(quick ?? '')?.outcome).toBe('Success');
        for (const id of slow) expect(rows.get(id)?.errorCode).toBe('ExecutionInterrupted');
        expect(await control.effects('invocation.created')).toHaveLength(1);
        expect(await control.effects('command.started')).toHaveLength(5);
      } finally {
        await worker.stop();
        await parts.simulator.stop();
      }
    }),
  90_000,
);

test(
  'the server killed in the middle of a run and started again on its database file: the run goes on',
  () =>
    withServer((live) =>
      withSite(live, { instances: 60 }, async (site) => {
        site.simulator.simulation.assistant.answers.add({ durationMs: 6_000 });
        await site.startWorker();
        const { workflowId } = await site.start();
        await until('the watcher looks', () => site.calls('DescribeInvocations').length > 0);
        await live.kill();
        await live.restart();
        const result = (await live.client.workflow.getHandle(workflowId).result()) as RunCommandResult;
        expect(result).toMatchObject({ outcome: 'succeeded', totals: { targets: 60, Success: 60 } });
        onceEach(site);
      }),
    ),
  90_000,
);

describe('on a server that stays', () => {
  let live: LiveServer;
  beforeAll(async () => {
    live = await LiveServer.start();
  });
  afterAll(() => live.close());

  test.concurrent(
    'every worker away until long after the command ended: the next one reports it',
    () =>
      withSite(live, { instances: 60 }, async (site) => {
        site.simulator.simulation.assistant.answers.add({ durationMs: 3_000 });
        const first = await site.startWorker();
        const run = await site.start();
        await until('the watcher looks', () => site.calls('DescribeInvocations').length > 0);
        await killed(first);
        const since = Date.now();
        await until('the time is over', () => Date.now() - since > AWAY_MS, AWAY_MS + 5_000);
        expect((await run.describe()).status.name).toBe('RUNNING');
        const calls = site.simulator.simulation.ledger.counts().calls;
        await site.startWorker();
        expect(await run.result()).toMatchObject({
          outcome: 'succeeded',
          totals: { targets: 60, Success: 60 },
        });
        onceEach(site);
        expect(calls['DescribeInvocationResults']).toBeUndefined();
      }),
    90_000,
  );

  test.concurrent(
    'a worker asked to end finishes what it has in hand, and another goes on',
    () =>
      withSite(live, { instances: 60 }, async (site) => {
        const { faults } = site.simulator.simulation;
        faults.set([{ kind: 'delay', action: 'DescribeInvocationResults', ms: 3_000, count: 1 }]);
        const first = await site.startWorker();
        const run = await site.start();
        await until('the fault has hit', () => faults.list().some(({ hits }) => hits > 0));
        const stopped = first.stop();
        await site.startWorker();
        await stopped;
        expect(await first.ended).toMatchObject({ how: 'exit code 0' });
        expect(await run.result()).toMatchObject({
          outcome: 'succeeded',
          totals: { targets: 60, Success: 60 },
        });
        onceEach(site);
        // Two pages, each read once: the held one by the worker that was ending.
        expect(site.calls('DescribeInvocationResults')).toHaveLength(2);
      }),
    90_000,
  );

  // A run looks for itself a minute after its dispatch: before or after its command has ended.
  test.concurrent.each([
    ['and the signal it owed lost: the run ends by its own look', 3_000, ['TERMINATED', true]],
    ['while the command goes on: the own look of the run starts it anew', 64_000, ['RUNNING', false]],
  ] as const)(
    'the watcher terminated %s',
    (_what, durationMs, watcherThen) =>
      withSite(live, { instances: 3 }, async (site) => {
        site.simulator.simulation.assistant.answers.add({ durationMs });
        await site.startWorker();
        const command = { type: 'RunShellScript', content: 'uname', timeoutSeconds: 600 } as const;
        const run = await site.start({ command });
        await until('the watcher looks', () => site.calls('DescribeInvocations').length > 0);
        const { runId } = await site.watcher.describe();
        await site.watcher.terminate('mid-flight');
        expect(await run.result()).toMatchObject({ outcome: 'succeeded', totals: { Success: 3 } });
        onceEach(site);
        const watcher = await site.watcher.describe();
        expect([watcher.status.name, watcher.runId === runId]).toEqual(watcherThen);
      }),
    120_000,
  );
});
