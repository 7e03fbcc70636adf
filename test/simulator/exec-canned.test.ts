import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Clock } from '../../simulator/core/clock';
import { CannedExecutor } from '../../simulator/exec/canned';
import { COMMANDS } from '../../simulator/exec/canned-commands';
import { createExecutor, ScriptedAnswers } from '../../simulator/exec';
import { guest, OUTPUT_LIMIT, run, start } from './support/guests';

const START = Date.UTC(2026, 0, 2, 3, 4, 5);

function driven() {
  const clock = new Clock({ kind: 'driven', startAt: START });
  return { clock, executor: new CannedExecutor(clock, () => OUTPUT_LIMIT) };
}

const canned = (script: string, over = {}) => run(driven().executor, script, over);

describe('a canned guest', () => {
  it.each([
    ['cat /proc/meminfo', /^MemTotal: +\d+ kB\nMemFree: /],
    ['uname -a', /^Linux host-i-test 5\.10\S+ .* x86_64 GNU\/Linux\n$/],
    ['uname -r', /^5\.10\S+\n$/],
    ['hostname', /^host-i-test\n$/],
    ['hostname -I', /^10\.0\.0\.7\n$/],
    ['uptime', /^ 03:04:05 up .*load average: /],
    ['df -h', /^Filesystem .*\n\/dev\/vda1 +40G/],
    ['free -m', /total +used +free.*\nMem: +\d+/],
    ['whoami', /^root\n$/],
    ['id', /^uid=0\(root\) gid=0\(root\)/],
    ['nproc', /^2\n$/],
    ['date +%F', /^2026-01-02\n$/],
    ['date -u', /^Fri Jan 02 03:04:05 UTC 2026\n$/],
    ['pwd', /^\/root\n$/],
    ['ls /', /etc/],
    ['cat /proc/sys/kernel/random/boot_id', /^boot-of-i-test\n$/],
    ['cat /etc/os-release', /Alibaba Cloud Linux/],
    ['curl -s http://100.100.100.200/latest/meta-data/instance-id', /^i-test\n$/],
    ['/bin/echo hello', /^hello\n$/],
    ['seq 3', /^1\n2\n3\n$/],
    ['printf "%s-%s\\n" a b', /^a-b\n$/],
  ])('answers %s', async (script, expected) => {
    const { ending, text } = await canned(script);
    expect(ending).toEqual({ kind: 'exited', exitCode: 0 });
    expect(text).toMatch(expected);
  });

  it.each([
    ['echo a; echo b\necho c', 0, 'a\nb\nc\n'],
    ['true && echo yes', 0, 'yes\n'],
    ['false && echo no', 1, ''],
    ['false || echo rescued', 0, 'rescued\n'],
    ['echo to-err >&2', 0, 'to-err\n'],
    ['echo hidden >/dev/null; echo shown 2>&1', 0, 'shown\n'],
    ['echo \'a  b\' "c $HOSTNAME" $?', 0, 'a  b c host-i-test 0\n'],
    ['X=5; echo "${X}6" # comment', 0, '56\n'],
    ['echo $(hostname) `whoami`', 0, 'host-i-test root\n'],
    ['cat /proc/meminfo | head -n 1 | wc -l', 0, '1\n'],
    ['seq 10 | grep 1 | tail -1', 0, '10\n'],
    ['yes | head -n 2', 0, 'y\ny\n'],
    ['exit 3', 3, ''],
    ['echo before; exit 4; echo after', 4, 'before\n'],
    ['false', 1, ''],
    ['cat /no/such', 1, 'cat: /no/such: No such file or directory\n'],
    ['#!/bin/bash\necho shebang', 0, 'shebang\n'],
    ['echo a > /root/f; echo b >> f; cat f; wc -l /root/f', 0, 'a\nb\n2\n'],
    ['mkdir -p d && touch d/x && ls d && [ -f d/x ] && test -d d && rm -rf d; test -e d', 1, 'x\n'],
    ['echo a >/etc/f', 1, 'sh: /etc/f: Read-only file system\n'],
    ['rm /tmp/none', 1, 'rm: /tmp/none: No such file or directory\n'],
    ['cd /tmp; echo x >../root/../tmp/y; cat y; [ "$(cat y)" = x ]', 0, 'x\n'],
    ['echo windows\r\necho lines\r\n', 0, 'windows\nlines\n'],
  ])('carries out %j', async (script, exitCode, expected) => {
    const { ending, text } = await canned(script);
    expect({ ending, text }).toEqual({ ending: { kind: 'exited', exitCode }, text: expected });
  });

  it('keeps what scripts write for their instance alone, up to a bound', async () => {
    const { executor } = driven();
    expect((await run(executor, 'echo mine >/root/f; seq 400000 >/tmp/big')).text).toContain('No space');
    expect((await run(executor, 'cat /root/f')).text).toBe('mine\n');
    expect((await run(executor, 'cat /root/f', { guest: guest('i-other') })).ending).toMatchObject({
      exitCode: 1,
    });
    await executor.forget('i-test');
    expect((await run(executor, 'cat /root/f')).ending).toMatchObject({ exitCode: 1 });
  });

  it('says of a command outside the list that it is not there, as a shell would', async () => {
    const { ending, text } = await canned('systemctl restart nginx');
    expect(ending).toEqual({ kind: 'exited', exitCode: 127 });
    expect(text).toMatch(/^sh: systemctl: command not found .*canned/);
  });

  it('refuses syntax it does not know instead of half obeying it', async () => {
    for (const script of [
      'for i in 1 2; do echo $i; done',
      'if true; then echo x; fi',
      'echo "open',
      'cat < file',
      '(echo a)',
      'echo a >',
      'echo a > > b',
    ])
      expect((await canned(script)).ending).toEqual({ kind: 'exited', exitCode: 2 });
  });

  it('never fails on any script of its own commands', async () => {
    for (const name of Object.keys(COMMANDS).filter((command) => command !== 'yes'))
      for (const script of [name, `${name} -x`, `${name} a b`, `${name} | ${name}`]) {
        const { clock, executor } = driven();
        const job = start(executor, script);
        await clock.setTime(START + 100_000_000);
        expect((await job.done).ending.kind).not.toBe('failed');
      }
  });

  it('is documented: every command of the list stands in docs/simulator-commands.md', () => {
    const text = readFileSync(join(__dirname, '../../docs/simulator-commands.md'), 'utf8');
    const listed = new Set((/```\n(echo [^]*?)```/.exec(text)?.[1] ?? '').split(/\s+/));
    expect(Object.keys(COMMANDS).filter((name) => !listed.has(name))).toEqual([]);
  });

  it('agrees with itself and differs from others', async () => {
    const { executor } = driven();
    const ask = (id: string) => run(executor, 'cat /proc/meminfo', { guest: guest(id) });
    expect((await ask('i-one')).text).toBe((await ask('i-one')).text);
    expect((await ask('i-one')).text).not.toBe((await ask('i-two')).text);
  });

  it('knows accounts and directories', async () => {
    expect((await canned('whoami', { username: 'ecs-user' })).text).toBe('ecs-user\n');
    expect((await canned('id', { username: 'nobody-knows' })).ending).toMatchObject({
      code: 'AccountNotExists',
    });
    expect((await canned('pwd', { workingDirectory: '/nope' })).ending).toMatchObject({
      code: 'DirectoryNotExists',
    });
    expect((await canned('pwd', { workingDirectory: '/var/log' })).text).toBe('/var/log\n');
  });

  it('answers a Windows script too', async () => {
    const over = { type: 'RunPowerShellScript' as const, guest: guest('i-win', { osType: 'windows' }) };
    expect((await canned('hostname\r\nWrite-Output done', over)).text).toBe('host-i-win\ndone\n');
  });
});

