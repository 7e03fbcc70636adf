/**
 * Working hours: names, ids, inputs and results of the workflows that start and stop instances by tag. Plain JSON.
 *
 * The one rule: what is wanted is a state, never an event: who is late, doubled or repeated finds it there already.
 */
import type { InstanceRow, TagSelector } from './messages';

export const START_BY_TAG = 'startInstancesByTag';
export const STOP_BY_TAG = 'stopInstancesByTag';
export const APPLY_WORKING_HOURS = 'applyWorkingHours';
export const WORKING_HOURS = 'workingHours';
export const REPORT_WORKING_HOURS = 'reportWorkingHours';

/** `start` and `stop` are boundaries; `enforce` is the look every five minutes. */
export const HOURS_ACTIONS = ['start', 'stop', 'enforce'] as const;
export type HoursAction = (typeof HOURS_ACTIONS)[number];

/** The gap between two looks of `enforce`. */
export const ENFORCE_EVERY_MS = 300_000;

/** How late a boundary may still be acted upon. */
export const DEFAULT_CATCH_UP_MINUTES = 60;

/** The workflow that keeps a schedule's definition, overrides and audit. */
export function hoursIdOf(account: string, name: string): string {
  return `hours/${account}/${name}`;
}

/** Temporal Schedules of working hours, one for each action. */
export function hoursScheduleIdOf(account: string, name: string, action: HoursAction): string {
  return `${hoursIdOf(account, name)}/${action}`;
}

/** Reports are many; `nonce` tells them apart. */
export function hoursReportIdOf(account: string, nonce: string): string {
  return `hours-report/${account}/${nonce}`;
}

/** A group of instances that acts as a whole, after the groups it needs (at start) or before them (at stop). */
export interface OrderGroup {
  name: string;
  /** Instances that carry this tag among those selected … */
  tag?: TagSelector;
  /** … and these. */
  instanceIds?: string[];
  /** Groups that have to run before this one starts, and that stop only after this one has stopped. */
  needs?: string[];
  /** A script that has to exit with 0 on each instance of the group before what needs it starts. */
  health?: { command: string; withinMinutes?: number };
}

export type StoppedMode = 'StopCharging' | 'KeepCharging';

/** What both `startInstancesByTag` and `stopInstancesByTag` take. */
export interface ByTagInput {
  /** RegionId. */
  region: string;
  /** Instances with all of these tags. */
  tags: TagSelector[];
  order?: OrderGroup[];
  /** How long an instance may take to get there. Default 15. */
  withinMinutes?: number;
  /** Hooks of the policy file that are told when somebody is needed. */
  notify?: string[];
  /** On whose behalf: then tag values, overrides and calendars are judged for each instance. */
  hours?: HoursContext;
}

/** Input of `startInstancesByTag`. */
export interface StartByTagInput extends ByTagInput {
  /** How long a start that finds no stock is tried again. Default 60. */
  stockMinutes?: number;
  /** No start is tried after this time (ISO 8601): the next stop is due then. */
  notAfter?: string;
}

/** Input of `stopInstancesByTag`. */
export interface StopByTagInput extends ByTagInput {
  /** Default StopCharging. */
  stoppedMode?: StoppedMode;
  /** A command hook of the policy file that is run on the instances before they are stopped. */
  beforeStop?: string;
  /** ForceStop for what an ordinary stop has not stopped within so many minutes. Absent: never. */
  forceAfterMinutes?: number;
}

