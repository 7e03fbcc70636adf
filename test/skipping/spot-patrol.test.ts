/** The patrol for reclaims: one rescue for each instance that is taken back. The oracle is the ledger. */
import { patrolIdOf } from '../../src/domain/event-messages';
import { taskQueueOf } from '../../src/domain/messages';
import { EMPTY_POLICY_FILE } from '../../src/domain/policy';
import type { PatrolInput, PatrolState } from '../../src/domain/system-event';
import { effects, reclaim, SHORT, SPOT } from '../support/spot-fleet';
import { REGION, withFleet } from '../support/skipping-environment';

it('starts a rescue for each instance that is taken back, in one call a look, and looks oftener while there is one', () =>
  withFleet(
    { instances: Array.from({ length: 3 }, () => SPOT), durations: SHORT, policies: EMPTY_POLICY_FILE },
    async (fleet) => {
      const { workflow } = fleet.temporal.client;
      const input: PatrolInput = { region: REGION, kinds: ['reclaims'] };
      const workflowId = patrolIdOf(fleet.account, REGION);
      const taskQueue = taskQueueOf(fleet.account);
      const handle = await workflow.start('patrolRegion', { taskQueue, workflowId, args: [input] });
      await fleet.temporal.sleep(60_000);
      const quiet = await handle.query<PatrolState>('progress');
      expect([quiet.lockLooks, quiet.lastLockLook?.calls]).toEqual([5, 1]);
      for (const id of fleet.simulator.instanceIds) await reclaim(fleet, id);
      await fleet.temporal.sleep(30_000);
      const busy = await handle.query<PatrolState>('progress');
      expect(busy).toMatchObject({ locked: [{}, {}, {}], lastLockLook: { locked: 3, started: 0, calls: 1 } });
      expect(busy.lockLooks).toBeGreaterThan(8);
      await fleet.temporal.sleep(180_000);
      const made = effects(fleet, 'instance.created').length - 3;
      expect([made, effects(fleet, 'image.created').length]).toEqual([3, 3]);
      expect((await handle.query<PatrolState>('progress')).locked).toEqual([]);
      await handle.terminate('the test has seen enough');
    },
  ));
