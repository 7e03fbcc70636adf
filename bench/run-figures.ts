/**
 * Figures of a run with a command of a minute on 1, 100 and 1,000 instances, or on those given, all at once, by the command line on the embedded stack:
 * calls to ECS by action, history, overhead, memory of worker, server and simulator.
 *
 * Wall beyond: the whole time of the command line without the command's own. Overhead: from the end of the command on the last instance (the simulator's ledger) to the end of the command line.
 * Usage: npm run bench:run [-- SECONDS [SIZES]]   (default 60 and 1,100,1000; about 4 minutes)
 *        npm run bench:fleet                      (60 and 1000,10000; about 6 minutes)
 */
import { Client, Connection } from '@temporalio/client';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControlClient } from '../simulator/control/client';
import { compiled } from '../src/stack/paths';
import { startStack } from '../src/stack/stack';
import type { Stack } from '../src/stack/stack';
import { memoryOf, printTable, runBenchmark, say, seconds } from './support/figures';
import type { Cell } from './support/figures';

const COMMAND_SECONDS = Number(process.argv[2] ?? 60);
const SIZES = (process.argv[3] ?? '1,100,1000').split(',').map(Number);
const ACTIONS = [
  'DescribeInstances',
  'DescribeCloudAssistantStatus',
  'RunCommand',
  'DescribeInvocations',
  'DescribeInvocationResults',
];

runBenchmark(async () => {
  const rows: Cell[][] = [];
  for (const size of SIZES) {
    say(`${size} instances …`);
    rows.push(await figuresOf(size));
  }
  const memory = ['worker', 'server', 'simulator'].map((name) => `${name} MB`);
  printTable(
    `One run, a command of ${COMMAND_SECONDS} s`,
    [
      'instances',
      ...ACTIONS,
      'other calls',
      'history events',
      'history KB',
      'overhead s',
      'wall beyond s',
      ...memory,
    ],
    rows,
  );
});

async function figuresOf(size: number): Promise<Cell[]> {
  const stateDir = mkdtempSync(join(tmpdir(), 'steward-bench-'));
  const stack = await startStack({
    ...{ stateDir, env: process.env, report: say, port: 0, headless: true },
    target: { instances: size, exec: 'canned', tags: ['fleet=bench'] },
  });
  try {
    return await measured(stack, stateDir, size);
  } finally {
    await stack.stop();
    rmSync(stateDir, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function measured(stack: Stack, stateDir: string, size: number): Promise<Cell[]> {
  if (!stack.simulator) throw new Error('the stack has no simulator');
  const control = new ControlClient(stack.simulator);
  const { id, startedAt, endedAt } = await runByCommandLine(stateDir, stack.simulator, size);
  const finished = (await control.effects('command.finished')).map((effect) => effect.time);
  if (finished.length !== size) throw new Error(`${finished.length} of ${size} instances ended`);
  const { calls } = await control.counts();
  const connection = await Connection.connect({ address: stack.address });
  const run = await new Client({ connection }).workflow.getHandle(id).describe();
  await connection.close();
  const all = Object.values(calls).reduce((sum, count) => sum + count, 0);
  const named = ACTIONS.map((action) => calls[action] ?? 0);
  const { worker, temporalServer, simulator } = stack.pids;
  return [
    ...[size, ...named, all - named.reduce((sum, count) => sum + count, 0), run.historyLength],
    Math.round(Number(run.raw.workflowExecutionInfo?.historySizeBytes ?? 0) / 1_024),
    seconds(endedAt - Math.max(...finished)),
    seconds(endedAt - startedAt - COMMAND_SECONDS * 1_000),
    ...[worker, temporalServer, simulator].map((pid) => memoryOf(pid ?? 0).peak ?? memoryOf(pid ?? 0).now),
  ];
}

/** `steward run` on all instances, as a person would; rejects unless every instance succeeded. */
function runByCommandLine(
  stateDir: string,
  simulator: { regionId: string },
  size: number,
): Promise<{ id: string; startedAt: number; endedAt: number }> {
  const id = `bench-${size}`;
  const options = [
    '--region',
    simulator.regionId,
    '--tag',
    'fleet=bench',
    '--id',
    id,
    '--yes',
    '--json',
    '--max-concurrency',
    '100%',
  ];
  const timeout = ['--timeout', String(COMMAND_SECONDS + 60)];
  const command = ['--', 'sleep', String(COMMAND_SECONDS)];
  const args = [compiled('src/cli/main.js'), 'run', ...options, ...timeout, ...command];
  const startedAt = Date.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      env: { ...process.env, STEWARD_STATE_DIR: stateDir },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0
        ? resolve({ id, startedAt, endedAt: Date.now() })
        : reject(new Error(`steward run ended with ${code}`)),
    );
  });
}
