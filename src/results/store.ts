/**
 * The result store: every row of a run with its whole output, as JSON lines, one file a run. Rows never pass through
 * workflow history; history keeps counts and the place.
 *
 * The one rule: a row may be written again (an activity is retried, a page is read twice) and a write may be cut short
 * by a crash; readers take the last whole line of each instance, so neither loses or doubles anything.
 */
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { StoredRow } from '../domain/messages';

export interface ResultStore {
  /** Where the rows of a run are. `key` is the workflow id and run id. */
  pathOf(key: RunKey): string;
  append(key: RunKey, rows: readonly { instanceId: string }[]): Promise<void>;
  /** Keeps the order in which a large run takes its instances. @returns its name, made from what is in it */
  writePlan(key: RunKey, instanceIds: string[]): Promise<string>;
  /** @throws where the plan is not here: the run was resolved by a worker that keeps its results elsewhere */
  readPlan(key: RunKey, plan: string): Promise<string[]>;
}

export interface RunKey {
  workflowId: string;
  runId: string;
}

/** A store in a directory; files are readable by their owner only, for they hold command output. */
export function createFileResultStore(directory: string): ResultStore {
  const pathOf = (key: RunKey): string =>
    join(directory, `${fileSafe(key.workflowId)}.${fileSafe(key.runId)}.jsonl`);
  const planPathOf = (key: RunKey, plan: string): string => `${pathOf(key)}.${plan}.plan`;
  return {
    pathOf,
    async writePlan(key, instanceIds) {
      const text = instanceIds.join('\n');
      const plan = createHash('sha256').update(text).digest('hex').slice(0, 16);
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const path = planPathOf(key, plan);
      // Written beside it and renamed: a reader sees all of it or nothing.
      const draft = `${path}.${randomUUID()}`;
      await writeFile(draft, text, { mode: 0o600, flush: true });
      await rename(draft, path);
      return plan;
    },
    async readPlan(key, plan) {
      const text = await readFile(planPathOf(key, plan), 'utf8').catch((error: NodeJS.ErrnoException) => {
        throw error.code === 'ENOENT' ? new Error(planMissing(directory)) : error;
      });
      return text.split('\n');
    },
    async append(key, rows) {
      if (rows.length === 0) return;
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const file = await open(pathOf(key), 'a', 0o600);
      try {
        // A leading newline ends a line that a crash may have cut; readers pass over empty and broken lines.
        // Not `write`: it takes what still fits on a full disk and says nothing.
        await file.appendFile(`\n${rows.map((row) => JSON.stringify(row)).join('\n')}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
    },
  };
}

function planMissing(directory: string): string {
  return (
    `the list of this run's instances is not in ${directory}: another worker keeps it. ` +
    'Workers that share runs of more than 1,000 instances need one STEWARD_RESULTS_DIR'
  );
}

/**
 * The rows of a run, the last one written for each instance, or for each `keyOf`, in the order of their first appearance.
 * @throws where the file does not exist: the worker keeps it on its own machine or a shared directory.
 */
export async function readRows<T extends { instanceId: string } = StoredRow>(
  path: string,
  keyOf = (row: T): string => row.instanceId,
): Promise<T[]> {
  await stat(path);
  const rows = new Map<string, T>();
  const lines = createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity });
  for await (const line of lines) {
    const row = parseRow<T>(line);
    if (row) rows.set(keyOf(row), row);
  }
  return [...rows.values()];
}

function parseRow<T extends { instanceId: string }>(line: string): T | undefined {
  if (line.trim() === '') return undefined;
  try {
    const value = JSON.parse(line) as T;
    return typeof value.instanceId === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Ids are people's text: anything that is not plainly a file name is replaced, with a hash to keep ids apart. */
function fileSafe(id: string): string {
  const safe = id.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 80);
  return safe === id ? safe : `${safe}-${createHash('sha256').update(id).digest('hex').slice(0, 12)}`;
}
