/** Runs that recur: created with every error told, triggered, paused, deleted; each run is a run like any other. */
import { cli } from '../support/cli';
import type { Finished } from '../support/cli';
import { LiveServer, withSite } from '../support/live-site';
import type { Site } from '../support/live-site';
import { join, resolve } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { until } from '../support/until';

let live: LiveServer;
beforeAll(async () => {
  live = await LiveServer.start();
}, 60_000);
afterAll(() => live.close());

const HEALTH = join(resolve(__dirname, '../../examples'), 'health-check.sh');

function say(site: Site, ...words: string[]): Promise<Finished> {
  const env = { TEMPORAL_ADDRESS: live.server.address, STEWARD_ACCOUNT: site.account };
  return cli(words, { stateDir: site.dir, env });
}

test(
  'a schedule of the health check: created, triggered, paused and deleted',
  () =>
    withSite(live, { instances: 3 }, async (site) => {
      await site.startWorker();
      site.simulator.simulation.assistant.answers.add({ content: 'memory_limit', output: 'load 0.1\n' });
      const where = ['--region', site.simulator.regionId, '--all', '--env', "TEAM=it's; $(us)"];
      const bad = await say(
        site,
        'schedule',
        'create',
        'a b',
        '--cron',
        '0 3 30 2 *',
        '--region',
        'x',
        '--',
        'ls',
      );
      expect(bad).toMatchObject({ code: 2, stdout: '' });
      for (const part of [
        'NAME: must be',
        '--cron: never comes',
        '--zone: is missing',
        '--region: ',
        '--instance, --tag',
      ])
        expect(bad.stderr).toContain(part);

      const typo = ['--cron', '0 30 2 * * *', '--zone', 'Asia/Shanghi'];
      expect(await say(site, 'schedule', 'create', 'typo', ...typo, ...where, '--', 'ls')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('--zone: '),
      });

      const time = ['--cron', '0 30 21 * * *', '--zone', 'Asia/Shanghai'];
      const created = await say(
        site,
        'schedule',
        'create',
        'health',
        ...time,
        ...where,
        '--file',
        HEALTH,
        '--json',
      );
      expect(created).toMatchObject({ code: 0 });
      const { next } = JSON.parse(created.stdout) as { next: string };
      expect(new Date(next).toISOString()).toMatch(/T13:30:00\.000Z$/);
      expect(
        await say(site, 'schedule', 'create', 'health', '--every', '1h', ...where, '--', 'ls'),
      ).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('already'),
      });

      expect(await say(site, 'schedule', 'trigger', 'health')).toMatchObject({ code: 0 });
      const runs = async (): Promise<string[]> =>
        (
          JSON.parse((await say(site, 'schedule', 'list', '--json')).stdout) as {
            schedules: { runs: string[] }[];
          }
        ).schedules[0]?.runs ?? [];
      await until('a run of it is there', async () => (await runs()).length === 1);
      const [run = ''] = await runs();
      const ended = await say(site, 'status', run, '--follow', '--json');
      expect(JSON.parse(ended.stdout)).toMatchObject({ outcome: 'succeeded', totals: { Success: 3 } });

      const [sent] = site.calls('RunCommand');
      expect(Buffer.from(sent?.params.CommandContent ?? '', 'base64').toString()).toMatch(
        /^TEAM=\$\(printf/m,
      );

      expect((await say(site, 'schedule', 'pause', 'health')).stdout).toContain('paused');
      expect((await say(site, 'schedule', 'resume', 'health')).stdout).toContain('on');
      expect(await say(site, 'schedule', 'delete', 'health')).toMatchObject({ code: 0 });
      expect((await say(site, 'schedule', 'list')).stdout).toContain('No schedules.');
      expect(await say(site, 'schedule', 'pause', 'health')).toMatchObject({ code: 3 });
    }),
  120_000,
);

test('the health check tells load, memory and disk, and fails where one is over its limit', async () => {
  const run = promisify(execFile);
  const { stdout } = await run('sh', ['-c', `sed 's/_limit=[0-9]*/_limit=100000/' "$0" | sh`, HEALTH]);
  expect(stdout).toMatch(/^load [\d.]+ on \d+ CPUs, memory \d+%, disk \d+%$/m);
  await expect(run('sh', ['-c', `sed 's/_limit=[0-9]*/_limit=-1/' "$0" | sh`, HEALTH])).rejects.toMatchObject(
    {
      code: 1,
    },
  );
});
