/**
 * A PostgreSQL of its own: a new database directory, a free loopback port, a password made for the run.
 *
 * The one rule: no running PostgreSQL of this machine is touched. It refuses to run as root; where we are root it runs
 * as `postgres`, or `nobody` where there is no such user.
 */
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from '../../src/stack/child-process';
import type { Child } from '../../src/stack/child-process';
import { StackError } from '../../src/stack/errors';
import { freePorts, LOOPBACK } from '../../src/stack/ports';
import { runTool } from '../../src/stack/run-tool';

const USER = 'temporal';
const READY_WITHIN_MS = 30_000;
const INITDB_TIMEOUT_MS = 120_000;

/** A running server. */
export interface Postgres {
  port: number;
  version: string;
  child: Child;
}

interface Account {
  uid: number;
  gid: number;
}

/** Makes a database directory below `dir` and serves it. */
export async function startPostgres(options: {
  bin: string;
  dir: string;
  password: string;
  env: NodeJS.ProcessEnv;
}): Promise<Postgres> {
  const { bin, dir, password, env } = options;
  const account = await ordinaryAccount(env);
  const data = join(dir, 'postgresql');
  const passwordFile = join(dir, 'postgresql-password');
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account) {
    for (const path of [data, passwordFile]) chownSync(path, account.uid, account.gid);
    chmodSync(dir, 0o711);
  }
  const as = (program: string, args: string[]): { command: string; args: string[] } =>
    withAccount(account, join(bin, program), args);
  const how = ['--auth=scram-sha-256', '--encoding=UTF8', '--no-locale'];
  const initdb = as('initdb', [`--pgdata=${data}`, `--username=${USER}`, `--pwfile=${passwordFile}`, ...how]);
  const made = await runTool({ ...initdb, env, cwd: '/', timeoutMs: INITDB_TIMEOUT_MS });
  if (!made.ok) throw new StackError(`initdb failed: ${made.reason}`);
  const [port = 0] = await freePorts(1);
  const child = await startChild({
    title: 'PostgreSQL',
    ...as('postgres', ['-D', data, '-p', String(port), '-h', LOOPBACK, '-k', '']),
    env,
    logFile: join(dir, 'logs', 'postgresql.log'),
    printsReadyLine: false,
  });
  await untilReady(join(bin, 'pg_isready'), port, env, child);
  const told = await runTool({
    command: join(bin, 'postgres'),
    args: ['--version'],
    env,
    timeoutMs: READY_WITHIN_MS,
  });
  return { port, version: /[\d.]+/.exec(told.stdout)?.[0] ?? 'of unknown version', child };
}

/**
 * Where its programs are: the variable, the PATH, the newest of the places distributions use.
 * @throws {StackError} that says how to mend it where they are nowhere
 */
export function findPostgres(env: NodeJS.ProcessEnv): string {
  const below = (parent: string, end: string): string[] =>
    existsSync(parent)
      ? readdirSync(parent)
          .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
          .map((version) => join(parent, version, end))
      : [];
  const candidates = [
    ...(env.STEWARD_POSTGRES_BIN ? [env.STEWARD_POSTGRES_BIN] : []),
    ...(env.PATH ?? '').split(delimiter),
    ...below('/usr/lib/postgresql', 'bin'),
    '/opt/homebrew/opt/postgresql@15/bin',
  ];
  const needed = ['initdb', 'postgres', 'pg_isready'];
  const found = candidates.find((dir) => needed.every((name) => existsSync(join(dir, name))));
  if (found) return found;
  throw new StackError(
    'PostgreSQL is not installed: no directory has initdb, postgres and pg_isready (STEWARD_POSTGRES_BIN, PATH, ' +
      '/usr/lib/postgresql/*/bin). Install it, on Debian with `apt-get install postgresql`, or set STEWARD_POSTGRES_BIN.',
  );
}

async function ordinaryAccount(env: NodeJS.ProcessEnv): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const ask = (flag: string): ReturnType<typeof runTool> =>
      runTool({ command: 'id', args: [flag, name], env, timeoutMs: READY_WITHIN_MS });
    const [uid, gid] = [await ask('-u'), await ask('-g')];
    if (uid.ok && gid.ok) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new StackError('PostgreSQL does not run as root, and there is no user `postgres` or `nobody`.');
}

function withAccount(
  account: Account | undefined,
  command: string,
  args: string[],
): { command: string; args: string[] } {
  if (!account) return { command, args };
  const rights = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'];
  return { command: 'setpriv', args: [...rights, command, ...args] };
}

async function untilReady(
  pgIsReady: string,
  port: number,
  env: NodeJS.ProcessEnv,
  child: Child,
): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  let ended = '';
  void child.ended.then(({ how, lastWords }) => (ended = `${how}: ${lastWords}`));
  for (;;) {
    const args = [`--host=${LOOPBACK}`, `--port=${port}`, '--quiet'];
    if ((await runTool({ command: pgIsReady, args, env, timeoutMs: READY_WITHIN_MS })).ok) return;
    if (ended || Date.now() > deadline)
      throw new StackError(`PostgreSQL does not get ready${ended && ` (${ended})`}.`);
    await sleep(100);
  }
}
