/**
 * A job that only passes time and writes text. The rule: however long it pretends to run, it holds one timer.
 */
import type { Step } from './canned-commands';
import { OutputBuffer } from './output-buffer';
import type { Ending, Finished, Job, RunningJob, Timers } from './types';

/** What a pretended job has to know of itself. */
export type Pretended = Pick<Job, 'timeoutMs' | 'reportsWhileRunning' | 'onStart' | 'onOutput'>;

const REPORT_MS = 1_000;
/** Steps without any time between them are carried out this many at a time. */
const STEPS_AT_ONCE = 1_000;

/** What a pretended job does: a script step by step, or an ending at once. */
export type Pretence = Generator<Step, number | Ending> | Ending;

/** A job under way that is no process. */
export class PretendedJob implements RunningJob {
  readonly done: Promise<Finished>;
  private resolve: (finished: Finished) => void = () => undefined;
  private readonly buffer: OutputBuffer;
  private readonly startedAt: number;
  private lastReport = 0;
  private timer: { cancel(): void } | undefined;
  private readonly deadline: { cancel(): void } | undefined;
  private isOver = false;

  constructor(
    private readonly job: Pretended,
    private readonly timers: Timers,
    outputLimit: number,
    pretence: Pretence,
  ) {
    this.buffer = new OutputBuffer(outputLimit);
    this.done = new Promise((resolve) => (this.resolve = resolve));
    this.startedAt = timers.now();
    if ('kind' in pretence) {
      this.end(pretence);
      return;
    }
    this.deadline = timers.at(this.startedAt + job.timeoutMs, () => this.end({ kind: 'timeout' }));
    job.onStart();
    this.advance(pretence);
  }

  output(): Buffer {
    this.catchUp();
    return this.buffer.running();
  }

  kill(): void {
    this.end({ kind: 'killed' });
  }

  private advance(steps: Generator<Step, number | Ending>): void {
    for (let count = 0; !this.isOver; count += 1) {
      const next = steps.next();
      if (next.done) return this.end(typeof next.value === 'number' ? exited(next.value) : next.value);
      this.catchUp();
      if (next.value.kind === 'output') this.write(Buffer.from(next.value.text, 'utf8'));
      else if (next.value.ms > 0) return this.wait(next.value.ms, steps);
      if (count >= STEPS_AT_ONCE) return this.wait(0, steps);
    }
  }

  private write(chunk: Buffer): void {
    this.buffer.write(chunk);
    this.job.onOutput?.(chunk);
  }

  private wait(ms: number, steps: Generator<Step, number | Ending>): void {
    this.timer = this.timers.at(this.timers.now() + ms, () => this.advance(steps));
  }

  /** The reports that the agent has made since; together they come to one. */
  private catchUp(): void {
    if (!this.job.reportsWhileRunning || this.isOver) return;
    const reports = Math.floor((this.timers.now() - this.startedAt) / REPORT_MS);
    if (reports <= this.lastReport) return;
    this.lastReport = reports;
    this.buffer.report();
  }

  private end(ending: Ending): void {
    if (this.isOver) return;
    this.catchUp();
    this.isOver = true;
    this.timer?.cancel();
    this.deadline?.cancel();
    this.resolve({ ending, ...this.buffer.finish() });
  }
}

function exited(exitCode: number): Ending {
  return { kind: 'exited', exitCode };
}
