/**
 * `steward events drill`: one instance goes through the whole chain because of a simulated event, and people watch.
 *
 * The one rule: whoever started a drill can end it. Ctrl-C cancels it, which takes the simulated event away again, and a
 * second one leaves it to itself.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { DRILL_SYSTEM_EVENT, drillIdOf } from '../domain/event-messages';
import type { DrillInput, DrillProgress, DrillResult } from '../domain/event-report';
import { PROGRESS_QUERY } from '../domain/messages';
import { stripControl } from '../domain/text';
import type { Temporal } from './connection';
import { CliError, EXIT } from './exit';
import type { ExitCode } from './exit';
import type { Context } from './inspect';
import { regionOf, resultOrError, withTemporal } from './region';
import type { RegionOptions } from './region';
import { QUERY_TIMEOUT_MS } from './run-progress';
import type { Terminal } from './terminal';
import { nextSignal } from './up';

export interface DrillOptions extends RegionOptions {
  instance: string;
  in?: string;
  detach?: boolean;
}

type DrillSystemEvent = (input: DrillInput) => Promise<DrillResult>;

const LOOK_EVERY_MS = 2_000;

const EXIT_CODES: Record<DrillResult['outcome'], ExitCode> = {
  passed: EXIT.ok,
  'not-passed': EXIT.someFailed,
  'still-open': EXIT.someFailed,
  refused: EXIT.notCarriedOut,
  cancelled: EXIT.interrupted,
};

/** Starts a drill and follows it to its end. */
export async function drill(options: DrillOptions, { config, terminal }: Context): Promise<ExitCode> {
  const region = regionOf(options, config);
  const { instance: instanceId, in: minutes } = options;
  const input = { region, instanceId, ...(minutes === undefined ? {} : { inMinutes: Number(minutes) }) };
  return withTemporal(config, { worker: true }, async (temporal) => {
    const handle = await startDrill(temporal, input);
    const { workflowId, firstExecutionRunId: runId } = handle;
    const ids = { workflowId, runId, url: temporal.linkOf(workflowId, runId) };
    terminal.say([`Drill ${workflowId}`, ...(ids.url === undefined ? [] : [ids.url])].join('\n'));
    if (options.detach) {
      terminal.result(options.json ? JSON.stringify(ids, null, 2) : workflowId);
      return EXIT.ok;
    }
    const result = await followDrill(temporal, handle, terminal);
    if (result === 'left') {
      terminal.say(
        `The drill goes on; it can be ended with: temporal workflow cancel --workflow-id ${workflowId}`,
      );
      return EXIT.interrupted;
    }
    terminal.result(options.json ? JSON.stringify({ ...ids, ...result }, null, 2) : drillText(result));
    return EXIT_CODES[result.outcome];
  });
}

async function startDrill(
  { client, account, taskQueue }: Temporal,
  input: DrillInput,
): Promise<WorkflowHandle<DrillSystemEvent> & { firstExecutionRunId: string }> {
  const workflowId = drillIdOf(account, input.region, input.instanceId);
  try {
    return await client.workflow.start<DrillSystemEvent>(DRILL_SYSTEM_EVENT, {
      workflowId,
      taskQueue,
      args: [input],
      staticSummary: `drill on ${input.instanceId} in ${input.region}`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw new CliError(EXIT.notCarriedOut, `A drill on ${input.instanceId} is going on: ${workflowId}`);
  }
}

async function followDrill(
  temporal: Temporal,
  handle: WorkflowHandle<DrillSystemEvent>,
  terminal: Terminal,
): Promise<DrillResult | 'left'> {
  const over = new AbortController();
  const result = resultOrError(handle.result());
  result.catch(() => undefined);
  const shown = showProgress(temporal, handle, terminal, over.signal);
  try {
    const first = await raceSignal(result);
    if (first !== 'signal') return first;
    await handle.cancel();
    terminal.say('Cancelling; waiting until the simulated event is gone. Ctrl-C again to go away.');
    const second = await raceSignal(result);
    return second === 'signal' ? 'left' : second;
  } finally {
    over.abort();
    await shown;
  }
}

async function raceSignal<T>(result: Promise<T>): Promise<T | 'signal'> {
  const asked = nextSignal();
  try {
    return await Promise.race([result, asked.signal]);
  } finally {
    asked.forget();
  }
}

/** A line whenever the drill is somewhere else. */
async function showProgress(
  { connection }: Temporal,
  handle: WorkflowHandle<DrillSystemEvent>,
  terminal: Terminal,
  over: AbortSignal,
): Promise<void> {
  let last = '';
  while (!over.aborted) {
    const query = (): Promise<DrillProgress> => handle.query<DrillProgress>(PROGRESS_QUERY);
    const progress = await connection
      .withDeadline(Date.now() + QUERY_TIMEOUT_MS, query)
      .catch(() => undefined);
    if (over.aborted) return;
    const line = progress === undefined ? last : progressLine(progress);
    if (line !== last) terminal.say(line);
    last = line;
    await sleep(LOOK_EVERY_MS, undefined, { signal: over }).catch(() => undefined);
  }
}

function progressLine({ phase, eventId, eventStatus, notBefore }: DrillProgress): string {
  const event = eventId === undefined ? '' : `: ${eventId}, ${eventStatus ?? ''}, not before ${notBefore}`;
  return stripControl(`${phase}${event}`);
}

/** The end of a drill for people. */
export function drillText({ summary, handler, cancelledEvents }: DrillResult): string {
  const steps = handler?.result?.steps ?? [];
  const lines = steps.map(
    ({ at, step, ok, detail }) => `  ${at} ${ok ? 'ok    ' : 'FAILED'} ${step}: ${detail}`,
  );
  const cancelled = cancelledEvents.length > 0 ? [`Cancelled: ${cancelledEvents.join(', ')}`] : [];
  return [...lines, ...cancelled, summary].map((line) => stripControl(line).replaceAll('\n', ' ')).join('\n');
}
