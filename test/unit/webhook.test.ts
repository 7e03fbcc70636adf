/** What a webhook is told can be checked, and whatever it answers is one of four verdicts. */
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import type { WebhookVerdict } from '../../src/domain/webhook';
import { callWebhook, signatureOf } from '../../src/hooks/webhook';
import type { WebhookOptions } from '../../src/hooks/webhook';
import { verdictOf } from '../../src/hooks/webhook-answer';
import { HOST, PAYLOAD } from '../support/webhook-payload';
import { drip, flood } from '../support/endless-answers';
import { certificateFor } from '../support/certificate';

const servers: Server[] = [];
const seen: { path: string; headers: IncomingMessage['headers']; body: string }[] = [];
const { key, cert } = certificateFor(HOST);

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Notes the request, then answers. */
const answering =
  (answer: (response: ServerResponse) => void): RequestListener =>
  (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      seen.push({ path: request.url ?? '', headers: request.headers, body });
      answer(response);
    });
  };

/** Calls a plain server on loopback, as in simulation. */
async function ask(
  answer: (response: ServerResponse) => void,
  options: Partial<WebhookOptions> = {},
): Promise<WebhookVerdict> {
  const port = await listen(createHttpServer(answering(answer)));
  const hook = { url: `http://127.0.0.1:${port}/hook`, allowPrivate: [] };
  return callWebhook(hook, PAYLOAD, { simulation: true, ...options });
}

