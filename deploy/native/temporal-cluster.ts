/**
 * The Temporal server on PostgreSQL: schemas, server, namespace, each by the script and with the settings that
 * docker-compose.yml names for it.
 *
 * The one rule: every port is a free one of loopback, so several topologies, and a server somebody else runs, do not
 * meet.
 */
import { mkdirSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { endedUnexpectedly, startChild } from '../../src/stack/child-process';
import type { Child } from '../../src/stack/child-process';
import { StackError } from '../../src/stack/errors';
import { isFree, LOOPBACK } from '../../src/stack/ports';
import { runTool } from '../../src/stack/run-tool';
import { environmentOf, ROOT, serviceOf } from './compose';
import type { ComposeFile } from './compose';

/** What is needed to make a cluster. */
export interface ClusterOptions {
  compose: ComposeFile;
  dir: string;
  /** Directory of `temporal-server` and `temporal-sql-tool`. */
  programs: string;
  /** The Temporal CLI. */
  temporalCli: string;
  postgresPort: number;
  password: string;
  env: NodeJS.ProcessEnv;
}

/** A running server. */
export interface Server {
  /** host:port of the frontend. */
  address: string;
  child: Child;
}

const SCRIPT_TIMEOUT_MS = 180_000;
/** Every port the server's template lets one choose; all of them have usual values that may be taken. */
const SERVER_PORTS = [
  'FRONTEND_GRPC_PORT',
  'FRONTEND_MEMBERSHIP_PORT',
  'FRONTEND_HTTP_PORT',
  'MATCHING_GRPC_PORT',
  'MATCHING_MEMBERSHIP_PORT',
  'HISTORY_GRPC_PORT',
  'HISTORY_MEMBERSHIP_PORT',
  'WORKER_GRPC_PORT',
  'WORKER_MEMBERSHIP_PORT',
] as const;

/** PostgreSQL keeps a member's port in 16 bits with a sign: those the system hands out by itself are too high. */
const LOWEST_PORT = 15_000;
const HIGHEST_PORT = 32_000;

/** Makes both databases and their schemas; may be run on databases that have them. */
export async function setUpSchema(options: ClusterOptions): Promise<void> {
  await runScript('temporal-schema', options, {
    SQL_HOST: LOOPBACK,
    SQL_PORT: String(options.postgresPort),
  });
}

/** Starts all services of the server in one process; answers where it listens. */
export async function startServer(options: ClusterOptions): Promise<Server> {
  const { compose, dir, programs, postgresPort, password, env } = options;
  const ports = await lowPorts(SERVER_PORTS.length);
  const chosen = Object.fromEntries(SERVER_PORTS.map((name, index) => [name, String(ports[index])]));
  const child = await startChild({
    title: 'Temporal server',
    command: join(programs, 'temporal-server'),
    args: ['start'],
    env: {
      ...ordinary(env),
      ...environmentOf(
        serviceOf(compose, 'temporal'),
        { POSTGRES_PASSWORD: password },
        {
          POSTGRES_SEEDS: LOOPBACK,
          DB_PORT: String(postgresPort),
          BIND_ON_IP: LOOPBACK,
          DYNAMIC_CONFIG_FILE_PATH: configFile(compose, 'dynamic-config'),
        },
      ),
      ...chosen,
    },
    logFile: join(dir, 'logs', 'temporal-server.log'),
    printsReadyLine: false,
  });
  return { address: `${LOOPBACK}:${chosen.FRONTEND_GRPC_PORT}`, child };
}

/** Waits for the server, makes the namespace, registers the search attributes; may be run again. */
export async function setUpNamespace(options: ClusterOptions, server: Server): Promise<void> {
  const dead = server.child.ended.then((end) => {
    throw endedUnexpectedly(server.child.title, end, join(options.dir, 'logs', 'temporal-server.log'));
  });
  await Promise.race([runScript('temporal-namespace', options, { TEMPORAL_ADDRESS: server.address }), dead]);
}

async function lowPorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = LOWEST_PORT + Math.floor(Math.random() * (HIGHEST_PORT - LOWEST_PORT));
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

/** A one-shot service: `sh SCRIPT`, with the programs of its image on the PATH. */
async function runScript(
  name: string,
  options: ClusterOptions,
  anew: Readonly<Record<string, string>>,
): Promise<void> {
  const service = serviceOf(options.compose, name);
  const [shell = '', script = ''] = service.command ?? [];
  const source = service.configs?.find(({ target }) => target === script)?.source ?? '';
  const result = await runTool({
    command: shell,
    args: [configFile(options.compose, source)],
    env: {
      ...ordinary(options.env),
      ...environmentOf(service, { POSTGRES_PASSWORD: options.password }, anew),
      PATH: [imagePath(options), options.env.PATH].join(delimiter),
    },
    timeoutMs: SCRIPT_TIMEOUT_MS,
  });
  if (!result.ok) throw new StackError(`${name} failed: ${result.reason}`);
}

function imagePath({ dir, programs, temporalCli }: ClusterOptions): string {
  const bin = join(dir, 'bin');
  if (mkdirSync(bin, { recursive: true }) !== undefined) {
    symlinkSync(temporalCli, join(bin, 'temporal'));
    symlinkSync(join(programs, 'temporal-sql-tool'), join(bin, 'temporal-sql-tool'));
  }
  return bin;
}

function configFile({ configs }: ComposeFile, name: string): string {
  const file = configs[name]?.file;
  if (!file) throw new Error(`docker-compose.yml has no config ${name}`);
  return join(ROOT, file);
}

/** Without what would point these programs at another server or database. */
function ordinary(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign = /^(TEMPORAL_|SQL_|POSTGRES_|PG|DB_?|ES_|CASSANDRA_|MYSQL_|SERVICES$)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !foreign.test(name)));
}
