/**
 * The embedded Temporal server: `temporal server start-dev` with a database file, so that history outlives it.
 *
 * The one rule: one server to a database file. Two would corrupt it; the second is refused before it starts.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SEARCH_ATTRIBUTES } from '../domain/messages';
import { endedUnexpectedly, startChild } from './child-process';
import type { Child, Ended } from './child-process';
import { StackError } from './errors';
import { prepareNamespace } from './namespace';
import type { Environment } from './paths';
import { accepts, freePorts, isFree, LOOPBACK } from './ports';
import type { PortChoice } from './ports';
import { identityOf, isAlive, tryLock } from './process-lock';
import type { ProcessIdentity } from './process-lock';

/** What a server needs. */
export interface TemporalServerOptions {
  /** The Temporal CLI, from provideTemporalCli. */
  executable: string;
  /** Created when it is not there; one server at a time. */
  dbFile: string;
  logFile: string;
  env: Environment;
  /** Port of the gRPC frontend; `usual` is 7233. Default `usual`. */
  port?: PortChoice;
  /** Port of the Web UI; `usual` is 8233. Default `usual`. */
  uiPort?: PortChoice;
  /** No Web UI. */
  headless?: boolean;
  /** Default `default`. */
  namespace?: string;
  /** `--dynamic-config-value key=value`, for tests. */
  dynamicConfig?: Record<string, string>;
}

export interface TemporalServer {
  address: string;
  port: number;
  namespace: string;
  /** Absent when headless. */
  uiUrl?: string;
  pid: number;
  logFile: string;
  ended: Promise<Ended>;
  stop(): Promise<void>;
}

const USUAL_PORT = 7233;
const USUAL_UI_PORT = 8233;
/** A new database takes 0.2 s, a busy machine and a big database longer. */
const START_WITHIN_MS = 60_000;
/** It takes about 1.5 s to end; with thousands of runs in its caches somewhat more. */
const STOP_GRACE_MS = 10_000;
/** Ports are found free before the server binds them; another process may be faster. */
const ATTEMPTS = 4;

/** Starts it and waits until it serves, its namespace keeps history for 30 days and knows the attributes. */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  mkdirSync(dirname(options.dbFile), { recursive: true, mode: 0o700 });
  const release = await takeDatabase(options.dbFile);
  try {
    for (let attempt = 1; ; attempt++) {
      const started = await startOnce(options, attempt === ATTEMPTS);
      if (!started) continue;
      void started.ended.then(release);
      return started;
    }
  } catch (error) {
    release();
    throw error;
  }
}

/** Undefined: a port was taken in between, try again. */
async function startOnce(options: TemporalServerOptions, last: boolean): Promise<TemporalServer | undefined> {
  const [port, uiPort] = await choosePorts(options);
  const child = await startChild({
    title: 'Temporal server',
    command: options.executable,
    args: argumentsOf(options, port, uiPort),
    env: options.env,
    logFile: options.logFile,
    printsReadyLine: false,
  });
  const note = serverNote(options.dbFile);
  writeFileSync(note, JSON.stringify(identityOf(child.pid) ?? null), { mode: 0o600 });
  const address = `${LOOPBACK}:${port}`;
  const namespace = options.namespace ?? 'default';
  try {
    await untilServing(child, port, options.logFile);
    await prepareNamespace(address, namespace);
  } catch (error) {
    await child.stop(STOP_GRACE_MS);
    const ended = await child.ended;
    if (!last && /address already in use/i.test(ended.lastWords)) return undefined;
    throw error;
  }
  return {
    address,
    port,
    namespace,
    ...(options.headless ? {} : { uiUrl: `http://${LOOPBACK}:${uiPort}` }),
    pid: child.pid,
    logFile: options.logFile,
    ended: child.ended,
    stop: () => child.stop(STOP_GRACE_MS),
  };
}

function argumentsOf(options: TemporalServerOptions, port: number, uiPort: number): string[] {
  const attributes = Object.entries(SEARCH_ATTRIBUTES);
  return [
    ...['server', 'start-dev', '--ip', LOOPBACK, '--port', String(port), '--db-filename', options.dbFile],
    ...(options.headless ? ['--headless'] : ['--ui-port', String(uiPort)]),
    ...['--log-level', 'error'],
    // A write-ahead log doubles the throughput (measured) and is as safe: every commit still reaches the disk.
    ...['--sqlite-pragma', 'journal_mode=WAL'],
    ...(options.namespace ? ['--namespace', options.namespace] : []),
    ...attributes.flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
    ...Object.entries(options.dynamicConfig ?? {}).flatMap(([key, value]) => [
      '--dynamic-config-value',
      `${key}=${value}`,
    ]),
  ];
}

async function choosePorts(options: TemporalServerOptions): Promise<[number, number]> {
  const [free = 0, freeUi = 0] = await freePorts(2);
  const port = await choose('The Temporal server', options.port ?? 'usual', USUAL_PORT, free);
  if (options.headless) return [port, 0];
  return [
    port,
    await choose("The Temporal server's Web UI", options.uiPort ?? 'usual', USUAL_UI_PORT, freeUi),
  ];
}

async function choose(who: string, choice: PortChoice, usual: number, free: number): Promise<number> {
  if (choice === 0) return free;
  if (choice === 'usual') return (await isFree(usual)) ? usual : free;
  if (await isFree(choice)) return choice;
  throw new StackError(
    `${who} cannot have port ${choice}: it is taken on ${LOOPBACK}. Name another, or 0 for any free one.`,
  );
}

async function untilServing(child: Child, port: number, logFile: string): Promise<void> {
  let ended: Ended | undefined;
  void child.ended.then((end) => (ended = end));
  const deadline = Date.now() + START_WITHIN_MS;
  while (!(await accepts(port))) {
    if (ended) throw endedUnexpectedly(child.title, ended, logFile);
    if (Date.now() > deadline)
      throw new StackError(
        `The ${child.title} does not serve after ${START_WITHIN_MS / 1000} s; its log: ${logFile}`,
      );
    await sleep(25);
  }
}

/** Takes the database file for this process; waits a little for a server whose parent was killed. */
async function takeDatabase(dbFile: string): Promise<() => void> {
  const got = tryLock(`${dbFile}.lock`);
  if (got.holder) throw inUse(dbFile, `process ${got.holder.pid}`);
  const note = serverNote(dbFile);
  const deadline = Date.now() + STOP_GRACE_MS + 5_000;
  for (let server = readIdentity(note); server && isAlive(server); await sleep(100)) {
    if (Date.now() < deadline) continue;
    got.release();
    throw inUse(dbFile, `a Temporal server (process ${server.pid}) whose parent is gone`);
  }
  return () => {
    rmSync(note, { force: true });
    got.release();
  };
}

function inUse(dbFile: string, by: string): StackError {
  return new StackError(
    `The database ${dbFile} is in use by ${by}: a stack is already running on it. ` +
      'Use that one, end it first, or name another state directory.',
  );
}

function serverNote(dbFile: string): string {
  return `${dbFile}.server`;
}

function readIdentity(file: string): ProcessIdentity | undefined {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity | null) ?? undefined;
  } catch {
    return undefined;
  }
}