afterEach(async () => {
  seen.length = 0;
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

describe('what is sent', () => {
  test('is the payload as JSON, with a signature that its receiver can check', async () => {
    const port = await listen(createHttpServer(answering((response) => response.end())));
    const hook = { url: `http://localhost:${port}/a?b=c`, secretEnv: 'TICKET_SECRET', allowPrivate: [] };
    const now = (): number => 1_763_000_000_500;
    const verdict = await callWebhook(hook, PAYLOAD, {
      simulation: true,
      secret: 's3cret',
      now,
      resolve: async () => ['127.0.0.1'],
    });
    expect(verdict).toEqual({ verdict: 'go' });
    const [request] = seen;
    expect(JSON.parse(request?.body ?? '')).toEqual(PAYLOAD);
    expect(request).toMatchObject({
      path: '/a?b=c',
      headers: {
        host: `localhost:${port}`,
        'content-type': 'application/json',
        'x-steward-delivery': 'run/1/ticket',
        'x-steward-signature': signatureOf('s3cret', request?.body ?? '', 1_763_000_000),
      },
    });
  });

  test('the signature is HMAC-SHA256 over time and body', () => {
    // printf '1.{}' | openssl dgst -sha256 -hmac key
    const digest = '1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224';
    expect(signatureOf('key', '{}', 1)).toBe(`t=1,v1=${digest}`);
  });

  test('the receiver in docs/policy.md takes what is genuine and fresh, and nothing else', () => {
    const page = readFileSync(join(__dirname, '../../docs/policy.md'), 'utf8');
    const [, code = ''] = /```js\n([\s\S]*?)```/.exec(page) ?? [];
    const isGenuine = runInNewContext(`${code}; isGenuine`, { require, Buffer }) as (
      header: string,
      body: string,
      secret: string,
      nowMs: number,
    ) => boolean;
    const header = signatureOf('key', 'body', 1_000);
    expect(isGenuine(header, 'body', 'key', 1_000_000)).toBe(true);
    expect(isGenuine(header, 'bodY', 'key', 1_000_000)).toBe(false);
    expect(isGenuine(header, 'body', 'kez', 1_000_000)).toBe(false);
    expect(isGenuine(header, 'body', 'key', 1_301_000)).toBe(false);
    expect(isGenuine('t=1000', 'body', 'key', 1_000_000)).toBe(false);
  });

  test('nothing, where it should be signed and the secret is not there', async () => {
    const port = await listen(createHttpServer(answering((response) => response.end())));
    const hook = { url: `http://127.0.0.1:${port}/`, secretEnv: 'TICKET_SECRET', allowPrivate: [] };
    expect(await callWebhook(hook, PAYLOAD, { simulation: true, secret: '' })).toEqual({
      verdict: 'error',
      reason: 'not called: the environment variable TICKET_SECRET is not set, so it cannot be signed',
      retryable: false,
    });
    expect(seen).toEqual([]);
  });
});

describe('over https', () => {
  const resolve = async (): Promise<string[]> => ['127.0.0.1'];

  async function secure(): Promise<string> {
    const port = await listen(
      createHttpsServer(
        { key, cert },
        answering((response) => response.end()),
      ),
    );
    return `https://${HOST}:${port}/`;
  }

  test('the connection goes to the address that was checked, under the name that was written', async () => {
    const url = await secure();
    const asked: string[] = [];
    const once = async (host: string): Promise<string[]> => {
      asked.push(host);
      return asked.length === 1 ? ['127.0.0.1'] : Promise.reject(new Error('asked twice'));
    };
    const options = { simulation: true, resolve: once, ca: cert };
    expect(await callWebhook({ url, allowPrivate: [] }, PAYLOAD, options)).toEqual({ verdict: 'go' });
    expect(asked).toEqual([HOST]);
    expect(seen[0]?.headers.host).toBe(new URL(url).host);
  });

  test('a certificate nobody vouches for, or of another name, is an error and nothing is told', async () => {
    const url = await secure();
    const call = (options: Partial<WebhookOptions>, to = url): Promise<WebhookVerdict> =>
      callWebhook({ url: to, allowPrivate: [] }, PAYLOAD, { simulation: true, resolve, ...options });
    expect(await call({})).toMatchObject({ verdict: 'error', retryable: true });
    expect(await call({ ca: cert }, url.replace(HOST, 'other.example.com'))).toMatchObject({
      verdict: 'error',
    });
    expect(seen).toEqual([]);
    expect(await call({ ca: cert })).toEqual({ verdict: 'go' });
  });
});

describe('an answer', () => {
  const json = (value: unknown, status = 200): ((response: ServerResponse) => void) => {
    return (response) => response.writeHead(status).end(JSON.stringify(value));
  };
  const status = (
    code: number,
    headers: Record<string, string> = {},
    body = '',
  ): ((response: ServerResponse) => void) => {
    return (response) => response.writeHead(code, headers).end(body);
  };

  test.each<[string, (response: ServerResponse) => void, object]>([
    ['that is empty', status(204), { verdict: 'go' }],
    ['of white space', status(200, {}, ' \n'), { verdict: 'go' }],
    ['go', json({ verdict: 'go', more: [1] }, 202), { verdict: 'go' }],
    ['no', json({ verdict: 'no', reason: 'change freeze' }), { verdict: 'no', reason: 'change freeze' }],
    ['no without a reason', json({ verdict: 'no', reason: 7 }), { verdict: 'no', reason: 'no reason given' }],
    [
      'not yet',
      json({ verdict: 'not-yet', retryAfterSeconds: 120, reason: 'backup runs' }),
      { verdict: 'not-yet', retryAfterSeconds: 120, reason: 'backup runs' },
    ],
    ['not yet, without a time', json({ verdict: 'not-yet' }), { verdict: 'not-yet', retryAfterSeconds: 60 }],
    [
      'not yet, for ever',
      json({ verdict: 'not-yet', retryAfterSeconds: 1e12 }),
      { verdict: 'not-yet', retryAfterSeconds: 3600 },
    ],
    [
      'not yet, at once',
      json({ verdict: 'not-yet', retryAfterSeconds: -5 }),
      { verdict: 'not-yet', retryAfterSeconds: 1 },
    ],
    [
      'too early',
      status(425, { 'retry-after': '30' }),
      { verdict: 'not-yet', retryAfterSeconds: 30, reason: 'HTTP 425' },
    ],
    [
      'too many',
      status(429, {}, '{"reason":"queue"}'),
      { verdict: 'not-yet', retryAfterSeconds: 60, reason: 'queue' },
    ],
    [
      'too many, until a date',
      status(429, { 'retry-after': 'Sat, 21 Nov 2026 12:00:45 GMT' }),
      { verdict: 'not-yet', retryAfterSeconds: 45 },
    ],
    [
      'a redirect',
      status(302, { location: 'http://127.0.0.1:1/' }),
      { verdict: 'error', retryable: false, reason: 'HTTP 302: redirects are not followed' },
    ],
    ['not found', status(404), { verdict: 'error', retryable: false, reason: 'HTTP 404' }],
    ['forbidden, though it says go', json({ verdict: 'go' }, 403), { verdict: 'error', retryable: false }],
    ['broken, though it says go', json({ verdict: 'go' }, 500), { verdict: 'error', retryable: true }],
    [
      'a page',
      status(200, {}, '<html>go</html>'),
      { verdict: 'error', retryable: true, reason: /neither empty nor a JSON object/ },
    ],
    [
      'another word',
      json({ verdict: 'GO' }),
      { verdict: 'error', reason: /no verdict of go, not-yet or no/ },
    ],
    ['a verdict from a prototype', status(200, {}, '{"__proto__":{"verdict":"go"}}'), { verdict: 'error' }],
    ['half an object', status(200, {}, '{"verdict":"go"'), { verdict: 'error' }],
    ['compressed', status(200, { 'content-encoding': 'gzip' }, '\u001f\u008b'), { verdict: 'error' }],
    [
      'a reason made for a terminal',
      json({ verdict: 'no', reason: '\u001b[2J\u202eno\nsecond' }),
      { verdict: 'no', reason: 'no' },
    ],
  ])('%s', async (_, answer, expected) => {
    const now = (): number => Date.parse('2026-11-21T12:00:00Z');
    const verdict = await ask(answer, { now });
    const reason =
      'reason' in expected && expected.reason instanceof RegExp
        ? { reason: expect.stringMatching(expected.reason) }
        : {};
    expect(verdict).toMatchObject({ ...expected, ...reason });
    expect(seen).toHaveLength(1);
  });

  test('a long reason is cut', async () => {
    const verdict = await ask(json({ verdict: 'no', reason: 'x'.repeat(5000) }));
    expect('reason' in verdict ? verdict.reason.length : 0).toBe(300);
  });

  test.each<[string, (response: ServerResponse) => void, RegExp]>([
    ['never', () => undefined, /no whole answer within 0\.2 s/],
    ['drop by drop', drip, /no whole answer within 0\.2 s/],
    [
      'and breaks off',
      (response) =>
        void (response.writeHead(200, { 'content-length': '100' }).write('{'), response.destroy()),
      /aborted|hang up|ECONNRESET/,
    ],
    ['with no HTTP', (response) => response.socket?.end('220 smtp ready\r\n'), /Parse Error|HTTP/],
    [
      'with endless headers',
      (response) => response.socket?.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`),
      /overflow|header/i,
    ],
    ['with 65 KB', (response) => response.end('x'.repeat(65 * 1024 + 1)), /more than 64 KB/],
    ['with no end', flood, /more than 64 KB/],
  ])('that comes %s is an error', async (_, answer, reason) => {
    const verdict = await ask(answer, { timeLimitMs: reason.source.includes('within') ? 200 : 10_000 });
    expect(verdict).toMatchObject({
      verdict: 'error',
      retryable: true,
      reason: expect.stringMatching(reason),
    });
  });

  test.each(['ok', '{"errcode":0,"errmsg":"ok"}', '[]', ''])(
    'where people were only told, any success is one: %j would be told again for an hour otherwise',
    (text) => {
      const about = { headers: {}, text, nowMs: 0, tells: true };
      expect(verdictOf({ ...about, status: 200 }).verdict).toBe('go');
      expect(verdictOf({ ...about, status: 500 })).toMatchObject({ verdict: 'error', retryable: true });
    },
  );

  test('any text is one of four verdicts, and go only where it says so', () => {
    const words = fc.constantFrom('go', 'no', 'not-yet', 'error', 1, null, ['go'], { verdict: 'go' });
    const objects = fc.record({ verdict: words, reason: fc.jsonValue(), retryAfterSeconds: fc.jsonValue() });
    const texts = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }),
      objects.map((each) => JSON.stringify(each)),
    );
    fc.assert(
      fc.property(texts, fc.integer({ min: 0, max: 999 }), (text, code) => {
        const { verdict } = verdictOf({ status: code, headers: {}, text, nowMs: 0 });
        const saysGo = text.trim() === '' || parsed(text)?.verdict === 'go';
        expect(verdict === 'go').toBe(saysGo && code >= 200 && code < 300);
        expect(['go', 'no', 'not-yet', 'error']).toContain(verdict);
      }),
    );
  });
});

function parsed(text: string): { verdict?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
