/**
 * Reaching the workflow that keeps working hours: its state, its updates.
 *
 * The one rule: a command that needs what is not there says so, with what is.
 */
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { REPORT_WORKING_HOURS, hoursIdOf, hoursReportIdOf } from '../domain/hours-messages';
import type { HoursReport } from '../domain/hours-report';
import type { HoursReportInput, WorkingHoursState } from '../domain/hours-state';
import { PROGRESS_QUERY } from '../domain/messages';
import { stripControl } from '../domain/text';
import type { Temporal } from './connection';
import { CliError, EXIT, messageOf, usageError } from './exit';
import { resultOrError } from './region';
import { QUERY_TIMEOUT_MS } from './run-progress';
import { selfCommand } from './self';

/** `undefined` where there are no such hours. @throws where no worker answers */
export async function stateOf(temporal: Temporal, name: string): Promise<WorkingHoursState | undefined> {
  const handle = temporal.client.workflow.getHandle(hoursIdOf(temporal.account, name));
  try {
    if ((await handle.describe()).status.name !== 'RUNNING') return undefined;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
  const query = (): Promise<WorkingHoursState> => handle.query<WorkingHoursState>(PROGRESS_QUERY);
  return temporal.connection.withDeadline(Date.now() + QUERY_TIMEOUT_MS, query);
}

/** @throws where there are no such hours */
export async function hoursOf(temporal: Temporal, name: string): Promise<WorkingHoursState> {
  const state = await stateOf(temporal, name);
  if (state) return state;
  const shown = stripControl(name);
  throw new CliError(
    EXIT.notCarriedOut,
    `There are no working hours ${shown}. Those that are there: ${selfCommand()} hours list`,
  );
}

/** An update of the keeper; a refusal could not be carried out. */
export async function updateHours<A>(
  temporal: Temporal,
  name: string,
  update: string,
  argument: A,
): Promise<string> {
  try {
    const handle = temporal.client.workflow.getHandle(hoursIdOf(temporal.account, name));
    return await handle.executeUpdate<string, [A]>(update, { args: [argument] });
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    throw new CliError(EXIT.notCarriedOut, messageOf(error.cause ?? error));
  }
}

/** Runs the report workflow to its result. */
export async function hoursReport(temporal: Temporal, input: HoursReportInput): Promise<HoursReport> {
  const { client, account, taskQueue } = temporal;
  const ran = client.workflow.execute<(input: HoursReportInput) => Promise<HoursReport>>(
    REPORT_WORKING_HOURS,
    {
      workflowId: hoursReportIdOf(account, randomUUID().slice(0, 8)),
      taskQueue,
      args: [input],
      staticSummary: `${input.kind} of ${input.hours}`,
    },
  );
  return resultOrError(ran);
}

/** A name that can be one. */
export function checkName(name: string): void {
  if (/^[a-z][a-z0-9-]{0,62}$/.test(name)) return;
  const message = 'is not a name: a to z first, then a to z, 0 to 9 and -, at most 63 characters';
  throw usageError([{ path: 'NAME', message }]);
}
