import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { whyNot } from '../../simulator/exec/probe';
import { SANDBOX_TOOLS, SandboxExecutor } from '../../simulator/exec/sandbox';
import { guest, OUTPUT_LIMIT, run, useDirectory } from './support/guests';
import type { Ran } from './support/guests';
import { until } from './support/simulated';

const directory = useDirectory();

describe.each(SANDBOX_TOOLS)('a sandbox made by %s', (tool) => {
  let executor: SandboxExecutor | undefined;

  beforeAll(async () => {
    const reason = await whyNot(tool, directory);
    if (reason === undefined)
      executor = new SandboxExecutor(directory, tool, { outputLimit: () => OUTPUT_LIMIT });
    else process.stderr.write(`skipped: sandbox by ${tool}: ${reason}\n`);
  });
  afterAll(() => executor?.close());

  /** Runs a test where the sandbox works; elsewhere the reason has been printed. */
  const inside = (
    name: string,
    test: (sh: (script: string, id?: string) => Promise<Ran>) => Promise<void>,
  ): void =>
    it(name, async () => {
      const made = executor;
      if (made) await test((script, id) => run(made, script, { guest: guest(id) }));
    });

  inside('answers what the main job asks: /proc/meminfo', async (sh) => {
    const { ending, text } = await sh('cat /proc/meminfo');
    expect(ending).toEqual({ kind: 'exited', exitCode: 0 });
    expect(text).toMatch(/^MemTotal: +\d+ kB$/m);
  });

  inside('shows the instance its own host name, boot id, root account and home', async (sh) => {
    const { text } = await sh(
      'hostname; uname -n; cat /etc/hostname /proc/sys/kernel/random/boot_id; whoami; id -u; pwd; echo $HOME',
      'i-seen',
    );
    const host = 'host-i-seen';
    expect(text.split('\n').slice(0, 8)).toEqual([
      host,
      host,
      host,
      'boot-of-i-seen',
      'root',
      '0',
      '/root',
      '/root',
    ]);
  });

  inside('tells the new boot id after a reboot', async (sh) => {
    await sh('true', 'i-boot');
    const made = executor as SandboxExecutor;
    const rebooted = { ...guest('i-boot'), bootId: 'another-boot' };
    const { text } = await run(made, 'cat /proc/sys/kernel/random/boot_id', { guest: rebooted });
    expect(text).toBe('another-boot\n');
  });

  inside('keeps what a script writes at home and in /tmp for the next one', async (sh) => {
    await sh('echo kept > ~/note; echo too > /tmp/note', 'i-kept');
    expect((await sh('cat ~/note /tmp/note /var/tmp/note', 'i-kept')).text).toBe('kept\ntoo\ntoo\n');
  });

  inside('lets nothing be written but home and /tmp', async (sh) => {
    const places = '/x /etc/x /usr/x /usr/bin/x /run/x /run/cloud-assist/x /var/x /dev/x /home/x/y /bin/x';
    const { text } = await sh(
      `for p in ${places}; do ( : > $p ) 2>/dev/null && echo wrote $p; done; echo done`,
    );
    expect(text).toBe('done\n');
  });

  inside('hides every file of this machine that is not part of the system', async (sh) => {
    const secrets = [homedir(), tmpdir(), process.cwd()].flatMap((place) => {
      try {
        const made = mkdtempSync(join(place, '.steward-secret-'));
        writeFileSync(join(made, 'secret'), 'secret');
        return [made];
      } catch {
        return [];
      }
    });
    try {
      const paths = secrets.map((made) => join(made, 'secret'));
      const { text } = await sh(
        `for p in ${paths.join(' ')}; do cat $p /proc/1/root$p /proc/self/root$p; done 2>/dev/null; echo done`,
      );
      expect(text).toBe('done\n');
      expect(
        (await sh(`ls -d ${homedir()}/.* ${process.cwd()} 2>/dev/null | grep -v '^/root/\\.\\.*$' | wc -l`))
          .text,
      ).toBe('0\n');
    } finally {
      for (const made of secrets) rmSync(made, { recursive: true });
    }
  });

  inside('hides other instances and the directory of the simulator', async (sh) => {
    await sh('echo mine > ~/secret-of-a; echo mine > /tmp/secret-of-a', 'i-a');
    const { text } = await sh(
      `find / -xdev -name secret-of-a 2>/dev/null; find /root /home /tmp /var /run -name secret-of-a; ls ${directory} 2>/dev/null; cat /proc/mounts | grep -c i-a`,
      'i-b',
    );
    expect(text).toBe('0\n');
  });

  inside('sees no process of this machine and can signal none', async (sh) => {
    const { text } = await sh(
      `ls /proc | grep -c '^[0-9]'; kill -0 ${process.pid} 2>/dev/null && echo reached; kill -9 -1 2>/dev/null; echo after`,
    );
    const [count, ...rest] = text.trim().split('\n');
    expect(Number(count)).toBeLessThan(12);
    expect(rest).not.toContain('reached');
    expect(() => process.kill(process.pid, 0)).not.toThrow();
  });

  inside('has no network, not even to this machine', async (sh) => {
    let reached = 0;
    const server = createServer((socket) => {
      reached += 1;
      socket.end('open');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const { text } = await sh(
        `bash -c 'exec 3<>/dev/tcp/127.0.0.1/${port} && cat <&3' 2>/dev/null; grep -c : /proc/net/dev`,
      );
      expect(text).toBe('1\n');
      expect(reached).toBe(0);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  inside('holds no capability and can gain none', async (sh) => {
    const { text } = await sh(
      'grep -E "^(CapPrm|CapEff|CapAmb|NoNewPrivs)" /proc/self/status; unshare -U true 2>/dev/null && echo namespace; mount -t tmpfs x /tmp 2>/dev/null && echo mounted; umount /proc 2>/dev/null && echo unmounted; hostname other 2>/dev/null && echo renamed; true',
    );
    expect(text).toBe(
      'CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\n',
    );
  });

  inside('cannot change the kernel of this machine', async (sh) => {
    const before = readFileSync('/proc/sys/kernel/core_pattern', 'utf8');
    const { text } = await sh(
      'for f in /proc/sys/kernel/core_pattern /proc/sys/vm/swappiness /proc/sysrq-trigger /proc/1/oom_score_adj; do ( echo 5 > $f ) 2>/dev/null && echo wrote $f; done; ls /sys 2>/dev/null; ls /dev | tr "\\n" " "',
    );
    expect(text).not.toContain('wrote /proc/s');
    expect(text).not.toMatch(/\b(vda|sda|kmsg|mem|kvm)\b/);
    expect(readFileSync('/proc/sys/kernel/core_pattern', 'utf8')).toBe(before);
  });

  inside('starts with a clean environment', async (sh) => {
    process.env['STEWARD_TEST_SECRET'] = 'leaked';
    const { text } = await sh('env; cat /proc/1/environ');
    delete process.env['STEWARD_TEST_SECRET'];
    expect(text).not.toContain('leaked');
    expect(text).not.toContain(tmpdir() === '/tmp' ? directory : tmpdir());
  });

  inside('bounds processes, memory and files of a script', async (sh) => {
    const { text } = await sh('ulimit -u; ulimit -v; ulimit -f; ulimit -c');
    expect(text.trim().split('\n').map(Number)).toEqual([128, 4_194_304, 262_144, 0]);
    const bomb = await sh('#!/bin/sh\ni=0; while [ $i -lt 300 ]; do sleep 20 & i=$((i+1)); done');
    expect(bomb.ending).not.toEqual({ kind: 'exited', exitCode: 0 });
    expect(bomb.text).toMatch(/fork/i);
  });

  inside('leads no link that a script left into this machine', async (sh) => {
    await sh('rm -rf /tmp/*; ln -s /etc /tmp/etc; ln -s ../sys ~/sys; ln -s /proc/1/root /tmp/up', 'i-link');
    const { text } = await sh(
      'ls /tmp/etc/shadow ~/sys/ /tmp/up/work 2>&1 | grep -c "No such file\\|cannot"',
      'i-link',
    );
    expect(Number(text)).toBeGreaterThanOrEqual(3);
  });

  inside('runs as another account that exists, and as no other', async () => {
    const made = executor as SandboxExecutor;
    const { text } = await run(
      made,
      'id -un; pwd; touch ~/mine && echo ok; touch /root/x 2>/dev/null || echo no',
      { username: 'ecs-user' },
    );
    expect(text).toContain('ecs-user\n/home/ecs-user\nok\n');
    const { ending } = await run(made, 'id', { username: 'somebody' });
    expect(ending).toMatchObject({ kind: 'failed', code: 'AccountNotExists' });
  });

  inside('refuses a working directory that does not exist', async () => {
    const made = executor as SandboxExecutor;
    expect((await run(made, 'pwd', { workingDirectory: '/nowhere' })).ending).toMatchObject({
      code: 'DirectoryNotExists',
    });
    expect((await run(made, 'pwd', { workingDirectory: '/tmp' })).text).toBe('/tmp\n');
  });

  inside('ends everything a script started when the script ends', async (sh) => {
    const mark = `9${Date.now()}`;
    await sh(`setsid sleep ${mark} & (sleep ${mark} &) ; exit 0`);
    await until(
      async () => processesWith(mark),
      (found) => found === 0,
    );
  });

  inside('removes all of an instance that is released', async (sh) => {
    await sh('mkdir -p ~/a/b; echo x > ~/a/b/c; chmod 000 ~/a/b', 'i-gone');
    expect(existsSync(join(directory, 'i-gone'))).toBe(true);
    await executor?.forget('i-gone');
    expect(existsSync(join(directory, 'i-gone'))).toBe(false);
  });
});

/** How many processes of this machine have a word in their command line. */
function processesWith(word: string): number {
  return readdirSync('/proc').filter((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      return readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0').includes(word);
    } catch {
      return false;
    }
  }).length;
}
