/**
 * System events: their words, and the inputs, progress and results of the workflows that answer them.
 *
 * The one rule: what became of an event is a result (`avoided`, `escalated` …), never a failed workflow.
 */
import type { EventPlan } from './event-plan';
import type { TagSelector } from './messages';

/** EventCycleStatus names, open ones first. A name nobody knows is treated as open. */
export const OPEN_EVENT_STATUSES = ['Scheduled', 'Inquiring', 'Executing'] as const;
export const ENDED_EVENT_STATUSES = ['Avoided', 'Executed', 'Canceled', 'Failed'] as const;
export const EVENT_STATUSES = [...OPEN_EVENT_STATUSES, ...ENDED_EVENT_STATUSES] as const;

/** An event as DescribeInstanceHistoryEvents shows it, in our names. Times are ISO 8601 UTC, `''` where there is none. */
export interface SystemEvent {
  eventId: string;
  instanceId: string;
  /** EventType name, e.g. `SystemMaintenance.Reboot`. */
  type: string;
  status: string;
  notBefore: string;
  publishedAt: string;
  finishedAt: string;
  reason: string;
}

/** An instance as far as an event handler needs it. */
export interface EventInstance {
  instanceId: string;
  name: string;
  status: string;
  osType: string;
  tags: { key: string; value: string }[];
  /** Private addresses first, as the instance lists them: where a health check may knock. */
  addresses: string[];
}

export function isEventEnd(status: string): boolean {
  return (ENDED_EVENT_STATUSES as readonly string[]).includes(status);
}

/** Event types a reboot through the API answers. Others are watched, and people are alerted. */
export function isAnsweredByReboot(type: string): boolean {
  return type === 'SystemMaintenance.Reboot';
}

export interface HandleSystemEventInput {
  /** RegionId. */
  region: string;
  /** `e-…`. */
  eventId: string;
}

/** What became of an event. */
export const EVENT_OUTCOMES = [
  /** We rebooted and the event is Avoided. */
  'avoided',
  /** The provider did it (Executed or Failed by its own doing). */
  'executed-by-provider',
  'cancelled',
  /** A person said skip, or the policy said so where nobody approved. */
  'skipped',
  'instance-released',
  /** Something that mattered more, such as the rescue of a reclaimed instance, took the instance from us. */
  'pre-empted',
  /** Policy: alert only, or a type no reboot answers. */
  'alerted',
  /** A step failed; people were told. `step` and `reason` say where and why. */
  'escalated',
  /** No such event. */
  'not-found',
] as const;
export type EventOutcome = (typeof EVENT_OUTCOMES)[number];

export type EventPhase =
  | 'reading'
  | 'holding'
  | 'approval'
  | 'gate'
  | 'pre'
  | 'rebooting'
  | 'checking'
  | 'post'
  | 'proving'
  | 'watching'
  | 'done';

/** One line of what was done; for people and for `steward events history`. */
export interface EventStep {
  at: string;
  step: string;
  ok: boolean;
  detail: string;
}

export interface SystemEventProgress {
  phase: EventPhase;
  region: string;
  event?: SystemEvent;
  plan?: EventPlan;
  /** What was decided so far; the event may still be open. */
  outcome?: EventOutcome;
  approved: boolean;
  steps: EventStep[];
}

export interface SystemEventResult {
  outcome: EventOutcome;
  summary: string;
  region: string;
  eventId: string;
  instanceId: string;
  /** The event's status at the end. */
  eventStatus: string;
  /** For `escalated`: which step, and why. */
  step?: string;
  reason?: string;
  /** RebootInstance calls that ECS accepted or may have accepted. */
  reboots: number;
  steps: EventStep[];
  startedAt: string;
  finishedAt: string;
}

/** Updates of `handleSystemEvent`. */
export const EVENT_UPDATES = {
  reschedule: 'reschedule',
  skip: 'skip',
  now: 'now',
  approve: 'approve',
} as const;

/** Signal of the patrol: the event looks different from before; read it again. */
export const EVENT_CHANGED_SIGNAL = 'eventChanged';

/** What a patrol looks for: open system events, and spot instances that are being taken back. */
export const PATROL_KINDS = ['events', 'reclaims'] as const;
export type PatrolKind = (typeof PATROL_KINDS)[number];

export interface PatrolInput {
  region: string;
  /** Absent: both. */
  kinds?: PatrolKind[];
  /** Seconds between looks for events; default 60. Reclaims are looked for every 15 s, and every 5 s while there is one. */
  everySeconds?: number;
  /** Only these event types; absent: all. */
  eventTypes?: string[];
  instanceIds?: string[];
  tags?: TagSelector[];
}

/** What the patrol remembers of an open event. */
export interface KnownEvent {
  eventId: string;
  status: string;
  notBefore: string;
}

/** A reclaim whose rescue was started at `startedAt`, epoch milliseconds. */
export interface KnownReclaim {
  instanceId: string;
  startedAt: number;
}

export interface PatrolState extends PatrolInput {
  known: KnownEvent[];
  looks: number;
  lastLook?: { at: string; open: number; started: number; changed: number; calls: number; error?: string };
  /** Instances that are being taken back. */
  locked?: KnownReclaim[];
  lockLooks?: number;
  lastLockLook?: { at: string; locked: number; started: number; calls: number; error?: string };
  /** When to look next, epoch milliseconds, so that a continued run keeps the pace. */
  due?: Record<PatrolKind, number>;
  looksPerRun?: number;
}
