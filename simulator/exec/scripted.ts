/**
 * Answers that a test sets beforehand, in every mode. The rule: the first answer whose conditions hold is taken;
 * without one the job runs as it would.
 */
import { z } from 'zod';
import type { Step } from './canned-commands';
import { PretendedJob } from './pretended';
import type { Pretended } from './pretended';
import { FAILURE_CODES, FILE_CODES } from './types';
import type { Ending, Executor, FileJob, Job, RunningJob, Timers } from './types';

/** A scripted answer as the control plane takes it. */
export const scriptedAnswerSchema = z
  .object({
    id: z.string().min(1).optional(),
    /** Conditions; all that are given hold together. */
    instanceId: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
    /** A regular expression that is found in the script (parameters already put in). */
    content: z.string().optional(),
    /** A regular expression that is found in the path of a file: the answer is for files, and only for those. */
    file: z.string().optional(),
    /** How often this answer is given before it is spent; without it there is no end. */
    times: z.number().int().positive().optional(),
    exitCode: z.number().int().min(-1).max(255).default(0),
    /** Written when the script starts. */
    output: z.string().default(''),
    /** After `output`, so many bytes of numbered lines. */
    outputBytes: z.number().int().nonnegative().max(100_000_000).default(0),
    /** How long the script runs, in the simulator's time. */
    durationMs: z.number().nonnegative().default(0),
    /** Never ends by itself. */
    hang: z.boolean().default(false),
    /** Cannot be carried out: an ErrorCode of the API. */
    error: z.enum(FAILURE_CODES).optional(),
  })
  .strict()
  .refine(({ content, file }) => content === undefined || file === undefined, {
    error: 'content is about scripts and file about files; give one of them',
  })
  .refine(({ error, file }) => file !== undefined || !FILE_CODES.some((code) => code === error), {
    error: 'that error is about files; give file too',
  });

/** A scripted answer as it is written. */
export type ScriptedAnswerInput = z.input<typeof scriptedAnswerSchema>;
/** A scripted answer with its defaults. */
export type ScriptedAnswer = z.output<typeof scriptedAnswerSchema>;

interface Active {
  readonly id: string;
  readonly answer: ScriptedAnswer;
  readonly pattern: RegExp | undefined;
  given: number;
}

/** The answers that are set. */
export class ScriptedAnswers {
  private answers: Active[] = [];
  private order = 0;

  /** Sets an answer; answers set earlier come first. Throws a ZodError or SyntaxError for a wrong one. */
  add(input: ScriptedAnswerInput): string {
    const answer = scriptedAnswerSchema.parse(input);
    const id = answer.id ?? `answer-${++this.order}`;
    const found = answer.file ?? answer.content;
    const pattern = found === undefined ? undefined : new RegExp(found);
    this.remove(id);
    this.answers.push({ id, answer, pattern, given: 0 });
    return id;
  }

  /** The answers that are set, and how often each was given. */
  list(): { id: string; answer: ScriptedAnswer; given: number }[] {
    return this.answers.map(({ id, answer, given }) => ({ id, answer, given }));
  }

  /** Removes one answer, or all. */
  remove(id?: string): void {
    this.answers = id === undefined ? [] : this.answers.filter((active) => active.id !== id);
  }

  /** The answer for a job or file, counted as given. */
  take(asked: Job | FileJob): ScriptedAnswer | undefined {
    const active = this.answers.find((candidate) => holds(candidate, asked));
    if (active) active.given += 1;
    return active?.answer;
  }
}

/** An executor that looks for a scripted answer first. */
export class ScriptedExecutor implements Executor {
  private readonly jobs = new Set<PretendedJob>();

  constructor(
    private readonly inner: Executor,
    private readonly answers: ScriptedAnswers,
    private readonly timers: Timers,
    private readonly outputLimit: () => number,
  ) {}

  get mode(): Executor['mode'] {
    return this.inner.mode;
  }

  get files(): Executor['files'] {
    return this.inner.files;
  }

  run(job: Job): RunningJob {
    const answer = this.answers.take(job);
    return answer ? this.pretend(job, answer) : this.inner.run(job);
  }

  send(file: FileJob): RunningJob {
    const answer = this.answers.take(file);
    return answer ? this.pretend({ ...file, reportsWhileRunning: false }, answer) : this.inner.send(file);
  }

  private pretend(job: Pretended, answer: ScriptedAnswer): RunningJob {
    const running = new PretendedJob(job, this.timers, this.outputLimit(), steps(answer));
    this.jobs.add(running);
    void running.done.then(() => this.jobs.delete(running));
    return running;
  }

  forget(instanceId: string): Promise<void> {
    return this.inner.forget(instanceId);
  }

  async close(): Promise<void> {
    const jobs = [...this.jobs];
    for (const job of jobs) job.kill();
    await Promise.all([this.inner.close(), ...jobs.map((job) => job.done)]);
  }
}

function holds({ answer, pattern, given }: Active, asked: Job | FileJob): boolean {
  if (answer.times !== undefined && given >= answer.times) return false;
  if (answer.instanceId !== undefined && ![answer.instanceId].flat().includes(asked.guest.id)) return false;
  const isFile = 'directory' in asked;
  if (isFile !== (answer.file !== undefined)) return false;
  return pattern?.test(isFile ? `${asked.directory}/${asked.name}` : asked.content.toString()) ?? true;
}

/** One hour: a step short enough for any clock. */
const LONG = 3_600_000;

function* steps(answer: ScriptedAnswer): Generator<Step, number | Ending> {
  if (answer.output !== '') yield { kind: 'output', text: answer.output };
  let line = 0;
  for (let left = answer.outputBytes; left > 0;) {
    let block = '';
    while (block.length < Math.min(left, 65_536)) block += `line ${++line}\n`;
    block = block.slice(0, left);
    left -= block.length;
    yield { kind: 'output', text: block };
  }
  if (answer.durationMs > 0) yield { kind: 'sleep', ms: answer.durationMs };
  while (answer.hang) yield { kind: 'sleep', ms: LONG };
  if (answer.error) return { kind: 'failed', code: answer.error, message: '' };
  return answer.exitCode;
}
