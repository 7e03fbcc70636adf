/**
 * Names, options and help of the commands around runs: `run`, `send`, `status`, `results`, `cancel`, what is said to a run
 * while it goes on, and runs that recur.
 *
 * The one rule: as in main.ts, nothing is done here; a command's own file is loaded when it is called.
 */
import { Option } from 'commander';
import type { Command } from 'commander';
import type { Door } from './event-commands';
import { EXIT_CODES } from './exit';
import type { RegionOptions } from './region';
import type { RetryOptions } from './retry';
import type { RunOptions } from './run-options';
import type { CommandOptions, EditOptions } from './saved-commands';
import type { ScheduleOptions } from './schedule';
import type { SendOptions } from './send-options';
import { addTimedCommands } from './timed-commands';

/** Options whose lists are absent where nothing was typed. */
type Lists<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>;

const JSON_HELP = 'print one JSON document';

export function addRunCommands(steward: Command, door: Door): void {
  addRun(steward, door);
  addSend(steward, door);
  addInspection(steward, door);
  addControl(steward, door);
  addRetry(steward, door);
  addSchedules(steward, door);
  addSaved(steward, door);
  addTimedCommands(steward, door, withCommandOptions);
}

function addControl(steward: Command, { act, context }: Door): void {
  const commands = {
    pause: steward
      .command('pause <id>')
      .description('send nothing further of a run for now; what is under way goes on'),
    resume: steward.command('resume <id>').description('let a paused run go on'),
    approve: steward.command('approve <id>').description('let a run go on after its canary'),
    abort: steward
      .command('abort <id>')
      .description(
        'send nothing further of a run, for good; what is under way goes on (cancel stops that too)',
      ),
    setLimits: steward
      .command('limits <id>')
      .description('change the limits of a run that goes on')
      .option('--max-concurrency <n>', 'instances under way at once: a number or a percentage')
      .option('--max-errors <n>', 'errors after which nothing further starts: a number or a percentage'),
  };
  for (const [name, command] of Object.entries(commands) as [keyof typeof commands, Command][]) {
    command
      .option('--json', JSON_HELP)
      .action(
        act(async (id: string, options: object) =>
          (await import('./run-updates.js')).tellRun(name, id, options, context()),
        ),
      );
  }
}

function addRetry(steward: Command, { act, context }: Door): void {
  steward
    .command('retry <id>')
    .description('the command or file of a run again, on those of its instances that ended so')
    .requiredOption(
      '--on <outcomes>',
      'failed, stopped, unfit, not-started, unknown; with commas, or repeated',
      collect,
    )
    .option('--id <new>', 'the id of the new run (default: made)')
    .option('--detach', 'start it, print its id, do not wait')
    .option('--json', JSON_HELP)
    .action(
      act(async (id: string, options: RetryOptions) =>
        (await import('./retry.js')).retryRun(id, options, context()),
      ),
    );
}

function addSaved(steward: Command, { act, context }: Door): void {
  const commands = steward.command('command').description('commands that Cloud Assistant keeps');
  const regional = (command: Command): Command =>
    command.option('--region <region>', 'RegionId (default: STEWARD_REGION)').option('--json', JSON_HELP);
  regional(commands.command('create <name>'))
    .description('keep a script under a name')
    .usage('[options] -- COMMAND')
    .argument('[command...]', 'the script; words are joined by spaces')
    .addOption(
      new Option('--type <type>', 'RunShellScript, RunBatScript or RunPowerShellScript').default(
        'RunShellScript',
      ),
    )
    .option('--file <path>', 'the script from a file; - for stdin')
    .option('--timeout <seconds>', 'time limit of a run of it, 10 to 86400 (default: 60)')
    .option('--working-directory <path>', 'directory on the instance')
    .option('--description <text>', 'what it is for')
    .action(
      act(async (name: string, words: string[], options: CommandOptions) =>
        (await import('./saved-commands.js')).commandCreate(name, options, words, context()),
      ),
    );
  regional(commands.command('edit <id-or-name>'))
    .description('change what is said of one; its script stays as it is')
    .argument('[command...]', 'refused: a script cannot be changed, only made anew')
    .option('--name <name>', 'another name')
    .option('--timeout <seconds>', 'time limit of a run of it, 10 to 86400')
    .option('--working-directory <path>', 'directory on the instance')
    .option('--description <text>', 'what it is for')
    .addOption(new Option('--file <path>').hideHelp())
    .action(
      act(async (which: string, words: string[], options: EditOptions) =>
        (await import('./saved-commands.js')).commandEdit(which, options, words, context()),
      ),
    );
  regional(commands.command('list'))
    .description('those there are')
    .action(
      act(async (options: RegionOptions) =>
        (await import('./saved-commands.js')).commandAct('list', '', options, context()),
      ),
    );
  const one = { show: 'one with its script', delete: 'delete one; what runs of it go on is not touched' };
  for (const [action, description] of Object.entries(one) as [keyof typeof one, string][]) {
    regional(commands.command(`${action} <id-or-name>`))
      .description(description)
      .action(
        act(async (which: string, options: RegionOptions) =>
          (await import('./saved-commands.js')).commandAct(action, which, options, context()),
        ),
      );
  }
}

