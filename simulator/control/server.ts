/**
 * The control plane's port. The rule: nothing is answered without the bearer token, a loopback Host and no
 * foreign Origin.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { timingSafeEqual } from 'node:crypto';
import type { Gateway } from '../core/gateway';
import { refusalOf } from '../wire/guard';
import type { Simulation } from '../simulation';
import { ControlError, explain } from './control-error';
import { route } from './routes';

/** What the control plane controls. */
export interface ControlTarget {
  readonly simulation: Simulation;
  readonly gateway: Gateway;
  readonly token: string;
  /** The region that is meant when none is named. */
  readonly regionId: string;
}

const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** A control server, not yet listening. */
export function createControlServer(target: ControlTarget): Server {
  return createServer((request, response) => {
    respond(target, request, response).catch((error: unknown) => {
      const { status, message } = explain(error);
      send(response, status, { error: message });
    });
  });
}

async function respond(
  target: ControlTarget,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refusal = refusalOf(request.headers);
  if (refusal !== undefined) return send(response, 403, { error: refusal });
  if (!isAuthorized(request.headers.authorization, target.token))
    return send(response, 401, { error: 'The control token is missing or wrong.' });
  const url = new URL(request.url ?? '/', 'http://localhost');
  const body = await readJson(request);
  const answer = await route(target, {
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    body,
  });
  send(response, 200, answer ?? {});
}

function isAuthorized(header: string | undefined, token: string): boolean {
  const [given, wanted] = [Buffer.from(header ?? ''), Buffer.from(`Bearer ${token}`)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BODY_BYTES) throw new ControlError(413, 'The request body is too large.');
    parts.push(part);
  }
  if (size === 0) return undefined;
  if (request.headers['content-type']?.startsWith('application/json') !== true)
    throw new ControlError(415, 'The request body must be application/json.');
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown;
  } catch {
    throw new ControlError(400, 'The request body is not JSON.');
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json;charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
