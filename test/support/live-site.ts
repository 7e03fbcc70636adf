/**
 * A small installation for tests and benchmarks: one Temporal dev server and, on it, sites: an account with a simulator
 * of its own in this process and workers as child processes of the compiled build, so that SIGKILL is a real one.
 *
 * The one rule: sites share nothing but the server (account, task queue, region's watcher and ledger are their own), so
 * several work side by side; whoever makes a server or a site closes it.
 */
import { Client, Connection } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator } from '../../simulator';
import type { CallRecord, EffectRecord } from '../../simulator/core/ledger';
import type { Simulator, SimulatorOptions } from '../../simulator';
import type { RunCommandInput, RunCommandResult } from '../../src/domain/messages';
import { PROGRESS_QUERY, WORKFLOW_TYPES, taskQueueOf, watchIdOf } from '../../src/domain/messages';
import type { WatchState } from '../../src/domain/watch';
import { startTemporalServer } from '../../src/stack/temporal-server';
import type { TemporalServer } from '../../src/stack/temporal-server';
import { startWorkerProcess } from '../../src/stack/worker-process';
import type { WorkerProcess } from '../../src/stack/worker-process';
import { temporalCli } from './binaries';

export type Run = WorkflowHandle<() => Promise<RunCommandResult>>;

/** Settings of workers in tests: what is not about speed stays as in production. */
export const QUICK_WORKER = { STEWARD_STICKY_TIMEOUT_MS: '1000', STEWARD_LOG_LEVEL: 'warn' };
/** No share of a quota: for tests and figures that are not about it. */
export const NO_QUOTA = { STEWARD_ECS_QUOTA: '*=1000000,Describe*=1000000,RunCommand=1000000' };

/** The dev server with a directory of its own. */
export class LiveServer {
  server!: TemporalServer;
  client!: Client;
  readonly dir = mkdtempSync(join(tmpdir(), 'steward-live-'));
  private connection: Connection | undefined;

  static async start(): Promise<LiveServer> {
    const live = new LiveServer();
    await live.restart();
    return live;
  }

  /** Starts it, anew on the same database and port where it ran before. */
  async restart(): Promise<void> {
    this.server = await startTemporalServer({
      executable: await temporalCli(),
      dbFile: join(this.dir, 'temporal.db'),
      logFile: join(this.dir, 'temporal.log'),
      env: process.env,
      port: (this.server as TemporalServer | undefined)?.port ?? 0,
      headless: true,
    });
    await this.connection?.close();
    this.connection = await Connection.connect({ address: this.server.address });
    this.client = new Client({ connection: this.connection, namespace: this.server.namespace });
  }

  async kill(): Promise<void> {
    process.kill(this.server.pid, 'SIGKILL');
    await this.server.ended;
  }

  async close(): Promise<void> {
    await this.connection?.close();
    await this.server.stop();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

export interface SiteOptions extends SimulatorOptions {
  /** STEWARD_* settings of its workers. Default QUICK_WORKER. */
  settings?: Readonly<Record<string, string>>;
}

let sites = 0;

/** An account: a simulator and workers. */
export class Site {
  readonly account: string;
  readonly dir: string;
  readonly workers: WorkerProcess[] = [];

  private constructor(
    readonly live: LiveServer,
    readonly simulator: Simulator,
    private readonly options: SiteOptions,
  ) {
    this.account = `site-${process.pid}-${(sites += 1)}`;
    this.dir = join(live.dir, this.account);
  }

  static async start(live: LiveServer, options: SiteOptions = {}): Promise<Site> {
    return new Site(live, await startSimulator({ exec: 'canned', ...options }), options);
  }

  /** Starts one more worker; it polls when this resolves. `address`: where it reaches Temporal, if not directly. */
  async startWorker(address = this.live.server.address): Promise<WorkerProcess> {
    const { simulator, live, options } = this;
    const worker = await startWorkerProcess({
      address,
      namespace: live.server.namespace,
      account: this.account,
      stateDir: this.dir,
      logFile: join(this.dir, `worker-${this.workers.length + 1}.log`),
      env: {
        ...process.env,
        ECS_ENDPOINT: simulator.endpoint,
        ALIBABA_CLOUD_ACCESS_KEY_ID: simulator.accessKeyId,
        ALIBABA_CLOUD_ACCESS_KEY_SECRET: simulator.accessKeySecret,
        ...(options.settings ?? QUICK_WORKER),
      },
    });
    this.workers.push(worker);
    return worker;
  }

  /** Starts a run; on the whole fleet unless told. */
  async start(input: Partial<RunCommandInput> = {}, id = ''): Promise<Run> {
    const { simulator, account, live } = this;
    const whole: RunCommandInput = {
      region: simulator.regionId,
      targets: { instanceIds: [...simulator.instanceIds] },
      command: { type: 'RunShellScript', content: 'uname' },
      ...input,
    };
    return live.client.workflow.start<() => Promise<RunCommandResult>>(WORKFLOW_TYPES.runCommand, {
      taskQueue: taskQueueOf(account),
      workflowId: `${account}-run${id}-${Date.now()}`,
      args: [whole] as never,
    });
  }

  /** The region's watcher. */
  get watcher(): WorkflowHandle {
    return this.live.client.workflow.getHandle(watchIdOf(this.account, this.simulator.regionId));
  }

  watchState(): Promise<WatchState> {
    return this.watcher.query<WatchState>(PROGRESS_QUERY);
  }

  calls(action: string): CallRecord[] {
    return this.simulator.simulation.ledger.query({ kind: 'call', action }) as CallRecord[];
  }

  effects(effect: string): EffectRecord[] {
    return this.simulator.simulation.ledger.query({ kind: 'effect', effect }) as EffectRecord[];
  }

  /** Ends workers, watcher and simulator. */
  async close(): Promise<void> {
    await Promise.all(this.workers.map(killed));
    await this.watcher.terminate('the test is over').catch(() => undefined);
    await this.simulator.close();
  }
}

/** Ends a worker as `kill -9` does; done too where it has ended. */
export async function killed(worker: WorkerProcess): Promise<void> {
  try {
    process.kill(worker.pid, 'SIGKILL');
  } catch {
    // It has ended by itself; its pid is not another's yet, for its parent is this process.
  }
  await worker.ended;
}

/** A site for the time of `work`. */
export async function withSite<T>(
  live: LiveServer,
  options: SiteOptions,
  work: (site: Site) => Promise<T>,
): Promise<T> {
  const site = await Site.start(live, options);
  try {
    return await work(site);
  } finally {
    await site.close();
  }
}
