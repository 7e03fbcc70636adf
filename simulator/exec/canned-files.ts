/**
 * The files of canned guests: what scripts write, and what is sent. The rule: they are in memory, below the same
 * directories as in the sandbox, and bounded.
 */
import { isSystemDisk } from './guest-files';
import type { GuestFiles, Place } from './guest-files';

/** A file and what `ls -l` says of it. */
export interface CannedFile {
  readonly content: string;
  /** Octal. */
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
}

type Files = Map<string, CannedFile>;

const PLAIN = { mode: '0644', owner: 'root', group: 'root' } as const;

/** Bytes that all files of one guest may take. */
export const MOST_BYTES = 1_048_576;
const WRITABLE = /^\/(?:root|home|opt|srv|tmp|mnt\/[\w-]+|[A-Z]:)\//;
/** How a path on Windows begins. */
const DRIVE = /^[A-Za-z]:[\\/]/;
/** What is in the root of every guest. */
export const ROOT = 'bin boot dev etc home lib lib64 opt proc root run sbin srv sys tmp usr var'.split(' ');
/** Where not even root puts a file. */
const NOT_ON_DISK = /^\/(?:proc|sys|dev|run)(?:\/|$)/;

/** The files of all canned guests, and what is kept of them. */
export class CannedFiles implements GuestFiles {
  private guests = new Map<string, Files>();
  private kept = new Map<string, Files>();

  /** The content of a guest's file. */
  read(guest: string, path: string): string | undefined {
    return this.find(guest, path)?.content;
  }

  /** A guest's file. */
  find(guest: string, path: string): CannedFile | undefined {
    return this.guests.get(guest)?.get(path);
  }

  /** The paths of a guest's files. */
  paths(guest: string): string[] {
    return [...(this.guests.get(guest)?.keys() ?? [])].sort();
  }

  /** Writes what a script writes; the reason when it cannot be. */
  write(guest: string, path: string, content: string): string | undefined {
    if (!WRITABLE.test(path)) return 'Read-only file system';
    return this.put(guest, path, { ...(this.find(guest, path) ?? PLAIN), content });
  }

  /** Puts a file that is sent anywhere on the disk, as root; the reason when it cannot be. */
  place(guest: string, path: string, file: CannedFile): string | undefined {
    if (NOT_ON_DISK.test(path)) return 'Read-only file system';
    const isDirectory = this.paths(guest).some((name) => name.startsWith(`${path}/`));
    if (isDirectory || path === '/' || ROOT.includes(path.slice(1))) return 'Is a directory';
    const above = path.split('/').map((_, index, parts) => parts.slice(0, index).join('/'));
    if (above.some((name) => this.find(guest, name))) return 'Not a directory';
    return this.put(guest, path, file);
  }

  /** Changes the mode of a file; false when there is none. */
  change(guest: string, path: string, mode: string): boolean {
    const file = this.find(guest, path);
    if (file) this.guests.get(guest)?.set(path, { ...file, mode });
    return file !== undefined;
  }

  private put(guest: string, path: string, file: CannedFile): string | undefined {
    const files: Files = this.guests.get(guest) ?? new Map<string, CannedFile>();
    const others = [...files].reduce(
      (sum, [name, { content }]) => sum + (name === path ? 0 : content.length),
      0,
    );
    if (others + file.content.length > MOST_BYTES) return 'No space left on device';
    this.guests.set(guest, files.set(path, file));
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
    const files: Files = this.guests.get(to.guest) ?? new Map<string, CannedFile>();
    for (const [path, file] of found) files.set(prefix(to) + path, file);
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
    return new Map(below.map(([path, file]) => [path.slice(head.length), file]));
  }
}

function prefix(place: { readonly disk?: string }): string {
  return place.disk === undefined ? '' : `/mnt/${place.disk}`;
}

/** The parts of `C:\\app\\conf`: `C:`, `app`, `conf`. */
function windowsParts(path: string): string[] {
  const [drive = '', ...parts] = path.split(/[\\/]+/);
  const kept: string[] = [];
  for (const part of parts)
    if (part === '..') kept.pop();
    else if (part !== '' && part !== '.') kept.push(part);
  return [drive.toUpperCase(), ...kept];
}

/** The path a word means in the script's directory. The drives of Windows are directories of the root here. */
export function absolute(path: string, directory: string): string {
  if (DRIVE.test(path)) return `/${windowsParts(path).join('/')}`;
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${directory}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
