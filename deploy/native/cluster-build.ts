/**
 * The Temporal server and its SQL tool, built from source with Go, once, into the cache outside the checkout.
 *
 * The one rule: the version is the one docker-compose.yml names; the cache never holds half a build.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StackError } from '../../src/stack/errors';
import { cacheDirOf } from '../../src/stack/paths';
import { lock } from '../../src/stack/process-lock';
import { runTool } from '../../src/stack/run-tool';
import { readCompose, serviceOf } from './compose';

/** What the images call them. */
const PROGRAMS = { 'temporal-server': 'cmd/server', 'temporal-sql-tool': 'cmd/tools/sql' } as const;
const MODULE = 'go.temporal.io/server';
const MINUTE = 60_000;

/** A directory with `temporal-server` and `temporal-sql-tool`. */
export async function provideCluster(
  env: NodeJS.ProcessEnv,
  report: (line: string) => void,
): Promise<string> {
  const version = serverVersion();
  const dir = join(cacheDirOf(env), `temporal-cluster-${version}-${process.platform}-${process.arch}`);
  const isThere = (): boolean => Object.keys(PROGRAMS).every((name) => existsSync(join(dir, name)));
  if (isThere()) return dir;
  mkdirSync(dirname(dir), { recursive: true });
  const release = await lock(`${dir}.lock`, ({ pid }) =>
    report(`process ${pid} is building; waiting for it`),
  );
  try {
    if (!isThere()) await build(version, dir, env, report);
  } finally {
    release();
  }
  return dir;
}

/** The version of the server's image. */
export function serverVersion(): string {
  return serviceOf(readCompose(), 'temporal').image?.split(':')[1] ?? '';
}

async function build(
  version: string,
  dir: string,
  env: NodeJS.ProcessEnv,
  report: (line: string) => void,
): Promise<void> {
  const go = await runTool({ command: 'go', args: ['version'], env, timeoutMs: MINUTE });
  if (!go.ok)
    throw new StackError(
      `Go ${go.reason}. The Temporal server ${version} is built with it, once: install Go 1.26 or newer ` +
        '(https://go.dev/dl/), or use docker-compose.yml, which needs no build.',
    );
  report(`building Temporal server ${version} from source with Go: about 6 minutes on 2 cores, once`);
  const temporary = mkdtempSync(`${dir}.part-`);
  try {
    const result = await runTool({
      command: 'go',
      args: ['install', '-v', '-ldflags=-s -w', ...packagesOf(version)],
      env: { ...env, GOBIN: temporary },
      timeoutMs: 40 * MINUTE,
      alive: (lines, seconds) => {
        // Every ten seconds is too often for something that takes minutes.
        if (Math.round(seconds) % 30 < 10)
          report(`… ${lines} modules and packages, ${Math.round(seconds)} s`);
      },
    });
    if (!result.ok) throw new StackError(`The Temporal server cannot be built: ${result.reason}`);
    for (const [name, path] of Object.entries(PROGRAMS))
      renameSync(join(temporary, path.split('/').at(-1) ?? ''), join(temporary, name));
    chmodSync(temporary, 0o755);
    rmSync(dir, { recursive: true, force: true });
    renameSync(temporary, dir);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function packagesOf(version: string): string[] {
  return Object.values(PROGRAMS).map((path) => `${MODULE}/${path}@v${version}`);
}
