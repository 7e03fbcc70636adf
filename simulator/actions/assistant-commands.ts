/**
 * CreateCommand, DescribeCommands, ModifyCommand, DeleteCommand. The rule: a command's content never changes after
 * it was created.
 */
import { cloudAssistant } from '../assistant';
import type { Command } from '../assistant/model';
import { parameterNames } from '../assistant/parameters';
import { isLive } from '../assistant/store';
import { defineAction, EcsError, flag, ignored, number, pageParams, seconds, text } from '../core';
import { fitsWildcard } from '../core/wildcard';
import type { CommandType } from '../exec';
import { ASSISTANT_PAGES, COMMAND_TYPES, checkLength, decodeContent, describing } from './assistant-params';
import { encoder, tagView } from './assistant-views';
import { ASSISTANT_KEY, carries, newTags, tagList, TAG_SEARCH_CAP } from './tag-rules';

const commandType = text({
  oneOf: COMMAND_TYPES,
  bad: [403, 'InvalidCmdType.NotFound', 'The specified command type does not exist.'],
});

/** CreateCommand; here the content is Base64 unless told otherwise. */
export const createCommand = defineAction({
  name: 'CreateCommand',
  required: ['RegionId', 'Name', 'Type', 'CommandContent'],
  quota: 'mutate',
  clientToken: [400, 'InvalidClientToken.Malformed', 'The specified ClientToken is malformed.'],
  params: {
    RegionId: text(),
    Type: commandType,
    CommandContent: text(),
    ContentEncoding: text(),
    EnableParameter: flag(),
    Timeout: number({ min: 1 }),
    ResourceGroupId: text(),
    Tag: tagList([400, 'NumberExceed.Tags', 'The maximum number of Tags is exceeded.']),
    ...describing,
  },
  handle(context, params) {
    const isBase64 = params.ContentEncoding?.toLowerCase() !== 'plaintext';
    const content = decodeContent(params.CommandContent, isBase64);
    checkLength(context, content, undefined, true);
    const enableParameter = params.EnableParameter ?? false;
    const command = cloudAssistant(context.simulation).createCommand({
      regionId: context.region.regionId,
      type: params.Type as CommandType,
      content,
      enableParameter,
      parameterNames: enableParameter ? parameterNames(content.toString('utf8')) : [],
      resourceGroupId: params.ResourceGroupId ?? '',
      tags: newTags(params.Tag, ASSISTANT_KEY),
      kept: true,
      name: params.Name ?? '',
      description: params.Description ?? '',
      timeout: params.Timeout ?? 60,
      workingDir: params.WorkingDir ?? '',
      launcher: params.Launcher ?? '',
    });
    context.effect('command.created', command.commandId, command.regionId);
    return { CommandId: command.commandId };
  },
});

/** DescribeCommands; newest first. */
export const describeCommands = defineAction({
  name: 'DescribeCommands',
  required: ['RegionId'],
  quota: 'describe',
  params: {
    RegionId: text(),
    CommandId: text(),
    Name: text(),
    Description: text(),
    Type: commandType,
    Provider: text(),
    Latest: flag(),
    ContentEncoding: text(),
    ResourceGroupId: text(),
    Tag: tagList(),
    ...pageParams(ASSISTANT_PAGES),
  },
  handle(context, params) {
    const { regionId } = context.region;
    const fits = (pattern: string | undefined, value: string): boolean =>
      pattern === undefined || fitsWildcard(pattern, value);
    const all = [...cloudAssistant(context.simulation).store.commands.values()].filter(
      (command) =>
        command.regionId === regionId &&
        // Public commands of providers are not simulated.
        params.Provider === undefined &&
        context.isVisible(command.createdAt) &&
        (params.CommandId === undefined || command.commandId === params.CommandId) &&
        (params.Type === undefined || command.type === params.Type) &&
        (params.ResourceGroupId === undefined || command.resourceGroupId === params.ResourceGroupId) &&
        fits(params.Name, command.name) &&
        fits(params.Description, command.description) &&
        carries(command.tags, params.Tag),
    );
    const found = all.sort((a, b) => b.sequence - a.sequence);
    const capped = params.Tag.length > 0 ? found.slice(0, TAG_SEARCH_CAP) : found;
    const page = context.page(capped, (command) => -command.sequence, params, ASSISTANT_PAGES);
    const encode = encoder(params.ContentEncoding);
    return { ...page.fields, Commands: { Command: page.items.map((c) => commandView(c, encode)) } };
  },
});

/** ModifyCommand; CommandContent is accepted and ignored. */
export const modifyCommand = defineAction({
  name: 'ModifyCommand',
  required: ['RegionId', 'CommandId'],
  quota: 'mutate',
  params: {
    RegionId: text(),
    CommandId: text(),
    CommandContent: ignored(),
    Timeout: number({ min: 1 }),
    ...describing,
  },
  handle(context, params) {
    const { store } = cloudAssistant(context.simulation);
    const command = store.command(context.region.regionId, params.CommandId);
    command.name = params.Name ?? command.name;
    command.description = params.Description ?? command.description;
    command.timeout = params.Timeout ?? command.timeout;
    command.workingDir = params.WorkingDir ?? command.workingDir;
    command.launcher = params.Launcher ?? command.launcher;
    context.effect('command.modified', command.commandId, command.regionId);
    return {};
  },
});

/** DeleteCommand; not while it runs. */
export const deleteCommand = defineAction({
  name: 'DeleteCommand',
  required: ['RegionId', 'CommandId'],
  quota: 'mutate',
  params: { RegionId: text(), CommandId: text() },
  handle(context, params) {
    const { store } = cloudAssistant(context.simulation);
    const command = store.command(context.region.regionId, params.CommandId);
    const isUsed = [...store.invocations.values()].some(
      (invocation) => invocation.command.commandId === command.commandId && isLive(invocation),
    );
    if (isUsed)
      throw new EcsError(403, 'Operation.Forbidden', 'The command is running and cannot be deleted.');
    store.commands.delete(command.commandId);
    context.effect('command.deleted', command.commandId, command.regionId);
    return {};
  },
});

function commandView(command: Command, encode: (content: Buffer) => string): Record<string, unknown> {
  return {
    CommandId: command.commandId,
    Name: command.name,
    Description: command.description,
    Type: command.type,
    CommandContent: encode(command.content),
    Timeout: command.timeout,
    WorkingDir: command.workingDir,
    Launcher: command.launcher,
    EnableParameter: command.enableParameter,
    ParameterNames: { ParameterName: [...command.parameterNames] },
    ParameterDefinitions: {
      ParameterDefinition: command.parameterNames.map((name) => ({
        ParameterName: name,
        Required: false,
        DefaultValue: '',
        Description: '',
        PossibleValues: { PossibleValue: [] },
      })),
    },
    Provider: 'User',
    Category: 'User',
    Version: 1,
    Latest: true,
    InvokeTimes: command.invokeTimes,
    CreationTime: seconds(command.createdAt),
    ResourceGroupId: command.resourceGroupId,
    Tags: tagView(command.tags),
  };
}
