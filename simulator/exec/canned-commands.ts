/**
 * The commands that canned mode answers. The rule: a command is a function of its words, its input and the
 * instance; time passes only where it says so.
 *
 * For people: docs list this table. `cat head tail grep wc` read the files of `cannedFile` and their input.
 */
import { FILE_COMMANDS } from './canned-file-commands';
import { absolute } from './canned-files';
import type { CannedFiles } from './canned-files';
import { cannedFile, df, free, uname, uptime } from './canned-data';
import type { Guest } from './types';
import { seconds } from '../core/times';

/** What a running script does next. */
export type Step =
  { readonly kind: 'output'; readonly text: string } | { readonly kind: 'sleep'; readonly ms: number };

/** What a command sees. */
export interface Context {
  readonly guest: Guest;
  readonly user: string;
  readonly variables: Map<string, string>;
  /** What the command before in the pipe wrote. */
  readonly input: string;
  /** The directory the script is in; `cd` changes it. */
  directory: string;
  readonly now: () => number;
  /** What scripts of all guests have written. */
  readonly files: CannedFiles;
}

/** Ends the script. */
export class Exit extends Error {
  constructor(readonly code: number) {
    super('exit');
  }
}

type Run = Generator<Step, number>;
/** A command: its words and what it sees. */
export type Command = (args: readonly string[], context: Context) => Run;

const say = (text: string): Step => ({ kind: 'output', text });

/** A command that prints one text and succeeds. */
const prints = (make: (args: readonly string[], context: Context) => string): Command =>
  function* (args, context) {
    yield say(`${make(args, context)}\n`);
    return 0;
  };

const options = (args: readonly string[]): string => args.filter((arg) => arg.startsWith('-')).join('');
const operands = (args: readonly string[]): string[] => args.filter((arg) => !arg.startsWith('-'));
const linesOf = (text: string): string[] =>
  text
    .replace(/\n$/, '')
    .split('\n')
    .filter((_, i) => i > 0 || text !== '');

/** The text of the files named, or of the input; the status is 1 when a file is missing. */
function* read(
  name: string,
  files: readonly string[],
  context: Context,
): Generator<Step, { text: string; status: number }> {
  if (files.length === 0) return { text: context.input, status: 0 };
  let text = '';
  let status = 0;
  for (const file of files) {
    const path = absolute(file, context.directory);
    const content =
      context.files.read(context.guest.id, path) ?? cannedFile(path, context.guest, context.now());
    if (content === undefined) {
      yield say(`${name}: ${file}: No such file or directory\n`);
      status = 1;
    } else text += content;
  }
  return { text, status };
}

/** A command that turns what it reads into something else, if it can. `valued` options take the next word. */
const filter = (
  name: string,
  change: (text: string, given: ReadonlyMap<string, string>, words: string[]) => string | undefined,
  { valued = [] as string[], leading = 0 } = {},
): Command =>
  function* (args, context) {
    const given = new Map<string, string>();
    const words: string[] = [];
    for (let index = 0; index < args.length; index += 1) {
      const arg = args[index] ?? '';
      const letter = arg.slice(0, 2);
      if (valued.includes(letter)) given.set(letter, arg.slice(2) || (args[(index += 1)] ?? ''));
      else if (/^-\d+$/.test(arg)) given.set('-n', arg.slice(1));
      else if (arg.startsWith('-') && arg !== '-') for (const each of arg.slice(1)) given.set(`-${each}`, '');
      else words.push(arg);
    }
    const { text, status } = yield* read(name, words.slice(leading), context);
    const result = change(text, given, words);
    if (result === undefined) {
      yield say(`${name}: invalid input\n`);
      return 1;
    }
    if (result !== '') yield say(result);
    if (name === 'grep') return result === '' ? 1 : 0;
    return status;
  };

const joined = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

function span(word: string | undefined): number {
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(word ?? '');
  const unit = { s: 1, m: 60, h: 3_600, d: 86_400 }[match?.[2] || 's'] ?? 1;
  return Number(match?.[1] ?? 0) * unit * 1_000;
}