/** Working hours as people write them. */
export interface WorkingHours {
  /** a to z, 0 to 9 and -. */
  name: string;
  regions: string[];
  tags: TagSelector[];
  /** IANA name, e.g. `Asia/Tokyo`. */
  timeZone: string;
  /** `09:00`, or five cron fields. Absent: stop-only. */
  start?: string;
  /** `21:00`, or five cron fields. Absent: start-only. */
  stop?: string;
  /** Days on which the hours begin, e.g. `mon-fri`; for times as `09:00`. */
  days?: string;
  /** edge: only at the boundary. enforce: also every five minutes. Default edge. */
  mode?: 'edge' | 'enforce';
  /** Instances may carry hours of their own in the tag's value; they are looked at every five minutes. */
  ownHours?: boolean;
  /** Days as `2026-12-24`, or ranges as `2026-12-24..2026-12-26`. */
  holidays?: string[];
  /** Days on which the hours hold although the weekday, or a holiday, says otherwise. */
  workdays?: string[];
  /** Days on which nothing at all is done. */
  freezes?: string[];
  /** Default stay-stopped. */
  onHoliday?: 'stay-stopped' | 'as-usual';
  /** Stop what has run longer than this, whatever started it; looked at every five minutes. */
  maxRunHours?: number;
  order?: OrderGroup[];
  stoppedMode?: StoppedMode;
  beforeStop?: string;
  forceAfterMinutes?: number;
  stockMinutes?: number;
  withinMinutes?: number;
  notify?: string[];
  /** Price of an hour by instance type, `*` for all others; in a currency of your choice. */
  prices?: Record<string, number>;
  /** Of Temporal's Schedule: how late an action may still be taken. Default 60. */
  catchUpMinutes?: number;
  /** Of Temporal's Schedule: up to so many seconds later, at random. Default 0. */
  jitterSeconds?: number;
}

/** An exception with an end. Without instances and tag it is for the whole schedule. */
export interface Override {
  id: string;
  keep: 'running' | 'stopped' | 'as-is';
  /** ISO 8601 UTC; it holds before this moment. */
  until: string;
  reason: string;
  instanceIds?: string[];
  tag?: TagSelector;
  /** When it was made. */
  at: string;
}

/** On whose behalf a start or stop is. */
export interface HoursContext {
  definition: WorkingHours;
  overrides: Override[];
  action: HoursAction;
  /** The nominal time of the action, ISO 8601. */
  at: string;
  /** That of the last look every five minutes. */
  lookedAt?: string;
}

/** Instances by how they ended. */
export interface ByTagTotals {
  targets: number;
  /** Started or stopped by this run. */
  done: number;
  /** In the wanted state before. */
  already: number;
  /** Left alone on purpose, each with its reason. */
  skipped: number;
  failed: number;
  /** Stopped, and charged for nevertheless. */
  charging: number;
}

export interface ByTagResult {
  outcome: 'succeeded' | 'partly-failed' | 'failed' | 'cancelled' | 'nothing-to-do';
  summary: string;
  region: string;
  purpose: 'start' | 'stop';
  totals: ByTagTotals;
  /** Accepted or refused StartInstances and StopInstances calls. */
  calls: number;
  /** The first 50 that are not simply done: failed first, then skipped, then charged for. */
  exceptions: InstanceRow[];
  /** What a person should know beforehand, the first 50. */
  warnings: string[];
  /** Tag values that were not understood, by instance; the first 50. */
  badTags?: Record<string, string>;
  /** Why nothing could be done at all. */
  refusal?: string;
  resultStore: { workflowId: string; runId: string; path: string; rows: number };
  startedAt: string;
  finishedAt: string;
}

export interface ByTagProgress {
  phase: 'selecting' | 'acting' | 'done';
  region: string;
  purpose: 'start' | 'stop';
  totals: ByTagTotals;
  /** Instances without a row yet. */
  open: number;
  /** Instances that wait for stock. */
  waitingForStock: number;
  startedAt: string;
}

/** Input of `applyWorkingHours`; made by the Schedules of `steward hours create`. */
export interface ApplyWorkingHoursInput {
  /** The name of the hours; their definition is read when the action is due. */
  hours: string;
  action: HoursAction;
}

export interface ApplyWorkingHoursResult {
  outcome: 'done' | 'partly-failed' | 'not-due' | 'no-such-hours';
  summary: string;
  hours: string;
  action: HoursAction;
  /** The nominal time. */
  at: string;
  /** Why nothing was done. */
  reason?: string;
  regions: { region: string; results: ByTagResult[]; error?: string }[];
}
