/** The main job without the command line: the script and the input of examples/ work as they stand. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { temporalCli } from '../support/binaries';
import { ControlClient } from '../../simulator/control/client';
import { runningStack } from '../../src/stack/stack-file';
import { cli, stackUp } from '../support/cli';

const run = promisify(execFile);
const examples = resolve(__dirname, '../../examples');
const stateDir = mkdtempSync(join(tmpdir(), 'steward-cli-'));
let stack: Awaited<ReturnType<typeof stackUp>>;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  stack = await stackUp(stateDir, ['--time', 'x10', '--policy', join(examples, 'policy.yaml')]);
  env = { PATH: process.env.PATH, HOME: stateDir, TEMPORAL_ADDRESS: stack.line.address };
}, 60_000);

afterAll(async () => {
  await stack.end();
  rmSync(stateDir, { recursive: true, force: true });
});

test('the client script runs the command and shows a row an instance', async () => {
  const { stdout } = await run(process.execPath, [join(examples, 'run-command.mjs')], { env });
  expect(stdout).toContain('5 of 5 instances succeeded');
  expect(stdout.match(/'Success'.*MemTotal/g)).toHaveLength(5);
});

test('the system events script answers an open event, once, and shows what became of it', async () => {
  const simulator = runningStack(stateDir)?.simulator;
  if (!simulator) throw new Error('no simulator runs');
  const [instanceId] = stack.line.simulator.instanceIds;
  await new ControlClient(simulator).send('POST', '/events', { instanceIds: [instanceId] });
  const script = [join(examples, 'system-events.mjs'), 'cn-hangzhou', 'now'];
  for (const time of ['first', 'again']) {
    const { stdout } = await run(process.execPath, script, { env });
    if (time === 'first') expect(stdout).toMatch(/'avoided' *│ *'Avoided' *│ *1 /);
    else expect(stdout).toContain('0 open events');
  }
}, 120_000);

test('the working hours script makes its Schedules once, and stops what has the tag without charges', async () => {
  const simulator = runningStack(stateDir)?.simulator;
  if (!simulator) throw new Error('no simulator runs');
  const [, instanceId = ''] = stack.line.simulator.instanceIds;
  const control = new ControlClient(simulator);
  await control.send('PATCH', `/instances/${instanceId}`, { tags: { fleet: 'demo', 'Start&Stop': '' } });
  const script = (...args: string[]) =>
    run(process.execPath, [join(examples, 'working-hours.mjs'), 'cn-hangzhou', ...args], { env });
  const { stdout } = await script('stop');
  expect(stdout).toMatch(/start: next 20.*T00:00:00.000Z/);
  expect(stdout).toContain('of 1 selected 1 stopped.');
  expect((await script('start')).stdout).toContain('of 1 selected 1 started.');

  // The plain command makes a Schedule that does the same.
  const temporal = async (...args: string[]): Promise<string> =>
    (await run(await temporalCli(), args, { env })).stdout;
  const input = JSON.stringify({ region: 'cn-hangzhou', tags: [{ key: 'Start&Stop' }] });
  const schedule = [
    '--schedule-id',
    'office-stop',
    '--calendar',
    '{"dayOfWeek":"Mon-Fri","hour":"21","minute":"0"}',
  ];
  const policies = ['--time-zone', 'Asia/Tokyo', '--overlap-policy', 'Skip', '--catchup-window', '1h'];
  const job = [
    '--workflow-id',
    'office-stop',
    '--type',
    'stopInstancesByTag',
    '--task-queue',
    'steward-default',
  ];
  await temporal('schedule', 'create', ...schedule, ...policies, ...job, '--input', input);
  const ours = await temporal(
    'schedule',
    'describe',
    '--schedule-id',
    'start-and-stop/cn-hangzhou/stop',
    '-o',
    'json',
  );
  const theirs = await temporal('schedule', 'describe', '--schedule-id', 'office-stop', '-o', 'json');
  const nextOf = (text: string): unknown =>
    (JSON.parse(text) as { info: { futureActionTimes: string[] } }).info.futureActionTimes;
  expect(nextOf(theirs)).toEqual(nextOf(ours));
  // A workflow's own cron schedule waits for the same moment.
  const cron = [
    '--workflow-id',
    'by-cron',
    '--cron',
    'CRON_TZ=Asia/Tokyo 0 21 * * 1-5',
    ...job.slice(2),
    '--input',
    input,
  ];
  await temporal('workflow', 'start', ...cron);
  const started = JSON.parse(
    await temporal('workflow', 'describe', '--workflow-id', 'by-cron', '-o', 'json'),
  ) as {
    workflowExecutionInfo: { executionTime: string };
  };
  // Backed off from now: the fraction of a second is that of the start.
  const [next = ''] = nextOf(ours) as string[];
  expect(started.workflowExecutionInfo.executionTime.slice(0, 19)).toBe(next.slice(0, 19));
}, 120_000);

test('the spot script launches, is taken back, and reads its file on the replacement', async () => {
  const { stdout } = await run(process.execPath, [join(examples, 'spot.mjs'), 'cn-hangzhou', 'drill'], {
    env,
  });
  expect(stdout).toMatch(/^passed: i-\w+: A replacement runs and is well/m);
  expect(stdout).toContain('has: work of hours');
}, 240_000);

test('the temporal command starts it from the input file, and answers with progress and result', async () => {
  const temporal = async (...args: string[]): Promise<string> =>
    (await run(await temporalCli(), ['workflow', ...args], { env })).stdout;
  const input = join(examples, 'run-command-input.json');
  const target = ['--type', 'runCommand', '--task-queue', 'steward-default', '--workflow-id', 'by-temporal'];
  expect(await temporal('start', ...target, '--input-file', input)).toContain('by-temporal');
  const result = await temporal('result', '--workflow-id', 'by-temporal');
  expect(result).toContain('5 of 5 instances succeeded');
  expect(await temporal('query', '--workflow-id', 'by-temporal', '--name', 'progress')).toContain(
    '"phase":"done"',
  );
  expect((await cli(['results', 'by-temporal'], { stateDir })).stdout.match(/^== i-/gm)).toHaveLength(5);
});

test('the temporal command gets every error of a bad input at once', async () => {
  const input = JSON.stringify({
    region: 'x',
    targets: {},
    command: { type: 'RunShellScript', content: '' },
  });
  const target = ['--type', 'runCommand', '--task-queue', 'steward-default', '--workflow-id', 'bad'];
  const failed = run(await temporalCli(), ['workflow', 'execute', ...target, '--input', input], { env });
  const { stdout } = await failed.catch((error: { stdout: string }) => error);
  for (const path of ['region', 'targets', 'command.content']) expect(stdout).toContain(`${path}:`);
});
