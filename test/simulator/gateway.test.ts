/**
 * The gateway answers every request, good or bad, with JSON and the documented code, in the recommended order of
 * checks.
 */
import { createHmac, randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { send } from './support/api';
import { useSimulator } from './support/simulated';

const sim = useSimulator({ instances: 1 });
const at = (offset: number): string => `${new Date(Date.now() + offset).toISOString().slice(0, 19)}Z`;
const codeOf = (answer: { status: number; body: Record<string, unknown> }): string =>
  `${answer.status} ${String(answer.body['Code'])}`;

test('a good call answers 200 with an upper-case request id', async () => {
  const answer = await sim().call('DescribeRegions', {}, { headers: { accept: '*/*' } });
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('application/json;charset=utf-8');
  expect(answer.body['RequestId']).toMatch(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
});

test('an error carries RequestId, HostId, Code, Message and Recommend', async () => {
  const { status, body } = await sim().call('StartInstance', { InstanceId: 'i-none' });
  expect(status).toBe(404);
  expect(body).toMatchObject({
    HostId: 'ecs.cn-hangzhou.aliyuncs.com',
    Code: 'InvalidInstanceId.NotFound',
    Message: 'The specified InstanceId does not exist.',
  });
  expect(body['Recommend']).toContain(String(body['RequestId']));
});

test.each([
  ['no action of ECS', 'DescribeUnicorns', {}, '404 InvalidApi.NotFound'],
  ['an action that is not simulated', 'CreateVpc', {}, '501 NotImplemented.Simulator'],
  ['a missing version', 'DescribeRegions', { version: '' }, '400 MissingVersion'],
  ['another version', 'DescribeRegions', { version: '2016-04-28' }, '400 InvalidVersion'],
  ['an unknown key', 'DescribeRegions', { accessKeyId: 'nobody' }, '404 InvalidAccessKeyId.NotFound'],
  ['a wrong secret', 'DescribeRegions', { secret: 'wrong' }, '400 SignatureDoesNotMatch'],
  ['a stale date', 'DescribeRegions', { date: at(-16 * 60_000) }, '400 InvalidTimeStamp.Expired'],
  ['a date to come', 'DescribeRegions', { date: at(16 * 60_000) }, '400 InvalidTimeStamp.Expired'],
  ['a malformed date', 'DescribeRegions', { date: 'yesterday' }, '400 InvalidTimeStamp.Format'],
] as const)('%s is refused with its code, in both schemes', async (_what, action, options, code) => {
  for (const scheme of ['V3', 'V1'] as const)
    expect(codeOf(await sim().call(action, {}, { ...options, scheme }))).toBe(code);
});

test('the order of checks: action, key, time, signature, nonce, parameters', async () => {
  const zones = (options: object, params = {}): Promise<string> =>
    sim().call('DescribeZones', params, options).then(codeOf);
  const nonce = 'order';
  const [accessKeyId, date, secret] = ['nobody', at(-3_600_000), 'wrong'];
  const malformed = { RegionId: '' };
  const all = { accessKeyId, date, secret, nonce };
  expect(codeOf(await sim().call('DescribeUnicorns', {}, all))).toBe('404 InvalidApi.NotFound');
  expect(await zones(all, malformed)).toBe('404 InvalidAccessKeyId.NotFound');
  expect(await zones({ date, secret, nonce }, malformed)).toBe('400 InvalidTimeStamp.Expired');
  expect(await zones({ secret, nonce }, malformed)).toBe('400 SignatureDoesNotMatch');
  expect(await zones({ nonce }, malformed)).toBe('400 MissingRegionId');
  expect(await zones({ nonce })).toBe('400 SignatureNonceUsed');
});

test('a body hash that is signed but not true is refused', async () => {
  const answer = await sim().call('DescribeRegions', {}, { contentHash: '0'.repeat(64) });
  expect(codeOf(answer)).toBe('400 SignatureDoesNotMatch');
});

test('a nonce is used up by a good signature only', async () => {
  expect(codeOf(await sim().call('DescribeRegions', {}, { nonce: 'once', secret: 'wrong' }))).toBe(
    '400 SignatureDoesNotMatch',
  );
  expect((await sim().call('DescribeRegions', {}, { nonce: 'once' })).status).toBe(200);
  expect(codeOf(await sim().call('DescribeRegions', {}, { nonce: 'once' }))).toBe('400 SignatureNonceUsed');
});

test('GET, form bodies, STS tokens and chunked bodies are accepted', async () => {
  const call: ReturnType<typeof sim>['call'] = (...given) => sim().call(...given);
  for (const scheme of ['V3', 'V1'] as const) {
    expect((await call('DescribeZones', {}, { scheme, method: 'GET' })).status).toBe(200);
    expect((await call('DescribeZones', {}, { scheme, securityToken: 'sts/tok+en==' })).status).toBe(200);
  }
  expect((await call('DescribeZones', {}, { scheme: 'V1', form: true })).status).toBe(200);
  expect((await call('DescribeZones', {}, { headers: { 'transfer-encoding': 'chunked' } })).status).toBe(200);
});

test('DescribeVSwitches answers for this product and for the Vpc product', async () => {
  for (const version of ['2014-05-26', '2016-04-28'])
    expect((await sim().call('DescribeVSwitches', {}, { version })).body['TotalCount']).toBe(4);
});

test('a request line of 200 KB is read', async () => {
  const answer = await sim().call('DescribeInstances', { InstanceName: 'x'.repeat(200_000) });
  expect(answer.body).toMatchObject({ TotalCount: 0 });
});

test.each([
  ['another path', { path: '/api' }, '404 InvalidApi.NotFound'],
  ['another method', { method: 'PUT' }, '405 UnsupportedHTTPMethod'],
  ['a huge body', { body: 'x'.repeat(1_100_000) }, '413 RequestEntityTooLarge'],
])('%s is refused in JSON', async (_what, options, code) => {
  const answer = await sim().call('DescribeRegions', {}, options);
  expect(codeOf(answer)).toBe(code);
  expect(answer.body['RequestId']).toBeTruthy();
});

test.each([
  [
    'headers beyond every limit',
    `GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ${'x'.repeat(600_000)}\r\n\r\n`,
    431,
  ],
  ['no HTTP at all', 'hello\r\n\r\n', 400],
  ['no Host', 'GET / HTTP/1.1\r\nconnection: close\r\n\r\n', 403],
  [
    'an expectation of nobody',
    'POST / HTTP/1.1\r\nhost: 127.0.0.1\r\nexpect: tea\r\nconnection: close\r\n\r\n',
    417,
  ],
  ['CONNECT', 'CONNECT example:1 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n', 405],
])('%s is answered in JSON', async (_what, bytes, status) => {
  const text = await rawAnswer(bytes);
  expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4))).toHaveProperty('RequestId');
});

