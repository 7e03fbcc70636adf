/** What is missing is said within seconds: what, where, how to mend it. Nothing hangs and nothing is started. */
import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTemporalServer } from '../../src/stack/temporal-server';
import type { TemporalServer } from '../../src/stack/temporal-server';
import { temporalCli } from '../support/binaries';
import { cli, startCli } from '../support/cli';
import type { Finished } from '../support/cli';
import { until } from '../support/temporary';

const stateDir = mkdtempSync(join(tmpdir(), 'steward-cli-'));
let server: TemporalServer;
let connection: Connection;

beforeAll(async () => {
  server = await startTemporalServer({
    executable: await temporalCli(),
    dbFile: join(stateDir, 'temporal.db'),
    logFile: join(stateDir, 'server.log'),
    env: process.env,
    port: 0,
    headless: true,
  });
  connection = await Connection.connect({ address: server.address });
}, 60_000);

afterAll(async () => {
  await connection.close();
  await server.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

const RUN = ['run', '--region', 'cn-hangzhou', '--instance', 'i-1', '--json'];

function run(env: Record<string, string>, ...options: string[]): Promise<Finished> {
  const here = { TEMPORAL_ADDRESS: server.address, ...env };
  return cli([...RUN, ...options, '--', 'uname'], { stateDir, env: here });
}

async function workflowsIn(namespace: string): Promise<number> {
  return (await new Client({ connection, namespace }).workflow.count()).count;
}

test('no server at the address: exit 3 within seconds, naming the address and both ways out', async () => {
  const started = Date.now();
  const { code, stderr, stdout } = await run({ TEMPORAL_ADDRESS: '127.0.0.1:1' });
  expect(stderr).toContain('No Temporal server answers at 127.0.0.1:1');
  expect(stderr).toMatch(/Start one here with: .* up/);
  expect(stderr).toContain('TEMPORAL_ADDRESS=host:port');
  expect(JSON.parse(stdout)).toMatchObject({ error: { exitCode: 3 } });
  expect(code).toBe(3);
  expect(Date.now() - started).toBeLessThan(20_000);
});

test('a namespace that does not exist: exit 3, with the command that makes it', async () => {
  const { code, stderr } = await run({ TEMPORAL_NAMESPACE: 'nowhere' });
  expect(stderr).toContain('The namespace nowhere does not exist');
  expect(stderr).toContain('temporal operator namespace create --namespace nowhere');
  expect(code).toBe(3);
});

test('no worker on the task queue: exit 3 with how to start one, and nothing started', async () => {
  const { code, stderr } = await run({ STEWARD_ACCOUNT: 'nobody' });
  expect(stderr).toContain('No worker polls the task queue steward-nobody');
  expect(stderr).toMatch(/Start one: .* worker/);
  expect(code).toBe(3);
  expect(await workflowsIn('default')).toBe(0);
});

test('detached without a worker: started, with a warning, to wait for one', async () => {
  const { code, stderr, stdout } = await run({ STEWARD_ACCOUNT: 'later' }, '--detach');
  expect(stderr).toContain('Warning: No worker polls the task queue steward-later');
  expect(code).toBe(0);
  const { workflowId } = JSON.parse(stdout) as { workflowId: string };
  const described = await new Client({ connection }).workflow.getHandle(workflowId).describe();
  expect(described).toMatchObject({ taskQueue: 'steward-later', status: { name: 'RUNNING' } });
});

test('search attributes that are missing: exit 3, with a command for each', async () => {
  await connection.workflowService.registerNamespace({
    namespace: 'bare',
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  });
  let finished: Finished | undefined;
  // A new namespace appears some moments after it was registered.
  await until('the namespace is there', async () => {
    finished = await run({ TEMPORAL_NAMESPACE: 'bare' });
    return !finished.stderr.includes('does not exist');
  });
  for (const name of ['EcsRegion', 'EcsInstanceId']) {
    expect(finished?.stderr).toContain(`search-attribute create --namespace bare --name ${name}`);
  }
  expect(finished?.code).toBe(3);
});

test('a configuration that is wrong: exit 2, every error at once', async () => {
  const { code, stderr } = await run({ STEWARD_ACCOUNT: 'Not A Name', ECS_ENDPOINT: 'http://example.com' });
  expect(stderr).toContain('STEWARD_ACCOUNT');
  expect(stderr).toContain('ECS_ENDPOINT');
  expect(code).toBe(2);
});

test('a worker without an endpoint does not touch real servers: exit 2', async () => {
  const env = { TEMPORAL_ADDRESS: server.address };
  expect(await cli(['worker'], { stateDir, env })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--cloud') as string,
  });
});

test('the server of a run goes away: the one who follows waits, and leaves when asked', async () => {
  const other = await startTemporalServer({
    executable: await temporalCli(),
    dbFile: join(stateDir, 'other.db'),
    logFile: join(stateDir, 'other.log'),
    env: process.env,
    port: 0,
    headless: true,
  });
  const env = { TEMPORAL_ADDRESS: other.address };
  const detached = await cli([...RUN, '--detach', '--', 'uname'], { stateDir, env });
  const { workflowId } = JSON.parse(detached.stdout) as { workflowId: string };
  const following = await startCli(['status', '--follow', workflowId], { stateDir, env });
  await until('it follows', () => following.stderr().includes('no worker answers'));
  await other.stop();
  await until('it says so', () => following.stderr().includes('does not answer just now; still'), 30_000);
  following.child.kill('SIGTERM');
  expect(await following.finished).toMatchObject({ code: 130, stdout: `${workflowId}\n` });
});
