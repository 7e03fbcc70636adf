/**
 * The Temporal Schedules of working hours: one for each boundary, and one for the look every five minutes.
 *
 * The one rule: what a Schedule does is made from the definition and from nothing else; overlap, catch-up window and
 * jitter are always said.
 */
import { ScheduleNotFoundError } from '@temporalio/client';
import type { ScheduleDescription, ScheduleOptions, ScheduleSpec } from '@temporalio/client';
import { comesAgain, compiledHours } from '../domain/hours-calendar';
import {
  APPLY_WORKING_HOURS,
  DEFAULT_CATCH_UP_MINUTES,
  ENFORCE_EVERY_MS,
  HOURS_ACTIONS,
  hoursScheduleIdOf,
} from '../domain/hours-messages';
import type { HoursAction, WorkingHours } from '../domain/hours-messages';
import { scheduleSpecOf } from '../domain/hours-spec';
import type { Temporal } from './connection';

const DAY_MS = 86_400_000;

/** A Schedule as far as people are told of it. */
export interface HoursSchedule {
  action: HoursAction;
  scheduleId: string;
  paused: boolean;
  note?: string;
  /** ISO 8601, what the server says comes next. */
  next?: string;
  /** Actions not taken because they were more than the catch-up window late. */
  missed: number;
  /** Actions not taken because the one before was still going on. */
  skipped: number;
  running: string[];
}

/** Makes those that are missing, changes those that are there, deletes those that are no longer needed. */
export async function putSchedules(temporal: Temporal, hours: WorkingHours, paused?: boolean): Promise<void> {
  for (const action of HOURS_ACTIONS) {
    const scheduleId = hoursScheduleIdOf(temporal.account, hours.name, action);
    const handle = temporal.client.schedule.getHandle(scheduleId);
    const spec = specOf(hours, action);
    const there = await exists(temporal, scheduleId);
    if (!spec) {
      if (there) await handle.delete();
      continue;
    }
    const options = optionsOf(temporal, hours, { action, scheduleId, spec });
    if (there) await handle.update(({ state }) => ({ ...options, state }));
    else
      await temporal.client.schedule.create({ ...options, scheduleId, state: { paused: paused ?? false } });
  }
}

/** Deletes all of them. @returns how many there were */
export async function deleteSchedules(temporal: Temporal, name: string): Promise<number> {
  let deleted = 0;
  for (const { scheduleId } of await schedulesOf(temporal, name)) {
    await temporal.client.schedule.getHandle(scheduleId).delete();
    deleted += 1;
  }
  return deleted;
}

/** Those that exist. */
export async function schedulesOf(temporal: Temporal, name: string): Promise<HoursSchedule[]> {
  const found: HoursSchedule[] = [];
  for (const action of HOURS_ACTIONS) {
    const scheduleId = hoursScheduleIdOf(temporal.account, name, action);
    const described = await describe(temporal, scheduleId);
    if (described) found.push(scheduleFrom(described, { action, scheduleId }));
  }
  return found;
}

/** Names of all working hours of the account that have Schedules. */
export async function scheduledNames({ client, account }: Temporal): Promise<string[]> {
  const names = new Set<string>();
  for await (const { scheduleId } of client.schedule.list()) {
    const [kind, of, name] = scheduleId.split('/');
    if (kind === 'hours' && of === account && name !== undefined) names.add(name);
  }
  return [...names].sort();
}

/** The next `count` boundaries by the server's own answer, each at most once. */
export async function nextActions(
  temporal: Temporal,
  hours: WorkingHours,
  count: number,
): Promise<{ action: HoursAction; at: number }[]> {
  const { zone } = compiledHours(hours);
  const from = Date.now();
  for (const days of [40, 400]) {
    const found: { action: HoursAction; at: number }[] = [];
    for (const action of ['start', 'stop'] as const) {
      const times = await matchingTimes(temporal, { hours, action, from, to: from + days * DAY_MS });
      // What clocks show a second time is acted upon then.
      found.push(...times.filter((at) => !comesAgain(zone, at)).map((at) => ({ action, at })));
    }
    if (found.length >= count || days === 400) return found.sort((a, b) => a.at - b.at).slice(0, count);
  }
  return [];
}

async function matchingTimes(
  { connection, namespace, account }: Temporal,
  { hours, action, from, to }: { hours: WorkingHours; action: HoursAction; from: number; to: number },
): Promise<number[]> {
  if (action === 'enforce' || hours[action] === undefined) return [];
  const seconds = (at: number): { seconds: number } => ({ seconds: Math.floor(at / 1_000) });
  const { startTime } = await connection.workflowService.listScheduleMatchingTimes({
    namespace,
    scheduleId: hoursScheduleIdOf(account, hours.name, action),
    startTime: seconds(from) as never,
    endTime: seconds(to) as never,
  });
  return startTime.map((time) => Number(time.seconds) * 1_000);
}

/** Does this definition need a look every five minutes? */
export function isLookedAt({ mode, ownHours, maxRunHours }: WorkingHours): boolean {
  return mode === 'enforce' || ownHours === true || maxRunHours !== undefined;
}

function specOf(hours: WorkingHours, action: HoursAction): ScheduleSpec | undefined {
  const jitter = `${hours.jitterSeconds ?? 0} seconds` as const;
  if (action === 'enforce')
    return isLookedAt(hours) ? { intervals: [{ every: ENFORCE_EVERY_MS }], jitter: 0 } : undefined;
  const spec = scheduleSpecOf(compiledHours(hours), action, Date.now());
  return spec && { ...(spec as ScheduleSpec), jitter };
}

function optionsOf(
  { account, taskQueue }: Temporal,
  hours: WorkingHours,
  { action, scheduleId, spec }: { action: HoursAction; scheduleId: string; spec: ScheduleSpec },
): Omit<ScheduleOptions, 'scheduleId' | 'state'> {
  const minutes = hours.catchUpMinutes ?? DEFAULT_CATCH_UP_MINUTES;
  return {
    spec,
    action: {
      type: 'startWorkflow',
      workflowType: APPLY_WORKING_HOURS,
      workflowId: scheduleId,
      taskQueue,
      args: [{ hours: hours.name, action }],
      staticSummary: `${action} of ${hours.name} (${account})`,
    },
    policies: {
      overlap: 'SKIP',
      // A look that was missed is made up for by the next one.
      catchupWindow: action === 'enforce' ? ENFORCE_EVERY_MS : minutes * 60_000,
    },
  };
}

async function exists(temporal: Temporal, scheduleId: string): Promise<boolean> {
  return (await describe(temporal, scheduleId)) !== undefined;
}

async function describe({ client }: Temporal, scheduleId: string): Promise<ScheduleDescription | undefined> {
  try {
    return await client.schedule.getHandle(scheduleId).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

function scheduleFrom(
  { state, info }: ScheduleDescription,
  ids: Pick<HoursSchedule, 'action' | 'scheduleId'>,
): HoursSchedule {
  return {
    ...ids,
    paused: state.paused,
    note: state.note,
    next: info.nextActionTimes[0]?.toISOString(),
    missed: info.numActionsMissedCatchupWindow,
    skipped: info.numActionsSkippedOverlap,
    running: info.runningActions.map(({ workflow }) => workflow.workflowId),
  };
}
