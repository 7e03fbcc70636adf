/**
 * The check of a workflow's input, with the schemas the command line uses. A local activity: it costs one event, and
 * the schema library stays out of the workflow bundle, where every cached workflow would keep a copy of it.
 */
import { activityInfo } from '@temporalio/activity';
import {
  parseDrillInput,
  parseHandleSystemEventInput,
  parsePatrolInput,
  parseReportInput,
} from '../domain/event-input';
import {
  parseInstallAgentsInput,
  parseRebootForAgentInput,
  parseReportAgentsInput,
} from '../domain/agents-input';
import {
  parseApplyHours,
  parseHoursReport,
  parseStartByTag,
  parseStopByTag,
  parseWorkingHoursState,
} from '../domain/hours-input';
import { HANDLE_SYSTEM_EVENT, systemEventIdOf } from '../domain/event-messages';
import { taskQueueOf } from '../domain/messages';
import type { InputError } from '../domain/messages';
import type { HandleSystemEventInput } from '../domain/system-event';
import { parseManageTimedInput } from '../domain/timed-input';
import { MANAGE_TIMED, timedStartIdOf } from '../domain/timed-commands';
import type { ManageTimedInput } from '../domain/timed-commands';
import { isObject, formatInputErrors } from '../domain/run-input';
import { parseRunCommandInput } from '../domain/run-command-input';
import { parseSendFileInput } from '../domain/send-file-input';
import { parseManageCommandsInput } from '../domain/saved-command-input';
import {
  parseDiscardCopiesInput,
  parseLaunchSpotInput,
  parseRelaunchSpotInput,
  parseSpotReportInput,
} from '../domain/spot-input';

const PARSERS = {
  runCommand: parseRunCommandInput,
  sendFile: parseSendFileInput,
  previewRun: (input: unknown) =>
    isObject(input) && 'file' in input ? parseSendFileInput(input) : parseRunCommandInput(input),
  manageCommands: parseManageCommandsInput,
  manageTimed: (input: unknown) => parseManageTimedInput(input, Date.now()),
  reportAgents: parseReportAgentsInput,
  installAgents: parseInstallAgentsInput,
  rebootForAgent: parseRebootForAgentInput,
  handleSystemEvent: parseHandleSystemEventInput,
  patrolRegion: parsePatrolInput,
  reportSystemEvents: parseReportInput,
  drillSystemEvent: parseDrillInput,
  relaunchSpotInstance: parseRelaunchSpotInput,
  launchSpotInstance: parseLaunchSpotInput,
  discardSpotCopies: parseDiscardCopiesInput,
  warmSpotImage: parseRelaunchSpotInput,
  drillSpotReclaim: parseRelaunchSpotInput,
  reportSpot: parseSpotReportInput,
  startInstancesByTag: parseStartByTag,
  stopInstancesByTag: parseStopByTag,
  applyWorkingHours: parseApplyHours,
  workingHours: parseWorkingHoursState,
  reportWorkingHours: parseHoursReport,
};

export interface CheckActivities {
  /** Every error at once; `message` lists them for people. No errors: the input can be used as it is. */
  checkInput(request: {
    workflowType: keyof typeof PARSERS;
    input: unknown;
  }): Promise<{ errors: InputError[]; message: string }>;
}

export function createCheckActivities(): CheckActivities {
  return {
    checkInput: async ({ workflowType, input }) => {
      const parsed = PARSERS[workflowType](input);
      const errors = parsed.ok ? idErrors(workflowType, input) : parsed.errors;
      return { errors, message: errors.length === 0 ? '' : formatInputErrors(errors) };
    },
  };
}

/** A name is started under its own id, so that two starts at the same moment are one. */
function timedIdErrors(input: ManageTimedInput): InputError[] {
  if (input.action !== 'start') return [];
  const { taskQueue, workflowExecution: { workflowId } = { workflowId: '' } } = activityInfo();
  const [, account = ''] = workflowId.split('/');
  const own = (of: string): string => timedStartIdOf(of, input.region, input.name);
  if (taskQueue === taskQueueOf(account) && workflowId === own(account)) return [];
  const message = `this one is started under the id ${own('<account>')}, not under ${workflowId}`;
  return [{ path: 'workflow id', message }];
}

/** One event, one id: under another it would have a second handler, and so would it under another account's name. */
function idErrors(workflowType: string, input: unknown): InputError[] {
  if (workflowType === MANAGE_TIMED) return timedIdErrors(input as ManageTimedInput);
  if (workflowType !== HANDLE_SYSTEM_EVENT) return [];
  const { region, eventId } = input as HandleSystemEventInput;
  const { taskQueue, workflowExecution: { workflowId } = { workflowId: '' } } = activityInfo();
  const [, account = ''] = workflowId.split('/');
  if (taskQueue === taskQueueOf(account) && workflowId === systemEventIdOf(account, region, eventId))
    return [];
  const own = systemEventIdOf('<account>', region, eventId);
  return [
    { path: 'workflow id', message: `an event is handled under the id ${own}, not under ${workflowId}` },
  ];
}
