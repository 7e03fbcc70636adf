/**
 * Bad input of `runCommand`, as data: the rows drive test/live/bad-input.test.ts through the command line and through
 * the workflow, and are printed in docs/operations.md (the test compares).
 *
 * The one rule: every answer says where and how to mend it; `answer` is a part of that message.
 */

export interface InputRow {
  /** What is given, for people. */
  input: string;
  /** The field, as the workflow names it; absent for what only the command line knows. */
  field?: string;
  /** The option, as the command line names it; absent for what it cannot give. */
  option?: string;
  answer: string;
  /** The workflow's whole input. */
  value?: unknown;
  /** Options of `steward run`, in place of or beside those of GOOD_OPTIONS. */
  args?: string[];
  /** What follows `--`; default `uname`. None where `file` is given. */
  words?: string[];
  /** Bytes of a file given with --file. */
  file?: string | Uint8Array;
}

const GOOD = {
  region: 'cn-hangzhou',
  targets: { instanceIds: ['i-bp1abc'] },
  command: { type: 'RunShellScript', content: 'uname' },
};

const command = (change: object): object => ({ ...GOOD, command: { ...GOOD.command, ...change } });
const targets = (change: object): object => ({ ...GOOD, targets: change });
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

const timeout = (given: string, value: unknown): InputRow => ({
  input: `timeout \`${given}\``,
  field: 'command.timeoutSeconds',
  option: '--timeout',
  answer: 'must be a whole number of seconds from 10 to 86400, without a unit',
  value: command({ timeoutSeconds: value }),
  args: [`--timeout=${given}`],
});

const region = (given: string): InputRow => ({
  input: `region \`${given}\``,
  field: 'region',
  option: '--region',
  answer: 'must be a RegionId such as cn-hangzhou; not a host name, URL or address',
  value: { ...GOOD, region: given },
  args: ['--region', given],
});

const tag = (key: string, answer: string): InputRow => ({
  input: `tag key \`${key}\``,
  field: 'targets.tags[0].key',
  option: '--tag',
  answer,
  value: targets({ tags: [{ key }] }),
  args: ['--tag', key],
});

const id = (input: string, ids: string[], answer: string, at = 0): InputRow => ({
  input,
  field: `targets.instanceIds[${at}]`,
  option: '--instance',
  answer,
  value: targets({ instanceIds: ids }),
  args: ids.flatMap((each) => ['--instance', each]),
});

const script = (input: string, content: string, answer: string): InputRow => ({
  input,
  field: 'command.content',
  option: 'command',
  answer,
  value: command({ content }),
  file: content,
});

const parameter = (input: string, name: string, value: string, answer: string): InputRow => ({
  input,
  field: `command.parameters.${/^[\w-]{1,64}$/.test(name) ? name : JSON.stringify(name)}`,
  option: '--parameter',
  answer,
  value: command({ content: `echo {{${name}}}`, parameters: { [name]: value } }),
  args: ['--parameter', `${name}=${value}`],
  words: [`echo {{${name}}}`],
});

const environment = (
  input: string,
  given: Record<string, string>,
  answer: string,
  { script: of, ...over }: Partial<InputRow> & { script?: object } = {},
): InputRow => ({
  input,
  field: `command.environment.${Object.keys(given)[0] ?? ''}`,
  option: '--env',
  answer,
  value: command({ ...of, environment: given }),
  args: Object.entries(given).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
  ...over,
});

const rate = (input: string, given: Record<string, unknown>, option: string, answer: string): InputRow => ({
  input,
  field: `rate.${Object.keys(given)[0] ?? ''}`,
  option,
  answer,
  value: { ...GOOD, rate: given },
  args: [
    given[Object.keys(given)[0] ?? ''] === true ? option : `${option}=${String(Object.values(given)[0])}`,
  ],
});

const CODE = 'the value becomes part of the script before the shell reads it. Pass it by command.environment';

