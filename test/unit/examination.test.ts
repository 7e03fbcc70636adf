/** The doctor against simulated accounts: each thing that is wrong is named with its mend, and nothing is ever done. */
import { createEcsProbes } from '../../src/ecs/probes';
import type { EcsOptions } from '../../src/ecs/transport';
import type { Finding } from '../../src/domain/findings';
import { FEATURES, ramPolicyFor } from '../../src/domain/permissions';
import type { Feature } from '../../src/domain/permissions';
import { examineEcs } from '../../src/worker/examination';
import { startSimulator } from '../../simulator';
import type { Simulator, SimulatorOptions } from '../../simulator';
import { freePorts } from '../../src/stack/ports';
import { afterTest } from '../support/temporary';

const REGION = 'cn-hangzhou';
const FEATURE_NAMES = Object.keys(FEATURES) as Feature[];
const ACTIONS = [...new Set(FEATURE_NAMES.flatMap((feature) => [...FEATURES[feature]]))];
const EVERYTHING = ramPolicyFor(FEATURE_NAMES);

const featuresOf = (action: string): string =>
  FEATURE_NAMES.filter((feature) => (FEATURES[feature] as readonly string[]).includes(action)).join(', ');

async function account(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator({ regions: [REGION], instances: 2, exec: 'canned', ...options });
  afterTest(() => simulator.close());
  return simulator;
}

async function examine(simulator: Simulator, over: EcsOptions = {}): Promise<Finding[]> {
  const accessKey = { id: simulator.accessKeyId, secret: simulator.accessKeySecret };
  const probes = createEcsProbes({ endpoint: simulator.endpoint, protocol: 'http', accessKey, ...over });
  const findings: Finding[] = [];
  for await (const finding of examineEcs(probes, REGION)) findings.push(finding);
  const { effects, unknownParameters } = simulator.simulation.ledger.counts();
  // The fleet itself is there from the start.
  expect(Object.keys(effects).filter((effect) => /invocation|command/.test(effect))).toEqual([]);
  expect(unknownParameters).toEqual({});
  for (const { status, mend } of findings) expect(mend === undefined).toBe(status === 'ok');
  return findings;
}

const bad = (findings: Finding[]): Finding[] => findings.filter(({ status }) => status !== 'ok');

test('a healthy account: endpoint, clock, signature and every permission, one line each', async () => {
  const findings = await examine(await account({ policy: EVERYTHING }));
  expect(bad(findings)).toEqual([]);
  expect(findings).toHaveLength(3 + ACTIONS.length);
  for (const action of ACTIONS)
    expect(findings).toContainEqual({
      status: 'ok',
      what: `permission ecs:${action} (${featuresOf(action)})`,
    });
});

test.each([...ACTIONS])('without ecs:%s just that is missing', async (missing) => {
  const policy = structuredClone(EVERYTHING);
  for (const statement of policy.Statement)
    statement.Action = statement.Action.filter((action) => action !== `ecs:${missing}`);
  const findings = bad(await examine(await account({ policy })));
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatchObject({
    status: featuresOf(missing).includes('runCommand') ? 'failed' : 'warning',
    what: expect.stringContaining(`permission ecs:${missing} (${featuresOf(missing)}) is missing`),
    mend: expect.stringContaining(`allow ecs:${missing}`),
  });
});

test('a wrong secret and an unknown key are the signature, and nothing else is tried', async () => {
  const simulator = await account();
  for (const accessKey of [
    { id: simulator.accessKeyId, secret: 'wrong' },
    { id: 'unknown', secret: 'wrong' },
  ]) {
    const findings = await examine(simulator, { accessKey });
    expect(findings.at(-1)).toMatchObject({
      status: 'failed',
      what: expect.stringContaining('the signature is refused'),
      mend: expect.stringContaining('ALIBABA_CLOUD_ACCESS_KEY_ID'),
    });
    expect(findings).toHaveLength(3);
  }
});

test.each([
  [-20 * 60_000, 'failed', 'ahead'],
  [16 * 60_000, 'failed', 'behind'],
  [6 * 60_000, 'warning', 'behind'],
] as const)('a clock that is %d ms off: %s', async (ms, status, what) => {
  const simulator = await account();
  simulator.simulation.faults.set([{ kind: 'clockSkew', ms }]);
  const findings = await examine(simulator);
  expect(findings[1]).toMatchObject({ status, what: expect.stringContaining(what) });
});

test('nobody at the endpoint: one line, at once', async () => {
  const [port = 0] = await freePorts(1);
  const findings = await examine(await account(), { endpoint: `127.0.0.1:${port}` });
  expect(findings).toMatchObject([{ status: 'failed', what: expect.stringContaining('does not answer') }]);
});

test('throttled or unreadable answers prove nothing, and are said to', async () => {
  const simulator = await account();
  simulator.simulation.faults.set([
    { action: 'RunCommand', kind: 'throttle', count: 1 },
    { action: 'StopInvocation', kind: 'error', httpStatus: 503, phase: 'before' },
  ]);
  const findings = bad(await examine(simulator));
  expect(findings.map(({ status, what }) => [status, what.split(' could not')[0]])).toEqual([
    ['warning', 'permission ecs:RunCommand (runCommand)'],
    ['warning', 'permission ecs:StopInvocation (runCommand)'],
  ]);
});
