/** All workers away for ten minutes; test/live/parts-away.test.ts has the same with twenty seconds. */
import { LiveServer, killed, withSite } from '../support/live-site';
import { until } from '../support/until';

const AWAY_MS = 10 * 60_000;

test('the command has long ended when a worker is back, and is reported', async () => {
  const live = await LiveServer.start();
  try {
    await withSite(live, { instances: 60 }, async (site) => {
      site.simulator.simulation.assistant.answers.add({ durationMs: 5 * 60_000 });
      const first = await site.startWorker();
      const command = { type: 'RunShellScript', content: 'uname', timeoutSeconds: 3_600 } as const;
      const run = await site.start({ command });
      await until('the watcher looks', () => site.calls('DescribeInvocations').length > 0);
      await killed(first);
      const since = Date.now();
      await until('the time is over', () => Date.now() - since > AWAY_MS, AWAY_MS + 5_000);
      await site.startWorker();
      expect(await run.result()).toMatchObject({
        outcome: 'succeeded',
        totals: { targets: 60, Success: 60 },
      });
      expect(site.effects('invocation.created')).toHaveLength(1);
      expect(site.effects('command.started')).toHaveLength(60);
    });
  } finally {
    await live.close();
  }
}, 900_000);
