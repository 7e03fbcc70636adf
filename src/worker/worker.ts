/**
 * Composition root of a worker: one account, its two task queues (ordinary and urgent), and a client of ECS for each,
 * which share the account's quota.
 *
 * The one rule: no business here. If it needs an `if` about instances it belongs elsewhere.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { NativeConnection, WorkerOptions } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import { createActivities } from '../activities';
import type { Dependencies } from '../activities';
import type { WorkerConfig } from '../config';
import { taskQueueOf } from '../domain/messages';
import { urgentQueueOf } from '../domain/spot-messages';
import type { EcsClient, EcsClients } from '../ecs/client';

export interface WorkerParts {
  connection: NativeConnection;
  namespace: string;
  account: string;
  settings: WorkerConfig;
  /** All but the client of ECS, of which each queue has its own. */
  dependencies: Omit<Dependencies, 'ecs'>;
  ecs: EcsClients;
}

/** The two workers of a process. They end together: where one has ended, the other must not go on alone. */
export class Workers {
  private constructor(private readonly all: readonly Worker[]) {}

  /** Poll `steward-<account>` and its urgent queue once they are run. */
  static async create(parts: WorkerParts): Promise<Workers> {
    const { account, ecs } = parts;
    return new Workers([
      await createWorker(parts, taskQueueOf(account), ecs.ordinary),
      await createWorker(parts, urgentQueueOf(account), ecs.urgent),
    ]);
  }

  get areRunning(): boolean {
    return this.all.every((worker) => worker.getState() === 'RUNNING');
  }

  /** Until both have ended. */
  async run(): Promise<void> {
    await Promise.all(this.all.map((worker) => worker.run().finally(() => this.shutdown())));
  }

  shutdown(): void {
    for (const worker of this.all) if (worker.getState() === 'RUNNING') worker.shutdown();
  }
}

/** Each with slots of its own, so that nothing ordinary keeps anything urgent waiting. */
function createWorker(parts: WorkerParts, taskQueue: string, ecs: EcsClient): Promise<Worker> {
  const { settings } = parts;
  return Worker.create({
    connection: parts.connection,
    namespace: parts.namespace,
    taskQueue,
    activities: createActivities({ ...parts.dependencies, ecs }),
    stickyQueueScheduleToStartTimeout: settings.stickyTimeoutMs,
    shutdownGraceTime: settings.shutdownGraceMs,
    maxCachedWorkflows: settings.maxCachedWorkflows,
    maxConcurrentActivityTaskExecutions: settings.maxConcurrentActivities,
    maxHeartbeatThrottleInterval: settings.heartbeatThrottleMs,
    defaultHeartbeatThrottleInterval: settings.heartbeatThrottleMs,
    ...workflowSource(),
  });
}

/** The bundle made at build time; without one (running from source) the SDK bundles, which takes seconds. */
function workflowSource(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  const codePath = resolve(__dirname, '../../workflow-bundle.js');
  return existsSync(codePath)
    ? { workflowBundle: { codePath } }
    : { workflowsPath: require.resolve('../workflows') };
}
