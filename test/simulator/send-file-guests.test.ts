/**
 * Files in guests that are real: they are where they were sent to, as scripts see it, and nowhere else on this machine.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Executor } from '../../simulator/exec';
import type { FileJob } from '../../simulator/exec/types';
import { whyNot } from '../../simulator/exec/probe';
import { SANDBOX_TOOLS, SandboxExecutor } from '../../simulator/exec/sandbox';
import { ShellExecutor } from '../../simulator/exec/shell';
import { guest, OUTPUT_LIMIT, run, useDirectory } from './support/guests';

const directory = useDirectory();
/** Below it, as in the simulator: what is kept of guests lies beside them. */
const guests = join(directory, 'instances');
const limits = { outputLimit: () => OUTPUT_LIMIT };
let files = 0;

async function send(executor: Executor, over: Partial<FileJob> = {}): Promise<string> {
  const { ending } = await executor.send({
    id: `f-${++files}`,
    guest: guest(),
    directory: '/etc/app',
    name: 'app.conf',
    content: Buffer.from('a = 1\n'),
    mode: '0644',
    owner: 'root',
    group: 'root',
    overwrite: false,
    timeoutMs: 10_000,
    onStart: () => undefined,
    ...over,
  }).done;
  if (ending.kind === 'failed') return `${ending.code} ${ending.message}`;
  return ending.kind === 'exited' ? `exit ${ending.exitCode}` : ending.kind;
}

