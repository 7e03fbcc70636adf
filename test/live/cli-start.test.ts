/** `steward start`, which is `npm start`: the main job in one go, and a history that can be opened again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cli, stackUp, startCli } from '../support/cli';
import { until } from '../support/temporary';

const stateDir = mkdtempSync(join(tmpdir(), 'steward-cli-'));

afterAll(() => rmSync(stateDir, { recursive: true, force: true }));

test('without a terminal it ends with exit 0, and the stack it names shows the run again', async () => {
  const { code, stdout, stderr } = await cli(['start'], { stateDir });
  expect(stdout.match(/Success +0 .*MemTotal:/g)).toHaveLength(5);
  expect(stdout).toContain('5 of 5 instances succeeded');
  expect(stderr).toMatch(/To open it again: .* up/);
  expect(code).toBe(0);
  const workflowId = /results (run-\S+)/.exec(stderr)?.[1] ?? '';
  const stack = await stackUp(stateDir);
  const status = await cli(['status', workflowId], { stateDir });
  const results = await cli(['results', workflowId], { stateDir });
  await stack.end();
  expect(status.stdout).toContain('5 of 5 instances succeeded');
  expect(results.stdout.match(/^== i-/gm)).toHaveLength(5);
});

test('on a terminal the history stays open until Enter', async () => {
  const running = await startCli(['start'], { stateDir, terminal: true });
  await until('it is done', () => running.stdout().includes('Press Enter to end'), 60_000);
  const link = /http:\/\/\S+\/workflows\/\S+/.exec(running.stdout())?.[0] ?? '';
  expect((await fetch(new URL(link).origin)).status).toBe(200);
  running.child.stdin?.write('\r');
  expect(await running.finished).toMatchObject({ code: 0 });
});
