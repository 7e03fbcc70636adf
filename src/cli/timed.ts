/**
 * `steward timed …`: commands that Cloud Assistant itself runs at times.
 *
 * The one rule: as everything else, done by a workflow; what it says has been read back.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import type { InputError, StoredRow } from '../domain/messages';
import { MANAGE_TIMED, manageTimedIdOf, timedStartIdOf } from '../domain/timed-commands';
import type {
  ManageTimedInput,
  ManageTimedResult,
  TimedHistory,
  TimedListed,
  TimedShown,
  TimedStarted,
  TimedStopped,
  TimedWhen,
} from '../domain/timed-commands';
import { parseManageTimedInput } from '../domain/timed-input';
import { byTime, occurrenceKey } from '../domain/timed-lines';
import { stripControl } from '../domain/text';
import { readRows } from '../results/store';
import { CliError, EXIT, messageOf, usageError } from './exit';
import type { ExitCode } from './exit';
import type { Context } from './inspect';
import { regionOf, resultOrError, withTemporal } from './region';
import type { RegionOptions } from './region';
import { rowsCsv } from './render';
import { numberOrText, readRunOptions } from './run-options';
import type { RunOptions } from './run-options';
import { findSaved } from './saved-commands';
import { historyText, listText, shownText, startedText, stoppedText } from './timed-text';

export interface StartOptions extends RunOptions {
  cron?: string;
  zone?: string;
  every?: string;
  at?: string;
  nextReboot?: boolean;
  everyReboot?: boolean;
}

export interface HistoryOptions extends RegionOptions {
  instance?: string[];
  failed?: boolean;
  since?: string;
  limit?: string;
  csv?: boolean;
}

export interface StopOptions extends RegionOptions {
  instance?: string[];
}

const NO_LISTS = { instance: [], tag: [], parameter: [], env: [], exclude: [], type: 'RunShellScript' };

/** `steward timed start NAME`. */
export async function timedStart(
  name: string,
  given: Partial<StartOptions>,
  words: string[],
  context: Context,
): Promise<ExitCode> {
  const options = { ...NO_LISTS, ...given };
  const region = regionOf(options, context.config);
  const saved =
    options.command === undefined ? undefined : await findSaved(options.command, options, context.config);
  const run = readRunOptions({ ...options, saved }, words, region);
  const when = whenOf(options);
  const ways = [options.nextReboot, options.everyReboot].filter(Boolean);
  const value = {
    ...{ region, action: 'start' as const, name, when },
    // What is wrong with these was told already.
    ...(run.ok ? { targets: run.input.targets, command: run.input.command } : ANY_COMMAND),
  };
  const parsed = parseManageTimedInput(value, Date.now());
  const errors = [
    ...(run.ok ? [] : run.errors),
    ...(ways.length > 1 ? [{ path: '--next-reboot, --every-reboot', message: 'give one of them' }] : []),
    ...(parsed.ok ? [] : parsed.errors.map(asOption)),
  ];
  if (!parsed.ok || errors.length > 0) throw usageError(errors);
  const started = await manage<TimedStarted>(parsed.input, context);
  context.terminal.result(options.json ? JSON.stringify(started, null, 2) : startedText(started));
  if (started.outcome === 'refused') return EXIT.notCarriedOut;
  return started.outcome === 'done' ? EXIT.ok : EXIT.someFailed;
}

const ANY_COMMAND = {
  targets: { all: true },
  command: { type: 'RunShellScript' as const, content: 'true', timeoutSeconds: 10 },
};

function whenOf({ cron, every, at, zone, nextReboot, everyReboot }: StartOptions): TimedWhen {
  const reboot = everyReboot ? 'every' : nextReboot ? 'next' : undefined;
  const when = { cron, every, at, zone, reboot };
  return Object.fromEntries(Object.entries(when).filter(([, value]) => value !== undefined));
}

/** `steward timed list`. */
export async function timedList(
  options: RegionOptions & { active?: boolean },
  context: Context,
): Promise<ExitCode> {
  const region = regionOf(options, context.config);
  const listed = await manage<TimedListed>(
    { region, action: 'list', active: options.active ?? false },
    context,
  );
  return show(listed, options, context, listText(listed, columnsOf(context)));
}

/** `steward timed show NAME`. */
export async function timedShow(which: string, options: RegionOptions, context: Context): Promise<ExitCode> {
  const region = regionOf(options, context.config);
  const shown = await manage<TimedShown>({ region, action: 'show', which }, context);
  return show(shown, options, context, shownText(shown, columnsOf(context)));
}

