/**
 * Composition root of a worker: one account, one task queue, one ECS client (it holds the account's quota).
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

export interface WorkerParts {
  connection: NativeConnection;
  namespace: string;
  account: string;
  settings: WorkerConfig;
  dependencies: Dependencies;
}

/** A worker that polls `steward-<account>` once it is run. */
export async function createWorker(parts: WorkerParts): Promise<Worker> {
  const { settings } = parts;
  return Worker.create({
    connection: parts.connection,
    namespace: parts.namespace,
    taskQueue: taskQueueOf(parts.account),
    activities: createActivities(parts.dependencies),
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
