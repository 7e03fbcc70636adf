/**
 * `steward up`: Temporal server with Web UI, simulator and worker, until Ctrl-C.
 *
 * The one rule: stdout says once what is there; what happens afterwards goes to stderr and the logs.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { environment } from '../config';
import type { Config } from '../config';
import { StackError } from '../stack/errors';
import { startStack } from '../stack/stack';
import type { Stack, StackOptions } from '../stack/stack';
import { runningStack } from '../stack/stack-file';
import { CliError, EXIT } from './exit';
import type { ExitCode } from './exit';
import type { Context } from './inspect';
import { readPolicyFile } from './policy';
import { plural } from './render';
import { selfCommand } from './self';
import { portsOf, targetOf } from './stack-options';
import type { UpOptions } from './stack-options';
import type { Terminal } from './terminal';

/** Starts the stack, says where it is, and stays until it is asked to end or a part of it fails. */
export async function up(options: UpOptions, { config, terminal }: Context): Promise<ExitCode> {
  const kept = keptCloud(config);
  const target = targetOf(options, kept);
  const policyFile = policyOf(options);
  // A stack that runs keeps its cloud; starting a second one is refused below.
  if (options.fresh && !runningStack(config.paths.stateDir)) kept.forget();
  const stack = await start(config, { target, policyFile, ...portsOf(options) }, terminal);
  const asked = nextSignal();
  try {
    terminal.result(options.json ? stackJson(stack) : stackText(stack));
    const end = await Promise.race([asked.signal, stack.failed]);
    if (end instanceof StackError) throw new CliError(EXIT.notCarriedOut, end.message);
    terminal.say('Ending; history and results are kept.');
  } finally {
    asked.forget();
    await stack.stop();
  }
  return EXIT.ok;
}

/** The absolute path of a file that was found to be good: a worker that refuses it would take the stack with it. */
function policyOf({ policy }: UpOptions): string | undefined {
  if (policy === undefined) return undefined;
  readPolicyFile(policy);
  return resolve(policy);
}

/** The simulated cloud of the last time: its instances and what they have been told. */
export function keptCloud({ paths }: Config): { stateFile: string; exists: boolean; forget: () => void } {
  const stateFile = join(paths.stateDir, 'simulator.json');
  return {
    stateFile,
    exists: existsSync(stateFile),
    forget: () => {
      // The ledger lies beside it under a name that begins alike.
      for (const name of existsSync(paths.stateDir) ? readdirSync(paths.stateDir) : []) {
        if (name.startsWith('simulator.json')) rmSync(join(paths.stateDir, name), { recursive: true });
      }
    },
  };
}

/** Starts a stack for a command of ours; whatever hinders it becomes a CliError. */
export async function start(
  config: Config,
  choices: Pick<StackOptions, 'target' | 'port' | 'uiPort' | 'policyFile'>,
  terminal: Terminal,
): Promise<Stack> {
  const { account, paths } = config;
  const report = (line: string): void => terminal.say(line);
  try {
    return await startStack({ stateDir: paths.stateDir, env: environment(), report, account, ...choices });
  } catch (error) {
    if (error instanceof StackError) throw new CliError(EXIT.notCarriedOut, error.message);
    throw error;
  }
}

/** The next signal that asks this process to end. */
export function nextSignal(): { signal: Promise<'signal'>; forget: () => void } {
  let wake: () => void = () => undefined;
  const signal = new Promise<'signal'>((resolve) => (wake = () => resolve('signal')));
  const names: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const name of names) process.on(name, wake);
  return {
    signal,
    forget: () => {
      for (const name of names) process.off(name, wake);
    },
  };
}

function stackText(stack: Stack): string {
  const { simulator } = stack;
  const steward = selfCommand();
  const target = simulator
    ? `${simulator.endpoint}, ${plural(simulator.instanceIds.length, 'instance')} in ${simulator.regionId}`
    : undefined;
  const first = simulator
    ? `${steward} run --region ${simulator.regionId} --instance ${simulator.instanceIds[0] ?? 'ID'} -- cat /proc/meminfo`
    : `${steward} run --region REGION --instance ID -- cat /proc/meminfo`;
  return [
    ...(stack.uiUrl === undefined ? [] : [`Web UI           ${stack.uiUrl}`]),
    `Temporal         ${stack.address}, namespace ${stack.namespace}, task queue ${stack.taskQueue}`,
    target === undefined
      ? 'Real servers     commands change instances of your cloud account'
      : `Simulated cloud  ${target}`,
    `Logs             ${stack.logsDir}`,
    '',
    'A first command, in another terminal:',
    `  ${first}`,
    'Ctrl-C ends all of it; history and results are kept.',
  ].join('\n');
}

function stackJson({ address, uiUrl, namespace, account, taskQueue, logsDir, simulator }: Stack): string {
  const cloud = simulator && {
    endpoint: simulator.endpoint,
    controlUrl: simulator.controlUrl,
    regionId: simulator.regionId,
    instanceIds: simulator.instanceIds,
  };
  return JSON.stringify({ address, uiUrl, namespace, account, taskQueue, logsDir, simulator: cloud });
}
