/** Runs scripts on executors without a simulator around them. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Executor, Finished, Guest } from '../../../simulator/exec';
import type { Job, RunningJob } from '../../../simulator/exec/types';

export const OUTPUT_LIMIT = 24_576;

export function guest(id = 'i-test', over: Partial<Guest> = {}): Guest {
  return {
    id,
    name: `name of ${id}`,
    hostName: `host-${id}`,
    regionId: 'cn-hangzhou',
    osType: 'linux',
    bootId: `boot-of-${id}`,
    bootedAt: 0,
    cpus: 2,
    memoryMb: 4_096,
    privateIp: '10.0.0.7',
    ...over,
  };
}

let jobs = 0;

export function start(executor: Executor, content: string, over: Partial<Job> = {}): RunningJob {
  return executor.run({
    id: `t-${++jobs}`,
    guest: guest(),
    type: 'RunShellScript',
    content: Buffer.from(content),
    timeoutMs: 20_000,
    reportsWhileRunning: true,
    onStart: () => undefined,
    ...over,
  });
}

export interface Ran extends Finished {
  readonly text: string;
}

/** Runs to the end. */
export async function run(executor: Executor, content: string, over: Partial<Job> = {}): Promise<Ran> {
  const finished = await start(executor, content, over).done;
  return { ...finished, text: finished.output.toString() };
}

/** A directory for the tests of one file, gone after them. */
export function useDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'steward-test-'));
  // Where the tests run as root, bubblewrap must find its way here as another account.
  chmodSync(directory, 0o755);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Timers of wall time. */
export const wallTimers = {
  now: (): number => Date.now(),
  at: (due: number, run: () => void): { cancel(): void } => {
    const handle = setTimeout(run, Math.max(0, due - Date.now()));
    return { cancel: () => clearTimeout(handle) };
  },
};
