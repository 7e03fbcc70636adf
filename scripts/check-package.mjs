/**
 * Packs this package as the registry would get it, installs it into an empty folder and runs it there: what is missing
 * from `files`, or needed at run time but only a dev dependency, is found before it is published.
 *
 *   npm run check:package
 *
 * The one rule: nothing of the checkout is within reach of what runs; the packages come from npm's cache where they
 * are there. A failure is one line and exit code 1.
 */
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, isBuilt, root } from './build.mjs';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const began = Date.now();
const MINUTE = 60_000;

/** All that belongs into the package. */
const BELONGS = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
  /^docs\/[\w./-]+$/,
  /^dist\/workflow-bundle\.js$/,
  /^dist\/(src|simulator)\/[\w./-]+\.(js|js\.map|d\.ts|json)$/,
];
/** What it is no good without. */
const REQUIRED = [
  ...Object.values(manifest.bin),
  manifest.main,
  manifest.types,
  'dist/workflow-bundle.js',
  'dist/src/worker/main.js',
  'dist/simulator/main.js',
  'LICENSE',
];
/** Tests and what they need must not get in by a folder of that name either. */
const NEVER = /(^|\/)(test|tests|__tests__|fixtures|bench)\/|\.(test|spec)\.|\.env|\.tgz$|\.tsbuildinfo$/;

class CheckError extends Error {}
const must = (condition, message) => {
  if (!condition) throw new CheckError(message);
};
const say = (line) => console.log(`  ${line}`);

async function main(work) {
  checkManifest();
  if (!isBuilt()) build();
  const tarball = await pack(work);
  const steward = await install(work, tarball);
  await checkCommands(steward);
  await checkSimulate(steward);
  console.log(`package: all well after ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

/** What the registry needs to prove from which source and build a version came. */
function checkManifest() {
  const { repository, publishConfig, scripts, dependencies, license } = manifest;
  must(/^git\+https:\/\//.test(repository?.url ?? ''), 'package.json: repository.url must be git+https://…');
  must(publishConfig?.provenance === true, 'package.json: publishConfig.provenance must be true');
  must(publishConfig?.access === 'public', 'package.json: publishConfig.access must be public');
  must(scripts.prepack === 'node scripts/build.mjs', 'package.json: prepack must build');
  must(license === 'Apache-2.0', 'package.json: license must be Apache-2.0');
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare'])
    must(!scripts[name], `package.json: the script ${name} would run where the package is installed`);
  for (const [name, range] of Object.entries(dependencies))
    must(/^\d+\.\d+\.\d+$/.test(range), `package.json: ${name} must be an exact version, not ${range}`);
  say('package.json is ready for a release with provenance');
}

async function pack(work) {
  // The build is there and fits the sources; `prepack` would only make it again.
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', work, '--loglevel=error'];
  const [packed] = JSON.parse((await npm(args, root)).stdout);
  const paths = packed.files.map((file) => file.path);
  const foreign = paths.filter((path) => NEVER.test(path) || !BELONGS.some((pattern) => pattern.test(path)));
  must(foreign.length === 0, `these files do not belong into the package: ${foreign.join(', ')}`);
  for (const path of REQUIRED) must(paths.includes(path.replace(/^\.\//, '')), `the package lacks ${path}`);
  say(`${packed.filename}: ${paths.length} files, ${(packed.size / 1e6).toFixed(1)} MB`);
  return join(work, packed.filename);
}

async function install(work, tarball) {
  const folder = join(work, 'consumer');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "name": "consumer", "private": true }\n');
  const since = Date.now();
  const quick = ['--omit=dev', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await npm(['install', ...quick, tarball], folder);
  const link = join(folder, 'node_modules', '.bin', 'steward');
  must(existsSync(link), 'npm installed no command `steward`');
  say(`installed without dev dependencies in ${((Date.now() - since) / 1000).toFixed(1)} s`);
  return { folder, link, home: join(work, 'home') };
}

async function checkCommands(steward) {
  const version = await run(steward, ['--version']);
  must(version.stdout.trim() === manifest.version, `steward --version says ${version.stdout.trim()}`);
  const help = await run(steward, ['run', '--help']);
  must(/^Usage: steward run /m.test(help.stdout), 'steward run --help shows no usage');
  const schema = await run(steward, ['schema', 'runCommand']);
  must(JSON.parse(schema.stdout).type === 'object', 'steward schema runCommand shows no schema');
  // Refused for its configuration, which it does only after everything it imports has been found.
  const worker = await run(steward, ['worker'], 2);
  must(/ECS_ENDPOINT is not set/.test(worker.stderr), `steward worker said: ${worker.stderr}`);
  const doors = `require(${JSON.stringify(manifest.name)}).startRunCommand.call;
    require(${JSON.stringify(`${manifest.name}/simulator`)}).startSimulator.call`;
  await tool(process.execPath, ['-e', doors], { cwd: steward.folder, env: environmentOf(steward) });
  say('steward --version, run --help, schema, worker; require() of both doors');
}

async function checkSimulate(steward) {
  const child = spawn(steward.link, ['simulate', '--instances', '1', '--exec', 'canned'], {
    cwd: steward.folder,
    env: environmentOf(steward),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const late = setTimeout(() => child.kill('SIGKILL'), MINUTE);
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
    if (stdout.includes('\n')) child.kill('SIGTERM');
  });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exit, signal) => resolve(signal ?? exit));
  });
  clearTimeout(late);
  must(stdout.includes('\n'), `steward simulate said nothing and ended with ${code}: ${stderr}`);
  must(JSON.parse(stdout).instanceIds?.length === 1, `steward simulate is not ready: ${stdout}`);
  must(code === 0, `steward simulate ended with ${code} on SIGTERM: ${stderr}`);
  say('steward simulate: ready, and ended on SIGTERM');
}

/** Nothing set here reaches it: no home, no settings, no module of the checkout. */
function environmentOf({ home }) {
  return { PATH: process.env.PATH, HOME: home, XDG_STATE_HOME: join(home, 'state') };
}

function run(steward, args, expected = 0) {
  return tool(steward.link, args, { cwd: steward.folder, env: environmentOf(steward), expected });
}

function npm(args, cwd) {
  // npm hands its own settings on to what it runs; a run from `npm run` must not differ from one from a shell.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(config_(?!registry)|package_|lifecycle_)/.test(name),
    ),
  );
  return tool(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, { cwd, env });
}

function tool(command, args, { cwd, env, expected = 0 }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 5 * MINUTE });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === expected) return resolve({ stdout, stderr });
      const said = (stderr || stdout).trim().split('\n').slice(-12).join('\n');
      reject(new CheckError(`${command} ${args.join(' ')} ended with ${signal ?? code}:\n${said}`));
    });
  });
}

const work = realpathSync(mkdtempSync(join(tmpdir(), 'steward-package-')));
try {
  await main(work);
} catch (error) {
  console.error(`package: ${error instanceof CheckError ? error.message : error.stack}`);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true, maxRetries: 5 });
}
