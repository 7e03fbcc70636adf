/**
 * The build: TypeScript to dist/, the workflow bundle beside it, and a stamp that says what it was built from.
 * `npm run build` runs it; the set-up of `npm start` and `npm test` runs it when the stamp does not fit the sources.
 *
 * The one rule: the stamp is removed first and written last, so a build that was cut short is never taken for one.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the compiler or the bundler said; needs no stack. */
export class BuildError extends Error {}

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const stampFile = join(dist, '.build-stamp');
const sourceRoots = ['src', 'simulator'];
/** Files beside the sources that decide what comes out. */
const alsoDecides = [
  'tsconfig.json',
  'package-lock.json',
  'scripts/build.mjs',
  'scripts/bundle-workflows.mjs',
];

/** Is dist/ what the sources, as they are now, would give? */
export function isBuilt() {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp();
}

/** Builds; throws a BuildError with the compiler's words when it cannot. */
export function build() {
  const before = stamp();
  rmSync(stampFile, { force: true });
  mkdirSync(dist, { recursive: true });
  compile();
  removeOrphans();
  copyData();
  for (const bin of Object.values(packageJson().bin)) {
    if (existsSync(join(root, bin))) chmodSync(join(root, bin), 0o755);
  }
  node('scripts/bundle-workflows.mjs');
  writeFileSync(stampFile, before);
}

function compile() {
  const buildInfo = join(dist, '.tsbuildinfo');
  // The compiler trusts its notes and not the disk: without the output the notes must go too.
  if (!sourceRoots.every((dir) => existsSync(join(dist, dir)))) rmSync(buildInfo, { force: true });
  node(
    'node_modules/typescript/bin/tsc',
    '-p',
    'tsconfig.json',
    '--incremental',
    '--tsBuildInfoFile',
    buildInfo,
  );
}

/** Output whose source is gone would be found by imports and packed for the registry. */
function removeOrphans() {
  for (const file of sourceRoots.flatMap((dir) => filesIn(join(dist, dir)))) {
    const source = join(root, relative(dist, file));
    const compiledFrom = source.replace(/\.(d\.ts|js|js\.map)$/, '.ts');
    if (!existsSync(source) && !existsSync(compiledFrom)) rmSync(file);
  }
}

/** What the compiler leaves behind: data files read at run time from beside the code. */
function copyData() {
  for (const file of sourceRoots.flatMap((dir) => filesIn(join(root, dir)))) {
    if (file.endsWith('.ts') || file.endsWith('.md')) continue;
    const target = join(dist, relative(root, file));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, readFileSync(file));
  }
}

/** A hash of every source with its path: time stamps lie after a clone or a checkout. */
function stamp() {
  const hash = createHash('sha256').update(process.versions.node.split('.')[0]);
  const sources = sourceRoots.flatMap((dir) => filesIn(join(root, dir)));
  for (const file of [...sources, ...alsoDecides.map((name) => join(root, name))]) {
    hash.update(relative(root, file)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

function filesIn(dir) {
  if (!existsSync(dir)) return [];
  const entries = readdirSync(dir, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

function node(...args) {
  const run = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  if (run.status === 0) return;
  throw new BuildError(`${args[0]} failed:\n${`${run.stdout}${run.stderr}`.trim() || run.error?.message}`);
}

function packageJson() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    build();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
