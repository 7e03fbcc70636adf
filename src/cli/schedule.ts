/**
 * `steward schedule …`: runs that recur, as Temporal Schedules that start `runCommand`.
 *
 * The one rule: what would be refused when its time comes is refused when it is created; a schedule that is late by more
 * than its catch-up window is left out, never made up for in a heap.
 */
import { ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy } from '@temporalio/client';
import type { ScheduleDescription, ScheduleHandle } from '@temporalio/client';
import { cronErrors, temporalCron } from '../domain/cron';
import { parseDuration } from '../domain/durations';
import { WORKFLOW_TYPES } from '../domain/messages';
import type { InputError, RunCommandInput } from '../domain/messages';
import { stripControl } from '../domain/text';
import { zoneError } from '../domain/windows';
import type { Temporal } from './connection';
import { CliError, EXIT, usageError } from './exit';
import type { ExitCode } from './exit';
import type { Context } from './inspect';
import { withTemporal } from './region';
import { readRunOptions } from './run-options';
import type { RunOptions } from './run-options';
import { findSaved } from './saved-commands';
import { selfCommand } from './self';
import { textTable } from './table';

export interface ScheduleOptions extends RunOptions {
  cron?: string;
  every?: string;
  zone?: string;
}

/** Later than this, because nobody was there to start it, an occurrence is left out. */
const CATCH_UP = '10 minutes';
const SHORTEST_SECONDS = 10;

/** `steward schedule create NAME`. */
export async function scheduleCreate(
  name: string,
  options: ScheduleOptions,
  words: string[],
  { config, terminal }: Context,
): Promise<ExitCode> {
  const saved = options.command === undefined ? undefined : await findSaved(options.command, options, config);
  const read = readRunOptions({ ...options, saved }, words, config.ecs.region);
  const errors = [...nameErrors(name), ...timeErrors(options), ...(read.ok ? [] : read.errors)];
  if (!read.ok || errors.length > 0) throw usageError(errors);
  return withTemporal(config, { worker: false }, async (temporal) => {
    const { client, account, taskQueue } = temporal;
    try {
      await client.schedule.create({
        scheduleId: scheduleIdOf(account, name),
        spec: specOf(options),
        policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCH_UP },
        action: {
          type: 'startWorkflow',
          workflowType: WORKFLOW_TYPES.runCommand,
          workflowId: `scheduled-${name}`,
          taskQueue,
          args: [{ ...read.input, name: read.input.name ?? name } satisfies RunCommandInput],
        },
      });
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
      throw new CliError(
        EXIT.notCarriedOut,
        `There is a schedule ${name} already; delete it first: ${selfCommand()} schedule delete ${name}`,
      );
    }
    return show(temporal, name, options, { config, terminal });
  });
}

/** `steward schedule list`. */
export async function scheduleList(
  options: { json?: boolean },
  { config, terminal }: Context,
): Promise<ExitCode> {
  return withTemporal(config, { worker: false }, async ({ client, account }) => {
    const prefix = scheduleIdOf(account, '');
    const found: ScheduleLine[] = [];
    for await (const { scheduleId } of client.schedule.list()) {
      if (!scheduleId.startsWith(prefix)) continue;
      const described = await client.schedule.getHandle(scheduleId).describe();
      if (described.action.workflowType === WORKFLOW_TYPES.runCommand)
        found.push(lineOf(scheduleId.slice(prefix.length), described));
    }
    const columns = terminal.resultsOnTerminal ? terminal.columns : undefined;
    terminal.result(options.json ? JSON.stringify({ schedules: found }, null, 2) : linesText(found, columns));
    return EXIT.ok;
  });
}

/** `steward schedule pause|resume|trigger|delete NAME`. */
export async function scheduleAct(
  what: Act,
  name: string,
  options: { json?: boolean },
  context: Context,
): Promise<ExitCode> {
  const errors = nameErrors(name);
  if (errors.length > 0) throw usageError(errors);
  return withTemporal(context.config, { worker: false }, async (temporal) => {
    const handle = temporal.client.schedule.getHandle(scheduleIdOf(temporal.account, name));
    await known(name, ACTS[what](handle));
    if (what !== 'delete') return show(temporal, name, options, context);
    context.terminal.result(options.json ? JSON.stringify({ deleted: name }, null, 2) : `${name}: deleted`);
    return EXIT.ok;
  });
}

