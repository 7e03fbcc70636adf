/**
 * All commands and invocations of the account. The rule: what is older than thirty days or beyond the newest
 * 10,000 records is forgotten, unless it is still under way.
 */
import { EcsError } from '../core';
import type { Command, Invocation, Task } from './model';
import { isEnd } from './vocabulary';

/** How long records are kept. */
export const RETENTION_MS = 30 * 86_400_000;
/** How many records (executions per instance) are kept. */
export const RETENTION_RECORDS = 10_000;
/** Kept commands per region. */
export const MOST_COMMANDS = 500;

/** Commands and invocations by id. */
export class AssistantStore {
  readonly commands = new Map<string, Command>();
  /** In the order of creation. */
  readonly invocations = new Map<string, Invocation>();
  private records = 0;

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

  /** Adds an invocation and forgets what is too old or too much. */
  addInvocation(invocation: Invocation, now: number): void {
    this.invocations.set(invocation.invokeId, invocation);
    this.records += invocation.tasks.length;
    this.forget(now);
  }

  /** An invocation of a region, or the documented 404. */
  invocation(regionId: string, invokeId: string): Invocation {
    const invocation = this.invocations.get(invokeId);
    if (invocation?.regionId === regionId) return invocation;
    throw new EcsError(404, 'InvalidInvokeId.NotFound', 'The specified invoke ID does not exist.');
  }

  /** The invocations of a region that can still be seen, oldest first. */
  visible(regionId: string, now: number, purgedBefore: number): Invocation[] {
    this.forget(now);
    return [...this.invocations.values()].filter(
      (invocation) => invocation.regionId === regionId && invocation.createdAt >= purgedBefore,
    );
  }

  /** Forgets the command of a run that was not to be kept. */
  dropUnkept(invocation: Invocation): void {
    const command = this.commands.get(invocation.command.commandId);
    if (command && !command.kept) this.commands.delete(command.commandId);
  }

  private forget(now: number): void {
    for (const invocation of this.invocations.values()) {
      const tooOld = now - invocation.createdAt > RETENTION_MS;
      if (!tooOld && this.records <= RETENTION_RECORDS) return;
      if (invocation.tasks.every((task) => isEnd(task.status))) {
        this.invocations.delete(invocation.invokeId);
        this.records -= invocation.tasks.length;
      }
    }
  }
}

/** True while something of an invocation has not ended. */
export function isLive(invocation: Invocation): boolean {
  return invocation.tasks.some((task: Task) => !isEnd(task.status));
}
