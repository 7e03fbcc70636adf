/**
 * Asks a webhook, and makes something of whatever it answers.
 *
 * The one rule: nothing leaves for an address that was not checked, and nothing that comes back is believed further
 * than one of four verdicts. The name is resolved once, the connection goes to the very address that was checked, no
 * redirect is followed, and time and size have limits. It never throws.
 */
import { createHmac } from 'node:crypto';
import { lookup as lookUp } from 'node:dns/promises';
import { request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import type { WebhookHook } from '../domain/policy';
import { firstLine } from '../domain/text';
import { webhookUrlError } from '../domain/webhook';
import type { WebhookPayload, WebhookVerdict } from '../domain/webhook';
import { addressRefusal } from './addresses';
import { verdictOf } from './webhook-answer';

/** From the first look at the name to the last byte of the answer. */
const TIME_LIMIT_MS = 10_000;
/** An answer is a verdict and a sentence. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** All addresses of a host name. */
export type Resolve = (host: string) => Promise<string[]>;

export interface WebhookOptions {
  /** True where the cloud is the simulator: loopback is allowed then, over http too. */
  simulation: boolean;
  /** The value of the environment variable the hook names. */
  secret?: string;
  /** Default: the system's resolver. */
  resolve?: Resolve;
  /** Certificates to trust instead of the well-known ones (PEM). */
  ca?: string;
  /** Default 10 s. */
  timeLimitMs?: number;
  /** Epoch milliseconds; default the wall clock. */
  now?: () => number;
}

/** The address to connect to, checked. */
export interface Pinned {
  address: string;
  family: 4 | 6;
}

class Refused extends Error {}

/** Calls a webhook once. */
export async function callWebhook(
  hook: Pick<WebhookHook, 'url' | 'secretEnv' | 'allowPrivate'>,
  payload: WebhookPayload,
  options: WebhookOptions,
): Promise<WebhookVerdict> {
  const { timeLimitMs = TIME_LIMIT_MS } = options;
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), timeLimitMs);
  try {
    return await Promise.race([call(hook, payload, options, limit.signal), aborted(limit.signal)]);
  } catch (error) {
    if (error instanceof Refused) return { verdict: 'error', reason: error.message, retryable: false };
    const reason = limit.signal.aborted ? `no whole answer within ${timeLimitMs / 1000} s` : messageOf(error);
    return { verdict: 'error', reason, retryable: true };
  } finally {
    clearTimeout(timer);
    limit.abort();
  }
}

/** Resolves a URL's host once and checks every address; throws where one may not be called. */
export async function pin(
  url: URL,
  hook: Pick<WebhookHook, 'allowPrivate'>,
  options: Pick<WebhookOptions, 'simulation' | 'resolve'>,
): Promise<Pinned> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const { resolve = systemResolve } = options;
  const addresses = isIP(host) === 0 ? await resolve(host) : [host];
  const [first] = addresses;
  if (first === undefined) throw new Error(`${host} has no address`);
  for (const address of addresses) {
    const why = addressRefusal(address, { loopback: options.simulation, networks: hook.allowPrivate });
    if (why !== undefined) throw new Refused(`refused: ${named(host, address)} ${why}`);
    const secure = url.protocol === 'https:';
    if (!secure && addressRefusal(address, { loopback: false, networks: hook.allowPrivate }) === undefined) {
      throw new Refused(`refused: ${named(host, address)} is not loopback; use https://`);
    }
  }
  return { address: first, family: isIP(first) === 6 ? 6 : 4 };
}

/** A lookup that knows one answer, whatever it is asked: the name is never resolved a second time. */
export function pinnedLookup({ address, family }: Pinned): LookupFunction {
  return (_host, options, done) => {
    if (options.all === true) done(null, [{ address, family }]);
    else done(null, address, family);
  };
}

/** The value of the header X-Steward-Signature: HMAC-SHA256 over `<t>.<body>`, `t` in epoch seconds. */
export function signatureOf(secret: string, body: string, epochSeconds: number): string {
  const digest = createHmac('sha256', secret).update(`${epochSeconds}.${body}`).digest('hex');
  return `t=${epochSeconds},v1=${digest}`;
}

async function call(
  hook: Pick<WebhookHook, 'url' | 'secretEnv' | 'allowPrivate'>,
  payload: WebhookPayload,
  options: WebhookOptions,
  signal: AbortSignal,
): Promise<WebhookVerdict> {
  const wrong = webhookUrlError(hook.url);
  if (wrong !== undefined) throw new Refused(`refused: the address of the hook ${wrong}`);
  const url = new URL(hook.url);
  if (url.protocol === 'http:' && !options.simulation) {
    throw new Refused('refused: http:// is for the simulation only; use https://');
  }
  const { secretEnv } = hook;
  if (secretEnv !== undefined && !options.secret) {
    throw new Refused(`not called: the environment variable ${secretEnv} is not set, so it cannot be signed`);
  }
  const body = JSON.stringify(payload);
  const headers: Record<string, string | number> = {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    Accept: 'application/json',
    'Accept-Encoding': 'identity',
    'User-Agent': 'ecs-steward',
    'X-Steward-Delivery': payload.delivery,
  };
  const now = options.now ?? Date.now;
  if (secretEnv !== undefined && options.secret) {
    headers['X-Steward-Signature'] = signatureOf(options.secret, body, Math.floor(now() / 1000));
  }
  const pinned = await pin(url, hook, options);
  signal.throwIfAborted();
  const request = open(url, {
    method: 'POST',
    headers,
    signal,
    // An agent would keep connections, and those were checked for another call.
    agent: false,
    lookup: pinnedLookup(pinned),
    ...(options.ca !== undefined && { ca: options.ca }),
  });
  const answer = await answerTo(request, body);
  const text = await textOf(answer);
  const { statusCode: status = 0, headers: answered } = answer;
  return verdictOf({ status, headers: answered, text, nowMs: now(), tells: payload.kind === 'attention' });
}

function open(url: URL, options: RequestOptions & { ca?: string }): ClientRequest {
  return url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
}

function answerTo(request: ClientRequest, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject);
    request.end(body);
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) {
      answer.destroy();
      throw new Error(`the answer has more than ${MAX_ANSWER_BYTES / 1024} KB`);
    }
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8').decode(Buffer.concat(chunks));
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
  });
}

async function systemResolve(host: string): Promise<string[]> {
  return (await lookUp(host, { all: true })).map(({ address }) => address);
}

function named(host: string, address: string): string {
  return host === address ? address : `${host} is at ${address}, which`;
}

function messageOf(error: unknown): string {
  return firstLine(error instanceof Error ? error.message || error.name : String(error), 300);
}
