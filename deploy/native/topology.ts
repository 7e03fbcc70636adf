/**
 * The topology of docker-compose.yml without containers: PostgreSQL, a Temporal server on it, the simulator and two
 * workers, all on loopback; the main job through the command line, once in peace and once with the worker that holds
 * it killed in mid-run. Prints what it found and how long each part took.
 *
 * Usage: npm run topology [-- --keep]     (--keep: leave the directory with logs and databases, and say where it is)
 *
 * The one rule: every check is on effects (the command's document, the simulator's ledger), and whatever happens, all
 * that was started is ended.
 */
import { Client, Connection } from '@temporalio/client';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControlClient } from '../../simulator/control/client';
import { provideTemporalCli } from '../../src/stack/binaries';
import type { Child } from '../../src/stack/child-process';
import { StackError } from '../../src/stack/errors';
import { until } from '../../test/support/until';
import { provideCluster, serverVersion } from './cluster-build';
import { readCompose } from './compose';
import { findPostgres, startPostgres } from './postgres';
import { startSimulator, startWorker, steward } from './programs';
import type { Site, SimulatorPart, WorkerPart } from './programs';
import { setUpNamespace, setUpSchema, startServer } from './temporal-cluster';
import type { ClusterOptions } from './temporal-cluster';

const REGION = 'cn-hangzhou';
const INSTANCES = 5;
/** Long enough that a worker is killed while the command runs. */
const SLEEP_SECONDS = 8;
const STOP_GRACE_MS = 20_000;
const COMMON = ['--region', REGION, '--tag', 'fleet=demo', '--yes', '--json'];

const keep = process.argv.includes('--keep');
const began = Date.now();
const report = (line: string): void => void process.stderr.write(`topology: ${line}\n`);
const secondsSince = (since: number): string => ((Date.now() - since) / 1000).toFixed(1);

const started: Child[] = [];
const timings: [string, string][] = [];

/** Does one thing, says so, and takes its time. */
async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const since = Date.now();
  const answer = await work();
  timings.push([what, secondsSince(since)]);
  report(`${what}: ${secondsSince(since)} s`);
  return answer;
}

function running<T extends Child | { child: Child }>(part: T): T {
  started.push('child' in part ? part.child : part);
  return part;
}

function must(condition: boolean, what: string, seen: unknown): void {
  if (!condition) throw new StackError(`${what}; seen: ${JSON.stringify(seen)}`);
}

async function main(dir: string): Promise<void> {
  const env = process.env;
  const compose = readCompose();
  const password = randomBytes(24).toString('hex');
  // Before minutes of building: what is missing is told at once.
  const bin = findPostgres(env);
  const { path: temporalCli } = await provideTemporalCli({ env, report });
  const programs = await timed(`Temporal server ${serverVersion()}, from the cache or built with Go`, () =>
    provideCluster(env, report),
  );
  const postgres = await timed('PostgreSQL: new database, started', () =>
    startPostgres({ bin, dir, password, env }),
  );
  running(postgres);
  report(`PostgreSQL ${postgres.version} on port ${postgres.port}`);
  const cluster: ClusterOptions = {
    compose,
    dir,
    programs,
    temporalCli,
    postgresPort: postgres.port,
    password,
    env,
  };
  await timed('schemas of Temporal', () => setUpSchema(cluster));
  await timed('schemas again, as at every start', () => setUpSchema(cluster));
  const server = running(await startServer(cluster));
  await timed('Temporal server started, namespace and search attributes', () =>
    setUpNamespace(cluster, server),
  );
  await timed('namespace again, as at every start', () => setUpNamespace(cluster, server));
  const site: Site = { compose, dir, address: server.address, env };
  const simulator = running(await timed('simulator', () => startSimulator(site)));
  const workers = await timed('two workers', () =>
    Promise.all(
      ['worker-1', 'worker-2'].map(async (name) =>
        running(await startWorker(site, name, simulator.endpoint)),
      ),
    ),
  );
  await timed('both workers healthy', () => allHealthy(workers));
  await checkRetention(site);
  await timed(`main job on ${INSTANCES} instances`, () => mainJob(site, simulator));
  await timed(`the same, ${SLEEP_SECONDS} s long, its worker killed`, () =>
    jobWithKill(site, simulator, workers),
  );
}

async function allHealthy(workers: WorkerPart[]): Promise<void> {
  for (const worker of workers) await until(`${worker.name} is healthy`, worker.isHealthy);
}

