/**
 * One real process and all it starts, from spawn to its last byte. The rule: `done` always fulfils, and by then
 * nothing of the process group is left.
 *
 * The child speaks on descriptor 3 before the script starts: `ready`, or the code of what is wrong. What it writes
 * on descriptors 1 and 2 before that is the text of the mistake; the script itself has both in one stream.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { OutputBuffer } from './output-buffer';
import { FAILURE_CODES } from './types';
import type { Ending, Finished } from './types';

/** What to start and how long it may take. */
export interface ChildPlan {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly outputLimit: number;
  readonly reportsWhileRunning: boolean;
  onStart(): void;
  onOutput?(chunk: Buffer): void;
}

/** The agent reports at most once a second. */
const REPORT_MS = 1_000;
/** Reading slows down after this much output, so that `yes` does not take the whole machine. */
const FULL_SPEED_BYTES = 4_000_000;
const PAUSE_MS = 5;
/** A process outside the group may hold the pipe; the output is not waited for longer than this. */
const DRAIN_MS = 300;
/** Preparing takes milliseconds; a preparation that hangs must not hold its place for ever. */
const PREPARE_MS = 20_000;

/** A started process. */
export class Child {
  readonly done: Promise<Finished>;
  private readonly buffer: OutputBuffer;
  private readonly process: ChildProcess;
  private resolve: (finished: Finished) => void = () => undefined;
  private stopped: Ending | undefined;
  private words = '';
  private started = false;
  private settled = false;
  private timer: NodeJS.Timeout;
  private reports: NodeJS.Timeout | undefined;
  private resumption: NodeJS.Timeout | undefined;

  constructor(private readonly plan: ChildPlan) {
    this.buffer = new OutputBuffer(plan.outputLimit);
    this.done = new Promise((resolve) => (this.resolve = resolve));
    this.process = spawn(plan.command, plan.args, {
      cwd: plan.cwd,
      env: plan.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    this.timer = setTimeout(() => this.end({ kind: 'timeout' }), PREPARE_MS);
    this.process.on('error', (error) => this.settle(unable(error.message)));
    this.process.on('exit', () => setTimeout(() => this.closed(), DRAIN_MS).unref());
    this.process.on('close', () => this.closed());
    this.process.stderr?.on('data', (chunk: Buffer) => this.started || this.buffer.write(chunk));
    this.process.stdout?.on('data', (chunk: Buffer) => this.take(chunk));
    const speech = this.process.stdio[3] as Readable | undefined;
    speech?.on('data', (chunk: Buffer) => this.hear(chunk.toString()));
    speech?.on('error', () => undefined);
  }

  /** What has been reported so far. */
  output(): Buffer {
    return this.buffer.running();
  }

  /** Ends the process and all it started. */
  kill(): void {
    this.end({ kind: 'killed' });
  }

  private end(ending: Ending): void {
    this.stopped ??= ending;
    this.killGroup();
  }

  private killGroup(): void {
    const pid = this.process.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // The group is gone already.
    }
  }

  private hear(text: string): void {
    this.words = (this.words + text).slice(0, 1_000);
    if (this.started || !this.words.startsWith('ready')) return;
    this.started = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.end({ kind: 'timeout' }), this.plan.timeoutMs);
    if (this.plan.reportsWhileRunning) this.reports = setInterval(() => this.buffer.report(), REPORT_MS);
    this.plan.onStart();
  }

  private take(chunk: Buffer): void {
    this.buffer.write(chunk);
    this.plan.onOutput?.(chunk);
    const stream = this.process.stdout;
    if (this.buffer.written < FULL_SPEED_BYTES || this.settled || !stream) return;
    stream.pause();
    this.resumption = setTimeout(() => stream.resume(), PAUSE_MS);
  }

  private closed(): void {
    if (this.settled) return;
    // What outlived its parent goes too: a finished command leaves nothing running on this machine.
    this.killGroup();
    this.settle(this.stopped ?? this.ownEnding());
  }

  private ownEnding(): Ending {
    const code = this.process.exitCode;
    if (!this.started) {
      const said = FAILURE_CODES.find((failure) => this.words.startsWith(failure));
      const text = this.buffer.finish().output.toString().trim();
      return said
        ? { kind: 'failed', code: said, message: text }
        : unable(text || `exit ${code ?? 'by signal'}`);
    }
    // Ended by a signal that is not ours: what a shell would answer for SIGKILL.
    return { kind: 'exited', exitCode: code ?? 137 };
  }

  private settle(ending: Ending): void {
    if (this.settled) return;
    this.settled = true;
    clearTimeout(this.timer);
    clearTimeout(this.resumption);
    clearInterval(this.reports);
    const kept = this.started ? this.buffer.finish() : { output: Buffer.alloc(0), dropped: 0 };
    this.process.stdout?.destroy();
    this.process.stderr?.destroy();
    (this.process.stdio[3] as Readable | undefined)?.destroy();
    this.resolve({ ending, ...kept });
  }
}

function unable(message: string): Ending {
  return { kind: 'failed', code: 'ExecutionException', message };
}
