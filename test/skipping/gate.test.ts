/**
 * The gate with real requests, in skipped time. The oracle is what holders do between grant and release: entering and
 * leaving, in the order in which it really happened.
 */
import type { WorkflowHandle } from '@temporalio/client';
import { activityInfo } from '@temporalio/activity';
import { gateIdOf, groupGateKey, instanceGateKey } from '../../src/domain/gate';
import type { GateKey, GateState } from '../../src/domain/gate';
import { taskQueueOf } from '../../src/domain/messages';
import type { HolderActivities, HolderInput } from '../support/gate-workflows';
import { REGION, withFleet } from '../support/skipping-environment';
import type { Fleet } from '../support/skipping-environment';
import { until } from '../support/until';

type Handle = WorkflowHandle<(input: HolderInput) => Promise<string>>;

/** Who is inside, and every violation of a limit. */
class Oracle implements HolderActivities {
  readonly order: string[] = [];
  readonly wrong: string[] = [];
  private readonly inside = new Map<string, GateKey[]>();

  enters = ({ keys, preempt }: { keys: GateKey[]; preempt: boolean }): Promise<void> => {
    const { workflowId = '' } = activityInfo().workflowExecution ?? {};
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

  gone(workflowId: string): void {
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
  waits: (...ids: string[]) => Promise<void>;
  holds: (...ids: string[]) => Promise<void>;
}

function withGate(work: (gated: Gated) => Promise<void>): Promise<void> {
  const oracle = new Oracle();
  const own = {
    workflowsPath: require.resolve('../support/gate-workflows'),
    activities: { enters: oracle.enters, leaves: oracle.leaves },
  };
  return withFleet({ instances: 1, own }, async (fleet) => {
    const { client } = fleet.temporal;
    const state = (): Promise<GateState> =>
      client.workflow.getHandle(gateIdOf(fleet.account, REGION)).query<GateState>('progress');
    const sees = (what: 'held' | 'waiting', ids: string[]): Promise<void> =>
      until(`${ids.join()} ${what}`, async () => {
        const { [what]: found } = await state().catch(() => ({ held: [], waiting: [] }));
        return JSON.stringify(found.map(({ holder }) => holder)) === JSON.stringify(ids);
      });
    await work({
      fleet,
      oracle,
      state,
      holds: (...ids) => sees('held', ids),
      waits: (...ids) => sees('waiting', ids),
      start: (workflowId, keys, { holdMs = 3_600_000, thenStayMs, ...request } = {}) =>
        client.workflow.start('holder', {
          workflowId,
          taskQueue: taskQueueOf(fleet.account),
          args: [{ request: { region: REGION, purpose: 'run', keys, ...request }, holdMs, thenStayMs }],
        }),
    });
    expect(oracle.wrong).toEqual([]);
  });
}

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
