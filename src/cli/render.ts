/**
 * How runs look on a terminal and in a file. Pure: text in, text out.
 *
 * The one rule: what machines said (output, error texts, names) passes the functions of domain/text before it is shown.
 */
import { OUTCOMES } from '../domain/messages';
import type { InstanceRow, RunCommandProgress, RunCommandResult, StoredRow } from '../domain/messages';
import { csvCell, firstLine, stripControl } from '../domain/text';
import { textTable } from './table';

/** States in the order in which an instance passes them; others are put between, in the order of the alphabet. */
const STATE_ORDER = ['Queued', 'Sent', 'Pending', 'Scheduled', 'Running', 'Stopping', ...OUTCOMES];

const PHASES: Record<RunCommandProgress['phase'], string> = {
  resolving: 'finding the instances',
  dispatching: 'sending',
  waiting: 'waiting',
  collecting: 'collecting results',
  gate: 'waiting for its instances',
  paused: 'paused',
  approval: 'waiting for approval',
  stopping: 'stopping',
  done: 'done',
};

/** One line about a run that is going on: `waiting: 3 Running, 97 Success (100 instances, 0:05)`. */
export function progressLine(progress: RunCommandProgress, now: Date): string {
  const counts = orderedStates(progress.states).map(([state, count]) => `${count} ${state}`);
  const about = [
    ...(progress.targets === undefined ? [] : [plural(progress.targets, 'instance')]),
    ...(progress.batches.total > 1
      ? [`batch ${progress.batches.ended} of ${progress.batches.total} done`]
      : []),
    clock(now.getTime() - Date.parse(progress.startedAt)),
  ];
  const states = counts.length > 0 ? `: ${counts.join(', ')}` : '';
  return stripControl(`${PHASES[progress.phase]}${states} (${about.join(', ')})`);
}

/** The part of a progress line that does not change by the clock alone; for plain logs. */
export function progressKey(progress: RunCommandProgress): string {
  return JSON.stringify([progress.phase, progress.targets, progress.batches, orderedStates(progress.states)]);
}

function orderedStates(states: Record<string, number>): [string, number][] {
  const rank = (state: string): number => (STATE_ORDER.includes(state) ? STATE_ORDER.indexOf(state) : 5.5);
  return Object.entries(states)
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b));
}

/** The end of a run for people: a table of instances, then the summary. `columns` absent: lines as long as they are. */
export function resultText(result: RunCommandResult, columns?: number): string {
  const parts = [
    ...(result.rows.length > 0 ? [rowsTable(result.rows, columns), ''] : []),
    stripControl(result.summary),
  ];
  if (result.rowsTruncated) {
    parts.push(
      `${result.rows.length} of ${plural(result.totals.targets, 'row')} shown, those that did not succeed first.`,
    );
  }
  return parts.join('\n');
}

const HEAD = ['INSTANCE', 'OUTCOME', 'EXIT', 'TIME', 'OUTPUT'];

/** A table with the first line of each output. */
export function rowsTable(rows: readonly InstanceRow[], columns?: number): string {
  return textTable(HEAD, rows.map(cellsOf), columns);
}

function cellsOf(row: InstanceRow): string[] {
  const exit = row.exitCode === undefined ? '-' : String(row.exitCode);
  return [stripControl(row.instanceId), row.outcome, exit, durationOf(row), rowText(row)];
}

/** The first line of the output; before it the reason, where the outcome needs one. */
function rowText(row: InstanceRow): string {
  const output = firstLine(row.firstLine ?? '');
  const reason = row.outcome === 'Success' ? '' : firstLine(row.reason ?? '');
  const cut = row.droppedBytes ? [`(Dropped: ${plural(row.droppedBytes, 'byte')})`] : [];
  return [reason, [output, ...cut].join(' ').trim()].filter((part) => part !== '').join(': ');
}

function durationOf(row: InstanceRow): string {
  const milliseconds = Date.parse(row.finishedAt ?? '') - Date.parse(row.startedAt ?? '');
  return Number.isFinite(milliseconds) && milliseconds >= 0 ? clock(milliseconds) : '-';
}

/** Whole outputs, one after the other, each under a line that names its instance. */
export function outputsText(rows: readonly StoredRow[]): string {
  return rows
    .map((row) => {
      const exit = row.exitCode === undefined ? '' : `, exit code ${row.exitCode}`;
      const cut = row.droppedBytes ? `, Dropped: ${plural(row.droppedBytes, 'byte')} of output` : '';
      const head = `== ${stripControl(row.instanceId)}: ${row.outcome}${exit}${cut}`;
      return [head, ...rowReason(row), ...ossLines(row), ...bodyOf(row)].join('\n');
    })
    .join('\n\n');
}

function rowReason(row: StoredRow): string[] {
  return row.reason === undefined || row.outcome === 'Success' ? [] : [`   ${firstLine(row.reason)}`];
}

function ossLines({ ossUri = '', ossStatus = '', ossError }: StoredRow): string[] {
  const error = ossError === undefined ? '' : `: ${firstLine(ossError)}`;
  return ossUri + ossStatus === '' ? [] : [`   OSS ${stripControl(`${ossStatus} ${ossUri}`).trim()}${error}`];
}

/** A word on outputs that are not whole, and on deliveries that failed; `undefined` where all is there. */
export function droppedHint(rows: readonly InstanceRow[]): string | undefined {
  const cut = rows.filter((row) => (row.droppedBytes ?? 0) > 0);
  const lost = cut.filter((row) => row.ossStatus === undefined);
  const failed = rows.filter((row) => row.ossError !== undefined);
  const hints = [
    ...(lost.length > 0
      ? [
          `Of ${plural(lost.length, 'instance')} the API dropped a part of the output; --oss-output oss://BUCKET/PREFIX keeps it whole.`,
        ]
      : []),
    ...(failed.length > 0
      ? [
          `The output of ${plural(failed.length, 'instance')} did not reach OSS: ${firstLine(failed[0]?.ossError ?? '')}`,
        ]
      : []),
  ];
  return hints.length > 0 ? hints.join('\n') : undefined;
}

function bodyOf(row: StoredRow): string[] {
  if (row.outputBase64 !== undefined) return ['   (not text; the bytes in Base64:)', row.outputBase64];
  const text = stripControl(row.output ?? row.firstLine ?? '').trimEnd();
  return text === '' ? [] : [text];
}

const CSV_COLUMNS = [
  'instanceId',
  'outcome',
  'status',
  'exitCode',
  'startedAt',
  'finishedAt',
  'reason',
  'droppedBytes',
  'ossUri',
  'ossStatus',
  'ossError',
  'invokeId',
  'output',
] as const;

/** Rows as CSV (RFC 4180, with a head); what a spreadsheet would run as a formula is made harmless. */
export function rowsCsv(rows: readonly StoredRow[]): string {
  const lines = rows.map((row) => CSV_COLUMNS.map((column) => csvCell(row[column])).join(','));
  return [CSV_COLUMNS.join(','), ...lines].join('\r\n');
}

/** `m:ss`, or `h:mm:ss` from an hour on. */
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60)];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** `1 instance`, `2 instances`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
