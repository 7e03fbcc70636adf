/**
 * The one workflow a region has of a kind (its watcher, its gate): which regions have one, whether it runs, what it
 * says of itself.
 *
 * The one rule: it only looks. One that does not run is said as such; who needs it starts it.
 */
import { WorkflowNotFoundError } from '@temporalio/client';
import type { WorkflowExecutionDescription } from '@temporalio/client';
import { PROGRESS_QUERY } from '../domain/messages';
import { isRegionId } from '../domain/run-input';
import { stripControl } from '../domain/text';
import { connectTemporal } from './connection';
import type { Temporal } from './connection';
import { usageError } from './exit';
import type { Context } from './inspect';
import type { RegionOptions } from './region';
import { QUERY_TIMEOUT_MS } from './run-progress';
import { selfCommand } from './self';

export interface KeeperKind {
  type: string;
  idOf: (account: string, region: string) => string;
}

/** What is known of one; the documents of `--json` have lists of these. */
export interface Keeper<State> {
  workflowId: string;
  region: string;
  running: boolean;
  /** Temporal's word; absent where there never was one. */
  status?: string;
  startTime?: Date;
  closeTime?: Date;
  url?: string;
  /** Absent where it does not run or nobody answers for it. */
  progress?: State;
  /** Why there is no progress. */
  reason?: string;
}

/** That of `--region`, or those of all regions of the account. */
export async function keepersOf<State>(
  kind: KeeperKind,
  { region }: RegionOptions,
  { config }: Pick<Context, 'config'>,
): Promise<{ account: string; keepers: Keeper<State>[] }> {
  if (region !== undefined && !isRegionId(region))
    throw usageError([{ path: '--region', message: 'must be a RegionId such as cn-hangzhou' }]);
  const temporal = await connectTemporal(config);
  try {
    const regions = region === undefined ? await regionsWith(kind, temporal) : [region];
    const keepers = await Promise.all(regions.map((each) => look<State>(kind, temporal, each)));
    return { account: temporal.account, keepers };
  } finally {
    await temporal.close();
  }
}

/** Regions that have one now, as the server lists them (a new one appears a moment later). */
async function regionsWith({ type, idOf }: KeeperKind, { client, account }: Temporal): Promise<string[]> {
  const query = `WorkflowType = '${type}' AND ExecutionStatus = 'Running'`;
  const prefix = idOf(account, '');
  const regions: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query }))
    if (workflowId.startsWith(prefix)) regions.push(workflowId.slice(prefix.length));
  return regions.sort();
}

async function look<State>({ idOf }: KeeperKind, temporal: Temporal, region: string): Promise<Keeper<State>> {
  const workflowId = idOf(temporal.account, region);
  const handle = temporal.client.workflow.getHandle(workflowId);
  let described: WorkflowExecutionDescription;
  try {
    described = await handle.describe();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    return { workflowId, region, running: false };
  }
  const { startTime, closeTime, status, runId } = described;
  const running = status.name === 'RUNNING';
  const url = temporal.linkOf(workflowId, runId);
  const known = { workflowId, region, running, status: status.name, startTime, closeTime, url };
  if (!running) return known;
  try {
    const query = (): Promise<State> => handle.query<State>(PROGRESS_QUERY);
    return {
      ...known,
      progress: await temporal.connection.withDeadline(Date.now() + QUERY_TIMEOUT_MS, query),
    };
  } catch {
    const reason = `No worker answers just now; it goes on when one is back: ${selfCommand()} worker`;
    return { ...known, reason };
  }
}

/** Its id and link, or that it does not run; `otherwise` says what that means. */
export function keeperHead(
  { workflowId, running, status, closeTime, url }: Keeper<unknown>,
  otherwise: string,
): string[] {
  const id = stripControl(workflowId);
  if (running) return url === undefined ? [id] : [id, url];
  const end = status === undefined ? '' : ` (${status.toLowerCase()} ${closeTime?.toISOString() ?? ''})`;
  return [`${id} does not run${end}: ${otherwise}`];
}
