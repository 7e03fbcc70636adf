/**
 * Our own programs in the topology: simulator, workers and the command line, with the arguments and settings
 * docker-compose.yml gives them.
 *
 * The one rule: a path of the container becomes a path below the run's directory, an address its loopback twin; all
 * else stays as it is written.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from '../../src/stack/child-process';
import type { Child } from '../../src/stack/child-process';
import { withoutCloud } from '../../src/stack/child-environment';
import { freePorts } from '../../src/stack/ports';
import { compiled } from '../../src/stack/paths';
import { runTool } from '../../src/stack/run-tool';
import type { ToolResult } from '../../src/stack/run-tool';
import type { ControlAccess } from '../../simulator/control/client';
import { environmentOf, healthCommandOf, serviceOf } from './compose';
import type { ComposeFile } from './compose';

/** Where the image keeps what outlives a container. */
const IMAGE_STATE = '/var/lib/steward';
const READY_WITHIN_MS = 60_000;
const CLI_TIMEOUT_MS = 180_000;

/** Where the parts are. */
export interface Site {
  compose: ComposeFile;
  dir: string;
  /** Of Temporal. */
  address: string;
  env: NodeJS.ProcessEnv;
}

/** A running simulator. */
export interface SimulatorPart {
  child: Child;
  endpoint: string;
  control: ControlAccess;
}

/** A running worker. */
export interface WorkerPart {
  name: string;
  child: Child;
  /** Runs the health check of docker-compose.yml; true when it passes. */
  isHealthy: () => Promise<boolean>;
}

/** Starts the simulator. */
export async function startSimulator(site: Omit<Site, 'address'>): Promise<SimulatorPart> {
  for (const name of ['keys', 'simulator', 'results']) mkdirSync(join(site.dir, name), { mode: 0o700 });
  const [port = 0, controlPort = 0] = await freePorts(2);
  const chosen: Record<string, string> = {
    '--port': `--port=${port}`,
    '--control-port': `--control-port=${controlPort}`,
  };
  const [program, ...args] = serviceOf(site.compose, 'simulator').command ?? [];
  if (program !== 'simulate') throw new Error('docker-compose.yml: the simulator does not run `simulate`');
  const child = await startChild({
    title: 'simulator',
    command: process.execPath,
    args: [
      compiled('simulator/main.js'),
      ...args.map((arg) => chosen[arg.split('=')[0] ?? ''] ?? local(arg, site.dir)),
    ],
    env: withoutCloud(site.env),
    logFile: join(site.dir, 'logs', 'simulator.log'),
    printsReadyLine: true,
  });
  const { endpoint, ...control } = (await child.ready(READY_WITHIN_MS)) as ControlAccess & {
    endpoint: string;
  };
  return { child, endpoint, control };
}

/** Starts a worker; it polls when this resolves. */
export async function startWorker(site: Site, name: string, endpoint: string): Promise<WorkerPart> {
  const service = serviceOf(site.compose, 'worker');
  const anew = {
    TEMPORAL_ADDRESS: site.address,
    ECS_ENDPOINT: `http://${endpoint}`,
    // Containers have a /tmp each.
    STEWARD_HEALTH_FILE: join(site.dir, `${name}-healthy`),
  };
  const env = {
    ...own(site),
    ...localEnvironment(environmentOf(service, {}, anew), site.dir),
    STEWARD_STATE_DIR: join(site.dir, name),
    STEWARD_LOG_LEVEL: 'warn',
  };
  const child = await startChild({
    title: name,
    command: process.execPath,
    args: [compiled('src/worker/main.js')],
    env,
    logFile: join(site.dir, 'logs', `${name}.log`),
    printsReadyLine: true,
  });
  await child.ready(READY_WITHIN_MS);
  const command = healthCommandOf(service);
  const check = (): Promise<ToolResult> =>
    runTool({ command: '/bin/sh', args: ['-c', command], env, timeoutMs: READY_WITHIN_MS });
  return { name, child, isHealthy: async () => (await check()).ok };
}

/** Runs `steward ARGS`; the answer is its document on stdout. */
export async function steward(site: Site, args: string[]): Promise<Record<string, unknown>> {
  const service = serviceOf(site.compose, 'steward');
  const settings = environmentOf(service, {}, { TEMPORAL_ADDRESS: site.address });
  const result = await runTool({
    command: process.execPath,
    args: [compiled('src/cli/main.js'), ...args],
    env: { ...own(site), ...localEnvironment(settings, site.dir), STEWARD_STATE_DIR: join(site.dir, 'cli') },
    timeoutMs: CLI_TIMEOUT_MS,
  });
  if (!result.ok) throw new Error(`steward ${args.join(' ')}: ${result.reason}`);
  return JSON.parse(result.stdout) as Record<string, unknown>;
}

const local = (text: string, dir: string): string => text.replace(IMAGE_STATE, dir);

function localEnvironment(env: Record<string, string>, dir: string): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, local(value, dir)]));
}

/** As in a container: no settings of the person who runs this. */
function own({ dir, env }: Site): Record<string, string> {
  return { PATH: env.PATH ?? '', HOME: dir };
}
