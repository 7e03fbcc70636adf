/**
 * What instances have written, and copies of it. The rule: a place is the system disk of a guest, a data disk of a
 * guest, or something kept under the id of a disk or snapshot; whoever copies knows nothing of the API.
 */
import { execFile } from 'node:child_process';
import { chmod, lstat, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Where files are. Without `disk` a guest's system disk is meant. */
export type Place = { readonly guest: string; readonly disk?: string } | { readonly kept: string };

/** Copies and removes files of guests. */
export interface GuestFiles {
  /** Copies everything; what is not there is nothing to copy. */
  copy(from: Place, to: Place): Promise<void>;
  remove(place: Place): Promise<void>;
}

/** The directories of a guest that are its system disk. */
export const SYSTEM_PARTS = ['root', 'home', 'opt', 'srv', 'tmp', 'etc'] as const;

/** For executors whose guests have nothing of their own. */
export const NO_FILES: GuestFiles = {
  copy: () => Promise.resolve(),
  remove: () => Promise.resolve(),
};

const run = promisify(execFile);

/** Files in directories: those of the guests below one, what is kept below another. */
export class DirectoryFiles implements GuestFiles {
  constructor(
    private readonly guests: string,
    private readonly kept: string,
  ) {}

  async copy(from: Place, to: Place): Promise<void> {
    const isSystem = isSystemDisk(from) || isSystemDisk(to);
    for (const part of isSystem ? SYSTEM_PARTS : ['.']) {
      const [source, target] = [join(this.path(from), part), join(this.path(to), part)];
      if (!(await isDirectory(source))) continue;
      await mkdir(target, { recursive: true });
      // Links stay links and owners stay owners; what a script took its own rights from cannot be read and is left out.
      await run('cp', ['-a', '--', `${source}/.`, target]).catch(() => undefined);
      // The simulator itself writes there; a disk that scripts could write meanwhile may have links.
      if (part === 'etc') await run('find', [target, '-type', 'l', '-delete']);
    }
  }

  async remove(place: Place): Promise<void> {
    if (isSystemDisk(place)) throw new Error('a system disk goes with its instance');
    const path = this.path(place);
    if (!(await isDirectory(path))) return;
    await chmod(path, 0o700).catch(() => undefined);
    await rm(path, { recursive: true, force: true });
  }

  private path(place: Place): string {
    const ids =
      'kept' in place ? [place.kept] : [place.guest, ...(place.disk === undefined ? [] : [place.disk])];
    for (const id of ids) if (!/^[\w-]+$/.test(id)) throw new Error(`not an id: ${id}`);
    if ('kept' in place) return join(this.kept, place.kept);
    return place.disk === undefined
      ? join(this.guests, place.guest)
      : join(this.guests, place.guest, 'mnt', place.disk);
  }
}

/** True when the place is the system disk of a guest. */
export function isSystemDisk(place: Place): boolean {
  return 'guest' in place && place.disk === undefined;
}

/** A link to a directory is none: what is behind it is not the guest's. */
async function isDirectory(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
