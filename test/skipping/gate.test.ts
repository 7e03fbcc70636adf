/**
 * The gate with real requests, in skipped time. The oracle is what holders do between grant and release: entering and
 * leaving, in the order in which it really happened.
 */
import type { WorkflowHandle } from '@temporalio/client';
import { activityInfo } from '@temporalio/activity';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import { gateIdOf, groupGateKey, instanceGateKey } from '../../src/domain/gate';
import type { GateKey, GateState } from '../../src/domain/gate';
import { taskQueueOf } from '../../src/domain/messages';
import type { HolderActivities, HolderInput } from '../support/gate-workflows';
import { RandomStream } from '../support/random-stream';
import { REGION, withFleet } from '../support/skipping-environment';
import type { Fleet } from '../support/skipping-environment';
import { until } from '../support/until';

type Handle = WorkflowHandle<(input: HolderInput) => Promise<string>>;

/** Who is inside, and every violation of a limit. */
class Oracle implements HolderActivities {
  readonly order: string[] = [];
  readonly wrong: string[] = [];
  private readonly inside = new Map<string, GateKey[]>();
  private readonly dead = new Set<string>();

  enters = ({ keys, preempt }: { keys: GateKey[]; preempt: boolean }): Promise<void> => {
    const { workflowId = '' } = activityInfo().workflowExecution ?? {};
    if (this.dead.has(workflowId)) return Promise.resolve();
    for (const { key, limit } of keys) {
      if (preempt) this.takeFromOthers(key);
      const others = [...this.inside].filter(([, held]) => held.some((each) => each.key === key));
      if (others.length + 1 > limit)
        this.wrong.push(`${workflowId} beside ${others.map(([id]) => id).join()} at ${key}`);
    }
    this.inside.set(workflowId, keys);
    this.order.push(workflowId);
    return Promise.resolve();
  };

  leaves = (): Promise<void> => {
    this.gone(activityInfo().workflowExecution?.workflowId ?? '');
    return Promise.resolve();
  };

  /** It has left, or is about to be killed: what it does from now on does not count. */
  gone(workflowId: string): void {
    this.dead.add(workflowId);
    this.inside.delete(workflowId);
  }

  private takeFromOthers(key: string): void {
    for (const [id, held] of this.inside)
      this.inside.set(
        id,
        held.filter((each) => each.key !== key),
      );
  }
}

type HolderOptions = Partial<HolderInput> & Partial<HolderInput['request']>;

interface Gated {
  fleet: Fleet;
  oracle: Oracle;
  start: (id: string, keys: GateKey[], options?: HolderOptions) => Promise<Handle>;
  state: () => Promise<GateState>;
  gate: WorkflowHandle;
  waits: (...ids: string[]) => Promise<void>;
  holds: (...ids: string[]) => Promise<void>;
  /** Ends it there and then; what it held is free from now on. */
  kill: (id: string) => Promise<void>;
}

let workflowBundle: { code: string };

beforeAll(async () => {
  workflowBundle = await bundleWorkflowCode({
    workflowsPath: require.resolve('../support/gate-workflows'),
    logger: new DefaultLogger('ERROR'),
  });
}, 60_000);

function withGate(work: (gated: Gated) => Promise<void>): Promise<void> {
  const oracle = new Oracle();
  const own = { workflowBundle, activities: { enters: oracle.enters, leaves: oracle.leaves } };
  return withFleet({ instances: 1, own }, async (fleet) => {
    const { workflow, connection } = fleet.temporal.client;
    const gate = workflow.getHandle(gateIdOf(fleet.account, REGION));
    // The time-skipping server forgets a query now and then that comes while the workflow begins.
    const state = (): Promise<GateState> =>
      connection.withDeadline(Date.now() + 3_000, () => gate.query<GateState>('progress'));
    const sees = (what: 'held' | 'waiting', ids: string[]): Promise<void> =>
      until(`${ids.join()} ${what}`, async () => {
        const { [what]: found } = await state().catch(() => ({ held: [], waiting: [] }));
        return JSON.stringify(found.map(({ holder }) => holder)) === JSON.stringify(ids);
      });
    await work({
      fleet,
      oracle,
      state,
      gate,
      holds: (...ids) => sees('held', ids),
      waits: (...ids) => sees('waiting', ids),
      start: (workflowId, keys, { holdMs = 10_000, thenStayMs, ...request } = {}) =>
        workflow.start('holder', {
          workflowId,
          taskQueue: taskQueueOf(fleet.account),
          args: [{ request: { region: REGION, purpose: 'run', keys, ...request }, holdMs, thenStayMs }],
        }),
      kill: async (id) => {
        oracle.gone(id);
        await workflow.getHandle(id).terminate();
      },
    });
    expect(oracle.wrong).toEqual([]);
  });
}

const MINUTE = 60_000;
const A = instanceGateKey('i-a');
const B = instanceGateKey('i-b');
const C = instanceGateKey('i-c');
const GROUP = groupGateKey('role', 'db', 2);

