/**
 * Following a run to its end: live counts on a terminal, plain lines elsewhere, and a decision on Ctrl-C.
 *
 * The one rule: following never changes a run. It goes on whatever becomes of this process, unless a person says cancel.
 */
import {
  ServiceError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  isGrpcServiceError,
} from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommandResult } from '../client';
import { INVALID_INPUT } from '../domain/messages';
import type { InputError, RunCommandResult } from '../domain/messages';
import type { Temporal } from './connection';
import { CliError, EXIT, messageOf, usageError } from './exit';
import type { ExitCode } from './exit';
import { progressKey, progressLine } from './render';
import { RunProgress } from './run-progress';
import { selfCommand } from './self';
import type { Terminal } from './terminal';

/** A run as commands hand it around; `runId` is that of its first execution, by which its rows are kept. */
export interface RunRef {
  workflowId: string;
  runId: string;
}

/** How following ended; `cancelled` where the person here asked for that. */
export type Followed = { end: 'result'; result: RunCommandResult; cancelled: boolean } | { end: 'left' };

/** Between two looks at the progress; a look is one query, which leaves nothing in history. */
const LIVE_GAP_MS = 500;
const PLAIN_GAP_MS = 1_000;
/** A server that is there answers in milliseconds. */
const PING_TIMEOUT_MS = 2_000;

/** Waits for the end of `run` and shows how it goes. Throws a CliError where it did not end with a result. */
export async function follow(temporal: Temporal, run: RunRef, terminal: Terminal): Promise<Followed> {
  const over = new AbortController();
  // The client adds a listener with each of its long polls.
  setMaxListeners(0, over.signal);
  const interrupts = new Interrupts();
  const result = patientResultOf(temporal, run, over.signal);
  // Where the person leaves, nobody waits for it any more.
  result.catch(() => undefined);
  const progress = showProgress(temporal, run, terminal, { over: over.signal, interrupts });
  let cancelled = false;
  try {
    for (;;) {
      const first = await Promise.race([result, interrupts.next()]);
      if (first !== 'interrupt') return { end: 'result', result: first, cancelled };
      const decision = await decideOnInterrupt(terminal, interrupts);
      if (decision === 'leave') return { end: 'left' };
      if (decision === 'cancel') {
        await cancelRun(temporal, run);
        cancelled = true;
        terminal.say('Cancelling; waiting for the report of what had already started.');
      }
    }
  } finally {
    over.abort();
    interrupts.close();
    await progress;
    terminal.live('');
  }
}

/** Asks for a cancel of the run, whichever of its continuations goes on now. */
export async function cancelRun({ client }: Temporal, { workflowId, runId }: RunRef): Promise<void> {
  await client.workflow.getHandle(workflowId, undefined, { firstExecutionRunId: runId }).cancel();
}

/** The exit code a result stands for. */
export function exitCodeOf(result: RunCommandResult): ExitCode {
  if (result.outcome === 'succeeded') return EXIT.ok;
  const refused = result.refusal !== undefined || result.outcome === 'no-targets';
  return refused ? EXIT.notCarriedOut : EXIT.someFailed;
}

/** The result of a run, or a CliError that says how it ended without one. */
export async function resultOf(temporal: Temporal, { workflowId, runId }: RunRef): Promise<RunCommandResult> {
  try {
    return await runCommandResult(temporal.client, workflowId, runId);
  } catch (error) {
    throw endError(error, workflowId);
  }
}

/** The result, however long the server is away in between. */
async function patientResultOf(
  temporal: Temporal,
  run: RunRef,
  over: AbortSignal,
): Promise<RunCommandResult> {
  for (;;) {
    try {
      return await temporal.connection.withAbortSignal(over, () =>
        runCommandResult(temporal.client, run.workflowId, run.runId),
      );
    } catch (error) {
      if (over.aborted || !isAway(error)) throw endError(error, run.workflowId);
      await pause(PLAIN_GAP_MS, over);
    }
  }
}

/** google.rpc.Code: cancelled, deadline exceeded, unavailable. The client wraps what gRPC said. */
function isAway(error: unknown): boolean {
  const told = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(told) && [1, 4, 14].includes(Number(told.code));
}

async function pause(milliseconds: number, over: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal: over }).catch(() => undefined);
}

