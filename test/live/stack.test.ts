/** The embedded stack as a whole: what it says when it runs, that all of it ends, and who is named when a part dies. */
import { Client, Connection } from '@temporalio/client';
import { join } from 'node:path';
import { identityOf } from '../../src/stack/process-lock';
import { startStack } from '../../src/stack/stack';
import type { Stack, StackOptions } from '../../src/stack/stack';
import { runningStack } from '../../src/stack/stack-file';
import { temporalCli } from '../support/binaries';
import { afterTest, temporaryDirectory } from '../support/temporary';

async function start(stateDir: string, more: Partial<StackOptions> = {}): Promise<Stack> {
  const stack = await startStack({
    stateDir,
    env: { ...process.env, STEWARD_TEMPORAL_CLI: await temporalCli() },
    report: () => undefined,
    target: { instances: 2, exec: 'canned' },
    port: 0,
    uiPort: 0,
    headless: true,
    ...more,
  });
  afterTest(() => stack.stop());
  return stack;
}

const alive = (stack: Stack): number[] =>
  Object.values(stack.pids).filter((pid) => pid !== undefined && identityOf(pid) !== undefined);

test('a running stack can be found by other commands, works, and ends altogether', async () => {
  const stateDir = temporaryDirectory();
  const stack = await start(stateDir);
  expect(runningStack(stateDir)).toMatchObject({
    address: stack.address,
    taskQueue: 'steward-default',
    simulator: { endpoint: stack.simulator?.endpoint, instances: 2 },
  });
  const connection = await Connection.connect({ address: stack.address });
  afterTest(() => connection.close());
  const result: unknown = await new Client({ connection }).workflow.execute('runCommand', {
    taskQueue: stack.taskQueue,
    workflowId: 'from-a-plain-client',
    args: [
      {
        region: stack.simulator?.regionId,
        targets: { instanceIds: stack.simulator?.instanceIds },
        command: { type: 'RunShellScript', content: 'uname' },
      },
    ],
  });
  expect(result).toMatchObject({ outcome: 'succeeded', totals: { Success: 2 } });
  await stack.stop();
  expect(alive(stack)).toEqual([]);
  expect(runningStack(stateDir)).toBeUndefined();
});

test('a second stack on the same state directory is refused with the address of the first', async () => {
  const stateDir = temporaryDirectory();
  const stack = await start(stateDir);
  await expect(start(stateDir)).rejects.toThrow(`Temporal at ${stack.address}`);
  expect(alive(stack)).toHaveLength(3);
});

test.each(['temporalServer', 'simulator', 'worker'] as const)(
  'when the %s dies, it is named',
  async (part) => {
    const stack = await start(temporaryDirectory());
    process.kill(stack.pids[part] ?? 0, 'SIGKILL');
    const titles = { temporalServer: 'Temporal server', simulator: 'simulator', worker: 'worker' };
    const failure = await stack.failed;
    expect(failure.message).toContain(`The ${titles[part]} ended unexpectedly (signal SIGKILL)`);
    expect(failure.message).toContain(stack.logsDir);
    await stack.stop();
    expect(alive(stack)).toEqual([]);
  },
);

test('what cannot start takes down what has started', async () => {
  const stateDir = temporaryDirectory();
  const attempt = start(stateDir, { target: { region: 'no region' } });
  await expect(attempt).rejects.toThrow(/The simulator ended unexpectedly \(exit code/);
  expect(runningStack(stateDir)).toBeUndefined();
  await expect(start(stateDir)).resolves.toMatchObject({ logsDir: join(stateDir, 'logs') });
});
