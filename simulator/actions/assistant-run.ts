/**
 * RunCommand and InvokeCommand. The rule: both check the same things in the same order and then send; how it goes
 * is learned by polling.
 */
import { cloudAssistant } from '../assistant';
import type { Command, RepeatMode } from '../assistant/model';
import { passwordError } from '../assistant/obstacles';
import { checkValues, parameterNames } from '../assistant/parameters';
import { parseSchedule } from '../assistant/schedule';
import type { ActionContext, Answer } from '../core';
import { defineAction, EcsError, errors, flag, number, text } from '../core';
import type { CommandType } from '../exec';
import {
  COMMAND_TYPES,
  checkLength,
  decodeContent,
  describing,
  movedStatus,
  running,
  targetsOf,
} from './assistant-params';
import type { RequestTag } from './tag-rules';
import { ASSISTANT_KEY, newTags, tagList } from './tag-rules';

const DEFAULT_TIMEOUT = 60;

const commandType = text({
  oneOf: COMMAND_TYPES,
  bad: [403, 'InvalidCmdType.NotFound', 'The specified command type does not exist.'],
});

const runTags = tagList([400, 'NumberExceed.Tags', 'The maximum number of Tags is exceeded.']);

/** The common part of both actions, as it was parsed. */
interface Run {
  readonly InstanceId: readonly string[];
  readonly ResourceTag: readonly RequestTag[];
  readonly RepeatMode: string | undefined;
  readonly Frequency: string | undefined;
  readonly TerminationMode: string | undefined;
  readonly Username: string | undefined;
  readonly WindowsPasswordName: string | undefined;
  readonly Parameters: ReadonlyMap<string, string> | undefined;
  readonly ContainerId: string | undefined;
  readonly ContainerName: string | undefined;
  readonly OssOutputDelivery: string | undefined;
  readonly ResourceGroupId: string | undefined;
  readonly Tag: readonly RequestTag[];
}

/** RunCommand: a command that is made for one run. */
export const runCommand = defineAction({
  name: 'RunCommand',
  required: ['RegionId', 'Type', 'CommandContent'],
  quota: 'run',
  clientToken: [400, 'InvalidClientToken.Malformed', 'The specified ClientToken is malformed.'],
  params: {
    RegionId: text(),
    Type: commandType,
    CommandContent: text(),
    ContentEncoding: text(),
    EnableParameter: flag(),
    KeepCommand: flag(),
    Timeout: number({ min: 1 }),
    Tag: runTags,
    ...describing,
    ...running,
  },
  handle(context, params) {
    const isBase64 = params.ContentEncoding?.toLowerCase() === 'base64';
    const content = decodeContent(params.CommandContent, isBase64);
    const kept = params.KeepCommand ?? false;
    checkLength(context, content, params.Parameters, kept);
    const enableParameter = params.EnableParameter ?? false;
    const draft = {
      regionId: context.region.regionId,
      type: params.Type as CommandType,
      content,
      enableParameter,
      parameterNames: enableParameter ? parameterNames(content.toString('utf8')) : [],
      resourceGroupId: params.ResourceGroupId ?? '',
      tags: newTags(params.Tag, ASSISTANT_KEY),
      kept,
      name: params.Name ?? '',
      description: params.Description ?? '',
      timeout: params.Timeout ?? DEFAULT_TIMEOUT,
      workingDir: params.WorkingDir ?? '',
      launcher: params.Launcher ?? '',
    };
    const send = prepare(context, params, draft);
    const command = cloudAssistant(context.simulation).createCommand(draft);
    return { CommandId: command.commandId, ...send(command) };
  },
});