function formatDate(format: string, at: Date): string {
  const iso = at.toISOString();
  const parts: Readonly<Record<string, string>> = {
    Y: iso.slice(0, 4),
    m: iso.slice(5, 7),
    d: iso.slice(8, 10),
    H: iso.slice(11, 13),
    M: iso.slice(14, 16),
    S: iso.slice(17, 19),
    F: iso.slice(0, 10),
    T: iso.slice(11, 19),
    s: String(Math.floor(at.getTime() / 1000)),
    N: `${iso.slice(20, 23)}000000`,
    Z: 'UTC',
    z: '+0000',
    '%': '%',
  };
  return format.replace(/%([YmdHMSFTsNZz%])/g, (_, letter: string) => parts[letter] ?? '');
}

function escapes(text: string): string {
  const known: Readonly<Record<string, string>> = { n: '\n', t: '\t', '\\': '\\' };
  return text.replace(/\\([nt\\])/g, (_, letter: string) => known[letter] ?? letter);
}

/** As coreutils do it: lines of 76 characters unless told, and nothing decoded but Base64. */
function base64(text: string, given: ReadonlyMap<string, string>): string | undefined {
  if (given.has('-d')) {
    const packed = text.replace(/\n/g, '');
    const isBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(packed);
    return isBase64 ? Buffer.from(packed, 'base64').toString() : undefined;
  }
  const encoded = Buffer.from(text).toString('base64');
  const width = Number(given.get('-w') ?? 76);
  return width === 0 ? encoded : joined(encoded.match(new RegExp(`.{1,${width}}`, 'g')) ?? []);
}

function* sequence(args: readonly string[]): Run {
  const [a = 1, b, c] = args.map(Number);
  const [first, step, last] = c !== undefined ? [a, b ?? 1, c] : b !== undefined ? [a, 1, b] : [1, 1, a];
  let text = '';
  for (let value = first; step > 0 ? value <= last : value >= last; value += step || 1) {
    text += `${value}\n`;
    if (text.length < 8_192) continue;
    yield say(text);
    text = '';
  }
  if (text !== '') yield say(text);
  return 0;
}

function* forever(args: readonly string[]): Run {
  const block = `${args.join(' ') || 'y'}\n`.repeat(4_096).slice(0, 65_536);
  for (let count = 1; ; count += 1) {
    yield say(block);
    if (count % 64 === 0) yield { kind: 'sleep', ms: 100 };
  }
}

const pause: Command = function* (args) {
  const ms = operands(args).reduce((sum, word) => sum + span(word), 0);
  yield { kind: 'sleep', ms };
  return 0;
};

const leave: Command = function* (args, context) {
  yield say('');
  const code = args.filter((arg) => arg !== '/b')[0];
  throw new Exit(Number(code ?? context.variables.get('?') ?? 0) & 255);
};

const status = (code: number): Command =>
  function* () {
    yield say('');
    return code;
  };

