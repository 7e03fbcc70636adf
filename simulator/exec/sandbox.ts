/**
 * Runs scripts in a sandbox made of Linux namespaces. The rule: a script can reach its own instance and nothing
 * else, and with its first process everything it started ends.
 */
import { join, resolve } from 'node:path';
import { bubblewrapArgs } from './bubblewrap';
import type { BubblewrapPlan } from './bubblewrap';
import { ACCOUNTS, PREPARE } from './sandbox-script';
import { DirectoryFiles } from './guest-files';
import { GUEST_UID, GuestDirectories, runsAsRoot } from './guest-directory';
import { RealExecutor } from './real';
import type { RealLimits, RealStart } from './real';
import type { Ending, Job } from './types';

/** Processes, bytes of memory of each, bytes of a file. */
const LIMITS = [128, 4 * 1024 ** 3, 256 * 1024 ** 2] as const;

/** How `unshare` is called: every namespace there is, ended with its first process. */
const UNSHARE = [
  ...['unshare', '--user', '--map-root-user', '--mount', '--pid', '--fork', '--net', '--uts', '--ipc'],
  ...['--kill-child=SIGKILL', 'sh', '-c', PREPARE, 'prepare'],
];
const AS_GUEST = [`--reuid=${GUEST_UID}`, `--regid=${GUEST_UID}`, '--clear-groups'];

/** The programs that can build the sandbox, in the order in which they are tried. */
export const SANDBOX_TOOLS = ['bwrap', 'unshare'] as const;
/** One of them. */
export type SandboxTool = (typeof SANDBOX_TOOLS)[number];

/** Scripts in namespaces; see `PREPARE` for what is in there. */
export class SandboxExecutor extends RealExecutor {
  readonly mode = 'sandbox';
  readonly files: DirectoryFiles;
  private readonly directories: GuestDirectories;

  constructor(
    directory: string,
    private readonly tool: SandboxTool,
    limits: RealLimits,
  ) {
    super(limits);
    const guests = resolve(directory);
    this.directories = new GuestDirectories(guests);
    this.files = new DirectoryFiles(guests, join(guests, '..', 'kept'));
  }

  protected override async clean(instanceId: string): Promise<void> {
    await this.directories.remove(instanceId);
  }

  protected override async prepare(job: Job, file: boolean): Promise<RealStart | Ending> {
    const account = ACCOUNTS[job.username ?? 'root'];
    if (!account) return { kind: 'failed', code: 'AccountNotExists', message: '' };
    const script = `${job.id}.sh`;
    const directory = await this.directories.prepare(job.guest, { name: script, content: job.content });
    const plan: BubblewrapPlan = {
      directory,
      hostName: job.guest.hostName,
      uid: account.uid,
      workingDirectory: job.workingDirectory ?? account.home,
      script,
      limits: LIMITS,
      // Nothing but a file that is sent gets into /etc: a link that a script made there would be met from outside.
      etc: file ? 'rw' : 'ro',
    };
    return {
      command: 'setpriv',
      args: [...(runsAsRoot() ? AS_GUEST : []), '--pdeathsig=KILL', ...this.build(plan)],
      cwd: directory,
      env: environment(job.username ?? 'root', account.home),
      after: () => this.directories.removeScript(job.guest.id, script),
    };
  }

  private build(plan: BubblewrapPlan): string[] {
    if (this.tool === 'bwrap') return ['bwrap', ...bubblewrapArgs(plan)];
    const { hostName, uid, workingDirectory, script, limits, etc } = plan;
    return [...UNSHARE, hostName, String(uid), workingDirectory, script, ...limits.map(String), etc];
  }
}

function environment(user: string, home: string): Record<string, string> {
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: home,
    USER: user,
    LOGNAME: user,
    SHELL: '/bin/bash',
    LANG: 'C.UTF-8',
  };
}
