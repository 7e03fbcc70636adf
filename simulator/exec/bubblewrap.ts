/**
 * The same view of the world, built by bubblewrap. The rule: what `PREPARE` gives and withholds, this gives and
 * withholds; the tests run against both.
 *
 * Some distributions allow unprivileged namespaces to bubblewrap only, so this is tried where `unshare` is refused.
 */
import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { OWN_PARTS, RUN_SCRIPT, SHARED_ETC } from './sandbox-script';

/** What differs from run to run. */
export interface BubblewrapPlan {
  /** The directory of the instance on this machine; absolute. */
  readonly directory: string;
  readonly hostName: string;
  readonly uid: number;
  readonly workingDirectory: string;
  readonly script: string;
  /** Processes, bytes of memory, bytes of a file. */
  readonly limits: readonly [number, number, number];
  /** Whether /etc can be written. */
  readonly etc: 'ro' | 'rw';
}

const INSIDE = `exec 2>&1
if ! cd "$1"; then printf DirectoryNotExists >&3; exit 1; fi
printf ready >&3
exec 3>&-
exec prlimit --nproc="$3" --as="$4" --fsize="$5" --core=0 -- setpriv --no-new-privs sh -c "$6" sh "/run/cloud-assist/$2"`;

/** The command line of bubblewrap. */
export function bubblewrapArgs(plan: BubblewrapPlan): string[] {
  const own = (part: string): string => join(plan.directory, part);
  const inside = [plan.workingDirectory, plan.script, ...plan.limits.map(String), RUN_SCRIPT];
  return [
    ...['--unshare-all', '--unshare-user', '--disable-userns', '--die-with-parent', '--cap-drop', 'ALL'],
    ...['--hostname', plan.hostName, '--uid', String(plan.uid), '--gid', String(plan.uid)],
    ...systemArgs(),
    ...['--proc', '/proc', '--dev', '/dev', '--tmpfs', '/dev/shm', '--remount-ro', '/dev'],
    ...['--ro-bind', own('sys/boot_id'), '/proc/sys/kernel/random/boot_id'],
    ...[
      '--ro-bind',
      own('sys'),
      '/run/cloud-assist',
      plan.etc === 'rw' ? '--bind' : '--ro-bind',
      own('etc'),
      '/etc',
    ],
    ...SHARED_ETC.flatMap((name) => ['--ro-bind-try', `/etc/${name}`, `/etc/${name}`]),
    ...OWN_PARTS.flatMap((part) => ['--bind', own(part), `/${part}`]),
    ...['--bind', own('tmp'), '/var/tmp'],
    ...['--remount-ro', '/', '--', 'sh', '-c', INSIDE, 'sh', ...inside],
  ];
}

function systemArgs(): string[] {
  const args = ['--ro-bind', '/usr', '/usr'];
  for (const name of ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32']) {
    if (!existsSync(`/${name}`)) continue;
    if (lstatSync(`/${name}`).isSymbolicLink()) args.push('--symlink', `usr/${name}`, `/${name}`);
    else args.push('--ro-bind', `/${name}`, `/${name}`);
  }
  return args;
}
