/** Many reclaims in the same minute, and a busy account meanwhile: spot goes first. The oracle is the ledger. */
import { patrolIdOf } from '../../src/domain/event-messages';
import { PROGRESS_QUERY, taskQueueOf, watchIdOf } from '../../src/domain/messages';
import { EMPTY_POLICY_FILE } from '../../src/domain/policy';
import type { WaitRegistration, WatchState } from '../../src/domain/watch';
import { DEFAULT_QUOTA } from '../../src/ecs/quota';
import { createTemporalWaits } from '../../src/worker/temporal-waits';
import { HOUR, inPhase, raise, startHandler } from '../support/events';
import { effects, on, oneSpot, policyFile, reclaim, SPOT, startRescue } from '../support/spot-fleet';
import { manyRescued } from '../support/spot-many';
import { REGION, withFleet } from '../support/skipping-environment';
import type { Fleet } from '../support/skipping-environment';
import { until } from '../support/until';

it('40 instances in the same minute: each image accepted in time, each file on one replacement', async () => {
  const { late, outcomes, files, images, replacements } = await manyRescued(40);
  expect(late).toEqual([]);
  expect(outcomes).toEqual({ relaunched: 40 });
  expect([images, replacements, files]).toEqual([40, 40, 40]);
});

it('Throttling of what a thousand others wait for, and of CreateImage itself, costs no image', () =>
  withFleet(
    oneSpot('', {
      quota: DEFAULT_QUOTA,
      instances: [{ ...SPOT }, ...Array.from({ length: 12 }, () => SPOT)],
    }),
    async (fleet) => {
      const [id = '', ...others] = fleet.simulator.instanceIds;
      const { assistant, faults } = fleet.simulator.simulation;
      await on(fleet, id, 'echo precious > /root/data');
      assistant.answers.add({ content: 'work', hang: true });
      const runs = await Promise.all(
        others.map((instanceId) =>
          fleet.start({
            region: fleet.simulator.regionId,
            targets: { instanceIds: [instanceId] },
            command: { type: 'RunShellScript', content: 'work', timeoutSeconds: 3_600 },
          }),
        ),
      );
      await until('all are sent', () => fleet.callsOf('RunCommand') > others.length);
      await registerMany(fleet, 1_000);
      faults.set([
        {
          action: ['DescribeInvocations', 'DescribeInvocationResults'],
          kind: 'error',
          httpStatus: 400,
          code: 'Throttling',
        },
        {
          action: 'CreateImage',
          kind: 'error',
          httpStatus: 400,
          code: 'Throttling.User',
          retryAfterMs: 9_000,
          count: 2,
        },
        {
          action: 'DescribeImages',
          kind: 'error',
          httpStatus: 400,
          code: 'Throttling.User',
          retryAfterMs: 5_000,
          count: 2,
        },
      ]);
      await reclaim(fleet, id);
      const result = await (await startRescue(fleet, id)).result();
      expect(result).toMatchObject({ outcome: 'relaunched', saved: { rung: 'image' } });
      const watcher = fleet.temporal.client.workflow.getHandle(watchIdOf(fleet.account, REGION));
      expect((await watcher.query<WatchState>(PROGRESS_QUERY)).waits.length).toBeGreaterThan(1_000);
      faults.clear();
      expect(await on(fleet, result.replacementId ?? '', 'cat /root/data')).toBe('precious');
      expect(effects(fleet, 'image.created')).toHaveLength(1);
      for (const run of runs) await run.terminate('the test has seen enough');
    },
  ));

/** Waits for the invocations that are there, each of a waiter of its own. */
async function registerMany(fleet: Fleet, count: number): Promise<void> {
  const keys = effects(fleet, 'invocation.created').slice(1);
  const since = await fleet.temporal.currentTimeMs();
  const waits = Array.from({ length: count }, (_, index): WaitRegistration => {
    const key = keys[index % keys.length]?.resourceId ?? '';
    return { kind: 'invocation', key, waiter: `waiter-${index}`, generation: `${index}`, since };
  });
  await createTemporalWaits(fleet.temporal.client, fleet.account).register(REGION, waits);
}

it('two patrols look at reclaims; one rescue an instance', () =>
  withFleet(
    {
      instances: [SPOT],
      durations: { spotNotice: 30_000, image: 5_000, imagePerGiB: 0 },
      policies: EMPTY_POLICY_FILE,
    },
    async (fleet) => {
      const [id = ''] = fleet.simulator.instanceIds;
      await reclaim(fleet, id);
      const taskQueue = taskQueueOf(fleet.account);
      const args = [{ region: fleet.simulator.regionId, kinds: ['reclaims'] }];
      const patrols = await Promise.all(
        [patrolIdOf(fleet.account, fleet.simulator.regionId), 'patrol/second'].map((workflowId) =>
          fleet.temporal.client.workflow.start('patrolRegion', { taskQueue, workflowId, args }),
        ),
      );
      await fleet.temporal.sleep(120_000);
      expect([effects(fleet, 'image.created').length, effects(fleet, 'instance.created').length]).toEqual([
        1, 2,
      ]);
      for (const patrol of patrols) await patrol.terminate();
    },
  ));

it('a reboot that is being prepared on the instance stands down, and the image waits for nothing', () =>
  withFleet(
    {
      instances: [SPOT],
      durations: { spotNotice: 60_000, image: 5_000, imagePerGiB: 0 },
      policies: policyFile(`
version: 1
policies: [{ name: any, margin: 30m, pre: [drain] }]
hooks: { drain: { command: { content: drain, timeoutSeconds: 3600 }, timeout: 2h } }
`),
    },
    async (fleet) => {
      const [id = ''] = fleet.simulator.instanceIds;
      fleet.simulator.simulation.assistant.answers.add({ content: 'drain', durationMs: HOUR / 2 });
      await on(fleet, id, 'echo precious > /root/data');
      const handler = await startHandler(fleet, raise(fleet, 24 * HOUR));
      await inPhase(handler, 'holding');
      await handler.executeUpdate('now');
      await inPhase(handler, 'pre');
      await reclaim(fleet, id);
      const result = await (await startRescue(fleet, id)).result();
      expect(result).toMatchObject({ outcome: 'relaunched', saved: { rung: 'image' } });
      const [noticed, imaged] = ['spot.noticed', 'image.created'].map(
        (effect) => effects(fleet, effect)[0]?.time ?? NaN,
      );
      expect((imaged ?? NaN) - (noticed ?? NaN)).toBeLessThan(10_000);
      expect(await on(fleet, result.replacementId ?? '', 'cat /root/data')).toBe('precious');
      expect(await handler.result()).toMatchObject({ outcome: 'pre-empted', reboots: 0 });
      expect(effects(fleet, 'instance.rebooting')).toEqual([]);
    },
  ));
