/** Commands that Cloud Assistant keeps: creating, finding, changing and deleting them. */
import {
  CreateCommandRequest,
  DeleteCommandRequest,
  DescribeCommandsRequest,
  ModifyCommandRequest,
} from '@alicloud/ecs20140526';
import type { CommandType } from '../domain/messages';
import type { CommandChanges, NewCommand, SavedCommand } from '../domain/saved-commands';
import { pagesByToken } from './paging';
import type { EcsTransport } from './transport';

export interface SavedCommandCalls {
  /** @returns its CommandId */
  createCommand(region: string, command: NewCommand, clientToken: string): Promise<string>;
  /** All of the account, or those of this id or name. */
  describeCommands(region: string, which?: { commandId?: string; name?: string }): Promise<SavedCommand[]>;
  /** What is not given stays as it is. */
  modifyCommand(region: string, commandId: string, changes: CommandChanges): Promise<void>;
  deleteCommand(region: string, commandId: string): Promise<void>;
}

export function savedCommandCalls(transport: EcsTransport): SavedCommandCalls {
  return {
    async createCommand(region, command, clientToken) {
      const request = new CreateCommandRequest({
        regionId: region,
        name: command.name,
        type: command.type,
        commandContent: Buffer.from(command.content, 'utf8').toString('base64'),
        contentEncoding: 'Base64',
        timeout: command.timeoutSeconds,
        workingDir: command.workingDirectory,
        description: command.description,
        enableParameter: /\{\{[^{}]+\}\}/.test(command.content),
        clientToken,
      });
      const body = await transport.call('CreateCommand', region, (sdk) => sdk.createCommand(request));
      return body.commandId ?? '';
    },

    async describeCommands(region, which = {}) {
      const found: SavedCommand[] = [];
      const request = (nextToken?: string): DescribeCommandsRequest =>
        new DescribeCommandsRequest({
          ...{ regionId: region, contentEncoding: 'Base64', maxResults: 50, nextToken },
          ...which,
        });
      for await (const body of pagesByToken((token) =>
        transport.call('DescribeCommands', region, (sdk) => sdk.describeCommands(request(token))),
      )) {
        for (const command of body.commands?.command ?? [])
          found.push({
            commandId: command.commandId ?? '',
            name: command.name ?? '',
            type: (command.type ?? '') as CommandType,
            content: Buffer.from(command.commandContent ?? '', 'base64').toString('utf8'),
            timeoutSeconds: command.timeout ?? 60,
            workingDirectory: command.workingDir ?? '',
            description: command.description ?? '',
            createdAt: command.creationTime ?? '',
          });
      }
      return found;
    },

    async modifyCommand(region, commandId, changes) {
      const request = new ModifyCommandRequest({
        regionId: region,
        commandId,
        name: changes.name,
        description: changes.description,
        timeout: changes.timeoutSeconds,
        workingDir: changes.workingDirectory,
      });
      await transport.call('ModifyCommand', region, (sdk) => sdk.modifyCommand(request));
    },

    async deleteCommand(region, commandId) {
      const request = new DeleteCommandRequest({ regionId: region, commandId });
      await transport.call('DeleteCommand', region, (sdk) => sdk.deleteCommand(request));
    },
  };
}
