/**
 * `steward run`: start a command on many instances, follow it, show what came of it.
 *
 * The one rule: everything that can be refused is refused before anything is started, every reason at once.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { startRun } from '../client';
import type { Config } from '../config';
import type { RunCommandResult } from '../domain/messages';
import { sendingOf } from '../domain/sending';
import type { RunInput } from '../domain/sending';
import { connectTemporal, findObstacles } from './connection';
import type { Temporal } from './connection';
import { dryRun } from './dry-run';
import { CliError, EXIT, usageError } from './exit';
import type { ExitCode } from './exit';
import { exitCodeOf, follow } from './follow';
import type { RunRef } from './follow';
import { droppedHint, plural, resultText } from './render';
import { readRunOptions } from './run-options';
import type { RunOptions } from './run-options';
import { findSaved } from './saved-commands';
import { selfCommand } from './self';
import type { Terminal } from './terminal';

/** Above this many targets, or where their number is not known beforehand, a person has to say yes. */
export const ASK_ABOVE = 50;

type CarryOptions = Pick<RunOptions, 'id' | 'detach' | 'json' | 'yes' | 'dryRun' | 'askEcs'>;

/** Runs the command to its exit code. */
export async function run(
  options: RunOptions,
  words: string[],
  { config, terminal }: { config: Config; terminal: Terminal },
): Promise<ExitCode> {
  const saved = options.command === undefined ? undefined : await findSaved(options.command, options, config);
  const read = readRunOptions({ ...options, saved }, words, config.ecs.region);
  if (!read.ok) throw usageError(read.errors);
  return carryOut(read.input, options, { config, terminal });
}

/** What is common to everything that is sent: preview or question, then start and follow. */
export async function carryOut(
  input: RunInput,
  options: CarryOptions,
  { config, terminal }: { config: Config; terminal: Terminal },
): Promise<ExitCode> {
  if (options.dryRun) return dryRun(input, options, { config, terminal });
  await confirm(input, options, terminal);
  const temporal = await connectTemporal(config);
  try {
    await refuseOrWarn(temporal, options, terminal);
    return await startAndFollow(temporal, input, options, terminal);
  } finally {
    await temporal.close();
  }
}

/** Starts a run, and follows it unless it is to be left alone. */
export async function startAndFollow(
  temporal: Temporal,
  input: RunInput,
  { id, detach, json }: Pick<RunOptions, 'id' | 'detach' | 'json'>,
  terminal: Terminal,
): Promise<ExitCode> {
  const started = await start(temporal, input, id);
  const link = temporal.linkOf(started.workflowId, started.runId);
  terminal.say(`Run ${started.workflowId}${link === undefined ? '' : `\n${link}`}`);
  if (!detach) return followToEnd(temporal, started, { terminal, json });
  terminal.result(json ? runJson(temporal, started) : started.workflowId);
  return EXIT.ok;
}

/** Follows a run and prints its end; also for runs somebody else has started. */
export async function followToEnd(
  temporal: Temporal,
  started: RunRef,
  { terminal, json }: { terminal: Terminal; json?: boolean },
): Promise<ExitCode> {
  const followed = await follow(temporal, started, terminal);
  if (followed.end === 'left') {
    terminal.say(`The run goes on: ${selfCommand()} status --follow ${started.workflowId}`);
    if (!terminal.interactive) terminal.result(json ? runJson(temporal, started) : started.workflowId);
    return EXIT.interrupted;
  }
  const { result } = followed;
  if (json) terminal.result(runJson(temporal, started, result));
  else {
    terminal.result(resultText(result, terminal.resultsOnTerminal ? terminal.columns : undefined));
    terminal.say(`Every row in full: ${selfCommand()} results ${started.workflowId}`);
    const hint = droppedHint(result.rows);
    if (hint !== undefined) terminal.say(hint);
  }
  return followed.cancelled ? EXIT.interrupted : exitCodeOf(result);
}

/** The document `--json` prints: ids, link and, where the run has ended, its result. */
export function runJson(temporal: Temporal, started: RunRef, result?: RunCommandResult): string {
  const { workflowId, runId } = started;
  const ids = { workflowId, runId, namespace: temporal.namespace, url: temporal.linkOf(workflowId, runId) };
  return JSON.stringify({ ...ids, ...result }, null, 2);
}

async function start(temporal: Temporal, input: RunInput, id?: string): Promise<RunRef> {
  try {
    const handle = await startRun(temporal.client, input, { id, account: temporal.account });
    return { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw new CliError(
      EXIT.notCarriedOut,
      `The id ${error.workflowId} was used before, and an id means one run. Look at it: ${selfCommand()} status ${error.workflowId}\n` +
        'Or leave out --id, or choose another.',
    );
  }
}

/** A person agrees to a big run; where there is none to ask, `--yes` has to be typed. */
async function confirm(input: RunInput, options: CarryOptions, terminal: Terminal): Promise<void> {
  const reason = reasonToAsk(input);
  if (reason === undefined || options.yes) return;
  if (!terminal.interactive) {
    throw new CliError(
      EXIT.usage,
      `${reason}, and there is no terminal to ask on. Type --yes to mean it. Nothing was started.`,
    );
  }
  const answer = await terminal.ask(`${reason}. Run it there? [y/N] `);
  if (!/^y(es)?$/i.test(answer?.trim() ?? '')) throw new CliError(EXIT.usage, 'Nothing was started.');
}

/** Why a person should agree first; `undefined` where the run is small. */
export function reasonToAsk(input: RunInput): string | undefined {
  const { region, targets } = input;
  const { what } = sendingOf(input);
  const ids = targets.instanceIds?.length ?? 0;
  const { tags = [], resourceGroupId, all, limit } = targets;
  if (limit !== undefined && limit <= ASK_ABOVE) return undefined;
  if (all) return `The ${what} goes to EVERY instance in ${region}`;
  if (tags.length === 0 && resourceGroupId === undefined) {
    return ids > ASK_ABOVE ? `The ${what} goes to ${plural(ids, 'instance')} in ${region}` : undefined;
  }
  const names = tags.map(({ key, value }) => (value === undefined ? key : `${key}=${value}`)).join(' and ');
  const which = [
    ...(names === '' ? [] : [`tagged ${names}`]),
    ...(resourceGroupId === undefined ? [] : [`of resource group ${resourceGroupId}`]),
  ].join(' or ');
  const others = ids > 0 ? ` and to ${ids} more` : '';
  return `The ${what} goes to every instance ${which} in ${region}${others}; how many that are is not known before`;
}

/** Without a worker a run would wait for one; that is what `--detach` may mean, and nothing else does. */
async function refuseOrWarn(temporal: Temporal, options: CarryOptions, terminal: Terminal): Promise<void> {
  const obstacles = await findObstacles(temporal);
  if (obstacles.length === 0) return;
  if (!options.detach)
    throw new CliError(EXIT.notCarriedOut, `${obstacles.join('\n')}\nNothing was started.`);
  terminal.say(`Warning: ${obstacles.join('\n')}\nThe run will wait for it.`);
}
