/**
 * `manageCommands`: creates, lists, shows, changes or deletes saved commands of Cloud Assistant.
 *
 * Promise: a command is created at most once (the ClientToken is minted here), and never under a name that is taken.
 * What ECS refuses is a result.
 */
import { uuid4 } from '@temporalio/workflow';
import { assertResultSize } from '../domain/rows';
import { MANAGE_COMMANDS } from '../domain/saved-commands';
import type { ManageCommandsInput, ManageCommandsResult } from '../domain/saved-commands';
import { refuseBadInput } from './input';
import { managing } from './proxies';
import { refusalOf } from './run-batch';
import { noteOperation } from './search-attributes';

export async function manageCommands(input: ManageCommandsInput): Promise<ManageCommandsResult> {
  await refuseBadInput(MANAGE_COMMANDS, input);
  noteOperation(MANAGE_COMMANDS, { region: input.region });
  try {
    const result: ManageCommandsResult = { outcome: 'done', commands: await act(input) };
    assertResultSize(result);
    return result;
  } catch (error) {
    const refusal = refusalOf(error);
    if (!refusal) throw error;
    return { outcome: 'refused', reason: refusal.message, commands: [] };
  }
}

async function act(input: ManageCommandsInput): Promise<ManageCommandsResult['commands']> {
  const { region } = input;
  if (input.action === 'list') return managing.listSavedCommands({ region });
  if (input.action === 'create')
    return [await managing.createSavedCommand({ region, command: input.command, clientToken: uuid4() })];
  const command = await managing.findSavedCommand({ region, which: input.which });
  if (input.action === 'edit')
    return [await managing.editSavedCommand({ region, command, changes: input.changes })];
  if (input.action === 'delete') await managing.deleteSavedCommand({ region, commandId: command.commandId });
  return [command];
}
