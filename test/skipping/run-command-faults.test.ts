import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRows } from '../../src/results/store';
import type { RunCommandInput } from '../../src/domain/messages';
import { FAULT_TABLE, faultTableAsMarkdown } from '../support/fault-table';
import { REGION, withFleet } from '../support/skipping-environment';
import type { Fleet } from '../support/skipping-environment';

function inputFor(fleet: Fleet): RunCommandInput {
  const instanceIds = [...fleet.simulator.instanceIds];
  return {
    region: REGION,
    targets: { instanceIds },
    command: { type: 'RunShellScript', content: 'hostname' },
  };
}

describe('a run under a fault ends right, by the ledger', () => {
  it.each(FAULT_TABLE.map((row) => [row.fault, row] as const))('%s', (_name, row) =>
    withFleet({ instances: row.instances, randomStart: 7 }, async (fleet) => {
      const { faults, ledger } = fleet.simulator.simulation;
      faults.set(row.specs);
      const result = await fleet.run(inputFor(fleet));
      expect(result).toMatchObject({ outcome: row.outcome, totals: row.totals });
      expect(ledger.query({ kind: 'effect', effect: 'invocation.created' })).toHaveLength(
        row.invocations ?? Math.ceil(row.instances / 100),
      );
      if (row.hits !== false)
        for (const fault of faults.list()) if ('count' in fault.fault) expect(fault.hits).toBeGreaterThan(0);
      if (result.totals.NotStarted === 0) {
        const rows = await readRows(result.resultStore.path);
        expect(rows.map((each) => each.instanceId).sort()).toEqual([...fleet.simulator.instanceIds].sort());
        // … and each has the output of its own instance.
        const { instances } = fleet.simulator.simulation.world.regions.get(REGION) ?? {};
        for (const { instanceId, output } of rows.filter((each) => each.outcome === 'Success'))
          expect(output).toBe(`${instances?.get(instanceId)?.hostName}\n`);
      }
      expect(ledger.counts().unknownParameters).toEqual({});
    }),
  );

  it('and the table stands in docs/operations.md', () => {
    const text = readFileSync(join(__dirname, '../../docs/operations.md'), 'utf8');
    const cells = (table: string): string => table.replace(/ *\| */g, '|').replace(/-{3,}/g, '---');
    expect(cells(text)).toContain(cells(faultTableAsMarkdown()));
  });
});

describe('one instance ECS refuses', () => {
  it('is taken out and the rest is sent', () =>
    withFleet({ instances: 5 }, async (fleet) => {
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
      expect(result.rows.find((row) => row.instanceId === gone)?.reason).toBe(`not found in ${REGION}`);
    }));
});
