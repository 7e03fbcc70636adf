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
import { createEcsClients } from '../../src/ecs/client';
import type { EcsClient } from '../../src/ecs/client';
import type { CallRecord, EcsOptions } from '../../src/ecs/transport';
import type { RunCommandResult } from '../../src/domain/messages';
import { sendingOf } from '../../src/domain/sending';
import type { RunInput } from '../../src/domain/sending';
import { SEARCH_ATTRIBUTES, taskQueueOf } from '../../src/domain/messages';
import { urgentQueueOf } from '../../src/domain/spot-messages';
import { createFileMeter } from '../../src/results/meter';
import { createFileResultStore } from '../../src/results/store';
import { packageRoot } from '../../src/stack/paths';
import { EMPTY_POLICY_FILE } from '../../src/domain/policy';
import type { PolicyFile } from '../../src/domain/policy';
import { callWebhook } from '../../src/hooks/webhook';
import { createTemporalEventHandlers } from '../../src/worker/temporal-events';
import { createTemporalSpotRescues } from '../../src/worker/temporal-spot';
import { createTemporalGates } from '../../src/worker/temporal-gates';
import { createTemporalHours } from '../../src/worker/temporal-hours';
import { createTemporalWaits } from '../../src/worker/temporal-waits';
import { timeSkippingServer } from './binaries';
import { startSimulator } from '../../simulator';
import type { Simulator, SimulatorOptions } from '../../simulator';

export const REGION = 'cn-hangzhou';
const ACCOUNT = 'test';

export interface FleetOptions extends Omit<SimulatorOptions, 'time' | 'exec'> {
  quota?: EcsOptions['quota'];
  policies?: PolicyFile;
  /** Other workflows than the product's, as a bundle, and their activities. */
  own?: { workflowBundle: { code: string }; activities: object };
}

export interface Fleet {
  temporal: TestWorkflowEnvironment;
  account: string;
  simulator: Simulator;
  calls: CallRecord[];
  /** `batchesPerRun`: the run continues as new after so many batches. */
  start(
    input: RunInput,
    carried?: { batchesPerRun: number },
  ): Promise<WorkflowHandle<() => Promise<RunCommandResult>>>;
  run(input: RunInput): Promise<RunCommandResult>;
  /** Runs `act` once, right after the first answer to `action`. */
  afterCall(action: string, act: () => void): void;
  /** Calls that reached the simulator, by action. */
  callsOf(action: string): number;
}

let runs = 0;
let runtimeIsQuiet = false;

/** The SDK's runtime is one a process; it may be set up once. */
function quietRuntime(): void {
  if (!runtimeIsQuiet) Runtime.install({ logger: new DefaultLogger('ERROR') });
  runtimeIsQuiet = true;
}

/**
 * A time-skipping server, a simulator in driven time and a worker, for the length of `work`. Each has a server of its
 * own (a second): what one test leaves behind, such as a watcher without a worker, would hold the clock of the next.
 */
export async function withFleet<T>(options: FleetOptions, work: (fleet: Fleet) => Promise<T>): Promise<T> {
  quietRuntime();
  const temporal = await startTemporal();
  try {
    await registerSearchAttributes(temporal);
    return await workOn(temporal, options, work);
  } finally {
    await temporal.teardown();
  }
}

/** The SDK gives a server five seconds to start; on a busy machine Java alone may take them. */
async function startTemporal(attempts = 3): Promise<TestWorkflowEnvironment> {
  const path = await timeSkippingServer();
  try {
    return await TestWorkflowEnvironment.createTimeSkipping({
      server: { executable: { type: 'existing-path', path } },
    });
  } catch (error) {
    if (attempts === 1) throw error;
    return startTemporal(attempts - 1);
  }
}

async function registerSearchAttributes({
  connection,
  namespace = 'default',
}: TestWorkflowEnvironment): Promise<void> {
  const types = { Keyword: 2, KeywordList: 7 } as const;
  const searchAttributes = Object.fromEntries(
    Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => [name, types[type]]),
  );
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
}

async function workOn<T>(
  temporal: TestWorkflowEnvironment,
  { quota, policies, own, ...options }: FleetOptions,
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
  const ecs = createEcsClients({
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
  const taskQueue = taskQueueOf(ACCOUNT);
  const workerOn = (queue: string, client: EcsClient): Promise<Worker> =>
    Worker.create({
      connection: temporal.nativeConnection,
      taskQueue: queue,
      workflowBundle: own?.workflowBundle ?? { codePath: join(packageRoot(), 'dist/workflow-bundle.js') },
      activities: {
        ...own?.activities,
        ...createActivities({
          ecs: client,
          store: createFileResultStore(resultsDirectory),
          waits: createTemporalWaits(temporal.client, ACCOUNT),
          handlers: createTemporalEventHandlers(temporal.client, ACCOUNT),
          rescues: createTemporalSpotRescues(temporal.client, ACCOUNT),
          gates: createTemporalGates(temporal.client, ACCOUNT),
          hours: createTemporalHours(temporal.client, ACCOUNT),
          meter: createFileMeter(resultsDirectory),
          account: ACCOUNT,
          policies: policies ?? EMPTY_POLICY_FILE,
          secretOf: (name) => process.env[name],
          callWebhook: (hook, payload) => callWebhook(hook, payload, { simulation: true }),
        }),
      },
    });
  const worker = await workerOn(taskQueue, ecs.ordinary);
  // Nobody starts anything urgent with workflows of the test's own.
  const urgent = own ? undefined : await workerOn(urgentQueueOf(ACCOUNT), ecs.urgent);
  const start: Fleet['start'] = (input, carried) =>
    temporal.client.workflow.start(sendingOf(input).workflow, {
      taskQueue,
      workflowId: `run-${(runs += 1)}`,
      args: [input, ...(carried ? [carried] : [])],
    });
  const fleet: Fleet = {
    temporal,
    account: ACCOUNT,
    simulator,
    calls,
    start,
    run: async (input) => (await start(input)).result(),
    afterCall: (action, act) => void acts.set(action, act),
    callsOf: (action) => simulator.simulation.ledger.query({ kind: 'call', action }).length,
  };
  try {
    const working = (): Promise<T> => work(fleet);
    return await worker.runUntil(() => (urgent ? urgent.runUntil(working) : working()));
  } finally {
    await simulator.close();
    rmSync(resultsDirectory, { recursive: true, force: true });
  }
}
