/**
 * The embedded stack: Temporal server, simulator (unless it is to work on the real cloud) and worker, as children of
 * this process, with one start and one end.
 *
 * The one rule: all of it runs or none of it; what was started is ended in the opposite order, and a part that dies
 * by itself is named with its last words.
 */
import { join } from 'node:path';
import { DEFAULT_ACCOUNT } from '../domain/messages';
import { provideTemporalCli } from './binaries';
import { withoutCloud } from './child-environment';
import { endedUnexpectedly } from './child-process';
import type { Ended } from './child-process';
import { StackError } from './errors';
import type { Environment } from './paths';
import type { PortChoice } from './ports';
import { startSimulatorProcess } from './simulator-process';
import type { Simulator, SimulatorOptions } from './simulator-process';
import { announceStack, runningStack } from './stack-file';
import { startTemporalServer } from './temporal-server';
import type { TemporalServer } from './temporal-server';
import { startWorkerProcess } from './worker-process';
import type { WorkerProcess } from './worker-process';

/** What a stack is to be. */
export interface StackOptions {
  /** Database, logs and the note of the running stack. */
  stateDir: string;
  /** The environment for children and for finding the Temporal CLI. */
  env: Environment;
  /** Told, line by line, what takes longer. */
  report: (line: string) => void;
  /** The simulator's options, or `cloud`: the worker's own credential chain and the real endpoints. */
  target: SimulatorOptions | 'cloud';
  /** Default `default`. */
  account?: string;
  /** Default `default`. */
  namespace?: string;
  /** Defaults 7233 and 8233, others when those are taken. */
  port?: PortChoice;
  uiPort?: PortChoice;
  headless?: boolean;
  /** The worker's policy file; an absolute path. Default: what the environment says. */
  policyFile?: string;
}

export interface Stack {
  address: string;
  /** Absent when headless. */
  uiUrl?: string;
  namespace: string;
  account: string;
  taskQueue: string;
  simulator?: Simulator;
  logsDir: string;
  pids: { temporalServer: number; worker: number; simulator?: number };
  /** Resolves, with the reason in words, when a part ends that was not asked to; never when all is ended by `stop`. */
  failed: Promise<StackError>;
  /** Ends all of it; may be called more than once. */
  stop(): Promise<void>;
}

/** Starts the stack and waits until the worker polls. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const running = runningStack(options.stateDir);
  if (running) throw alreadyRunning(running.process.pid, running.address, options.stateDir);
  const parts = new Parts();
  try {
    return await startParts(options, parts);
  } catch (error) {
    await parts.stop();
    throw error;
  }
}

async function startParts(options: StackOptions, parts: Parts): Promise<Stack> {
  const logsDir = join(options.stateDir, 'logs');
  const logOf = (name: string): string => join(logsDir, `${name}.log`);
  const account = options.account ?? DEFAULT_ACCOUNT;
  const { path: executable } = await provideTemporalCli({ env: options.env, report: options.report });
  const starting = Promise.all([
    parts.started('Temporal server', () =>
      startTemporalServer({
        ...options,
        executable,
        dbFile: join(options.stateDir, 'temporal.db'),
        logFile: logOf('temporal-server'),
      }),
    ),
    parts.started('simulator', () => startSimulator(options, logOf('simulator'))),
  ]);
  const [server, simulator] = await starting;
  const policyFile = options.policyFile === undefined ? {} : { STEWARD_POLICY_FILE: options.policyFile };
  const worker = await parts.started('worker', () =>
    startWorkerProcess({
      address: server.address,
      namespace: server.namespace,
      account,
      stateDir: options.stateDir,
      logFile: logOf('worker'),
      cloud: options.target === 'cloud',
      env: { ...(simulator ? withSimulator(options.env, simulator) : options.env), ...policyFile },
    }),
  );
  parts.onStop(announceStack(options.stateDir, noteOf(server, simulator, worker, account)));
  return {
    address: server.address,
    uiUrl: server.uiUrl,
    namespace: server.namespace,
    account,
    taskQueue: worker.taskQueue,
    simulator,
    logsDir,
    pids: { temporalServer: server.pid, worker: worker.pid, simulator: simulator?.pid },
    failed: parts.failed,
    stop: () => parts.stop(),
  };
}

function startSimulator(options: StackOptions, logFile: string): Promise<Simulator | undefined> {
  if (options.target === 'cloud') return Promise.resolve(undefined);
  return startSimulatorProcess({ ...options.target, env: options.env, logFile });
}

/** The environment of a worker that is to reach this simulator and no other account. */
export function withSimulator(
  env: Environment,
  simulator: { endpoint: string; accessKeyId?: string; accessKeySecret?: string | null },
): Environment {
  return {
    ...withoutCloud(env),
    ECS_ENDPOINT: simulator.endpoint,
    ALIBABA_CLOUD_ACCESS_KEY_ID: simulator.accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: simulator.accessKeySecret ?? undefined,
  };
}

function noteOf(
  server: TemporalServer,
  simulator: Simulator | undefined,
  { pid, taskQueue }: WorkerProcess,
  account: string,
): Parameters<typeof announceStack>[1] {
  const { address, uiUrl, namespace } = server;
  const pids = [server.pid, pid, ...(simulator ? [simulator.pid] : [])];
  const note = { address, uiUrl, namespace, account, taskQueue, pids, startedAt: new Date().toISOString() };
  if (!simulator) return note;
  const { endpoint, controlUrl, controlToken, accessKeyId, regionId, instanceIds } = simulator;
  const accessKeySecret = simulator.accessKeySecret ?? undefined;
  const instances = instanceIds.length;
  return {
    ...note,
    simulator: { endpoint, controlUrl, controlToken, accessKeyId, accessKeySecret, regionId, instances },
  };
}

function alreadyRunning(pid: number, address: string, stateDir: string): StackError {
  return new StackError(
    `A stack is already running on ${stateDir}: process ${pid}, Temporal at ${address}. ` +
      'Use it, end it first (steward down), or set STEWARD_STATE_DIR to another directory.',
  );
}

interface Part {
  logFile: string;
  ended: Promise<Ended>;
  stop(): Promise<void>;
}

/** What has been started so far, in order. */
class Parts {
  readonly failed: Promise<StackError>;
  private readonly stops: (() => Promise<void> | void)[] = [];
  private readonly pending: Promise<unknown>[] = [];
  private stopping?: Promise<void>;
  private fail: (error: StackError) => void = () => undefined;

  constructor() {
    this.failed = new Promise((resolve) => (this.fail = resolve));
  }

  /** Starts a part and remembers how to end it. */
  started<T extends Part | undefined>(title: string, start: () => Promise<T>): Promise<T> {
    const starting = start().then((part) => {
      if (!part) return part;
      this.stops.push(() => part.stop());
      void part.ended.then((ended) => {
        if (!this.stopping) this.fail(endedUnexpectedly(title, ended, part.logFile));
      });
      return part;
    });
    this.pending.push(starting);
    return starting;
  }

  onStop(undo: () => void): void {
    this.stops.push(undo);
  }

  /** Waits for what is being started first: a child nobody remembers would live on. */
  stop(): Promise<void> {
    this.stopping ??= (async () => {
      await Promise.allSettled(this.pending);
      for (const undo of this.stops.reverse()) await undo();
    })();
    return this.stopping;
  }
}