test.each([
  ['a foreign host', { host: 'evil.example:80' }],
  ['a host that only begins like loopback', { host: '127.0.0.1.evil.example' }],
  ['a foreign origin', { origin: 'http://evil.example' }],
  ['another local origin', { origin: 'http://127.0.0.1:1' }],
  ['an opaque origin', { origin: 'null' }],
  ['a cross-site fetch', { 'sec-fetch-site': 'cross-site' }],
])('%s is refused on the ECS port, signed or not', async (_what, headers) => {
  const answer = await sim().call('DescribeRegions', {}, { headers });
  expect(codeOf(answer)).toBe('403 Forbidden.Host');
});

test('an unsigned call is refused', async () => {
  const { endpoint } = sim();
  const target = '/?Action=DescribeRegions&Version=2014-05-26';
  const answer = await send(endpoint, { method: 'GET', target, headers: { host: endpoint }, body: '' });
  expect(codeOf(answer)).toBe('400 MissingAccessKeyId');
});

describe('V1', () => {
  // As any client signs: each name once, in the order of the bytes.
  const signed = async (changes: Record<string, string | undefined>, sent: Partial<Sent> = {}) => {
    const { endpoint, accessKeyId, accessKeySecret } = sim();
    const all = { ...systemParameters(accessKeyId), ...changes, ...sent.form };
    const params = Object.entries(all).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    const canonical = params
      .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
      .sort()
      .join('&');
    const Signature = createHmac('sha1', `${accessKeySecret}&`)
      .update(`POST&%2F&${encodeURIComponent(canonical)}`)
      .digest('base64');
    const inQuery = params.filter(([name]) => !(name in (sent.form ?? {})));
    const query = new URLSearchParams(Object.fromEntries([...inQuery, ...(sent.query ?? [])]));
    query.set('Signature', Signature);
    const body = new URLSearchParams(sent.form).toString();
    const type = body === '' ? '' : 'application/x-www-form-urlencoded';
    const headers = { host: endpoint, 'content-type': type, ...sent.headers };
    const target = `/?${query.toString()}`;
    return codeOf(await send(endpoint, { method: 'POST', target, headers, body }));
  };

  test.each([
    ['AccessKeyId', '400 MissingAccessKeyId'],
    ['SignatureMethod', '400 MissingSignatureMethod'],
    ['SignatureVersion', '400 MissingSignatureVersion'],
    ['SignatureNonce', '400 MissingSignatureNonce'],
    ['Timestamp', '400 MissingTimestamp'],
    ['Version', '400 MissingVersion'],
    ['Action', '400 MissingAction'],
  ])('a call without %s is refused', async (name, code) => {
    expect(await signed({ [name]: undefined })).toBe(code);
  });

  test('another SignatureVersion is refused', async () => {
    expect(await signed({ SignatureVersion: '2.0' })).toBe('400 IncompleteSignature');
  });

  test("an Authorization that is no V3 signature, a proxy's for instance, changes nothing", async () => {
    expect(await signed({}, { headers: { authorization: 'Basic eDp5' } })).toBe('200 undefined');
  });

  test('a name in the query and in the form body is one parameter and the body has the say', async () => {
    // The old Python SDK does so: it adds its own RegionId to the query of whatever is sent as a form.
    const query = [['RegionId', 'cn-nowhere']] as const;
    const form = { RegionId: 'cn-hangzhou' };
    expect(await signed({ Action: 'DescribeZones' }, { query, form })).toBe('200 undefined');
    const wrong = { form: { RegionId: 'cn-nowhere' }, query: [['RegionId', 'cn-hangzhou']] as const };
    expect(await signed({ Action: 'DescribeZones' }, wrong)).toBe('404 InvalidRegionId.NotFound');
  });
});

