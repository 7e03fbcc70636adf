/**
 * `steward hours create|edit|delete`.
 *
 * The one rule: the keeper's workflow first, the Schedules after it; a command that broke off in between is mended by
 * the same command, or by edit.
 */
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { WORKING_HOURS, hoursIdOf } from '../domain/hours-messages';
import type { WorkingHours } from '../domain/hours-messages';
import { HOURS_UPDATES } from '../domain/hours-state';
import type { WorkingHoursState } from '../domain/hours-state';
import type { Temporal } from './connection';
import { CliError, EXIT } from './exit';
import type { ExitCode } from './exit';
import { checkName, hoursOf, hoursReport, updateHours } from './hours-keeper';
import { definitionOf } from './hours-options';
import type { HoursOptions } from './hours-options';
import { deleteSchedules, nextActions, putSchedules, schedulesOf } from './hours-schedules';
import { definitionText, nextText, surveyText } from './hours-text';
import type { Context } from './inspect';
import { regionOf, withTemporal } from './region';
import { selfCommand } from './self';

const NEXT_SHOWN = 4;

/** Makes the hours, and says what they will do. */
export async function create(
  name: string,
  options: HoursOptions,
  { config, terminal }: Context,
): Promise<ExitCode> {
  const region = options.region ? undefined : regionOf({}, config);
  const definition = await definitionOf(name, options, { region });
  return withTemporal(config, { worker: true }, async (temporal) => {
    await startKeeper(temporal, definition);
    await putSchedules(temporal, definition, options.paused);
    terminal.result(await told(temporal, definition, options.json));
    return EXIT.ok;
  });
}

/** Changes what was typed; also puts the Schedules right. */
export async function edit(
  name: string,
  options: HoursOptions,
  { config, terminal }: Context,
): Promise<ExitCode> {
  return withTemporal(config, { worker: true }, async (temporal) => {
    const { definition: before } = await hoursOf(temporal, name);
    const definition = await definitionOf(name, options, { before });
    await updateHours(temporal, name, HOURS_UPDATES.edit, definition);
    await putSchedules(temporal, definition);
    terminal.result(await told(temporal, definition, options.json));
    return EXIT.ok;
  });
}

/** Deletes Schedules and keeper; what is going on goes on to its end. */
export async function remove(
  name: string,
  options: { json?: boolean },
  { config, terminal }: Context,
): Promise<ExitCode> {
  checkName(name);
  return withTemporal(config, { worker: false }, async (temporal) => {
    const schedules = await deleteSchedules(temporal, name);
    const kept = await endKeeper(temporal, name);
    if (schedules === 0 && !kept) await hoursOf(temporal, name);
    terminal.result(
      options.json
        ? JSON.stringify({ deleted: name, schedules }, null, 2)
        : `Deleted ${name} and ${schedules} Schedules. No instance was touched.`,
    );
    return EXIT.ok;
  });
}

async function startKeeper(
  { client, account, taskQueue }: Temporal,
  definition: WorkingHours,
): Promise<void> {
  const { name } = definition;
  const state: WorkingHoursState = { definition, overrides: [], audit: [], runs: [] };
  try {
    await client.workflow.start<(state: WorkingHoursState) => Promise<void>>(WORKING_HOURS, {
      workflowId: hoursIdOf(account, name),
      taskQueue,
      args: [state],
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: `working hours ${name}`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw new CliError(
      EXIT.notCarriedOut,
      `There are working hours ${name} already. To change them: ${selfCommand()} hours edit ${name} …`,
    );
  }
}

async function endKeeper({ client, account }: Temporal, name: string): Promise<boolean> {
  try {
    const handle = client.workflow.getHandle(hoursIdOf(account, name));
    if ((await handle.describe()).status.name !== 'RUNNING') return false;
    await handle.terminate('deleted by steward hours delete');
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** What was made, what comes next, and what it would touch now with the warnings of a first stop. */
async function told(temporal: Temporal, definition: WorkingHours, json?: boolean): Promise<string> {
  const { name } = definition;
  const schedules = await schedulesOf(temporal, name);
  const next = await nextActions(temporal, definition, NEXT_SHOWN);
  const { survey = [] } = await hoursReport(temporal, { kind: 'survey', hours: name });
  if (json) return JSON.stringify({ definition, schedules, next: next.map(asJson), survey }, null, 2);
  return [definitionText(definition), nextText(definition, next), surveyText(survey)].join('\n\n');
}

function asJson({ action, at }: { action: string; at: number }): { action: string; at: string } {
  return { action, at: new Date(at).toISOString() };
}
