/** Bad input is refused with every error at once, each with its place and how to mend it; good input passes unchanged. */
import fc from 'fast-check';
import { z } from 'zod';
import { base64Length, utf8Length } from '../../src/domain/command-content';
import { parseRunCommandInput, runCommandInputSchema } from '../../src/domain/run-command-input';
import { formatInputErrors } from '../../src/domain/run-input';
import type { RunCommandInput } from '../../src/domain/messages';

const GOOD: RunCommandInput = {
  region: 'cn-hangzhou',
  targets: { instanceIds: ['i-bp1abc'] },
  command: { type: 'RunShellScript', content: 'cat /proc/meminfo' },
};

function errorsOf(value: unknown): string[] {
  const parsed = parseRunCommandInput(value);
  return parsed.ok ? [] : formatInputErrors(parsed.errors).split('\n');
}

function withCommand(change: object): unknown {
  return { ...GOOD, command: { ...GOOD.command, ...change } };
}

function withTargets(targets: unknown): unknown {
  return { ...GOOD, targets };
}

const BAD: [what: string, value: unknown, message: string][] = [
  ['nothing', undefined, 'is missing; give one JSON object'],
  ['a list', [], 'must be an object, not a list'],
  ['no region', { ...GOOD, region: undefined }, 'region: is missing; give a RegionId'],
  ['a region that is a host', { ...GOOD, region: 'evil.com#' }, 'region: "evil.com#" must be a RegionId'],
  ['a region that is an address', { ...GOOD, region: '10.0.0.1' }, 'must be a RegionId'],
  ['a region that is a URL', { ...GOOD, region: 'http://cn-hangzhou' }, 'must be a RegionId'],
  ['a region in capitals', { ...GOOD, region: 'CN-HANGZHOU' }, 'must be a RegionId'],
  ['an unknown key', { ...GOOD, regin: 'x' }, 'regin: is unknown; did you mean region?'],
  [
    'a key far from all',
    { ...GOOD, zzzzzzzzz: 1 },
    'zzzzzzzzz: is unknown; known are region, targets, command, name, rate, exclusive, retryOf',
  ],
  ['a key in another case', withCommand({ timeout_seconds: 60 }), 'did you mean timeoutSeconds?'],
  ['no targets', withTargets({}), 'targets: name nothing to run on'],
  ['empty targets', withTargets({ instanceIds: [], tags: [] }), 'targets: name nothing to run on'],
  [
    'ids that are no list',
    withTargets({ instanceIds: 'i-1' }),
    'targets.instanceIds: must be a list, not text',
  ],
  ['an id with spaces', withTargets({ instanceIds: [' i-bp1 '] }), 'did you mean i-bp1?'],
  ['an id in capitals', withTargets({ instanceIds: ['I-BP1'] }), 'did you mean i-bp1?'],
  [
    'an id of something else',
    withTargets({ instanceIds: ['d-bp1'] }),
    'targets.instanceIds[0]: "d-bp1" is not an instance id',
  ],
  [
    'an id twice',
    withTargets({ instanceIds: ['i-a', 'i-b', 'i-a'] }),
    'targets.instanceIds[2]: "i-a" is already at targets.instanceIds[0]',
  ],
  [
    '10,001 ids',
    withTargets({ instanceIds: Array.from({ length: 10_001 }, (_, i) => `i-${i}`) }),
    'has 10001 ids, at most 10000',
  ],
  ['a tag without a key', withTargets({ tags: [{ value: 'x' }] }), 'targets.tags[0].key: is missing'],
  ['a tag of the system', withTargets({ tags: [{ key: 'acs:x' }] }), 'begins with aliyun or acs:'],
  ['a tag aliyun', withTargets({ tags: [{ key: 'aliyunx' }] }), 'begins with aliyun or acs:'],
  ['a tag with a URL', withTargets({ tags: [{ key: 'x-http://y' }] }), 'contains http://'],
  [
    'a tag twice',
    withTargets({ tags: [{ key: 'a' }, { key: 'a', value: '1' }] }),
    'targets.tags[1].key: "a" is already at',
  ],
  ['no type', withCommand({ type: undefined }), 'command.type: is missing; give RunShellScript'],
  ['an unknown type', withCommand({ type: 'Shell' }), 'command.type: "Shell" must be RunShellScript'],
  ['no script', withCommand({ content: undefined }), 'command.content: is missing'],
  ['an empty script', withCommand({ content: ' \n' }), 'command.content: is empty'],
  [
    'a script too long',
    withCommand({ content: 'x'.repeat(18_433) }),
    'has 18433 bytes, 24580 after Base64; at most 24576',
  ],
  [
    'a script too long in bytes',
    withCommand({ content: '😀'.repeat(4_609) }),
    'has 18436 bytes, 24584 after Base64',
  ],
  ['a NUL', withCommand({ content: 'a\0b' }), 'contains a NUL byte'],
  ['a byte order mark', withCommand({ content: '\ufeffls' }), 'byte order mark'],
  ['Windows line ends', withCommand({ content: 'ls\npwd\r\n' }), 'has Windows line ends (CR) in line 2'],
  ['half a character', withCommand({ content: 'a\ud83d' }), 'half of a character'],
  [
    'timeout 0',
    withCommand({ timeoutSeconds: 0 }),
    'command.timeoutSeconds: 0 must be a whole number of seconds from 10 to 86400',
  ],
  ['timeout 9', withCommand({ timeoutSeconds: 9 }), '9 must be a whole number of seconds from 10'],
  ['timeout -1', withCommand({ timeoutSeconds: -1 }), '-1 must be a whole number'],
  ['timeout 10.5', withCommand({ timeoutSeconds: 10.5 }), '10.5 must be a whole number'],
  ['timeout NaN', withCommand({ timeoutSeconds: NaN }), 'NaN must be a whole number'],
  ['timeout 1e12', withCommand({ timeoutSeconds: 1e12 }), '1000000000000 must be a whole number'],
  ['timeout "60s"', withCommand({ timeoutSeconds: '60s' }), '"60s" must be a whole number of seconds'],
  [
    'a long directory',
    withCommand({ workingDirectory: `/${'x'.repeat(200)}` }),
    'has 201 characters, at most 200',
  ],
  ['a long user', withCommand({ user: 'x'.repeat(256) }), 'has 256 characters, at most 255'],
  ['an empty user', withCommand({ user: '' }), 'is empty; give a value or leave it out'],
  ['a name of two lines', { ...GOOD, name: 'a\nb' }, 'name: "a\\nb" contains a control character'],
  ['a long name', { ...GOOD, name: 'x'.repeat(129) }, 'has 129 characters, at most 128'],
  [
    '11 parameters',
    withParameters(Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`p${i}`, 'x']))),
    'has 11 entries, at most 10',
  ],
  ['a name of 65', withParameters({ ['x'.repeat(65)]: '' }), 'has 65 characters, at most 64'],
  ['a built-in name', withParameters({ 'acs::x': '' }), 'begins with acs::'],
  ['a name with a space', withParameters({ 'a b': '' }), 'is not a parameter name'],
  ['a number as value', withParameters({ a: 1 }), 'command.parameters.a: must be text, not number (1)'],
  ['an unused parameter', withParameters({ a: 'x' }, 'ls'), 'is not used: the script has no {{a}}'],
  ['a missing parameter', withParameters({ a: 'x' }, 'ls {{a}} {{b}}'), 'command.parameters: lacks b'],
  ['a name in two spellings', withParameters({ a: 'x', A: 'y' }), 'capital letters make no difference'],
  ...["'", '"', '$(id)', '`id`', 'a;b', 'a|b', 'a&b', 'a\nb', '*', 'a>b', '\\', '“', '{{b}}'].map(
    (value): [string, unknown, string] => [
      `the value ${JSON.stringify(value)}`,
      withParameters({ a: value }),
      'command.parameters.a: contains',
    ],
  ),
  ['a value for cmd', withParameters({ a: '%PATH%' }, undefined, 'RunBatScript'), 'contains "%"'],
  ['__proto__', JSON.parse('{"__proto__": {"region": "x"}}'), '__proto__: is not allowed'],
  [
    'constructor deep down',
    withParameters({ constructor: 'x' }),
    'command.parameters.constructor: is not allowed',
  ],
  ['deep JSON', JSON.parse(`${'{"a":'.repeat(500)}1${'}'.repeat(500)}`), 'nested deeper than 8 levels'],
  ['an object of a class', { ...GOOD, command: new Map() }, 'command: must be plain JSON'],
];

