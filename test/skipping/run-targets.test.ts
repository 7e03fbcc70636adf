/** What a run is on: resource groups, everything, exclusions, a limit; alone where it asks for that; told beforehand. */
import { taskQueueOf } from '../../src/domain/messages';
import type { RunCommandInput, RunCommandResult, StoredRow, Targets } from '../../src/domain/messages';
import { PREVIEW_RUN } from '../../src/domain/run-preview';
import type { RunPreview } from '../../src/domain/run-preview';
import { readRows } from '../../src/results/store';
import { REGION, withFleet } from '../support/skipping-environment';
import type { Fleet } from '../support/skipping-environment';

function inputFor(targets: Targets, over: Partial<RunCommandInput> = {}): RunCommandInput {
  const command = { type: 'RunShellScript', content: 'uname -r' } as const;
  return { region: REGION, targets, command, ...over };
}

const idsOf = ({ rows }: RunCommandResult): string[] => rows.map((row) => row.instanceId).sort();

function started(fleet: Fleet): { resourceId: string; seq: number }[] {
  return fleet.simulator.simulation.ledger.query({ kind: 'effect', effect: 'command.started' }) as never;
}

describe('targets', () => {
  it('by resource group, by everything, without the excluded, up to a limit', () =>
    withFleet(
      {
        instances: [
          { resourceGroupId: 'rg-a' },
          { resourceGroupId: 'rg-b' },
          { resourceGroupId: 'rg-a' },
          {},
        ],
      },
      async (fleet) => {
        const [a = '', b = '', c = '', d = ''] = fleet.simulator.instanceIds;
        const on = async (targets: Targets): Promise<string[]> => idsOf(await fleet.run(inputFor(targets)));
        expect(await on({ resourceGroupId: 'rg-a' })).toEqual([a, c].sort());
        expect(await on({ all: true, excludeInstanceIds: [a] })).toEqual([b, c, d].sort());
        expect(await on({ resourceGroupId: 'rg-a', instanceIds: [d], limit: 2 })).toHaveLength(2);
        expect(fleet.simulator.simulation.ledger.counts().unknownParameters).toEqual({});
      },
    ));
});

describe('targets that cannot be', () => {
  it('more than one run takes: nothing is sent, and the answer says what to do; a limit takes some of them', () =>
    withFleet({ instances: 1, tags: { role: 'web' } }, async (fleet) => {
      const instanceIds = Array.from({ length: 10_000 }, (_, at) => `i-named${at}`);
      const targets = { instanceIds, tags: [{ key: 'role' }] };
      const { outcome, refusal } = await fleet.run(inputFor(targets));
      expect({ outcome, refusal }).toEqual({
        outcome: 'failed',
        refusal: '10001 instances are selected, at most 10000 fit one run; start several, or give a limit',
      });
      expect(fleet.callsOf('DescribeInstances')).toBe(0);
      expect(idsOf(await fleet.run(inputFor({ ...targets, limit: 2 })))).toEqual(['i-named0', 'i-named1']);
    }));

  it('of another region: a row that says so, and the others have the command', () =>
    withFleet(
      { regions: [REGION, 'cn-beijing'], instances: [{}, { regionId: 'cn-beijing' }] },
      async (fleet) => {
        const [here = '', there = ''] = fleet.simulator.instanceIds;
        const { rows, totals } = await fleet.run(inputFor({ instanceIds: [here, there] }));
        expect(totals).toMatchObject({ Success: 1, Unfit: 1 });
        expect(rows.find((row) => row.instanceId === there)?.reason).toBe(`not found in ${REGION}`);
        expect(started(fleet).map(({ resourceId }) => resourceId)).toEqual([here]);
      },
    ));
});

describe('a fleet of both systems', () => {
  it('by tag: a shell script leaves out Windows with the reason, and the other way round', () =>
    withFleet(
      {
        instances: [
          { tags: new Map([['fleet', 'web']]) },
          { osType: 'windows', tags: new Map([['fleet', 'web']]) },
        ],
      },
      async (fleet) => {
        const [linux = '', windows = ''] = fleet.simulator.instanceIds;
        const targets = { tags: [{ key: 'fleet', value: 'web' }] };
        const rowsOf = async (command: Partial<RunCommandInput['command']>): Promise<object> => {
          const whole = { ...inputFor(targets).command, ...command };
          const { rows } = await fleet.run(inputFor(targets, { command: whole }));
          return Object.fromEntries(
            rows.map((row) => [row.instanceId, row.outcome + ': ' + (row.reason ?? row.firstLine ?? '')]),
          );
        };
        expect(await rowsOf({ content: 'whoami' })).toEqual({
          [linux]: 'Success: root',
          [windows]: 'Unfit: RunShellScript needs linux, the instance runs windows',
        });
        expect(await rowsOf({ type: 'RunPowerShellScript', content: 'whoami' })).toEqual({
          [linux]: 'Unfit: RunPowerShellScript needs windows, the instance runs linux',
          [windows]: 'Success: system',
        });
        const asUser = { type: 'RunPowerShellScript', content: 'whoami', user: 'Administrator' } as const;
        expect(await rowsOf(asUser)).toMatchObject({
          [windows]: expect.stringContaining('UsernameOrPasswordInvalid'),
        });
        expect(await rowsOf({ ...asUser, windowsPasswordName: 'axtSecretPassword' })).toMatchObject({
          [windows]: 'Success: Administrator',
        });
        expect(fleet.simulator.simulation.ledger.counts().codes).not.toHaveProperty(
          'InvalidInstance.NotMatch',
        );
      },
    ));
});

