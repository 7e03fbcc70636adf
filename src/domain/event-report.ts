/**
 * Reports about system events, and drills: inputs and results of `reportSystemEvents` and `drillSystemEvent`.
 *
 * The one rule: a report only looks. A drill's ends are results, and it leaves no simulated event behind.
 */
import { utf8Length } from './command-content';
import type { EventPlan } from './event-plan';
import type { SystemEvent, SystemEventResult } from './system-event';

export interface ReportSystemEventsInput {
  region: string;
  /** open: with the plan of each. history: everything published in the last `days`. */
  kind: 'open' | 'history';
  /** For `history`; 1 to 30, default 30: ECS keeps no more. */
  days?: number;
  /** Only this event, of whatever status. */
  eventId?: string;
}

/** An event, and for an open one what its policy makes of it now. */
export interface EventRow extends SystemEvent {
  policy?: string;
  plan?: EventPlan;
  /** Windows left out of the plan to keep the report small. */
  windowsLeftOut?: number;
}

export interface SystemEventsReport {
  region: string;
  kind: ReportSystemEventsInput['kind'];
  /** When ECS was asked. */
  at: string;
  /** Events there are; `rows` are the first of them. */
  total: number;
  rows: EventRow[];
}

export interface DrillInput {
  region: string;
  instanceId: string;
  /** NotBefore of the simulated event lies so far ahead; 5 to 10,080, default 60. */
  inMinutes?: number;
}

export type DrillPhase = 'raising' | 'starting' | 'waiting' | 'cleaning-up' | 'done';

export interface DrillProgress {
  phase: DrillPhase;
  region: string;
  instanceId: string;
  notBefore: string;
  eventId?: string;
  /** The event's status when it was read last. */
  eventStatus?: string;
}

/** What became of the handler of an event. */
export interface HandlerEnd {
  /** Temporal's word for it: RUNNING, COMPLETED, FAILED …; NONE where there is none. */
  status: string;
  result?: SystemEventResult;
}

export interface DrillResult {
  /**
   * passed: rebooted, healthy, Avoided. not-passed: the chain ended otherwise. still-open: the event did not end in
   * time and was cancelled. refused: nothing was raised. cancelled: a person stopped the drill.
   */
  outcome: 'passed' | 'not-passed' | 'still-open' | 'refused' | 'cancelled';
  summary: string;
  region: string;
  instanceId: string;
  eventId?: string;
  eventStatus?: string;
  /** Where the simulated event was cancelled again. */
  cancelledEvents: string[];
  handler?: HandlerEnd;
  startedAt: string;
  finishedAt: string;
}

export const DEFAULT_DAYS = 30;
export const DEFAULT_DRILL_MINUTES = 60;

const MAX_ROWS = 200;
/** A result may have 256 KB; plans are shortened first, then rows are left out. */
const BUDGET_BYTES = 200 * 1024;

/** The rows a result carries. */
export function rowsForReport(rows: readonly EventRow[]): EventRow[] {
  const first = rows.slice(0, MAX_ROWS);
  const small = bytesOf(first) <= BUDGET_BYTES ? first : first.map(shortened);
  let bytes = 0;
  return small.filter((row) => (bytes += bytesOf(row)) <= BUDGET_BYTES);
}

function shortened(row: EventRow): EventRow {
  if (!row.plan) return row;
  const considered = row.plan.considered.filter(({ verdict }) => verdict === 'chosen');
  const windowsLeftOut = row.plan.considered.length - considered.length;
  return { ...row, plan: { ...row.plan, considered }, windowsLeftOut };
}

function bytesOf(value: unknown): number {
  return utf8Length(JSON.stringify(value));
}

/** One sentence for people. */
export function drillSummary(
  outcome: DrillResult['outcome'],
  { eventId = '', eventStatus = '' }: Pick<DrillResult, 'eventId' | 'eventStatus'>,
  handler?: HandlerEnd,
): string {
  const event = `the simulated event ${eventId}`;
  if (outcome === 'passed') return `The drill passed: ${event} was answered by a reboot and is Avoided.`;
  if (outcome === 'still-open')
    return `The drill did not pass: ${event} did not end in time; it was cancelled.`;
  if (outcome === 'cancelled') return 'The drill was cancelled.';
  if (outcome === 'refused') return 'The drill was refused; no event was raised.';
  const how = handler?.result?.summary ?? `its handler is ${handler?.status ?? 'NONE'}`;
  return `The drill did not pass: ${event} is ${eventStatus}; ${how}`;
}
