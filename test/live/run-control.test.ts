/** People and dead workers meet a run that goes on: the command line speaks to it, and what was said outlasts the worker. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

test(
  'a file of the command line: previewed, sent, there for commands, refused where it is, sent again to the rest',
  () =>
    withSite(live, { instances: 3 }, async (site) => {
      await site.startWorker();
      const [one = '', ...others] = site.simulator.instanceIds;
      const file = join(site.dir, 'app.conf');
      writeFileSync(file, 'a = 1\n');
      const to = ['--region', site.simulator.regionId, '--to', '/opt/app/', '--mode', '0640'];
      const send = (ids: string[], ...more: string[]): Promise<Finished> =>
        say(site, 'send', file, ...to, ...ids.flatMap((id) => ['--instance', id]), ...more);
      const preview = await send([one, ...others], '--dry-run');
      expect(preview).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('/opt/app/app.conf, mode 0640'),
      });
      expect(preview.stdout).toContain('SendFile 1');
      expect(site.effects('file.sent')).toHaveLength(0);
      expect(await send(['i-x'], '--mode', '999')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('--mode'),
      });

      expect(await send([one])).toMatchObject({ code: 0, stdout: expect.stringContaining('1 of 1') });
      const id = `sent-${site.account}`;
      const second = await send([one, ...others], '--id', id);
      expect(second).toMatchObject({ code: 1, stdout: expect.stringContaining('FileAlreadyExists') });
      expect((await say(site, 'status', id)).stdout).toContain('sendFile, completed');
      expect((await say(site, 'results', id, '--failed')).stdout).toContain(`${one}: Failed`);
      const again = await say(site, 'retry', id, '--on', 'failed', '--json');
      expect(JSON.parse(again.stdout)).toMatchObject({ retryOf: id, totals: { targets: 1, Failed: 1 } });

      const script = 'cat /opt/app/app.conf; stat -c %a /opt/app/app.conf';
      const where = ['--region', site.simulator.regionId, ...others.flatMap((each) => ['--instance', each])];
      const seen = await say(site, 'run', ...where, '--json', '--', script);
      expect(JSON.parse(seen.stdout)).toMatchObject({
        totals: { Success: 2 },
        rows: [{ firstLine: 'a = 1' }, {}],
      });
      expect((await say(site, 'send', file, ...to, '--overwrite', '--all', '--yes')).code).toBe(0);
    }),
  120_000,
);
