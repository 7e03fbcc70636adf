#!/usr/bin/env node
/**
 * The command line: names, options and help of every command, and the end of the process.
 *
 * The one rule: this file decides exit codes and nothing else; what a command does is in the file of its name, loaded
 * only when it is called.
 */
import { Command, CommanderError } from 'commander';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, loadConfig } from '../config';
import { inputJsonSchema, TYPES_WITH_SCHEMA } from '../domain/schemas';
import { packageRoot } from '../stack/paths';
import { addAgentCommands } from './agent-commands';
import { addEventCommands } from './event-commands';
import { CliError, EXIT, EXIT_CODES, messageOf } from './exit';
import { addHoursCommands } from './hours-commands';
import { runProgram } from './programs';
import { addRunCommands } from './run-commands';
import { addSpotCommands } from './spot-commands';
import type { UpOptions } from './stack-options';
import { processTerminal } from './terminal';

const WORKER_HELP = `
Credentials come from the default chain of the Alibaba Cloud SDK. Settings, all optional: STEWARD_ACCOUNT,
STEWARD_POLICY_FILE, STEWARD_RESULTS_DIR, STEWARD_LOG_LEVEL, STEWARD_STICKY_TIMEOUT_MS, STEWARD_SHUTDOWN_GRACE_MS,
STEWARD_MAX_CACHED_WORKFLOWS, STEWARD_MAX_CONCURRENT_ACTIVITIES. Logs go to stderr, one JSON object a line.`;

async function main(argv: string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === 'simulate') return runProgram(name, rest);
  let exitCode: number = EXIT.ok;
  const act = <A extends unknown[]>(action: (...args: A) => Promise<number>) => {
    return async (...args: A): Promise<void> => {
      exitCode = await action(...args);
    };
  };
  try {
    await program(act).parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return report(error, wantsJson(argv));
  }
}

/** Options whose lists are absent where nothing was typed. */
type Lists<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>;

type Act = <A extends unknown[]>(action: (...args: A) => Promise<number>) => (...args: A) => Promise<void>;

function program(act: Act): Command {
  const steward = new Command('steward')
    .description('Durable operations for Alibaba Cloud ECS, on Temporal.')
    .version(version(), '--version', 'print the version')
    .helpOption('--help', 'print help; steward COMMAND --help tells more')
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(steward --help, steward COMMAND --help)')
    .exitOverride();
  addStackCommands(steward, act);
  addRunCommands(steward, { act, context });
  addAgentCommands(steward, { act, context });
  addLooks(steward, act);
  addEventCommands(steward, { act, context });
  addSpotCommands(steward, { act, context });
  addHoursCommands(steward, { act, context });
  return steward;
}

function addStackCommands(steward: Command, act: Act): void {
  steward
    .command('start')
    .description('see what it does: a simulated fleet, one command on all of it (npm start)')
    .action(act(async () => (await import('./start.js')).start(context())));
  steward
    .command('up')
    .description('run a Temporal server with its Web UI, a simulated cloud and a worker, until Ctrl-C')
    .option('--instances <n>', 'instances of the simulated cloud (default: 5)')
    .option('--windows <n>', 'so many of them run Windows (default: 0)')
    .option('--region <region>', 'their region (default: cn-hangzhou)')
    .option('--tag <key=value>', 'a tag of every instance; may be repeated (default: fleet=demo)', collect)
    .option('--fresh', 'forget the simulated cloud of the last time; runs and their history stay')
    .option('--time <mode>', "real, x60 (the cloud's own processes sixty times as fast) or driven")
    .option('--exec <mode>', 'where commands run: sandbox, shell (as you, on this machine) or canned')
    .option('--port <n>', 'port of the Temporal server; 0: any free one (default: 7233 where it is free)')
    .option('--ui-port <n>', 'port of its Web UI (default: 8233 where it is free)')
    .option('--policy <file>', 'the policy file for system events; steward policy check FILE looks at it')
    .option('--cloud', 'no simulator: work on REAL servers, with the credentials of the environment')
    .option('--json', 'print one line of JSON when it is ready')
    .action(
      act(async (options: Lists<UpOptions, 'tag'>) =>
        (await import('./up.js')).up({ tag: [], ...options }, context()),
      ),
    );
  steward
    .command('down')
    .description('end the stack that steward up runs on this machine')
    .action(act(async () => (await import('./down.js')).down(context())));
  steward
    .command('worker')
    .description(
      'run a worker against any Temporal address (TEMPORAL_ADDRESS, or a profile of the temporal command)',
    )
    .option('--cloud', 'work on REAL servers; without it ECS_ENDPOINT has to name a simulator')
    .addHelpText('after', WORKER_HELP)
    .action(act(({ cloud }: { cloud?: boolean }) => runProgram('worker', cloud ? ['--cloud'] : [])));
  steward
    .command('doctor')
    .description('look at everything a run needs, each with how to mend it; nothing is changed')
    .option('--region <region>', 'RegionId to ask ECS about (default: STEWARD_REGION, or that of steward up)')
    .option('--cloud', 'ask the REAL cloud, with the credentials of the environment; it only reads')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExit codes: 0 all ok, or warnings; 1 something failed; 2 bad usage; 3 could not look.',
    )
    .action(act(async (options: object) => (await import('./doctor.js')).doctor(options, context())));
  // A program with options of its own, started above; this is its entry in the help.
  steward
    .command('simulate [args...]')
    .description('run the simulated cloud alone')
    .action(() => undefined);
}

