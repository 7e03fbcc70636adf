/**
 * Finding the workflow that handles an event, and what it says.
 *
 * The one rule: it only looks. A handler whose worker is away is shown without its progress, with the reason.
 */
import { WorkflowNotFoundError } from '@temporalio/client';
import type { WorkflowExecutionDescription } from '@temporalio/client';
import { systemEventIdOf } from '../domain/event-messages';
import type { EventRow } from '../domain/event-report';
import { PROGRESS_QUERY } from '../domain/messages';
import type { HandleSystemEventInput, SystemEventProgress, SystemEventResult } from '../domain/system-event';
import type { Temporal } from './connection';
import type { HandledRow, Handler } from './event-text';
import { messageOf } from './exit';
import { QUERY_TIMEOUT_MS } from './run-progress';
import { selfCommand } from './self';

export type HandleSystemEvent = (input: HandleSystemEventInput) => Promise<SystemEventResult>;

const AT_ONCE = 10;

/** The handler of an event; `undefined` where there never was one, or the server has forgotten it. */
export async function handlerOf(
  temporal: Temporal,
  region: string,
  eventId: string,
): Promise<Handler | undefined> {
  const workflowId = systemEventIdOf(temporal.account, region, eventId);
  const handle = temporal.client.workflow.getHandle<HandleSystemEvent>(workflowId);
  let described: WorkflowExecutionDescription;
  try {
    described = await handle.describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
  const { runId } = described;
  const status = described.status.name;
  const known: Handler = { workflowId, runId, status, url: temporal.linkOf(workflowId, runId) };
  try {
    if (status === 'COMPLETED') return { ...known, result: await handle.result() };
    if (status !== 'RUNNING') return { ...known, reason: await handle.result().then(() => '', endOf) };
    const query = (): Promise<SystemEventProgress> => handle.query<SystemEventProgress>(PROGRESS_QUERY);
    const progress = await temporal.connection.withDeadline(Date.now() + QUERY_TIMEOUT_MS, query);
    return { ...known, progress };
  } catch {
    const reason = `No worker answers just now; it goes on when one is back: ${selfCommand()} worker`;
    return { ...known, reason };
  }
}

/** Why a handler ended without a result. */
function endOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return `its handler ended without a result: ${messageOf(cause)}`;
}

/** Each row with its handler. */
export async function withHandlers(
  temporal: Temporal,
  region: string,
  rows: readonly EventRow[],
): Promise<HandledRow[]> {
  const found: HandledRow[] = [];
  for (let start = 0; start < rows.length; start += AT_ONCE) {
    const some = rows.slice(start, start + AT_ONCE);
    found.push(
      ...(await Promise.all(
        some.map(async (row) => ({ ...row, handler: await handlerOf(temporal, region, row.eventId) })),
      )),
    );
  }
  return found;
}
