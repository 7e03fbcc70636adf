/**
 * Writes an answer, or spoils its delivery as a fault demands. The rule: the content is settled before; here only
 * bytes and connections go wrong.
 */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reply } from '../core/gateway';

const JSON_TYPE = 'application/json;charset=utf-8';

/** Sends one reply. */
export async function deliver(reply: Reply, response: ServerResponse): Promise<void> {
  if (reply.kind === 'reset') return void response.socket?.resetAndDestroy();
  response.sendDate = false;
  response.setHeader('date', new Date(reply.date).toUTCString());
  if (reply.kind === 'html') return sendHtml(reply, response);
  response.statusCode = reply.httpStatus;
  response.setHeader('content-type', JSON_TYPE);
  const requestId = reply.body['RequestId'];
  if (typeof requestId === 'string') response.setHeader('x-acs-request-id', requestId);
  for (const [name, value] of Object.entries(reply.headers)) response.setHeader(name, value);
  const text = Buffer.from(JSON.stringify(reply.body));
  const { drawn } = reply;
  if (drawn?.find('malformedJson'))
    return send(response, Buffer.concat([text.subarray(0, -1), Buffer.from(',,"\u0000')]));
  if (drawn?.find('truncated')) return sendTruncated(response, text);
  const huge = drawn?.find('hugeBody');
  if (huge) return sendHuge(response, text, huge.bytes);
  const drip = drawn?.find('slowDrip');
  if (drip) return sendSlowly(response, text, drip.bytes, drip.everyMs);
  return send(response, text);
}

function send(response: ServerResponse, body: Buffer): void {
  response.setHeader('content-length', body.length);
  response.end(body);
}

function sendHtml(reply: Reply, response: ServerResponse): void {
  response.statusCode = reply.httpStatus;
  response.setHeader('content-type', 'text/html');
  send(
    response,
    Buffer.from(
      '<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center><hr><center>proxy</center></body></html>',
    ),
  );
}

async function sendTruncated(response: ServerResponse, body: Buffer): Promise<void> {
  response.setHeader('content-length', body.length);
  await new Promise<void>((resolve) =>
    response.write(body.subarray(0, Math.floor(body.length / 2)), () => resolve()),
  );
  response.socket?.destroy();
}

async function sendSlowly(
  response: ServerResponse,
  body: Buffer,
  bytes: number,
  everyMs: number,
): Promise<void> {
  response.setHeader('content-length', body.length);
  for (let at = 0; at < body.length && !response.destroyed; at += bytes) {
    response.write(body.subarray(at, at + bytes));
    await sleep(everyMs, undefined, { ref: false });
  }
  response.end();
}

/** The answer, then blanks: still JSON, so only a limit on size can stop a client from reading it all. */
async function sendHuge(response: ServerResponse, body: Buffer, bytes: number): Promise<void> {
  const blanks = Buffer.alloc(64 * 1024, ' ');
  function* pieces(): Generator<Buffer> {
    yield body;
    for (let left = bytes - body.length; left > 0; left -= blanks.length) yield blanks.subarray(0, left);
  }
  response.setHeader('content-length', Math.max(body.length, bytes));
  await pipeline(Readable.from(pieces()), response);
}
