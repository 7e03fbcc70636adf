/**
 * A worker as a child process: the same program as `steward worker`.
 *
 * The one rule: everything a worker is told, it is told by environment variables; a test kills it like any process.
 */
import { z } from 'zod';
import { withTemporal } from './child-environment';
import { startChild } from './child-process';
import type { Ended } from './child-process';
import { StackError } from './errors';
import { compiled } from './paths';
import type { Environment } from './paths';

/** What a worker needs. */
export interface WorkerProcessOptions {
  address: string;
  namespace: string;
  account: string;
  stateDir: string;
  logFile: string;
  /** The real cloud is meant; without it a worker refuses to start where ECS_ENDPOINT is not set. */
  cloud?: boolean;
  /**
   * Its environment otherwise: credentials and ECS_ENDPOINT for its client (see `withSimulator`), and any
   * STEWARD_* setting.
   */
  env: Environment;
}

export interface WorkerProcess {
  pid: number;
  taskQueue: string;
  logFile: string;
  ended: Promise<Ended>;
  /** Graceful: running activities get their grace time. */
  stop(): Promise<void>;
}

/** Loading the SDK takes a second, on a busy machine several. */
const READY_WITHIN_MS = 60_000;
/** Longer than the worker's own grace time (STEWARD_SHUTDOWN_GRACE_MS, 10 s unless set). */
const STOP_GRACE_MS = 15_000;

const READY_LINE = z.object({ ready: z.literal(true), taskQueue: z.string(), address: z.string() });

/** Starts it and waits until it polls. */
export async function startWorkerProcess(options: WorkerProcessOptions): Promise<WorkerProcess> {
  const child = await startChild({
    title: 'worker',
    command: process.execPath,
    args: [compiled('src/worker/main.js'), ...(options.cloud ? ['--cloud'] : [])],
    env: {
      // Embedded, server and worker share a machine: a worker that is gone is gone, two seconds are enough.
      STEWARD_STICKY_TIMEOUT_MS: '2000',
      ...withTemporal(options.env, options.stateDir, options),
      STEWARD_ACCOUNT: options.account,
      STEWARD_STATE_DIR: options.stateDir,
    },
    logFile: options.logFile,
    printsReadyLine: true,
  });
  try {
    const ready = READY_LINE.safeParse(await child.ready(READY_WITHIN_MS));
    if (!ready.success)
      throw new StackError(`The worker's ready line is not understood; its log: ${options.logFile}`);
    return {
      pid: child.pid,
      taskQueue: ready.data.taskQueue,
      logFile: options.logFile,
      ended: child.ended,
      stop: () => child.stop(STOP_GRACE_MS),
    };
  } catch (error) {
    await child.stop(STOP_GRACE_MS);
    throw error;
  }
}
