/**
 * From Cloud Assistant's rows to ours: decoding, counting, shortening.
 *
 * The one rule: output is Base64 on the wire and text here only where it is valid UTF-8; other bytes are kept raw.
 */
import type { InvocationResult } from '../ecs/cloud-assistant';
import type { InstanceRow, StoredRow } from '../domain/messages';
import { FAILURES_IN_RESULT, addToTotals, emptyTotals, openRowOf, rowOf } from '../domain/rows';
import type { BatchReport } from '../domain/rows';

/** An instance of an ended invocation that Cloud Assistant lists no row of. */
export function lostRow(instanceId: string, invokeId: string, batch: number): StoredRow {
  return {
    instanceId,
    invokeId,
    batch,
    outcome: 'Unknown',
    reason: 'lost output: Cloud Assistant lists no record of it',
  };
}

/** `undefined` where the instance is still alive and `why` says nothing of an end. */
export function storedRow(result: InvocationResult, batch: number, why?: string): StoredRow | undefined {
  const bytes = Buffer.from(result.outputBase64, 'base64');
  const text = asText(bytes);
  const raw = { ...result, text: text ?? `(${bytes.length} bytes that are not UTF-8)` };
  const row = rowOf(raw) ?? (why === undefined ? undefined : openRowOf(raw, why));
  if (!row) return undefined;
  const output = text !== undefined ? { output: text } : { outputBase64: result.outputBase64 };
  return { ...row, invokeId: result.invokeId, batch, ...output };
}

function asText(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Totals of a batch and the rows its report carries. */
export function report(rows: StoredRow[], all: boolean): BatchReport {
  const totals = emptyTotals();
  addToTotals(totals, rows);
  const shown = all ? rows : rows.filter((row) => row.outcome !== 'Success').slice(0, FAILURES_IN_RESULT);
  return { totals, rows: shown.map(withoutOutput), alive: 0 };
}

/** As results carry it. */
export function withoutOutput(row: StoredRow): InstanceRow {
  const short: Partial<StoredRow> = { ...row };
  for (const key of ['output', 'outputBase64', 'invokeId', 'batch'] as const) delete short[key];
  return short as InstanceRow;
}
