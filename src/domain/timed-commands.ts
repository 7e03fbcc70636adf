/** Timed commands of Cloud Assistant: names, ids and payloads of the workflow `manageTimed`. */
import type { CommandSpec, InstanceRow, Outcome, Targets } from './messages';

export const MANAGE_TIMED = 'manageTimed';

/** A name is started by one workflow at a time: by the one of this id, and by no other. */
export function timedStartIdOf(account: string, region: string, name: string): string {
  return `timed/${account}/${region}/${name}`;
}

/** Everything else is an act of its own; `nonce` tells them apart. */
export function manageTimedIdOf(account: string, nonce: string): string {
  return `timed/${account}/${nonce}`;
}

/** Tags by which the invocations of one timed command are found; `set` tells one start from the next of that name. */
export const TIMED_TAGS = {
  name: 'steward-timed',
  set: 'steward-timed-set',
  part: 'steward-timed-part',
} as const;

/** When it comes: exactly one of cron, every, at and reboot. */
export interface TimedWhen {
  /** Six fields, the second first; needs `zone`. */
  cron?: string;
  /** A duration such as `30m`, from 60 s to 7 days; the first time is one such duration from now. */
  every?: string;
  /** One single time, `2026-12-24 21:30:00`; needs `zone`. */
  at?: string;
  /** An IANA name, `UTC`, or an offset such as `GMT+8:00`. */
  zone?: string;
  reboot?: 'next' | 'every';
}

/** A timed command to be started. */
export interface TimedStart {
  /** Found by it from then on; taken again only once it was stopped. */
  name: string;
  targets: Targets;
  command: CommandSpec;
  when: TimedWhen;
}

/** Which occurrences are asked for. */
export interface HistoryFilter {
  instanceIds?: string[];
  /** Only those that did not succeed. */
  failed?: boolean;
  /** Begun no longer ago than this duration, or at this time or later. */
  since?: string;
  /** At most so many, the newest. */
  limit?: number;
}

/** Input of `manageTimed`; `which` is a name or the id of an invocation. */
export type ManageTimedInput = { region: string } & (
  | ({ action: 'start' } & TimedStart)
  /** `active`: only what will come again. */
  | { action: 'list'; active?: boolean }
  | { action: 'show'; which: string }
  | ({ action: 'history'; which: string } & HistoryFilter)
  /** On these instances, else on all. */
  | { action: 'stop'; which: string; instanceIds?: string[] }
);

/** One timed command as it is listed: what one start made, or one invocation of somebody else. */
export interface TimedLine {
  /** Ours: its name. Others: that of the command, which may be empty. */
  name: string;
  ours: boolean;
  /** The first five. */
  invokeIds: string[];
  invocations: number;
  repeatMode: string;
  /** As the API has it; empty where the command waits for a start of the guest. */
  frequency: string;
  /** `Pending`, `Running`, `Scheduled` or `Stopping` while it goes on; else how it ended, `Ended` where ways differ. */
  state: string;
  /** It will come again, by what Cloud Assistant says. */
  active: boolean;
  createdAt: string;
  /** Instances by their state now. */
  states: Record<string, number>;
  instances: number;
  /** What the list says of each instance's last occurrence. */
  last: { startedAt?: string; succeeded: number; failed: number; none: number };
  /** Absent where it has ended, or where the time is the guest's to know. */
  next?: string;
}

/** One instance of a timed command. */
export interface TimedInstance {
  instanceId: string;
  invokeId: string;
  status: string;
  /** Of its last occurrence. */
  exitCode?: number;
  errorCode?: string;
  startedAt?: string;
  occurrences: number;
}

/** One occurrence on one instance, without its output. */
export interface OccurrenceRow extends InstanceRow {
  invokeId: string;
}

export interface TimedRefused {
  outcome: 'refused';
  reason: string;
}

export interface TimedStarted {
  /** `partly`: some of the targets were set aside, or were not accepted; `rows` says why. */
  outcome: 'done' | 'partly' | 'refused' | 'cancelled';
  reason?: string;
  name: string;
  repeatMode: string;
  frequency: string;
  next?: string;
  invocations: { invokeId: string; instances: number }[];
  totals: { targets: number; accepted: number; unfit: number; notStarted: number; unknown: number };
  /** Instances by their state after the start, as read back. */
  states: Record<string, number>;
  /** The first 50 on which it will not come. */
  rows: InstanceRow[];
  storePath: string;
}

export interface TimedListed {
  outcome: 'done';
  /** The newest 200. */
  timed: TimedLine[];
  total: number;
}

export interface TimedShown {
  outcome: 'done';
  timed: TimedLine;
  type: string;
  content: string;
  timeoutSeconds: number;
  /** The first 100. */
  instances: TimedInstance[];
}

export interface TimedHistory {
  outcome: 'done';
  timed: TimedLine;
  /** Occurrences that ended and were asked for, by outcome. */
  totals: Record<Outcome, number>;
  /** Those that run just now, and are no rows yet. */
  underWay: number;
  /** The newest, as many as fit. */
  rows: OccurrenceRow[];
  rowsTruncated: boolean;
  /** Where the worker keeps every row with its whole output. */
  storePath: string;
}

export interface TimedStopped {
  /** `partly`: on some instances it was not seen to be stopped. */
  outcome: 'done' | 'partly';
  which: string;
  invocations: number;
  /** It will not come again on so many instances. */
  stopped: number;
  /** Of these, an occurrence had started on so many, and goes on to its own end. */
  running: number;
  /** The first 50 of those. */
  runningIds: string[];
  waiting: number;
  waitingIds: string[];
}

/** Answer of the `progress` query of a start. */
export interface TimedProgress {
  phase: 'resolving' | 'sending' | 'reading' | 'stopping' | 'done';
  totals: TimedStarted['totals'];
  /** The first of its invocations, as far as it was sent. */
  invokeIds: string[];
}

/** Result of `manageTimed`; at most 256 KB. */
export type ManageTimedResult = { action: ManageTimedInput['action'] } & (
  TimedRefused | TimedStarted | TimedListed | TimedShown | TimedHistory | TimedStopped
);
