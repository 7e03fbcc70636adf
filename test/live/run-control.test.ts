/** People and dead workers meet a run that goes on: the command line speaks to it, and what was said outlasts the worker. */
import { cli } from '../support/cli';
import type { Finished } from '../support/cli';
import { LiveServer, killed, withSite } from '../support/live-site';
import type { Run, Site } from '../support/live-site';
import type { RunCommandResult } from '../../src/domain/messages';
import { until } from '../support/until';

let live: LiveServer;
beforeAll(async () => {
  live = await LiveServer.start();
}, 60_000);
afterAll(() => live.close());

function say(site: Site, ...words: string[]): Promise<Finished> {
  const env = { TEMPORAL_ADDRESS: live.server.address, STEWARD_ACCOUNT: site.account };
  return cli(words, { stateDir: site.dir, env });
}

const started = (site: Site): number => site.effects('command.started').length;
const phase = async (run: Run): Promise<string> => (await run.query<{ phase: string }>('progress')).phase;

test(
  'a run paused after its canary stays paused when its worker is killed, and goes on when a person says so',
  () =>
    withSite(live, { instances: 12 }, async (site) => {
      const first = await site.startWorker();
      const run = await site.start({ rate: { canary: 2, approve: true, maxConcurrency: 5 } });
      const id = run.workflowId;
      await until('the canary has ended', async () => (await phase(run)) === 'approval');
      await until('people are asked', async () => (await say(site, 'attention')).stdout.includes(id));
      expect(await say(site, 'pause', id)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('paused'),
      });
      await killed(first);
      await site.startWorker();
      expect(await say(site, 'approve', id)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('goes on with the other 10'),
      });
      expect((await say(site, 'status', id)).stdout).toContain('paused');
      expect(started(site)).toBe(2);
      expect(await say(site, 'limits', id)).toMatchObject({ code: 2 });
      expect(await say(site, 'limits', id, '--max-concurrency', '150%')).toMatchObject({ code: 2 });
      const limits = await say(site, 'limits', id, '--max-concurrency', '3', '--json');
      expect(JSON.parse(limits.stdout)).toMatchObject({ update: 'setLimits', workflowId: id });
      expect(await say(site, 'resume', id)).toMatchObject({ code: 0 });
      expect((await run.result()).totals.Success).toBe(12);
      expect(started(site)).toBe(12);
      expect(site.calls('RunCommand').length).toBe(5);
      expect((await say(site, 'attention')).stdout).not.toContain(id);
      expect(await say(site, 'abort', id)).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('has ended'),
      });
    }),
  120_000,
);

test(
  'a run of the command line aborted after its canary ends with exit code 1 and names what was left out',
  () =>
    withSite(live, { instances: 6 }, async (site) => {
      await site.startWorker();
      const id = `aborted-${site.account}`;
      const ids = site.simulator.instanceIds.flatMap((each) => ['--instance', each]);
      const rate = ['--canary', '1', '--approve', '--start-with', '1', '--max-errors', '1', '--spread-zones'];
      const options = ['--region', site.simulator.regionId, ...ids, ...rate, '--id', id];
      const run = say(site, 'run', ...options, '--', 'uname');
      const handle = live.client.workflow.getHandle<() => Promise<RunCommandResult>>(id);
      const isAsking = (): Promise<boolean> =>
        phase(handle).then(
          (now) => now === 'approval',
          () => false,
        );
      await until('the canary has ended', isAsking);
      expect(await say(site, 'abort', id)).toMatchObject({ code: 0 });
      expect(await run).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('5 NotStarted; it was aborted'),
      });
    }),
  120_000,
);
