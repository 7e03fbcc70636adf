/**
 * Locks between processes: a file that names who holds it. For work only one process may do at a time (building a
 * server into the cache, using a database file).
 *
 * The one rule: a lock whose holder is gone is nobody's. Process ids are reused, so a holder is known by its id and
 * its start time where the system tells one.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from './errors';

/** A process, distinguishable from a later one with the same id. */
export interface ProcessIdentity {
  pid: number;
  /** Start time in clock ticks since boot (Linux), else absent. */
  startTicks?: string;
}

/** The identity of a living process, or undefined where there is none (a zombie is none). */
export function identityOf(pid: number): ProcessIdentity | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) !== 'EPERM') return undefined;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name may hold spaces and brackets; the numbered fields begin after its last ')'.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : { pid, startTicks: fields[19] };
  } catch {
    return { pid };
  }
}

/** Is that very process still there? */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = identityOf(identity.pid);
  if (!now) return false;
  return !identity.startTicks || !now.startTicks || identity.startTicks === now.startTicks;
}

/** The lock, or who holds it. */
export type Attempt =
  { release: () => void; holder?: undefined } | { release?: undefined; holder: ProcessIdentity };

/** Takes the lock, or answers who holds it. `release` is idempotent and never removes another's lock. */
export function tryLock(file: string): Attempt {
  mkdirSync(dirname(file), { recursive: true });
  const me = JSON.stringify(identityOf(process.pid));
  const mine = `${file}.${process.pid}-${Math.random().toString(36).slice(2)}`;
  writeFileSync(mine, me);
  try {
    for (let attempt = 0; attempt < 10; attempt++) {
      try {
        // A link, unlike an exclusive open, appears with its whole content at once.
        linkSync(mine, file);
        return { release: () => release(file, me) };
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
      }
      const holder = holderOf(file);
      if (holder && isAlive(holder)) return { holder };
      removeStale(file, holder);
    }
    throw new Error(`cannot take the lock ${file}: others keep taking it`);
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Waits for the lock as long as its holder lives; `waiting` is called once when there is a wait. */
export async function lock(file: string, waiting: (holder: ProcessIdentity) => void): Promise<() => void> {
  let told = false;
  for (;;) {
    const got = tryLock(file);
    if (!got.holder) return got.release;
    if (!told) waiting(got.holder);
    told = true;
    await sleep(300);
  }
}

function holderOf(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}

/** Removes the lock of a holder that is gone, but not the one another process took in the meantime. */
function removeStale(file: string, gone: ProcessIdentity | undefined): void {
  const aside = `${file}.stale-${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    renameSync(file, aside);
    if (JSON.stringify(holderOf(aside)) !== JSON.stringify(gone)) linkSync(aside, file);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function release(file: string, me: string): void {
  try {
    if (readFileSync(file, 'utf8') === me) rmSync(file, { force: true });
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}
