/**
 * Where the Temporal CLI (the embedded server) and the time-skipping test server come from. In this order: the path
 * in an environment variable; `temporal` on the PATH (the CLI only); the cache; the SDK's own download; a build with
 * Go, or Maven's artifact with Java. What was downloaded or built stays in the cache, outside the checkout.
 *
 * The one rule: this is the only place that decides; the set-up of `npm start` and `npm test`, `steward up` and the
 * tests all ask here, and a failure is one error naming every way, why it failed, and how to mend it.
 */
import {
  accessSync,
  chmodSync,
  constants,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import {
  buildCliWithGo,
  downloadWithSdk,
  fetchTestServerWithMaven,
  TEMPORAL_CLI_VERSION,
  TEST_SERVER_VERSION,
} from './binary-sources';
import type { Making } from './binary-sources';
import { codeOf, StackError } from './errors';
import { cacheDirOf } from './paths';
import type { Environment } from './paths';
import { lock } from './process-lock';
import { runTool } from './run-tool';

/** What a look-up needs. */
export interface LookUp {
  env: Environment;
  /** Told, line by line, what is being done when it takes longer than a look. */
  report: (line: string) => void;
}

/** An executable, and how it was found. */
export interface Found {
  path: string;
  how: string;
}

/** Finds, downloads or builds the Temporal CLI; throws a StackError naming all ways when none works. */
export function provideTemporalCli(lookUp: LookUp): Promise<Found> {
  return provide(TEMPORAL_CLI, lookUp);
}

/** Finds, downloads or assembles the time-skipping test server; throws a StackError naming all ways. */
export function provideTestServer(lookUp: LookUp): Promise<Found> {
  return provide(TEST_SERVER, lookUp);
}

interface Binary {
  /** For people. */
  title: string;
  variable: string;
  /** File name in the cache. */
  name: string;
  /** Directory in the cache; platform and architecture are added. */
  cacheName: string;
  onPath: boolean;
  ways: { title: string; make: (making: Making) => Promise<string | undefined> }[];
  mend: string;
}

const TEMPORAL_CLI: Binary = {
  title: 'Temporal CLI',
  variable: 'STEWARD_TEMPORAL_CLI',
  name: 'temporal',
  cacheName: `temporal-cli-${TEMPORAL_CLI_VERSION}`,
  onPath: true,
  ways: [
    { title: 'download by the SDK', make: (m) => downloadWithSdk('cli', TEMPORAL_CLI_VERSION, m) },
    { title: 'build with Go', make: buildCliWithGo },
  ],
  mend:
    'install the Temporal CLI (https://docs.temporal.io/cli) or Go, or allow HTTPS to temporal.download, ' +
    'or set STEWARD_TEMPORAL_CLI to the path of an executable',
};

const TEST_SERVER: Binary = {
  title: 'time-skipping test server',
  variable: 'STEWARD_TEMPORAL_TEST_SERVER',
  name: 'temporal-test-server',
  cacheName: `temporal-test-server-${TEST_SERVER_VERSION}`,
  onPath: false,
  ways: [
    { title: 'download by the SDK', make: (m) => downloadWithSdk('test-server', TEST_SERVER_VERSION, m) },
    { title: 'Maven artifact with Java', make: fetchTestServerWithMaven },
  ],
  mend:
    'install Java and Maven, or allow HTTPS to temporal.download, ' +
    'or set STEWARD_TEMPORAL_TEST_SERVER to the path of an executable',
};

async function provide(binary: Binary, lookUp: LookUp): Promise<Found> {
  const given = lookUp.env[binary.variable];
  if (given) return { path: explicit(binary, given), how: binary.variable };
  const failures = [`${binary.variable}: not set`];
  if (binary.onPath) {
    const onPath = await lookOnPath(binary, lookUp.env);
    if (typeof onPath !== 'string') return onPath;
    failures.push(`${binary.name} on PATH: ${onPath}`);
  }
  const cache = cacheDirOf(lookUp.env);
  const dir = join(cache, `${binary.cacheName}-${process.platform}-${process.arch}`);
  const found: Found = { path: join(dir, binary.name), how: 'cache' };
  if (isExecutable(found.path)) return found;
  const release = await lockOf(dir, binary, lookUp);
  try {
    if (isExecutable(found.path)) return found;
    for (const way of binary.ways) {
      const failure = await make(way.make, dir, binary, lookUp);
      if (!failure) return { path: found.path, how: way.title };
      failures.push(`${way.title}: ${failure}`);
      lookUp.report(`  ${binary.title}, ${way.title}: ${failure}`);
    }
  } finally {
    release();
  }
  throw new StackError(
    [
      `No ${binary.title}. Tried, in this order:`,
      ...failures.map((line) => `  - ${line}`),
      `To mend it: ${binary.mend}.`,
    ].join('\n'),
  );
}

async function lookOnPath(binary: Binary, env: Environment): Promise<Found | string> {
  const candidates = (env.PATH ?? '').split(delimiter).map((dir) => join(dir, binary.name));
  const path = candidates.find(isExecutable);
  if (!path) return 'not there';
  // A file of that name proves nothing: it may be for another machine, or a broken link's script.
  const run = await runTool({ command: path, args: ['--version'], env, timeoutMs: 20_000 });
  return run.ok ? { path, how: `PATH, ${run.stdout.trim()}` } : `${path} ${run.reason}`;
}

async function lockOf(dir: string, binary: Binary, lookUp: LookUp): Promise<() => void> {
  try {
    return await lock(`${dir}.lock`, (holder) =>
      lookUp.report(`  another process (${holder.pid}) is providing the ${binary.title}; waiting for it`),
    );
  } catch (error) {
    throw new StackError(
      `The cache for the ${binary.title} cannot be written: ${dir} (${codeOf(error) ?? String(error)}). ` +
        `Set XDG_CACHE_HOME to a directory you may write to, or ${binary.variable} to the path of an executable.`,
    );
  }
}

/** Fills a directory beside the cache's and moves it there in one step: the cache never holds half a server. */
async function make(
  way: (making: Making) => Promise<string | undefined>,
  dir: string,
  binary: Binary,
  lookUp: LookUp,
): Promise<string | undefined> {
  removeLeftovers(dir);
  const temporary = mkdtempSync(`${dir}.part-`);
  try {
    const failure = await way({ dir: temporary, name: binary.name, env: lookUp.env, report: lookUp.report });
    if (failure) return failure;
    const executable = join(temporary, binary.name);
    chmodSync(executable, 0o755);
    chmodSync(temporary, 0o755);
    rmSync(dir, { recursive: true, force: true });
    renameSync(temporary, dir);
    return undefined;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** What a killed set-up left; nobody else is at work, for the caller holds the lock. */
function removeLeftovers(dir: string): void {
  for (const name of readdirSync(dirname(dir))) {
    if (name.startsWith(`${basename(dir)}.part-`))
      rmSync(join(dirname(dir), name), { recursive: true, force: true });
  }
}

function explicit(binary: Binary, path: string): string {
  if (isExecutable(path)) return path;
  throw new StackError(
    `${binary.variable} is set to ${path}, which is not an executable file. Correct it, or unset it so that the ` +
      `${binary.title} is looked for elsewhere.`,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
