/**
 * `steward events reschedule|skip|now|approve|retry`: what people say to the workflow that handles an event.
 *
 * The one rule: the workflow decides; what it refuses is said in its own words, and nothing was changed then.
 */
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { HANDLE_SYSTEM_EVENT, systemEventIdOf } from '../domain/event-messages';
import { EVENT_UPDATES } from '../domain/system-event';
import { stripControl } from '../domain/text';
import type { Temporal } from './connection';
import { handlerOf } from './event-handlers';
import type { HandleSystemEvent } from './event-handlers';
import { CliError, EXIT, messageOf, usageError } from './exit';
import type { ExitCode } from './exit';
import type { Context } from './inspect';
import { regionOf, withTemporal } from './region';
import type { RegionOptions } from './region';
import { selfCommand } from './self';

type UpdateName = keyof typeof EVENT_UPDATES;

/** An update is taken or refused within moments; a workflow task is all it needs. */
const UPDATE_TIMEOUT_MS = 30_000;

/** Says `update` to the event's handler. */
export async function update(
  name: UpdateName,
  eventId: string,
  options: RegionOptions & { at?: string; reason?: string },
  { config, terminal }: Context,
): Promise<ExitCode> {
  const region = regionOf(options, config);
  requireEventId(eventId);
  const { at, reason } = options;
  const said = at !== undefined ? { at } : reason !== undefined ? { reason } : undefined;
  return withTemporal(config, { worker: true }, async (temporal) => {
    const workflowId = systemEventIdOf(temporal.account, region, eventId);
    const answer = await tell(temporal, { region, eventId, workflowId }, { name, said });
    terminal.result(
      options.json
        ? JSON.stringify({ workflowId, eventId, update: name, answer }, null, 2)
        : `${eventId}: ${stripControl(answer)}`,
    );
    terminal.say(`Look at it: ${selfCommand()} events show ${eventId} --region ${region}`);
    return EXIT.ok;
  });
}

async function tell(
  temporal: Temporal,
  { region, eventId, workflowId }: { region: string; eventId: string; workflowId: string },
  { name, said }: { name: UpdateName; said?: object },
): Promise<string> {
  const handle = temporal.client.workflow.getHandle<HandleSystemEvent>(workflowId);
  const ask = (): Promise<string> =>
    said === undefined
      ? handle.executeUpdate<string, []>(EVENT_UPDATES[name])
      : handle.executeUpdate<string, [object]>(EVENT_UPDATES[name], { args: [said] });
  try {
    return await temporal.connection.withDeadline(Date.now() + UPDATE_TIMEOUT_MS, ask);
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError)
      throw new CliError(EXIT.notCarriedOut, `${name} was refused: ${messageOf(error.cause)}`);
    if (error instanceof WorkflowNotFoundError) throw await nobodyError(temporal, region, eventId);
    throw new CliError(EXIT.notCarriedOut, `${name} was not answered: ${messageOf(error)}`);
  }
}

/** Why nobody could be told. */
async function nobodyError(temporal: Temporal, region: string, eventId: string): Promise<CliError> {
  const handler = await handlerOf(temporal, region, eventId);
  const how = handler?.result?.outcome ?? handler?.status.toLowerCase();
  return new CliError(
    EXIT.notCarriedOut,
    handler === undefined
      ? `Nobody handles ${eventId} in ${region}. Have it handled: ${selfCommand()} events retry ${eventId} --region ${region}\n` +
          `Or all of the region: ${selfCommand()} patrol start --region ${region}`
      : `The handling of ${eventId} has ended (${how ?? ''}): ${selfCommand()} events show ${eventId} --region ${region}`,
  );
}

/** `steward events retry ID`: a handler where there is none, or where the last one failed. */
export async function retry(
  eventId: string,
  options: RegionOptions,
  { config, terminal }: Context,
): Promise<ExitCode> {
  const region = regionOf(options, config);
  requireEventId(eventId);
  return withTemporal(config, { worker: true }, async ({ client, account, taskQueue }) => {
    const workflowId = systemEventIdOf(account, region, eventId);
    try {
      const { firstExecutionRunId: runId } = await client.workflow.start<HandleSystemEvent>(
        HANDLE_SYSTEM_EVENT,
        {
          workflowId,
          taskQueue,
          args: [{ region, eventId }],
          workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
          staticSummary: `system event ${eventId} in ${region}`,
        },
      );
      terminal.result(options.json ? JSON.stringify({ workflowId, runId, eventId }, null, 2) : workflowId);
      return EXIT.ok;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      throw new CliError(
        EXIT.notCarriedOut,
        `${eventId} is handled, or was handled to its end: an event is answered once. ` +
          `Look at it: ${selfCommand()} events show ${eventId} --region ${region}`,
      );
    }
  });
}

function requireEventId(eventId: string): void {
  if (/^e-[a-z0-9]{1,62}$/.test(eventId)) return;
  throw usageError([{ path: 'ID', message: 'is not an event id; they look like e-bp1abc' }]);
}
