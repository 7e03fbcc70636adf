/**
 * The actions of Cloud Assistant. The rule: an action of Cloud Assistant exists when it stands here.
 */
import type { Action } from '../core';
import { describeCloudAssistantStatus, installCloudAssistant } from './assistant-agents';
import { createCommand, deleteCommand, describeCommands, modifyCommand } from './assistant-commands';
import { describeSendFileResults, sendFile } from './assistant-files';
import { describeInvocationResults, describeInvocations, stopInvocation } from './assistant-invocations';
import { invokeCommand, runCommand } from './assistant-run';

/** Every action of Cloud Assistant. */
export const ASSISTANT_ACTIONS: readonly Action[] = [
  runCommand,
  invokeCommand,
  createCommand,
  describeCommands,
  modifyCommand,
  deleteCommand,
  describeInvocations,
  describeInvocationResults,
  stopInvocation,
  describeCloudAssistantStatus,
  installCloudAssistant,
  sendFile,
  describeSendFileResults,
];