/** InvokeCommand: a kept command, sent again. */
export const invokeCommand = defineAction({
  name: 'InvokeCommand',
  required: ['RegionId', 'CommandId'],
  quota: 'run',
  clientToken: [400, 'InvalidClientToken.Malformed', 'The specified ClientToken is malformed.'],
  params: {
    RegionId: text(),
    CommandId: text(),
    Timeout: number({ min: 10 }),
    Tag: runTags,
    WorkingDir: describing.WorkingDir,
    Launcher: describing.Launcher,
    ...running,
  },
  handle(context, params) {
    const assistant = cloudAssistant(context.simulation);
    const command = assistant.store.command(context.region.regionId, params.CommandId);
    checkLength(context, command.content, params.Parameters, true);
    const used: Command = {
      ...command,
      timeout: params.Timeout ?? command.timeout,
      workingDir: params.WorkingDir ?? command.workingDir,
      launcher: params.Launcher ?? command.launcher,
    };
    return prepare(context, params, used)(used);
  },
});

type Draft = Pick<
  Command,
  'type' | 'enableParameter' | 'parameterNames' | 'timeout' | 'workingDir' | 'launcher'
>;

/** Checks a run; what it returns sends the command. */
function prepare(context: ActionContext, run: Run, draft: Draft): (command: Command) => Answer {
  checkValues(run.Parameters, draft, movedStatus(context));
  const repeatMode = repeatModeOf(context, run, draft.timeout);
  const tags = newTags(run.Tag, ASSISTANT_KEY);
  const instances = targetsOf(context, run.InstanceId, run.ResourceTag, draft.type);
  checkPassword(context, run, draft.type);
  if (repeatMode === 'DryRun') throw errors.dryRun();
  return (command) => {
    const invocation = cloudAssistant(context.simulation).invoke({
      regionId: context.region.regionId,
      command,
      parameters: run.Parameters,
      timeout: draft.timeout,
      workingDir: draft.workingDir,
      username: run.Username ?? '',
      windowsPasswordName: run.WindowsPasswordName ?? '',
      launcher: draft.launcher,
      repeatMode,
      frequency: repeatMode === 'Period' ? (run.Frequency ?? '') : '',
      terminationMode: run.TerminationMode ?? 'Process',
      containerId: run.ContainerId ?? '',
      containerName: run.ContainerName ?? '',
      ossOutputDelivery: run.OssOutputDelivery ?? '',
      resourceGroupId: run.ResourceGroupId ?? '',
      tags,
      instanceIds: instances.map((instance) => instance.instanceId),
      requestId: context.requestId,
    });
    return { InvokeId: invocation.invokeId };
  };
}

/** Whether a user without a password is refused here or ends in the row is not documented. */
function checkPassword(context: ActionContext, run: Run, type: CommandType): void {
  const { Username: user = '', WindowsPasswordName: name = '' } = run;
  const isMeant = type !== 'RunShellScript' && !['', 'system'].includes(user.toLowerCase());
  if (!isMeant || context.simulation.switches.windowsPassword !== 'reject') return;
  const wrong = passwordError(name, cloudAssistant(context.simulation).secrets);
  if (wrong === undefined) return;
  throw name === ''
    ? new EcsError(400, 'MissingParam.WindowsPasswordName', `The parameter is missing: ${wrong}`)
    : new EcsError(404, 'InvalidWindowsPasswordName.NotFound', `The specified name is not valid: ${wrong}`);
}

function repeatModeOf(context: ActionContext, run: Run, timeout: number): RepeatMode | 'DryRun' {
  const status = movedStatus(context);
  if (run.Frequency === undefined) {
    if (run.RepeatMode === 'Period')
      throw new EcsError(
        status,
        'MissingParam.Frequency',
        'The frequency must be specified when you create a timed task.',
      );
    return (run.RepeatMode as RepeatMode | 'DryRun' | undefined) ?? 'Once';
  }
  const schedule = parseSchedule(run.Frequency, timeout * 1_000);
  const { now } = context;
  if (!schedule || schedule.next(now, now) === undefined)
    throw new EcsError(status, 'InvalidParam.Frequency', 'The specified frequency is invalid.');
  return run.RepeatMode === 'DryRun' ? 'DryRun' : 'Period';
}
