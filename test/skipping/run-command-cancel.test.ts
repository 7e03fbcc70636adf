import type { RunCommandInput } from '../../src/domain/messages';
import { cloudAssistant } from '../../simulator/assistant';
import { idsOfCalls } from '../support/run-ledger';
import { REGION, withFleet } from '../support/skipping-environment';
import type { Fleet } from '../support/skipping-environment';
import { until } from '../support/temporary';

function inputFor(fleet: Fleet): RunCommandInput {
  const instanceIds = [...fleet.simulator.instanceIds];
  return {
    region: REGION,
    targets: { instanceIds },
    command: { type: 'RunShellScript', content: 'work', timeoutSeconds: 600 },
  };
}

describe('cancel', () => {
  it('stops what is alive in calls of 50 ids and says what had started', () =>
    withFleet({ instances: 120 }, async (fleet) => {
      cloudAssistant(fleet.simulator.simulation).answers.add({ content: 'work', hang: true });
      const handle = await fleet.start({ ...inputFor(fleet), rate: { maxConcurrency: '100%' } });
      await until('RunCommand was called', () => fleet.callsOf('RunCommand') === 2);
      await handle.cancel();
      const result = await handle.result();
      expect(result.outcome).toBe('cancelled');
      // Batches of 60: the 51st id of each is in a second call, and none is left out.
      const stopped = idsOfCalls(fleet, 'StopInvocation');
      expect(stopped.map((ids) => ids.length)).toEqual(expect.arrayContaining([50, 10, 50, 10]));
      expect(stopped.flat().sort()).toEqual([...fleet.simulator.instanceIds].sort());
      expect(result.totals.targets).toBe(120);
      expect(result.totals.Stopped + result.totals.Unknown).toBe(120);
      expect(result.summary).toMatch(/^Cancelled\./);
    }));

  it('before anything was sent sends nothing', () =>
    withFleet({ instances: 3 }, async (fleet) => {
      fleet.simulator.simulation.faults.set([
        { action: 'DescribeInstances', kind: 'error', httpStatus: 503 },
      ]);
      const handle = await fleet.start(inputFor(fleet));
      await until('DescribeInstances was called', () => fleet.callsOf('DescribeInstances') >= 1);
      await handle.cancel();
      const result = await handle.result();
      expect(result.outcome).toBe('cancelled');
      expect(fleet.callsOf('RunCommand')).toBe(0);
    }));

  it('while RunCommand is being tried again finds out whether it took effect, and stops it', () =>
    withFleet({ instances: 3 }, async (fleet) => {
      const { simulation } = fleet.simulator;
      cloudAssistant(simulation).answers.add({ content: 'work', hang: true });
      simulation.faults.set([
        { action: 'RunCommand', kind: 'reset', phase: 'after', count: 1 },
        { action: 'RunCommand', kind: 'error', httpStatus: 503, phase: 'before', skip: 1 },
      ]);
      const handle = await fleet.start(inputFor(fleet));
      await until('RunCommand was called', () => fleet.callsOf('RunCommand') >= 2);
      await handle.cancel();
      const result = await handle.result();
      expect(result.outcome).toBe('cancelled');
      expect(result.invocations[0]?.invokeId).toMatch(/^t-/);
      expect(fleet.callsOf('StopInvocation')).toBe(1);
      expect(result.totals.NotStarted).toBe(0);
    }));
});
