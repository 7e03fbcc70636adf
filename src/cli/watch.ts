/**
 * `steward watch status`: what a region's one poller waits for, for whom, since when, and what looking costs.
 *
 * The one rule: it only looks. A watcher that does not run is said as such; the next wait starts it.
 */
import { WorkflowNotFoundError } from '@temporalio/client';
import type { WorkflowExecutionDescription } from '@temporalio/client';
import { PROGRESS_QUERY, WORKFLOW_TYPES, watchIdOf } from '../domain/messages';
import { isRegionId } from '../domain/run-command-input';
import { stripControl } from '../domain/text';
import type { Wait, WatchState } from '../domain/watch';
import { connectTemporal } from './connection';
import type { Temporal } from './connection';
import { EXIT, usageError } from './exit';
import type { ExitCode } from './exit';
import type { Context } from './inspect';
import { clock, plural } from './render';
import { QUERY_TIMEOUT_MS } from './run-progress';
import { selfCommand } from './self';
import { textTable } from './table';

/** What is known of one watcher; the document of `--json` has a list of these. */
interface Watcher {
  workflowId: string;
  region: string;
  running: boolean;
  /** Temporal's word; absent where there never was one. */
  status?: string;
  startTime?: Date;
  closeTime?: Date;
  url?: string;
  /** Absent where it does not run or nobody answers for it. */
  progress?: WatchState;
  /** Why there is no progress. */
  reason?: string;
}

/** Waits listed by name; `--json` has all of them. */
const LISTED = 50;

/** Shows the watcher of `--region`, or all watchers of the account. */
export async function watchStatus(
  options: { region?: string; json?: boolean },
  { config, terminal }: Context,
): Promise<ExitCode> {
  if (options.region !== undefined && !isRegionId(options.region))
    throw usageError([{ path: '--region', message: 'must be a RegionId such as cn-hangzhou' }]);
  const temporal = await connectTemporal(config);
  try {
    const regions = options.region === undefined ? await watchedRegions(temporal) : [options.region];
    const watchers = await Promise.all(regions.map((region) => look(temporal, region)));
    const now = new Date();
    const columns = terminal.resultsOnTerminal ? terminal.columns : undefined;
    if (options.json) terminal.result(JSON.stringify({ account: temporal.account, watchers }, null, 2));
    else if (watchers.length === 0)
      terminal.result(`No watcher runs for the account ${temporal.account}: nothing is waited for.`);
    else terminal.result(watchers.map((each) => watcherText(each, now, columns)).join('\n\n'));
    return EXIT.ok;
  } finally {
    await temporal.close();
  }
}

/** Regions that have a watcher now, as the server lists them (a new one appears a moment later). */
async function watchedRegions({ client, account }: Temporal): Promise<string[]> {
  const query = `WorkflowType = '${WORKFLOW_TYPES.watchRegion}' AND ExecutionStatus = 'Running'`;
  const prefix = watchIdOf(account, '');
  const regions: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query }))
    if (workflowId.startsWith(prefix)) regions.push(workflowId.slice(prefix.length));
  return regions.sort();
}

async function look(temporal: Temporal, region: string): Promise<Watcher> {
  const workflowId = watchIdOf(temporal.account, region);
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
    const query = (): Promise<WatchState> => handle.query<WatchState>(PROGRESS_QUERY);
    return {
      ...known,
      progress: await temporal.connection.withDeadline(Date.now() + QUERY_TIMEOUT_MS, query),
    };
  } catch {
    const reason = `No worker answers just now; it goes on when one is back: ${selfCommand()} worker`;
    return { ...known, reason };
  }
}

/** One watcher for people. */
export function watcherText(watcher: Watcher, now: Date, columns?: number): string {
  const { workflowId, running, status, closeTime, progress, reason, url } = watcher;
  const id = stripControl(workflowId);
  if (!running) {
    const end = status === undefined ? '' : ` (${status.toLowerCase()} ${closeTime?.toISOString() ?? ''})`;
    return `${id} does not run${end}: the next wait starts it, and a run that waits looks for itself within minutes.`;
  }
  const head = url === undefined ? [id] : [id, url];
  if (!progress) return [...head, reason ?? ''].join('\n');
  return [...head, ...waitLines(progress, now, columns), ...tickLines(progress)].join('\n');
}

function waitLines({ waits, states = {} }: WatchState, now: Date, columns?: number): string[] {
  if (waits.length === 0) return ['idle: nothing is waited for'];
  const oldest = [...waits].sort((a, b) => a.since - b.since).slice(0, LISTED);
  const row = (wait: Wait): string[] => [
    wait.kind,
    stripControl(wait.key),
    stripControl(wait.waiter),
    clock(now.getTime() - wait.since),
    Object.entries(states[wait.key] ?? {})
      .map(([state, count]) => `${count} ${stripControl(state)}`)
      .join(', '),
  ];
  return [
    `${waits.length} waited for`,
    textTable(['KIND', 'WAITED FOR', 'BY', 'SINCE', 'STATES'], oldest.map(row), columns),
    ...(waits.length > LISTED ? [`and ${waits.length - LISTED} more`] : []),
  ];
}

function tickLines({ ticks, lastTick }: WatchState): string[] {
  if (!lastTick) return ['not looked yet'];
  const { at, waits, ended, calls, how, error } = lastTick;
  return [
    `${plural(ticks, 'look')}, the last at ${at}: ${waits} looked at, ${ended} ended, ` +
      `${plural(calls, 'call')} (${stripControl(how)})`,
    ...(error === undefined ? [] : [`it failed: ${stripControl(error)}`]),
  ];
}
