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
import { formatInputErrors, parseRunCommandInput } from '../domain/run-command-input';
import { parseManageCommandsInput } from '../domain/saved-command-input';
import {
  parseDiscardCopiesInput,
  parseLaunchSpotInput,
  parseRelaunchSpotInput,
  parseSpotReportInput,
} from '../domain/spot-input';

const PARSERS = {
  runCommand: parseRunCommandInput,
  previewRun: parseRunCommandInput,
  manageCommands: parseManageCommandsInput,
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

/** One event, one id: under another it would have a second handler, and so would it under another account's name. */
function idErrors(workflowType: string, input: unknown): InputError[] {
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
