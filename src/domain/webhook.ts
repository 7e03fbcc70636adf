/**
 * What is said to a webhook and what it may answer.
 *
 * The one rule: these shapes are a promise to services we do not know; they gain fields, and lose none while `version`
 * is 1. docs/policy.md describes them.
 */

/** What a webhook is told, as JSON. */
export interface WebhookPayload {
  version: 1;
  /** Why it is called: before the reboot, after it, or because somebody is needed. */
  kind: 'pre' | 'post' | 'attention';
  /** The hook's name in the policy file. */
  hook: string;
  /** The same for every attempt of one call; act once for each. */
  delivery: string;
  /** From 1. */
  attempt: number;
  /** The account's short name in the worker's configuration. */
  account: string;
  region: string;
  instanceId?: string;
  event?: { eventId: string; type: string; notBefore: string; status: string };
  plan?: { action: string; at?: string; window?: string; deadline: string; reason: string };
  /** For `attention`: the step that needs somebody, and why. */
  step?: string;
  reason?: string;
  /** One sentence for people. */
  summary: string;
  workflowId: string;
  runId: string;
}

/** What a webhook's answer means. `retryable`: asking again may give another answer. */
export type WebhookVerdict =
  | { verdict: 'go' }
  | { verdict: 'not-yet'; retryAfterSeconds: number; reason: string }
  | { verdict: 'no'; reason: string }
  | { verdict: 'error'; reason: string; retryable: boolean };

const MIN_RETRY_SECONDS = 1;
const MAX_RETRY_SECONDS = 3600;
const DEFAULT_RETRY_SECONDS = 60;

/** Seconds until a webhook is asked again: what it wished, from 1 s to 1 h; a minute where it named none. */
export function retryAfter(wished: unknown): number {
  if (typeof wished !== 'number' || !Number.isFinite(wished)) return DEFAULT_RETRY_SECONDS;
  return Math.min(MAX_RETRY_SECONDS, Math.max(MIN_RETRY_SECONDS, Math.ceil(wished)));
}

/** `http:` and `https:` URLs in parts. Written out, as there is no URL in a workflow's sandbox; userinfo is refused. */
const URL_FORM = /^(https?):\/\/(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?([/?][\x21-\x22\x24-\x7e]*)?$/;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i;

/** What is wrong with a webhook's address as it is written; where it leads is checked at each call. */
export function webhookUrlError(url: string): string | undefined {
  const [, scheme, host] = URL_FORM.exec(url) ?? [];
  if (scheme === undefined || host === undefined) {
    if (/^https?:\/\/[^/?#]*@/.test(url)) return 'contains a user or password; sign with secretEnv instead';
    return 'is not an address such as https://example.com/hook';
  }
  if (scheme === 'https' || LOOPBACK.test(host)) return undefined;
  return 'must begin with https://; http:// is for a loopback address in the simulation only';
}
