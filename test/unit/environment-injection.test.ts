/**
 * Values passed as data (`command.environment`) arrive on the instance byte for byte, whatever is in them, and nothing
 * of them is executed: in the sandbox, in canned mode, and in the shells of this machine.
 */
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Clock } from '../../simulator/core/clock';
import type { Executor } from '../../simulator/exec';
import { CannedExecutor } from '../../simulator/exec/canned';
import { whyNot } from '../../simulator/exec/probe';
import { SANDBOX_TOOLS, SandboxExecutor } from '../../simulator/exec/sandbox';
import { sentScript } from '../../src/domain/command-environment';
import type { CommandSpec } from '../../src/domain/messages';
import { parseRunCommandInput } from '../../src/domain/run-command-input';
import { guest, OUTPUT_LIMIT, run, useDirectory } from '../simulator/support/guests';

const TOUCH = 'touch /root/pwned /tmp/pwned';
const CORPUS = [
  `; ${TOUCH}`,
  `&& ${TOUCH}`,
  `| ${TOUCH}`,
  `\`${TOUCH}\``,
  `$(${TOUCH})`,
  `"; ${TOUCH}; "`,
  `'; ${TOUCH}; '`,
  `\n${TOUCH}\n`,
  `') || ${TOUCH} #`,
  '}; id; {',
  '$HOME ${HOME} $$ $?',
  '‘quoted’ “quoted”',
  '> /root/pwned',
  '<(id)',
  '* ? [a-z] ~ !!',
  '\\ \\n \\\\',
  '-n',
  '-flag --flag=x',
  '../../etc/passwd',
  '%0a %s %n',
  '{{ACS::InstanceId}} {{x}}',
  'A=b',
  '\n\n\n',
  ' \t ',
  '\r\n',
  '.',
  'ends in .',
  '',
  '\u0001\u001b[31m\u007f\u202e\ufeff',
  '目录 👩‍💻 é e\u0301 \u{10ffff}',
];

const command = (environment: Record<string, string>, over: Partial<CommandSpec> = {}): CommandSpec => ({
  type: 'RunShellScript',
  content: 'true',
  ...over,
  environment,
});
const errorsOf = (spec: CommandSpec): string[] => {
  const parsed = parseRunCommandInput({
    region: 'cn-hangzhou',
    targets: { instanceIds: ['i-1'] },
    command: spec,
  });
  return parsed.ok ? [] : parsed.errors.map(({ path, message }) => `${path}: ${message}`);
};

/** Prints every value, then what there is in the two directories in which all scripts may write. */
const PRINTS = (count: number): string =>
  [
    ...Array.from({ length: count }, (_, index) => `printf '%s' "$V${index}"; echo; echo --`),
    'ls /root',
    'ls /tmp',
  ].join('\n');
const printed = (values: string[]): string => values.map((value) => `${value}\n--\n`).join('');
const named = (values: string[]): Record<string, string> =>
  Object.fromEntries(values.map((value, index) => [`V${index}`, value]));

/** Text without NUL, of any characters, with pieces of the corpus. */
const value = fc
  .array(
    fc.oneof(
      fc.constantFrom(...CORPUS),
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.string({ maxLength: 12 }),
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join('').replaceAll('\0', ''));

const directory = useDirectory();

async function sandbox(): Promise<Executor | undefined> {
  for (const tool of SANDBOX_TOOLS) {
    const reason = await whyNot(tool, directory);
    if (reason === undefined)
      return new SandboxExecutor(directory, tool, { outputLimit: () => OUTPUT_LIMIT });
    process.stderr.write(`skipped: sandbox by ${tool}: ${reason}\n`);
  }
  return undefined;
}

const canned = async (): Promise<Executor> =>
  new CannedExecutor(new Clock({ kind: 'driven', startAt: 0 }), () => OUTPUT_LIMIT);

describe.each([
  ['the sandbox', sandbox],
  ['canned mode', canned],
])('in %s', (_, make) => {
  let executor: Executor | undefined;
  beforeAll(async () => (executor = await make()));
  afterAll(() => executor?.close());

  test('each of the corpus arrives, and nothing else happens', async () => {
    if (!executor) return;
    for (let from = 0; from < CORPUS.length; from += 10) {
      const values = CORPUS.slice(from, from + 10);
      const script = sentScript(command(named(values), { content: PRINTS(values.length) }));
      const { text, ending } = await run(executor, script, { guest: guest(`i-corpus-${from}`) });
      expect({ text, ending }).toEqual({ text: printed(values), ending: { kind: 'exited', exitCode: 0 } });
    }
  });

  test('any text arrives, and nothing else happens', async () => {
    const made = executor;
    if (!made) return;
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 12 }), async (values) => {
        const spec = command(named(values), { content: PRINTS(values.length) });
        fc.pre(errorsOf(spec).length === 0);
        expect((await run(made, sentScript(spec))).text).toBe(printed(values));
      }),
      { numRuns: 100 },
    );
  });

  test('a value that cannot be decoded ends the script before its first line', async () => {
    if (!executor) return;
    const broken = sentScript(command({ V: 'value' }, { content: 'echo ran' })).replace("'dmF", "'!!!");
    const { text, ending } = await run(executor, broken);
    expect(text).not.toContain('ran');
    expect(ending).toEqual({ kind: 'exited', exitCode: 1 });
  });
});