interface Sent {
  readonly query: readonly (readonly [string, string])[];
  readonly form: Record<string, string>;
  readonly headers: Record<string, string>;
}

function systemParameters(accessKeyId: string): Record<string, string> {
  return {
    AccessKeyId: accessKeyId,
    Action: 'DescribeRegions',
    Version: '2014-05-26',
    Format: 'JSON',
    SignatureMethod: 'HMAC-SHA1',
    SignatureVersion: '1.0',
    SignatureNonce: randomUUID(),
    Timestamp: at(0),
  };
}

test('a disabled key is refused, a new one works beside it', async () => {
  await sim().control.addKey('second', 'second-secret');
  const second = { accessKeyId: 'second', secret: 'second-secret' };
  expect((await sim().call('DescribeRegions', {}, second)).status).toBe(200);
  await sim().control.revokeKey('second');
  expect(codeOf(await sim().call('DescribeRegions', {}, second))).toBe('400 InvalidAccessKeyId.Inactive');
  await sim().control.revokeKey('second', 'remove');
  expect(codeOf(await sim().call('DescribeRegions', {}, second))).toBe('404 InvalidAccessKeyId.NotFound');
});

test('a policy allows what it names; the refusal names the action', async () => {
  const Statement = [
    { Effect: 'Allow' as const, Action: ['ecs:Describe*'] },
    { Effect: 'Deny' as const, Action: 'ecs:DescribeZones' },
  ];
  await sim().control.setPolicy({ Version: '1', Statement });
  try {
    expect((await sim().call('DescribeRegions')).status).toBe(200);
    for (const action of ['StopInstance', 'DescribeZones']) {
      const answer = await sim().call(action, { InstanceId: 'i-x' });
      expect(codeOf(answer)).toBe('403 Forbidden.RAM');
      expect(answer.body['Message']).toMatch(/^User not authorized .* doesn't support RAM\.$/);
      expect(answer.body['AccessDeniedDetail']).toMatchObject({ AuthAction: `ecs:${action}` });
    }
  } finally {
    await sim().control.setPolicy(undefined);
  }
});

test('unknown parameters are accepted and noted; secrets are not kept', async () => {
  await sim().control.mark('unknown');
  const [InstanceId = ''] = sim().instanceIds;
  await sim().ok('ModifyInstanceAttribute', {
    InstanceId,
    Password: 'Canary-9-password',
    Colour: 'red',
    OwnerId: '1',
  });
  const [call] = await sim().control.calls('ModifyInstanceAttribute', { sinceMark: 'unknown' });
  expect(call).toMatchObject({ unknownParameters: ['Colour'], code: 'OK', httpStatus: 200 });
  expect(call?.params).toMatchObject({ Colour: 'red', Password: '***' });
  expect(JSON.stringify(await sim().control.ledger())).not.toContain('Canary-9');
});

function rawAnswer(bytes: string): Promise<string> {
  const port = Number(sim().endpoint.split(':')[1]);
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (part) => parts.push(part));
    socket.on('close', () => resolve(Buffer.concat(parts).toString('utf8')));
    socket.on('error', (error) =>
      parts.length > 0 ? resolve(Buffer.concat(parts).toString()) : reject(error),
    );
  });
}
