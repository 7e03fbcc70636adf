/** Children of the stack: ready lines, ends and their last words, and no child that outlives its parent. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from '../../../src/stack/child-process';
import type { Child } from '../../../src/stack/child-process';
import { identityOf } from '../../../src/stack/process-lock';
import { afterTest, temporaryDirectory, until } from '../../support/temporary';

async function child(script: string, logFile = join(temporaryDirectory(), 'child.log')): Promise<Child> {
  const started = await startChild({
    title: 'child',
    command: process.execPath,
    args: ['-e', script],
    env: process.env,
    logFile,
    printsReadyLine: true,
  });
  afterTest(() => started.stop(0));
  return started;
}

const FOREVER = 'setInterval(() => 0, 1000);';

test('its ready line is read, even in pieces and with more output after it', async () => {
  const one = await child(
    `process.stdout.write('{"a"'); setTimeout(() => console.log(':1}\\nmore'), 20); ${FOREVER}`,
  );
  expect(await one.ready(5_000)).toEqual({ a: 1 });
});

test('ended before it was ready: the error names it, how it ended, and the line that says why', async () => {
  const one = await child('throw new TypeError("no such region")');
  await expect(one.ready(5_000)).rejects.toThrow(
    /The child ended unexpectedly \(exit code 1\): TypeError: no such region/,
  );
});

test('not ready in time, and something else than JSON, are errors that name the log', async () => {
  await expect((await child(FOREVER)).ready(50)).rejects.toThrow(
    /not ready within 0.05 s; its log: .*child.log/,
  );
  await expect((await child(`console.log('hello'); ${FOREVER}`)).ready(5_000)).rejects.toThrow(
    /its line of JSON/,
  );
});

test('a program that is not there is an error, not a crash', async () => {
  const options = { title: 'child', args: [], env: {}, printsReadyLine: false };
  const attempt = startChild({
    ...options,
    command: '/nowhere/x',
    logFile: join(temporaryDirectory(), 'x.log'),
  });
  await expect(attempt).rejects.toThrow('The child cannot be started: /nowhere/x: ENOENT.');
});

test('stop asks first and insists after the grace time', async () => {
  const deaf = await child(`process.on('SIGTERM', () => 0); console.log('{}'); ${FOREVER}`);
  await deaf.ready(5_000);
  await deaf.stop(100);
  expect(await deaf.ended).toMatchObject({ how: 'signal SIGKILL' });
});

test('the log of the run before is kept beside the new one', async () => {
  const log = join(temporaryDirectory(), 'child.log');
  await (
    await child('console.error("first")', log)
  ).ended;
  await (
    await child('console.error("second")', log)
  ).ended;
  expect(readFileSync(log, 'utf8')).toBe('second\n');
  expect(readFileSync(log.replace('.log', '.previous.log'), 'utf8')).toBe('first\n');
});

test('a parent that is killed takes its child with it, and a Ctrl-C in its terminal does not reach the child', async () => {
  const module = join(__dirname, '../../../dist/src/stack/child-process.js');
  const log = join(temporaryDirectory(), 'child.log');
  const parent = spawn(process.execPath, [
    '-e',
    `require(${JSON.stringify(module)}).startChild({ title: 'child', command: process.execPath, env: process.env,
       args: ['-e', "setInterval(() => 0, 1000)"], logFile: ${JSON.stringify(log)}, printsReadyLine: false })
     .then((child) => console.log(child.pid)); ${FOREVER}`,
  ]);
  afterTest(() => void parent.kill('SIGKILL'));
  const pid = await new Promise<number>((resolve) =>
    parent.stdout.once('data', (data) => resolve(Number(data))),
  );
  expect(groupOf(pid)).toBe(String(pid));
  parent.kill('SIGKILL');
  await until('the child has ended', () => identityOf(pid) === undefined);
});

function groupOf(pid: number): string {
  return spawnSync('ps', ['-o', 'pgid=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
}
