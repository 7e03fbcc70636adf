/**
 * Workflows on the time-skipping server against the simulator in driven time: the real worker code, the real SDK over
 * HTTP, no waiting. Before each call to ECS the simulator's clock is set to the test server's.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WorkflowHandle } from '@temporalio/client';
import { createActivities } from '../../src/activities';
import { createEcsClient } from '../../src/ecs/client';
import type { CallRecord, EcsOptions } from '../../src/ecs/transport';
import type { RunCommandInput, RunCommandResult } from '../../src/domain/messages';
import { SEARCH_ATTRIBUTES, taskQueueOf } from '../../src/domain/messages';
import { createFileResultStore } from '../../src/results/store';
import { provideTestServer } from '../../src/stack/binaries';
import { packageRoot } from '../../src/stack/paths';
import { createTemporalWaits } from '../../src/worker/temporal-waits';
import { startSimulator } from '../../simulator';
import type { Simulator, SimulatorOptions } from '../../simulator';

export const REGION = 'cn-hangzhou';
const ACCOUNT = 'test';

export interface SkippingEnvironment {
  temporal: TestWorkflowEnvironment;
  /** A simulator of its own in driven time with a worker on it; ends when `work` ends. */
  withFleet<T>(options: FleetOptions, work: (fleet: Fleet) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface FleetOptions extends Omit<SimulatorOptions, 'time' | 'exec'> {
  quota?: EcsOptions['quota'];
}

export interface Fleet {
  account: string;
  simulator: Simulator;
  calls: CallRecord[];
  start(input: RunCommandInput): Promise<WorkflowHandle<() => Promise<RunCommandResult>>>;
  run(input: RunCommandInput): Promise<RunCommandResult>;
  /** Runs `act` once, right after the first answer to `action`. */
  afterCall(action: string, act: () => void): void;
  /** Calls that reached the simulator, by action. */
  callsOf(action: string): number;
}

let runs = 0;

export async function createSkippingEnvironment(): Promise<SkippingEnvironment> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const { path } = await provideTestServer({
    env: process.env,
    report: (line) => process.stderr.write(`${line}\n`),
  });
  const temporal = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  });
  const types = { Keyword: 2, KeywordList: 7 } as const;
  await temporal.connection.operatorService.addSearchAttributes({
    namespace: temporal.namespace ?? 'default',
    searchAttributes: Object.fromEntries(
      Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => [name, types[type]]),
    ),
  });
  return {
    temporal,
    withFleet: (options, work) => withFleet(temporal, options, work),
    close: () => temporal.teardown(),
  };
}

async function withFleet<T>(
  temporal: TestWorkflowEnvironment,
  { quota, ...options }: FleetOptions,
  work: (fleet: Fleet) => Promise<T>,
): Promise<T> {
  const startAt = await temporal.currentTimeMs();
  const simulator = await startSimulator({
    regions: [REGION],
    ...options,
    time: { kind: 'driven', startAt },
    exec: 'canned',
  });
  const resultsDirectory = mkdtempSync(join(tmpdir(), 'steward-test-'));
  const calls: CallRecord[] = [];
  const acts = new Map<string, () => void>();
  // A watcher never ends; an account of its own gives each fleet a watcher of its own.
  const account = `${ACCOUNT}-${process.pid}-${(runs += 1)}`;
  const ecs = createEcsClient({
    endpoint: simulator.endpoint,
    protocol: 'http',
    accessKey: { id: simulator.accessKeyId, secret: simulator.accessKeySecret },
    quota: quota ?? { '*': 1_000_000, 'Describe*': 1_000_000 },
    onCall: (call) => {
      calls.push(call);
      const act = acts.get(call.action);
      acts.delete(call.action);
      act?.();
    },
    now: () => simulator.simulation.clock.now(),
    beforeCall: async () => simulator.simulation.clock.setTime(await temporal.currentTimeMs()),
  });
  const taskQueue = taskQueueOf(account);
  const worker = await Worker.create({
    connection: temporal.nativeConnection,
    taskQueue,
    workflowBundle: { codePath: join(packageRoot(), 'dist/workflow-bundle.js') },
    activities: createActivities({
      ecs,
      store: createFileResultStore(resultsDirectory),
      waits: createTemporalWaits(temporal.client, account),
    }),
  });
  const start: Fleet['start'] = (input) =>
    temporal.client.workflow.start('runCommand', {
      taskQueue,
      workflowId: `run-${account}-${(runs += 1)}`,
      args: [input],
    });
  const fleet: Fleet = {
    account,
    simulator,
    calls,
    start,
    run: async (input) => (await start(input)).result(),
    afterCall: (action, act) => void acts.set(action, act),
    callsOf: (action) => simulator.simulation.ledger.query({ kind: 'call', action }).length,
  };
  try {
    return await worker.runUntil(() => work(fleet));
  } finally {
    await simulator.close();
    rmSync(resultsDirectory, { recursive: true, force: true });
  }
}
