/**
 * `steward status`, `steward results`, `steward cancel`: looking at runs and stopping them, by id.
 *
 * The one rule: they work on any run of this product, whoever started it and however.
 */
import { WorkflowNotFoundError } from '@temporalio/client';
import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { Config } from '../config';
import { INSTALL_AGENTS } from '../domain/agents';
import { PROGRESS_QUERY, WORKFLOW_TYPES } from '../domain/messages';
import type { RunCommandProgress, RunCommandResult, StoredRow } from '../domain/messages';
import { stripControl } from '../domain/text';
import { createFileResultStore, readRows } from '../results/store';
import { cancelInstall } from './agents';
import { connectTemporal } from './connection';
import type { Temporal } from './connection';
import { CliError, EXIT, messageOf } from './exit';
import type { ExitCode } from './exit';
import { cancelRun, exitCodeOf, follow, resultOf } from './follow';
import type { RunRef } from './follow';
import { droppedHint, outputsText, progressLine, resultText, rowsCsv } from './render';
import { followToEnd, runJson } from './run';
import { QUERY_TIMEOUT_MS, RunProgress } from './run-progress';
import { groupRows, groupsText } from './groups';
import { selfCommand } from './self';
import type { Terminal } from './terminal';

/** What every command gets. */
export interface Context {
  config: Config;
  terminal: Terminal;
}

/** `steward status ID`: where a run stands, or with `follow` everything until its end. */
export async function status(
  id: string,
  options: { json?: boolean; follow?: boolean },
  { config, terminal }: Context,
): Promise<ExitCode> {
  return withRun(config, id, async (temporal, described) => {
    const run = refOf(described);
    if (options.follow && isRun(described.type)) {
      return followToEnd(temporal, run, { terminal, json: options.json });
    }
    const state = await stateOf(temporal, described);
    terminal.result(
      options.json
        ? statusJson(temporal, described, state)
        : statusText(temporal, described, state, terminal),
    );
    return EXIT.ok;
  });
}

/** `steward results ID`: rows with their whole output. */
export async function results(
  id: string,
  options: { json?: boolean; csv?: boolean; group?: boolean; failed?: boolean; instance: string[] },
  { config, terminal }: Context,
): Promise<ExitCode> {
  return withRun(config, id, async (temporal, described) => {
    if (!isRun(described.type)) throw notARun(described);
    const run = refOf(described);
    const { rows, complete } = await rowsOf(temporal, run, described, config);
    const wanted = rows.filter(
      (row) =>
        (options.instance.length === 0 || options.instance.includes(row.instanceId)) &&
        !(options.failed && row.outcome === 'Success'),
    );
    if (!complete) terminal.say(`The run ${id} goes on; these are the rows so far.`);
    const hint = droppedHint(wanted);
    if (hint !== undefined) terminal.say(hint);
    if (options.group) {
      const groups = groupRows(wanted);
      const columns = terminal.resultsOnTerminal ? terminal.columns : undefined;
      terminal.result(
        options.json ? JSON.stringify({ ...run, complete, groups }, null, 2) : groupsText(groups, columns),
      );
    } else if (options.json) terminal.result(JSON.stringify({ ...run, complete, rows: wanted }, null, 2));
    else if (options.csv) terminal.result(rowsCsv(wanted));
    else terminal.result(wanted.length > 0 ? outputsText(wanted) : 'No rows.');
    return EXIT.ok;
  });
}

/** `steward cancel ID`: stops what has not started and reports what had. */
export async function cancel(
  id: string,
  options: { json?: boolean },
  { config, terminal }: Context,
): Promise<ExitCode> {
  return withRun(config, id, async (temporal, described) => {
    if (described.type === INSTALL_AGENTS)
      return cancelInstall(temporal.client.workflow.getHandle(id), options, { config, terminal });
    if (!isRun(described.type)) throw notARun(described);
    const run = refOf(described);
    if (described.status.name === 'RUNNING') {
      await cancelRun(temporal, run);
      terminal.say(`Cancelling ${id}; waiting for the report of what had already started.`);
    } else {
      terminal.say(`The run ${id} has ended already.`);
    }
    const followed = await follow(temporal, run, terminal);
    if (followed.end === 'left') {
      terminal.say(`The cancel is under way: ${selfCommand()} status --follow ${id}`);
      return EXIT.interrupted;
    }
    const { result } = followed;
    const columns = terminal.resultsOnTerminal ? terminal.columns : undefined;
    terminal.result(options.json ? runJson(temporal, run, result) : resultText(result, columns));
    return result.outcome === 'cancelled' ? EXIT.ok : exitCodeOf(result);
  });
}

/** Commands and files alike. */
function isRun(type: string): boolean {
  return type === WORKFLOW_TYPES.runCommand || type === WORKFLOW_TYPES.sendFile;
}

// --- finding the run ---

/** Finds the run, for the time of `act`. */
export async function withRun(
  config: Config,
  id: string,
  act: (temporal: Temporal, described: WorkflowExecutionDescription) => Promise<ExitCode>,
): Promise<ExitCode> {
  const temporal = await connectTemporal(config);
  try {
    return await act(temporal, await describe(temporal, id));
  } finally {
    await temporal.close();
  }
}

