/**
 * Answers scripts from prepared data, in the simulator's time. The rule: nothing of this machine is read or run;
 * what scripts write is kept in memory.
 */
import { CannedFiles } from './canned-files';
import type { Context, Step } from './canned-commands';
import { runScript } from './canned-shell';
import { PretendedJob } from './pretended';
import { ACCOUNTS } from './sandbox-script';
import type { Ending, Executor, Job, RunningJob, Timers } from './types';

const DIRECTORIES =
  /^(?:\/(?:bin|dev|etc|home|lib|media|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var)?(?:\/|$)|[A-Za-z]:\\)/;

/** Scripts that are only answered. */
export class CannedExecutor implements Executor {
  readonly mode = 'canned';
  private readonly jobs = new Set<PretendedJob>();

  constructor(
    private readonly timers: Timers,
    private readonly outputLimit: () => number,
    readonly files = new CannedFiles(),
  ) {}

  run(job: Job): RunningJob {
    const running = new PretendedJob(job, this.timers, this.outputLimit(), this.answer(job));
    this.jobs.add(running);
    void running.done.then(() => this.jobs.delete(running));
    return running;
  }

  async forget(instanceId: string): Promise<void> {
    this.files.forget(instanceId);
  }

  async close(): Promise<void> {
    const jobs = [...this.jobs];
    for (const job of jobs) job.kill();
    await Promise.all(jobs.map((job) => job.done));
  }

  private answer(job: Job): Generator<Step, number> | Ending {
    const user = job.username ?? 'root';
    if (!ACCOUNTS[user] && job.guest.osType === 'linux')
      return { kind: 'failed', code: 'AccountNotExists', message: '' };
    const directory = job.workingDirectory ?? ACCOUNTS[user]?.home ?? '/root';
    if (!DIRECTORIES.test(directory)) return { kind: 'failed', code: 'DirectoryNotExists', message: '' };
    const context: Context = {
      guest: job.guest,
      user,
      directory,
      input: '',
      variables: new Map(),
      files: this.files,
      now: () => this.timers.now(),
    };
    return runScript(job.content.toString(), context);
  }
}
