/**
 * Names, options and help of `steward hours`.
 *
 * The one rule: as in main.ts, nothing is done here; a command's own file is loaded when it is called.
 */
import type { Command } from 'commander';
import type { Door } from './event-commands';
import type { HoursOptions } from './hours-options';

const JSON_HELP = 'print one JSON document';

export function addHoursCommands(steward: Command, door: Door): void {
  const hours = steward
    .command('hours')
    .description('working hours: start and stop instances by tag, in local time');
  addDefinition(hours, door);
  addLooks(hours, door);
  addControl(hours, door);
}

function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value];
}

/** The options of create and edit: the definition, part by part. */
function defining(parent: Command, name: string, description: string): Command {
  return parent
    .command(`${name} <name>`)
    .description(description)
    .option(
      '--tag <key=value>',
      'instances with this tag; key alone for any value; repeated: all of them',
      collect,
    )
    .option(
      '--region <region>',
      'RegionId; may be repeated (default: STEWARD_REGION, or that of steward up)',
      collect,
    )
    .option('--start <time>', '09:00, or five cron fields')
    .option('--stop <time>', '21:00, or five cron fields')
    .option('--days <days>', 'mon-fri, or mon,wed,sat-sun (default: every day)')
    .option('--time-zone <zone>', 'IANA name such as Asia/Tokyo')
    .option('--enforce', 'bring the fleet to the wanted state every five minutes, not only at the boundary')
    .option('--edge', 'only at the boundary (the default)')
    .option('--own-hours', "instances may carry hours of their own in the tag's value")
    .option('--holiday <day>', '2026-12-24 or 2026-12-24..2026-12-26; may be repeated', collect)
    .option('--workday <day>', 'a day on which the hours hold whatever the weekday; may be repeated', collect)
    .option('--freeze <day>', 'a day on which nothing is done; may be repeated', collect)
    .option(
      '--holiday-calendar <file>',
      'holidays as an iCalendar file (.ics); read now, for three years ahead',
    )
    .option('--workday-calendar <file>', 'make-up workdays as an iCalendar file')
    .option('--freeze-calendar <file>', 'freezes as an iCalendar file')
    .option('--on-holiday <what>', 'stay-stopped (the default) or as-usual')
    .option('--max-run-hours <n>', 'stop what has run longer, whatever started it')
    .option('--stopped-mode <mode>', 'StopCharging (the default) or KeepCharging')
    .option('--before-stop <hook>', 'a command hook of the policy file, run before the stop')
    .option(
      '--force-after <minutes>',
      'ForceStop what an ordinary stop has not stopped by then (default: never)',
    )
    .option('--stock-minutes <n>', 'how long a start without stock is tried again (default: 60)')
    .option('--within <minutes>', 'how long an instance may take (default: 15)')
    .option(
      '--notify <hook>',
      'a webhook of the policy file that is told of failures; may be repeated',
      collect,
    )
    .option('--price <type=amount>', 'price of an hour; * for all other types; may be repeated', collect)
    .option('--order <file>', 'groups with dependencies, as JSON')
    .option('--catch-up <minutes>', 'how late an action may still be taken after an outage (default: 60)')
    .option('--jitter <seconds>', 'up to so many seconds later, at random (default: 0)')
    .option('--json', JSON_HELP);
}

function addDefinition(hours: Command, { act, context }: Door): void {
  defining(hours, 'create', 'make working hours and their Temporal Schedules')
    .option('--paused', 'make them, but let nothing happen yet')
    .action(
      act(async (name: string, options: HoursOptions) =>
        (await import('./hours-define.js')).create(name, options, context()),
      ),
    );
  defining(hours, 'edit', 'change what is typed, keep the rest').action(
    act(async (name: string, options: HoursOptions) =>
      (await import('./hours-define.js')).edit(name, options, context()),
    ),
  );
  hours
    .command('delete <name>')
    .description('delete working hours and their Schedules; no instance is touched')
    .option('--json', JSON_HELP)
    .action(
      act(async (name: string, options: { json?: boolean }) =>
        (await import('./hours-define.js')).remove(name, options, context()),
      ),
    );
}

function addLooks(hours: Command, { act, context }: Door): void {
  hours
    .command('list')
    .description('all working hours of the account, what comes next, and what was missed')
    .option('--json', JSON_HELP)
    .action(
      act(async (options: { json?: boolean }) => (await import('./hours-looks.js')).list(options, context())),
    );
  hours
    .command('show <name>')
    .description('one: its definition, overrides, last actions and audit')
    .option('--json', JSON_HELP)
    .action(
      act(async (name: string, options: { json?: boolean }) =>
        (await import('./hours-looks.js')).showOne(name, options, context()),
      ),
    );
  hours
    .command('preview <name>')
    .description('the next actions by the server itself, and what they would touch now')
    .option('--count <n>', 'so many actions, 1 to 100 (default: 10)')
    .option('--json', JSON_HELP)
    .action(
      act(async (name: string, options: { count?: string; json?: boolean }) =>
        (await import('./hours-looks.js')).preview(name, options, context()),
      ),
    );
  hours
    .command('report <name>')
    .description('hours stopped without charges, by instance')
    .requiredOption('--month <month>', 'such as 2026-12, by UTC')
    .option('--csv', 'print CSV')
    .option('--json', JSON_HELP)
    .action(
      act(async (name: string, options: { month: string; csv?: boolean; json?: boolean }) =>
        (await import('./hours-looks.js')).report(name, options, context()),
      ),
    );
}

function addControl(hours: Command, { act, context }: Door): void {
  const pausing = { pause: 'let nothing happen until it is resumed', resume: 'let it happen again' };
  for (const [verb, description] of Object.entries(pausing))
    hours
      .command(`${verb} <name>`)
      .description(description)
      .option('--reason <text>', 'what others read later')
      .option('--json', JSON_HELP)
      .action(
        act(async (name: string, options: { reason?: string; json?: boolean }) =>
          (await import('./hours-control.js')).pause(
            name,
            { ...options, paused: verb === 'pause' },
            context(),
          ),
        ),
      );
  hours
    .command('trigger <name> <action>')
    .description('take an action now: start, stop or enforce')
    .option('--json', JSON_HELP)
    .action(
      act(async (name: string, action: string, options: { json?: boolean }) =>
        (await import('./hours-control.js')).trigger(name, action, options, context()),
      ),
    );
  hours
    .command('override <name>')
    .description('an exception with an end')
    .option('--keep <state>', 'running, stopped or as-is')
    .option('--until <time>', "2026-12-01 08:00 by the hours' clock, or ISO 8601 with a zone")
    .option('--reason <text>', 'what others read later')
    .option('--instance <id>', 'for this instance; may be repeated', collect)
    .option('--tag <key=value>', 'for instances with this tag')
    .option('--lift <id>', 'end an override now')
    .option('--json', JSON_HELP)
    .action(
      act(async (name: string, options: object) =>
        (await import('./hours-control.js')).override(name, options, context()),
      ),
    );
}
