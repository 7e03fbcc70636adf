/**
 * Forty runs at once, each started on its own: all right, one invocation each, and the watcher's calls depend on pages,
 * not on runs; also while it continues as new at every tick, while the listing is out of order, late or full of other
 * people's commands, and while signals come early, twice or for nothing.
 */
import type { EffectRecord } from '../../simulator/core/ledger';
import { WAIT_ENDED_SIGNAL } from '../../src/domain/messages';
import { LiveServer, NO_QUOTA, QUICK_WORKER, withSite } from '../support/live-site';
import type { Site, SiteOptions } from '../support/live-site';
import { startOneRunEach, startWatcher, wrongWith } from '../support/many-runs';
import { until } from '../support/until';

const RUNS = 40;
const FEW_RUNS = 12;
const FOREIGN = 3_000;
/** A tick over waits that fit one page: that page, and what is asked by id. */
const CALLS_PER_TICK = 3;

let live: LiveServer;
beforeAll(async () => {
  live = await LiveServer.start();
});
afterAll(() => live.close());

/** Commands of 2 to 8 s on `instances` instances, one worker without a quota of its own. */
async function withRuns(
  options: SiteOptions & { instances: number },
  work: (site: Site) => Promise<void>,
): Promise<void> {
  const settings = { ...QUICK_WORKER, ...NO_QUOTA };
  await withSite(live, { throttling: false, settings, ...options }, async (site) => {
    const { answers } = site.simulator.simulation.assistant;
    for (const [index, instanceId] of site.simulator.instanceIds.entries())
      answers.add({ instanceId, output: 'done\n', durationMs: 2_000 + (index % 7) * 1_000 });
    await site.startWorker();
    await work(site);
  });
}

async function allRight(site: Site): Promise<void> {
  const runs = await startOneRunEach(site);
  const results = await Promise.all(runs.map((run) => run.result()));
  expect(wrongWith(site, results)).toEqual([]);
}

test(
  'forty at once: calls by ticks and pages, not by runs',
  () =>
    withRuns({ instances: RUNS }, async (site) => {
      await allRight(site);
      const { ticks } = await site.watchState();
      const looks = site.calls('DescribeInvocations').length;
      expect(looks).toBeLessThanOrEqual(ticks * CALLS_PER_TICK);
      // Each run on its own would have looked at least twice.
      expect(looks).toBeLessThan(RUNS);
    }),
  60_000,
);

test(
  'forty at once while the watcher continues as new at every tick',
  () =>
    withRuns({ instances: RUNS }, async (site) => {
      await startWatcher(site, 1);
      const { runId } = await site.watcher.describe();
      await allRight(site);
      expect((await site.watchState()).ticks).toBeGreaterThan(2);
      expect((await site.watcher.describe()).runId).not.toBe(runId);
    }),
  60_000,
);

