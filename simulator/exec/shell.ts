/**
 * Runs scripts as the person who started the simulator. The rule: nothing is held back, so it is chosen by name
 * only and the simulator says so when it starts.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { NO_FILES } from './guest-files';
import { RealExecutor } from './real';
import type { RealLimits, RealStart } from './real';
import { RUN_SCRIPT } from './sandbox-script';
import type { Ending, Job } from './types';

const START = `exec 2>&1
if ! cd "$1"; then printf DirectoryNotExists >&3; exit 1; fi
printf ready >&3
exec 3>&-
exec sh -c "$2" sh "$3"`;

/** Variables that would hand over more than a login shell has. */
const KEPT = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'TMPDIR', 'TZ'];

/** Scripts without a sandbox. */
export class ShellExecutor extends RealExecutor {
  readonly mode = 'shell';
  readonly files = NO_FILES;

  constructor(
    private readonly directory: string,
    limits: RealLimits,
  ) {
    super(limits);
  }

  protected override async clean(): Promise<void> {
    // Instances share this machine; none has anything of its own.
  }

  protected override async prepare(job: Job): Promise<RealStart | Ending> {
    const owner = process.env['USER'] ?? 'root';
    if (job.username !== undefined && ![owner, 'root'].includes(job.username))
      return { kind: 'failed', code: 'AccountNotExists', message: '' };
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const script = join(this.directory, `${job.id}.sh`);
    await writeFile(script, job.content, { mode: 0o700 });
    const env = Object.entries(process.env).filter(([name]) => KEPT.includes(name));
    return {
      command: 'sh',
      args: ['-c', START, 'sh', job.workingDirectory ?? homedir(), RUN_SCRIPT, script],
      cwd: this.directory,
      env: Object.fromEntries(env) as Record<string, string>,
      after: () => rm(script, { force: true }),
    };
  }
}
