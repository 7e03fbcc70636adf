/** From a dry run to a run that stopped, to a retry of exactly what was left: all of it by the command line. */
import { cli } from '../support/cli';
import type { Finished } from '../support/cli';
import { LiveServer, withSite } from '../support/live-site';
import type { Site } from '../support/live-site';

let live: LiveServer;
beforeAll(async () => {
  live = await LiveServer.start();
}, 60_000);
afterAll(() => live.close());

function say(site: Site, ...words: string[]): Promise<Finished> {
  const env = { TEMPORAL_ADDRESS: live.server.address, STEWARD_ACCOUNT: site.account };
  return cli(words, { stateDir: site.dir, env });
}

const started = (site: Site): string[] => site.effects('command.started').map((effect) => effect.resourceId);

test(
  'dry run, run, groups, and a retry on exactly the remainder, linked to the first',
  () =>
    withSite(live, { instances: 12 }, async (site) => {
      await site.startWorker();
      const { answers } = site.simulator.simulation.assistant;
      const [bad = '', worse = ''] = site.simulator.instanceIds;
      for (const instanceId of [bad, worse])
        answers.add({ instanceId, exitCode: 3, output: '=HYPERLINK("x")\n', times: 1 });
      answers.add({ content: 'check', output: 'fine\n' });
      const id = `first-${site.account}`;
      const rate = ['--max-concurrency', '6', '--max-errors', '1', '--yes'];
      const data = ['--env', `NAME=it's; $(reboot) {{x}}\n`];
      const options = ['--region', site.simulator.regionId, '--all', ...rate, ...data];

      const dry = await say(site, 'run', ...options, '--dry-run', '--ask-ecs', '--', 'check');
      expect(dry).toMatchObject({ code: 0, stderr: expect.stringContaining('Nothing was started.') });
      expect(dry.stdout).toMatch(
        /12 instances[\s\S]*2 batches: 6, 6[\s\S]*ECS: would take it[\s\S]*NAME=\$\(printf %s '[\w+/=]+' \| base64 -d[^\n]*\ncheck/,
      );
      expect(started(site)).toEqual([]);

      expect(await say(site, 'run', ...options, '--id', id, '--', 'check')).toMatchObject({ code: 1 });
      expect(started(site)).toHaveLength(6);
      const grouped = await say(site, 'results', id, '--group');
      expect(grouped.stdout).toMatch(
        /== 6 instances: NotStarted[\s\S]*== 4 instances: Success, exit code 0[\s\S]*fine[\s\S]*== 2 instances: Failed/,
      );
      expect((await say(site, 'results', id, '--csv', '--instance', bad)).stdout).toContain(
        `"'=HYPERLINK(""x"")`,
      );

      expect(await say(site, 'retry', id, '--on', 'everything')).toMatchObject({ code: 2 });
      expect(await say(site, 'retry', id, '--on', 'unknown')).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('Nothing of'),
      });
      expect(await say(site, 'retry', id, '--on', 'failed', '--id', 'a\nb')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('contains a control character'),
      });
      const again = await say(site, 'retry', id, '--on', 'failed,not-started', '--json');
      expect(again).toMatchObject({ code: 0 });
      expect(JSON.parse(again.stdout)).toMatchObject({
        outcome: 'succeeded',
        retryOf: id,
        totals: { targets: 8 },
      });
      const second = started(site).slice(6);
      const firstRun = new Set(started(site).slice(0, 6));
      const remainder = site.simulator.instanceIds.filter(
        (each) => !firstRun.has(each) || [bad, worse].includes(each),
      );
      expect([...second].sort()).toEqual(remainder.sort());
      // The retry has the values too: every call carries the very script the dry run showed.
      const scripts = new Set(site.calls('RunCommand').map(({ params }) => params.CommandContent));
      expect([...scripts].map((each) => Buffer.from(each ?? '', 'base64').toString())).toEqual([
        dry.stdout.slice(dry.stdout.indexOf('NAME=')).trimEnd(),
      ]);
    }),
  120_000,
);

test(
  'exclusive runs on the same instances go one after the other, and give the instances back',
  () =>
    withSite(live, { instances: 4 }, async (site) => {
      await site.startWorker();
      site.simulator.simulation.assistant.answers.add({ content: 'uname', durationMs: 2_000 });
      const exclusive = { exclusive: true, targets: { all: true } };
      const runs = await Promise.all(['a', 'b'].map((id) => site.start(exclusive, id)));
      for (const run of runs) expect((await run.result()).totals.Success).toBe(4);
      const effects = site.simulator.simulation.ledger.query({ kind: 'effect' }) as { effect: string }[];
      let now = 0;
      const atOnce = effects.map(({ effect }) => {
        if (effect === 'command.started') now += 1;
        if (effect === 'command.finished') now -= 1;
        return now;
      });
      expect(started(site)).toHaveLength(8);
      expect(Math.max(...atOnce)).toBe(4);
    }),
  120_000,
);
