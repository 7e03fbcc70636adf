/** On a terminal: questions before big runs, live counts, and a choice on Ctrl-C. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cli, stackUp, startCli } from '../support/cli';
import type { Running } from '../support/cli';
import { until } from '../support/temporary';

const stateDir = mkdtempSync(join(tmpdir(), 'steward-cli-'));
const CTRL_C = '\u0003';
let stack: Awaited<ReturnType<typeof stackUp>>;

beforeAll(async () => {
  stack = await stackUp(stateDir, ['--instances', '2', '--tag', 'env=test', '--exec', 'canned']);
}, 60_000);

afterAll(async () => {
  const ended = await stack.end();
  rmSync(stateDir, { recursive: true, force: true });
  // Ctrl-C is how a stack ends.
  expect(ended).toMatchObject({ code: 0 });
});

/** A run by tag on a terminal, for which a person is asked. */
async function runByTag(id: string, command: string): Promise<Running> {
  const { regionId } = stack.line.simulator;
  const args = ['run', '--region', regionId, '--tag', 'env=test', '--id', id, '--', command];
  const running = await startCli(args, { stateDir, terminal: true });
  await until('it asks', () => running.stdout().includes('[y/N]'));
  return running;
}

const type = (running: Running, text: string): boolean => running.child.stdin?.write(text) ?? false;

test('a person who does not say yes starts nothing', async () => {
  const running = await runByTag('refused', 'uname');
  type(running, '\r');
  expect(await running.finished).toMatchObject({
    code: 2,
    stdout: expect.stringContaining('Nothing was started') as string,
  });
  expect((await cli(['status', 'refused'], { stateDir })).code).toBe(3);
});

test('a person who says yes sees counts that replace each other, then the table', async () => {
  const running = await runByTag('agreed', 'sleep 2');
  type(running, 'y\r');
  const { code, stdout } = await running.finished;
  expect(stdout).toContain('\u001b[2K');
  expect(stdout).toMatch(/\d \w+ \(2 instances, 0:0\d\)/);
  expect(stdout).toContain('2 of 2 instances succeeded');
  expect(code).toBe(0);
});

test('Ctrl-C asks; leaving it, the run goes on: exit 130', async () => {
  const running = await runByTag('left', 'sleep 3');
  type(running, 'y\r');
  await until('it is sent', () => running.stdout().includes('2 Sent'));
  type(running, CTRL_C);
  await until('it asks', () => running.stdout().includes('leave it going'));
  type(running, '\r');
  expect(await running.finished).toMatchObject({ code: 130 });
  expect((await cli(['status', '--follow', 'left'], { stateDir })).code).toBe(0);
});

test('Ctrl-C asks; staying, the run is followed to its end: exit 0', async () => {
  const running = await runByTag('stayed', 'sleep 3');
  type(running, 'y\r');
  await until('it is sent', () => running.stdout().includes('2 Sent'));
  type(running, CTRL_C);
  await until('it asks', () => running.stdout().includes('leave it going'));
  type(running, 's\r');
  expect(await running.finished).toMatchObject({ code: 0 });
});

test('Ctrl-C asks; cancelling, what had started is reported: exit 130', async () => {
  const running = await runByTag('stopped', 'sleep 6');
  type(running, 'y\r');
  await until('it is sent', () => running.stdout().includes('2 Sent'));
  type(running, CTRL_C);
  await until('it asks', () => running.stdout().includes('leave it going'));
  type(running, 'c\r');
  const { code, stdout } = await running.finished;
  expect(stdout).toContain('Cancelled.');
  expect(code).toBe(130);
});
