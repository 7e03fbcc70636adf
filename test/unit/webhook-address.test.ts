/** A webhook is called where the policy says and nowhere else, whatever a name leads to. */
import type { WebhookVerdict } from '../../src/domain/webhook';
import { addressRefusal } from '../../src/hooks/addresses';
import { callWebhook, pin, pinnedLookup } from '../../src/hooks/webhook';
import type { WebhookOptions } from '../../src/hooks/webhook';
import { HOST, PAYLOAD } from '../support/webhook-payload';

/** Calls a URL that must be refused before anything is sent. */
async function refusal(url: string, options: Partial<WebhookOptions> = {}): Promise<string> {
  const verdict = await callWebhook({ url, allowPrivate: [] }, PAYLOAD, { simulation: false, ...options });
  expect(verdict).toMatchObject({ verdict: 'error', retryable: false });
  return verdict.verdict === 'error' ? verdict.reason : '';
}

describe('no call is made', () => {
  test.each([
    ['http to a public name', 'http://example.com/', /must begin with https/],
    ['http to loopback', 'http://127.0.0.1:1/', /simulation only/],
    ['loopback', 'https://127.0.0.1:1/', /loopback address; those are for the simulation only/],
    ['loopback as one number', 'https://2130706433/', /127\.0\.0\.1 is a loopback/],
    ['loopback in octal', 'https://0177.0.0.1/', /127\.0\.0\.1 is a loopback/],
    ['loopback in IPv6', 'https://[::1]/', /loopback/],
    ['loopback mapped', 'https://[::ffff:127.0.0.1]/', /IPv4-mapped/],
    [
      'a private address',
      'https://10.1.2.3/',
      /private address that the hook does not list; add its network to allowPrivate/,
    ],
    ['the metadata address', 'https://100.100.100.200/latest/meta-data/', /the cloud's metadata address/],
    ['the metadata address mapped', 'https://[::ffff:6464:64c8]/', /IPv4-mapped/],
    ['another metadata address', 'https://169.254.169.254/', /link-local/],
    ['this host', 'https://0.0.0.0/', /this network/],
    ['a user and a password', 'https://user:pass@example.com/', /sign with secretEnv/],
    ['a file', 'file:///etc/passwd', /not an address/],
    ['no address', 'ticket', /not an address/],
  ])('to %s', async (_, url, reason) => {
    const resolve = (): Promise<string[]> => Promise.reject(new Error('must not be asked'));
    expect(await refusal(url, { resolve })).toMatch(reason);
  });

  test.each([
    [
      'the metadata address',
      ['100.100.100.200'],
      /hooks\.example\.com is at 100\.100\.100\.200, which is the cloud's metadata/,
    ],
    ['loopback', ['127.0.0.1'], /loopback/],
    ['a public address and loopback', ['8.8.8.8', '::1'], /is at ::1, which is a loopback/],
    ['a link-local address with a zone', ['fe80::1%eth0'], /link-local|not an IP/],
    ['rubbish', ['localhost'], /not an IP address/],
  ])('to a name that is at %s', async (_, addresses, reason) => {
    expect(await refusal(`https://${HOST}/`, { resolve: async () => addresses })).toMatch(reason);
  });

  test('over http to a name that is not loopback, in simulation either', async () => {
    const options = { simulation: true, resolve: async () => ['8.8.8.8'] };
    expect(await refusal('http://localhost/', options)).toMatch(/is not loopback; use https/);
    expect(await refusal('http://example.com/', options)).toMatch(/must begin with https/);
  });

  test('to the metadata address, in simulation and listed though it is', async () => {
    const hook = { url: 'https://100.100.100.200/', allowPrivate: ['100.100.100.200/32', '0.0.0.0/0'] };
    expect(await callWebhook(hook, PAYLOAD, { simulation: true })).toMatchObject({
      verdict: 'error',
      reason: expect.stringContaining('metadata'),
    });
  });

  test('a name without an address, or one nobody can look up, may be tried again', async () => {
    const hook = { url: `https://${HOST}/`, allowPrivate: [] };
    const call = (resolve: () => Promise<string[]>): Promise<WebhookVerdict> =>
      callWebhook(hook, PAYLOAD, { simulation: false, resolve, timeLimitMs: 200 });
    expect(await call(async () => [])).toMatchObject({ retryable: true, reason: `${HOST} has no address` });
    expect(await call(() => Promise.reject(new Error('EAI_AGAIN')))).toMatchObject({ reason: 'EAI_AGAIN' });
    expect(await call(() => new Promise(() => undefined))).toMatchObject({ reason: /0\.2 s/ });
  });
});

describe('a name that changes its address between check and connection', () => {
  test('is connected to where it was checked', async () => {
    const answers = [['8.8.8.8'], ['127.0.0.1']];
    const resolve = async (): Promise<string[]> => answers.shift() ?? [];
    const url = new URL(`https://${HOST}/`);
    const pinned = await pin(url, { allowPrivate: [] }, { simulation: false, resolve });
    expect(pinned).toEqual({ address: '8.8.8.8', family: 4 });
    const lookup = pinnedLookup(pinned);
    const one = await new Promise((done) => lookup(HOST, {}, (_error, address) => done(address)));
    const all = await new Promise((done) =>
      lookup('127.0.0.1', { all: true }, (_error, found) => done(found)),
    );
    expect(one).toBe('8.8.8.8');
    expect(all).toEqual([{ address: '8.8.8.8', family: 4 }]);
    // And the next call checks what the name has become.
    await expect(pin(url, { allowPrivate: [] }, { simulation: false, resolve })).rejects.toThrow(/loopback/);
  });
});

describe('an address', () => {
  const strict = { loopback: false, networks: [] };

  test.each([
    '8.8.8.8',
    '47.88.1.1',
    '100.63.255.255',
    '100.128.0.0',
    '172.15.0.1',
    '172.32.0.1',
    '2400:3200::1',
    '2606:4700::1',
  ])('%s is public', (address) => {
    expect(addressRefusal(address, strict)).toBeUndefined();
  });

  test.each([
    '127.0.0.1',
    '127.255.255.254',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '100.100.2.136',
    '100.100.100.200',
    '100.127.255.255',
    '0.0.0.0',
    '192.0.0.192',
    '192.0.2.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::7f00:1',
    '::ffff:8.8.8.8',
    '::ffff:7f00:1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    'fc00::1',
    'fd00::1',
    'fe80::1',
    'febf::1',
    'fec0::1',
    'ff02::1',
    '100::1',
    '4000::1',
    '',
    'localhost',
    '1.2.3',
    '8.8.8.8%eth0',
  ])('%s is not', (address) => {
    expect(addressRefusal(address, strict)).toBeDefined();
  });

  test('that is private is allowed where its network is listed, and only there', () => {
    const listed = {
      loopback: false,
      networks: ['10.20.0.0/16', 'fd12:3456::/32', 'rubbish', '10.0.0.0/99', '/8'],
    };
    expect(addressRefusal('10.20.255.1', listed)).toBeUndefined();
    expect(addressRefusal('fd12:3456::9', listed)).toBeUndefined();
    for (const other of ['10.21.0.1', '192.168.1.1', 'fd12:3457::1', '127.0.0.1']) {
      expect(addressRefusal(other, listed)).toBeDefined();
    }
  });
});
