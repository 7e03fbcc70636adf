/**
 * The control plane opens to its token alone, refuses web pages, and drives what it says it drives.
 */
import { ControlClient } from '../../simulator/control/client';
import { send } from './support/api';
import { useSimulator } from './support/simulated';

const sim = useSimulator({ instances: 2 });
const address = (): string => new URL(sim().controlUrl).host;
const ask = async (
  headers: Record<string, string>,
  method = 'GET',
  target = '/health',
  body = '',
): Promise<number> =>
  (await send(address(), { method, target, headers: { host: address(), ...headers }, body })).status;
const token = (): Record<string, string> => ({ authorization: `Bearer ${sim().controlToken}` });

test('without the token nothing is answered, on any path', async () => {
  for (const target of ['/health', '/instances', '/ledger', '/nothing']) {
    expect(await ask({}, 'GET', target)).toBe(401);
    expect(await ask({ authorization: 'Bearer wrong' }, 'GET', target)).toBe(401);
    expect(await ask({ authorization: sim().controlToken }, 'DELETE', target)).toBe(401);
  }
  expect(await ask(token())).toBe(200);
});

test.each([
  ['a foreign host', { host: 'rebound.example' }],
  ['a foreign origin', { origin: 'https://evil.example' }],
  ['an opaque origin', { origin: 'null' }],
  ['a cross-site fetch', { 'sec-fetch-site': 'cross-site' }],
])('%s is refused even with the token', async (_what, headers) => {
  expect(await ask({ ...token(), ...headers })).toBe(403);
});

test('a form that a web page can send without asking is refused', async () => {
  const headers = { ...token(), 'content-type': 'text/plain' };
  expect(await ask(headers, 'POST', '/instances', '{}')).toBe(415);
  expect(await ask({ ...token(), 'content-type': 'application/json' }, 'POST', '/instances', '{')).toBe(400);
  expect(await ask(token(), 'GET', '/nothing')).toBe(404);
});

test('two simulators do not open to each other', async () => {
  const stranger = new ControlClient({ controlUrl: sim().controlUrl, controlToken: 'x'.repeat(32) });
  await expect(stranger.health()).rejects.toThrow('401');
});

test('instances are added, changed and removed, and the ledger knows', async () => {
  const { control } = sim();
  await control.mark('here');
  const [id = ''] = await control.addInstances({
    count: 2,
    name: 'node',
    tags: { env: 'x' },
    osType: 'windows',
  });
  const changed = await control.updateInstance(id, {
    tags: { env: 'y' },
    agent: { enabled: false },
    locks: [{ reason: 'Recycling' }],
    name: 'renamed',
  });
  expect(changed).toMatchObject({
    name: 'renamed',
    tags: { env: 'y' },
    osType: 'windows',
    agent: { enabled: false },
  });
  const shown = await sim().ok('DescribeInstances', { InstanceIds: JSON.stringify([id]) });
  expect(shown['Instances']).toMatchObject({
    Instance: [
      {
        InstanceName: 'renamed',
        OSType: 'windows',
        OperationLocks: { LockReason: [{ LockReason: 'Recycling' }] },
      },
    ],
  });
  await control.removeInstance(id);
  await expect(control.removeInstance(id)).rejects.toThrow('404');
  const effects = await control.effects(undefined, { sinceMark: 'here', resourceId: id });
  expect(effects.map(({ effect }) => effect)).toEqual([
    'instance.created',
    'instance.running',
    'instance.agent',
    'instance.released',
  ]);
});

test.each([
  ['an unknown field', { colour: 'red' }],
  ['an unknown status', { status: 'Flying' }],
  ['too many', { count: 100_000 }],
  ['an unknown region', { regionId: 'cn-atlantis' }],
])('instances with %s are refused', async (_what, spec) => {
  await expect(sim().control.addInstances(spec as { count: number })).rejects.toThrow(/40[04]/);
});

test('the ledger is read by action, code, effect and mark, counts, and forgets', async () => {
  const { control } = sim();
  await control.resetLedger();
  await sim().ok('DescribeRegions');
  await control.mark('later');
  await sim().fails('StartInstance', { InstanceId: 'i-none' });
  const [last] = await control.ledger({ sinceMark: 'later' });
  expect(last).toMatchObject({
    kind: 'call',
    action: 'StartInstance',
    code: 'InvalidInstanceId.NotFound',
    httpStatus: 404,
  });
  expect(last?.regionId).toBe('cn-hangzhou');
  expect(await control.calls('DescribeRegions', { limit: 5 })).toHaveLength(1);
  expect((await control.counts()).calls).toEqual({ DescribeRegions: 1, StartInstance: 1 });
  expect(await control.calls(undefined, { code: 'OK' })).toHaveLength(1);
  await control.resetLedger();
  expect(await control.ledger()).toEqual([]);
});

test('switches are read and set by name, misspelt ones refused', async () => {
  const { control } = sim();
  const before = await control.switches();
  const after = await control.setSwitches({ stopInvocation: 'terminate' });
  expect(after).toEqual({ ...before, stopInvocation: 'terminate' });
  await expect(control.setSwitches({ stopInvocations: 'x' } as never)).rejects.toThrow('400');
});

test('real time cannot be set', async () => {
  await expect(sim().control.advance(1)).rejects.toThrow('409');
  expect(await sim().control.clock()).toMatchObject({ mode: { kind: 'real' } });
});
