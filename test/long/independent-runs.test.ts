/**
 * Two hundred runs at once, each started on its own, with the quota of production; the same with a worker killed in the
 * middle; and a watcher terminated while all of them wait.
 */
import { LiveServer, NO_QUOTA, QUICK_WORKER, killed, withSite } from '../support/live-site';
import type { Site } from '../support/live-site';
import { startOneRunEach, wrongWith } from '../support/many-runs';
import { until } from '../support/until';

const RUNS = 200;
/** A tick over waits of 200 fills four pages; then what is asked by id. */
const CALLS_PER_TICK = 7;

let live: LiveServer;
beforeAll(async () => {
  live = await LiveServer.start();
});
afterAll(() => live.close());

async function withRuns(
  settings: Record<string, string>,
  work: (site: Site) => Promise<void>,
): Promise<void> {
  await withSite(live, { instances: RUNS, settings: { ...QUICK_WORKER, ...settings } }, async (site) => {
    const { answers } = site.simulator.simulation.assistant;
    for (const [index, instanceId] of site.simulator.instanceIds.entries())
      answers.add({ instanceId, output: 'done\n', durationMs: 10_000 + (index % 20) * 1_000 });
    await site.startWorker();
    await work(site);
  });
}

test(
  'two hundred at once with the quota of production: none throttled, calls by ticks and pages',
  () =>
    withRuns({}, async (site) => {
      const runs = await startOneRunEach(site);
      expect(wrongWith(site, await Promise.all(runs.map((run) => run.result())))).toEqual([]);
      const { ticks } = await site.watchState();
      expect(site.calls('DescribeInvocations').length).toBeLessThanOrEqual(ticks * CALLS_PER_TICK);
      expect(Object.keys(site.simulator.simulation.ledger.counts().codes)).toEqual(['OK']);
    }),
  600_000,
);

test(
  'two hundred at once, the worker killed twice: all right',
  () =>
    withRuns(NO_QUOTA, async (site) => {
      site.simulator.simulation.throttle.enabled = false;
      const runs = await startOneRunEach(site);
      for (const dispatched of [RUNS / 2, RUNS]) {
        await until(
          'the commands are accepted',
          () => site.effects('invocation.created').length >= dispatched,
          120_000,
        );
        await Promise.all(site.workers.map(killed));
        await site.startWorker();
      }
      expect(wrongWith(site, await Promise.all(runs.map((run) => run.result())))).toEqual([]);
    }),
  600_000,
);

test(
  'two hundred at once, the watcher terminated while they wait: each ends by its own look at the latest',
  () =>
    withRuns(NO_QUOTA, async (site) => {
      site.simulator.simulation.throttle.enabled = false;
      const runs = await startOneRunEach(site);
      await until(
        'the commands are accepted',
        async () => site.effects('invocation.created').length === RUNS,
        120_000,
      );
      await until('the watcher looks', () => site.calls('DescribeInvocations').length > 0);
      await site.watcher.terminate('mid-flight');
      expect(wrongWith(site, await Promise.all(runs.map((run) => run.result())))).toEqual([]);
    }),
  600_000,
);