describe('outputs', () => {
  it('are delivered to OSS where a place is given; the row says where, or why not', () =>
    withFleet({ instances: 1 }, async (fleet) => {
      const { assistant } = fleet.simulator.simulation;
      assistant.answers.add({ content: 'long', outputBytes: 50_000 });
      assistant.buckets.set('gone', 'missing');
      const rowOf = async (ossOutputDelivery?: string): Promise<StoredRow | undefined> => {
        const command = { type: 'RunShellScript', content: 'long', ossOutputDelivery } as const;
        const { rows, resultStore } = await fleet.run(inputFor({ all: true }, { command }));
        const [stored] = await readRows(resultStore.path);
        expect(stored).toMatchObject(rows[0] ?? {});
        return stored;
      };
      const dropped = { outcome: 'Success', droppedBytes: 25_424 };
      expect(await rowOf()).toMatchObject(dropped);
      expect(await rowOf('oss://outputs/a')).toMatchObject({
        ...dropped,
        ossStatus: 'Finished',
        ossUri: expect.stringMatching(/^oss:\/\/outputs\/a\/t-/),
      });
      const failed = await rowOf('oss://gone/a');
      expect(failed).toMatchObject({
        ...dropped,
        ossStatus: 'Failed',
        ossError: 'NoSuchBucket: The specified bucket does not exist.',
      });
      expect(failed).not.toHaveProperty('ossUri');
    }));
});

describe('exclusive runs', () => {
  it('take at most 1,000 instances: above that nothing is sent, and every row says why', () =>
    withFleet({ instances: 1_001 }, async (fleet) => {
      const result = await fleet.run(inputFor({ all: true }, { exclusive: true }));
      expect(result).toMatchObject({
        outcome: 'failed',
        stopped: 'an exclusive run takes at most 1000 instances, these are 1001',
        totals: { NotStarted: 1_001 },
      });
      expect(await readRows(result.resultStore.path)).toHaveLength(1_001);
      expect(fleet.callsOf('RunCommand')).toBe(0);
    }));
});

describe('a preview', () => {
  const preview = (fleet: Fleet, input: RunCommandInput, askEcs = false): Promise<RunPreview> =>
    fleet.temporal.client.workflow.execute(PREVIEW_RUN, {
      taskQueue: taskQueueOf(fleet.account),
      workflowId: `preview-${Math.random()}`,
      args: [input, { askEcs }],
    });

  it('starts nothing, and says what the run then does: targets, batches, calls, script', () =>
    withFleet(
      { instances: [...Array.from({ length: 120 }, () => ({})), { status: 'Stopped' }] },
      async (fleet) => {
        const [first = '', second = ''] = fleet.simulator.instanceIds;
        const rate = { canary: 4, startWith: 10, maxConcurrency: 60 };
        const input = inputFor({ all: true, excludeInstanceIds: [first, second], limit: 119 }, { rate });
        input.command = {
          ...input.command,
          content: 'echo {{Word}} {{x}}',
          parameters: { word: 'hello', x: '1' },
        };
        const told = await preview(fleet, input);
        expect(started(fleet)).toEqual([]);
        expect(fleet.callsOf('RunCommand')).toBe(0);
        expect(told).toMatchObject({
          fit: { count: 118 },
          unfit: { count: 1, rows: [{ outcome: 'Unfit', reason: expect.stringContaining('Stopped') }] },
          left: {
            count: 2,
            rows: [{ instanceId: first, reason: 'excluded by name' }, { instanceId: second }],
          },
          limits: { maxConcurrency: 60, maxErrors: 11 },
          script: 'echo hello 1',
        });
        const before = fleet.simulator.simulation.ledger.counts().calls;
        const { invocations } = await fleet.run(input);
        expect(invocations.map((each) => each.instances)).toEqual(told.batches.sizes);
        const after = fleet.simulator.simulation.ledger.counts().calls;
        for (const [action, count] of Object.entries(told.calls)) {
          // The preview listed everything too, a page of a hundred each.
          const listed = action === 'DescribeInstances' ? 2 : 0;
          expect([action, (after[action] ?? 0) - (before[action] ?? 0) - listed]).toEqual([action, count]);
        }
      },
    ));

  it('can ask ECS itself, which takes it or says what is wrong', () =>
    withFleet({ instances: 2 }, async (fleet) => {
      const good = await preview(fleet, inputFor({ all: true }), true);
      expect(good.verdict).toMatchObject({ accepted: true });
      fleet.simulator.simulation.faults.set([
        { action: 'RunCommand', kind: 'error', httpStatus: 403, code: 'Forbidden.RAM' },
      ]);
      const bad = await preview(fleet, inputFor({ all: true }), true);
      expect(bad.verdict).toMatchObject({
        accepted: false,
        message: expect.stringContaining('Forbidden.RAM'),
      });
      expect(fleet.callsOf('RunCommand')).toBe(2);
      expect(started(fleet)).toEqual([]);
    }));
});
