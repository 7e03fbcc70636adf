/**
 * Reaching Temporal, and saying within seconds why that does not work.
 *
 * The one rule: a command never hangs on something that is missing (server, namespace, attributes, worker): it says
 * what is missing, where it looked, and how to mend it.
 */
import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  isGrpcServiceError,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config';
import { attributeFindings } from '../domain/findings';
import { taskQueueOf } from '../domain/messages';
import { runningStack } from '../stack/stack-file';
import { CliError, EXIT, messageOf } from './exit';
import { selfCommand } from './self';

/** A connection to one namespace, and how people reach the same in a browser. */
export interface Temporal {
  client: Client;
  connection: Connection;
  address: string;
  namespace: string;
  account: string;
  taskQueue: string;
  /** The Web UI's page of a run, where the address of the Web UI is known. */
  linkOf(workflowId: string, runId: string): string | undefined;
  close(): Promise<void>;
}

/** Where to connect to: what the environment says, else a running `steward up`, else the usual port. */
export interface Place {
  address: string;
  namespace: string;
  account: string;
  uiUrl?: string;
  /** Address, TLS, API key. */
  connectionOptions: Config['temporal']['connectionOptions'];
  /** For people: where the address comes from. */
  from: string;
}

/** google.rpc.Code */
const NOT_FOUND = 5;
const CONNECT_TIMEOUT_MS = 5_000;
const MAX_RETRY_GAP_MS = 1_000;
/** A worker asks for work at least every minute; one not heard of for longer is gone. */
const POLLER_FRESH_MS = 75_000;
const WORKFLOW_TASKS = 1;

/** Finds the place; see the rule of order in docs/operations.md. */
export function placeOf(config: Config): Place {
  const { temporal, account } = config;
  const stack = runningStack(config.paths.stateDir);
  if (temporal.addressGiven || !stack) {
    const { address, namespace, connectionOptions } = temporal;
    const uiUrl = temporal.uiUrl ?? (stack?.address === address ? stack.uiUrl : undefined);
    const from = temporal.addressGiven
      ? 'TEMPORAL_ADDRESS or the profile file of temporal'
      : 'the usual port';
    return { address, namespace, account, uiUrl, connectionOptions, from };
  }
  return {
    address: stack.address,
    namespace: temporal.namespaceGiven ? temporal.namespace : stack.namespace,
    account: stack.account,
    uiUrl: temporal.uiUrl ?? stack.uiUrl,
    // TLS and keys that are configured belong to another server.
    connectionOptions: { address: stack.address },
    from: 'steward up',
  };
}

/** Connects and makes sure the namespace is there. */
export async function connectTemporal(config: Config, place = placeOf(config)): Promise<Temporal> {
  const { address, namespace, connectionOptions } = place;
  const retries = new Retries();
  let connection: Connection;
  try {
    connection = await Connection.connect({
      ...connectionOptions,
      connectTimeout: CONNECT_TIMEOUT_MS,
      interceptors: [retries.interceptor],
    });
  } catch (error) {
    throw new CliError(
      EXIT.notCarriedOut,
      `No Temporal server answers at ${address} (from ${place.from}): ${messageOf(error)}\n` +
        `Start one here with: ${selfCommand()} up\nOr name another: TEMPORAL_ADDRESS=host:port (or a profile of the temporal command).`,
    );
  }
  try {
    await connection.workflowService.describeNamespace({ namespace });
  } catch (error) {
    await connection.close();
    throw namespaceError(error, address, namespace);
  }
  return {
    client: new Client({ connection, namespace }),
    connection,
    address,
    namespace,
    account: place.account,
    taskQueue: taskQueueOf(place.account),
    linkOf: (workflowId, runId) => place.uiUrl && webUiLink(place.uiUrl, namespace, workflowId, runId),
    close: async () => {
      await retries.end();
      await connection.close();
    },
  };
}

/**
 * The client's retries, which can be brought to an end: one that is due after the connection was closed would throw
 * where nobody can catch it (SDK 1.24).
 */
class Retries {
  private readonly options = defaultGrpcRetryOptions();
  private ending = false;
  private lastDueAt = 0;

  readonly interceptor = makeGrpcRetryInterceptor({
    retryableDecider: (attempt, status) => !this.ending && this.options.retryableDecider(attempt, status),
    delayFunction: (attempt, status) => {
      const delay = Math.min(MAX_RETRY_GAP_MS, this.options.delayFunction(attempt, status));
      this.lastDueAt = Math.max(this.lastDueAt, Date.now() + delay);
      return delay;
    },
  });

  /** No new retries; resolves when those that are waiting have gone out. */
  async end(): Promise<void> {
    this.ending = true;
    while (this.lastDueAt >= Date.now()) await sleep(this.lastDueAt - Date.now() + 10);
  }
}

/** The page of a run in Temporal's Web UI. */
export function webUiLink(uiUrl: string, namespace: string, workflowId: string, runId: string): string {
  const part = encodeURIComponent;
  return `${uiUrl.replace(/\/+$/, '')}/namespaces/${part(namespace)}/workflows/${part(workflowId)}/${part(runId)}`;
}

/** Makes sure that a run started now would be worked on: search attributes registered, a worker polling. */
export async function findObstacles(temporal: Temporal): Promise<string[]> {
  const { connection, namespace, taskQueue, address } = temporal;
  const obstacles = await attributeObstacles(connection, namespace);
  if (!(await isPolled(temporal, WORKFLOW_TASKS))) {
    obstacles.push(
      `No worker polls the task queue ${taskQueue} in namespace ${namespace} at ${address}.\n` +
        `Start one: ${selfCommand()} worker (or everything on this machine: ${selfCommand()} up)`,
    );
  }
  return obstacles;
}

/** Has a worker asked for work of this kind (1: workflow tasks, 2: activities) lately? */
export async function isPolled(
  { connection, namespace, taskQueue }: Temporal,
  taskQueueType: 1 | 2,
): Promise<boolean> {
  const seen = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueue },
    taskQueueType,
  });
  const since = Date.now() - POLLER_FRESH_MS;
  return (seen.pollers ?? []).some((poller) => Number(poller.lastAccessTime?.seconds ?? 0) * 1_000 >= since);
}

/** Where attributes may not be read (a cloud service may forbid it) the worker's own check at its start has to do. */
async function attributeObstacles(connection: Connection, namespace: string): Promise<string[]> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return attributeFindings(namespace, customAttributes ?? {}).map(
      ({ what, mend }) => `The ${what}.\nMend it: ${mend ?? ''}`,
    );
  } catch {
    return [];
  }
}

function namespaceError(error: unknown, address: string, namespace: string): CliError {
  const missing = isGrpcServiceError(error) && Number(error.code) === NOT_FOUND;
  return new CliError(
    EXIT.notCarriedOut,
    missing
      ? `The namespace ${namespace} does not exist at ${address}.\n` +
          `Create it: temporal operator namespace create --namespace ${namespace} --retention 30d\nOr name another: TEMPORAL_NAMESPACE=…`
      : `The namespace ${namespace} at ${address} cannot be read: ${messageOf(error)}`,
  );
}
