/** Commands for who operates a stack: what its watcher waits for, what the doctor finds, and its end from outside. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { GATE, GATE_SIGNALS, freshGateState, gateIdOf } from '../../src/domain/gate';
import type { GateRequest } from '../../src/domain/gate';
import { taskQueueOf } from '../../src/domain/messages';
import { cli, stackUp, startCli } from '../support/cli';
import type { Finished, UpLine } from '../support/cli';
import { until } from '../support/temporary';

const stateDir = mkdtempSync(join(tmpdir(), 'steward-cli-'));
let stack: Awaited<ReturnType<typeof stackUp>>;
let line: UpLine;

beforeAll(async () => {
  stack = await stackUp(stateDir, ['--instances', '3', '--exec', 'canned']);
  line = stack.line;
}, 60_000);

afterAll(async () => {
  await stack.end();
  rmSync(stateDir, { recursive: true, force: true });
});

const steward = (...args: string[]): Promise<Finished> => cli(args, { stateDir });
const watchId = (): string => `watch/default/${line.simulator.regionId}`;

test('before the first run no watcher runs, and that is said', async () => {
  const all = await steward('watch', 'status');
  expect(all).toMatchObject({ code: 0, stdout: expect.stringContaining('No watcher runs') as string });
  const { stdout, code } = await steward('watch', 'status', '--region', line.simulator.regionId, '--json');
  expect(JSON.parse(stdout)).toEqual({
    account: 'default',
    watchers: [{ workflowId: watchId(), region: line.simulator.regionId, running: false }],
  });
  expect(code).toBe(0);
  expect((await steward('watch', 'status', '--region', 'x#')).code).toBe(2);
});

test('while a command runs, the run shows the finer states and the watcher says who waits for it', async () => {
  const ids = line.simulator.instanceIds.flatMap((id) => ['--instance', id]);
  const run = ['run', '--region', line.simulator.regionId, ...ids, '--id', 'long-one', '--', 'sleep 8'];
  const running = await startCli(run, { stateDir });
  await until('it shows what the watcher knows', () => running.stderr().includes('waiting: 3 Running'));
  const { stdout } = await steward('watch', 'status');
  expect(stdout).toContain(watchId());
  expect(stdout).toMatch(/invocation +t-\S+ +long-one +0:\d\d +3 Running/);
  expect(stdout).toMatch(/\d+ looks?, the last at .*: 1 looked at, 0 ended, 1 call \(/);
  const status = await steward('status', '--json', 'long-one');
  expect(JSON.parse(status.stdout)).toMatchObject({ progress: { phase: 'waiting', states: { Running: 3 } } });
  expect((await running.finished).code).toBe(0);
  expect(running.stderr()).not.toMatch(/dispatching|sending: .*Running/);
});

test('the gate says who holds what and who waits, in order, and knows it still after its own end', async () => {
  const { regionId: region } = line.simulator;
  expect((await steward('gate', 'status')).stdout).toContain('No gate runs for the account default');
  expect((await steward('gate', 'status', '--region', 'x#')).code).toBe(2);
  expect((await steward('patrol', 'start', '--region', region)).code).toBe(0);
  const connection = await Connection.connect({ address: line.address });
  const { workflow } = new Client({ connection });
  const ask = async (requestId: string, holder: string): Promise<void> => {
    const { runId } = await workflow.getHandle(holder).describe();
    const keys = ['instance/i-1'];
    const request: GateRequest = { requestId, holder, runId, purpose: 'reboot', keys, askedAt: Date.now() };
    await workflow.signalWithStart(GATE, {
      workflowId: gateIdOf('default', region),
      taskQueue: taskQueueOf('default'),
      args: [freshGateState(region)],
      signal: GATE_SIGNALS.request,
      signalArgs: [request],
    });
  };
  // Two workflows that are open; that they did not ask themselves, the gate cannot know.
  await ask('first', watchId());
  await ask('second', `patrol/default/${region}`);
  const text = (await steward('gate', 'status', '--region', region)).stdout;
  expect(text).toMatch(/WHO +TO +SINCE +HOLDS\nwatch\S+ +reboot +0:\d\d +instance\/i-1\n/);
  expect(text).toMatch(/WHO +TO +SINCE +WAITS FOR\npatrol\S+ +reboot +0:\d\d +instance\/i-1\n/);
  await workflow.getHandle(gateIdOf('default', region)).signal(GATE_SIGNALS.release, 'first');
  const { stdout } = await steward('gate', 'status', '--region', region, '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    account: 'default',
    gates: [
      { region, running: true, progress: { held: [{ requestId: 'second', generation: 2 }], waiting: [] } },
    ],
  });
  await workflow.getHandle(gateIdOf('default', region)).terminate();
  const [free = ''] = line.simulator.instanceIds;
  const run = await steward('run', '--region', region, '--instance', free, '--exclusive', '--', 'uname');
  expect(run.code).toBe(0);
  const after = await steward('gate', 'status', '--region', region, '--json');
  expect(JSON.parse(after.stdout)).toMatchObject({
    gates: [{ running: true, progress: { held: [{ requestId: 'second', generation: 2 }], generation: 3 } }],
  });
  await connection.close();
});

test('the doctor finds nothing wrong with a running stack, and says all it looked at', async () => {
  const { code, stdout, stderr } = await steward('doctor');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.trimEnd().split('\n');
  expect(lines.filter((each) => !each.startsWith('ok       '))).toEqual([]);
  for (const what of [
    'Temporal answers',
    'keeps closed',
    'attributes',
    'polls',
    'signature',
    'ecs:RunCommand',
  ])
    expect(stdout).toContain(what);
});

test('what the doctor finds wrong is exit 1, each with its mend; the real cloud takes a word', async () => {
  const nobody = await cli(['doctor', '--json'], { stateDir, env: { STEWARD_ACCOUNT: 'nobody' } });
  // The running stack names the account it serves.
  expect(nobody.code).toBe(0);
  const env = { TEMPORAL_ADDRESS: line.address, STEWARD_ACCOUNT: 'nobody', ECS_ENDPOINT: '127.0.0.1:1' };
  const ill = await cli(['doctor', '--json', '--region', 'cn-hangzhou'], { stateDir, env });
  expect(JSON.parse(ill.stdout)).toMatchObject({ ok: false });
  const { findings } = JSON.parse(ill.stdout) as { findings: { status: string; what: string }[] };
  expect(findings.filter(({ status }) => status === 'failed').map(({ what }) => what)).toEqual([
    'no worker polls steward-nobody for workflows (account nobody)',
    'no worker polls steward-nobody for activities (account nobody)',
    expect.stringContaining('ECS does not answer'),
  ]);
  expect(ill.code).toBe(1);
  const refused = await cli(['doctor'], { stateDir: join(stateDir, 'nothing') });
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  for (const option of ['--region: is missing', '--cloud: is missing'])
    expect(refused.stderr).toContain(option);
  const away = await cli(['doctor', '--region', 'cn-hangzhou'], {
    stateDir: join(stateDir, 'nothing'),
    env: { ...env, TEMPORAL_ADDRESS: '127.0.0.1:1' },
  });
  expect(away).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^failed +No Temporal server/) as string,
  });
});

test('down ends the stack from outside; a second time there is none', async () => {
  const done = await steward('down');
  expect(done).toMatchObject({ code: 0, stderr: expect.stringContaining('Ended') as string });
  expect((await stack.running.finished).code).toBe(0);
  const again = await steward('down');
  expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('No stack runs') as string });
}, 60_000);