describe('driven time', () => {
  it('is what a canned script sleeps in', async () => {
    const { clock, executor } = driven();
    let ended = false;
    const job = start(executor, 'echo a; sleep 2h; date +%H', { timeoutMs: 3 * 3_600_000 });
    void job.done.then(() => (ended = true));
    await clock.setTime(START + 7_199_000);
    expect(ended).toBe(false);
    await clock.setTime(START + 7_200_000);
    expect(await job.done).toMatchObject({
      ending: { kind: 'exited', exitCode: 0 },
      output: Buffer.from('a\n05\n'),
    });
  });

  it('ends a script that takes too long, and one that writes for ever', async () => {
    for (const script of ['sleep 1d', 'yes']) {
      const { clock, executor } = driven();
      const job = start(executor, script, { timeoutMs: 60_000 });
      await clock.setTime(START + 60_000);
      expect((await job.done).ending).toEqual({ kind: 'timeout' });
    }
  });

  it('shows running output after a second', async () => {
    const { clock, executor } = driven();
    const job = start(executor, 'echo a; sleep 5; echo b; sleep 5', { timeoutMs: 60_000 });
    expect(job.output().toString()).toBe('');
    await clock.setTime(START + 1_000);
    expect(job.output().toString()).toBe('a\n');
    await clock.setTime(START + 7_000);
    expect(job.output().toString()).toBe('a\nb\n');
    job.kill();
    expect((await job.done).ending).toEqual({ kind: 'killed' });
  });

  it('holds one timer for each of ten thousand sleeping guests', async () => {
    const { clock, executor } = driven();
    const jobs = Array.from({ length: 10_000 }, (_, i) =>
      start(executor, 'sleep 1h', { guest: guest(`i-${i}`), timeoutMs: 7_200_000 }),
    );
    expect(clock.pending()).toBeLessThanOrEqual(20_000);
    await clock.setTime(START + 3_600_000);
    expect(
      (await Promise.all(jobs.map((job) => job.done))).every(({ ending }) => ending.kind === 'exited'),
    ).toBe(true);
  }, 30_000);
});