function withParameters(parameters: object, content?: string, type = 'RunShellScript'): unknown {
  const uses = Object.keys(parameters).map((name) => `{{${name}}}`);
  return withCommand({ type, parameters, content: content ?? `echo ${uses.join(' ')}` });
}

test.each(BAD)('%s is refused', (_, value, message) => {
  expect(errorsOf(value).join('\n')).toContain(message);
});

test.each<[string, unknown]>([
  ['the least there can be', GOOD],
  ['tags alone', withTargets({ tags: [{ key: 'env', value: '' }, { key: 'role' }] })],
  ['10,000 ids', withTargets({ instanceIds: Array.from({ length: 10_000 }, (_, i) => `i-${i}`) })],
  ['a script of 18,432 bytes', withCommand({ content: 'x'.repeat(18_432) })],
  ['emoji', withCommand({ content: 'echo 👩‍💻', workingDirectory: '/tmp/目录' })],
  ['Windows line ends for PowerShell', withCommand({ type: 'RunPowerShellScript', content: 'dir\r\n' })],
  ['the longest timeout', withCommand({ timeoutSeconds: 86_400 })],
  ['the shortest timeout', withCommand({ timeoutSeconds: 10 })],
  ['parameters', withParameters({ dir: '/var/log', day: '2025-01-01', empty: '' })],
  [
    'braces of another template language, without parameters',
    withCommand({ content: "docker ps --format '{{name}}'" }),
  ],
  ['a built-in parameter beside our own', withParameters({ a: 'x' }, 'echo {{a}} {{ACS::InstanceId}}')],
  ['a path on Windows', withParameters({ a: 'C:\\temp' }, undefined, 'RunBatScript')],
])('%s is taken as it is', (_, value) => {
  expect(parseRunCommandInput(value)).toEqual({ ok: true, input: value });
});

