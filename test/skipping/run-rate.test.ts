/** Rate control over the simulator's ledger: what was really under way, really started, really left out. */
import type { WorkflowUpdateFailedError } from '@temporalio/client';
import { RUN_UPDATES } from '../../src/domain/messages';
import type { RateControl, RunCommandInput, RunCommandProgress } from '../../src/domain/messages';
import { readRows } from '../../src/results/store';
import type { ScriptedAnswerInput } from '../../simulator/exec';
import { effectsOf, mostUnderWay, startedOn } from '../support/run-ledger';
import { REGION, withFleet } from '../support/skipping-environment';
import type { Fleet } from '../support/skipping-environment';
import { until } from '../support/temporary';

type Handle = Awaited<ReturnType<Fleet['start']>>;

function inputFor(fleet: Fleet, rate: RateControl, over: Partial<RunCommandInput> = {}): RunCommandInput {
  return {
    region: REGION,
    targets: { instanceIds: [...fleet.simulator.instanceIds] },
    command: { type: 'RunShellScript', content: 'work', timeoutSeconds: 600 },
    rate,
    ...over,
  };
}

function tell(fleet: Fleet, answer: ScriptedAnswerInput): void {
  fleet.simulator.simulation.assistant.answers.add(answer);
}

const started = (fleet: Fleet): number => startedOn(fleet).length;
const progress = (handle: Handle): Promise<RunCommandProgress> =>
  handle.query<RunCommandProgress>('progress');
const update = (handle: Handle, name: keyof typeof RUN_UPDATES, said: object = {}): Promise<string> =>
  handle.executeUpdate<string, [object]>(RUN_UPDATES[name], { args: [said] });
const refusal = (said: Promise<string>): Promise<string> =>
  said.then(
    () => 'not refused',
    (error: WorkflowUpdateFailedError) => String(error.cause?.message),
  );

describe('limits', () => {
  it('keep the instances under way at or below maxConcurrency at every moment, and every one has its row', () =>
    withFleet({ instances: 130 }, async (fleet) => {
      fleet.simulator.instanceIds.forEach((instanceId, at) =>
        tell(fleet, { instanceId, durationMs: 1_000 * (at % 45) }),
      );
      const result = await fleet.run(inputFor(fleet, { maxConcurrency: 30 }));
      expect(result).toMatchObject({ outcome: 'succeeded', totals: { targets: 130, Success: 130 } });
      expect(mostUnderWay(fleet)).toBeLessThanOrEqual(30);
      expect(mostUnderWay(fleet)).toBeGreaterThan(15);
      expect(await readRows(result.resultStore.path)).toHaveLength(130);
    }));

  it('let the next batch go while a slow one is still under way', () =>
    withFleet({ instances: 240 }, async (fleet) => {
      const [slow = ''] = fleet.simulator.instanceIds;
      tell(fleet, { instanceId: slow, durationMs: 500_000 });
      tell(fleet, { content: 'work' });
      const result = await fleet.run(inputFor(fleet, { maxConcurrency: 160 }));
      expect(result.totals.Success).toBe(240);
      const slowEnd = effectsOf(fleet, 'command.finished').find((effect) => effect.resourceId === slow);
      const others = effectsOf(fleet, 'command.started').filter((effect) => effect.seq > (slowEnd?.seq ?? 0));
      expect(others).toEqual([]);
      expect(fleet.callsOf('RunCommand')).toBe(3);
    }));

  it('stop a run past maxErrors: no more fail than that and what was under way, the rest is NotStarted', () =>
    withFleet({ instances: 120 }, async (fleet) => {
      tell(fleet, { content: 'work', exitCode: 1 });
      const result = await fleet.run(inputFor(fleet, { maxConcurrency: 20, maxErrors: 25 }));
      expect(result.totals.Failed).toBe(40);
      expect(result.totals).toMatchObject({ targets: 120, NotStarted: 80 });
      expect(result.stopped).toBe('40 errors, more than the 25 allowed');
      expect(result.summary).toContain(result.stopped);
      expect(started(fleet)).toBe(40);
      const failed = effectsOf(fleet, 'command.finished').filter(({ detail }) => detail?.status === 'Failed');
      expect(failed).toHaveLength(40);
      const rows = await readRows(result.resultStore.path);
      expect(rows).toHaveLength(120);
      expect(rows.filter((row) => row.reason === `not sent: ${result.stopped}`)).toHaveLength(80);
    }));

  it('grow with success: each success makes room for one more', () =>
    withFleet({ instances: 100 }, async (fleet) => {
      tell(fleet, { content: 'work' });
      const result = await fleet.run(inputFor(fleet, { startWith: 5, maxConcurrency: 40 }));
      expect(result.outcome).toBe('succeeded');
      expect(result.invocations.map((each) => each.instances)).toEqual([5, 10, 20, 40, 25]);
    }));
});

