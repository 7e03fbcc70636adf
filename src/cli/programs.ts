/**
 * `steward worker` and `steward simulate`: other programs of this package, run as children with our streams.
 *
 * The one rule: arguments, signals and exit code pass through untouched; the programs document themselves.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { environment } from '../config';
import { compiled } from '../stack/paths';
import { EXIT } from './exit';

const PROGRAMS = { worker: 'src/worker/main.js', simulate: 'simulator/main.js' } as const;

/** Names of the commands that are programs of their own. */
type ProgramName = keyof typeof PROGRAMS;

/** Runs a program to its end; resolves with its exit code, as a shell would give it. */
export function runProgram(name: ProgramName, args: string[]): Promise<number> {
  const child = spawn(process.execPath, [compiled(PROGRAMS[name]), ...args], {
    stdio: 'inherit',
    env: environment(),
  });
  const forward = (signal: NodeJS.Signals): void => {
    // Ctrl-C on a terminal reaches the child by itself; twice would mean "at once".
    if (signal === 'SIGINT' && process.stdin.isTTY) return;
    child.kill(signal);
  };
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, forward);
  return new Promise((resolve) => {
    child.once('error', (error) => {
      process.stderr.write(`steward ${name}: cannot be started: ${error.message}\n`);
      resolve(EXIT.notCarriedOut);
    });
    child.once('exit', (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}
