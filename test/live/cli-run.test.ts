/** `steward run` and what follows it, as a process: exit codes, streams, documents. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cli, stackUp, startCli } from '../support/cli';
import type { Finished, UpLine } from '../support/cli';
import { until } from '../support/temporary';

const stateDir = mkdtempSync(join(tmpdir(), 'steward-cli-'));
let stack: Awaited<ReturnType<typeof stackUp>>;
let line: UpLine;

beforeAll(async () => {
  stack = await stackUp(stateDir, ['--instances', '4', '--tag', 'env=test', '--exec', 'canned']);
  line = stack.line;
}, 60_000);

afterAll(async () => {
  await stack.end();
  rmSync(stateDir, { recursive: true, force: true });
});

const steward = (...args: string[]): Promise<Finished> => cli(args, { stateDir });

/** `steward run` on the first `count` instances. */
function onInstances(count: number, ...rest: string[]): string[] {
  const ids = line.simulator.instanceIds.slice(0, count).flatMap((id) => ['--instance', id]);
  return ['run', '--region', line.simulator.regionId, ...ids, ...rest];
}

function json<T>(text: string): T {
  return JSON.parse(text) as T;
}

async function lastRunIds(): Promise<{ workflowId: string; runId: string }> {
  const { stdout } = await steward(...onInstances(1, '--json', '--', 'uname'));
  return json(stdout);
}

test('all succeeded: exit 0, a table on stdout, progress and link on stderr', async () => {
  const { code, stdout, stderr } = await steward(...onInstances(3, '--', 'cat', '/proc/meminfo'));
  // First, for where there is no result stderr says why.
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout.split('\n')[0]).toMatch(/^INSTANCE +OUTCOME +EXIT +TIME +OUTPUT$/);
  expect(stdout.match(/Success +0 .*MemTotal:/g)).toHaveLength(3);
  expect(stdout).toContain('3 of 3 instances succeeded');
  expect(stderr).toContain(`${line.uiUrl}/namespaces/default/workflows/run-cat-`);
});

test('some instance did not succeed: exit 1, with the reason in its row', async () => {
  const { code, stdout } = await steward(...onInstances(2, '--', 'exit 3'));
  expect(stdout.match(/Failed +3 +\S+ +exit code 3/g)).toHaveLength(2);
  expect(code).toBe(1);
});

test('an instance that is not there is a row, not an error: exit 1', async () => {
  const { code, stdout } = await steward(...onInstances(1, '--instance', 'i-nowhere', '--', 'uname'));
  expect(stdout).toMatch(/i-nowhere +Unfit +- +- +not found in cn-hangzhou/);
  expect(code).toBe(1);
});

test('--json is one document on stdout: ids, link and result', async () => {
  const { code, stdout } = await steward(...onInstances(2, '--json', '--name', 'kernel', '--', 'uname'));
  expect(json(stdout)).toMatchObject({
    workflowId: expect.stringMatching(/^run-kernel-\d{8}T\d{6}-[0-9a-f]{8}$/) as string,
    runId: expect.any(String) as string,
    namespace: 'default',
    url: expect.stringContaining(line.uiUrl) as string,
    outcome: 'succeeded',
    totals: { Success: 2, targets: 2 },
    rows: [{ outcome: 'Success', exitCode: 0 }, { outcome: 'Success' }],
    resultStore: { rows: 2 },
  });
  expect(code).toBe(0);
});

test('bad input: exit 2, every error at once on stderr, as a document where asked for, and nothing started', async () => {
  const bad = ['run', '--region', 'evil.com#', '--timeout', '60s', '--id', 'never-started', '--json'];
  const { code, stdout, stderr } = await steward(...bad);
  for (const option of ['--region:', '--timeout:', '--instance, --tag:', 'command:'])
    expect(stderr).toContain(option);
  expect(json<{ error: { exitCode: number; errors: unknown[] } }>(stdout).error).toMatchObject({
    exitCode: 2,
  });
  expect(code).toBe(2);
  expect((await steward('status', 'never-started')).code).toBe(3);
});

test.each([
  [['run', '--regio', 'x'], 'unknown option'],
  [['rum'], 'unknown command'],
  [['status'], 'missing required argument'],
  [['schema', 'nothing'], 'There is no schema'],
  [['results', 'x', '--json', '--csv'], 'cannot be used with'],
  [['up', '--instances', 'many'], '--instances'],
])('bad usage is exit 2: %j', async (args, message) => {
  const { code, stderr } = await steward(...args);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});

test('targets by tag need --yes where nobody can be asked', async () => {
  const byTag = ['run', '--region', line.simulator.regionId, '--tag', 'env=test'];
  const refused = await steward(...byTag, '--', 'uname');
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') as string });
  const meant = await steward(...byTag, '--yes', '--', 'uname');
  expect(meant).toMatchObject({ code: 0, stdout: expect.stringContaining('4 of 4 instances') as string });
});

