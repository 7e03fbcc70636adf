/**
 * The canned commands about files. The rule: they know what `CannedFiles` knows, and say of everything else that it is
 * not there.
 */
import { createHash } from 'node:crypto';
import type { Command, Context, Step } from './canned-commands';
import { absolute, ROOT } from './canned-files';
import type { CannedFile } from './canned-files';

const say = (text: string): Step => ({ kind: 'output', text });

function* each(
  name: string,
  args: readonly string[],
  context: Context,
  act: (path: string, word: string) => string | undefined | Generator<Step, string | undefined>,
): Generator<Step, number> {
  let status = 0;
  for (const arg of args.filter((word) => !word.startsWith('-'))) {
    const acted = act(absolute(arg, context.directory), arg);
    const problem = typeof acted === 'object' ? yield* acted : acted;
    if (problem === undefined) continue;
    yield say(`${name}: ${arg}: ${problem}\n`);
    status = 1;
  }
  return status;
}

function test(args: readonly string[], context: Context): number {
  const words = args.filter((word) => word !== ']');
  const [first = '', second = '', third = ''] = words;
  if (words.length === 3) return (second === '!=') === (first !== third) ? 0 : 1;
  if (first === '-n') return second === '' ? 1 : 0;
  if (first === '-z') return second === '' ? 0 : 1;
  const path = absolute(second, context.directory);
  const below = context.files.paths(context.guest.id).some((name) => name.startsWith(`${path}/`));
  const content = context.files.read(context.guest.id, path);
  if (first === '-s') return content ? 0 : 1;
  if (first === '-d') return below ? 0 : 1;
  if (first === '-f') return content === undefined ? 1 : 0;
  if (first === '-e') return content === undefined && !below ? 1 : 0;
  return first === '' ? 1 : 0;
}

const testing: Command = function* (args, context) {
  yield say('');
  return test(args, context);
};

/** The commands about files, by name. */
export const FILE_COMMANDS: Readonly<Record<string, Command>> = {
  // Directories are where files are; making one is remembering nothing.
  mkdir: (args, context) => each('mkdir', args, context, () => undefined),
  touch: (args, context) =>
    each('touch', args, context, (path) =>
      context.files.write(context.guest.id, path, context.files.read(context.guest.id, path) ?? ''),
    ),
  rm: (args, context) =>
    each('rm', args, context, (path) =>
      context.files.erase(context.guest.id, path) || args.some((word) => /^-\w*f/.test(word))
        ? undefined
        : 'No such file or directory',
    ),
  test: testing,
  '[': testing,
  *ls(args, context) {
    const [word = context.directory] = args.filter((arg) => !arg.startsWith('-'));
    const path = absolute(word, context.directory);
    const head = path === '/' ? '/' : `${path}/`;
    const below = context.files.paths(context.guest.id).filter((name) => name.startsWith(head));
    const names = new Set(below.map((name) => name.slice(head.length).split('/')[0] ?? ''));
    if (path === '/') for (const name of ROOT) names.add(name);
    const own = context.files.find(context.guest.id, path);
    const shown = own ? [word] : [...names].sort();
    const isLong = args.some((arg) => /^-\w*l/.test(arg));
    const line = (name: string): string => {
      const file = own ?? context.files.find(context.guest.id, head + name);
      return isLong ? long(name, file) : `${name}\n`;
    };
    yield say(shown.map(line).join(''));
    return 0;
  },
  chmod([mode = '', ...names], context) {
    return each('chmod', names, context, (path) =>
      !/^[0-7]{3,4}$/.test(mode)
        ? `invalid mode: ${mode} (canned mode knows octal ones)`
        : context.files.change(context.guest.id, path, mode)
          ? undefined
          : 'No such file or directory',
    );
  },
  stat(args, context) {
    const at = args.findIndex((arg) => arg === '-c' || arg === '--format');
    const names = args.filter((_, index) => at < 0 || (index !== at && index !== at + 1));
    return each('stat', names, context, function* (path) {
      const file = context.files.find(context.guest.id, path);
      if (!file) return 'No such file or directory';
      yield say(`${at < 0 ? long(path, file).trimEnd() : statLine(args[at + 1] ?? '', path, file)}\n`);
      return undefined;
    });
  },
  md5sum: (args, context) => sums('md5', args, context),
  sha256sum: (args, context) => sums('sha256', args, context),
};

function sums(
  algorithm: 'md5' | 'sha256',
  args: readonly string[],
  context: Context,
): Generator<Step, number> {
  return each(`${algorithm}sum`, args, context, function* (path, word) {
    const content = context.files.read(context.guest.id, path);
    if (content === undefined) return 'No such file or directory';
    yield say(`${createHash(algorithm).update(content).digest('hex')}  ${word}\n`);
    return undefined;
  });
}

/** A line of `ls -l`. */
function long(name: string, file: CannedFile | undefined): string {
  if (!file) return `drwxr-xr-x 2 root root 4096 ${name}\n`;
  const { mode, owner, group, content } = file;
  const rights = [...mode.slice(-3)].map((digit) =>
    [...'rwx'].map((right, index) => ((Number(digit) >> (2 - index)) & 1 ? right : '-')).join(''),
  );
  return `-${rights.join('')} 1 ${owner} ${group} ${Buffer.byteLength(content)} ${name}\n`;
}

function statLine(format: string, path: string, { mode, owner, group, content }: CannedFile): string {
  const parts: Readonly<Record<string, string>> = {
    a: mode.replace(/^0+(?=.)/, ''),
    U: owner,
    G: group,
    s: String(Buffer.byteLength(content)),
    n: path,
    F: 'regular file',
  };
  return format.replace(/%([aUGsnF])/g, (_, letter: string) => parts[letter] ?? '');
}
