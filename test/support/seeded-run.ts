/**
 * A run under random faults, all of it decided by one number: fleet, command, faults. The same seed gives the same run.
 *
 * The one rule: what must hold is checked against the ledger and what the instances were told to do, never against
 * what the run says of itself.
 */
import { RandomStream } from './random-stream';
import type { FaultSpec } from '../../simulator/core/faults';
import { readRows } from '../../src/results/store';
import type { Outcome } from '../../src/domain/messages';
import { REGION, withFleet } from './skipping-environment';
import type { Fleet } from './skipping-environment';

const READS = [
  'DescribeInstances',
  'DescribeCloudAssistantStatus',
  'DescribeInvocations',
  'DescribeInvocationResults',
];

/** Faults that a run survives in full, each with what it draws. */
const SURVIVED: ((random: RandomStream) => FaultSpec)[] = [
  (r) => ({ kind: 'error', httpStatus: 503, phase: 'before', rate: r.between(1, 20) / 100 }),
  (r) => ({
    kind: 'error',
    httpStatus: 500,
    code: 'InternalError',
    phase: 'after',
    rate: r.between(1, 15) / 100,
  }),
  (r) => ({ kind: 'reset', phase: r.pick(['before', 'after']), rate: r.between(1, 15) / 100 }),
  (r) => ({ action: 'RunCommand', kind: 'reset', phase: 'after', count: r.between(1, 4) }),
  (r) => ({ action: r.pick([...READS, 'RunCommand']), kind: 'throttle', count: 1, skip: r.between(0, 3) }),
  (r) => ({ action: r.pick(READS), kind: 'malformedJson', count: r.between(1, 3) }),
  (r) => ({ action: r.pick(READS), kind: 'truncated', count: r.between(1, 3) }),
  (r) => ({ action: r.pick(READS), kind: 'html', count: r.between(1, 3) }),
  () => ({ kind: 'unknownFields' }),
  (r) => ({ action: 'DescribeInvocations', kind: 'unknownStatus', count: r.between(1, 4) }),
  (r) => ({ action: 'DescribeInvocations', kind: 'visibilityLag', ms: r.between(1, 40) * 1_000 }),
  // A first page cannot shift: of the calls of a list only the later ones are hit.
  (r) => ({
    action: 'DescribeInvocationResults',
    kind: 'pageShift',
    by: r.between(-20, 20),
    count: r.between(1, 3),
    skip: r.between(1, 2),
  }),
  (r) => ({ action: 'DescribeInvocationResults', kind: 'repeatedToken', count: r.between(1, 2) }),
];

const ENDS = [
  { outcome: 'Success', answer: { exitCode: 0 } },
  { outcome: 'Failed', answer: { exitCode: 7 } },
  { outcome: 'Timeout', answer: { hang: true } },
  { outcome: 'Failed', answer: { error: 'AccountNotExists' } },
] as const;

/** Runs one seed; the list of what did not hold, empty when all is well. */
export async function runSeed(seed: number): Promise<string[]> {
  const random = new RandomStream(seed);
  const instances = random.pick([1, 3, 40, 101, 150]);
  return withFleet({ instances, randomStart: seed }, async (fleet) => {
    const expected = tellInstances(fleet, random);
    const faults = drawFaults(random);
    fleet.simulator.simulation.faults.set(faults);
    const result = await fleet.run({
      region: REGION,
      targets: { instanceIds: [...expected.keys()] },
      command: { type: 'RunShellScript', content: 'work', timeoutSeconds: random.between(10, 120) },
      rate: { maxConcurrency: '100%', maxErrors: '100%' },
    });
    const rows = await readRows(result.resultStore.path);
    return [...wrongRows(expected, rows), ...wrongEffects(fleet, instances)].map(
      (line) => `${line}; ${JSON.stringify(faults)}`,
    );
  });
}

/** One to four faults that a run survives in full. */
export function drawFaults(random: RandomStream): FaultSpec[] {
  return Array.from({ length: random.between(1, 4) }, () => random.pick(SURVIVED)(random));
}

/** Decides for each instance how its command ends. */
export function tellInstances(fleet: Fleet, random: RandomStream): Map<string, Outcome> {
  const { answers } = fleet.simulator.simulation.assistant;
  const expected = new Map<string, Outcome>();
  for (const instanceId of fleet.simulator.instanceIds) {
    const end = random.chance(0.7) ? ENDS[0] : random.pick(ENDS);
    answers.add({ instanceId, durationMs: random.between(0, 9_000), ...end.answer });
    expected.set(instanceId, end.outcome);
  }
  return expected;
}

function wrongRows(
  expected: Map<string, Outcome>,
  rows: { instanceId: string; outcome: Outcome }[],
): string[] {
  const found = new Map(rows.map((row) => [row.instanceId, row.outcome]));
  const wrong = [...expected].filter(([id, outcome]) => found.get(id) !== outcome);
  const extra = rows.filter((row) => !expected.has(row.instanceId));
  return [
    ...wrong.map(([id, outcome]) => `${id} should be ${outcome} and is ${found.get(id) ?? 'missing'}`),
    ...extra.map((row) => `${row.instanceId} was not asked for`),
  ];
}

function wrongEffects(fleet: Fleet, instances: number): string[] {
  const { effects, unknownParameters } = fleet.simulator.simulation.ledger.counts();
  const batches = Math.ceil(instances / 100);
  return [
    ...(effects['invocation.created'] === batches
      ? []
      : [`${effects['invocation.created'] ?? 0} invocations for ${batches} batches`]),
    ...(effects['command.started'] === undefined || effects['command.started'] <= instances
      ? []
      : ['a command started twice']),
    ...Object.keys(unknownParameters).map((name) => `unknown parameter ${name}`),
  ];
}
