/** `steward run` refuses bad input with every error at once, each under the option it is about. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CliError } from '../../src/cli/exit';
import { reasonToAsk } from '../../src/cli/run';
import { readRunOptions } from '../../src/cli/run-options';
import type { RunOptions } from '../../src/cli/run-options';
import { targetOf } from '../../src/cli/stack-options';
import { newRunId, runIdErrors } from '../../src/client';

const NONE: RunOptions = {
  instance: [],
  tag: [],
  parameter: [],
  env: [],
  exclude: [],
  type: 'RunShellScript',
};
const GOOD: RunOptions = { ...NONE, region: 'cn-hangzhou', instance: ['i-1'] };

function errorsOf(options: Partial<RunOptions>, words = ['ls']): string[] {
  const read = readRunOptions({ ...GOOD, ...options }, words);
  return read.ok ? [] : read.errors.map(({ path, message }) => `${path}: ${message}`);
}

test('options become the input of the workflow', () => {
  const options = {
    ...GOOD,
    tag: ['env=test', 'role', 'a=b=c'],
    timeout: '600',
    user: 'nobody',
    workingDirectory: '/tmp',
    parameter: ['dir=/var/log', 'day='],
    env: ['A=', 'B=x=y\n'],
    name: 'logs',
  };
  expect(readRunOptions(options, ['ls', '{{dir}}', '{{day}}'])).toEqual({
    ok: true,
    input: {
      region: 'cn-hangzhou',
      targets: {
        instanceIds: ['i-1'],
        tags: [{ key: 'env', value: 'test' }, { key: 'role' }, { key: 'a', value: 'b=c' }],
      },
      command: {
        type: 'RunShellScript',
        content: 'ls {{dir}} {{day}}',
        timeoutSeconds: 600,
        user: 'nobody',
        workingDirectory: '/tmp',
        parameters: { dir: '/var/log', day: '' },
        environment: { A: '', B: 'x=y\n' },
      },
      name: 'logs',
    },
  });
});

test('the region may come from the configuration', () => {
  expect(readRunOptions({ ...NONE, instance: ['i-1'] }, ['ls'], 'cn-beijing')).toMatchObject({
    input: { region: 'cn-beijing' },
  });
});

test.each<[string, Partial<RunOptions>, string[], string]>([
  ['no targets', { instance: [] }, ['ls'], '--instance, --tag: name nothing to run on; give --instance ID'],
  ['no command', {}, [], 'command: is missing; give it after --'],
  ['no region', { region: undefined }, ['ls'], '--region: is missing; give a RegionId'],
  [
    'a unit',
    { timeout: '60s' },
    ['ls'],
    '--timeout: "60s" must be a whole number of seconds from 10 to 86400',
  ],
  ['nothing as timeout', { timeout: '' }, ['ls'], '--timeout: "" must be'],
  ['too short', { timeout: '9' }, ['ls'], '--timeout: 9 must be'],
  ['an odd type', { type: 'sh' }, ['ls'], '--type: "sh" must be RunShellScript'],
  ['an empty tag key', { tag: ['=x'] }, ['ls'], '--tag: "" is empty'],
  ['a parameter without value', { parameter: ['x'] }, ['ls'], '--parameter: "x" must be name=value'],
  ['a parameter twice', { parameter: ['x=1', 'x=2'] }, ['{{x}}'], '--parameter: x is given twice'],
  ['a prototype key', { parameter: ['__proto__=1'] }, ['ls'], '--parameter: is not allowed as a name'],
  ['a prototype key as a variable', { env: ['__proto__=1'] }, ['ls'], '--env: is not allowed as a name'],
  ['a file and a command', { file: 'x' }, ['ls'], '--file: is given together with a command'],
  ['a file that is not there', { file: '/nonexistent' }, [], '--file: /nonexistent cannot be read'],
  ['a reserved id', { id: 'watch/default/cn-hangzhou' }, ['ls'], '--id: begins with watch/'],
])('%s', (_, options, words, message) => {
  const errors = errorsOf(options, words);
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain(message);
});

test('every error is told at once', () => {
  const errors = errorsOf({ region: 'x', timeout: '1', parameter: ['y'], id: ' ' });
  expect(errors.map((line) => line.split(':')[0])).toEqual([
    '--parameter',
    '--region',
    '--timeout',
    '--id',
    '--id',
  ]);
});

describe('a script in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'steward-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ['plain', Buffer.from('ls\n'), undefined],
    ['not UTF-8', Buffer.from([0x6c, 0xff]), 'is not UTF-8 text'],
    ['with a byte order mark', Buffer.from('\ufeffls'), 'byte order mark'],
    ['with Windows line ends', Buffer.from('ls\r\n'), 'Windows line ends'],
  ])('%s', (name, bytes, message) => {
    const file = join(folder, name);
    writeFileSync(file, bytes);
    expect(errorsOf({ file }, [])).toEqual(message === undefined ? [] : [expect.stringContaining(message)]);
  });
});

test('a person is asked above 50 instances, and where the number is not known', () => {
  const base = { region: 'cn-hangzhou', command: { type: 'RunShellScript', content: 'ls' } } as const;
  const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `i-${index}`);
  expect(reasonToAsk({ ...base, targets: { instanceIds: ids(50) } })).toBeUndefined();
  expect(reasonToAsk({ ...base, targets: { instanceIds: ids(51) } })).toContain(
    '51 instances in cn-hangzhou',
  );
  const tagged = reasonToAsk({ ...base, targets: { tags: [{ key: 'env', value: 'test' }, { key: 'x' }] } });
  expect(tagged).toContain('every instance tagged env=test and x');
});

describe('ids of runs', () => {
  test('are made from the first word, never from the rest of the script', () => {
    const command = { type: 'RunShellScript', content: '/bin/Login --password secret' } as const;
    const input = { region: 'cn-hangzhou', targets: { instanceIds: ['i-1'] }, command };
    const now = new Date('2025-01-02T03:04:05.678Z');
    expect(newRunId(input, now)).toMatch(/^run-login-20250102T030405-[0-9a-f]{8}$/);
    expect(newRunId({ ...input, name: 'Nightly: Läuft!' }, now)).toMatch(
      /^run-nightly-l-uft-20250102T030405-/,
    );
    expect(newRunId({ ...input, name: '目录' }, now)).toMatch(/^run-20250102T030405-[0-9a-f]{8}$/);
    expect(newRunId(input, now)).not.toBe(newRunId(input, now));
  });

  test.each([
    ['', 'is empty'],
    ['x'.repeat(1_001), 'has 1001 bytes'],
    ['é'.repeat(501), 'has 1002 bytes'],
    ['a\nb', 'control character'],
    ['spot/x', 'begins with spot/'],
    [' a', 'space'],
  ])('are refused where they are wrong (%#)', (id, message) => {
    expect(
      runIdErrors(id)
        .map((error) => error.message)
        .join(),
    ).toContain(message);
  });

  test('may be anything else', () => {
    expect(runIdErrors('nightly-2025-01-01')).toEqual([]);
    expect(runIdErrors('发布/2025')).toEqual([]);
  });
});

describe('the stack', () => {
  const none = { stateFile: '/state/simulator.json', exists: false };
  const kept = { ...none, exists: true };

  test('works on the simulator unless --cloud is typed', () => {
    expect(targetOf({ tag: [] }, none)).toMatchObject({ instances: 5, tags: ['fleet=demo'] });
    expect(targetOf({ tag: [], cloud: true }, kept)).toBe('cloud');
  });

  test('begins anew with other instances only where that is typed', () => {
    expect(targetOf({ tag: ['a=b'], instances: '3', fresh: true }, kept)).toMatchObject({
      instances: 3,
      tags: ['a=b'],
    });
    expect(targetOf({ tag: [] }, kept)).toMatchObject({ stateFile: '/state/simulator.json' });
  });

  test.each([
    [{ tag: ['a=b'], cloud: true, instances: '3', fresh: true }, none, ['--instances', '--tag', '--fresh']],
    [{ tag: ['a=b'], instances: '3' }, kept, ['--instances', '--tag']],
    [{ tag: [], port: 'x', uiPort: '65536' }, none, ['--port', '--ui-port']],
    [
      { tag: ['=b'], instances: 'x', time: 'fast', exec: 'root', region: 'x#' },
      none,
      ['--instances', '--region', '--time', '--exec', '--tag'],
    ],
  ])('refuses %j', (options, state, paths) => {
    try {
      targetOf(options, state);
    } catch (error) {
      expect((error as CliError).errors?.map(({ path }) => path)).toEqual(paths);
      return;
    }
    throw new Error('accepted');
  });
});
