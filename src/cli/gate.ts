/**
 * `steward gate status`: who holds which instance or group of a region, and who waits for it, in order.
 *
 * The one rule: it only looks. A gate that does not run holds nobody up; the next request starts it.
 */
import { GATE, gateIdOf, limitOf } from '../domain/gate';
import type { GateRequest, GateState } from '../domain/gate';
import { stripControl } from '../domain/text';
import { EXIT } from './exit';
import type { ExitCode } from './exit';
import type { Context } from './inspect';
import { keeperHead, keepersOf } from './keepers';
import type { Keeper } from './keepers';
import type { RegionOptions } from './region';
import { clock, plural } from './render';
import { textTable } from './table';

/** Holders and waiters listed by name; `--json` has all of them. */
const LISTED = 50;
/** Keys of one of them listed by name. */
const SHOWN_KEYS = 5;

/** Shows the gate of `--region`, or all gates of the account. */
export async function gateStatus(options: RegionOptions, { config, terminal }: Context): Promise<ExitCode> {
  const kind = { type: GATE, idOf: gateIdOf };
  const { account, keepers: gates } = await keepersOf<GateState>(kind, options, { config });
  const now = Date.now();
  const columns = terminal.resultsOnTerminal ? terminal.columns : undefined;
  if (options.json) terminal.result(JSON.stringify({ account, gates }, null, 2));
  else if (gates.length === 0) terminal.result(`No gate runs for the account ${account}: nothing is held.`);
  else terminal.result(gates.map((each) => gateText(each, now, columns)).join('\n\n'));
  return EXIT.ok;
}

/** One gate for people. */
export function gateText(keeper: Keeper<GateState>, now: number, columns?: number): string {
  const { running, progress, reason } = keeper;
  const head = keeperHead(keeper, 'the next operation that needs it starts it, with what it held.');
  if (!running) return head.join('\n');
  if (!progress) return [...head, reason ?? ''].join('\n');
  const { held, waiting, lastLook, turnedAway = 0 } = progress;
  const lines = [...head, held.length + waiting.length === 0 ? 'idle: nothing is held' : countsOf(progress)];
  if (held.length > 0) lines.push(tableOf('HOLDS', held, now, columns));
  if (waiting.length > 0) lines.push(tableOf('WAITS FOR', waiting, now, columns));
  if (turnedAway > 0) lines.push(`full: turned ${plural(turnedAway, 'request')} away so far; they ask again`);
  if (lastLook?.error !== undefined)
    lines.push(`the last look at holders, ${lastLook.at}, failed: ${stripControl(lastLook.error)}`);
  return lines.join('\n');
}

function countsOf({ held, waiting }: GateState): string {
  return `${plural(held.length, 'holder')}, ${waiting.length === 0 ? 'nobody waits' : `${waiting.length} waiting, in order`}`;
}

function tableOf(what: string, requests: readonly GateRequest[], now: number, columns?: number): string {
  const row = (request: GateRequest): string[] => [
    stripControl(request.holder),
    stripControl(request.purpose) + (request.preempt ? ', goes first' : ''),
    clock(now - ('grantedAt' in request ? Number(request.grantedAt) : request.askedAt)),
    keysOf(request),
  ];
  const table = textTable(['WHO', 'TO', 'SINCE', what], requests.slice(0, LISTED).map(row), columns);
  return requests.length > LISTED ? `${table}\nand ${requests.length - LISTED} more` : table;
}

function keysOf(request: GateRequest): string {
  const named = request.keys.slice(0, SHOWN_KEYS).map((key) => {
    const limit = limitOf(request, key);
    return stripControl(key) + (limit === 1 ? '' : ` (at most ${limit})`);
  });
  const more = request.keys.length - SHOWN_KEYS;
  return named.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
