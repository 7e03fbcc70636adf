/**
 * The note a running stack leaves in the state directory, so that other commands find its address.
 *
 * The one rule: it is true or ignored: a note of a process that is gone is no note. It holds the simulator's control
 * token, so only its owner may read it.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { identityOf, isAlive } from './process-lock';

const NOTE = z.object({
  process: z.object({ pid: z.number(), startTicks: z.string().optional() }),
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
      regionId: z.string(),
      instances: z.number(),
    })
    .optional(),
});

/** A stack that runs. */
export type RunningStack = z.infer<typeof NOTE>;

/** The stack running on this state directory, if there is one. */
export function runningStack(stateDir: string): RunningStack | undefined {
  try {
    const note = NOTE.parse(JSON.parse(readFileSync(fileOf(stateDir), 'utf8')));
    return isAlive(note.process) ? note : undefined;
  } catch {
    return undefined;
  }
}

/** Writes the note of a stack this process runs; the answer removes it again. */
export function announceStack(stateDir: string, stack: Omit<RunningStack, 'process'>): () => void {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const file = fileOf(stateDir);
  const note: RunningStack = { process: identityOf(process.pid) ?? { pid: process.pid }, ...stack };
  writeFileSync(`${file}.part`, `${JSON.stringify(note, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.part`, file);
  return () => {
    if (runningStack(stateDir)?.process.pid === process.pid) rmSync(file, { force: true });
  };
}

function fileOf(stateDir: string): string {
  return join(stateDir, 'stack.json');
}
