/**
 * The program: one line of JSON when it is ready, one clear sentence when it cannot be, keys never told, an end on
 * SIGTERM. Its memory with 10,000 instances.
 */
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArguments, UsageError } from '../../simulator/arguments';
import type { ControlAccess } from '../../simulator/control/client';
import { ControlClient } from '../../simulator/control/client';
import type { Endpoint } from './support/api';
import { callApi } from './support/api';
import { compileSimulator } from './support/compiled';

interface Ready extends Endpoint, ControlAccess {
  readonly regionId: string;
  readonly instanceIds: readonly string[];
}

let directory: string;
let main: string;
const children: ChildProcess[] = [];
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'steward-program-'));
  main = compileSimulator(directory);
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const clean = { PATH: process.env['PATH'] };

async function start(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ ready: Ready; child: ChildProcess; line: string }> {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...clean, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout }))
    return { ready: JSON.parse(line) as Ready, child, line };
  throw new Error('the program said nothing');
}

function fails(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { env: { ...clean, ...env } }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

test('it says where it is, answers there, and ends on SIGTERM', async () => {
  const { ready, child } = await start([
    '--instances',
    '2',
    '--region',
    'cn-beijing',
    '--region',
    'cn-test',
    '--tag',
    'env=prod',
    '--time',
    'x10',
    '--exec',
    'canned',
  ]);
  expect(Object.keys(ready)).toEqual(
    'endpoint controlUrl controlToken accessKeyId accessKeySecret regionId instanceIds'.split(' '),
  );
  expect(ready).toMatchObject({
    regionId: 'cn-beijing',
    endpoint: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
  });
  const { body } = await callApi(ready, 'DescribeInstances', { RegionId: 'cn-beijing', 'Tag.1.Key': 'env' });
  expect(body['TotalCount']).toBe(ready.instanceIds.length);
  expect((await callApi(ready, 'DescribeInstances', { RegionId: 'cn-test' })).status).toBe(200);
  expect(await new ControlClient(ready).clock()).toMatchObject({ mode: { kind: 'fast', factor: 10 } });
  const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});

test('a key pair of the environment is adopted and its secret never told', async () => {
  const env = { ALIBABA_CLOUD_ACCESS_KEY_ID: 'adopted-id', ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'canary-secret' };
  const { ready, line } = await start([], env);
  expect(ready).toMatchObject({ accessKeyId: 'adopted-id', accessKeySecret: null });
  expect(line).not.toContain('canary');
  const answer = await callApi({ ...ready, accessKeySecret: 'canary-secret' }, 'DescribeRegions', {});
  expect(answer.status).toBe(200);
});

test('one half of a key pair is not adopted', async () => {
  const { ready } = await start([], { ALIBABA_CLOUD_ACCESS_KEY_ID: 'half' });
  expect(ready.accessKeyId).not.toBe('half');
  expect(ready.accessKeySecret).toEqual(expect.any(String));
});

test('a key pair in a file is made once, for the owner only, in the form the SDK reads, and never told', async () => {
  const file = join(directory, 'credentials');
  const args = ['--credentials-file', file];
  const both = await Promise.all([start(args, { ALIBABA_CLOUD_ACCESS_KEY_ID: 'a' }), start(args)]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const made = readFileSync(file, 'utf8');
  const [, accessKeyId = '', accessKeySecret = ''] =
    /^\[default\]\ntype = access_key\naccess_key_id = (\S+)\naccess_key_secret = (\S+)\n$/.exec(made) ?? [];
  for (const { ready, line } of [...both, await start(args)]) {
    expect(ready).toMatchObject({ accessKeyId, accessKeySecret: null });
    expect(line).not.toContain(accessKeySecret);
    expect((await callApi({ ...ready, accessKeySecret }, 'DescribeRegions', {})).status).toBe(200);
  }
  expect(readFileSync(file, 'utf8')).toBe(made);
});

test.each([
  [
    'of somebody real',
    '[default]\ntype = access_key\naccess_key_id = LTAI5tCanary\naccess_key_secret = canary\n',
  ],
  ['without a profile', 'access_key_id = x\naccess_key_secret = canary\n'],
])('a file of credentials %s is refused and left as it is', async (_which, text) => {
  const file = join(directory, `credentials-${text.length}`);
  writeFileSync(file, text);
  const { code, stdout, stderr } = await fails(['--credentials-file', file]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/--credentials-file/);
  expect(stderr).not.toContain('anary');
  expect(readFileSync(file, 'utf8')).toBe(text);
});

test('what looks like a real key is refused unless it is allowed by name', async () => {
  const env = {
    ALIBABA_CLOUD_ACCESS_KEY_ID: 'LTAI5tCanaryCanary',
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'canary-secret',
  };
  const { code, stdout, stderr } = await fails([], env);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/--allow-real-key/);
  expect(stderr).not.toContain('anary');
  expect((await start(['--allow-real-key'], env)).ready.accessKeySecret).toBeNull();
});

test.each([
  [['--port', 'http'], '--port'],
  [['--instances', '20001'], '--instances'],
  [['--tag', 'env'], '--tag'],
  [['--time', 'x0'], '--time'],
  [['--time', 'later'], '--time'],
  [['--start-time', '2026-01-01T00:00:00Z'], '--start-time'],
  [['--exec', 'yolo'], '--exec'],
  [['--region', 'evil.com#'], '--region'],
  [['--switch', 'stopInvocation=maybe'], '--switch'],
  [['--switch', 'nothing=1'], '--switch'],
  [['--duration', 'nap=1'], '--duration'],
  [['--fault', '{"kind":"error","rate":7}'], '--fault'],
  [['--policy', '/nonexistent'], '--policy'],
  [['--quota', 'DescribeZones'], '--quota'],
  [['--colour'], '--colour'],
  [['extra'], 'extra'],
])('%j is refused in one line that names it', (args, named) => {
  const refused = (): unknown => parseArguments(args, {});
  expect(refused).toThrow(UsageError);
  expect(refused).toThrow(new RegExp(`^[^\\n]*${named}[^\\n]*$`));
});

test('a wrong argument is one line on stderr, nothing on stdout, exit code 2', async () => {
  const { code, stdout, stderr } = await fails(['--port', 'http']);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toBe('steward simulate: --port must be a whole number from 0 to 65535, not "http".\n');
});

test('killed and started again with its state file, it knows what it had answered', async () => {
  const args = ['--state', join(directory, 'state', 'kept.json'), '--exec', 'canned', '--time', 'x1000'];
  const first = await start([...args, '--instances', '1']);
  const launch = {
    ImageId: 'aliyun_3_x64_20G_alibase_20240528.vhd',
    InstanceType: 'ecs.g7.large',
    ClientToken: 'kept',
  };
  const params = { RegionId: 'cn-hangzhou', ...launch };
  const made = await callApi(first.ready, 'RunInstances', params);
  const ended = new Promise((resolve) => first.child.once('exit', resolve));
  first.child.kill('SIGKILL');
  await ended;
  const second = await start([...args, '--instances', '5']);
  expect(second.ready.instanceIds).toHaveLength(2);
  const again = await callApi(second.ready, 'RunInstances', params);
  expect(again.body['InstanceIdSets']).toEqual(made.body['InstanceIdSets']);
  expect(await new ControlClient(second.ready).effects('instance.created')).toHaveLength(2);
});

test('a port that is taken is an error, not a hang', async () => {
  const { ready } = await start([]);
  const { code, stderr } = await fails(['--port', ready.endpoint.split(':')[1] ?? '']);
  expect(code).toBe(1);
  expect(stderr).toContain('EADDRINUSE');
});

test('10,000 instances take less than 300 MB', async () => {
  const { ready } = await start(['--instances', '10000', '--exec', 'canned', '--no-throttling']);
  expect(ready.instanceIds).toHaveLength(10_000);
  let NextToken = '';
  do {
    const next: Record<string, string> = NextToken === '' ? {} : { NextToken };
    const { body } = await callApi(ready, 'DescribeInstances', {
      RegionId: 'cn-hangzhou',
      MaxResults: '100',
      ...next,
    });
    NextToken = body['NextToken'] as string;
  } while (NextToken !== '');
  expect((await new ControlClient(ready).health()).rss).toBeLessThan(300 * 1024 * 1024);
});
