/** Saved commands of Cloud Assistant: names, ids and payloads of the workflow `manageCommands`. */
import type { CommandType } from './messages';

export const MANAGE_COMMANDS = 'manageCommands';

/** Each is an act of its own; `nonce` tells them apart. */
export function manageCommandsIdOf(account: string, nonce: string): string {
  return `commands/${account}/${nonce}`;
}

export interface SavedCommand {
  commandId: string;
  name: string;
  type: CommandType;
  /** Plain text; it never changes after the command was created. */
  content: string;
  timeoutSeconds: number;
  workingDirectory: string;
  description: string;
  createdAt: string;
}

/** A command to be kept. */
export interface NewCommand {
  name: string;
  type: CommandType;
  content: string;
  timeoutSeconds?: number;
  workingDirectory?: string;
  description?: string;
}

/** What can be changed of a kept command. */
export type CommandChanges = Partial<Omit<NewCommand, 'type' | 'content'>>;

/** Input of `manageCommands`. */
export type ManageCommandsInput = { region: string } & (
  | { action: 'create'; command: NewCommand }
  | { action: 'list' }
  /** `which`: its id, or its name where only one has it. */
  | { action: 'show' | 'delete'; which: string }
  | { action: 'edit'; which: string; changes: CommandChanges }
);

/** Result of `manageCommands`; at most 256 KB. */
export interface ManageCommandsResult {
  /** `refused`: by ECS, or because there is no such command, or one of that name already. */
  outcome: 'done' | 'refused';
  reason?: string;
  /** Those it was about; a list has no contents. */
  commands: (Omit<SavedCommand, 'content'> & { content?: string })[];
}
