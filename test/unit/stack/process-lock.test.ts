/** Locks between processes: one holder, dead holders are nobody, a reused process id is not mistaken. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identityOf, isAlive, lock, tryLock } from '../../../src/stack/process-lock';
import { afterTest, temporaryDirectory } from '../../support/temporary';

function endedProcess(): number {
  return spawnSync(process.execPath, ['-e', '0']).pid;
}

test('the second is told who holds it, and gets it after the first let go', () => {
  const file = join(temporaryDirectory(), 'x.lock');
  const first = tryLock(file);
  expect(tryLock(file).holder?.pid).toBe(process.pid);
  first.release?.();
  expect(tryLock(file).holder).toBeUndefined();
});

test('letting go twice does not take away the lock of the next holder', () => {
  const file = join(temporaryDirectory(), 'x.lock');
  const first = tryLock(file);
  first.release?.();
  const other = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
  afterTest(() => void other.kill('SIGKILL'));
  writeFileSync(file, JSON.stringify(identityOf(other.pid ?? 0)));
  first.release?.();
  expect(existsSync(file)).toBe(true);
});

test('a lock of a process that is gone is taken over and leaves no litter', () => {
  const dir = temporaryDirectory();
  const file = join(dir, 'x.lock');
  writeFileSync(file, JSON.stringify({ pid: endedProcess() }));
  expect(tryLock(file).holder).toBeUndefined();
  expect(readdirSync(dir)).toEqual(['x.lock']);
});

test('a lock file that holds nonsense is taken over', () => {
  const file = join(temporaryDirectory(), 'x.lock');
  writeFileSync(file, '{"pid"');
  expect(tryLock(file).holder).toBeUndefined();
});

const onLinux = process.platform === 'linux' ? test : test.skip;
onLinux('a living process that only has the same id is not the holder', () => {
  const identity = identityOf(process.pid);
  expect(isAlive({ ...identity, pid: process.pid })).toBe(true);
  expect(isAlive({ pid: process.pid, startTicks: '1' })).toBe(false);
});

test('who waits is told once and gets the lock', async () => {
  const file = join(temporaryDirectory(), 'x.lock');
  const first = tryLock(file);
  const told: number[] = [];
  const waiting = lock(file, (holder) => {
    told.push(holder.pid);
    setImmediate(() => first.release?.());
  });
  const release = await waiting;
  expect(told).toEqual([process.pid]);
  release();
  expect(existsSync(file)).toBe(false);
});