async function checkRetention(site: Site): Promise<void> {
  const connection = await Connection.connect({ address: site.address });
  try {
    const { config } = await connection.workflowService.describeNamespace({ namespace: 'default' });
    const days = Number(config?.workflowExecutionRetentionTtl?.seconds) / 86_400;
    must(days === 30, 'the namespace keeps closed workflows 30 days', days);
  } finally {
    await connection.close();
  }
}

async function mainJob(site: Site, simulator: SimulatorPart): Promise<void> {
  const result = await steward(site, ['run', ...COMMON, '--id', 'in-peace', '--', 'cat /proc/meminfo']);
  checkResult(result);
  const { rows } = (await steward(site, ['results', 'in-peace', '--json'])) as { rows: { output: string }[] };
  must(
    rows.length === INSTANCES && rows.every(({ output }) => output.startsWith('MemTotal:')),
    'every instance has its whole output in the result store',
    rows,
  );
  await checkEffects(simulator, 1);
}

async function jobWithKill(site: Site, simulator: SimulatorPart, workers: WorkerPart[]): Promise<void> {
  const command = `sleep ${SLEEP_SECONDS}; cat /proc/meminfo`;
  const following = steward(site, ['run', ...COMMON, '--id', 'with-a-kill', '--', command]);
  // Told by the await below; until then it must not count as nobody's.
  following.catch(() => undefined);
  await until(
    'the command runs on every instance',
    async () => (await effects(simulator, 'command.started')) === 2 * INSTANCES,
    60_000,
  );
  const killed = await holderOf(site, 'with-a-kill', workers);
  process.kill(killed.child.pid, 'SIGKILL');
  const killedAt = Date.now();
  report(`killed ${killed.name}, which held the run`);
  checkResult(await following);
  timings.push(['  of that, from the kill to the result', secondsSince(killedAt)]);
  await checkEffects(simulator, 2);
  const left = workers.filter((worker) => worker !== killed);
  await allHealthy(left);
}

/** The worker that carried out the run's last workflow task: the next one goes to it first. */
async function holderOf(site: Site, workflowId: string, workers: WorkerPart[]): Promise<WorkerPart> {
  const connection = await Connection.connect({ address: site.address });
  try {
    const handle = new Client({ connection }).workflow.getHandle(workflowId);
    const { events } = await handle.fetchHistory();
    const identities = (events ?? []).map(
      ({ workflowTaskCompletedEventAttributes: task }) => task?.identity ?? '',
    );
    const pid = identities.findLast((identity) => identity !== '')?.split('@')[0];
    const holder = workers.find(({ child }) => String(child.pid) === pid);
    if (!holder) throw new StackError(`no worker of ours holds the run; identities: ${identities.join(' ')}`);
    return holder;
  } finally {
    await connection.close();
  }
}

function checkResult(result: Record<string, unknown>): void {
  const { outcome, totals, rows } = result as { outcome: string; totals: object; rows: unknown[] };
  must(outcome === 'succeeded', 'the run succeeded', { outcome, totals });
  must(rows.length === INSTANCES, `a row for each of ${INSTANCES} instances`, rows.length);
}

/** Each run sent its one batch once and started the command on each instance once. */
async function checkEffects(simulator: SimulatorPart, runs: number): Promise<void> {
  const seen = {
    invocations: await effects(simulator, 'invocation.created'),
    commands: await effects(simulator, 'command.started'),
  };
  must(seen.invocations === runs && seen.commands === runs * INSTANCES, 'nothing lost, nothing twice', seen);
}

async function effects({ control }: SimulatorPart, effect: string): Promise<number> {
  return (await new ControlClient(control).effects(effect)).length;
}

/** The newest first: nothing loses its server before it has ended itself. */
async function endAll(dir: string): Promise<void> {
  for (const child of started.splice(0).reverse()) await child.stop(STOP_GRACE_MS);
  if (keep) report(`kept: ${dir}`);
  else rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}

const dir = mkdtempSync(join(tmpdir(), 'steward-topology-'));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => void endAll(dir).finally(() => process.exit(130)));

void main(dir)
  .then(
    () => 0,
    (error: unknown) => {
      const text = error instanceof StackError ? error.message : error instanceof Error ? error.stack : error;
      report(`FAILED: ${String(text)}`);
      return 1;
    },
  )
  .then(async (code) => {
    const since = Date.now();
    await endAll(dir);
    timings.push(['all ended', secondsSince(since)], ['altogether', secondsSince(began)]);
    const width = Math.max(...timings.map(([what]) => what.length));
    for (const [what, took] of timings)
      process.stdout.write(`${what.padEnd(width)}  ${took.padStart(6)} s\n`);
    process.stdout.write(`topology: ${code === 0 ? 'passed' : 'FAILED'}\n`);
    process.exit(code);
  });