describe.each(SANDBOX_TOOLS)('a sandbox made by %s', (tool) => {
  let executor: SandboxExecutor | undefined;

  beforeAll(async () => {
    const reason = await whyNot(tool, guests);
    if (reason === undefined) executor = new SandboxExecutor(guests, tool, limits);
    else process.stderr.write(`skipped: sandbox by ${tool}: ${reason}\n`);
  });
  afterAll(() => executor?.close());

  /** Runs a test where the sandbox works; elsewhere the reason has been printed. */
  const inside = (name: string, test: (made: SandboxExecutor) => Promise<void>): void =>
    it(name, async () => {
      if (executor) await test(executor);
    });
  const sh = async (script: string, id?: string): Promise<string> =>
    (await run(executor as Executor, script, { guest: guest(id) })).text;

  inside('has the file where it was sent to, with its mode, for every account', async (made) => {
    const id = `i-${tool}`;
    const bytes = Buffer.from(Array.from({ length: 24_576 }, (_, index) => index % 256));
    expect(await send(made, { guest: guest(id), content: bytes, mode: '0754' })).toBe('exit 0');
    expect(await sh('stat -c "%a %s" /etc/app/app.conf; sha256sum </etc/app/app.conf', id)).toBe(
      `754 24576\n${createHash('sha256').update(bytes).digest('hex')}  -\n`,
    );
    const text = await run(made, 'wc -c </etc/app/app.conf', { guest: guest(id), username: 'ecs-user' });
    expect(text.text.trim()).toBe('24576');
  });

  inside('takes files anywhere a script can write, and in /etc', async (made) => {
    const id = `i-places-${tool}`;
    for (const place of ['/root/a/b', '/home/ecs-user', '/opt/app', '/srv', '/tmp', '/mnt/d-1', '/etc/x/y'])
      expect([place, await send(made, { guest: guest(id), directory: place })]).toEqual([place, 'exit 0']);
    for (const place of ['/usr/local/bin', '/var/lib/x', '/run', '/proc', '/'])
      expect(await send(made, { guest: guest(id), directory: place })).toMatch(
        /^FileCreateFail .*(Read-only|denied|No such)/,
      );
  });

  inside('overwrites when asked, whole or not at all, and leaves nothing beside it', async (made) => {
    const id = `i-over-${tool}`;
    const target = { guest: guest(id), directory: '/root', name: "it's $(touch ran) \n -rf" };
    expect(await send(made, target)).toBe('exit 0');
    expect(await send(made, { ...target, content: Buffer.from('b') })).toMatch(/^FileAlreadyExists \/root\//);
    expect(await send(made, { ...target, content: Buffer.from('b'), overwrite: true })).toBe('exit 0');
    expect(await sh('cat /root/*; ls -A /root; ls /tmp /', id)).not.toContain('\nran\n');
    expect(await send(made, { ...target, name: 'd', directory: '/root/d' })).toBe('exit 0');
    expect(await send(made, { ...target, name: 'd', overwrite: true })).toMatch(
      /^FileCreateFail .*directory/,
    );
  });

  inside('knows which accounts there are', async (made) => {
    expect(await send(made, { owner: 'nobody-knows', name: 'o' })).toMatch(/^AccountNotExists/);
    expect(await send(made, { group: 'nobody-knows', name: 'o' })).toMatch(/^UserGroupNotExists/);
    expect(await send(made, { owner: 'ecs-user', group: 'ecs-user', name: 'o' })).toBe('exit 0');
  });

  inside('lets nothing lead out of the instance: no dots, no links, no name', async (made) => {
    const id = `i-out-${tool}`;
    const outside = join(directory, `outside-${tool}`);
    mkdirSync(outside, { mode: 0o777 });
    await sh(`ln -s ${outside} /root/link; ln -s ${outside}/file /root/file; ln -s / /tmp/slash`, id);
    const attempts: Partial<FileJob>[] = [
      { directory: '/root/link' },
      { directory: '/root', name: 'file', overwrite: true },
      { directory: `/root/../../../../../../..${outside}` },
      { directory: `/tmp/slash${outside}` },
      { directory: outside },
      { directory: '/root', name: `../../../../../../..${outside}/x` },
    ];
    for (const over of attempts) await send(made, { guest: guest(id), ...over });
    expect(readdirSync(outside)).toEqual([]);
  });

  inside(
    'puts what is sent to /etc into no file of this machine, whatever an image brought there',
    async (made) => {
      const id = `i-etc-${tool}`;
      const victim = join(directory, `victim-${tool}`);
      writeFileSync(victim, 'mine');
      // As a disk that scripts could write: it becomes the system disk of another instance.
      const kept = join(directory, 'kept', `s-${tool}`);
      mkdirSync(join(kept, 'etc', 'sub'), { recursive: true });
      for (const name of ['passwd', 'hosts', 'nsswitch.conf', 'sub/link'])
        symlinkSync(victim, join(kept, 'etc', name));
      symlinkSync(directory, join(kept, 'srv'));
      writeFileSync(join(kept, 'etc', 'app.conf'), 'from the image');
      await made.files.copy({ kept: `s-${tool}` }, { guest: id });
      expect(await send(made, { guest: guest(id), directory: '/etc', name: 'sent' })).toBe('exit 0');
      expect(await sh('cat /etc/app.conf /etc/sent; ls /etc/sub /srv; whoami', id)).toBe(
        'from the imagea = 1\n/etc/sub:\n\n/srv:\nroot\n',
      );
      expect(readFileSync(victim, 'utf8')).toBe('mine');
      expect(await sh('touch /etc/by-a-script 2>&1', id)).toMatch(/Read-only/);
    },
  );

  inside('gives the file to instances launched from an image', async (made) => {
    const [one, two] = [`i-from-${tool}`, `i-to-${tool}`];
    expect(await send(made, { guest: guest(one) })).toBe('exit 0');
    await made.files.copy({ guest: one }, { kept: `s-image-${tool}` });
    await made.files.copy({ kept: `s-image-${tool}` }, { guest: two });
    expect(await sh('cat /etc/app/app.conf; whoami', two)).toBe('a = 1\nroot\n');
  });
});

describe('the shell of this machine', () => {
  const executor = new ShellExecutor(join(directory, 'shell'), limits);
  afterAll(() => executor.close());

  it('has the file where it was sent to, as you', async () => {
    const target = join(directory, 'by-shell');
    expect(await send(executor, { directory: target, owner: 'root', group: 'root', mode: '0600' })).toBe(
      'exit 0',
    );
    expect((await run(executor, `cat ${target}/app.conf; stat -c %a ${target}/app.conf`)).text).toBe(
      'a = 1\n600\n',
    );
    expect(await send(executor, { directory: target })).toMatch(/^FileAlreadyExists/);
    expect(await send(executor, { directory: target, owner: 'nobody-knows' })).toMatch(/^AccountNotExists/);
  });
});