test('every error is told at once', () => {
  const errors = errorsOf({
    region: 'nowhere',
    targets: { instanceIds: ['x', 'x'] },
    command: { type: 'Perl', content: '', timeoutSeconds: 9, usr: 'root' },
  });
  expect(errors.map((line) => line.split(':')[0])).toEqual([
    'region',
    'targets.instanceIds[0]',
    'targets.instanceIds[1]',
    'command.type',
    'command.timeoutSeconds',
    'command.usr',
    'targets.instanceIds[1]',
    'command.content',
  ]);
});

test('a thousand errors stay readable', () => {
  const errors = errorsOf(withTargets({ instanceIds: Array.from({ length: 1_000 }, (_, i) => `bad ${i}`) }));
  expect(errors).toHaveLength(51);
  expect(errors[50]).toBe('and 950 more errors like these');
});

test('whatever it is given, the answer is a verdict and never an exception', () => {
  const shaped = fc.record(
    { region: fc.anything(), targets: fc.anything(), command: fc.anything(), name: fc.anything() },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(fc.anything(), shaped, fc.object()), (value) => {
      const parsed = parseRunCommandInput(value);
      if (!parsed.ok) expect(parsed.errors.length).toBeGreaterThan(0);
      expect(Object.prototype).not.toHaveProperty('region');
    }),
    { numRuns: 500 },
  );
});

test('an error message is one line without control characters, whatever the input', () => {
  const hostile = fc.string({
    unit: fc.constantFrom('a', ' ', '\u001b', '\u009b', '\n', '\u202e', '{'),
    maxLength: 80,
  });
  fc.assert(
    fc.property(hostile, hostile, hostile, (region, key, id) => {
      for (const line of errorsOf({ ...GOOD, region, [key]: id, targets: { instanceIds: [id] } })) {
        expect(line).not.toMatch(/\p{Cc}/u);
      }
    }),
  );
});

test('lengths are counted as Node counts them', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      expect(utf8Length(text)).toBe(Buffer.byteLength(text));
      expect(base64Length(utf8Length(text))).toBe(Buffer.from(text).toString('base64').length);
    }),
  );
});

test('the schema can be published', () => {
  expect(z.toJSONSchema(runCommandInputSchema)).toMatchObject({
    type: 'object',
    required: ['region', 'targets', 'command'],
    additionalProperties: false,
  });
});
