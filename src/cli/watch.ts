/**
 * `steward watch status`: what a region's one poller waits for, for whom, since when, and what looking costs.
 *
 * The one rule: it only looks. A watcher that does not run is said as such; the next wait starts it.
 */
import { WORKFLOW_TYPES, watchIdOf } from '../domain/messages';
import { stripControl } from '../domain/text';
import type { Wait, WatchState } from '../domain/watch';
import { EXIT } from './exit';
import type { ExitCode } from './exit';
import type { Context } from './inspect';
import { keeperHead, keepersOf } from './keepers';
import type { Keeper } from './keepers';
import type { RegionOptions } from './region';
import { clock, plural } from './render';
import { textTable } from './table';

/** Waits listed by name; `--json` has all of them. */
const LISTED = 50;

/** Shows the watcher of `--region`, or all watchers of the account. */
export async function watchStatus(options: RegionOptions, { config, terminal }: Context): Promise<ExitCode> {
  const kind = { type: WORKFLOW_TYPES.watchRegion, idOf: watchIdOf };
  const { account, keepers: watchers } = await keepersOf<WatchState>(kind, options, { config });
  const now = new Date();
  const columns = terminal.resultsOnTerminal ? terminal.columns : undefined;
  if (options.json) terminal.result(JSON.stringify({ account, watchers }, null, 2));
  else if (watchers.length === 0)
    terminal.result(`No watcher runs for the account ${account}: nothing is waited for.`);
  else terminal.result(watchers.map((each) => watcherText(each, now, columns)).join('\n\n'));
  return EXIT.ok;
}

/** One watcher for people. */
export function watcherText(watcher: Keeper<WatchState>, now: Date, columns?: number): string {
  const { running, progress, reason } = watcher;
  const head = keeperHead(
    watcher,
    'the next wait starts it, and a run that waits looks for itself within minutes.',
  );
  if (!running) return head.join('\n');
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
