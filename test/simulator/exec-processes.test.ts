import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { createExecutor, ScriptedAnswers } from '../../simulator/exec';
import type { Executor } from '../../simulator/exec';
import { ShellExecutor } from '../../simulator/exec/shell';
import { Slots } from '../../simulator/exec/slots';
import { OUTPUT_LIMIT, run, start, useDirectory, wallTimers } from './support/guests';
import { until } from './support/simulated';

const directory = useDirectory();
const limits = { outputLimit: () => OUTPUT_LIMIT };

/** Processes of this machine with a word in their command line. */
function processesWith(word: string): number {
  return readdirSync('/proc').filter((entry) => {
    try {
      return /^\d+$/.test(entry) && readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0').includes(word);
    } catch {
      return false;
    }
  }).length;
}

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('a real process', () => {
  let executor: Executor;
  beforeAll(() => void (executor = new ShellExecutor(directory, limits)));
  afterAll(() => executor.close());

  it('runs with its exit code, both streams in one and in order', async () => {
    const { ending, text } = await run(executor, 'echo one; echo two >&2; echo three; exit 7');
    expect(ending).toEqual({ kind: 'exited', exitCode: 7 });
    expect(text).toBe('one\ntwo\nthree\n');
  });

  it('runs in the home of whoever started the simulator, or where it is told', async () => {
    expect((await run(executor, 'pwd')).text.trim()).toBe(homedir());
    expect((await run(executor, 'pwd', { workingDirectory: '/' })).text).toBe('/\n');
    const { ending } = await run(executor, 'pwd', { workingDirectory: '/nowhere' });
    expect(ending).toMatchObject({ kind: 'failed', code: 'DirectoryNotExists' });
  });

  it('obeys the first line of a script', async () => {
    expect((await run(executor, '#!/usr/bin/env -S cat -u\nsecond')).text).toContain('second');
  });

  it('is started by its launcher, on a file of the wanted name', async () => {
    const launcher = 'sed -n "s/^word /found /p" {{ACS::ScriptFileName|Ext(".txt")}}; echo "$file"; exit 6';
    const { ending, text } = await run(executor, "a'b\nword here\n", { launcher });
    expect(ending).toEqual({ kind: 'exited', exitCode: 6 });
    expect(text).toMatch(/^found here\n\/tmp\/cloud-assist-\w+\.txt\n$/);
    const plain = await run(executor, 'exactly these bytes', { launcher: 'cat' });
    expect(plain.text).toBe('exactly these bytes');
  });

  it('that runs too long is ended with its grandchildren', async () => {
    const mark = `8${Date.now()}`;
    const began = Date.now();
    const { ending, text } = await run(
      executor,
      `echo begun; (sleep ${mark} & sleep ${mark}) & sleep ${mark}`,
      {
        timeoutMs: 400,
      },
    );
    expect(ending).toEqual({ kind: 'timeout' });
    expect(text).toBe('begun\n');
    expect(Date.now() - began).toBeLessThan(5_000);
    await until(
      async () => processesWith(mark),
      (count) => count === 0,
    );
  });

  it('that is ended from outside says so and leaves nothing', async () => {
    const mark = `7${Date.now()}`;
    const job = start(executor, `sleep ${mark}`);
    await until(
      async () => processesWith(mark),
      (count) => count > 0,
    );
    job.kill();
    expect((await job.done).ending).toEqual({ kind: 'killed' });
    await until(
      async () => processesWith(mark),
      (count) => count === 0,
    );
  });

  it('that writes without end neither fills the memory nor loses count', async () => {
    const before = process.memoryUsage().rss;
    const { ending, output, dropped } = await run(executor, 'yes', { timeoutMs: 1_200 });
    expect(ending).toEqual({ kind: 'timeout' });
    expect(output).toHaveLength(OUTPUT_LIMIT);
    expect(dropped).toBeGreaterThan(1_000_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
  });

  it('that ends within a second keeps the tail; one that runs on keeps a head and a tail', async () => {
    const quick = await run(executor, 'seq 20000');
    expect(quick.text.endsWith('19999\n20000\n')).toBe(true);
    expect(quick.text.startsWith('1\n2\n')).toBe(false);
    const slow = await run(executor, 'seq 20000; sleep 1.3; echo end');
    expect(slow.text.startsWith('1\n2\n3\n')).toBe(true);
    expect(slow.text.endsWith('20000\nend\n')).toBe(true);
    expect(slow.output).toHaveLength(OUTPUT_LIMIT);
  }, 10_000);

  it('shows its output while it runs, once a second', async () => {
    const job = start(executor, 'echo early; sleep 30');
    expect(job.output().toString()).toBe('');
    await until(
      async () => job.output().toString(),
      (text) => text === 'early\n',
    );
    job.kill();
    await job.done;
  });

  it('that holds the pipe from outside the group does not hold up the end', async () => {
    const mark = `3${String(Date.now()).slice(-2)}`;
    const began = Date.now();
    const { ending, text } = await run(executor, `(setsid sleep 4.${mark} &); echo end`);
    expect({ ending, text }).toEqual({ ending: { kind: 'exited', exitCode: 0 }, text: 'end\n' });
    expect(Date.now() - began).toBeLessThan(3_000);
  });

  it('waits for a place when all are taken', async () => {
    const narrow = new ShellExecutor(directory, { ...limits, running: 2 });
    let [now, most] = [0, 0];
    const jobs = Array.from({ length: 8 }, () =>
      start(narrow, 'sleep 0.1', { onStart: () => void (most = Math.max(most, ++now)) }),
    );
    await Promise.all(jobs.map((job) => job.done.then(() => (now -= 1))));
    expect(most).toBe(2);
    await narrow.close();
  });

  it('that still waits for a place when it is ended never starts', async () => {
    const narrow = new ShellExecutor(directory, { ...limits, running: 1 });
    const first = start(narrow, 'sleep 20');
    const started = jest.fn();
    const second = start(narrow, 'echo no', { onStart: started });
    second.kill();
    expect((await second.done).ending).toEqual({ kind: 'killed' });
    await narrow.close();
    expect((await first.done).ending).toEqual({ kind: 'killed' });
    expect(started).not.toHaveBeenCalled();
  });
});

describe('the choice of how commands run', () => {
  const options = { directory, timers: wallTimers, ...limits };

  it('is the shell only by name, and says what that means', async () => {
    const warn = jest.fn();
    const answers = new ScriptedAnswers();
    const executor = await createExecutor({ ...options, answers, mode: 'shell', warn });
    expect(executor.mode).toBe('shell');
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('as you'));
    await executor.close();
  });

  it('is never the shell by default', async () => {
    const executor = await createExecutor({ ...options, answers: new ScriptedAnswers() });
    expect(['sandbox', 'canned']).toContain(executor.mode);
    await executor.close();
  });

  it('says what is in the way when the sandbox is asked for where it cannot work', async () => {
    const path = process.env['PATH'];
    const platform = Object.getOwnPropertyDescriptor(process, 'platform');
    Object.defineProperty(process, 'platform', { value: 'darwin' });
    try {
      const asked = createExecutor({ ...options, answers: new ScriptedAnswers(), mode: 'sandbox' });
      await expect(asked).rejects.toThrow(/--exec sandbox is impossible: .*Linux.*--exec canned/);
      const fallback = await createExecutor({ ...options, answers: new ScriptedAnswers() });
      expect(fallback.mode).toBe('canned');
      await fallback.close();
    } finally {
      if (platform) Object.defineProperty(process, 'platform', platform);
      process.env['PATH'] = path;
    }
  });
});

test('places are given in the order of asking, and one given up is passed over', () => {
  const slots = new Slots(1);
  const order: number[] = [];
  slots.take(() => order.push(1));
  const giveUp = slots.take(() => order.push(2));
  slots.take(() => order.push(3));
  giveUp();
  slots.release();
  expect(order).toEqual([1, 3]);
});
