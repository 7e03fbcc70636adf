/**
 * Names, options and help of `steward spot`.
 *
 * The one rule: as in main.ts, nothing is done here; a command's own file is loaded when it is called.
 */
import type { Command } from 'commander';
import type { Door } from './event-commands';
import type { RegionOptions } from './region';
import type { LaunchOptions } from './spot';

const REGION = 'RegionId (default: STEWARD_REGION, or that of steward up)';
const EXIT_CODES =
  '\nExit codes: 0 a replacement serves, or none is needed; 1 it ended otherwise; 2 bad usage; 3 could not be carried out; 130 Ctrl-C.';

export function addSpotCommands(steward: Command, { act, context }: Door): void {
  const spot = steward
    .command('spot')
    .description('spot instances: launching, and rescuing what is taken back');
  const regional = (name: string, description: string): Command =>
    spot
      .command(name)
      .description(description)
      .option('--region <region>', REGION)
      .option('--json', 'print one JSON document');
  const collect = (value: string, earlier: string[] = []): string[] => [...earlier, value];

  regional('launch', 'launch one spot instance and wait until it runs and its agent answers')
    .requiredOption('--image <id>', 'image')
    .requiredOption('--type <type>', 'instance type')
    .requiredOption('--security-group <id>', 'security group')
    .option('--zone <id>', 'zone')
    .option('--vswitch <id>', 'vSwitch')
    .option('--name <text>', 'name of the instance')
    .option('--bandwidth <mbit>', 'Mbit/s to the Internet, 0 to 100 (default: 0, no public address)')
    .option('--duration <hours>', 'hours without a reclaim, 0 or 1 (default: 1)')
    .option('--price-limit <price>', 'the most an hour may cost (default: whatever the market asks)')
    .option('--behavior <what>', 'at a reclaim: Terminate or Stop (default: Terminate)')
    .option('--key-pair <name>', 'key pair')
    .option('--password-inherit', "the image's own password")
    .option('--role <name>', 'RAM role')
    .option('--tag <key=value>', 'a tag; may be repeated', collect)
    .option('--detach', 'start it, print its id, do not wait')
    .action(
      act(async (options: Omit<LaunchOptions, 'tag'> & { tag?: string[] }) =>
        (await import('./spot.js')).launch({ tag: [], ...options }, context()),
      ),
    );
  regional('relaunch <instance>', 'rescue an instance that is being taken back, and launch its replacement')
    .option('--plan', 'only show how it would be rescued, and what would be lost; nothing is done')
    .option('--detach', 'start it, print its id, do not wait')
    .addHelpText('after', EXIT_CODES)
    .action(
      act(async (id: string, options: RegionOptions & { plan?: boolean; detach?: boolean }) => {
        if (options.plan) return (await import('./spot-report.js')).plan(id, options, context());
        return (await import('./spot.js')).relaunch(id, options, context());
      }),
    );
  regional('status [instance]', 'rescues: of one instance every step, else those that run').action(
    act(async (id: string | undefined, options: RegionOptions) =>
      (await import('./spot.js')).status(id, options, context()),
    ),
  );
  regional('prices', 'what instance types cost in each zone, their stock, and how often they are taken back')
    .requiredOption('--type <type>', 'instance type; may be repeated', collect)
    .action(
      act(async (options: RegionOptions & { type: string[] }) =>
        (await import('./spot-report.js')).prices(options, context()),
      ),
    );
  regional(
    'drill <instance>',
    'have ECS take back a TEST instance for real, and follow its rescue: it is LOST',
  )
    .option('--yes', 'yes, it may be lost')
    .option('--detach', 'start it, print its id, do not wait')
    .addHelpText('after', EXIT_CODES)
    .action(
      act(async (id: string, options: RegionOptions & { yes?: boolean; detach?: boolean }) =>
        (await import('./spot.js')).drill(id, options, context()),
      ),
    );
}
