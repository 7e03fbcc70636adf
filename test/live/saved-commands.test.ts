/**
 * Saved commands: created once, shown, run by name and by id with parameters, deleted; each refusal said. And timed: one
 * of them started, followed occurrence by occurrence, stopped. And the rest of Cloud Assistant: agents, targets that
 * match nothing, whole outputs.
 */
import { cli } from '../support/cli';
import type { Finished } from '../support/cli';
import { LiveServer, withSite } from '../support/live-site';
import type { Site } from '../support/live-site';
import { until } from '../support/temporary';

let live: LiveServer;
beforeAll(async () => {
  live = await LiveServer.start();
}, 60_000);
afterAll(() => live.close());

function say(site: Site, ...words: string[]): Promise<Finished> {
  const env = {
    TEMPORAL_ADDRESS: live.server.address,
    STEWARD_ACCOUNT: site.account,
    STEWARD_REGION: site.simulator.regionId,
  };
  return cli(words, { stateDir: site.dir, env });
}

test(
  'a saved command: created, shown, run by name and id, with its parameters, deleted',
  () =>
    withSite(live, { instances: 3 }, async (site) => {
      await site.startWorker();
      const { simulation } = site.simulator;
      simulation.assistant.answers.add({ content: 'look at /var/log', output: 'seen\n' });
      simulation.faults.set([{ action: 'CreateCommand', kind: 'reset', phase: 'after', count: 1 }]);
      const create = ['command', 'create', 'look', '--timeout', '120', '--', 'look at {{place}}'];
      const kept = await say(
        site,
        'command',
        'create',
        'look',
        '--timeout',
        '120',
        '--json',
        '--',
        'look at {{place}}',
      );
      expect(kept).toMatchObject({ code: 0 });
      const [{ commandId }] = (JSON.parse(kept.stdout) as { commands: [{ commandId: string }] }).commands;
      // The answer was lost once: the same ClientToken, one command.
      expect(site.effects('command.created')).toHaveLength(1);
      expect(site.calls('CreateCommand')).toHaveLength(2);

      expect(await say(site, ...create)).toMatchObject({
        code: 3,
        stderr: expect.stringContaining(commandId),
      });
      expect((await say(site, 'command', 'list')).stdout).toContain(commandId);
      expect((await say(site, 'command', 'show', 'look')).stdout).toContain('look at {{place}}');

      await say(site, 'command', 'create', 'other', '--', 'ls');
      expect(await say(site, 'command', 'edit', 'look', '--name', 'other')).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('there is a command of that name already'),
      });
      const edit = ['command', 'edit', 'look', '--timeout', '90', '--description', 'logs'];
      expect(await say(site, ...edit, '--', 'rm')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('cannot be changed; make it anew'),
      });
      simulation.faults.set([{ action: 'ModifyCommand', kind: 'reset', phase: 'after', count: 1 }]);
      expect(await say(site, ...edit)).toMatchObject({ code: 0, stderr: expect.stringContaining('changed') });
      expect((await say(site, 'command', 'show', 'look')).stdout).toMatch(/look +RunShellScript +90 s +logs/);

      const values = ['--all', '--yes', '--parameter', 'place=/var/log', '--json'];
      for (const which of ['look', commandId]) {
        const run = await say(site, 'run', '--command', which, ...values);
        expect(JSON.parse(run.stdout)).toMatchObject({ outcome: 'succeeded', totals: { Success: 3 } });
      }
      const calls = site.calls('InvokeCommand');
      expect(calls.map(({ params }) => params.CommandId)).toEqual([commandId, commandId]);
      expect(calls[0]?.params).toMatchObject({ Timeout: '90' });
      expect(site.calls('RunCommand')).toEqual([]);
      expect(simulation.ledger.counts().unknownParameters).toEqual({});

      const code = await say(
        site,
        'run',
        '--command',
        'look',
        '--all',
        '--yes',
        '--parameter',
        'place=$(reboot)',
      );
      expect(code).toMatchObject({ code: 2, stderr: expect.stringContaining('before the shell reads it') });
      expect(await say(site, 'run', '--command', 'look', '--all', '--', 'ls')).toMatchObject({ code: 2 });

      const changed = await site.start({
        command: { type: 'RunShellScript', commandId, content: 'something else' },
      });
      expect(await changed.result()).toMatchObject({
        outcome: 'failed',
        refusal: expect.stringContaining('is not the one given'),
      });

      expect(await say(site, 'command', 'delete', commandId)).toMatchObject({ code: 0 });
      expect(await say(site, 'command', 'delete', 'other')).toMatchObject({ code: 0 });
      expect(site.effects('command.deleted')).toHaveLength(2);
      expect((await say(site, 'command', 'list')).stdout).toContain('No saved commands.');
      expect(await say(site, 'run', '--command', 'look', '--all')).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('there is no saved command look'),
      });
      expect(await say(site, 'command', 'create', 'c-x', '--', 'ls')).toMatchObject({ code: 2 });
    }),
  180_000,
);