async function describe(temporal: Temporal, id: string): Promise<WorkflowExecutionDescription> {
  const { address, namespace } = temporal;
  try {
    return await temporal.client.workflow.getHandle(id).describe();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new CliError(
      EXIT.notCarriedOut,
      `There is no run ${stripControl(id)} in namespace ${namespace} at ${address}.\n` +
        `The runs that are there: temporal workflow list --address ${address} --namespace ${namespace}`,
    );
  }
}

function refOf({ workflowId, runId, raw }: WorkflowExecutionDescription): RunRef {
  return { workflowId, runId: raw.workflowExecutionInfo?.firstRunId || runId };
}

function notARun({ workflowId, type }: WorkflowExecutionDescription): CliError {
  return new CliError(
    EXIT.notCarriedOut,
    `${workflowId} is a workflow ${type}, no run of a command or file; see: ${selfCommand()} status ${workflowId}`,
  );
}

/** A run that has ended with a result, and all of its rows. */
export async function endedRun(
  temporal: Temporal,
  described: WorkflowExecutionDescription,
  config: Config,
): Promise<{ run: RunRef; rows: StoredRow[] }> {
  if (!isRun(described.type)) throw notARun(described);
  const run = refOf(described);
  const { name } = described.status;
  if (name !== 'COMPLETED') {
    const how =
      name === 'RUNNING' ? 'goes on; wait for its end' : `ended without a result (${name.toLowerCase()})`;
    throw new CliError(EXIT.notCarriedOut, `The run ${run.workflowId} ${how}. Nothing was started.`);
  }
  return { run, rows: (await rowsOf(temporal, run, described, config)).rows };
}

// --- status ---

type RunState = { progress: unknown } | { result: RunCommandResult } | { reason: string };

async function stateOf(temporal: Temporal, described: WorkflowExecutionDescription): Promise<RunState> {
  if (described.status.name === 'RUNNING') return progressOf(temporal, described);
  if (!isRun(described.type)) return { reason: '' };
  try {
    return { result: await resultOf(temporal, refOf(described)) };
  } catch (error) {
    return { reason: messageOf(error) };
  }
}

/** A run whose worker is away is described without its progress. */
async function progressOf(
  temporal: Temporal,
  { workflowId, runId, type }: WorkflowExecutionDescription,
): Promise<RunState> {
  const { client, connection } = temporal;
  try {
    if (isRun(type)) return { progress: await new RunProgress(temporal, { workflowId, runId }).look() };
    const query = (): Promise<unknown> => client.workflow.getHandle(workflowId, runId).query(PROGRESS_QUERY);
    return { progress: await connection.withDeadline(Date.now() + QUERY_TIMEOUT_MS, query) };
  } catch {
    return {
      reason: `No worker answers just now; the run goes on when one is back: ${selfCommand()} worker`,
    };
  }
}

function statusJson(temporal: Temporal, described: WorkflowExecutionDescription, state: RunState): string {
  const { type, startTime, closeTime } = described;
  const ids = { ...refOf(described), namespace: temporal.namespace, type, status: described.status.name };
  const url = temporal.linkOf(described.workflowId, described.runId);
  return JSON.stringify({ ...ids, url, startTime, closeTime, ...state }, null, 2);
}

function statusText(
  temporal: Temporal,
  described: WorkflowExecutionDescription,
  state: RunState,
  terminal: Terminal,
): string {
  const { workflowId, runId, type, startTime, closeTime } = described;
  const link = temporal.linkOf(workflowId, runId);
  const lines = [
    `${stripControl(workflowId)}: ${type}, ${described.status.name.toLowerCase()}`,
    `started ${startTime.toISOString()}${closeTime ? `, ended ${closeTime.toISOString()}` : ''}`,
    ...(link === undefined ? [] : [link]),
  ];
  if ('result' in state) {
    return [
      ...lines,
      '',
      resultText(state.result, terminal.resultsOnTerminal ? terminal.columns : undefined),
    ].join('\n');
  }
  if ('reason' in state)
    return [...lines, ...(state.reason === '' ? [] : [stripControl(state.reason)])].join('\n');
  const { progress } = state;
  const line = isRun(type)
    ? progressLine(progress as RunCommandProgress, new Date())
    : stripControl(JSON.stringify(progress, null, 2));
  return [...lines, line].join('\n');
}

// --- results ---

/** From the result store; from the workflow's own result where the store is on another machine. */
async function rowsOf(
  temporal: Temporal,
  run: RunRef,
  described: WorkflowExecutionDescription,
  config: Config,
): Promise<{ rows: StoredRow[]; complete: boolean }> {
  const ended = described.status.name !== 'RUNNING';
  const result = described.status.name === 'COMPLETED' ? await resultOf(temporal, run) : undefined;
  const ours = createFileResultStore(config.resultsDir).pathOf(run);
  for (const path of new Set([ours, ...(result?.resultStore.path ? [result.resultStore.path] : [])])) {
    const rows = await readRows(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw new CliError(
        EXIT.notCarriedOut,
        `The rows of ${run.workflowId} cannot be read: ${messageOf(error)}`,
      );
    });
    if (rows) return { rows, complete: ended };
  }
  if (result?.totals.targets === 0 || !ended) return { rows: [], complete: ended };
  throw new CliError(
    EXIT.notCarriedOut,
    `The rows of ${run.workflowId} are not on this machine. The worker keeps them in ` +
      `${result?.resultStore.path ?? ours}.\nRun this there, or share that directory and set STEWARD_RESULTS_DIR. ` +
      `What the run itself says: ${selfCommand()} status ${run.workflowId}`,
  );
}
