/** Bad input of `manageCommands`: every error with its place and its mend, and no exception whatever it is given. */
import fc from 'fast-check';
import { parseManageCommandsInput } from '../../src/domain/saved-command-input';

const command = { name: 'look', type: 'RunShellScript', content: 'ls' };
const GOOD = { region: 'cn-hangzhou', action: 'create', command };
const withCommand = (change: object): object => ({ ...GOOD, command: { ...command, ...change } });

function errorsOf(value: unknown): string[] {
  const parsed = parseManageCommandsInput(value);
  return parsed.ok ? [] : parsed.errors.map(({ path, message }) => `${path}: ${message}`);
}

test.each<[string, unknown]>([
  ['a command', GOOD],
  [
    'a command with everything',
    withCommand({ timeoutSeconds: 10, workingDirectory: '/tmp', description: 'é' }),
  ],
  ['a list', { region: 'cn-hangzhou', action: 'list' }],
  ['one by name', { region: 'cn-hangzhou', action: 'show', which: 'look' }],
])('%s is taken as it is', (_, value) => {
  expect(parseManageCommandsInput(value)).toEqual({ ok: true, input: value });
});

test.each<[string, unknown, string]>([
  ['no action', { region: 'cn-hangzhou' }, 'action: '],
  ['an unknown action', { ...GOOD, action: 'run' }, 'action: "run" must be create, list, show'],
  ['a region that is a host', { ...GOOD, region: 'evil.com#' }, 'region: "evil.com#" must be a RegionId'],
  ['no name', withCommand({ name: '' }), 'command.name: "" is empty'],
  ['a name like an id', withCommand({ name: 'c-1' }), 'command.name: "c-1" begins with c-'],
  [
    'a name with a wildcard',
    withCommand({ name: 'a*' }),
    'command.name: "a*" begins with c-, as ids do, or has a *',
  ],
  ['a name of two lines', withCommand({ name: 'a\nb' }), 'contains a control character'],
  [
    'a name of 129 characters',
    withCommand({ name: 'x'.repeat(129) }),
    'command.name: has more than 128 characters',
  ],
  [
    'an unknown type',
    withCommand({ type: 'RunPerlScript' }),
    'command.type: "RunPerlScript" must be RunShellScript',
  ],
  ['an empty script', withCommand({ content: ' ' }), 'command.content: is empty'],
  [
    'a script of 18,433 bytes',
    withCommand({ content: 'x'.repeat(18_433) }),
    'has 18433 bytes, 24580 after Base64',
  ],
  ['a NUL', withCommand({ content: 'a\0' }), 'command.content: contains a NUL byte'],
  ['Windows line ends', withCommand({ content: 'a\r\n' }), 'command.content: has Windows line ends'],
  [
    'a byte order mark',
    withCommand({ content: '\ufeffls' }),
    'command.content: begins with a byte order mark',
  ],
  ...[0, -1, 9, 10.5, 1e12, NaN, '60s'].map((timeoutSeconds): [string, unknown, string] => [
    `timeout ${timeoutSeconds}`,
    withCommand({ timeoutSeconds }),
    'must be a whole number of seconds from 10 to 86400, without a unit',
  ]),
  ['an unknown field', withCommand({ timeoutSecond: 60 }), 'did you mean timeoutSeconds?'],
  [
    'a field of another action',
    { region: 'cn-hangzhou', action: 'list', which: 'look' },
    'which: is unknown; known are region, action',
  ],
  ['a prototype', JSON.parse('{"__proto__": {"action": "list"}}'), '__proto__: is not allowed as a name'],
  ['depth', JSON.parse(`${'{"a":'.repeat(500)}1${'}'.repeat(500)}`), 'is nested deeper than 8 levels'],
])('%s is refused', (_, value, message) => {
  expect(errorsOf(value).join('\n')).toContain(message);
});

test.each([
  [{ name: 'new' }, 'taken'],
  [{ timeoutSeconds: 90, workingDirectory: '/tmp', description: 'logs' }, 'taken'],
  [{}, 'changes: has nothing in it; give a name'],
  [{ content: 'rm' }, 'changes.content: "rm" cannot be changed; delete the command and create it anew'],
  [{ name: 'x', type: 'RunBatScript' }, 'changes.type: "RunBatScript" cannot be changed'],
  [{ name: 'c-1' }, 'changes.name: "c-1" begins with c-'],
  [{ timeoutSeconds: 5 }, 'changes.timeoutSeconds: 5 must be a whole number of seconds from 10'],
  [
    { timeout: 50 },
    'changes.timeout: is unknown; known are name, timeoutSeconds, workingDirectory, description',
  ],
])('a change, %j: %s', (changes, answer) => {
  const given = { region: 'cn-hangzhou', action: 'edit', which: 'look', changes };
  expect(errorsOf(given).join('\n') || 'taken').toContain(answer);
});

test('whatever it is given, the answer is a verdict', () => {
  const shaped = fc.record({ region: fc.anything(), action: fc.anything(), command: fc.anything() });
  fc.assert(
    fc.property(fc.oneof(fc.anything(), shaped), (value) => {
      const parsed = parseManageCommandsInput(value);
      if (!parsed.ok) expect(parsed.errors.length).toBeGreaterThan(0);
    }),
  );
});