export const INPUT_TABLE: InputRow[] = [
  {
    input: 'no targets',
    field: 'targets',
    option: '--instance, --tag',
    answer: 'name nothing to run on',
    value: targets({ instanceIds: [] }),
    args: ['--no-targets'],
  },
  id('an id twice', ['i-a', 'i-b', 'i-a'], 'is already at targets.instanceIds[0]; remove one', 2),
  id('an id with spaces or capitals', [' I-BP1 '], 'has spaces or capital letters; did you mean i-bp1?'),
  id('an id of something else', ['d-bp1'], 'is not an instance id; they look like i-bp1abc'),
  {
    input: '10,001 ids',
    field: 'targets.instanceIds',
    answer: 'has 10001 ids, at most 10000 fit one run; start several',
    value: targets({ instanceIds: many(10_001, (index) => `i-${index}`) }),
  },
  tag('aliyun-x', 'begins with aliyun or acs:, which are kept for the system'),
  tag('acs:x', 'begins with aliyun or acs:, which are kept for the system'),
  tag('see-http://x', 'contains http:// or https://, which tag keys never do'),
  region('evil.com#'),
  region('10.0.0.1'),
  region('http://cn-hangzhou'),
  script('an empty script', ' \n', 'is empty; give the script to run'),
  script(
    'a script of 18,433 bytes',
    'x'.repeat(18_433),
    'has 18433 bytes, 24580 after Base64; at most 24576',
  ),
  script('a NUL in the script', 'echo a\0b', 'contains a NUL byte; a script is text'),
  script('a byte order mark', '\ufeffuname', 'begins with a byte order mark (U+FEFF)'),
  script('Windows line ends for a shell', 'uname\npwd\r\n', 'has Windows line ends (CR) in line 2'),
  {
    input: 'a script that is not UTF-8',
    option: '--file',
    answer: 'is not UTF-8 text; convert it',
    file: new Uint8Array([0x6c, 0x73, 0xff]),
  },
  {
    input: 'an unknown type',
    field: 'command.type',
    option: '--type',
    answer: 'must be RunShellScript, RunBatScript or RunPowerShellScript',
    value: command({ type: 'RunPerlScript' }),
    args: ['--type', 'RunPerlScript'],
  },
  ...(['0', '-1', '9', '10.5'] as const).map((given) => timeout(given, Number(given))),
  timeout('1000000000000', 1e12),
  timeout('NaN', 'NaN'),
  timeout('60s', '60s'),
  {
    input: '11 parameters',
    field: 'command.parameters',
    option: '--parameter',
    answer: 'has 11 entries, at most 10 are allowed',
    value: command({
      content: many(11, (index) => `{{p${index}}}`).join(' '),
      parameters: Object.fromEntries(many(11, (index) => [`p${index}`, 'x'])),
    }),
    args: many(11, (index) => ['--parameter', `p${index}=x`]).flat(),
    words: many(11, (index) => `{{p${index}}}`),
  },
  parameter(
    'a parameter name of 65 characters',
    'n'.repeat(65),
    'x',
    'has 65 characters, at most 64 are allowed',
  ),
  parameter(
    'a built-in parameter name',
    'acs::x',
    'x',
    'begins with acs::, which is kept for built-in parameters',
  ),
  parameter('a value with quotes', 'a', `it's`, CODE),
  parameter('a value with a substitution', 'a', '$(id)', CODE),
  parameter('a value of two lines', 'a', 'x\ny', CODE),
  parameter(
    'a value that names a parameter',
    'a',
    '{{b}}',
    'contains {{, which Cloud Assistant would substitute again',
  ),
  {
    input: 'a parameter the script does not use',
    field: 'command.parameters.a',
    option: '--parameter',
    answer: 'is not used: the script has no {{a}}',
    value: command({ parameters: { a: 'x' } }),
    args: ['--parameter', 'a=x'],
  },
  {
    input: 'a parameter the script lacks',
    field: 'command.parameters',
    option: '--parameter',
    answer: 'lacks b, which the script uses as {{b}}',
    value: command({ content: 'echo {{a}} {{b}}', parameters: { a: 'x' } }),
    args: ['--parameter', 'a=x'],
    words: ['echo {{a}} {{b}}'],
  },
  environment('a variable named `PATH`', { PATH: '/tmp' }, 'means something to the shell itself'),
  environment('a variable named `A-B`', { 'A-B': 'x' }, 'is not a name of a variable', {
    field: 'command.environment."A-B"',
  }),
  environment('a variable without a value', {}, 'must be name=value', {
    field: undefined,
    args: ['--env', 'A'],
  }),
  environment('a variable with a NUL', { A: 'x\0' }, 'contains a NUL byte, which no variable can hold', {
    option: undefined,
  }),
  environment('variables for a batch file', { A: 'x' }, 'use RunPowerShellScript', {
    field: 'command.environment',
    script: { type: 'RunBatScript' },
    args: ['--env', 'A=x', '--type', 'RunBatScript'],
  }),
  environment('variables for a Python script', { A: 'x' }, 'needs a script of sh or bash', {
    field: 'command.environment',
    script: { content: '#!/usr/bin/python3' },
    words: ['#!/usr/bin/python3'],
  }),
  environment('variables for a saved command', { A: 'x' }, 'a saved command is invoked as it is', {
    field: 'command.environment',
    option: undefined,
    script: { commandId: 'c-hz01abc' },
  }),
  environment(
    'variables too long for one call',
    { A: 'x'.repeat(14_000) },
    'has 5 bytes and 18738 more for the values of its environment, 24992 after Base64; at most 24576',
    { field: 'command.content', option: 'command' },
  ),
  {
    input: 'a resource group that is none',
    field: 'targets.resourceGroupId',
    option: '--resource-group',
    answer: 'is not a resource group id; they look like rg-acfm1abc',
    value: targets({ resourceGroupId: 'mine' }),
    args: ['--resource-group', 'mine'],
  },
  {
    input: 'a limit of `0`',
    field: 'targets.limit',
    option: '--limit',
    answer: 'must be a whole number from 1 to 10000',
    value: targets({ all: true, limit: 0 }),
    args: ['--all', '--limit', '0'],
  },
  {
    input: 'a password in the place of its name',
    field: 'command.windowsPasswordName',
    option: '--password-name',
    answer: 'is not the name of a parameter; give its NAME, never the password itself',
    value: command({ type: 'RunBatScript', user: 'admin', windowsPasswordName: 'Pa$$w0rd!' }),
    args: ['--type', 'RunBatScript', '--user', 'admin', '--password-name', 'Pa$$w0rd!'],
  },
  {
    input: 'a place in OSS that is none',
    field: 'command.ossOutputDelivery',
    option: '--oss-output',
    answer: 'is not a place in OSS; they look like oss://my-bucket/outputs',
    value: command({ ossOutputDelivery: 'https://bucket' }),
    args: ['--oss-output', 'https://bucket'],
  },
  ...[0, -1, '150%', 'half'].map((given) =>
    rate(
      `concurrency \`${given}\``,
      { maxConcurrency: given },
      '--max-concurrency',
      'must be a whole number from 1 to 10000, or a percentage from "1%" to "100%"',
    ),
  ),
  rate(
    'an error limit of `-1`',
    { maxErrors: -1 },
    '--max-errors',
    'must be a whole number from 0 to 10000, or a percentage from "0%" to "100%"',
  ),
  rate(
    'more errors than instances',
    { maxErrors: 2 },
    '--max-errors',
    'is more than the 1 instances there are; leave it out for no limit',
  ),
  rate('an approval without a canary', { approve: true }, '--approve', 'needs a canary, after which it asks'),
  {
    input: 'an unknown field',
    field: 'command.timeoutSecond',
    answer: 'is unknown; did you mean timeoutSeconds?',
    value: command({ timeoutSecond: 60 }),
  },
  {
    input: 'a field this operation does not have',
    field: 'maxErrors',
    answer: 'is unknown; known are region, targets, command, name, rate, exclusive, retryOf',
    value: { ...GOOD, maxErrors: 3 },
  },
  {
    input: 'a name that reaches a prototype',
    field: '__proto__',
    answer: 'is not allowed as a name; remove it',
    value: JSON.parse('{"__proto__": {"region": "cn-hangzhou"}}'),
  },
  {
    input: 'JSON of 500 levels',
    field: 'a.a.a.a.a.a.a.a',
    answer: 'is nested deeper than 8 levels; no input needs that',
    value: JSON.parse(`${'{"a":'.repeat(500)}1${'}'.repeat(500)}`),
  },
  ...(
    [
      ['a run id of 1,001 bytes', 'x'.repeat(1_001), 'has 1001 bytes, at most 1000 are allowed'],
      ['a run id with a control character', 'a\nb', 'contains a control character'],
      [
        'the id of a watcher',
        'watch/default/cn-hangzhou',
        'begins with watch/, kept for workflows of that kind',
      ],
    ] as const
  ).map(([input, given, answer]) => ({ input, option: '--id', answer, args: ['--id', given] })),
];

/** The options of `steward run` for a row, with a good one for everything the row is not about. */
export function argumentsOf(row: InputRow, fileOf: (bytes: string | Uint8Array) => string): string[] {
  const given = (row.args ?? []).filter((word) => word !== '--no-targets');
  const has = (...names: string[]): boolean => names.some((name) => (row.args ?? []).includes(name));
  return [
    'run',
    ...(has('--region') ? [] : ['--region', 'cn-hangzhou']),
    ...(has('--instance', '--tag', '--no-targets') ? [] : ['--instance', 'i-bp1abc']),
    ...given,
    ...(row.file === undefined ? ['--', ...(row.words ?? ['uname'])] : ['--file', fileOf(row.file)]),
  ];
}

/** The table as it stands in docs/operations.md. */
export function inputTableAsMarkdown(): string {
  const shown = (text: string): string => (text.includes('__proto__') ? `\`${text}\`` : text);
  const code = (text?: string): string => (text === undefined ? '' : `\`${text.length > 40 ? '…' : text}\``);
  const rows = INPUT_TABLE.map(
    (row) => `| ${shown(row.input)} | ${code(row.field)} | ${code(row.option)} | ${row.answer} |`,
  );
  return ['| given | field | option | answer |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
