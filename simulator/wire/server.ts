/**
 * The ECS port. The rule: whatever arrives, the answer is JSON with a RequestId, also when it never was a call.
 */
import { createServer, STATUS_CODES } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { EcsError } from '../core/errors';
import type { Gateway } from '../core/gateway';
import { deliver } from './deliver';
import { refusalOf } from './guard';
import type { RawRequest } from './request';

/** Request line and headers: a V3 client puts all its parameters there. */
const MAX_HEADER_BYTES = 512 * 1024;
const MAX_BODY_BYTES = 1024 * 1024;

/** A server of the ECS wire, not yet listening. */
export function createEcsServer(gateway: Gateway): Server {
  // A request without Host would otherwise be answered by Node itself, with an empty body.
  const options = { maxHeaderSize: MAX_HEADER_BYTES, requireHostHeader: false };
  const server = createServer(options, (request, response) => {
    answer(gateway, request, response).catch(() => response.destroy());
  });
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    deliver(gateway.reject(wrongExpectation(), request.headers.host ?? ''), response).catch(() =>
      response.destroy(),
    );
  });
  server.on('connect', (_request, socket) => refuseRaw(gateway, wrongMethod('CONNECT'), socket));
  server.on('clientError', (error, socket) => refuseSocket(gateway, error, socket));
  server.keepAliveTimeout = 65_000;
  return server;
}

async function answer(gateway: Gateway, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const host = request.headers.host ?? '';
  const refusal = refusalOf(request.headers);
  const [path = '/', query = ''] = split(request.url ?? '/');
  if (refusal !== undefined)
    return deliver(gateway.reject(new EcsError(403, 'Forbidden.Host', refusal), host), response);
  if (path !== '/') return deliver(gateway.reject(notFound(), host), response);
  if (request.method !== 'GET' && request.method !== 'POST')
    return deliver(gateway.reject(wrongMethod(request.method), host), response);
  const body = await readBody(request);
  if (body === undefined) {
    response.setHeader('connection', 'close');
    return deliver(gateway.reject(tooLarge(), host), response);
  }
  const raw: RawRequest = { method: request.method, path, query, headers: headersOf(request), body };
  return deliver(await gateway.answer(raw), response);
}

const notFound = (): EcsError =>
  new EcsError(404, 'InvalidApi.NotFound', 'Specified api is not found, please check your url and method.');
const wrongMethod = (method = ''): EcsError =>
  new EcsError(405, 'UnsupportedHTTPMethod', `This http method ${method} is not supported.`);
const wrongExpectation = (): EcsError =>
  new EcsError(417, 'ExpectationFailed', 'Of the Expect header only 100-continue is supported.');
const tooLarge = (): EcsError => new EcsError(413, 'RequestEntityTooLarge', 'The request body is too large.');

function split(url: string): [string, string] {
  const cut = url.indexOf('?');
  return cut < 0 ? [url, ''] : [url.slice(0, cut), url.slice(cut + 1)];
}

function headersOf(request: IncomingMessage): ReadonlyMap<string, readonly string[]> {
  const headers = new Map<string, string[]>();
  const raw = request.rawHeaders;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    const values = headers.get(name) ?? [];
    values.push(raw[index + 1] ?? '');
    headers.set(name, values);
  }
  return headers;
}

/** The body, de-chunked; undefined when it is too large. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BODY_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function refuseSocket(gateway: Gateway, error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  refuseRaw(gateway, socketError(error.code), socket);
}

function socketError(code: string | undefined): EcsError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new EcsError(431, 'RequestHeaderFieldsTooLarge', 'Request Header Fields Too Large.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new EcsError(408, 'RequestTimeout', 'Request Timeout.');
  return new EcsError(400, 'InvalidRequest', 'Bad Request.');
}

/** Answers where Node has no response object to answer with. */
function refuseRaw(gateway: Gateway, error: EcsError, socket: Duplex): void {
  const body = JSON.stringify(gateway.reject(error, '').body);
  const reason = STATUS_CODES[error.httpStatus] ?? '';
  socket.end(
    `HTTP/1.1 ${error.httpStatus} ${reason}\r\nContent-Type: application/json;charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
