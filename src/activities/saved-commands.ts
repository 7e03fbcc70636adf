/**
 * Activities around saved commands. The one rule: an attempt may be the second one; a command is created and deleted once
 * all the same, by its ClientToken and by its id.
 */
import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { EcsClient } from '../ecs/client';
import { EcsError } from '../ecs/errors';
import type { CommandType } from '../domain/messages';
import type { CommandChanges, NewCommand, SavedCommand } from '../domain/saved-commands';
import { atBoundary } from './failures';

export interface SavedCommandActivities {
  createSavedCommand(request: {
    region: string;
    command: NewCommand;
    clientToken: string;
  }): Promise<SavedCommand>;
  listSavedCommands(request: { region: string }): Promise<Omit<SavedCommand, 'content'>[]>;
  /** By id, or by name where only one has it. */
  findSavedCommand(request: { region: string; which: string }): Promise<SavedCommand>;
  /** @returns the command as it is then */
  editSavedCommand(request: {
    region: string;
    command: SavedCommand;
    changes: CommandChanges;
  }): Promise<SavedCommand>;
  deleteSavedCommand(request: { region: string; commandId: string }): Promise<void>;
  /** Fails for good where a saved command is not what a run takes it for. */
  checkSavedCommand(request: {
    region: string;
    commandId: string;
    type: CommandType;
    content: string;
  }): Promise<void>;
}

/** A list of more than this would be too long for a result. */
const MOST_LISTED = 300;

export function createSavedCommandActivities(ecs: EcsClient): SavedCommandActivities {
  const named = async (region: string, name: string): Promise<SavedCommand[]> =>
    (await ecs.describeCommands(region, { name })).filter((command) => command.name === name);
  return {
    createSavedCommand: ({ region, command, clientToken }) =>
      atBoundary(async () => {
        if (activityInfo().attempt === 1) {
          const [same] = await named(region, command.name);
          if (same)
            throw refused(`there is a command of that name already, ${same.commandId}; delete it first`);
        }
        const commandId = await ecs.createCommand(region, command, clientToken);
        return {
          ...{ description: '', workingDirectory: '', timeoutSeconds: 60, createdAt: '' },
          ...command,
          commandId,
        };
      }),

    listSavedCommands: ({ region }) =>
      atBoundary(async () =>
        (await ecs.describeCommands(region))
          .slice(0, MOST_LISTED)
          .map(({ content: _, ...command }) => command),
      ),

    findSavedCommand: ({ region, which }) =>
      atBoundary(async () => {
        const byId = which.startsWith('c-');
        const found = byId
          ? await ecs.describeCommands(region, { commandId: which })
          : await named(region, which);
        const [only, another] = found;
        if (only && !another) return only;
        throw refused(
          only
            ? `${found.length} commands have the name ${which}: ${found.map((each) => each.commandId).join(', ')}; give one of these ids`
            : `there is no saved command ${which} in ${region}`,
        );
      }),

    // The same changes made twice are the same.
    editSavedCommand: ({ region, command, changes }) =>
      atBoundary(async () => {
        const { commandId } = command;
        const sameName = changes.name === undefined ? [] : await named(region, changes.name);
        const other = sameName.find((each) => each.commandId !== commandId);
        if (other) throw refused(`there is a command of that name already, ${other.commandId}`);
        await ecs.modifyCommand(region, commandId, changes);
        return { ...command, ...changes };
      }),

    deleteSavedCommand: ({ region, commandId }) =>
      atBoundary(async () => {
        try {
          await ecs.deleteCommand(region, commandId);
        } catch (error) {
          if (!(error instanceof EcsError) || error.code !== 'InvalidCmdId.NotFound') throw error;
        }
      }),

    checkSavedCommand: ({ region, commandId, type, content }) =>
      atBoundary(async () => {
        const [saved] = await ecs.describeCommands(region, { commandId });
        if (!saved) throw refused(`there is no saved command ${commandId} in ${region}`);
        if (saved.content !== content || saved.type !== type)
          throw refused(`the saved command ${commandId} is not the one given: its content or type differs`);
      }),
  };
}

function refused(message: string): ApplicationFailure {
  const details = [{ code: 'SavedCommand', effectExcluded: true }];
  return ApplicationFailure.create({ type: 'SavedCommand', message, nonRetryable: true, details });
}