/** `steward timed history NAME`. */
export async function timedHistory(
  which: string,
  options: HistoryOptions,
  context: Context,
): Promise<ExitCode> {
  const region = regionOf(options, context.config);
  const { instance, failed, since } = options;
  const limit = options.limit === undefined ? undefined : (numberOrText(options.limit) as number);
  const input = {
    ...{ region, action: 'history' as const, which },
    ...(instance === undefined ? {} : { instanceIds: instance }),
    ...(failed === undefined ? {} : { failed }),
    ...(since === undefined ? {} : { since }),
    ...(limit === undefined ? {} : { limit }),
  };
  const history = await manage<TimedHistory>(input, context);
  const rows = await everyRow(history, context, limit);
  if (options.csv) context.terminal.result(rowsCsv(rows));
  else if (options.json) context.terminal.result(JSON.stringify({ ...history, rows }, null, 2));
  else context.terminal.result(historyText(history, rows, columnsOf(context)));
  return EXIT.ok;
}

/** From the result store with their outputs; what the workflow's own result has where that is on another machine. */
async function everyRow(
  history: TimedHistory,
  { terminal }: Context,
  limit = Infinity,
): Promise<StoredRow[]> {
  const count = Object.values(history.totals).reduce((sum, each) => sum + each, 0);
  if (count === 0) return [];
  try {
    return (await readRows(history.storePath, occurrenceKey)).sort(byTime).slice(0, limit);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new CliError(EXIT.notCarriedOut, `The rows cannot be read: ${messageOf(error)}`);
    if (history.rowsTruncated)
      terminal.say(
        `The newest ${history.rows.length} of ${count}; all are where the worker keeps them: ${history.storePath}`,
      );
    return history.rows;
  }
}

/** `steward timed stop NAME`. */
export async function timedStop(which: string, options: StopOptions, context: Context): Promise<ExitCode> {
  const region = regionOf(options, context.config);
  const instances = options.instance === undefined ? {} : { instanceIds: options.instance };
  const stopped = await manage<TimedStopped>({ region, action: 'stop', which, ...instances }, context);
  show(stopped, options, context, stoppedText(stopped));
  return stopped.outcome === 'done' ? EXIT.ok : EXIT.someFailed;
}

type ManageTimed = (input: ManageTimedInput) => Promise<ManageTimedResult>;

/** @throws where it was refused, but for a start, whose result says more */
async function manage<T>(input: ManageTimedInput, { config }: Context): Promise<T> {
  const parsed = parseManageTimedInput(input, Date.now());
  if (!parsed.ok) throw usageError(parsed.errors.map(asOption));
  let result: ManageTimedResult | undefined;
  await withTemporal(config, { worker: true }, async ({ client, account, taskQueue }) => {
    const workflowId =
      input.action === 'start'
        ? timedStartIdOf(account, input.region, input.name)
        : manageTimedIdOf(account, randomUUID());
    try {
      const handle = await client.workflow.start<ManageTimed>(MANAGE_TIMED, {
        ...{ workflowId, taskQueue, args: [parsed.input] },
      });
      result = await resultOrError(handle.result());
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      throw new CliError(
        EXIT.notCarriedOut,
        `${workflowId} is at work: that name is being started just now.`,
      );
    }
    return EXIT.ok;
  });
  if (result?.outcome !== 'refused' || 'totals' in result) return result as T;
  throw new CliError(EXIT.notCarriedOut, `${stripControl(result.reason ?? '')}. Nothing was done.`);
}

function show(result: object, { json }: RegionOptions, { terminal }: Context, text: string): ExitCode {
  terminal.result(json ? JSON.stringify(result, null, 2) : text);
  return EXIT.ok;
}

function columnsOf({ terminal }: Context): number | undefined {
  return terminal.resultsOnTerminal ? terminal.columns : undefined;
}

const OPTION_OF: Record<string, string> = {
  'when.cron': '--cron',
  'when.zone': '--zone',
  'when.every': '--every',
  'when.at': '--at',
  'when.reboot': '--next-reboot, --every-reboot',
  when: '--cron, --every, --at, --next-reboot, --every-reboot',
  name: 'NAME',
  which: 'NAME',
  instanceIds: '--instance',
  since: '--since',
  limit: '--limit',
};

function asOption({ path, message }: InputError): InputError {
  return { path: OPTION_OF[path.replace(/\[.*$/, '')] ?? path, message };
}