const metadata = prints((args, { guest }) => {
  const known: Readonly<Record<string, string>> = {
    'instance-id': guest.id,
    'region-id': guest.regionId,
    hostname: guest.hostName,
    'private-ipv4': guest.privateIp,
    ...(guest.reclaimedAt === undefined
      ? {}
      : { 'instance/spot/termination-time': seconds(guest.reclaimedAt) }),
  };
  const path =
    operands(args)
      .at(-1)
      ?.replace(/^.*\/meta-data\//, '') ?? '';
  return known[path] ?? '404 - Not Found';
});

const echo = prints((args) => args.join(' '));

/** Every command, by name. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  ...FILE_COMMANDS,
  ':': status(0),
  true: status(0),
  false: status(1),
  sync: status(0),
  exit: leave,
  sleep: pause,
  yes: forever,
  seq: sequence,
  *echo(args) {
    const flags = /^-[ne]+$/.test(args[0] ?? '') ? (args[0] ?? '') : '';
    const text = args.slice(flags ? 1 : 0).join(' ');
    yield say((flags.includes('e') ? escapes(text) : text) + (flags.includes('n') ? '' : '\n'));
    return 0;
  },
  *printf(args) {
    const rest = args.slice(1);
    yield say(escapes(args[0] ?? '').replace(/%[sd]/g, () => rest.shift() ?? ''));
    return 0;
  },
  cat: filter('cat', (text) => text),
  head: filter(
    'head',
    (text, given) =>
      given.has('-c')
        ? text.slice(0, Number(given.get('-c')))
        : joined(linesOf(text).slice(0, Number(given.get('-n') ?? 10))),
    { valued: ['-n', '-c'] },
  ),
  tail: filter(
    'tail',
    (text, given) =>
      given.has('-c')
        ? text.slice(-Number(given.get('-c')))
        : joined(linesOf(text).slice(-Number(given.get('-n') ?? 10))),
    { valued: ['-n', '-c'] },
  ),
  wc: filter(
    'wc',
    (text, given) =>
      `${given.has('-l') ? (text.match(/\n/g)?.length ?? 0) : given.has('-c') ? Buffer.byteLength(text) : text.split(/\s+/).filter(Boolean).length}\n`,
  ),
  base64: filter('base64', base64, { valued: ['-w'] }),
  sort: filter('sort', (text) => joined(linesOf(text).sort())),
  grep: filter(
    'grep',
    (text, given, words) =>
      joined(
        linesOf(text).filter(
          (line) => new RegExp(words[0] ?? '', given.has('-i') ? 'i' : '').test(line) !== given.has('-v'),
        ),
      ),
    { leading: 1 },
  ),
  uname: prints((args, { guest }) => uname(guest, options(args))),
  hostname: prints((args, { guest }) => (/[iI]/.test(options(args)) ? guest.privateIp : guest.hostName)),
  uptime: prints((_, { guest, now }) => uptime(guest, now())),
  free: prints((args, { guest }) => free(guest, options(args))),
  df: prints((args, { guest }) => df(guest, options(args))),
  nproc: prints((_, { guest }) => String(guest.cpus)),
  whoami: prints((_, { user }) => user),
  id: prints((args, { user }) => {
    const number = { root: 0, 'ecs-user': 1000 }[user] ?? 65534;
    return options(args).includes('u')
      ? String(number)
      : `uid=${number}(${user}) gid=${number}(${user}) groups=${number}(${user})`;
  }),
  date: prints((args, { now }) => {
    const at = new Date(now());
    const format = args.find((arg) => arg.startsWith('+'));
    return format
      ? formatDate(format.slice(1), at)
      : `${at.toUTCString().replace(/^(\w+), (\d+) (\w+) (\d+) (\S+) GMT$/, '$1 $3 $2 $5 UTC $4')}`;
  }),
  pwd: prints((_, { directory }) => directory),
  *export(args, { variables }) {
    yield say('');
    for (const word of args) {
      const at = word.indexOf('=');
      if (at > 0) variables.set(word.slice(0, at), word.slice(at + 1));
    }
    return 0;
  },
  *cd(args, context) {
    context.directory = absolute(args[0] ?? '/root', context.directory);
    yield say('');
    return 0;
  },
  env: prints((_, { user, directory, variables }) =>
    [
      `USER=${user}`,
      `PWD=${directory}`,
      ...[...variables].filter(([name]) => /^\w+$/.test(name)).map(([name, value]) => `${name}=${value}`),
    ].join('\n'),
  ),
  ps: prints(
    () =>
      '    PID TTY          TIME CMD\n      1 ?        00:00:02 systemd\n    912 ?        00:00:01 aliyun-service\n   4567 ?        00:00:00 ps',
  ),
  curl: metadata,
  // What the two Windows types are answered with.
  ver: prints(() => 'Microsoft Windows [Version 10.0.17763.5458]'),
  dir: prints(() => ' Volume in drive C has no label.'),
  timeout: pause,
  'Start-Sleep': pause,
  'Write-Output': echo,
  'Write-Host': echo,
  type: filter('type', (text) => text),
  'Get-Content': filter('Get-Content', (text) => text),
  'Get-Date': prints((_, { now }) => new Date(now()).toUTCString()),
};
