/**
 * What the executors that start real processes have in common. The rule: only so many start at a time and only so
 * many run at a time, so that a fleet of a thousand does not become a thousand processes.
 */
import { availableParallelism } from 'node:os';
import { Child } from './child';
import type { GuestFiles } from './guest-files';
import { fileScript, writtenOr } from './file-script';
import { launched } from './launcher';
import { Slots } from './slots';
import type { Ending, ExecMode, Executor, FileJob, Finished, Job, RunningJob } from './types';

/** How many at a time, and how much output is kept. */
export interface RealLimits {
  /** Scripts that run at a time; the others wait. */
  readonly running?: number;
  readonly outputLimit: () => number;
}

/** What to start. */
export interface RealStart {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Cleans up when the process has ended. */
  after?(): Promise<void>;
}

/** Most scripts wait for something rather than compute, so there are many places for each core. */
const RUNNING_PER_CORE = 64;
/** Starting is work; more at a time would only make each slower. */
const STARTING_PER_CORE = 2;

const NOTHING = { output: Buffer.alloc(0), dropped: 0 };

/** Runs jobs as processes of this machine. */
export abstract class RealExecutor implements Executor {
  abstract readonly mode: ExecMode;
  abstract readonly files: GuestFiles;
  private readonly running: Slots;
  private readonly starting = new Slots(STARTING_PER_CORE * availableParallelism());
  private readonly jobs = new Set<RealJob>();
  private closed = false;

  constructor(private readonly limits: RealLimits) {
    this.running = new Slots(limits.running ?? RUNNING_PER_CORE * availableParallelism());
  }

  /** Says what to start, or why the job cannot be carried out. `file`: it is ours, and writes a file of the guest. */
  protected abstract prepare(job: Job, file: boolean): Promise<RealStart | Ending>;

  /** Removes what an instance left behind; nothing of it runs any more. */
  protected abstract clean(instanceId: string): Promise<void>;

  async forget(instanceId: string): Promise<void> {
    const jobs = [...this.jobs].filter((running) => running.guestId === instanceId);
    for (const running of jobs) running.kill();
    // A script that still ran could put a link in the way of what is being removed.
    await Promise.all(jobs.map((running) => running.done));
    await this.clean(instanceId);
  }

  run(job: Job): RunningJob {
    return this.enqueue(job, false);
  }

  /** A file is written by a script of ours, where the scripts of the instance run: it can reach no more than they can. */
  send(file: FileJob): RunningJob {
    const running = this.enqueue(
      {
        id: file.id,
        guest: file.guest,
        type: 'RunShellScript',
        content: fileScript(file),
        timeoutMs: file.timeoutMs,
        workingDirectory: '/',
        reportsWhileRunning: false,
        onStart: () => file.onStart(),
      },
      true,
    );
    return {
      done: running.done.then(writtenOr),
      output: () => NOTHING.output,
      kill: () => running.kill(),
    };
  }

  private enqueue(job: Job, file: boolean): RealJob {
    const running = new RealJob(job.guest.id, (started) => this.start(job, file, started));
    this.jobs.add(running);
    running.giveUp = this.running.take(() => {
      running.holdsPlace = true;
      running.giveUp = this.starting.take(() => running.start(() => this.starting.release()));
    });
    void running.done.then(() => {
      if (running.holdsPlace) this.running.release();
      this.jobs.delete(running);
    });
    if (this.closed) running.kill();
    return running;
  }

  async close(): Promise<void> {
    this.closed = true;
    const jobs = [...this.jobs];
    for (const job of jobs) job.kill();
    await Promise.all(jobs.map((job) => job.done));
  }

  private async start(
    job: Job,
    file: boolean,
    started: () => void,
  ): Promise<{ child: Child; start: RealStart } | Ending> {
    const content = job.launcher ? launched(job.content, job.launcher) : job.content;
    const start = await this.prepare({ ...job, content }, file);
    if ('kind' in start) return start;
    const child = new Child({
      ...start,
      timeoutMs: job.timeoutMs,
      outputLimit: this.limits.outputLimit(),
      reportsWhileRunning: job.reportsWhileRunning,
      onStart: () => {
        started();
        job.onStart();
      },
      onOutput: (chunk) => job.onOutput?.(chunk),
    });
    return { child, start };
  }
}

type Starter = (started: () => void) => Promise<{ child: Child; start: RealStart } | Ending>;

/** A job that waits for its place, then is a process. */
class RealJob implements RunningJob {
  readonly done: Promise<Finished>;
  holdsPlace = false;
  giveUp: () => void = () => undefined;
  private resolve: (finished: Finished) => void = () => undefined;
  private child: Child | undefined;
  private isKilled = false;
  private isBegun = false;

  constructor(
    readonly guestId: string,
    private readonly starter: Starter,
  ) {
    this.done = new Promise((resolve) => (this.resolve = resolve));
  }

  /** Starts the process; `free` is called once, when the start is over. */
  start(free: () => void): void {
    this.isBegun = true;
    let isFree = false;
    const freeOnce = (): void => {
      if (!isFree) free();
      isFree = true;
    };
    void this.carryOut(freeOnce)
      .catch((error: unknown): Finished => ({ ending: unableTo(error), ...NOTHING }))
      .then((finished) => {
        freeOnce();
        this.resolve(finished);
      });
  }

  output(): Buffer {
    return this.child?.output() ?? NOTHING.output;
  }

  kill(): void {
    if (this.isKilled) return;
    this.isKilled = true;
    this.child?.kill();
    // A start under way ends as soon as there is something to end.
    if (this.isBegun) return;
    this.giveUp();
    this.resolve({ ending: { kind: 'killed' }, ...NOTHING });
  }

  private async carryOut(started: () => void): Promise<Finished> {
    const begun = await this.starter(started);
    if ('kind' in begun) return { ending: begun, ...NOTHING };
    this.child = begun.child;
    if (this.isKilled) this.child.kill();
    const finished = await this.child.done;
    await begun.start.after?.();
    return finished;
  }
}

function unableTo(error: unknown): Ending {
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'failed', code: 'ExecutionException', message };
}
