/**
 * `steward pause|resume|approve|abort|limits ID`: what people say to a run that goes on.
 *
 * The one rule: the run decides; what it refuses is said in its own words, and nothing was changed then.
 */
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { RUN_UPDATES } from '../domain/messages';
import type { InputError, RateControl } from '../domain/messages';
import { amountError } from '../domain/rate';
import { stripControl } from '../domain/text';
import { CliError, EXIT, messageOf, usageError } from './exit';
import type { ExitCode } from './exit';
import type { Context } from './inspect';
import { withTemporal } from './region';
import { amountOf } from './run-options';
import { selfCommand } from './self';

/** An update is taken or refused within moments; a workflow task is all it needs. */
const UPDATE_TIMEOUT_MS = 30_000;

interface UpdateOptions {
  json?: boolean;
  maxConcurrency?: string;
  maxErrors?: string;
}

/** Says `update` to a run. */
export async function tellRun(
  update: keyof typeof RUN_UPDATES,
  id: string,
  options: UpdateOptions,
  { config, terminal }: Context,
): Promise<ExitCode> {
  const limits = update === 'setLimits' ? limitsFrom(options) : undefined;
  return withTemporal(config, { worker: true }, async ({ client, connection }) => {
    const handle = client.workflow.getHandle(id);
    const ask = (): Promise<string> =>
      limits === undefined
        ? handle.executeUpdate<string, []>(RUN_UPDATES[update])
        : handle.executeUpdate<string, [object]>(RUN_UPDATES[update], { args: [limits] });
    try {
      const answer = await connection.withDeadline(Date.now() + UPDATE_TIMEOUT_MS, ask);
      terminal.result(
        options.json
          ? JSON.stringify({ workflowId: id, update, answer }, null, 2)
          : `${stripControl(id)}: ${stripControl(answer)}`,
      );
    } catch (error) {
      throw new CliError(EXIT.notCarriedOut, whyNot(id, update, error));
    }
    terminal.say(`Look at it: ${selfCommand()} status ${id}`);
    return EXIT.ok;
  });
}

function limitsFrom(options: UpdateOptions): Pick<RateControl, 'maxConcurrency' | 'maxErrors'> {
  const maxConcurrency = amountOf(options.maxConcurrency);
  const maxErrors = amountOf(options.maxErrors);
  const wrong = (path: string, value: unknown, least: 0 | 1): InputError[] => {
    const message = value === undefined ? undefined : amountError(value, least);
    return message === undefined ? [] : [{ path, message: `${JSON.stringify(value)} ${message}` }];
  };
  const errors = [
    ...wrong('--max-concurrency', maxConcurrency, 1),
    ...wrong('--max-errors', maxErrors, 0),
    ...(maxConcurrency === undefined && maxErrors === undefined
      ? [{ path: '--max-concurrency, --max-errors', message: 'give one of them or both' }]
      : []),
  ];
  if (errors.length > 0) throw usageError(errors);
  return { maxConcurrency, maxErrors };
}

function whyNot(id: string, update: string, error: unknown): string {
  if (error instanceof WorkflowUpdateFailedError)
    return `${update} was refused: ${stripControl(messageOf(error.cause))}`;
  if (error instanceof WorkflowNotFoundError)
    return `There is no run ${stripControl(id)}, or it has ended: ${selfCommand()} status ${stripControl(id)}`;
  return `${update} was not answered, and may still be taken; look first: ${selfCommand()} status ${stripControl(id)}\n${messageOf(error)}`;
}
