/**
 * The inputs of workflows as JSON Schema, for people who start them without this package.
 *
 * The one rule: made from the very schemas the workflows check with. Rules across fields are only in the check itself.
 */
import { z } from 'zod';
import { INSTALL_AGENTS, REBOOT_FOR_AGENT, REPORT_AGENTS } from './agents';
import { installAgentsInputSchema, rebootForAgentInputSchema, reportAgentsInputSchema } from './agents-input';
import { WORKFLOW_TYPES } from './messages';
import {
  drillInputSchema,
  handleSystemEventInputSchema,
  patrolInputSchema,
  reportInputSchema,
} from './event-input';
import {
  DRILL_SYSTEM_EVENT,
  HANDLE_SYSTEM_EVENT,
  PATROL_REGION,
  REPORT_SYSTEM_EVENTS,
} from './event-messages';
import {
  discardCopiesInputSchema,
  launchSpotInputSchema,
  relaunchSpotInputSchema,
  spotReportInputSchema,
} from './spot-input';
import {
  DISCARD_SPOT_COPIES,
  DRILL_SPOT_RECLAIM,
  LAUNCH_SPOT_INSTANCE,
  RELAUNCH_SPOT_INSTANCE,
  REPORT_SPOT,
  WARM_SPOT_IMAGE,
} from './spot-messages';
import {
  applyHoursSchema,
  hoursReportSchema,
  startByTagSchema,
  stopByTagSchema,
  workingHoursStateSchema,
} from './hours-input';
import {
  APPLY_WORKING_HOURS,
  REPORT_WORKING_HOURS,
  START_BY_TAG,
  STOP_BY_TAG,
  WORKING_HOURS,
} from './hours-messages';
import { runCommandInputSchema } from './run-command-input';
import { sendFileInputSchema } from './send-file-input';
import { PREVIEW_RUN } from './run-preview';
import { MANAGE_TIMED } from './timed-commands';
import { manageTimedInputSchema } from './timed-input';
import { manageCommandsInputSchema } from './saved-command-input';
import { MANAGE_COMMANDS } from './saved-commands';

const SCHEMAS: Record<string, z.ZodType> = {
  [WORKFLOW_TYPES.runCommand]: runCommandInputSchema,
  [WORKFLOW_TYPES.sendFile]: sendFileInputSchema,
  [PREVIEW_RUN]: z.union([runCommandInputSchema, sendFileInputSchema]),
  [MANAGE_COMMANDS]: manageCommandsInputSchema,
  [MANAGE_TIMED]: manageTimedInputSchema,
  [REPORT_AGENTS]: reportAgentsInputSchema,
  [INSTALL_AGENTS]: installAgentsInputSchema,
  [REBOOT_FOR_AGENT]: rebootForAgentInputSchema,
  [PATROL_REGION]: patrolInputSchema,
  [HANDLE_SYSTEM_EVENT]: handleSystemEventInputSchema,
  [REPORT_SYSTEM_EVENTS]: reportInputSchema,
  [DRILL_SYSTEM_EVENT]: drillInputSchema,
  [RELAUNCH_SPOT_INSTANCE]: relaunchSpotInputSchema,
  [LAUNCH_SPOT_INSTANCE]: launchSpotInputSchema,
  [WARM_SPOT_IMAGE]: relaunchSpotInputSchema,
  [DISCARD_SPOT_COPIES]: discardCopiesInputSchema,
  [REPORT_SPOT]: spotReportInputSchema,
  [DRILL_SPOT_RECLAIM]: relaunchSpotInputSchema,
  [START_BY_TAG]: startByTagSchema,
  [STOP_BY_TAG]: stopByTagSchema,
  [APPLY_WORKING_HOURS]: applyHoursSchema,
  [WORKING_HOURS]: workingHoursStateSchema,
  [REPORT_WORKING_HOURS]: hoursReportSchema,
};

/** Workflow types whose input has a schema. */
export const TYPES_WITH_SCHEMA = Object.keys(SCHEMAS);

/** The JSON Schema (draft 2020-12) of a workflow's input; `undefined` for a type without one. */
export function inputJsonSchema(workflowType: string): object | undefined {
  const schema = Object.hasOwn(SCHEMAS, workflowType) ? SCHEMAS[workflowType] : undefined;
  return schema && { title: `Input of the workflow ${workflowType}`, ...z.toJSONSchema(schema) };
}
