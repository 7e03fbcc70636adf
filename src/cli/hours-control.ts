/**
 * `steward hours pause|resume|trigger|override`.
 *
 * The one rule: what is taken back or triggered is a state to be reached, so doing it twice does no harm.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { readMoment } from '../domain/hours-calendar';
import { HOURS_ACTIONS, hoursScheduleIdOf } from '../domain/hours-messages';
import type { HoursAction } from '../domain/hours-messages';
import { HOURS_UPDATES, overrideErrors, overrideText } from '../domain/hours-state';
import type { NewOverride } from '../domain/hours-state';
import type { TagSelector } from '../domain/messages';
import type { Temporal } from './connection';
import { CliError, EXIT, usageError } from './exit';
import type { ExitCode } from './exit';
import { checkName, hoursOf, updateHours } from './hours-keeper';
import { schedulesOf } from './hours-schedules';
import type { Context } from './inspect';
import { withTemporal } from './region';
import { tagOf } from './run-options';
import { selfCommand } from './self';

interface OverrideOptions {
  keep?: string;
  until?: string;
  reason?: string;
  instance?: string[];
  tag?: string;
  lift?: string;
  json?: boolean;
}

/** The server takes a triggered action at once. */
const TAKEN_WITHIN_MS = 10_000;

/** Pauses or resumes every Schedule of the hours. */
export async function pause(
  name: string,
  { paused, reason, json }: { paused: boolean; reason?: string; json?: boolean },
  { config, terminal }: Context,
): Promise<ExitCode> {
  checkName(name);
  return withTemporal(config, { worker: false }, async (temporal) => {
    const schedules = await schedulesOf(temporal, name);
    if (schedules.length === 0) throw noSchedule(name);
    for (const { scheduleId } of schedules) {
      const handle = temporal.client.schedule.getHandle(scheduleId);
      await (paused ? handle.pause(reason) : handle.unpause(reason));
    }
    const verb = paused ? 'Paused' : 'Resumed';
    terminal.result(
      json ? JSON.stringify({ name, paused, schedules: schedules.length }, null, 2) : `${verb} ${name}.`,
    );
    return EXIT.ok;
  });
}

/** Takes an action now, through its Schedule. */
export async function trigger(
  name: string,
  action: string,
  options: { json?: boolean },
  { config, terminal }: Context,
): Promise<ExitCode> {
  checkName(name);
  if (!isAction(action)) throw usageError([{ path: 'ACTION', message: 'must be start, stop or enforce' }]);
  return withTemporal(config, { worker: true }, async (temporal) => {
    const schedules = await schedulesOf(temporal, name);
    if (!schedules.some((schedule) => schedule.action === action)) throw noSchedule(name, action);
    const workflowId = await taken(temporal, name, action);
    terminal.result(
      options.json
        ? JSON.stringify({ name, action, workflowId }, null, 2)
        : `${workflowId}\nWhat it did: ${selfCommand()} hours show ${name}`,
    );
    return EXIT.ok;
  });
}

async function taken({ client, account }: Temporal, name: string, action: HoursAction): Promise<string> {
  const handle = client.schedule.getHandle(hoursScheduleIdOf(account, name, action));
  const before = new Set(
    (await handle.describe()).info.recentActions.map(({ action: of }) => of.workflow.workflowId),
  );
  await handle.trigger();
  for (const deadline = Date.now() + TAKEN_WITHIN_MS; Date.now() < deadline; await sleep(200)) {
    const { info } = await handle.describe();
    const ids = info.recentActions.map(({ action: of }) => of.workflow.workflowId);
    const fresh = ids.find((id) => !before.has(id));
    if (fresh !== undefined) return fresh;
  }
  throw new CliError(
    EXIT.notCarriedOut,
    `The ${action} of ${name} was not taken: the one before may still be going on; see ${selfCommand()} hours show ${name}`,
  );
}

/** Makes an exception with an end, or ends one now. */
export async function override(
  name: string,
  options: OverrideOptions,
  { config, terminal }: Context,
): Promise<ExitCode> {
  checkName(name);
  return withTemporal(config, { worker: true }, async (temporal) => {
    const { definition } = await hoursOf(temporal, name);
    if (options.lift !== undefined) {
      await updateHours(temporal, name, HOURS_UPDATES.lift, { id: options.lift });
      terminal.result(
        options.json ? JSON.stringify({ lifted: options.lift }, null, 2) : `Lifted ${options.lift}.`,
      );
      return EXIT.ok;
    }
    const asked = overrideOf(options, definition.timeZone);
    const id = await updateHours(temporal, name, HOURS_UPDATES.override, asked);
    const made = { ...asked, id, at: new Date().toISOString() };
    terminal.result(options.json ? JSON.stringify(made, null, 2) : `Override ${overrideText(made)}`);
    return EXIT.ok;
  });
}

/** @throws a usage error with everything that is wrong */
function overrideOf({ keep, until, reason, instance, tag }: OverrideOptions, zone: string): NewOverride {
  const asked = {
    keep,
    until: until === undefined ? undefined : (readMoment(until, zone) ?? until),
    reason,
    ...(instance ? { instanceIds: instance } : {}),
    ...(tag === undefined ? {} : { tag: tagOf(tag) satisfies TagSelector }),
  };
  const errors = overrideErrors(asked, Date.now());
  if (errors.length > 0)
    throw usageError(
      errors.map(({ path, message }) => ({
        path: `--${path === 'instanceIds' ? 'instance' : path}`,
        message,
      })),
    );
  return asked as NewOverride;
}

function isAction(text: string): text is HoursAction {
  return (HOURS_ACTIONS as readonly string[]).includes(text);
}

function noSchedule(name: string, action?: string): CliError {
  const what = action === undefined ? `working hours ${name}` : `${action} in the working hours ${name}`;
  return new CliError(
    EXIT.notCarriedOut,
    `There are no ${what}. Those that are there: ${selfCommand()} hours list`,
  );
}
