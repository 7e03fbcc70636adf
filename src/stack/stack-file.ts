/**
 * The note a running stack leaves in the state directory, so that other commands find its address.
 *
 * The one rule: it is true or ignored: a note of a process that is gone is no note. It holds the simulator's control
 * token and key pair, so only its owner may read it.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { identityOf, isAlive } from './process-lock';

const PROCESS = z.object({ pid: z.number().int().positive(), startTicks: z.string().optional() });

const NOTE = z.object({
  process: PROCESS,
  /** Server, worker, simulator. */
  children: z.array(PROCESS).default([]),
  address: z.string(),
  /** Absent when headless. */
  uiUrl: z.string().optional(),
  namespace: z.string(),
  account: z.string(),
  taskQueue: z.string(),
  /** ISO 8601 */
  startedAt: z.string(),
  /** Absent when the stack works on the real cloud. */
  simulator: z
    .object({
      endpoint: z.string(),
      controlUrl: z.string(),
      controlToken: z.string(),
      /** For commands that have to reach the same account as the worker. */
      accessKeyId: z.string().optional(),
      accessKeySecret: z.string().optional(),
      regionId: z.string(),
      instances: z.number(),
    })
    .optional(),
});

/** A stack that runs. */
export type RunningStack = z.infer<typeof NOTE>;

/** The stack running on this state directory, if there is one. */
export function runningStack(stateDir: string): RunningStack | undefined {
  const note = notedStack(stateDir);
  return note && isAlive(note.process) ? note : undefined;
}

/** What the note says, whether or not that stack still runs. */
export function notedStack(stateDir: string): RunningStack | undefined {
  try {
    return NOTE.parse(JSON.parse(readFileSync(fileOf(stateDir), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Removes the note of a stack that has ended, and no other. */
export function forgetStack(stateDir: string, stack: RunningStack): void {
  const noted = notedStack(stateDir);
  if (noted?.process.pid === stack.process.pid && noted.startedAt === stack.startedAt)
    rmSync(fileOf(stateDir), { force: true });
}

/** Writes the note of a stack this process runs; the answer removes it again. */
export function announceStack(
  stateDir: string,
  stack: Omit<RunningStack, 'process' | 'children'> & { pids: number[] },
): () => void {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const file = fileOf(stateDir);
  const { pids, ...rest } = stack;
  const identify = (pid: number): RunningStack['process'] => identityOf(pid) ?? { pid };
  const note: RunningStack = { process: identify(process.pid), children: pids.map(identify), ...rest };
  writeFileSync(`${file}.part`, `${JSON.stringify(note, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.part`, file);
  return () => forgetStack(stateDir, note);
}

function fileOf(stateDir: string): string {
  return join(stateDir, 'stack.json');
}
