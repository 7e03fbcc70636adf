/**
 * Runs a tool (Go, Maven, a downloader, `temporal --version`) to its end, with a bound on its time and a sign of life.
 *
 * The one rule: never throws and never hangs; every way to fail is an answer with a reason a person can act on.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { codeOf, messageOf } from './errors';
import type { Environment } from './paths';

export interface ToolRun {
  command: string;
  args: string[];
  env: Environment;
  cwd?: string;
  timeoutMs: number;
  /** Ends the tool when this answers a reason; asked every second. */
  giveUp?: () => string | undefined;
  /** A sign of life every ten seconds: lines printed so far and the seconds passed. */
  alive?: (lines: number, seconds: number) => void;
}

export interface ToolResult {
  ok: boolean;
  stdout: string;
  /** Why it failed, with the tool's last words; empty when ok. */
  reason: string;
}

/** Runs it to the end. */
export function runTool(run: ToolRun): Promise<ToolResult> {
  return new Promise((resolve) => {
    const started = Date.now();
    let stdout = '';
    let stderr = '';
    let lines = 0;
    let gaveUp = '';
    let child: ChildProcess;
    try {
      child = spawn(run.command, run.args, { env: run.env, cwd: run.cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    } catch (error) {
      resolve({ ok: false, stdout, reason: messageOf(error) });
      return;
    }
    const stopFor = (reason: string): void => {
      gaveUp ||= reason;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => stopFor(`no end after ${run.timeoutMs / 1000} s`), run.timeoutMs);
    const watch = setInterval(() => {
      const reason = run.giveUp?.();
      if (reason) stopFor(reason);
    }, 1000);
    const life = setInterval(() => run.alive?.(lines, (Date.now() - started) / 1000), 10_000);
    const end = (failure: string): void => {
      for (const each of [timer, watch, life]) clearTimeout(each);
      const reason = gaveUp || failure;
      resolve({ ok: reason === '', stdout, reason: reason && withLastWords(reason, stderr || stdout) });
    };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout = keepEnd(stdout + text);
      lines += countLines(text);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = keepEnd(stderr + text);
      lines += countLines(text);
    });
    child.once('error', (error) => end(codeOf(error) === 'ENOENT' ? 'not installed' : error.message));
    child.once('close', (code, signal) =>
      end(code === 0 ? '' : `ended with ${signal ?? code ?? 'an error'}`),
    );
  });
}

/** The last non-empty lines of a text, joined for one line of an error. */
export function lastLines(text: string, count: number): string {
  const lines = text.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line !== '')
    .slice(-count)
    .join(' | ');
}

function withLastWords(reason: string, output: string): string {
  const words = lastLines(output, 2);
  return words ? `${reason}: ${words.length > 400 ? `${words.slice(0, 400)}…` : words}` : reason;
}

function keepEnd(text: string): string {
  return text.length > 64_000 ? text.slice(-32_000) : text;
}

function countLines(text: string): number {
  return text.split('\n').length - 1;
}
