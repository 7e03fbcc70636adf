/**
 * The step before `npm start` and `npm test`, as a process in a project of its own, with a stand-in for npm: when it
 * installs, when not, and what it says when it cannot.
 */
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { temporaryDirectory } from '../support/temporary';

const root = resolve(__dirname, '../..');

/** Notes each call, and makes node_modules as npm does: it removes the old ones first. */
const FAKE_NPM = `
const fs = require('node:fs');
fs.appendFileSync('npm-calls', process.argv.slice(2).join(' ') + '\\n');
fs.rmSync('node_modules', { recursive: true, force: true });
fs.mkdirSync('node_modules');
const mode = fs.existsSync('npm-mode') ? fs.readFileSync('npm-mode', 'utf8') : '';
if (mode === 'fail') { console.error('npm error network unreachable'); process.exit(1); }
if (mode === 'killed') process.kill(process.pid, 'SIGKILL');
setTimeout(() => 0, 150);
`;

function project(): string {
  const dir = temporaryDirectory();
  mkdirSync(join(dir, 'scripts'));
  for (const name of ['setup.mjs', 'build.mjs'])
    copyFileSync(join(root, 'scripts', name), join(dir, 'scripts', name));
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ engines: { node: '>=20.20' } }));
  writeFileSync(join(dir, 'package-lock.json'), '{"lock":1}');
  writeFileSync(join(dir, 'npm-cli.js'), FAKE_NPM);
  return dir;
}

interface Ended {
  code: number | null;
  said: string;
}

function setup(dir: string, args = ['--packages'], env: Record<string, string> = {}): Promise<Ended> {
  const child = spawn(process.execPath, [join(dir, 'scripts/setup.mjs'), ...args], {
    cwd: dir,
    env: { PATH: process.env.PATH, npm_execpath: join(dir, 'npm-cli.js'), ...env },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  return new Promise((done) => child.once('close', (code) => done({ code, said })));
}

const calls = (dir: string): string[] => readFileSync(join(dir, 'npm-calls'), 'utf8').trim().split('\n');
const says = (dir: string, mode: string): void => writeFileSync(join(dir, 'npm-mode'), mode);

test('installs once, says what it does and how long it took, then is silent', async () => {
  const dir = project();
  const first = await setup(dir);
  expect(first.code).toBe(0);
  expect(first.said).toMatch(
    /setup: packages: npm ci, up to two minutes …\nsetup: packages: done in \d\.\d s\n/,
  );
  expect(await setup(dir)).toEqual({ code: 0, said: '' });
  expect(calls(dir)).toEqual(['ci --include=dev --no-audit --no-fund --loglevel=error']);
});

test('installs again when the lock file has changed, and when node_modules is gone', async () => {
  const dir = project();
  await setup(dir);
  writeFileSync(join(dir, 'package-lock.json'), '{"lock":2}');
  await setup(dir);
  rmSync(join(dir, 'node_modules'), { recursive: true });
  await setup(dir);
  expect(calls(dir)).toHaveLength(3);
});

test.each(['fail', 'killed'])('half an installation (npm: %s) is not taken for one', async (mode) => {
  const dir = project();
  says(dir, mode);
  const first = await setup(dir);
  expect(first).toMatchObject({ code: 1, said: expect.stringContaining('setup: npm ci failed:') as string });
  expect(existsSync(join(dir, 'node_modules'))).toBe(true);
  says(dir, '');
  expect(await setup(dir)).toMatchObject({ code: 0 });
  expect(calls(dir)).toHaveLength(2);
});

test("npm's words are in the message, without a stack", async () => {
  const dir = project();
  says(dir, 'fail');
  const { said } = await setup(dir);
  expect(said).toContain('npm error network unreachable');
  expect(said).not.toMatch(/\n\s+at /);
});

test('what npm installed by hand counts, unless it left out what tests need', async () => {
  const dir = project();
  mkdirSync(join(dir, 'node_modules'));
  await setup(dir, ['--mark-installed'], { npm_config_omit: 'dev' });
  await setup(dir);
  expect(calls(dir)).toHaveLength(1);
  await setup(dir, ['--mark-installed']);
  await setup(dir);
  expect(calls(dir)).toHaveLength(1);
});

test('two at once install once', async () => {
  const dir = project();
  const both = await Promise.all([setup(dir), setup(dir)]);
  expect(both.map((each) => each.code)).toEqual([0, 0]);
  expect(calls(dir)).toHaveLength(1);
  expect(both.map((each) => each.said).join('')).toContain(
    'another set-up of this checkout is running; waiting',
  );
  expect(existsSync(join(dir, '.setup.lock'))).toBe(false);
});

test('the lock of a set-up that was killed holds nobody up', async () => {
  const dir = project();
  writeFileSync(join(dir, '.setup.lock'), '999999999');
  expect(await setup(dir)).toMatchObject({ code: 0 });
});

test('an older Node is named, with what is needed', async () => {
  const dir = project();
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ engines: { node: '>=99.1' } }));
  expect(await setup(dir)).toEqual({
    code: 1,
    said: `setup: Node 99.1 or newer is needed; this is ${process.version} (https://nodejs.org).\n`,
  });
});
