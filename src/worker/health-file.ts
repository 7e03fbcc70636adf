/**
 * A file that is touched as long as this worker works: its event loop turns, it polls, and its Temporal server answers.
 * What supervises it (the health check of a container) looks at nothing but the file's age.
 *
 * The one rule: touched only after the server has answered, gone when the worker has ended; a file that cannot be
 * written is told in the log and never ends the worker.
 */
import { rmSync, writeFileSync } from 'node:fs';

/** An age of 30 s means that five of these in a row did not succeed. */
const EVERY_MS = 5_000;

export interface HealthFileOptions {
  path: string;
  /** Does this worker work? Rejecting means no. */
  isWorking: () => Promise<boolean>;
  /** Told once for each change from well to unwell and back. */
  onChange: (problem: string | undefined) => void;
  everyMs?: number;
}

/** Begins at once; the answer ends it and removes the file. */
export function keepHealthFile({
  path,
  isWorking,
  onChange,
  everyMs = EVERY_MS,
}: HealthFileOptions): () => void {
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  let lastProblem: string | undefined;
  const look = async (): Promise<void> => {
    const problem = await problemOf(isWorking, () => {
      if (!ended) writeFileSync(path, `${new Date().toISOString()}\n`, { mode: 0o644 });
    });
    if (ended) return;
    if (problem !== lastProblem) onChange(problem);
    lastProblem = problem;
    // Unreferenced: a worker that has ended is not kept alive by its health.
    timer = setTimeout(() => void look(), everyMs).unref();
  };
  void look();
  return () => {
    ended = true;
    clearTimeout(timer);
    try {
      rmSync(path, { force: true });
    } catch {
      // Told already when it could not be written; its age tells the rest.
    }
  };
}

async function problemOf(isWorking: () => Promise<boolean>, touch: () => void): Promise<string | undefined> {
  try {
    if (!(await isWorking())) return 'the worker does not poll';
    touch();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
