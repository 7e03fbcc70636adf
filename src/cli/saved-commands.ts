/**
 * `steward command …`: commands that Cloud Assistant keeps, and finding one for a run.
 *
 * The one rule: as everything else, done by a workflow; what was refused is said in its own words.
 */
import { randomUUID } from 'node:crypto';
import type { Config } from '../config';
import type { CommandType } from '../domain/messages';
import { MANAGE_COMMANDS, manageCommandsIdOf } from '../domain/saved-commands';
import type { ManageCommandsInput, ManageCommandsResult, SavedCommand } from '../domain/saved-commands';
import { parseManageCommandsInput } from '../domain/saved-command-input';
import { stripControl } from '../domain/text';
import { CliError, EXIT, usageError } from './exit';
import type { ExitCode } from './exit';
import type { Context } from './inspect';
import { regionOf, resultOrError, withTemporal } from './region';
import type { RegionOptions } from './region';
import { numberOrText, readScript } from './run-options';
import { selfCommand } from './self';
import { textTable } from './table';

export interface CommandOptions extends RegionOptions {
  type: string;
  file?: string;
  timeout?: string;
  workingDirectory?: string;
  description?: string;
}

export interface EditOptions extends Omit<CommandOptions, 'type'> {
  name?: string;
}

type ManageCommands = (input: ManageCommandsInput) => Promise<ManageCommandsResult>;

/** `steward command create NAME`. */
export async function commandCreate(
  name: string,
  options: CommandOptions,
  words: string[],
  context: Context,
): Promise<ExitCode> {
  const region = regionOf(options, context.config);
  const script = readScript(options.file, words);
  if (script.errors.length > 0) throw usageError(script.errors);
  const { timeout, workingDirectory, description } = options;
  const command = {
    name,
    type: options.type as CommandType,
    content: script.content ?? '',
    ...(timeout === undefined ? {} : { timeoutSeconds: numberOrText(timeout) as number }),
    ...(workingDirectory === undefined ? {} : { workingDirectory }),
    ...(description === undefined ? {} : { description }),
  };
  const { commands } = await manage({ region, action: 'create', command }, context.config);
  return show(commands, options, context, 'created');
}

/** `steward command edit ID_OR_NAME`. */
export async function commandEdit(
  which: string,
  options: EditOptions,
  words: string[],
  context: Context,
): Promise<ExitCode> {
  const region = regionOf(options, context.config);
  const { file, name, timeout, workingDirectory, description } = options;
  if (file !== undefined || words.length > 0) {
    const mend = `${selfCommand()} command delete ${which}, then ${selfCommand()} command create`;
    const message = `the script of a saved command cannot be changed; make it anew: ${mend}`;
    throw usageError([{ path: file === undefined ? 'command' : '--file', message }]);
  }
  const changes = {
    ...(name === undefined ? {} : { name }),
    ...(timeout === undefined ? {} : { timeoutSeconds: numberOrText(timeout) as number }),
    ...(workingDirectory === undefined ? {} : { workingDirectory }),
    ...(description === undefined ? {} : { description }),
  };
  const { commands } = await manage({ region, action: 'edit', which, changes }, context.config);
  return show(commands, options, context, 'changed');
}

/** `steward command list|show|delete`. */
export async function commandAct(
  action: 'list' | 'show' | 'delete',
  which: string,
  options: RegionOptions,
  context: Context,
): Promise<ExitCode> {
  const region = regionOf(options, context.config);
  const input = action === 'list' ? { region, action } : { region, action, which };
  const { commands } = await manage(input, context.config);
  return show(commands, options, context, action === 'delete' ? 'deleted' : undefined);
}

/** The saved command of this id or name, for a run. */
export async function findSaved(
  which: string,
  options: RegionOptions,
  config: Config,
): Promise<SavedCommand> {
  const region = regionOf(options, config);
  const { commands } = await manage({ region, action: 'show', which }, config);
  return commands[0] as SavedCommand;
}

async function manage(input: ManageCommandsInput, config: Config): Promise<ManageCommandsResult> {
  const parsed = parseManageCommandsInput(input);
  if (!parsed.ok) throw usageError(parsed.errors);
  let found: ManageCommandsResult | undefined;
  await withTemporal(config, { worker: true }, async ({ client, account, taskQueue }) => {
    const handle = await client.workflow.start<ManageCommands>(MANAGE_COMMANDS, {
      workflowId: manageCommandsIdOf(account, randomUUID()),
      taskQueue,
      args: [input],
    });
    found = await resultOrError(handle.result());
    return EXIT.ok;
  });
  if (found?.outcome === 'done') return found;
  throw new CliError(EXIT.notCarriedOut, `${stripControl(found?.reason ?? '')}. Nothing was done.`);
}

function show(
  commands: ManageCommandsResult['commands'],
  { json }: { json?: boolean },
  { terminal }: Context,
  done?: string,
): ExitCode {
  const columns = terminal.resultsOnTerminal ? terminal.columns : undefined;
  if (json) terminal.result(JSON.stringify({ commands }, null, 2));
  else terminal.result(commandsText(commands, columns));
  if (done !== undefined) terminal.say(`${done}.`);
  return EXIT.ok;
}

function commandsText(commands: ManageCommandsResult['commands'], columns?: number): string {
  if (commands.length === 0) return 'No saved commands.';
  const cells = commands.map(({ commandId, name, type, timeoutSeconds, description }) =>
    [commandId, name, type, `${timeoutSeconds} s`, description].map(stripControl),
  );
  const table = textTable(['COMMAND', 'NAME', 'TYPE', 'TIMEOUT', 'DESCRIPTION'], cells, columns);
  const content = commands[0]?.content;
  return content === undefined ? table : `${table}\n\n${stripControl(content).trimEnd()}`;
}