type Act = 'pause' | 'resume' | 'trigger' | 'delete';

const ACTS: Record<Act, (handle: ScheduleHandle) => Promise<void>> = {
  pause: (handle) => handle.pause('by steward schedule pause'),
  resume: (handle) => handle.unpause('by steward schedule resume'),
  trigger: (handle) => handle.trigger(),
  delete: (handle) => handle.delete(),
};

async function show(
  { client, account }: Temporal,
  name: string,
  { json }: { json?: boolean },
  { terminal }: Context,
): Promise<ExitCode> {
  const described = await known(name, client.schedule.getHandle(scheduleIdOf(account, name)).describe());
  const line = lineOf(name, described);
  const columns = terminal.resultsOnTerminal ? terminal.columns : undefined;
  terminal.result(json ? JSON.stringify(line, null, 2) : linesText([line], columns));
  return EXIT.ok;
}

async function known<T>(name: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    throw new CliError(
      EXIT.notCarriedOut,
      `There is no schedule ${stripControl(name)}; those there are: ${selfCommand()} schedule list`,
    );
  }
}

/** A schedule as it is shown. */
interface ScheduleLine {
  name: string;
  paused: boolean;
  next?: string;
  /** Ids of the last runs, the newest last: `steward results ID`. */
  runs: string[];
}

function lineOf(name: string, { state, info }: ScheduleDescription): ScheduleLine {
  return {
    name,
    paused: state.paused,
    next: state.paused ? undefined : info.nextActionTimes[0]?.toISOString(),
    runs: info.recentActions.map(({ action }) => action.workflow.workflowId),
  };
}

function linesText(lines: readonly ScheduleLine[], columns?: number): string {
  if (lines.length === 0) return 'No schedules.';
  const cells = lines.map(({ name, paused, next, runs }) =>
    [name, paused ? 'paused' : 'on', next ?? '-', runs.at(-1) ?? '-'].map(stripControl),
  );
  return textTable(['SCHEDULE', 'STATE', 'NEXT', 'LAST RUN'], cells, columns);
}

function scheduleIdOf(account: string, name: string): string {
  return `run-command/${account}/${name}`;
}

function nameErrors(name: string): InputError[] {
  const message = 'must be 1 to 100 letters, digits, dots, hyphens or underscores';
  return /^[\w.-]{1,100}$/.test(name) ? [] : [{ path: 'NAME', message }];
}

function timeErrors({ cron, every, zone }: ScheduleOptions): InputError[] {
  if ((cron === undefined) === (every === undefined))
    return [{ path: '--cron, --every', message: 'give one of them, and not both' }];
  const seconds = every === undefined ? undefined : parseDuration(every);
  const wrongZone = zone === undefined ? undefined : zoneError(zone);
  return [
    ...cronErrors(cron ?? '* * * * *').map((message) => ({ path: '--cron', message })),
    ...(every !== undefined && (seconds === undefined || seconds < SHORTEST_SECONDS)
      ? [{ path: '--every', message: 'must be a duration such as 90s, 30m, 2h or 7d, at least 10s' }]
      : []),
    ...(cron !== undefined && zone === undefined
      ? [{ path: '--zone', message: 'is missing; a time of day has a zone: give one such as Asia/Shanghai' }]
      : []),
    ...(wrongZone === undefined ? [] : [{ path: '--zone', message: wrongZone }]),
  ];
}

function specOf({ cron, every, zone }: ScheduleOptions): object {
  return every === undefined
    ? { cronExpressions: [temporalCron(cron ?? '')], timezone: zone }
    : { intervals: [{ every: (parseDuration(every) ?? 0) * 1_000 }] };
}