function addLooks(steward: Command, act: Act): void {
  const watch = steward
    .command('watch')
    .description("a region's one poller of everything that is waited for");
  watch
    .command('status')
    .description('what is waited for, by whom, since when, and the last look with its cost')
    .option('--region <region>', 'only this region (default: every region that has a watcher)')
    .option('--json', 'print one JSON document')
    .action(act(async (options: object) => (await import('./watch.js')).watchStatus(options, context())));
  steward
    .command('gate')
    .description("a region's gate: no two of our operations disturb one instance")
    .command('status')
    .description('who holds which instance or group, and who waits, in order')
    .option('--region <region>', 'only this region (default: every region that has a gate)')
    .option('--json', 'print one JSON document')
    .action(act(async (options: object) => (await import('./gate.js')).gateStatus(options, context())));
  steward
    .command('schema <workflow>')
    .description(`print the JSON Schema of a workflow's input: ${TYPES_WITH_SCHEMA.join(', ')}`)
    .action(act(schema));
}

function schema(workflowType: string): Promise<number> {
  const found = inputJsonSchema(workflowType);
  if (!found) {
    const known = TYPES_WITH_SCHEMA.join(', ');
    throw new CliError(
      EXIT.usage,
      `There is no schema of ${JSON.stringify(workflowType)}; there is one of: ${known}`,
    );
  }
  processTerminal().result(JSON.stringify(found, null, 2));
  return Promise.resolve(EXIT.ok);
}

function context(): { config: ReturnType<typeof loadConfig>; terminal: ReturnType<typeof processTerminal> } {
  return { config: loadConfig(), terminal: processTerminal() };
}

function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value];
}

function version(): string {
  const { version: text } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
    version: string;
  };
  return text;
}

// --- ends ---

/** `--json` on the command line, before any `--`. */
function wantsJson(argv: string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json');
}

/** Says on stderr what went wrong (as JSON on stdout too, where that was asked for), and with which code to end. */
function report(error: unknown, json: boolean): number {
  // Commander has printed its own message, or the help or version that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const exitCode =
    error instanceof CliError
      ? error.exitCode
      : error instanceof ConfigError
        ? EXIT.usage
        : EXIT.notCarriedOut;
  const expected = error instanceof CliError || error instanceof ConfigError;
  const text = expected || !(error instanceof Error) ? messageOf(error) : (error.stack ?? error.message);
  process.stderr.write(`${text}\n`);
  if (json) {
    const errors = error instanceof CliError ? error.errors : undefined;
    process.stdout.write(
      `${JSON.stringify({ error: { exitCode, message: messageOf(error), errors } }, null, 2)}\n`,
    );
  }
  return exitCode;
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = EXIT.notCarriedOut;
  },
);
