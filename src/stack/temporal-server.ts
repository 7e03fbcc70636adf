/**
 * The embedded Temporal server: `temporal server start-dev` with a database file, so that history outlives it.
 *
 * The one rule: one server to a database file. Two would corrupt it; the second is refused before it starts. And what
 * serves on the port is our own child: that something listens there proves nothing.
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
import { accepts, choosePort, freePorts, LOOPBACK } from './ports';
import type { ChosenPort, PortChoice } from './ports';
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
/** A server whose version prints no banner is taken for ours when it lives this long beside a port that answers. */
const SILENT_SERVER_MS = 10_000;

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
  const ports = await choosePorts(options);
  try {
    const started = await startOn(ports.frontend.port, ports.ui?.port, options);
    void started.ended.then(ports.release);
    return started;
  } catch (error) {
    ports.release();
    if (!last && lostItsPort(options.logFile)) return undefined;
    throw error;
  }
}

/** The server dies of it, with pages of goroutines after the line that says so. */
function lostItsPort(logFile: string): boolean {
  return /address already in use/i.test(readLog(logFile));
}

async function startOn(
  port: number,
  uiPort: number | undefined,
  options: TemporalServerOptions,
): Promise<TemporalServer> {
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
    throw error;
  }
  return {
    address,
    port,
    namespace,
    ...(uiPort === undefined ? {} : { uiUrl: `http://${LOOPBACK}:${uiPort}` }),
    pid: child.pid,
    logFile: options.logFile,
    ended: child.ended,
    stop: () => child.stop(STOP_GRACE_MS),
  };
}

function argumentsOf(options: TemporalServerOptions, port: number, uiPort: number | undefined): string[] {
  const attributes = Object.entries(SEARCH_ATTRIBUTES);
  return [
    ...['server', 'start-dev', '--ip', LOOPBACK, '--port', String(port), '--db-filename', options.dbFile],
    ...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort)]),
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

interface Ports {
  frontend: ChosenPort;
  ui?: ChosenPort;
  release: () => void;
}

async function choosePorts(options: TemporalServerOptions): Promise<Ports> {
  const [free = 0, freeUi = 0] = await freePorts(2);
  const choose = { who: 'The Temporal server', choice: options.port ?? 'usual', usual: USUAL_PORT, free };
  const frontend = await choosePort(choose);
  if (options.headless) return { frontend, release: frontend.release };
  try {
    const ui = await choosePort({
      who: "The Temporal server's Web UI",
      choice: options.uiPort ?? 'usual',
      usual: USUAL_UI_PORT,
      free: freeUi,
    });
    return { frontend, ui, release: () => [frontend, ui].forEach((each) => each.release()) };
  } catch (error) {
    frontend.release();
    throw error;
  }
}

/** Two stacks that start at the same moment may have chosen one port: the banner is printed by the one that got it. */
async function untilServing(child: Child, port: number, logFile: string): Promise<void> {
  const banner = new RegExp(`^Server:\\s+\\S*:${port}\\s*$`, 'm');
  let ended: Ended | undefined;
  void child.ended.then((end) => (ended = end));
  const startedAt = Date.now();
  for (;;) {
    const age = Date.now() - startedAt;
    const ours = banner.test(readLog(logFile)) || age > SILENT_SERVER_MS;
    const serves = ours && (await accepts(port));
    if (ended) throw endedUnexpectedly(child.title, ended, logFile);
    if (serves) return;
    if (age > START_WITHIN_MS)
      throw new StackError(
        `The ${child.title} does not serve after ${START_WITHIN_MS / 1000} s; its log: ${logFile}`,
      );
    await sleep(25);
  }
}

function readLog(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
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
