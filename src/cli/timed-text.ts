/**
 * What `steward timed …` prints for people.
 *
 * The one rule: what comes from the cloud is made safe for a terminal here.
 */
import type { InstanceRow } from '../domain/messages';
import { shorten, stripControl } from '../domain/text';
import type {
  TimedHistory,
  TimedLine,
  TimedListed,
  TimedShown,
  TimedStarted,
  TimedStopped,
} from '../domain/timed-commands';
import { describeWhen } from '../domain/timed-times';
import { plural } from './render';
import { selfCommand } from './self';
import { textTable } from './table';

const IDS_SHOWN = 5;

/** What became of a start. */
export function startedText(started: TimedStarted): string {
  const { name, outcome, reason, totals, next, invocations, rows } = started;
  const { unfit, notStarted, unknown, accepted } = totals;
  const left = [
    ...(unfit > 0 ? [`${unfit} set aside`] : []),
    ...(notStarted > 0 ? [`${notStarted} not started`] : []),
    ...(unknown > 0 ? [`${unknown} unknown`] : []),
  ];
  const ids = invocations.slice(0, IDS_SHOWN).map(({ invokeId }) => invokeId);
  const lines = [
    `${name}: ${outcome === 'done' || outcome === 'partly' ? 'started' : outcome} on ${plural(accepted, 'instance')} of ${totals.targets}` +
      (left.length > 0 ? ` (${left.join(', ')})` : ''),
    ...(started.repeatMode === ''
      ? []
      : [`comes: ${describeWhen(started)}${next === undefined ? '' : `; next ${next}`}`]),
    ...(ids.length > 0
      ? [`as ${ids.join(', ')}${invocations.length > IDS_SHOWN ? ' …' : ''}: ${statesText(started.states)}`]
      : []),
    ...(reason === undefined ? [] : [reason]),
    ...(rows.length > 0 ? ['', rowsTable(rows)] : []),
  ];
  return stripControl(lines.join('\n'));
}

function rowsTable(rows: readonly InstanceRow[]): string {
  const cells = rows.map(({ instanceId, outcome, reason = '' }) =>
    [instanceId, outcome, reason].map(stripControl),
  );
  return textTable(['INSTANCE', 'OUTCOME', 'REASON'], cells);
}

/** All that is listed. */
export function listText({ timed, total }: TimedListed, columns?: number): string {
  if (timed.length === 0) return 'No timed commands.';
  const more = total > timed.length ? [`The newest ${timed.length} of ${total}.`] : [];
  return [linesTable(timed, columns), ...more].join('\n');
}

function linesTable(lines: readonly TimedLine[], columns?: number): string {
  const cells = lines.map((line) =>
    [
      line.ours ? line.name : `(${line.name || 'not ours'})`,
      `${line.invokeIds[0] ?? ''}${line.invocations > 1 ? ` +${line.invocations - 1}` : ''}`,
      line.state,
      String(line.instances),
      lastText(line.last),
      line.next ?? '-',
      describeWhen(line),
    ].map(stripControl),
  );
  return textTable(['TIMED', 'INVOCATION', 'STATE', 'INSTANCES', 'LAST', 'NEXT', 'COMES'], cells, columns);
}

function lastText({ startedAt, succeeded, failed }: TimedLine['last']): string {
  if (succeeded + failed === 0) return '-';
  return `${succeeded} ok, ${failed} failed${startedAt === undefined ? '' : `, ${startedAt}`}`;
}

/** One of them. */
export function shownText(
  { timed, content, timeoutSeconds, instances }: TimedShown,
  columns?: number,
): string {
  const cells = instances.map((each) =>
    [
      each.instanceId,
      each.status,
      String(each.occurrences),
      each.exitCode === undefined ? '-' : String(each.exitCode),
      each.errorCode ?? '-',
      each.startedAt ?? '-',
    ].map(stripControl),
  );
  const head = ['INSTANCE', 'STATE', 'OCCURRENCES', 'LAST EXIT', 'LAST ERROR', 'LAST STARTED'];
  const cut =
    timed.instances > instances.length ? [`The first ${instances.length} of ${timed.instances}.`] : [];
  const script = [`timeout ${timeoutSeconds} s`, '', stripControl(content).trimEnd()];
  return [linesTable([timed], columns), '', textTable(head, cells, columns), ...cut, '', ...script].join(
    '\n',
  );
}

/** Occurrences, the newest first. */
export function historyText(history: TimedHistory, rows: readonly InstanceRow[], columns?: number): string {
  const counts = Object.entries(history.totals).filter(([, count]) => count > 0);
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  const told = counts.map(([outcome, count]) => `${count} ${outcome}`).join(', ');
  const running = history.underWay > 0 ? `; ${history.underWay} run just now` : '';
  const summary = `${stripControl(history.timed.name)}: ${plural(total, 'occurrence')}${told && ` (${told})`}${running}`;
  if (rows.length === 0) return summary;
  const cells = rows.map((row) =>
    [
      row.startedAt ?? '-',
      row.finishedAt ?? '-',
      row.instanceId,
      row.outcome,
      row.exitCode === undefined ? '-' : String(row.exitCode),
      shorten(row.reason ?? row.firstLine ?? '', 200),
    ].map(stripControl),
  );
  const head = ['STARTED', 'ENDED', 'INSTANCE', 'OUTCOME', 'EXIT', 'FIRST LINE OR REASON'];
  return [textTable(head, cells, columns), '', summary].join('\n');
}

/** What a stop left. */
export function stoppedText({
  which,
  stopped,
  running,
  runningIds,
  waiting,
  waitingIds,
}: TimedStopped): string {
  const ids = (some: readonly string[], all: number): string =>
    `${some.slice(0, IDS_SHOWN).join(', ')}${all > IDS_SHOWN ? ' …' : ''}`;
  return stripControl(
    [
      `${which}: comes no more on ${plural(stopped, 'instance')}`,
      ...(running > 0
        ? [`On ${running} an occurrence had started, and goes on to its own end: ${ids(runningIds, running)}`]
        : []),
      ...(waiting > 0
        ? [
            `On ${waiting} it was not seen to be stopped: ${ids(waitingIds, waiting)}; again: ${selfCommand()} timed stop ${which}`,
          ]
        : []),
    ].join('\n'),
  );
}

function statesText(states: Record<string, number>): string {
  return Object.entries(states)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ');
}
