/**
 * Rows of a run: how one is read from Cloud Assistant's answer, how rows are counted and which of them a workflow
 * result carries.
 *
 * The one rule: every target has exactly one row, with a reason wherever the outcome is not Success.
 */
import { utf8Length } from './command-content';
import { outcomeOf } from './invocation';
import { OUTCOMES } from './messages';
import type { InstanceRow, Outcome } from './messages';
import { firstLine } from './text';

/** What DescribeInvocationResults says of one instance, with the output decoded as far as it is text. */
export interface RawRow {
  instanceId: string;
  status: string;
  exitCode?: number;
  errorCode: string;
  errorInfo: string;
  startedAt: string;
  finishedAt: string;
  text: string;
  dropped: number;
  /** Of the delivery to OSS; empty words where none was asked for. */
  oss?: { uri: string; status: string; errorCode: string; errorInfo: string };
}

export type Totals = Record<Outcome, number> & { targets: number };

/** What came of a batch. */
export interface BatchReport {
  totals: Totals;
  /** Every row where `all` was asked for, else the first that did not succeed. */
  rows: InstanceRow[];
  /** Instances still alive; the report is then empty and the wait goes on. */
  alive: number;
}

/** All rows are in a result up to this many targets; above it, the first failures. */
export const ALL_ROWS_UP_TO = 100;
export const FAILURES_IN_RESULT = 50;
/** A workflow result is at most 256 KB; rows are cut first. */
const MAX_RESULT_BYTES = 256 * 1024;
const ROW_BUDGET_BYTES = 200 * 1024;

export function emptyTotals(): Totals {
  const totals = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
  return { ...totals, targets: 0 };
}

export function addToTotals(totals: Totals, rows: readonly { outcome: Outcome }[]): void {
  for (const row of rows) {
    totals[row.outcome] += 1;
    totals.targets += 1;
  }
}

/** `undefined` where the instance has not ended yet. */
export function rowOf(raw: RawRow): InstanceRow | undefined {
  const outcome = outcomeOf(raw.status, raw.exitCode);
  if (outcome === undefined) return undefined;
  const row: InstanceRow = { ...factsOf(raw), outcome };
  if (outcome !== 'Success') row.reason = reasonOf(raw, outcome);
  return row;
}

/** The row of an instance whose command had not ended when we stopped waiting. */
export function openRowOf(raw: RawRow, why: string): InstanceRow {
  return { ...factsOf(raw), outcome: 'Unknown', reason: `${raw.status || 'no status'}: ${why}` };
}

function factsOf(raw: RawRow): Omit<InstanceRow, 'outcome'> {
  const facts: Omit<InstanceRow, 'outcome'> = { instanceId: raw.instanceId, status: raw.status };
  if (raw.exitCode !== undefined) facts.exitCode = raw.exitCode;
  if (raw.errorCode !== '') facts.errorCode = raw.errorCode;
  if (raw.errorInfo !== '') facts.errorInfo = firstLine(raw.errorInfo);
  if (raw.text !== '') facts.firstLine = firstLine(raw.text);
  if (raw.dropped > 0) facts.droppedBytes = raw.dropped;
  Object.assign(facts, ossFactsOf(raw.oss));
  if (raw.startedAt !== '') facts.startedAt = raw.startedAt;
  if (raw.finishedAt !== '') facts.finishedAt = raw.finishedAt;
  return facts;
}

function ossFactsOf(oss: RawRow['oss']): Pick<InstanceRow, 'ossUri' | 'ossStatus' | 'ossError'> {
  if (!oss) return {};
  const error = [oss.errorCode, firstLine(oss.errorInfo)].filter((part) => part !== '').join(': ');
  return {
    ...(oss.uri === '' ? {} : { ossUri: oss.uri }),
    ...(oss.status === '' ? {} : { ossStatus: oss.status }),
    ...(error === '' ? {} : { ossError: error }),
  };
}

function reasonOf(raw: RawRow, outcome: Outcome): string {
  if (raw.status === 'Failed' && raw.exitCode !== undefined) return `exit code ${raw.exitCode}`;
  const told = [raw.errorCode, firstLine(raw.errorInfo)].filter((part) => part !== '').join(': ');
  if (outcome === 'Stopped')
    return told || (raw.status === 'Cancelled' ? 'cancelled before it started' : 'stopped while running');
  return told || raw.status;
}

/** The rows a result carries: everything for small runs, the first failures otherwise; never more than the size limit allows. */
export function rowsForResult(
  rows: readonly InstanceRow[],
  targets: number,
): { rows: InstanceRow[]; truncated: boolean } {
  const wanted =
    targets <= ALL_ROWS_UP_TO
      ? [...rows]
      : rows.filter((row) => row.outcome !== 'Success').slice(0, FAILURES_IN_RESULT);
  let bytes = 0;
  const kept = wanted.filter((row) => (bytes += utf8Length(JSON.stringify(row))) <= ROW_BUDGET_BYTES);
  return { rows: kept, truncated: kept.length < targets };
}

/** Throws where a result is over the limit: a bug, found in tests rather than in production. */
export function assertResultSize(result: unknown): void {
  const bytes = utf8Length(JSON.stringify(result));
  if (bytes > MAX_RESULT_BYTES)
    throw new RangeError(`workflow result of ${bytes} bytes is over ${MAX_RESULT_BYTES}`);
}
