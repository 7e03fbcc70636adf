/** Ending a stack by its note: all of it, nothing else, also where it does not want to. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endStack } from '../../../src/stack/end-stack';
import { identityOf } from '../../../src/stack/process-lock';
import { announceStack, runningStack } from '../../../src/stack/stack-file';
import { afterTest, temporaryDirectory, until } from '../../support/temporary';

const STACK = {
  address: '127.0.0.1:7233',
  namespace: 'default',
  account: 'default',
  taskQueue: 'steward-default',
  startedAt: '2026-01-01T00:00:00.000Z',
};
const QUICK = { endsWithinMs: 300, childrenEndWithinMs: 300 };

/** A process that leads a group; with `deaf` it ignores SIGTERM. Gone after the test. */
async function startProcess(dir: string, deaf = false): Promise<number> {
  const ready = join(dir, `ready-${Math.random()}`);
  const code = `${deaf ? "process.on('SIGTERM', () => 0);" : ''} require('fs').writeFileSync(${JSON.stringify(ready)}, ''); setInterval(() => 0, 1000)`;
  const { pid = 0 } = spawn(process.execPath, ['-e', code], { detached: true, stdio: 'ignore' });
  afterTest(() => {
    if (identityOf(pid)) process.kill(pid, 'SIGKILL');
  });
  await until('it runs', () => existsSync(ready));
  return pid;
}

/** A note as if `main` ran a stack of `children`. */
function note(dir: string, main: number, children: number[]): void {
  announceStack(dir, { ...STACK, pids: children });
  const file = join(dir, 'stack.json');
  const written = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...written, process: identityOf(main) ?? { pid: main } }));
}

test('no stack, and the note of one that is gone: nothing to do', async () => {
  const dir = temporaryDirectory();
  expect(await endStack(dir, () => undefined)).toBe(false);
  note(dir, spawnSync(process.execPath, ['-e', '0']).pid, []);
  expect(await endStack(dir, () => undefined)).toBe(false);
});

test('a stack that obeys is asked, and its note goes', async () => {
  const dir = temporaryDirectory();
  const main = await startProcess(dir);
  note(dir, main, []);
  const said: string[] = [];
  expect(await endStack(dir, (line) => said.push(line))).toBe(true);
  expect([identityOf(main), existsSync(join(dir, 'stack.json'))]).toEqual([undefined, false]);
  expect(said).toEqual([`Ending the stack of process ${main} …`]);
});

test('one that does not obey is killed, and what is left of it too', async () => {
  const dir = temporaryDirectory();
  const [main, child] = await Promise.all([startProcess(dir, true), startProcess(dir, true)]);
  note(dir, main, [child]);
  const said: string[] = [];
  expect(await endStack(dir, (line) => said.push(line), QUICK)).toBe(true);
  expect([identityOf(main), identityOf(child)]).toEqual([undefined, undefined]);
  expect(said[1]).toContain('does not end; killing it');
});

test('children of a stack that was killed are ended', async () => {
  const dir = temporaryDirectory();
  const child = await startProcess(dir);
  note(dir, spawnSync(process.execPath, ['-e', '0']).pid, [child]);
  expect(runningStack(dir)).toBeUndefined();
  expect(await endStack(dir, () => undefined, QUICK)).toBe(true);
  expect(identityOf(child)).toBeUndefined();
});

const onLinux = process.platform === 'linux' ? test : test.skip;
onLinux('a process that only has the id of one of the stack is left alone', async () => {
  const dir = temporaryDirectory();
  const stranger = await startProcess(dir);
  note(dir, stranger, [stranger]);
  const file = join(dir, 'stack.json');
  const { startTicks } = identityOf(stranger) ?? {};
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(`"${startTicks}"`, '"1"'));
  expect(await endStack(dir, () => undefined, QUICK)).toBe(false);
  expect(identityOf(stranger)).toBeDefined();
});