it('overlapping sets go one after the other in the order of arrival, others at once', () =>
  withGate(async ({ start, holds, waits, oracle }) => {
    const first = await start('first', [A, B]);
    await holds('first');
    const second = await start('second', [B, C]);
    await waits('second');
    const third = await start('third', [C]);
    await waits('second', 'third');
    const fourth = await start('fourth', [GROUP]);
    await holds('first', 'fourth');
    // One after the other: each asks the server to skip time, and twice at once it skips too much.
    for (const handle of [first, second, third, fourth]) expect(await handle.result()).toBe('done');
    expect(oracle.order.filter((id) => id !== 'fourth')).toEqual(['first', 'second', 'third']);
  }));

it('a holder that was terminated is dropped, and so is somebody who waited', () =>
  withGate(async ({ start, holds, waits, kill }) => {
    await start('first', [A]);
    await holds('first');
    await start('second', [A]);
    await waits('second');
    const third = await start('third', [A], { holdMs: 1_000 });
    await waits('second', 'third');
    await kill('second');
    await kill('first');
    expect(await third.result()).toBe('done');
  }));

it('a gate that was terminated is followed by one that knows who holds and who waits', () =>
  withGate(async ({ start, holds, waits, gate, oracle, state }) => {
    const first = await start('first', [A], { holdMs: 20 * MINUTE });
    await holds('first');
    const second = await start('second', [A]);
    await waits('second');
    const third = await start('third', [A]);
    await waits('second', 'third');
    await gate.terminate();
    const stranger = await start('stranger', [B]);
    expect(await stranger.result()).toBe('done');
    const { held, waiting } = await state();
    expect({ held: held.map(({ holder }) => holder), waiting: waiting.map(({ holder }) => holder) }).toEqual({
      held: ['first'],
      waiting: ['second', 'third'],
    });
    for (const handle of [first, second, third]) expect(await handle.result()).toBe('done');
    expect(oracle.order).toEqual(['first', 'stranger', 'second', 'third']);
  }));

it('who gives up withdraws: at his deadline, and when he is cancelled', () =>
  withGate(async ({ start, holds, waits, oracle }) => {
    // Long enough that it holds until it is cancelled, however the test server's clock jumps.
    const first = await start('first', [A], { holdMs: 60 * MINUTE });
    await holds('first');
    const second = await start('second', [A, B]);
    await waits('second');
    const third = await start('third', [A, C], { withinMs: 3_000 });
    await waits('second', 'third');
    expect(await third.result()).toBe('deadline');
    await waits('second');
    await second.cancel();
    await expect(second.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    await waits();
    await first.cancel();
    await expect(first.result()).rejects.toThrow();
    expect(await (await start('last', [A, B, C])).result()).toBe('done');
    expect(oracle.order).toEqual(['first', 'last']);
  }));

it('a pre-emption is granted at once, and who held is told', () =>
  withGate(async ({ start, holds, waits, oracle }) => {
    const first = await start('first', [A, B]);
    await holds('first');
    await start('second', [A]);
    await waits('second');
    const rescue = await start('rescue', [A], { preempt: true, purpose: 'relaunch' });
    expect(await first.result()).toBe('rescue');
    expect(await rescue.result()).toBe('done');
    expect(oracle.order.slice(0, 2)).toEqual(['first', 'rescue']);
  }));

it('a holder that continues as new goes on holding until it is closed', () =>
  withGate(async ({ start, holds, waits, fleet, oracle }) => {
    const first = await start('first', [A], { holdMs: 60_000, thenStayMs: 5 * MINUTE });
    await holds('first');
    const second = await start('second', [A], { holdMs: 1_000 });
    await waits('second');
    expect(await first.result()).toBe('stayed');
    expect(oracle.order).toEqual(['first']);
    oracle.gone('first');
    const before = await fleet.temporal.currentTimeMs();
    expect(await second.result()).toBe('done');
    expect((await fleet.temporal.currentTimeMs()) - before).toBeLessThan(60_000);
  }));

describe('random schedules with killed holders and killed gates: never too many of a key, and all have their turn', () => {
  const SEEDS = [1, 2];
  it.each(SEEDS)('seed %i', (seed) =>
    withGate(async ({ start, kill, gate, fleet, oracle }) => {
      const random = new RandomStream(seed);
      const below = (limit: number): number => Math.floor(random.next() * limit);
      const handles = new Map<string, Handle>();
      for (let step = 0; step < 16; step += 1) {
        const doomed = [...handles.keys()][below(handles.size * 3)];
        if (step % 7 === 6) await gate.terminate().catch(() => undefined);
        else if (doomed !== undefined) {
          handles.delete(doomed);
          await kill(doomed).catch(() => undefined);
        } else {
          const keys = [A, B, C, GROUP].filter(() => below(2) === 0);
          const id = `holder-${step}`;
          handles.set(
            id,
            await start(id, keys.length > 0 ? keys : [GROUP], { holdMs: 1_000 + below(2_000) }),
          );
        }
        if (below(3) === 0) await fleet.temporal.sleep(below(3_000));
      }
      for (const handle of handles.values()) expect(await handle.result()).toBe('done');
      for (const id of handles.keys()) expect(oracle.order).toContain(id);
    }),
  );
});
