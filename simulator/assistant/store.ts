/**
 * All commands, invocations and sent files of the account. The rule: a command that a call made for itself alone goes
 * with its run.
 */
import { EcsError } from '../core';
import { History } from './history';
import type { Command, Invocation, SentFile, Task } from './model';
import { isEnd } from './vocabulary';

/** Kept commands per region. */
export const MOST_COMMANDS = 500;

/** Commands by id, and what was sent. */
export class AssistantStore {
  readonly commands = new Map<string, Command>();
  readonly sent = new History<Invocation>();
  readonly files = new History<SentFile>();

  /** The invocations by id. */
  get invocations(): ReadonlyMap<string, Invocation> {
    return this.sent.records;
  }

  /** Adds a command; refuses one more kept command than there may be. */
  addCommand(command: Command): void {
    if (command.kept) {
      const kept = [...this.commands.values()].filter((c) => c.kept && c.regionId === command.regionId);
      if (kept.length >= MOST_COMMANDS)
        throw new EcsError(
          403,
          'CmdCount.ExceedQuota',
          'The total number of commands in the current region exceeds the quota.',
        );
    }
    this.commands.set(command.commandId, command);
  }

  /** A command of a region, or the documented 404. */
  command(regionId: string, commandId: string): Command {
    const command = this.commands.get(commandId);
    if (command?.regionId === regionId) return command;
    throw new EcsError(404, 'InvalidCmdId.NotFound', 'The specified command ID does not exist.');
  }

  /** An invocation of a region, or the documented 404. */
  invocation(regionId: string, invokeId: string): Invocation {
    const invocation = this.invocations.get(invokeId);
    if (invocation?.regionId === regionId) return invocation;
    throw new EcsError(404, 'InvalidInvokeId.NotFound', 'The specified invoke ID does not exist.');
  }

  /** Forgets the command of a run that was not to be kept. */
  dropUnkept(invocation: Invocation): void {
    const command = this.commands.get(invocation.command.commandId);
    if (command && !command.kept) this.commands.delete(command.commandId);
  }
}

/** True while something of an invocation has not ended. */
export function isLive(invocation: Invocation): boolean {
  return invocation.tasks.some((task: Task) => !isEnd(task.status));
}