describe('a scripted answer', () => {
  async function scripted() {
    const clock = new Clock({ kind: 'driven', startAt: START });
    const answers = new ScriptedAnswers();
    const options = {
      mode: 'canned' as const,
      directory: '',
      timers: clock,
      outputLimit: () => OUTPUT_LIMIT,
      answers,
    };
    return { clock, answers, executor: await createExecutor(options) };
  }

  it('is given where its conditions hold, in order, and as often as it says', async () => {
    const { answers, executor } = await scripted();
    answers.add({ instanceId: 'i-test', content: 'up(date)?', exitCode: 9, output: 'no', times: 1 });
    answers.add({ id: 'second', content: 'update', output: 'second' });
    expect((await run(executor, 'echo other')).text).toBe('other\n');
    expect(await run(executor, 'update')).toMatchObject({ ending: { exitCode: 9 }, text: 'no' });
    expect(await run(executor, 'update')).toMatchObject({ ending: { exitCode: 0 }, text: 'second' });
    expect((await run(executor, 'up', { guest: guest('i-other') })).ending).toEqual({
      kind: 'exited',
      exitCode: 127,
    });
    expect(answers.list().map(({ given }) => given)).toEqual([1, 1]);
    answers.remove('second');
    expect(answers.list()).toHaveLength(1);
  });

  it('can last, write much, hang and fail', async () => {
    const { clock, answers, executor } = await scripted();
    answers.add({ content: 'long', durationMs: 3_600_000, outputBytes: 100_000 });
    answers.add({ content: 'hang', hang: true });
    answers.add({ content: 'broken', error: 'ClientNotResponse' });
    const [long, hang] = ['long', 'hang'].map((script) => start(executor, script, { timeoutMs: 7_200_000 }));
    expect((await run(executor, 'broken')).ending).toMatchObject({
      kind: 'failed',
      code: 'ClientNotResponse',
    });
    await clock.setTime(START + 3_600_000);
    expect(await long?.done).toMatchObject({ ending: { exitCode: 0 }, dropped: 100_000 - OUTPUT_LIMIT });
    await clock.setTime(START + 7_200_000);
    expect((await hang?.done)?.ending).toEqual({ kind: 'timeout' });
  });

  it('that is wrong is refused when it is set', async () => {
    const { answers } = await scripted();
    expect(() => answers.add({ exitCode: 300 })).toThrow();
    expect(() => answers.add({ content: '(' })).toThrow();
    expect(() => answers.add({ unknown: 1 } as never)).toThrow();
  });
});