function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value];
}

/** Which instances are meant. */
export function withTargets(command: Command): Command {
  return command
    .option('--region <region>', 'RegionId of the instances (default: STEWARD_REGION)')
    .option('--instance <id>', 'an instance; may be repeated', collect)
    .option(
      '--tag <key=value>',
      'instances with this tag; key alone for any value; repeated: all of them',
      collect,
    )
    .option('--resource-group <id>', 'every instance of this resource group')
    .option('--all', 'every instance of the region')
    .option('--exclude <id>', 'but not this instance; may be repeated', collect)
    .option('--limit <n>', 'at most so many of them')
    .option('--allow-empty', 'a tag that nothing carries is a success on nothing, not a mistake');
}

/** How fast it goes. */
function withRate(command: Command): Command {
  return command
    .option('--name <text>', 'a name for people')
    .option('--max-concurrency <n>', 'instances under way at once: a number or a percentage such as 10%')
    .option('--max-errors <n>', 'one error more, and nothing further starts: a number or a percentage')
    .option('--canary <n>', 'these first, alone; any error among them, and nothing further starts')
    .option('--approve', 'after the canary, wait for steward approve ID')
    .option('--start-with <n>', 'so many at first; each success makes room for one more')
    .option('--spread-zones', 'neighbours in the order of the run are of different zones');
}

/** How it is started and followed. */
function withStart(command: Command): Command {
  return command
    .option('--id <id>', 'the id of the run; an id means one run, ever (default: made)')
    .option('--detach', 'start it, print its id, do not wait')
    .option('--yes', 'do not ask, however many instances it is')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', EXIT_CODES);
}

const EXCLUSIVE_HELP = 'nothing else of ours on these instances meanwhile';

/** What is run, and on what. */
function withCommandOptions(command: Command): Command {
  return withTargets(command.usage('[options] -- COMMAND'))
    .addOption(
      new Option('--type <type>', 'RunShellScript, RunBatScript or RunPowerShellScript').default(
        'RunShellScript',
      ),
    )
    .option('--file <path>', 'the script from a file; - for stdin')
    .option('--command <id or name>', 'a saved command in the place of a script; its type and limits hold')
    .option('--timeout <seconds>', 'time limit on each instance, 10 to 86400 (default: 60)')
    .option('--user <name>', 'user on the instance (default: root, System on Windows)')
    .option('--password-name <name>', 'on Windows, the NAME of the secret with the password of that user')
    .option('--oss-output <place>', 'deliver whole outputs to oss://BUCKET/PREFIX too')
    .option('--working-directory <path>', 'directory on the instance')
    .option('--parameter <name=value>', 'value for {{name}} in the script; may be repeated', collect)
    .option('--env <NAME=value>', 'environment variable of the script, any text; may be repeated', collect);
}

/** What a run is: its command, its targets, its rate. */
function withRunOptions(command: Command): Command {
  return withRate(withCommandOptions(command).option('--exclusive', EXCLUSIVE_HELP));
}

