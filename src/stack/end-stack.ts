/**
 * Ending a stack from another process: the one its note names, and what of it is left.
 *
 * The one rule: a process id alone names nobody. Each process is known by its id and start time, and asked again
 * before every signal.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, StackError } from './errors';
import { isAlive } from './process-lock';
import type { ProcessIdentity } from './process-lock';
import { forgetStack, notedStack } from './stack-file';

/** A worker's grace time, the simulator's and the server's, one after the other, and some more. */
const ENDS_WITHIN_MS = 40_000;
/** Guards end the children of a stack that was killed: SIGTERM, and SIGKILL after ten seconds. */
const CHILDREN_END_WITHIN_MS = 15_000;
const KILLED_WITHIN_MS = 5_000;

/** Times, for tests. */
export interface EndTimes {
  endsWithinMs?: number;
  childrenEndWithinMs?: number;
}

/** Ends the stack of this state directory; false where there is none. */
export async function endStack(
  stateDir: string,
  report: (line: string) => void,
  { endsWithinMs = ENDS_WITHIN_MS, childrenEndWithinMs = CHILDREN_END_WITHIN_MS }: EndTimes = {},
): Promise<boolean> {
  const note = notedStack(stateDir);
  const all = note ? [note.process, ...note.children] : [];
  if (!note || !all.some(isAlive)) return false;
  if (isAlive(note.process)) {
    report(`Ending the stack of process ${note.process.pid} …`);
    signal(note.process, 'SIGTERM');
    if (!(await haveEnded([note.process], endsWithinMs))) {
      report(`Process ${note.process.pid} does not end; killing it.`);
      signal(note.process, 'SIGKILL');
    }
  }
  if (!(await haveEnded(all, childrenEndWithinMs))) {
    for (const child of note.children) signalGroup(child, 'SIGKILL');
    if (!(await haveEnded(all, KILLED_WITHIN_MS))) {
      const pids = all.filter(isAlive).map(({ pid }) => pid);
      throw new StackError(
        `The stack on ${stateDir} does not end; these processes are left: ${pids.join(', ')}.`,
      );
    }
  }
  forgetStack(stateDir, note);
  return true;
}

async function haveEnded(processes: ProcessIdentity[], withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (processes.some(isAlive)) {
    if (Date.now() > deadline) return false;
    await sleep(50);
  }
  return true;
}

/** Children of a stack lead process groups of their own; the stack itself may be in the group of a shell or of npm. */
function signalGroup(child: ProcessIdentity, name: NodeJS.Signals): void {
  if (process.platform === 'win32') signal(child, name);
  else signal(child, name, -child.pid);
}

function signal(to: ProcessIdentity, name: NodeJS.Signals, target = to.pid): void {
  if (!isAlive(to)) return;
  try {
    process.kill(target, name);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return;
    throw new StackError(
      `Process ${to.pid} of the stack may not be ended by this user (${codeOf(error) ?? String(error)}); end it as the user who started it.`,
    );
  }
}
