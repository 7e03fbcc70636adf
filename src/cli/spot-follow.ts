/**
 * Following a workflow around spot instances on a terminal.
 *
 * The one rule: following is watching. Ctrl-C goes away and leaves the workflow to itself; the notice does not stop for
 * anybody.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Workflow, WorkflowHandle } from '@temporalio/client';
import { PROGRESS_QUERY } from '../domain/messages';
import type { Temporal } from './connection';
import { EXIT } from './exit';
import type { ExitCode } from './exit';
import { resultOrError } from './region';
import type { RegionOptions } from './region';
import { QUERY_TIMEOUT_MS } from './run-progress';
import type { Terminal } from './terminal';
import { nextSignal } from './up';

const LOOK_EVERY_MS = 2_000;

/** Prints where it is, and its result; Ctrl-C leaves it to itself. */
export async function follow<R>(
  about: {
    temporal: Temporal;
    handle: WorkflowHandle & { firstExecutionRunId: string };
    terminal: Terminal;
    options: RegionOptions & { detach?: boolean };
  },
  render: (result: R) => { code: ExitCode; text: string },
): Promise<ExitCode> {
  const { temporal, handle, terminal, options } = about;
  const { workflowId, firstExecutionRunId: runId } = handle;
  const ids = { workflowId, runId, url: temporal.linkOf(workflowId, runId) };
  terminal.say([workflowId, ...(ids.url === undefined ? [] : [ids.url])].join('\n'));
  if (options.detach) {
    terminal.result(options.json ? JSON.stringify(ids, null, 2) : workflowId);
    return EXIT.ok;
  }
  const over = new AbortController();
  const ended = resultOrError((handle as WorkflowHandle<Workflow>).result() as Promise<R>);
  ended.catch(() => undefined);
  const shown = showPhase(temporal, handle, terminal, over.signal);
  const asked = nextSignal();
  try {
    const result = await Promise.race([ended, asked.signal]);
    if (result === 'signal') {
      terminal.say(`It goes on: ${workflowId}`);
      return EXIT.interrupted;
    }
    const { code, text } = render(result);
    terminal.result(options.json ? JSON.stringify({ ...ids, ...result }, null, 2) : text);
    return code;
  } finally {
    asked.forget();
    over.abort();
    await shown;
  }
}

/** A line whenever it is somewhere else. */
async function showPhase(
  { connection }: Temporal,
  handle: WorkflowHandle,
  terminal: Terminal,
  over: AbortSignal,
): Promise<void> {
  let last = '';
  while (!over.aborted) {
    const query = (): Promise<{ phase: string; steps?: unknown[] }> => handle.query(PROGRESS_QUERY);
    const seen = await connection.withDeadline(Date.now() + QUERY_TIMEOUT_MS, query).catch(() => undefined);
    if (over.aborted) return;
    if (seen && seen.phase !== last) terminal.say(seen.phase);
    last = seen?.phase ?? last;
    await sleep(LOOK_EVERY_MS, undefined, { signal: over }).catch(() => undefined);
  }
}
