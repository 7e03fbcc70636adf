/**
 * The worker program: checks that it can work, polls, ends gracefully.
 *
 * Usage: node main.js [--cloud]. Without ECS_ENDPOINT it would act on real servers; that takes an explicit `--cloud`.
 * When it polls it prints one line of JSON on stdout: {"ready":true,"taskQueue","address","namespace"}. Logs go to
 * stderr as JSON lines. Exit codes: 0 ended as asked, 2 bad configuration, 3 could not start or lost its server.
 */
import { readFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import pino from 'pino';
import type { Logger } from 'pino';
import { ConfigError, loadConfig } from '../config';
import type { Config } from '../config';
import { createEcsClients } from '../ecs/client';
import { EMPTY_POLICY_FILE } from '../domain/policy';
import type { PolicyFile } from '../domain/policy';
import { formatInputErrors } from '../domain/run-input';
import { parsePolicyFile } from '../hooks/policy-file';
import { callWebhook } from '../hooks/webhook';
import type { Dependencies } from '../activities';
import { DEFAULT_QUOTA } from '../ecs/quota';
import { createFileMeter } from '../results/meter';
import { createFileResultStore } from '../results/store';
import { keepHealthFile } from './health-file';
import { installLogger } from './log';
import { checkNamespace } from './start-up-checks';
import { createTemporalEventHandlers } from './temporal-events';
import { createTemporalSpotRescues } from './temporal-spot';
import { createTemporalGates } from './temporal-gates';
import { createTemporalHours } from './temporal-hours';
import { createTemporalWaits } from './temporal-waits';
import { Workers } from './worker';

const CONNECT_TIMEOUT_MS = 10_000;
const HEALTH_TIMEOUT_MS = 4_000;

class StartUpError extends Error {
  constructor(
    readonly exitCode: 2 | 3,
    message: string,
  ) {
    super(message);
  }
}

async function main(argv: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const config = loadConfig(env);
  const log = pino({ level: config.logLevel, base: { account: config.account } }, pino.destination(2));
  const cloud = argv.includes('--cloud');
  if (!config.ecs.endpoint && !cloud) {
    throw new StartUpError(
      2,
      'ECS_ENDPOINT is not set, so this worker would act on real servers. Set ECS_ENDPOINT to the simulator (host:port, ' +
        'from `steward simulate`), or type --cloud to mean the cloud.',
    );
  }
  const policies = readPolicies(config);
  installLogger(log);
  await checkServer(config, log);
  await poll(config, log, env, policies);
}

async function checkServer(config: Config, log: Logger): Promise<void> {
  const { address, namespace, connectionOptions } = config.temporal;
  let connection: Connection;
  try {
    connection = await Connection.connect({ ...connectionOptions, connectTimeout: CONNECT_TIMEOUT_MS });
  } catch (error) {
    throw new StartUpError(
      3,
      `no Temporal server answers at ${address} (${messageOf(error)}). Start one with \`steward up\`, or set TEMPORAL_ADDRESS.`,
    );
  }
  try {
    const { errors, warnings } = await checkNamespace(connection, namespace);
    for (const warning of warnings) log.warn(warning);
    if (errors.length > 0) throw new StartUpError(3, errors.join('\n'));
  } catch (error) {
    if (error instanceof StartUpError) throw error;
    const hint = `Is the namespace there? temporal operator namespace create --retention 30d ${namespace}`;
    throw new StartUpError(
      3,
      `namespace ${namespace} at ${address} cannot be read: ${messageOf(error)}. ${hint}`,
    );
  } finally {
    await connection.close();
  }
}

async function poll(
  config: Config,
  log: Logger,
  env: NodeJS.ProcessEnv,
  policies: PolicyFile,
): Promise<void> {
  const { address, namespace, connectionOptions } = config.temporal;
  const connection = await NativeConnection.connect(connectionOptions);
  const clientConnection = await Connection.connect(connectionOptions);
  const { endpoint } = config.ecs;
  const ecs = createEcsClients({
    endpoint: endpoint?.host,
    protocol: endpoint?.protocol,
    quota: { ...DEFAULT_QUOTA, ...config.ecs.quota },
    onCall: (call) => log.debug(call, 'ECS call'),
  });
  const store = createFileResultStore(config.resultsDir);
  try {
    const client = new Client({ connection: clientConnection, namespace });
    const dependencies: Omit<Dependencies, 'ecs'> = {
      store,
      account: config.account,
      waits: createTemporalWaits(client, config.account),
      handlers: createTemporalEventHandlers(client, config.account),
      rescues: createTemporalSpotRescues(client, config.account),
      gates: createTemporalGates(client, config.account),
      hours: createTemporalHours(client, config.account),
      meter: createFileMeter(config.resultsDir),
      policies,
      secretOf: (name) => env[name],
      callWebhook: (hook, payload) =>
        callWebhook(hook, payload, {
          simulation: endpoint !== undefined,
          secret: hook.secretEnv === undefined ? undefined : env[hook.secretEnv],
        }),
    };
    const workers = await Workers.create({
      connection,
      namespace,
      account: config.account,
      settings: config.worker,
      dependencies,
      ecs,
    });
    if (env.STEWARD_EXIT_ON_STDIN_CLOSE === '1') endWithParent(() => workers.shutdown());
    const running = workers.run();
    log.info(
      { taskQueue: config.taskQueue, address, namespace, ecs: endpoint?.host ?? 'cloud' },
      'worker polls',
    );
    process.stdout.write(
      `${JSON.stringify({ ready: true, taskQueue: config.taskQueue, address, namespace })}\n`,
    );
    const endHealth = config.healthFile
      ? keepHealthFile({
          path: config.healthFile,
          isWorking: async () => workers.areRunning && (await answers(clientConnection)),
          onChange: (problem) =>
            problem ? log.warn(`not healthy: ${problem}`) : log.info(`healthy: ${config.healthFile}`),
        })
      : () => undefined;
    await running.finally(endHealth);
  } finally {
    await connection.close();
    await clientConnection.close();
  }
}

/** Does the Temporal server answer? Rejects with the reason where it does not. */
async function answers(connection: Connection): Promise<boolean> {
  await connection.withDeadline(Date.now() + HEALTH_TIMEOUT_MS, () => connection.healthService.check({}));
  return true;
}

/** Read once, at the start: a workflow keeps the policy it was planned with. */
function readPolicies({ policyFile }: Config): PolicyFile {
  if (policyFile === undefined) return EMPTY_POLICY_FILE;
  let text: string;
  try {
    text = readFileSync(policyFile, 'utf8');
  } catch (error) {
    throw new StartUpError(2, `STEWARD_POLICY_FILE: ${policyFile} cannot be read: ${messageOf(error)}`);
  }
  const parsed = parsePolicyFile(text);
  if (parsed.ok) return parsed.file;
  throw new StartUpError(2, `${policyFile}:\n${formatInputErrors(parsed.errors)}`);
}

/** A parent that was killed closes our stdin; a worker nobody owns any more must not go on. */
function endWithParent(shutdown: () => void): void {
  process.stdin.on('end', shutdown).on('error', shutdown).resume();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

main(process.argv.slice(2), process.env).catch((error: unknown) => {
  const known = error instanceof StartUpError || error instanceof ConfigError;
  process.stderr.write(
    `steward worker: ${known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = error instanceof StartUpError ? error.exitCode : error instanceof ConfigError ? 2 : 3;
});
