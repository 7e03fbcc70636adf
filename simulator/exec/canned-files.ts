/**
 * The files that canned scripts write, and the commands about them. The rule: they are in memory, below the same
 * directories as in the sandbox, and bounded.
 */
import type { Command, Context, Step } from './canned-commands';
import { isSystemDisk } from './guest-files';
import type { GuestFiles, Place } from './guest-files';

type Files = Map<string, string>;

/** Bytes that all files of one guest may take. */
export const MOST_BYTES = 1_048_576;
const WRITABLE = /^\/(?:root|home|tmp|mnt\/[\w-]+)\//;

/** The files of all canned guests, and what is kept of them. */
export class CannedFiles implements GuestFiles {
  private guests = new Map<string, Files>();
  private kept = new Map<string, Files>();

  /** A file of a guest. */
  read(guest: string, path: string): string | undefined {
    return this.guests.get(guest)?.get(path);
  }

  /** The paths of a guest's files. */
  paths(guest: string): string[] {
    return [...(this.guests.get(guest)?.keys() ?? [])].sort();
  }

  /** Writes a file; the reason when it cannot be. */
  write(guest: string, path: string, content: string): string | undefined {
    if (!WRITABLE.test(path)) return 'Read-only file system';
    const files = this.guests.get(guest) ?? new Map<string, string>();
    const others = [...files].reduce((sum, [name, text]) => sum + (name === path ? 0 : text.length), 0);
    if (others + content.length > MOST_BYTES) return 'No space left on device';
    this.guests.set(guest, files.set(path, content));
    return undefined;
  }

  /** Removes a file, or all below a directory; false when there was nothing. */
  erase(guest: string, path: string): boolean {
    const gone = this.paths(guest).filter((name) => name === path || name.startsWith(`${path}/`));
    for (const name of gone) this.guests.get(guest)?.delete(name);
    return gone.length > 0;
  }

  /** Removes all of a guest. */
  forget(guest: string): void {
    this.guests.delete(guest);
  }

  async copy(from: Place, to: Place): Promise<void> {
    const found = this.at(from);
    if (found.size === 0) return;
    if ('kept' in to) return void this.kept.set(to.kept, found);
    const files = this.guests.get(to.guest) ?? new Map<string, string>();
    for (const [path, content] of found) files.set(prefix(to) + path, content);
    this.guests.set(to.guest, files);
  }

  async remove(place: Place): Promise<void> {
    if ('kept' in place) this.kept.delete(place.kept);
    else this.erase(place.guest, prefix(place));
  }

  /** Everything, for the state file. */
  save(): unknown {
    return { guests: this.guests, kept: this.kept };
  }

  /** What an earlier run saved. */
  restore(saved: unknown): void {
    ({ guests: this.guests, kept: this.kept } = saved as {
      guests: Map<string, Files>;
      kept: Map<string, Files>;
    });
  }

  private at(place: Place): Files {
    if ('kept' in place) return new Map(this.kept.get(place.kept));
    const own = [...(this.guests.get(place.guest) ?? [])];
    if (isSystemDisk(place)) return new Map(own.filter(([path]) => !path.startsWith('/mnt/')));
    const head = prefix(place);
    const below = own.filter(([path]) => path.startsWith(`${head}/`));
    return new Map(below.map(([path, content]) => [path.slice(head.length), content]));
  }
}

function prefix(place: { readonly disk?: string }): string {
  return place.disk === undefined ? '' : `/mnt/${place.disk}`;
}

/** The path a word means in the script's directory. */
export function absolute(path: string, directory: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${directory}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

const say = (text: string): Step => ({ kind: 'output', text });

function* each(
  name: string,
  args: readonly string[],
  context: Context,
  act: (path: string) => string | undefined,
): Generator<Step, number> {
  let status = 0;
  for (const arg of args.filter((word) => !word.startsWith('-'))) {
    const problem = act(absolute(arg, context.directory));
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
    if (names.size > 0)
      yield say(
        [...names]
          .sort()
          .map((name) => `${name}\n`)
          .join(''),
      );
    else yield say('');
    return 0;
  },
};

const ROOT = 'bin boot dev etc home lib lib64 opt proc root run sbin sys tmp usr var'.split(' ');
