/**
 * The result store: every row of a run with its whole output, as JSON lines, one file a run. Rows never pass through
 * workflow history; history keeps counts and the place.
 *
 * The one rule: a row may be written again (an activity is retried, a page is read twice) and a write may be cut short
 * by a crash; readers take the last whole line of each instance, so neither loses or doubles anything.
 */
import { createReadStream } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { StoredRow } from '../domain/messages';

export interface ResultStore {
  /** Where the rows of a run are. `key` is the workflow id and run id. */
  pathOf(key: RunKey): string;
  append(key: RunKey, rows: StoredRow[]): Promise<void>;
}

export interface RunKey {
  workflowId: string;
  runId: string;
}

/** A store in a directory; files are readable by their owner only, for they hold command output. */
export function createFileResultStore(directory: string): ResultStore {
  const pathOf = (key: RunKey): string =>
    join(directory, `${fileSafe(key.workflowId)}.${fileSafe(key.runId)}.jsonl`);
  return {
    pathOf,
    async append(key, rows) {
      if (rows.length === 0) return;
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const file = await open(pathOf(key), 'a', 0o600);
      try {
        // A leading newline ends a line that a crash may have cut; readers pass over empty and broken lines.
        await file.write(`\n${rows.map((row) => JSON.stringify(row)).join('\n')}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
    },
  };
}

/**
 * The rows of a run, the last one written for each instance, in the order of their first appearance.
 * @throws where the file does not exist: the worker keeps it on its own machine or a shared directory.
 */
export async function readRows(path: string): Promise<StoredRow[]> {
  await stat(path);
  const rows = new Map<string, StoredRow>();
  const lines = createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity });
  for await (const line of lines) {
    const row = parseRow(line);
    if (row) rows.set(row.instanceId, row);
  }
  return [...rows.values()];
}

function parseRow(line: string): StoredRow | undefined {
  if (line.trim() === '') return undefined;
  try {
    const value = JSON.parse(line) as StoredRow;
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
