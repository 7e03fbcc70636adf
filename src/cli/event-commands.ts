/**
 * Names, options and help of the commands around system events: `events`, `patrol`, `policy`, `attention`.
 *
 * The one rule: as in main.ts, nothing is done here; a command's own file is loaded when it is called.
 */
import type { Command } from 'commander';
import type { DrillOptions } from './drill';
import type { Context } from './inspect';
import type { PatrolOptions } from './patrol';
import type { RegionOptions } from './region';

/** How main.ts runs an action. */
export interface Door {
  act: <A extends unknown[]>(action: (...args: A) => Promise<number>) => (...args: A) => Promise<void>;
  context: () => Context;
}

const REGION = 'RegionId (default: STEWARD_REGION, or that of steward up)';
const JSON_HELP = 'print one JSON document';

export function addEventCommands(steward: Command, door: Door): void {
  const events = steward
    .command('events')
    .description('system events: planned reboots and what is done about them');
  addLooks(events, door);
  addUpdates(events, door);
  addDrill(events, door);
  addPatrol(steward, door);
  steward
    .command('policy')
    .description('the policy file: when events may be answered, what goes before and after, who is told')
    .command('check <file>')
    .description('read it as a worker would; every error with its line')
    .option('--json', JSON_HELP)
    .action(
      door.act(async (file: string, options: object) =>
        (await import('./policy.js')).policyCheck(file, options, door.context()),
      ),
    );
  steward
    .command('attention')
    .description('open workflows that want a person')
    .option('--json', JSON_HELP)
    .action(
      door.act(async (options: object) =>
        (await import('./attention.js')).attention(options, door.context()),
      ),
    );
}

function regional(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .option('--region <region>', REGION)
    .option('--json', JSON_HELP);
}

function addLooks(events: Command, { act, context }: Door): void {
  regional(events, 'list', 'open events, and who handles them').action(
    act(async (options: RegionOptions) => (await import('./events.js')).list(options, context())),
  );
  regional(events, 'plan', 'of every open event the chosen moment and why; nothing is done').action(
    act(async (options: RegionOptions) => (await import('./events.js')).plan(options, context())),
  );
  regional(events, 'history', 'past events, what was done about each, and what happened without us')
    .option('--days <n>', 'so many days back, 1 to 30 (default: 30)')
    .action(act(async (options: RegionOptions) => (await import('./events.js')).history(options, context())));
  regional(events, 'show <id>', 'one event: its plan, its handler, every step').action(
    act(async (id: string, options: RegionOptions) =>
      (await import('./events.js')).showOne(id, options, context()),
    ),
  );
}

function addUpdates(events: Command, { act, context }: Door): void {
  const updates = {
    reschedule: regional(events, 'reschedule <id>', 'answer it at another time').requiredOption(
      '--at <time>',
      'ISO 8601 with a zone, such as 2026-12-01T02:00:00+09:00',
    ),
    skip: regional(events, 'skip <id>', 'do not answer it').requiredOption(
      '--reason <text>',
      'what others read later',
    ),
    now: regional(events, 'now <id>', 'answer it now: hooks, REBOOT, checks'),
    approve: regional(events, 'approve <id>', 'give the approval its policy asks for'),
  };
  for (const [name, command] of Object.entries(updates) as [keyof typeof updates, Command][]) {
    command.action(
      act(async (id: string, options: RegionOptions) =>
        (await import('./event-updates.js')).update(name, id, options, context()),
      ),
    );
  }
  regional(events, 'retry <id>', 'handle it where nobody does, or where handling it failed').action(
    act(async (id: string, options: RegionOptions) =>
      (await import('./event-updates.js')).retry(id, options, context()),
    ),
  );
}

function addDrill(events: Command, { act, context }: Door): void {
  regional(
    events,
    'drill',
    'raise a simulated event on an instance and run the whole chain: the instance is REBOOTED',
  )
    .requiredOption('--instance <id>', 'the instance')
    .option('--in <minutes>', 'NotBefore of the event, 5 to 10080 minutes ahead (default: 60)')
    .option('--detach', 'start it, print its id, do not wait')
    .addHelpText(
      'after',
      '\nExit codes: 0 passed; 1 did not pass; 2 bad usage; 3 refused or could not be carried out; 130 cancelled.',
    )
    .action(act(async (options: DrillOptions) => (await import('./drill.js')).drill(options, context())));
}

function addPatrol(steward: Command, { act, context }: Door): void {
  const patrol = steward.command('patrol').description("a region's look-out: system events, reclaims");
  const collect = (value: string, earlier: string[] = []): string[] => [...earlier, value];
  regional(patrol, 'start', 'look for events and reclaims, and have each handled')
    .option('--kind <kind>', 'only events, or only reclaims of spot instances', collect)
    .option('--every <seconds>', 'between two looks, 10 to 3600 (default: 60)')
    .option('--type <type>', 'only events of this type; may be repeated', collect)
    .option('--tag <key=value>', 'only instances with this tag; may be repeated: all of them', collect)
    .option('--instance <id>', 'only this instance; may be repeated', collect)
    .action(
      act(async (options: Partial<PatrolOptions>) =>
        (await import('./patrol.js')).patrolStart(
          { kind: [], type: [], tag: [], instance: [], ...options },
          context(),
        ),
      ),
    );
  regional(patrol, 'status', 'whether it runs, and its last look').action(
    act(async (options: RegionOptions) => (await import('./patrol.js')).patrolStatus(options, context())),
  );
  regional(patrol, 'stop', 'end it; events that are handled go on being handled').action(
    act(async (options: RegionOptions) => (await import('./patrol.js')).patrolStop(options, context())),
  );
}