test('an id means one run: used again it is exit 3, and the first run stays', async () => {
  const first = await steward(...onInstances(1, '--id', 'once', '--', 'uname'));
  const second = await steward(...onInstances(1, '--id', 'once', '--', 'uname'));
  expect([first.code, second.code]).toEqual([0, 3]);
  expect(second.stderr).toContain('once was used before');
});

test('detached: exit 0 with the id alone on stdout; the run can be followed from elsewhere', async () => {
  const detached = await steward(...onInstances(1, '--detach', '--', 'sleep 1'));
  expect(detached).toMatchObject({ code: 0, stdout: expect.stringMatching(/^run-sleep-\S+\n$/) as string });
  const followed = await steward('status', '--follow', '--json', detached.stdout.trim());
  expect(followed.code).toBe(0);
  expect(json(followed.stdout)).toMatchObject({ outcome: 'succeeded' });
});

test('a command from a file is sent as it is', async () => {
  const file = join(stateDir, 'script.sh');
  writeFileSync(file, 'uname\n');
  expect((await steward(...onInstances(1, '--file', file))).code).toBe(0);
});

test('Ctrl-C without a terminal: exit 130, the id on stdout, and the run goes on', async () => {
  const running = await startCli(onInstances(1, '--', 'sleep 3'), { stateDir });
  await until('the run is sent', () => /1 (Sent|Pending|Running)/.test(running.stderr()));
  running.child.kill('SIGINT');
  const { code, stdout, stderr } = await running.finished;
  expect(code).toBe(130);
  expect(stderr).toContain('The run goes on');
  expect((await steward('status', '--follow', stdout.trim())).code).toBe(0);
});

test('cancel: what had started is reported, exit 0; the one who followed gets exit 1', async () => {
  const following = await startCli(onInstances(2, '--id', 'to-cancel', '--', 'sleep 6'), { stateDir });
  await until('the run is sent', () => /2 (Sent|Pending|Running)/.test(following.stderr()));
  const cancelled = await steward('cancel', 'to-cancel');
  expect(cancelled).toMatchObject({ code: 0, stdout: expect.stringContaining('Cancelled.') as string });
  expect((await following.finished).code).toBe(1);
  const again = await steward('cancel', '--json', 'to-cancel');
  expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('ended already') as string });
  expect(json(again.stdout)).toMatchObject({ outcome: 'cancelled' });
});

test('status tells of a run that has ended and of one that goes on', async () => {
  const { workflowId } = await lastRunIds();
  const ended = await steward('status', workflowId);
  expect(ended).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('runCommand, completed') as string,
  });
  const detached = await steward(...onInstances(1, '--detach', '--', 'sleep 2'));
  const going = await steward('status', '--json', detached.stdout.trim());
  expect(json(going.stdout)).toMatchObject({ status: 'RUNNING', progress: { region: 'cn-hangzhou' } });
});

test('status shows the workflows of other kinds too', async () => {
  const { stdout, code } = await steward('status', `watch/default/${line.simulator.regionId}`);
  expect(stdout).toContain('watchRegion, running');
  expect(code).toBe(0);
});

test('results have every row with its whole output, as text, JSON and CSV', async () => {
  const { stdout } = await steward(...onInstances(2, '--json', '--', 'cat /proc/meminfo'));
  const { workflowId } = json<{ workflowId: string }>(stdout);
  expect((await steward('results', workflowId)).stdout.match(/^MemAvailable:/gm)).toHaveLength(2);
  const document = json(await steward('results', '--json', workflowId).then((done) => done.stdout));
  expect(document).toMatchObject({
    workflowId,
    complete: true,
    rows: [{ outcome: 'Success' }, { output: expect.stringContaining('MemAvailable') as string }],
  });
  const one = ['--csv', '--instance', line.simulator.instanceIds[0] ?? ''];
  expect((await steward('results', workflowId, ...one)).stdout).toMatch(
    /^instanceId,outcome,.*\r\ni-\w+,Success,/,
  );
  expect((await steward('results', workflowId, '--failed')).stdout).toBe('No rows.\n');
});

test('the schema of an input is printed without a server', async () => {
  const { stdout, code } = await cli(['schema', 'runCommand'], { stateDir: join(stateDir, 'nothing') });
  expect(json(stdout)).toMatchObject({ type: 'object', required: ['region', 'targets', 'command'] });
  expect(code).toBe(0);
});

test('version and help are answers, exit 0', async () => {
  expect(await steward('--version')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
  });
  expect(await steward('run', '--help')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Exit codes:') as string,
  });
});
