/** A run that continues as new: nothing is lost or doubled, and what it carries stays small. */
import type { WorkflowHandle } from '@temporalio/client';
import { RUN_UPDATES } from '../../src/domain/messages';
import type { RunCommandInput } from '../../src/domain/messages';
import { readRows } from '../../src/results/store';
import { replay } from '../support/replay';
import { REGION, withFleet } from '../support/skipping-environment';
import type { Fleet } from '../support/skipping-environment';
import { until } from '../support/temporary';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;

function inputFor(fleet: Fleet, rate: RunCommandInput['rate']): RunCommandInput {
  return {
    region: REGION,
    targets: { tags: [{ key: 'fleet' }] },
    command: { type: 'RunShellScript', content: 'work' },
    rate,
  };
}

/** The histories of every run of the chain, the first one first. */
async function chainOf(fleet: Fleet, workflowId: string, firstRunId: string): Promise<History[]> {
  const histories: History[] = [];
  for (let runId: string | undefined = firstRunId; runId;) {
    const history = await fleet.temporal.client.workflow.getHandle(workflowId, runId).fetchHistory();
    histories.push(history);
    const [last] = (history.events ?? []).slice(-1);
    runId = last?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? '';
  }
  return histories;
}

/** Bytes of the biggest value anywhere in a history. */
function biggestPayload(value: unknown): number {
  if (value instanceof Uint8Array) return value.byteLength;
  if (typeof value !== 'object' || value === null) return 0;
  return Math.max(0, ...Object.values(value).map(biggestPayload));
}

describe('a run that continues as new at every batch', () => {
  it('sends every batch once and has every row; each history replays and none carries the ids', () =>
    withFleet({ instances: 1_100, tags: { fleet: 'x' } }, async (fleet) => {
      const [odd = ''] = fleet.simulator.instanceIds;
      fleet.simulator.simulation.assistant.answers.add({ instanceId: odd, exitCode: 9 });
      fleet.simulator.simulation.assistant.answers.add({ content: 'work', durationMs: 20_000 });
      const handle = await fleet.start(inputFor(fleet, { maxConcurrency: 300 }), { batchesPerRun: 1 });
      const result = await handle.result();
      expect(result.totals).toMatchObject({ targets: 1_100, Success: 1_099, Failed: 1 });
      expect(result.rows).toMatchObject([{ instanceId: odd, exitCode: 9 }]);
      expect(fleet.callsOf('RunCommand')).toBe(11);
      expect(result.invocations.map(({ batch }) => batch)).toEqual(Array.from({ length: 11 }, (_, at) => at));
      const rows = await readRows(result.resultStore.path);
      expect(new Set(rows.map((row) => row.instanceId))).toEqual(new Set(fleet.simulator.instanceIds));
      const histories = await chainOf(fleet, handle.workflowId, result.resultStore.runId);
      expect(histories.length).toBeGreaterThan(3);
      for (const history of histories) {
        expect(biggestPayload(history)).toBeLessThan(16 * 1024);
        await replay(history, handle.workflowId);
      }
    }));

  it('keeps a pause, takes a resume, and a cancel stops what earlier runs have sent', () =>
    withFleet({ instances: 40, tags: { fleet: 'x' } }, async (fleet) => {
      const [quick = ''] = fleet.simulator.instanceIds;
      fleet.simulator.simulation.assistant.answers.add({ instanceId: quick, durationMs: 0 });
      fleet.simulator.simulation.assistant.answers.add({ content: 'work', hang: true });
      const input = inputFor(fleet, { canary: 1, maxConcurrency: 20 });
      input.command.timeoutSeconds = 86_400;
      const handle = await fleet.start(input, { batchesPerRun: 1 });
      const { runId } = await handle.describe();
      await until('the canary is sent', () => fleet.callsOf('RunCommand') === 1);
      await handle.executeUpdate(RUN_UPDATES.pause);
      const latest = fleet.temporal.client.workflow.getHandle(handle.workflowId);
      await fleet.temporal.sleep('1 minute');
      expect((await latest.describe()).runId).not.toBe(runId);
      expect(await latest.query('progress')).toMatchObject({
        phase: 'paused',
        states: { Success: 1, Queued: 39 },
      });
      expect(fleet.callsOf('RunCommand')).toBe(1);
      await latest.executeUpdate(RUN_UPDATES.resume);
      await until('the next batch is sent', () => fleet.callsOf('RunCommand') === 2);
      await latest.cancel();
      const result = await handle.result();
      expect(result).toMatchObject({
        outcome: 'cancelled',
        totals: { targets: 40, Success: 1, NotStarted: 19 },
      });
      expect(fleet.callsOf('StopInvocation')).toBe(1);
      expect(await readRows(result.resultStore.path)).toHaveLength(40);
    }));
});
