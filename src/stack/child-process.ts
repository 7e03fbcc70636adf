/**
 * A child process of the stack: its log in a file, its one line of JSON when it is ready, its end, and a guard that
 * ends it when its parent is killed.
 *
 * The one rule: a child never outlives the stack, and the terminal's Ctrl-C reaches only the parent (children lead
 * process groups of their own), so that the parent decides what ends when.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf, StackError } from './errors';
import type { Environment } from './paths';
import { lastLines } from './run-tool';

/** What to start. */
export interface ChildOptions {
  /** For people: `worker`, `simulator` … */
  title: string;
  command: string;
  args: string[];
  env: Environment;
  /** stderr goes here, and stdout too unless the child prints a ready line; the previous log is kept beside it. */
  logFile: string;
  /** The child prints one line of JSON on stdout when it is ready. */
  printsReadyLine: boolean;
}

/** How a child ended, in words: `exit code 1`, `signal SIGKILL`. */
export interface Ended {
  how: string;
  /** The last lines of its log. */
  lastWords: string;
}

export interface Child {
  title: string;
  pid: number;
  /** Resolves when it has ended, whatever the reason; never rejects. */
  ended: Promise<Ended>;
  /** The JSON of the ready line; rejects with a StackError when it ends before, or says something else. */
  ready(withinMs: number): Promise<unknown>;
  /** SIGTERM, then SIGKILL after the grace time; resolves when it has ended. */
  stop(graceMs: number): Promise<void>;
}

/** Starts it; rejects with a StackError when the program cannot be started at all. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const child = await launch(options);
  const pid = child.pid ?? 0;
  const guard = guardOf(pid);
  const lastWords = (): string => lastWordsOf(readLog(options.logFile));
  const ended = new Promise<Ended>((resolve) => {
    child.once('exit', (code, signal) => {
      guard?.kill('SIGKILL');
      resolve({ how: signal ? `signal ${signal}` : `exit code ${code ?? 0}`, lastWords: lastWords() });
    });
  });
  const firstLine = readFirstLine(child);
  return {
    title: options.title,
    pid,
    ended,
    ready: (withinMs) => readyOf(options, firstLine, ended, withinMs),
    stop: async (graceMs) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

function launch(options: ChildOptions): Promise<ChildProcess> {
  mkdirSync(dirname(options.logFile), { recursive: true, mode: 0o700 });
  // A log of the run before is what explains a crash found after the restart.
  if (existsSync(options.logFile))
    renameSync(options.logFile, options.logFile.replace(/(\.log)?$/, '.previous.log'));
  const log = openSync(options.logFile, 'w', 0o600);
  return new Promise((resolve, reject) => {
    const child = spawn(options.command, options.args, {
      env: options.env,
      detached: true,
      stdio: ['ignore', options.printsReadyLine ? 'pipe' : log, log],
    });
    child.once('spawn', () => resolve(child));
    child.once('error', (error) =>
      reject(
        new StackError(
          `The ${options.title} cannot be started: ${options.command}: ${codeOf(error) ?? error.message}.`,
        ),
      ),
    );
    closeSync(log);
  });
}

async function readyOf(
  options: ChildOptions,
  firstLine: Promise<string>,
  ended: Promise<Ended>,
  withinMs: number,
): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new StackError(
            `The ${options.title} was not ready within ${withinMs / 1000} s; its log: ${options.logFile}`,
          ),
        ),
      withinMs,
    );
  });
  const dead = ended.then((end) => Promise.reject(endedUnexpectedly(options.title, end, options.logFile)));
  try {
    const line = await Promise.race([firstLine, dead, late]);
    return JSON.parse(line) as unknown;
  } catch (error) {
    if (error instanceof StackError) throw error;
    throw new StackError(`The ${options.title} did not print its line of JSON; its log: ${options.logFile}`);
  } finally {
    clearTimeout(timer);
  }
}

/** The error for a child that ended by itself. */
export function endedUnexpectedly(title: string, ended: Ended, logFile: string): StackError {
  const words = ended.lastWords ? `: ${ended.lastWords}` : '';
  return new StackError(`The ${title} ended unexpectedly (${ended.how})${words}\nIts log: ${logFile}`);
}

/** The first line of its stdout; what follows is read and dropped, lest the child block on a full pipe. */
function readFirstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (data: string) => {
      if (text.includes('\n')) return;
      text += data;
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
  });
}

/**
 * A shell that waits for the end of a pipe only this process holds: when this process dies, however it dies, the pipe
 * closes and the shell ends the child. Leads a session of its own, so what kills the parent's group spares it.
 */
function guardOf(pid: number): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined;
  const guard = spawn('/bin/sh', ['-c', GUARD, 'steward-guard', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.once('error', () => undefined);
  guard.unref();
  // The pipe alone must not keep the parent alive.
  (guard.stdin as { unref?: () => void } | null)?.unref?.();
  return guard;
}

const GUARD = `read -r _
kill -TERM "$1" 2>/dev/null || exit 0
n=0
while [ $n -lt 100 ] && kill -0 "$1" 2>/dev/null; do sleep 0.1; n=$((n + 1)); done
kill -KILL "$1" 2>/dev/null`;

/** A crash of Node ends in a stack and a dump; what matters is the line that names the error. */
function lastWordsOf(log: string): string {
  const errors = log.split('\n').filter((line) => /^(Uncaught )?\w*Error\b.*: /.test(line));
  return errors.at(-1)?.slice(0, 400) ?? lastLines(log, 3);
}

function readLog(file: string): string {
  try {
    return readFileSync(file, 'utf8').slice(-8192);
  } catch {
    return '';
  }
}
