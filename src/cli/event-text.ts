/**
 * How system events look on a terminal. Pure: text in, text out.
 *
 * The one rule: what ECS and people said passes the functions of domain/text before it is shown.
 */
import type { EventRow, SystemEventsReport } from '../domain/event-report';
import { isEventEnd } from '../domain/system-event';
import type { EventStep, SystemEvent, SystemEventProgress, SystemEventResult } from '../domain/system-event';
import { stripControl } from '../domain/text';
import { plural } from './render';
import { textTable } from './table';

/** The workflow of an event, as far as it could be learnt. */
export interface Handler {
  workflowId: string;
  runId: string;
  /** Temporal's word. */
  status: string;
  url?: string;
  progress?: SystemEventProgress;
  result?: SystemEventResult;
  /** Why there is neither. */
  reason?: string;
}

/** A row of a report with its handler beside it. */
export type HandledRow = EventRow & { handler?: Handler };

/** The table of `steward events list`. */
export function listText(report: SystemEventsReport, rows: readonly HandledRow[], columns?: number): string {
  if (rows.length === 0) return `No open system events in ${report.region}.`;
  const head = ['EVENT', 'INSTANCE', 'STATUS', 'NOT BEFORE', 'HANDLER', 'TYPE'];
  const cells = rows.map((row) => [
    stripControl(row.eventId),
    stripControl(row.instanceId),
    stripControl(row.status),
    stripControl(row.notBefore),
    handlerWord(row.handler),
    stripControl(row.type),
  ]);
  return [textTable(head, cells, columns), ...moreLine(report, rows.length)].join('\n');
}

/** Of every open event the chosen moment and why, as `steward events plan` prints it. */
export function planText(report: SystemEventsReport, rows: readonly HandledRow[]): string {
  if (rows.length === 0) return `No open system events in ${report.region}.`;
  return [...rows.map((row) => planOfRow(row).join('\n')), ...moreLine(report, rows.length)].join('\n\n');
}

/** The table of `steward events history`: what ECS says, and what we did beside it. */
export function historyText(
  report: SystemEventsReport,
  rows: readonly HandledRow[],
  columns?: number,
): string {
  if (rows.length === 0) return `No system events in ${report.region} in that time.`;
  const head = ['PUBLISHED', 'EVENT', 'INSTANCE', 'STATUS', 'US', 'WHAT HAPPENED'];
  const cells = rows.map((row) => [
    stripControl(row.publishedAt),
    stripControl(row.eventId),
    stripControl(row.instanceId),
    stripControl(row.status),
    row.handler?.result?.outcome ?? handlerWord(row.handler),
    stripControl(whatHappened(row)),
  ]);
  const without = rows.filter(({ handler, status }) => !handler && isEventEnd(status)).length;
  const lines = without > 0 ? [`${plural(without, 'event')} ended without us.`] : [];
  return [textTable(head, cells, columns), ...lines, ...moreLine(report, rows.length)].join('\n');
}

/** Everything about one event. */
export function eventText(row: HandledRow): string {
  const { handler } = row;
  const lines = [...planOfRow(row)];
  if (handler?.url !== undefined) lines.push(handler.url);
  if (handler?.result) lines.push(stripControl(handler.result.summary));
  if (handler?.reason !== undefined) lines.push(stripControl(handler.reason));
  const steps = handler?.result?.steps ?? handler?.progress?.steps ?? [];
  return [...lines, ...steps.map(stepLine)].join('\n');
}

function planOfRow(row: HandledRow): string[] {
  const { handler } = row;
  // What a handler was planned with holds, whatever the policy file says now.
  const plan = handler?.progress?.plan ?? row.plan;
  const lines = [`${row.eventId}  ${headOf(row)}`, `  handler   ${handlerWord(handler)}`];
  if (row.policy !== undefined) lines.push(`  policy    ${row.policy}`);
  if (!plan) return lines.map((line) => stripControl(line));
  lines.push(`  plan      ${plan.action === 'act' ? `acts at ${plan.at}` : 'alerts only'}`);
  lines.push(`  why       ${plan.reason}`);
  if (plan.deadline !== '') lines.push(`  deadline  ${plan.deadline}`);
  for (const { start, end, verdict, window } of plan.considered)
    lines.push(`  ${verdict === 'chosen' ? '*' : ' '} ${start} to ${end}  ${verdict}  (${window})`);
  if (row.windowsLeftOut) lines.push(`    and ${plural(row.windowsLeftOut, 'window')} that were not chosen`);
  return lines.map((line) => stripControl(line));
}

function headOf({ type, instanceId, status, notBefore }: SystemEvent): string {
  return `${type} of ${instanceId}, ${status}${notBefore === '' ? '' : `, not before ${notBefore}`}`;
}

function stepLine({ at, step, ok, detail }: EventStep): string {
  return `  ${at} ${ok ? 'ok    ' : 'FAILED'} ${stripControl(`${step}: ${detail}`).replaceAll('\n', ' ')}`;
}

function handlerWord(handler?: Handler): string {
  if (!handler) return 'none';
  if (handler.result) return handler.result.outcome;
  if (!handler.progress) return handler.status.toLowerCase();
  const { phase, outcome } = handler.progress;
  return outcome === undefined ? phase : `${phase}, ${outcome}`;
}

function whatHappened(row: HandledRow): string {
  const { handler, status } = row;
  if (handler?.result) return handler.result.summary;
  if (handler) return handler.reason ?? `its handler is ${handlerWord(handler)}`;
  if (!isEventEnd(status)) return 'open, and nobody handles it';
  return `${row.type} ended ${status} without us${row.finishedAt === '' ? '' : ` at ${row.finishedAt}`}`;
}

function moreLine({ total }: SystemEventsReport, shown: number): string[] {
  return total > shown ? [`The first ${shown} of ${plural(total, 'event')}.`] : [];
}
