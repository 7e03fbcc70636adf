/**
 * The meter of working hours: what was seen of each instance, as JSON lines, one file for each schedule.
 *
 * The one rule: lines are only added. A line may be there twice (an activity is retried) and the last one may be cut
 * short by a crash; who reads passes over both.
 */
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sighting } from '../domain/hours-savings';

export interface Meter {
  append(hours: string, sightings: readonly Sighting[]): Promise<void>;
  /** Everything seen for the hours of this name; nothing where there is no file. */
  read(hours: string): Promise<Sighting[]>;
}

/** A meter in a directory. Names of hours are file names as they are. */
export function createFileMeter(directory: string): Meter {
  const folder = join(directory, 'hours');
  const pathOf = (hours: string): string => join(folder, `${hours}.jsonl`);
  return {
    async append(hours, sightings) {
      if (sightings.length === 0) return;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const file = await open(pathOf(hours), 'a', 0o600);
      try {
        // Not `write`: it takes what still fits on a full disk and says nothing.
        await file.appendFile(`\n${sightings.map((sighting) => JSON.stringify(sighting)).join('\n')}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
    },
    async read(hours) {
      const text = await readFile(pathOf(hours), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '';
        throw error;
      });
      return text.split('\n').flatMap(sightingIn);
    },
  };
}

function sightingIn(line: string): Sighting[] {
  if (line.trim() === '') return [];
  try {
    return [JSON.parse(line) as Sighting];
  } catch {
    return [];
  }
}
