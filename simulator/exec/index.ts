/**
 * Chooses how commands are run. The rule: the sandbox where it works, canned where it does not, and the shell only
 * when it is asked for by name.
 */
import { join } from 'node:path';
import { CannedExecutor } from './canned';
import { CannedFiles } from './canned-files';
import { NO_FILES } from './guest-files';
import type { GuestFiles, Place } from './guest-files';
import { probeSandbox } from './probe';
import type { ProbeResult } from './probe';
import { SandboxExecutor } from './sandbox';
import { ScriptedAnswers, ScriptedExecutor } from './scripted';
import { ShellExecutor } from './shell';
import type { ExecMode, Executor, FileJob, Job, RunningJob, Timers } from './types';

export { CannedFiles, NO_FILES, ScriptedAnswers };
export type { GuestFiles, Place };
export type { ScriptedAnswerInput } from './scripted';

export type { CommandType, Executor, FailureCode, Finished, Guest, RunningJob, Timers } from './types';

/** What an executor is made of. */
export interface ExecOptions {
  /** Without a mode: the sandbox where it works, else canned. */
  readonly mode?: ExecMode;
  /** Where instances have their directories; needed by sandbox and shell. */
  readonly directory: string;
  /** Bytes of output kept per execution; asked for at every start. */
  readonly outputLimit: () => number;
  readonly answers: ScriptedAnswers;
  /** What canned guests have written. */
  readonly cannedFiles?: CannedFiles;
  /** Real processes at a time; 64 per core unless told. */
  readonly concurrency?: number;
  readonly timers: Timers;
  /** Told what the person who started the simulator must know. */
  readonly warn?: (message: string) => void;
}

/** Makes the executor. Throws where the sandbox was asked for and does not work. */
export async function createExecutor(options: ExecOptions): Promise<Executor> {
  const { answers, timers, outputLimit } = options;
  const executor = await choose(options);
  const canned = executor.mode === 'canned';
  const windows = canned ? executor : new CannedExecutor(timers, outputLimit, options.cannedFiles);
  return new ScriptedExecutor(new ByGuest(executor, windows), answers, timers, outputLimit);
}

/** No Windows runs here: its scripts are answered from prepared data in every mode. */
class ByGuest implements Executor {
  constructor(
    private readonly inner: Executor,
    private readonly windows: Executor,
  ) {}

  get mode(): ExecMode {
    return this.inner.mode;
  }

  get files(): GuestFiles {
    return this.inner.files;
  }

  run(job: Job): RunningJob {
    return (job.guest.osType === 'windows' ? this.windows : this.inner).run(job);
  }

  send(file: FileJob): RunningJob {
    return (file.guest.osType === 'windows' ? this.windows : this.inner).send(file);
  }

  async forget(instanceId: string): Promise<void> {
    await Promise.all([this.inner.forget(instanceId), this.windows.forget(instanceId)]);
  }

  async close(): Promise<void> {
    await Promise.all([this.inner.close(), this.windows.close()]);
  }
}

async function choose(options: ExecOptions): Promise<Executor> {
  const { mode, outputLimit, timers, warn = () => undefined } = options;
  const limits = { running: options.concurrency, outputLimit };
  if (mode === 'canned') return new CannedExecutor(timers, outputLimit, options.cannedFiles);
  if (mode === 'shell') {
    warn('commands run on this machine as you, without a sandbox (--exec shell)');
    return new ShellExecutor(join(options.directory, 'shell'), limits);
  }
  const directory = join(options.directory, 'instances');
  const found = await probeSandbox(directory);
  if (found.tool) return new SandboxExecutor(directory, found.tool, limits);
  if (mode === 'sandbox') throw new Error(explain(found));
  warn(`${found.reason ?? ''}; commands are answered from prepared data (--exec canned)`);
  return new CannedExecutor(timers, outputLimit, options.cannedFiles);
}

function explain(found: ProbeResult): string {
  return `--exec sandbox is impossible: ${found.reason ?? ''}. Use --exec canned, or --exec shell to run commands as you.`;
}
