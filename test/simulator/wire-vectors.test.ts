/**
 * Recorded requests of the published clients: every one verifies, and none does once a signed part has changed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formPairs } from '../../simulator/wire/request';
import type { RawRequest } from '../../simulator/wire/request';
import { encode, verifySignature } from '../../simulator/wire/signature';

const DIRECTORY = join(__dirname, 'wire');
const SECRETS: Record<string, string> = { testAK: 'testSecret' };
const secretOf = (id: string): string | undefined => SECRETS[id];

interface Vector {
  readonly name: string;
  readonly request: RawRequest;
  readonly at: number;
}

function parse(file: string): Vector {
  const raw = readFileSync(join(DIRECTORY, file));
  const cut = raw.indexOf('\r\n\r\n');
  const [first = '', ...lines] = raw.subarray(0, cut).toString('latin1').split('\r\n');
  const [method = '', target = ''] = first.split(' ');
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim().toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  const [path = '', query = ''] = target.split('?');
  const request = { method, path, query, headers, body: raw.subarray(cut + 4) };
  const date = headers.get('x-acs-date')?.[0] ?? new Map(formPairs(query)).get('Timestamp') ?? '';
  return { name: file, request, at: Date.parse(date) };
}

const vectors = readdirSync(DIRECTORY)
  .filter((file) => file.endsWith('.http'))
  .map(parse);
const verify = (request: RawRequest, at: number): unknown => verifySignature(request, secretOf, at);
const isV3 = (request: RawRequest): boolean => request.headers.has('authorization');
const codeOf = (run: () => unknown): string => {
  try {
    run();
    return 'accepted';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
};

test('there are recordings of both schemes', () => {
  expect(vectors.filter(({ request }) => isV3(request)).length).toBeGreaterThanOrEqual(10);
  expect(vectors.filter(({ request }) => !isV3(request)).length).toBeGreaterThanOrEqual(10);
});

describe.each(vectors)('$name', ({ request, at }) => {
  test('verifies', () => {
    expect(verify(request, at)).toMatchObject({ accessKeyId: 'testAK', scheme: isV3(request) ? 'V3' : 'V1' });
  });

  test('is refused with another method', () => {
    expect(codeOf(() => verify({ ...request, method: 'GET' }, at))).toBe('SignatureDoesNotMatch');
  });

  test('is refused when any parameter changes its value, vanishes or is added', () => {
    const pairs = formPairs(request.query);
    const join = (list: typeof pairs): string => list.map(([n, v]) => `${encode(n)}=${encode(v)}`).join('&');
    expect(codeOf(() => verify({ ...request, query: join(pairs) }, at))).toBe('accepted');
    for (const [index, [name, value]] of pairs.entries()) {
      const changed = pairs.map((pair, i): typeof pair => (i === index ? [name, `${value}x`] : pair));
      expect(codeOf(() => verify({ ...request, query: join(changed) }, at))).not.toBe('accepted');
      const without = pairs.filter((_, i) => i !== index);
      expect(codeOf(() => verify({ ...request, query: join(without) }, at))).not.toBe('accepted');
    }
    expect(codeOf(() => verify({ ...request, query: `${request.query}&Force=true` }, at))).toBe(
      'SignatureDoesNotMatch',
    );
  });

  test('is refused with another secret, an unknown key, or at another time', () => {
    expect(codeOf(() => verifySignature(request, () => 'other', at))).toBe('SignatureDoesNotMatch');
    expect(codeOf(() => verifySignature(request, () => undefined, at))).toBe('InvalidAccessKeyId.NotFound');
    expect(codeOf(() => verify(request, at + 15 * 60_000))).toBe('accepted');
    expect(codeOf(() => verify(request, at + 15 * 60_000 + 1))).toBe('InvalidTimeStamp.Expired');
    expect(codeOf(() => verify(request, at - 15 * 60_000 - 1))).toBe('InvalidTimeStamp.Expired');
  });
});

describe.each(vectors.filter(({ request }) => isV3(request)))('V3 $name', ({ request, at }) => {
  const authorization = request.headers.get('authorization')?.[0] ?? '';
  const signed = /SignedHeaders=([^,]*)/.exec(authorization)?.[1]?.split(';') ?? [];

  test.each(signed)('is refused when the signed header %s changes or vanishes', (name) => {
    const changed = new Map([...request.headers, [name, [`${request.headers.get(name)?.[0] ?? ''}0`]]]);
    expect(codeOf(() => verify({ ...request, headers: changed }, at))).not.toBe('accepted');
    const without = new Map([...request.headers].filter(([header]) => header !== name));
    expect(codeOf(() => verify({ ...request, headers: without }, at))).not.toBe('accepted');
  });

  test('is refused with a body that was not signed', () => {
    expect(codeOf(() => verify({ ...request, body: Buffer.from('x') }, at))).toBe('SignatureDoesNotMatch');
  });

  test('is accepted whatever an unsigned header says', () => {
    expect(signed).not.toContain('connection');
    const changed = new Map([...request.headers, ['connection', ['close']], ['via', ['1.1 proxy']]]);
    expect(codeOf(() => verify({ ...request, headers: changed }, at))).toBe('accepted');
  });
});

describe.each(vectors.filter(({ request }) => !isV3(request)))('V1 $name', ({ request, at }) => {
  test('is accepted with its business parameters in a form body, and refused when that body changes', () => {
    const system =
      /^(AccessKeyId|Action|Format|Signature|SignatureMethod|SignatureNonce|SignatureVersion|Timestamp|Version)=/;
    const parts = request.query.split('&');
    const headers = new Map([...request.headers, ['content-type', ['application/x-www-form-urlencoded']]]);
    const query = parts.filter((part) => system.test(part)).join('&');
    const body = parts.filter((part) => !system.test(part)).join('&');
    expect(codeOf(() => verify({ ...request, headers, query, body: Buffer.from(body) }, at))).toBe(
      'accepted',
    );
    const changed = Buffer.from(`${body}&Force=true`);
    expect(codeOf(() => verify({ ...request, headers, query, body: changed }, at))).toBe(
      'SignatureDoesNotMatch',
    );
  });
});
