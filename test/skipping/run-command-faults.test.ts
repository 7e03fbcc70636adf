import type { InstanceRow, RunCommandInput } from '../../src/domain/messages';
import { cloudAssistant } from '../../simulator/assistant';
import type { FaultSpec } from '../../simulator/core/faults';
import { REGION, createSkippingEnvironment } from '../support/skipping-environment';
import type { Fleet, SkippingEnvironment } from '../support/skipping-environment';

let environment: SkippingEnvironment;
beforeAll(async () => void (environment = await createSkippingEnvironment()));
afterAll(() => environment?.close());

function inputFor(fleet: Fleet, over: Partial<RunCommandInput['command']> = {}): RunCommandInput {
  const instanceIds = [...fleet.simulator.instanceIds];
  return {
    region: REGION,
    targets: { instanceIds },
    command: { type: 'RunShellScript', content: 'hostname', ...over },
  };
}

function effects(fleet: Fleet, effect: string): number {
  return fleet.simulator.simulation.ledger.query({ kind: 'effect', effect }).length;
}

describe('one invocation per batch in the ledger, whatever happens to the answer', () => {
  const faults: [string, FaultSpec[]][] = [
    [
      'connection reset after the effect',
      [{ action: 'RunCommand', kind: 'reset', phase: 'after', count: 2 }],
    ],
    [
      'connection reset before the effect',
      [{ action: 'RunCommand', kind: 'reset', phase: 'before', count: 2 }],
    ],
    [
      '500 after the effect',
      [
        {
          action: 'RunCommand',
          kind: 'error',
          httpStatus: 500,
          code: 'InternalError',
          phase: 'after',
          count: 2,
        },
      ],
    ],
    [
      '503 before the effect',
      [{ action: 'RunCommand', kind: 'error', httpStatus: 503, phase: 'before', count: 3 }],
    ],
    ['HTML of a proxy after the effect', [{ action: 'RunCommand', kind: 'html', phase: 'after', count: 1 }]],
    ['a cut body', [{ action: 'RunCommand', kind: 'truncated', count: 1 }]],
    ['Throttling until the next minute', [{ action: 'RunCommand', kind: 'throttle', count: 1 }]],
  ];

  it.each(faults)('%s', (_name, specs) =>
    environment.withFleet({ instances: 150 }, async (fleet) => {
      fleet.simulator.simulation.faults.set(specs);
      const result = await fleet.run(inputFor(fleet));
      expect(result).toMatchObject({ outcome: 'succeeded', totals: { Success: 150 } });
      expect(effects(fleet, 'invocation.created')).toBe(2);
    }),
  );
});

describe('a ClientToken', () => {
  it('that ECS has forgotten after 11 minutes of outage is not trusted: the invocation is found by its tags', () =>
    environment.withFleet({ instances: 100 }, async (fleet) => {
      fleet.simulator.simulation.faults.set([
        { kind: 'clientTokenLifetime', ms: 1_000 },
        { action: 'RunCommand', kind: 'reset', phase: 'after', count: 1 },
        { action: 'RunCommand', kind: 'error', httpStatus: 503, phase: 'before', count: 15, skip: 1 },
      ]);
      const result = await fleet.run(inputFor(fleet));
      expect(result).toMatchObject({ outcome: 'succeeded', totals: { Success: 100 } });
      expect(effects(fleet, 'invocation.created')).toBe(1);
    }));
});

describe('a record', () => {
  it('that vanished is lost output, not a run that never ends', () =>
    environment.withFleet({ instances: 2 }, async (fleet) => {
      cloudAssistant(fleet.simulator.simulation).answers.add({ content: 'hostname', durationMs: 30_000 });
      const handle = await fleet.start(inputFor(fleet));
      fleet.simulator.simulation.faults.set([{ kind: 'purgedRecords' }]);
      const result = await handle.result();
      expect(result.totals).toMatchObject({ targets: 2, Unknown: 2 });
      expect(result.rows[0]?.reason).toContain('lost output');
      expect(effects(fleet, 'invocation.created')).toBe(1);
    }));

  it('that is not visible yet is waited for', () =>
    environment.withFleet({ instances: 2 }, async (fleet) => {
      fleet.simulator.simulation.faults.set([
        { action: 'DescribeInvocations', kind: 'visibilityLag', ms: 20_000 },
      ]);
      expect((await fleet.run(inputFor(fleet))).outcome).toBe('succeeded');
      expect(effects(fleet, 'invocation.created')).toBe(1);
    }));

  it('of a status nobody knows is not an end', () =>
    environment.withFleet({ instances: 2 }, async (fleet) => {
      fleet.simulator.simulation.faults.set([
        { action: 'DescribeInvocations', kind: 'unknownStatus', count: 4 },
      ]);
      expect((await fleet.run(inputFor(fleet))).outcome).toBe('succeeded');
    }));
});

describe('a refusal', () => {
  it('because of one instance takes that instance out and sends the rest', () =>
    environment.withFleet({ instances: 5 }, async (fleet) => {
      const { simulation } = fleet.simulator;
      const [gone = ''] = fleet.simulator.instanceIds;
      // Released between the check and the call: the first RunCommand is refused as a whole.
      fleet.afterCall('DescribeCloudAssistantStatus', () => {
        const instance = simulation.world.regions.get(REGION)?.instances.get(gone);
        if (instance) simulation.instances.release(instance, true);
      });
      const result = await fleet.run(inputFor(fleet));
      expect(fleet.callsOf('RunCommand')).toBe(2);
      expect(result.totals).toMatchObject({ targets: 5, Success: 4, Unfit: 1 });
      expect(result.rows.find((row: InstanceRow) => row.instanceId === gone)?.reason).toBe(
        `not found in ${REGION}`,
      );
    }));

  it('by RAM is a result that names the missing action', () =>
    environment.withFleet({ instances: 2 }, async (fleet) => {
      fleet.simulator.simulation.policy = {
        Version: '1',
        Statement: [{ Effect: 'Allow', Action: ['ecs:Describe*'], Resource: '*' }],
      };
      const result = await fleet.run(inputFor(fleet));
      expect(result).toMatchObject({ outcome: 'failed', totals: { NotStarted: 2 } });
      expect(result.refusal).toMatch(/Forbidden\.RAM.*ecs:RunCommand.*request id/);
    }));
});