test(
  'a timed command: started from a saved one, listed, its occurrences told, stopped',
  () =>
    withSite(live, { instances: 3 }, async (site) => {
      await site.startWorker();
      const { simulation, instanceIds } = site.simulator;
      const [first = ''] = instanceIds;
      simulation.assistant.answers.add({ content: 'look', instanceId: first, exitCode: 3, output: '=no\n' });
      simulation.assistant.answers.add({ content: 'look', output: 'seen\n' });
      await say(site, 'command', 'create', 'look', '--timeout', '10', '--', 'look at {{place}}');

      const bad = ['timed', 'start', 'watch', '--command', 'look', '--cron', '*/10 * * * *'];
      expect(await say(site, ...bad)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(
          /--instance, --tag: [^]*--zone: is missing[^]*--cron: has five fields.*"0 \*\/10 \* \* \* \*"/,
        ),
      });
      expect(site.calls('InvokeCommand')).toEqual([]);

      const start = ['timed', 'start', 'watch', '--command', 'look', '--all', '--parameter', 'place=/var'];
      const when = ['--cron', '*/10 * * * * *', '--zone', 'Asia/Shanghai'];
      const started = await say(site, ...start, ...when, '--json');
      expect(started).toMatchObject({ code: 0 });
      expect(JSON.parse(started.stdout)).toMatchObject({
        ...{ action: 'start', outcome: 'done', frequency: '*/10 * * * * ? Asia/Shanghai' },
        totals: { accepted: 3 },
      });
      const sent = site.calls('InvokeCommand');
      expect(sent.map(({ params }) => [params.RepeatMode, params.Frequency])).toEqual([
        ['Period', '*/10 * * * * ? Asia/Shanghai'],
      ]);
      expect(await say(site, ...start, ...when)).toMatchObject({
        code: 3,
        stdout: '',
        stderr: expect.stringContaining('watch goes on already, as t-'),
      });
      const deleted = await say(site, 'command', 'delete', 'look');
      expect(deleted).toMatchObject({ code: 3, stderr: expect.stringContaining('Operation.Forbidden') });

      await until('all three have ended one', () => site.effects('command.finished').length >= 3);
      const { stdout: list } = await say(site, 'timed', 'list');
      expect(list).toMatch(/^watch +t-\w+ +\w+ +3 +2 ok, 1 failed, \S+ +20\S+Z +\*\/10 \* \* \* \* \? Asia/m);
      const told = await say(site, 'timed', 'history', 'watch', '--failed', '--json');
      const { rows } = JSON.parse(told.stdout) as { rows: object[] };
      expect(rows[0]).toMatchObject({ instanceId: first, outcome: 'Failed', exitCode: 3, output: '=no\n' });
      const csv = await say(site, 'timed', 'history', 'watch', '--instance', first, '--limit', '1', '--csv');
      expect(csv.stdout.trim().split('\r\n')).toHaveLength(2);
      expect(csv.stdout).toContain("'=no");

      const stopped = await say(site, 'timed', 'stop', 'watch');
      expect(stopped).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('comes no more on 3 instances'),
      });
      expect(await say(site, 'timed', 'stop', 'nobody')).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('there is no timed command nobody'),
      });
      expect(simulation.ledger.counts().unknownParameters).toEqual({});
    }),
  180_000,
);

test(
  'agents: told, installed, and rebooted only where that was typed and agreed to; nothing matched is no success',
  () =>
    withSite(
      live,
      {
        instances: [{ agent: { installed: false } }, { tags: new Map([['fleet', 'web']]) }],
        durations: { rebooting: 2_500, agentBoot: 500 },
      },
      async (site) => {
        await site.startWorker();
        const [never = '', fine = ''] = site.simulator.instanceIds;
        const agent = (...words: string[]): Promise<Finished> => say(site, 'agent', ...words);

        const all = await agent('status', '--all');
        expect(all).toMatchObject({ code: 1, stdout: expect.stringContaining('1 alive') });
        expect(all.stdout).toContain('never heard of');
        expect(await agent('status', '--tag', 'fleet=web', '--json')).toMatchObject({ code: 0 });
        expect(await agent('status', '--tag', 'fleet=wbe')).toMatchObject({ code: 3 });

        const dry = await agent('install', '--all', '--reboot', '--dry-run');
        expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('REBOOTED') });
        expect(await agent('install', '--all', '--reboot')).toMatchObject({
          code: 2,
          stderr: expect.stringContaining('Type --yes to mean it'),
        });
        expect(await agent('install', '--all', '--canary', '1')).toMatchObject({ code: 2 });
        expect(site.calls('InstallCloudAssistant')).toEqual([]);

        const installed = await agent('install', '--all', '--json');
        expect(installed).toMatchObject({ code: 0 });
        expect(JSON.parse(installed.stdout)).toMatchObject({
          outcome: 'needs-reboot',
          rows: [{ instanceId: fine }, { instanceId: never, outcome: 'NeedsReboot' }],
        });
        expect(site.calls('RebootInstance')).toEqual([]);

        const done = await agent('install', '--all', '--reboot', '--yes');
        expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('2 of 2 agents run') });
        expect(site.effects('instance.rebooting').map(({ resourceId }) => resourceId)).toEqual([never]);
        expect(await agent('status', '--all', '--dead')).toMatchObject({ code: 0 });
        expect(site.simulator.simulation.ledger.counts().unknownParameters).toEqual({});

        const nobody = ['run', '--tag', 'fleet=wbe', '--yes'];
        expect(await say(site, ...nobody, '--', 'true')).toMatchObject({
          code: 3,
          stdout: expect.stringContaining('No instance matches'),
        });
        expect(await say(site, ...nobody, '--allow-empty', '--', 'true')).toMatchObject({ code: 0 });
        expect(await say(site, ...nobody, '--dry-run', '--', 'true')).toMatchObject({ code: 3 });

        site.simulator.simulation.assistant.answers.add({ content: 'long', outputBytes: 40_000 });
        const cut = await say(site, 'run', '--instance', fine, '--', 'long');
        expect(cut).toMatchObject({ code: 0, stderr: expect.stringContaining('--oss-output') });
        const run = ['run', '--instance', fine, '--id', 'kept', '--oss-output', 'oss://outputs/x'];
        expect(await say(site, ...run, '--', 'long')).toMatchObject({ code: 0 });
        const csv = await say(site, 'results', 'kept', '--csv');
        expect(csv.stdout).toContain(`oss://outputs/x/`);
      },
    ),
  180_000,
);
