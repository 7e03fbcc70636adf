/**
 * The part of the disk that is one instance's. The rule: what a script can write is `OWN_PARTS`;
 * what the simulator tells it, in `etc` and `sys`, belongs to the simulator.
 *
 * Where the simulator runs as root, scripts run as an account that no host has, so the files are given to it.
 */
import { existsSync, statSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ACCOUNTS, ETC, OWN_PARTS, SHARED_ETC } from './sandbox-script';
import type { Guest } from './types';

/** The account scripts have on this machine when the simulator is root: outside every range that is given out. */
export const GUEST_UID = 61_001;

/** True where the simulator can, and therefore must, change to another account. */
export function runsAsRoot(): boolean {
  return process.getuid?.() === 0;
}

/** The directories of all instances below one directory. */
export class GuestDirectories {
  private readonly made = new Map<string, Promise<string>>();
  /** What the guest was told last: boot id and host name. */
  private readonly told = new Map<string, string>();

  constructor(private readonly base: string) {}

  /** Makes the directory of an instance and writes what its guest is told now. */
  async prepare(guest: Guest, script: { name: string; content: Buffer }): Promise<string> {
    if (!/^[\w-]+$/.test(guest.id)) throw new Error(`not an instance id: ${guest.id}`);
    let made = this.made.get(guest.id);
    if (!made) this.made.set(guest.id, (made = this.make(join(this.base, guest.id))));
    const directory = await made;
    await this.tell(directory, script.name, script.content);
    const now = `${guest.bootId} ${guest.hostName}`;
    if (this.told.get(guest.id) !== now) {
      await this.tell(directory, 'boot_id', Buffer.from(`${guest.bootId}\n`));
      await this.tell(directory, 'hostname', Buffer.from(`${guest.hostName}\n`));
      await this.tell(directory, 'hosts', Buffer.from(`127.0.0.1 localhost ${guest.hostName}\n`));
      this.told.set(guest.id, now);
    }
    return directory;
  }

  /** Removes a script that has ended. */
  async removeScript(guestId: string, name: string): Promise<void> {
    await rm(join(this.base, guestId, 'sys', name), { force: true });
  }

  /** Removes all of an instance. */
  async remove(guestId: string): Promise<void> {
    this.made.delete(guestId);
    if (!/^[\w-]+$/.test(guestId)) return;
    this.told.delete(guestId);
    const directory = join(this.base, guestId);
    // Scripts may have taken rights from their directories; who is not root needs them to remove what is inside.
    await openUp(directory);
    await rm(directory, { recursive: true, force: true });
  }

  private async tell(directory: string, name: string, content: Buffer): Promise<void> {
    const path = join(directory, 'sys', name);
    // Written aside first: a script that runs at the same time must never see half a file.
    const aside = `${path}.${process.hrtime.bigint()}`;
    await writeFile(aside, content);
    await chmod(aside, 0o755);
    await rename(aside, path);
  }

  private async make(directory: string): Promise<string> {
    const etc = join(directory, 'etc');
    for (const open of [directory, join(directory, 'sys'), etc]) {
      await mkdir(open, { recursive: true });
      // Whatever the umask: the account of the scripts must be able to look into these.
      await chmod(open, 0o755);
    }
    await this.fillEtc(etc);
    // Files that are sent get here, by the account of the scripts; the scripts themselves find it read-only.
    if (runsAsRoot()) await chown(etc, GUEST_UID, GUEST_UID);
    const homes = Object.values(ACCOUNTS).map(({ home }) => home.slice(1));
    for (const part of [...new Set([...OWN_PARTS, ...homes])].sort()) {
      // What is there already came with an image, owners included, and a link in it must not be followed.
      const made = await mkdir(join(directory, part), { recursive: true });
      if (made !== undefined && runsAsRoot()) await chown(join(directory, part), GUEST_UID, GUEST_UID);
    }
    return directory;
  }

  private async fillEtc(etc: string): Promise<void> {
    // Whatever came with an image: what is written here is written anew, and through no link.
    const names = [...Object.keys(ETC), ...SHARED_ETC];
    for (const name of names) await rm(join(etc, name), { recursive: true, force: true });
    for (const [name, content] of Object.entries(ETC)) {
      await writeFile(join(etc, name), content, { flag: 'wx' });
      await chmod(join(etc, name), 0o644);
    }
    const links = { hosts: '/run/cloud-assist/hosts', hostname: '/run/cloud-assist/hostname' };
    for (const [name, target] of Object.entries({ ...links, 'os-release': '../usr/lib/os-release' })) {
      await rm(join(etc, name), { recursive: true, force: true });
      await symlink(target, join(etc, name));
    }
    // Places for what is mounted from this machine.
    for (const name of SHARED_ETC.filter((shared) => existsSync(`/etc/${shared}`))) {
      if (statSync(`/etc/${name}`).isDirectory()) await mkdir(join(etc, name), { recursive: true });
      else await writeFile(join(etc, name), '');
    }
  }
}

async function openUp(directory: string): Promise<void> {
  const isOwn = await chmod(directory, 0o700).then(
    () => true,
    () => false,
  );
  if (!isOwn) return;
  // Links are not followed: an entry that is a link is no directory here.
  for (const entry of await readdir(directory, { withFileTypes: true }))
    if (entry.isDirectory()) await openUp(join(directory, entry.name));
}
