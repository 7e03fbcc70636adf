/**
 * Names, options and help of `steward timed …`.
 *
 * The one rule: as in main.ts, nothing is done here; a command's own file is loaded when it is called.
 */
import { Option } from 'commander';
import type { Command } from 'commander';
import type { Door } from './event-commands';
import type { RegionOptions } from './region';
import type { HistoryOptions, StartOptions, StopOptions } from './timed';

const HELP = `
Cloud Assistant's own timer: the agent in the guest keeps the time, so it comes whether or not we are there, and nothing
watches over it. For what should be watched, retried and rate-controlled: steward schedule create.`;

/** `withCommand` adds what a run has: its command and its targets. */
export function addTimedCommands(
  steward: Command,
  { act, context }: Door,
  withCommand: (command: Command) => Command,
): void {
  const timed = steward
    .command('timed')
    .description('commands that Cloud Assistant itself runs at times')
    .addHelpText('after', HELP);
  const collect = (value: string, earlier: string[] = []): string[] => [...earlier, value];
  const regional = (command: Command): Command =>
    command
      .option('--region <region>', 'RegionId (default: STEWARD_REGION)')
      .option('--json', 'print one JSON document');
  withCommand(
    timed.command('start <name>').argument('[command...]', 'the script; words are joined by spaces'),
  )
    .description('start one; targets and command as those of steward run')
    .option('--cron <expression>', 'six fields, the second first: "0 30 21 * * *"; needs --zone')
    .option('--zone <zone>', 'time zone of --cron or --at: Asia/Shanghai, UTC, GMT+8:00')
    .option('--every <duration>', 'from 60s to 7d, such as 30m; first after one such duration')
    .option('--at <time>', 'once, at "2026-12-24 21:30:00"; needs --zone')
    .option('--next-reboot', 'once, at the next start of the guest')
    .option('--every-reboot', 'at every start of the guest')
    .option('--json', 'print one JSON document')
    .action(
      act(async (name: string, words: string[], options: Partial<StartOptions>) =>
        (await import('./timed.js')).timedStart(name, options, words, context()),
      ),
    );
  regional(timed.command('list'))
    .description('every timed command of the region, those of others too')
    .option('--active', 'only those that come again')
    .action(
      act(async (options: RegionOptions & { active?: boolean }) =>
        (await import('./timed.js')).timedList(options, context()),
      ),
    );
  regional(timed.command('show <name-or-id>'))
    .description('one with its script and its instances')
    .action(
      act(async (which: string, options: RegionOptions) =>
        (await import('./timed.js')).timedShow(which, options, context()),
      ),
    );
  regional(timed.command('history <name-or-id>'))
    .description('each occurrence on each instance, the newest first')
    .option('--instance <id>', 'only this instance; may be repeated', collect)
    .option('--failed', 'only those that did not succeed')
    .option('--since <when>', 'only those begun since: 12h, or 2026-12-24T21:30:00+08:00')
    .option('--limit <n>', 'at most so many')
    .addOption(new Option('--csv', 'print CSV').conflicts('json'))
    .action(
      act(async (which: string, options: HistoryOptions) =>
        (await import('./timed.js')).timedHistory(which, options, context()),
      ),
    );
  regional(timed.command('stop <name-or-id>'))
    .description('let it come no more; what had started goes on to its own end')
    .option('--instance <id>', 'only on this instance; may be repeated', collect)
    .action(
      act(async (which: string, options: StopOptions) =>
        (await import('./timed.js')).timedStop(which, options, context()),
      ),
    );
}
