/**
 * The step before `npm start` and `npm test`, so that each works as the only command on a fresh clone: packages,
 * build, Temporal server, and with `--test` the time-skipping test server.
 *
 *   node scripts/setup.mjs                    for npm start
 *   node scripts/setup.mjs --test             for npm test
 *   node scripts/setup.mjs --packages         packages only
 *   node scripts/setup.mjs --mark-installed   npm's `dependencies` hook: notes that npm has finished installing
 *
 * The one rule: plain Node, no dependency, and nothing done that is done already: the second time costs no second.
 * What it says goes to stderr; a failure is one message and a non-zero exit code.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build, BuildError, isBuilt, root } from './build.mjs';

const marker = join(root, 'node_modules', '.steward-installed');
const lockFile = join(root, '.setup.lock');
const began = Date.now();

class SetupError extends Error {}

const say = (line) => process.stderr.write(`setup: ${line}\n`);
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;
const read = (file) => readFileSync(join(root, file), 'utf8');

async function main(options) {
  checkNode();
  if (options.includes('--mark-installed')) return markInstalled();
  const packagesOnly = options.includes('--packages');
  if (!isInstalled() || !(packagesOnly || isBuilt())) await locked(() => prepare(packagesOnly));
  if (packagesOnly) return;
  const servers = [await provide('provideTemporalCli', 'Temporal CLI')];
  if (options.includes('--test'))
    servers.push(await provide('provideTestServer', 'time-skipping test server'));
  say(`ready after ${seconds(began)} (${servers.join(', ')})`);
}

function checkNode() {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(JSON.parse(read('package.json')).engines.node);
  const [haveMajor, haveMinor] = process.versions.node.split('.').map(Number);
  if (haveMajor > Number(major) || (haveMajor === Number(major) && haveMinor >= Number(minor))) return;
  throw new SetupError(
    `Node ${major}.${minor} or newer is needed; this is ${process.version} (https://nodejs.org).`,
  );
}

async function prepare(packagesOnly) {
  if (!isInstalled()) await step('packages', 'npm ci, up to two minutes', installPackages);
  if (!packagesOnly && !isBuilt())
    await step('build', 'TypeScript and the workflow bundle, about 10 s', build);
}

async function step(name, what, work) {
  const since = Date.now();
  say(`${name}: ${what} …`);
  const life = setInterval(() => say(`${name}: … ${seconds(since)}`), 15_000);
  try {
    await work();
  } finally {
    clearInterval(life);
  }
  say(`${name}: done in ${seconds(since)}`);
}

// What npm installed is known by the lock file it installed from. npm removes node_modules, and the marker with it,
// before `npm ci`, and the marker is written after npm has ended well: half an installation never carries one.
function installed() {
  const platform = `${process.platform}-${process.arch}-${process.versions.modules}`;
  return `${createHash('sha256').update(read('package-lock.json')).digest('hex')} ${platform}`;
}

function isInstalled() {
  return existsSync(marker) && readFileSync(marker, 'utf8') === installed();
}

function markInstalled() {
  const withoutDev = process.env.NODE_ENV === 'production' || /dev/.test(process.env.npm_config_omit ?? '');
  if (withoutDev) rmSync(marker, { force: true });
  else if (existsSync(join(root, 'node_modules'))) writeFileSync(marker, installed());
}

async function installPackages() {
  const npm = process.env.npm_execpath?.endsWith('npm-cli.js')
    ? [process.execPath, process.env.npm_execpath]
    : [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
  const [command, ...before] = npm;
  const args = [...before, 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, output } = await run(command, args);
  if (code !== 0) {
    // npm ends a usage error with pages of help; what is wrong is in the first lines, and in the last otherwise.
    const lines = output.trim().split('\n');
    const words = lines.length > 24 ? [...lines.slice(0, 12), '…', ...lines.slice(-8)] : lines;
    throw new SetupError(
      `npm ci failed:\n${words.join('\n')}\nIs the package registry reachable, and does package-lock.json fit package.json?`,
    );
  }
  writeFileSync(marker, installed());
}

function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (output += data));
    child.once('error', (error) => resolve({ code: 1, output: `${command}: ${error.message}` }));
    child.once('close', (code) => resolve({ code, output }));
  });
}

/** Two set-ups of one checkout at once: the second waits, and then finds everything done. */
async function locked(work) {
  const until = Date.now() + 30 * 60_000;
  let told = false;
  while (!takeLock()) {
    if (Date.now() > until)
      throw new SetupError(`another set-up holds ${lockFile} for 30 minutes; remove it.`);
    if (!told) say('another set-up of this checkout is running; waiting for it …');
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  try {
    await work();
  } finally {
    rmSync(lockFile, { force: true });
  }
}

function takeLock() {
  try {
    writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw new SetupError(`the checkout cannot be written: ${error.message}`);
  }
  const holder = Number(existsSync(lockFile) ? readFileSync(lockFile, 'utf8') : 0);
  if (holder > 0 && !isRunning(holder)) rmSync(lockFile, { force: true });
  return false;
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Finding, downloading or building the servers is the product's own code: `steward up` does the same. */
async function provide(name, title) {
  const since = Date.now();
  const binaries = createRequire(import.meta.url)('../dist/src/stack/binaries.js');
  const found = await binaries[name]({ env: process.env, report: (line) => say(line.trimStart()) });
  if (Date.now() - since > 2000) say(`${title}: ${found.how}, done in ${seconds(since)}`);
  return `${title}: ${found.how}`;
}

main(process.argv.slice(2)).catch((error) => {
  const isForPeople =
    error instanceof SetupError || error instanceof BuildError || error.name === 'StackError';
  say(isForPeople ? error.message : error.stack);
  process.exitCode = 1;
});