describe('a canary', () => {
  it('goes first and alone, and the rest follows by itself', () =>
    withFleet({ instances: 60 }, async (fleet) => {
      tell(fleet, { content: 'work', durationMs: 20_000 });
      const result = await fleet.run(inputFor(fleet, { canary: '5%' }));
      expect(result.invocations.map((each) => each.instances)).toEqual([3, 57]);
      const ended = effectsOf(fleet, 'command.finished')[2]?.seq ?? Infinity;
      expect(effectsOf(fleet, 'command.started')[3]?.seq).toBeGreaterThan(ended);
    }));

  it('that fails is the end: nothing else is sent', () =>
    withFleet({ instances: 60 }, async (fleet) => {
      const [first = ''] = fleet.simulator.instanceIds;
      tell(fleet, { instanceId: first, exitCode: 1 });
      tell(fleet, { content: 'work' });
      const result = await fleet.run(inputFor(fleet, { canary: 3 }));
      expect(result).toMatchObject({
        stopped: 'the canary failed on 1 of 3 instances',
        totals: { Success: 2, Failed: 1, NotStarted: 57 },
      });
      expect(started(fleet)).toBe(3);
    }));

  it('can be followed by a person: the run asks, waits and goes on when it is approved', () =>
    withFleet({ instances: 20 }, async (fleet) => {
      const [first = ''] = fleet.simulator.instanceIds;
      tell(fleet, { instanceId: first, exitCode: 1 });
      tell(fleet, { content: 'work', durationMs: 20_000 });
      const handle = await fleet.start(inputFor(fleet, { canary: 2, approve: true }));
      await until('the canary is sent', () => fleet.callsOf('RunCommand') === 1);
      expect(await refusal(update(handle, 'approve'))).toContain('canary has not ended yet');
      await fleet.temporal.sleep('2 days');
      expect(await progress(handle)).toMatchObject({ phase: 'approval' });
      const { searchAttributes } = await handle.describe();
      expect(searchAttributes.StewardAttention).toEqual(['runCommand: approval']);
      expect(started(fleet)).toBe(2);
      expect(await update(handle, 'approve')).toBe('approved: goes on with the other 18 instances');
      const result = await handle.result();
      expect(result.totals).toMatchObject({ Success: 19, Failed: 1 });
      const { StewardAttention: after = [] } = (await handle.describe()).searchAttributes;
      expect(after.filter(Boolean)).toEqual([]);
    }));
});

describe('people', () => {
  it('pause a run, which starts nothing until it is resumed', () =>
    withFleet({ instances: 30 }, async (fleet) => {
      tell(fleet, { content: 'work', durationMs: 60_000 });
      const handle = await fleet.start(inputFor(fleet, { maxConcurrency: 10 }));
      await until('a batch is sent', () => fleet.callsOf('RunCommand') === 1);
      expect(await refusal(update(handle, 'resume'))).toBe('it is not paused');
      expect(await update(handle, 'pause')).toContain('paused: nothing further is sent');
      expect(await refusal(update(handle, 'pause'))).toBe('it is paused already');
      await fleet.temporal.sleep('1 day');
      expect(started(fleet)).toBe(10);
      expect(await progress(handle)).toMatchObject({ phase: 'paused', states: { Success: 10, Queued: 20 } });
      await update(handle, 'resume');
      expect((await handle.result()).totals.Success).toBe(30);
    }));

  it('abort a run while it is sending: what may have been sent ends as it would, the rest is NotStarted', () =>
    withFleet({ instances: 30 }, async (fleet) => {
      tell(fleet, { content: 'work' });
      fleet.simulator.simulation.faults.set([
        { action: 'RunCommand', kind: 'error', httpStatus: 503, phase: 'before', count: 3 },
      ]);
      const handle = await fleet.start(inputFor(fleet, { maxConcurrency: 10 }));
      await until('it is sending', () => fleet.callsOf('RunCommand') >= 1);
      expect(await update(handle, 'abort')).toContain('10 instances under way end as they would');
      expect(await refusal(update(handle, 'resume'))).toBe('it starts nothing further: it was aborted');
      const result = await handle.result();
      expect(result).toMatchObject({ outcome: 'partly-failed', totals: { Success: 10, NotStarted: 20 } });
      expect(started(fleet)).toBe(10);
    }));

  it('change the limits of a run that goes on; what makes no sense is refused', () =>
    withFleet({ instances: 60 }, async (fleet) => {
      tell(fleet, { content: 'work', durationMs: 60_000 });
      const handle = await fleet.start(inputFor(fleet, { maxConcurrency: 10 }));
      await until('a batch is sent', () => fleet.callsOf('RunCommand') === 1);
      const wrong = { maxConcurrency: 0, maxErrors: '150%' };
      expect(await refusal(update(handle, 'setLimits', wrong))).toMatch(
        /maxConcurrency must be.*maxErrors must be/,
      );
      expect(await refusal(update(handle, 'setLimits', {}))).toContain(
        'give maxConcurrency, maxErrors or both',
      );
      expect(await update(handle, 'setLimits', { maxConcurrency: '50%' })).toContain(
        'at most 30 instances at once',
      );
      const result = await handle.result();
      expect(result.invocations.map((each) => each.instances).slice(0, 2)).toEqual([10, 20]);
      expect(mostUnderWay(fleet)).toBe(30);
      expect(await refusal(update(handle, 'pause'))).not.toBe('not refused');
    }));
});

it('two runs on the same instances at once are each whole, each within its limit, and neither has rows of the other', () =>
  withFleet({ instances: 60 }, async (fleet) => {
    tell(fleet, { content: 'work', durationMs: 30_000 });
    const results = await Promise.all([1, 2].map(() => fleet.run(inputFor(fleet, { maxConcurrency: 25 }))));
    const twice = [...fleet.simulator.instanceIds, ...fleet.simulator.instanceIds].sort();
    expect(startedOn(fleet).sort()).toEqual(twice);
    for (const { totals, resultStore, invocations } of results) {
      expect(totals.Success).toBe(60);
      const own = invocations.map(({ invokeId = '' }) => invokeId);
      expect(mostUnderWay(fleet, own)).toBe(25);
      const rows = await readRows(resultStore.path);
      expect(rows.map(({ instanceId }) => instanceId).sort()).toEqual(
        [...fleet.simulator.instanceIds].sort(),
      );
      expect(new Set(rows.map(({ invokeId }) => invokeId))).toEqual(new Set(own));
    }
    const all = results.flatMap(({ invocations }) => invocations.map(({ invokeId }) => invokeId));
    expect(new Set(all).size).toBe(effectsOf(fleet, 'invocation.created').length);
  }));