function endError(error: unknown, workflowId: string): CliError {
  if (error instanceof WorkflowNotFoundError)
    return new CliError(EXIT.notCarriedOut, `There is no run ${workflowId}.`);
  if (!(error instanceof WorkflowFailedError)) {
    return new CliError(
      EXIT.notCarriedOut,
      `The end of ${workflowId} could not be learnt: ${messageOf(error)}`,
    );
  }
  const { cause } = error;
  if (cause instanceof ApplicationFailure && cause.type === INVALID_INPUT) {
    const errors = cause.details?.[0] as InputError[] | undefined;
    return errors ? usageError(errors) : new CliError(EXIT.usage, cause.message);
  }
  const how =
    cause instanceof TerminatedFailure
      ? 'was terminated: nothing was stopped on the instances, and no result was written'
      : cause instanceof CancelledFailure
        ? 'was cancelled before it had a result'
        : cause instanceof TimeoutFailure
          ? 'ran into its time limit'
          : `failed: ${messageOf(cause)}`;
  return new CliError(EXIT.notCarriedOut, `The run ${workflowId} ${how}.`);
}

// --- progress ---

interface Watch {
  over: AbortSignal;
  interrupts: Interrupts;
}

async function showProgress(
  temporal: Temporal,
  run: RunRef,
  terminal: Terminal,
  watch: Watch,
): Promise<void> {
  let lastKey = '';
  const looks = new RunProgress(temporal, run);
  while (!watch.over.aborted) {
    const { key, line } = await lookAt(temporal, looks, watch.over);
    if (watch.over.aborted) return;
    if (terminal.interactive) {
      if (!watch.interrupts.asking) terminal.live(line.slice(0, terminal.columns - 1));
    } else if (key !== lastKey) {
      terminal.say(line);
    }
    lastKey = key;
    await pause(terminal.interactive ? LIVE_GAP_MS : PLAIN_GAP_MS, watch.over);
  }
}

async function lookAt(
  temporal: Temporal,
  looks: RunProgress,
  over: AbortSignal,
): Promise<{ key: string; line: string }> {
  // Its own signal, since the client never takes its listeners away.
  const look = new AbortController();
  const end = (): void => look.abort();
  over.addEventListener('abort', end);
  try {
    const progress = await temporal.connection.withAbortSignal(look.signal, () => looks.look());
    return { key: progressKey(progress), line: progressLine(progress, new Date()) };
  } catch {
    // A query nobody answers and a server nobody reaches both run into the time limit.
    const line = (await answers(temporal))
      ? `no worker answers just now; the run goes on when one is back: ${selfCommand()} worker`
      : `Temporal at ${temporal.address} does not answer just now; still trying`;
    return { key: line, line };
  } finally {
    over.removeEventListener('abort', end);
  }
}

async function answers({ connection }: Temporal): Promise<boolean> {
  try {
    await connection.withDeadline(Date.now() + PING_TIMEOUT_MS, () =>
      connection.workflowService.getSystemInfo({}),
    );
    return true;
  } catch {
    return false;
  }
}

// --- Ctrl-C ---

/** Ctrl-C as something one can wait for. While it listens, the process does not end by it. */
class Interrupts {
  asking = false;
  private pending = 0;
  private wake: () => void = () => undefined;
  private readonly onSignal = (): void => {
    this.pending += 1;
    this.wake();
  };

  constructor() {
    process.on('SIGINT', this.onSignal).on('SIGTERM', this.onSignal);
  }

  async next(): Promise<'interrupt'> {
    if (this.pending === 0) await new Promise<void>((resolve) => (this.wake = resolve));
    this.pending = 0;
    return 'interrupt';
  }

  close(): void {
    process.off('SIGINT', this.onSignal).off('SIGTERM', this.onSignal);
  }
}

/** Without a terminal nobody can be asked; the run is left going. */
async function decideOnInterrupt(
  terminal: Terminal,
  interrupts: Interrupts,
): Promise<'cancel' | 'leave' | 'stay'> {
  if (!terminal.interactive) return 'leave';
  interrupts.asking = true;
  const answer = await terminal.ask('Cancel the run (c), leave it going and go away (Enter), or stay (s)? ');
  interrupts.asking = false;
  const letter = answer?.trim().toLowerCase();
  return letter === 'c' ? 'cancel' : letter === 's' ? 'stay' : 'leave';
}