function addSend(steward: Command, { act, context }: Door): void {
  const send = steward
    .command('send <file>')
    .description('send a file (up to 24 KB; - for stdin) to instances and wait for the result')
    .requiredOption('--to <path>', 'where it goes, absolute; a path that ends in / is a directory')
    .option('--mode <octal>', 'its mode (default: 0644)')
    .option('--owner <name>', 'its owner (default: root)')
    .option('--group <name>', 'its group (default: root)')
    .option('--overwrite', 'replace a file that is there; otherwise that instance fails')
    .option('--description <text>', 'kept with it in Cloud Assistant')
    .option('--timeout <seconds>', 'time limit on each instance, 10 to 86400 (default: 60)')
    .option('--exclusive', EXCLUSIVE_HELP)
    .option('--dry-run', 'show targets, batches and calls; start nothing');
  withStart(withRate(withTargets(send))).action(
    act(async (file: string, options: Lists<SendOptions, keyof typeof NO_TARGET_LISTS>) =>
      (await import('./send.js')).send(file, { ...NO_TARGET_LISTS, ...options }, context()),
    ),
  );
}

/** Lists of targets where nothing was typed. */
export const NO_TARGET_LISTS = { instance: [], tag: [], exclude: [] };
const NO_LISTS = { ...NO_TARGET_LISTS, parameter: [], env: [] };

function addRun(steward: Command, { act, context }: Door): void {
  const run = steward
    .command('run')
    .description('run a command on instances and wait for the result')
    .argument('[command...]', 'the script; words are joined by spaces');
  withStart(withRunOptions(run))
    .option('--dry-run', 'show targets, batches, calls and script; start nothing')
    .addOption(
      new Option('--ask-ecs', 'with --dry-run: let ECS check the first call too').implies({ dryRun: true }),
    )
    .action(
      act(async (words: string[], options: Lists<RunOptions, keyof typeof NO_LISTS>) =>
        (await import('./run.js')).run({ ...NO_LISTS, ...options }, words, context()),
      ),
    );
}

function addSchedules(steward: Command, { act, context }: Door): void {
  const schedule = steward
    .command('schedule')
    .description('runs that recur: Temporal Schedules of steward run');
  const create = schedule
    .command('create <name>')
    .description('create one; options and command as those of steward run')
    .argument('[command...]', 'the script; words are joined by spaces');
  withRunOptions(create)
    .option('--cron <expression>', 'minute hour day month weekday, or six fields with the second first')
    .option('--zone <zone>', 'time zone of --cron, such as Asia/Shanghai')
    .option('--every <duration>', 'instead of --cron: 90s, 30m, 2h, 7d')
    .option('--json', JSON_HELP)
    .action(
      act(async (name: string, words: string[], options: Lists<ScheduleOptions, keyof typeof NO_LISTS>) =>
        (await import('./schedule.js')).scheduleCreate(name, { ...NO_LISTS, ...options }, words, context()),
      ),
    );
  schedule
    .command('list')
    .description('schedules: state, next time, last run')
    .option('--json', JSON_HELP)
    .action(act(async (options: object) => (await import('./schedule.js')).scheduleList(options, context())));
  const acts = {
    pause: 'let it rest',
    resume: 'let it go on; what was left out meanwhile is not made up for',
    trigger: 'start a run of it now',
    delete: 'end it; runs that go on are not touched',
  };
  for (const [what, description] of Object.entries(acts) as [keyof typeof acts, string][]) {
    schedule
      .command(`${what} <name>`)
      .description(description)
      .option('--json', JSON_HELP)
      .action(
        act(async (name: string, options: object) =>
          (await import('./schedule.js')).scheduleAct(what, name, options, context()),
        ),
      );
  }
}

function addInspection(steward: Command, { act, context }: Door): void {
  steward
    .command('status <id>')
    .description('where a run stands')
    .option('--follow', 'wait for its end as steward run does')
    .option('--json', 'print one JSON document')
    .action(
      act(async (id: string, options: object) =>
        (await import('./inspect.js')).status(id, options, context()),
      ),
    );
  steward
    .command('results <id>')
    .description('every row of a run with its whole output')
    .option('--instance <id>', 'only this instance; may be repeated', collect)
    .option('--failed', 'only those that did not succeed')
    .option('--group', 'equal outputs together: how many instances, which')
    .addOption(new Option('--csv', 'print CSV').conflicts(['json', 'group']))
    .option('--json', 'print one JSON document')
    .action(
      act(async (id: string, options: { instance?: string[] }) =>
        (await import('./inspect.js')).results(id, { instance: [], ...options }, context()),
      ),
    );
  steward
    .command('cancel <id>')
    .description('stop what has not started, and report what had')
    .option('--json', 'print one JSON document')
    .action(
      act(async (id: string, options: object) =>
        (await import('./inspect.js')).cancel(id, options, context()),
      ),
    );
}