const SHELLS = ['/bin/dash', '/bin/bash', '/bin/ksh', '/bin/mksh', '/bin/busybox'].filter((path) =>
  existsSync(path),
);
const inShell = (path: string, script: string, env: Record<string, string> = {}): string =>
  execFileSync(path, [...(path.endsWith('busybox') ? ['sh'] : []), '-s'], {
    input: script,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: '/usr/bin:/bin', ...env },
  });

test.each(SHELLS)('%s: a variable that the shell knows itself is refused, or takes any value', (path) => {
  const known = path.endsWith('bash')
    ? inShell(path, 'compgen -v').split('\n')
    : inShell(path, 'set')
        .split('\n')
        .map((line) => line.split('=')[0] ?? '');
  const free = known.filter((name) => name !== '' && errorsOf(command({ [name]: 'x' })).length === 0);
  expect([known.length > 3, free.includes('PATH')]).toEqual([true, false]);
  for (const name of [...free, 'TZ', 'LC_ALL', 'HOME', 'MINE'])
    expect(
      inShell(path, sentScript(command({ [name]: 'a b\n' }, { content: `printf '%s' "$${name}"` }))),
    ).toBe('a b\n');
});

test.each(SHELLS)('%s: the variable is exported, also under -e, -u and another character set', (path) => {
  const content = `set -eu; ${path.endsWith('busybox') ? 'busybox ' : ''}printenv V`;
  for (const LC_ALL of ['C', 'C.utf8'])
    expect(inShell(path, sentScript(command({ V: '目录\n' }, { content })), { LC_ALL })).toBe('目录\n\n');
});

test.each(SHELLS)('%s: without a base64 on the instance nothing of the script runs', (path) => {
  const script = sentScript(command({ V: 'x' }, { content: 'echo ran' }));
  const error: unknown = expect.objectContaining({ status: 127, stdout: '' });
  expect(() => inShell(path, script, { PATH: '/nowhere' })).toThrow(error as Error);
});

test.each([
  ['#!/bin/bash -e\necho', '#!/bin/bash -e\nV=', '\necho'],
  ['#!/usr/bin/env bash', '#!/usr/bin/env bash\nV=', 'export V\n'],
  ['#! /bin/sh\n', '#! /bin/sh\nV=', 'export V\n'],
  ['echo\n# end', 'V=', '\necho\n# end'],
])('%j: the values stand after the #! line', (content, begins, ends) => {
  const spec = command({ V: 'x' }, { content });
  expect(errorsOf(spec)).toEqual([]);
  expect(sentScript(spec).startsWith(begins)).toBe(true);
  expect(sentScript(spec).endsWith(ends)).toBe(true);
});

test.each([
  '#!/usr/bin/python3',
  '#!/usr/bin/env python3',
  '#!/bin/zsh',
  '#!/bin/tcsh -f',
  '#!/usr/bin/env -S fish',
])('%s is no shell for them', (first) => {
  const [error] = errorsOf(command({ V: 'x' }, { content: `${first}\nprint(1)` }));
  expect(error).toContain(
    `command.environment: needs a script of sh or bash, and this one begins with ${first}`,
  );
});

test('for PowerShell a value is nothing but Base64 between quotes', () => {
  const line =
    /^\$env:V = \[Text\.Encoding\]::UTF8\.GetString\(\[Convert\]::FromBase64String\('([A-Za-z0-9+/]*={0,2})'\)\)\n$/;
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom(...CORPUS), value), (text) => {
      const sent = sentScript(command({ V: text }, { type: 'RunPowerShellScript', content: '' }));
      expect(Buffer.from(line.exec(sent)?.[1] ?? '?', 'base64').toString()).toBe(text);
      expect(line.exec(sent)?.[1]).toBe(Buffer.from(text).toString('base64'));
    }),
  );
});

test('canned mode answers a PowerShell script that has them', async () => {
  const content = 'Write-Output "$env:Path1" # comment';
  const spec = command({ Path1: "it's $(x); `n" }, { type: 'RunPowerShellScript', content });
  const { text } = await run(await canned(), sentScript(spec), { type: spec.type });
  expect(text.trim()).toBe("it's $(x); `n");
});

test.each([
  ['param($x)\necho $x', true],
  ['<# help\n#>\n# more\n[CmdletBinding()]\nparam (\n$x)', true],
  ['#requires -Version 5\nusing namespace System.IO', true],
  ['parameters', false],
  ['Get-Item x # param(', false],
  ['#####################################################################', false],
])('PowerShell %j: what has to come first is told', (content, refused) => {
  const errors = errorsOf(command({ V: 'x' }, { type: 'RunPowerShellScript', content }));
  expect(errors.join()).toContain(refused ? 'leave that out and read the values from $env:' : '');
  expect(errors).toHaveLength(refused ? 1 : 0);
});

test('what the values cost is counted to the byte', () => {
  const content = 'x'.repeat(1_000);
  const bytesOf = (spec: CommandSpec): number => Buffer.from(sentScript(spec)).toString('base64').length;
  const most = Array.from({ length: 400 }, (_, index) => 6_300 + index).findLast(
    (length) => bytesOf(command({ V: 'é'.repeat(length) }, { content })) <= 24_576,
  );
  const fits = command({ V: 'é'.repeat(most ?? 0) }, { content });
  expect(errorsOf(fits)).toEqual([]);
  const above = command({ V: 'é'.repeat((most ?? 0) + 1) }, { content });
  const extra = Buffer.byteLength(sentScript(above)) - 1_000;
  expect(errorsOf(above)).toEqual([
    expect.stringContaining(
      `has 1000 bytes and ${extra} more for the values of its environment, ${bytesOf(above)} after Base64; at most 24576`,
    ),
  ]);
});
