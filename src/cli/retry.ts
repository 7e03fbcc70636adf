/**
 * `steward retry ID --on …`: what a run sent, again, on just those instances that ended so.
 *
 * The one rule: it acts on exactly the rows the first run wrote; a run whose rows are not all there is refused.
 */
import { WorkflowNotFoundError } from '@temporalio/client';
import { runIdErrors } from '../client';
import { OUTCOMES } from '../domain/messages';
import type { Outcome } from '../domain/messages';
import type { RunInput } from '../domain/sending';
import { stripControl } from '../domain/text';
import { CliError, EXIT, usageError } from './exit';
import type { ExitCode } from './exit';
import { endedRun, withRun } from './inspect';
import type { Context } from './inspect';
import { findObstacles } from './connection';
import type { Temporal } from './connection';
import { startAndFollow } from './run';
import { selfCommand } from './self';

/** What can be asked for, and the outcomes it stands for. */
export const RETRY_ON: Record<string, Outcome[]> = {
  failed: ['Failed', 'Timeout'],
  stopped: ['Stopped'],
  unfit: ['Unfit'],
  'not-started': ['NotStarted'],
  unknown: ['Unknown'],
};

export interface RetryOptions {
  on: string[];
  id?: string;
  detach?: boolean;
  json?: boolean;
}

/** Starts the retry; exit codes as those of `steward run`. */
export async function retryRun(
  id: string,
  options: RetryOptions,
  { config, terminal }: Context,
): Promise<ExitCode> {
  const wanted = new Set(outcomesOf(options.on));
  const wrongId = options.id === undefined ? [] : runIdErrors(options.id);
  if (wrongId.length > 0) throw usageError(wrongId.map(({ message }) => ({ path: '--id', message })));
  return withRun(config, id, async (temporal, described) => {
    const { run, rows } = await endedRun(temporal, described, config);
    const instanceIds = rows.filter((row) => wanted.has(row.outcome)).map((row) => row.instanceId);
    if (instanceIds.length === 0) {
      const have = OUTCOMES.map(
        (outcome) => [outcome, rows.filter((row) => row.outcome === outcome).length] as const,
      );
      const told = have.flatMap(([outcome, count]) => (count > 0 ? [`${count} ${outcome}`] : [])).join(', ');
      throw new CliError(
        EXIT.notCarriedOut,
        `Nothing of ${stripControl(id)} ended so (${told}). Nothing was started.`,
      );
    }
    const obstacles = await findObstacles(temporal);
    if (obstacles.length > 0)
      throw new CliError(EXIT.notCarriedOut, `${obstacles.join('\n')}\nNothing was started.`);
    terminal.say(`${instanceIds.length} of ${rows.length} instances of ${stripControl(id)}`);
    const first = await inputOf(temporal, run.workflowId, run.runId);
    return startAndFollow(temporal, again(first, instanceIds, run.workflowId), options, terminal);
  });
}

function outcomesOf(on: string[]): Outcome[] {
  const words = on.flatMap((text) => text.split(','));
  const unknown = words.filter((word) => RETRY_ON[word] === undefined);
  if (words.length === 0 || unknown.length > 0) {
    const message = `${unknown.map((word) => JSON.stringify(word)).join(', ')} must be one of ${Object.keys(RETRY_ON).join(', ')}, or several with commas`;
    throw usageError([{ path: '--on', message: message.trim() }]);
  }
  return words.flatMap((word) => RETRY_ON[word] ?? []);
}

/** The same run on other instances. An error limit in numbers may be above what is left; then there is none. */
function again(first: RunInput, instanceIds: string[], retryOf: string): RunInput {
  const { rate, ...rest } = first;
  const { maxErrors, ...others } = rate ?? {};
  const kept = typeof maxErrors === 'number' && maxErrors > instanceIds.length ? others : { ...rate };
  return { ...rest, targets: { instanceIds }, ...(rate ? { rate: kept } : {}), retryOf };
}

/** What the run was started with, from the first event of its history. */
async function inputOf(
  { client, namespace }: Temporal,
  workflowId: string,
  runId: string,
): Promise<RunInput> {
  try {
    const { history } = await client.workflowService.getWorkflowExecutionHistory({
      namespace,
      execution: { workflowId, runId },
      maximumPageSize: 1,
    });
    const payloads = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    const [input] = payloads.slice(0, 1);
    const { payloadConverter } = client.options.loadedDataConverter;
    if (input) return payloadConverter.fromPayload<RunInput>(input);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
  throw new CliError(
    EXIT.notCarriedOut,
    `What ${stripControl(workflowId)} was started with is not kept any more; start it anew: ${selfCommand()} run`,
  );
}
