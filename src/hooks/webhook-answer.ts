/**
 * What a webhook's answer means.
 *
 * The one rule: only a 2xx answer that says so is "go"; what cannot be understood is an error, never a yes.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { firstLine } from '../domain/text';
import { retryAfter } from '../domain/webhook';
import type { WebhookVerdict } from '../domain/webhook';

const REASON_LENGTH = 300;
/** "Too Early" and "Too Many Requests". */
const NOT_YET = [425, 429];

export interface WebhookAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** Epoch milliseconds; for a Retry-After that is a date. */
  nowMs: number;
  /** Nothing was asked, people were told: any 2xx answer means that they were, whatever chat robots write into it. */
  tells?: boolean;
}

/** The verdict of an answer, whatever it is. */
export function verdictOf({ status, headers, text, nowMs, tells }: WebhookAnswer): WebhookVerdict {
  if (NOT_YET.includes(status)) {
    const reason = reasonIn(text, `HTTP ${status}`);
    return { verdict: 'not-yet', retryAfterSeconds: retryAfter(retryHeader(headers, nowMs)), reason };
  }
  if (status >= 300 && status < 400) return error(`HTTP ${status}: redirects are not followed`, false);
  if (status < 200 || status >= 300) return error(`HTTP ${status}`, status >= 500 || status === 408);
  if (tells || text.trim() === '') return { verdict: 'go' };
  const answer = objectIn(text);
  if (!answer) return error('the answer is neither empty nor a JSON object', true);
  switch (answer.verdict) {
    case 'go':
      return { verdict: 'go' };
    case 'no':
      return { verdict: 'no', reason: reasonOf(answer, 'no reason given') };
    case 'not-yet':
      return {
        verdict: 'not-yet',
        retryAfterSeconds: retryAfter(answer.retryAfterSeconds ?? retryHeader(headers, nowMs)),
        reason: reasonOf(answer, 'no reason given'),
      };
    default:
      return error('the answer has no verdict of go, not-yet or no', true);
  }
}

function error(reason: string, retryable: boolean): WebhookVerdict {
  return { verdict: 'error', reason, retryable };
}

/** Own properties only, and nothing deeper is ever looked at. */
function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return Object.assign(Object.create(null) as Record<string, unknown>, value);
  } catch {
    return undefined;
  }
}

function reasonIn(text: string, otherwise: string): string {
  return reasonOf(objectIn(text) ?? {}, otherwise);
}

/** People did not write it: one line, without control characters, and short. */
function reasonOf(answer: Record<string, unknown>, otherwise: string): string {
  const line = typeof answer.reason === 'string' ? firstLine(answer.reason, REASON_LENGTH) : '';
  return line === '' ? otherwise : line;
}

/** Seconds of a Retry-After header, which may be a number or a date. */
function retryHeader(headers: IncomingHttpHeaders, nowMs: number): number | undefined {
  const value = headers['retry-after']?.trim();
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const date = Date.parse(value);
  return Number.isFinite(date) ? (date - nowMs) / 1000 : undefined;
}
