/**
 * Answers that are true but not as expected: unknown fields, unknown statuses. The rule: works on a copy, for the
 * answer may be kept for its ClientToken.
 */
import type { Answer } from './action';
import type { DrawnFaults } from './faults';

const STATUS_FIELDS = new Set([
  'Status',
  'InvocationStatus',
  'InvokeStatus',
  'InvokeRecordStatus',
  'InstanceInvokeStatus',
]);

/** Applies the faults that change the content of an answer. */
export function disfigure(answer: Answer, drawn: DrawnFaults): Answer {
  const status = drawn.find('unknownStatus')?.value;
  const extra = drawn.find('unknownFields') !== undefined;
  if (status === undefined && !extra) return answer;
  return copy(answer, status, extra) as Answer;
}

function copy(value: unknown, status: string | undefined, extra: boolean): unknown {
  if (Array.isArray(value)) return value.map((entry) => copy(entry, status, extra));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, entry]) => [
    name,
    status !== undefined && STATUS_FIELDS.has(name) && typeof entry === 'string'
      ? status
      : copy(entry, status, extra),
  ]);
  if (extra) entries.push(['XNewField', { Nested: ['unexpected'] }], ['x-lower', 1]);
  return Object.fromEntries(entries) as unknown;
}