describe('a dozen at once', () => {
  test.concurrent(
    'in a listing without order',
    () =>
      withRuns(
        { instances: FEW_RUNS, randomStart: 1, switches: { invocationOrder: 'random' } },
        async (site) => {
          // Creation times have whole seconds: disorder shows between invocations of different ones.
          const [early, late] = [site.simulator.instanceIds.slice(0, 6), site.simulator.instanceIds.slice(6)];
          const runs = await startOneRunEach(site, early);
          const created = (): EffectRecord[] => site.effects('invocation.created');
          await until('the first half is a second old', () =>
            created().some(({ time }) => created().length === early.length && time < Date.now() - 1_000),
          );
          runs.push(...(await startOneRunEach(site, late)));
          expect(wrongWith(site, await Promise.all(runs.map((run) => run.result())))).toEqual([]);
          expect((await site.watchState()).memory.unordered).toBe(true);
        },
      ),
    60_000,
  );

  test.concurrent(
    'in a listing that shows invocations four seconds late',
    () =>
      withRuns({ instances: FEW_RUNS }, async (site) => {
        site.simulator.simulation.faults.set([
          { kind: 'visibilityLag', action: ['DescribeInvocations', 'DescribeInvocationResults'], ms: 4_000 },
        ]);
        await allRight(site);
      }),
    60_000,
  );

  test.concurrent(
    'in an account with thousands of foreign invocations, hundreds of them alive',
    () =>
      withRuns({ instances: FEW_RUNS }, async (site) => {
        await addForeign(site, FOREIGN);
        const runs = await startOneRunEach(site);
        await until('the commands are sent', () => site.calls('RunCommand').length >= FEW_RUNS);
        await addForeign(site, 200);
        expect(wrongWith(site, await Promise.all(runs.map((run) => run.result())))).toEqual([]);
        const { ticks } = await site.watchState();
        // Each wait by its own id would be a call per run and tick; every page of the account sixty and more.
        expect(site.calls('DescribeInvocations').length).toBeLessThanOrEqual(ticks * (FEW_RUNS + 2));
      }),
    60_000,
  );

  test.concurrent(
    'with signals that come early, twice and for nothing',
    () =>
      withRuns({ instances: FEW_RUNS }, async (site) => {
        const runs = await startOneRunEach(site);
        await until(
          'the commands are accepted',
          () => site.effects('invocation.created').length === FEW_RUNS,
        );
        const keys = site.effects('invocation.created').map((effect) => effect.resourceId);
        let going = runs.length;
        const results = Promise.all(runs.map((run) => run.result().finally(() => (going -= 1))));
        for (let times = 0; times < 3; times += 1) {
          const { length } = site.calls('DescribeInvocationResults');
          for (const run of runs)
            for (const key of [...keys, 't-unknown'])
              await run.signal(WAIT_ENDED_SIGNAL, { kind: 'invocation', key }).catch(() => undefined);
          // A slow machine may have seen all of them to their ends by now.
          const looks = (): number => site.calls('DescribeInvocationResults').length;
          await until('somebody looks', () => looks() > length || going === 0);
        }
        expect(wrongWith(site, await results)).toEqual([]);
      }),
    60_000,
  );

  test.concurrent(
    'a wait registered anew while a tick is running stays until it is told',
    () =>
      withRuns({ instances: 1 }, async (site) => {
        const { faults } = site.simulator.simulation;
        faults.set([{ kind: 'delay', action: 'DescribeInvocations', ms: 25_000, count: 1 }]);
        const [run] = await startOneRunEach(site);
        await until('the fault has hit', () => faults.list().some(({ hits }) => hits > 0));
        const generation = (await site.watchState()).waits[0]?.generation;
        const key = site.effects('invocation.created')[0]?.resourceId;
        // Too early: the run looks, finds it alive, and registers again.
        await run?.signal(WAIT_ENDED_SIGNAL, { kind: 'invocation', key });
        await until(
          'the wait is registered anew',
          async () => (await site.watchState()).waits[0]?.generation !== generation,
        );
        expect(site.calls('DescribeInvocations')).toEqual([]);
        expect((await run?.result())?.outcome).toBe('succeeded');
        await until('nobody is waited for', async () => (await site.watchState()).waits.length === 0);
      }),
    60_000,
  );
});

/** Commands of other people on an instance of theirs; every sixth is still alive. */
async function addForeign(site: Site, count: number): Promise<void> {
  const { assistant } = site.simulator.simulation;
  const { regionId } = site.simulator;
  assistant.answers.add({ id: 'alive', content: 'still alive', hang: true });
  assistant.answers.add({ id: 'ended', content: 'long ended' });
  const instanceIds = [
    site.simulator.simulation.instances.launch({ regionId, status: 'Running' }).instanceId,
  ];
  for (let index = 0; index < count; index += 1) {
    const content = Buffer.from(index % 6 === 0 ? 'still alive' : 'long ended');
    const command = assistant.createCommand({
      ...{ regionId, type: 'RunShellScript', content, enableParameter: false, parameterNames: [] },
      ...{ resourceGroupId: '', tags: new Map(), kept: false, name: 'foreign', description: '' },
      ...{ timeout: 3_600, workingDir: '', launcher: '' },
    });
    assistant.invoke({
      ...{ regionId, command, instanceIds, requestId: 'foreign', parameters: undefined, timeout: 3_600 },
      ...{
        workingDir: '',
        username: '',
        launcher: '',
        repeatMode: 'Once',
        frequency: '',
        terminationMode: '',
      },
      ...{ containerId: '', containerName: '', ossOutputDelivery: '', resourceGroupId: '', tags: new Map() },
    });
  }
}
