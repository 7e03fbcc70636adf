/**
 * Names, options and help of `steward agent`.
 *
 * The one rule: as in main.ts, nothing is done here; a command's own file is loaded when it is called.
 */
import type { Command } from 'commander';
import type { AgentOptions, InstallOptions } from './agents';
import type { Door } from './event-commands';
import { NO_TARGET_LISTS, withTargets } from './run-commands';

const STATUS_EXIT_CODES =
  '\nExit codes: 0 every agent is alive; 1 one is not; 2 bad usage; 3 could not be carried out, or nothing matches.';
const INSTALL_EXIT_CODES = `
Exit codes: 0 every agent runs, or, without --reboot, is installed and works from the next start of its instance on;
1 one does not; 2 bad usage, or a person said no; 3 could not be carried out, or nothing matches; 130 Ctrl-C.`;

/** What was typed; lists are absent where nothing was. */
type Typed<T> = Omit<T, keyof typeof NO_TARGET_LISTS> &
  Partial<Pick<T & AgentOptions, keyof typeof NO_TARGET_LISTS>>;

export function addAgentCommands(steward: Command, { act, context }: Door): void {
  const agent = steward.command('agent').description('agents of Cloud Assistant');
  withTargets(agent.command('status'))
    .description('which agents are alive, their versions and last heartbeats, and why the others are not')
    .option('--dead', 'only those that are not alive')
    .option('--json', 'print one JSON document')
    .addHelpText('after', STATUS_EXIT_CODES)
    .action(
      act(async (options: Typed<AgentOptions>) =>
        (await import('./agents.js')).agentStatus({ ...NO_TARGET_LISTS, ...options }, context()),
      ),
    );
  withTargets(agent.command('install'))
    .description(
      'install the agent where it does not answer; takes effect with the next start of the instance',
    )
    .option('--reboot', 'and REBOOT these instances, a few at a time')
    .option('--force', 'also where the agent answers')
    .option('--max-concurrency <n>', 'reboots at once: a number or a percentage (default: 10 %, at most 20)')
    .option('--max-errors <n>', 'one more, and no further reboot: a number or a percentage (default: 10 %)')
    .option('--canary <n>', 'these first, alone; any error among them, and no further reboot')
    .option('--within <seconds>', 'the agent has to be heard of this long after its reboot (default: 600)')
    .option('--dry-run', 'show what would be installed and rebooted; do nothing')
    .option('--detach', 'start it, print its id, do not wait')
    .option('--yes', 'do not ask before rebooting')
    .option('--json', 'print one JSON document')
    .addHelpText('after', INSTALL_EXIT_CODES)
    .action(
      act(async (options: Typed<InstallOptions>) =>
        (await import('./agents.js')).agentInstall({ ...NO_TARGET_LISTS, ...options }, context()),
      ),
    );
}
