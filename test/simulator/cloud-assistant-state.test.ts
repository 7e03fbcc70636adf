import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assist, codeOf } from './support/assistant';
import type { Assistant } from './support/assistant';
import { until } from './support/simulated';

const folder = mkdtempSync(join(tmpdir(), 'steward-state-'));
chmodSync(folder, 0o700);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('commands, results and what waits for its time survive a restart; what ran was interrupted', async () => {
  const options = { stateFile: join(folder, 'state.json'), instances: 2 };
  const before = await assist(options);
  const done = await before.run('hostname; exit 5', { keepCommand: true, name: 'kept' });
  const rows = await before.ended(done.invokeId);
  const timed = await before.run('true', { frequency: 'rate(1d)' });
  const running = await before.run('echo begun; sleep 600');
  await until(
    () => before.invocation(running.invokeId),
    (found) => found.invocationStatus === 'Running',
  );
  await before.close();

  const after: Assistant = await assist(options);
  expect(after.instanceIds).toEqual(before.instanceIds);
  expect(await after.results(done.invokeId)).toEqual(rows);
  expect(await after.invocation(timed.invokeId)).toMatchObject({ invocationStatus: 'Scheduled' });
  for (const row of await after.results(running.invokeId))
    expect(row).toMatchObject({ invocationStatus: 'Error', errorCode: 'ExecutionInterrupted' });
  const again = { CommandId: done.commandId, 'InstanceId.1': after.instanceIds[0] ?? '' };
  expect(await after.call('InvokeCommand', again)).toMatchObject({ status: 200 });
  await after.close();
});

test('on real processes a hundred instances answer, each for itself', async () => {
  const on = await assist({ instances: 100, exec: undefined });
  const mode = (await on.simulation.assistant.ready()).mode;
  if (mode !== 'sandbox')
    process.stderr.write('skipped: no sandbox here; the canned answers are looked at\n');
  const rows = await on.ended((await on.run('hostname; cat /proc/meminfo | head -n 1')).invokeId);
  expect(rows).toHaveLength(50);
  expect(new Set(rows.map((row) => row.output?.split('\n')[0])).size).toBe(50);
  for (const row of rows) expect(row.output).toMatch(/\nMemTotal: +\d+ kB\n$/);
  await on.close();
}, 30_000);

test('where the sandbox is asked for and impossible the simulator does not start', async () => {
  const platform = Object.getOwnPropertyDescriptor(process, 'platform');
  Object.defineProperty(process, 'platform', { value: 'win32' });
  try {
    expect(await codeOf(assist({ exec: 'canned' }).then((on) => on.close()))).toBe('OK');
    await expect(assist({ exec: 'sandbox' })).rejects.toThrow('--exec sandbox is impossible');
  } finally {
    if (platform) Object.defineProperty(process, 'platform', platform);
  }
});
