/** How agents look on a terminal: tables and sums. What machines said is made safe here. */
import type { AgentsReport, InstallAgentsResult } from '../domain/agents';
import { firstLine, stripControl } from '../domain/text';
import { plural } from './render';
import { textTable } from './table';

/** A line for each agent, then the sums. */
export function statusText(report: AgentsReport, columns?: number): string {
  const cells = report.rows.map((row) =>
    [
      row.instanceId,
      row.alive ? 'alive' : 'dead',
      row.version || '-',
      row.lastHeartbeatAt || '-',
      String(row.activeTasks),
      String(row.invocations),
      row.osType || '-',
      row.reason ?? '',
    ].map((cell) => firstLine(cell, 300)),
  );
  const head = ['INSTANCE', 'AGENT', 'VERSION', 'LAST HEARTBEAT', 'TASKS', 'COMMANDS', 'OS', 'WHY'];
  const versions = report.versions.map(
    ({ version, instances }) => `${instances} of ${stripControl(version)}`,
  );
  const more = versions.length > 0 ? ` (${versions.join(', ')})` : '';
  return [
    ...(cells.length > 0 ? [textTable(head, cells, columns), ''] : []),
    ...(report.rowsTruncated
      ? [`The first ${report.rows.length} rows; all are on the worker's result store.`]
      : []),
    `${plural(report.instances, 'instance')} in ${report.region}: ${report.alive} alive${more}, ${report.dead} dead`,
  ].join('\n');
}

/** A line for each instance, then the summary. */
export function installText(
  { rows, summary, rowsTruncated }: Pick<InstallAgentsResult, 'rows' | 'summary' | 'rowsTruncated'>,
  columns?: number,
): string {
  const cells = rows.map(({ instanceId, outcome, version, reason }) =>
    [instanceId, outcome, version ?? '-', reason ?? ''].map((cell) => firstLine(cell, 400)),
  );
  return [
    ...(cells.length > 0 ? [textTable(['INSTANCE', 'OUTCOME', 'VERSION', 'WHY'], cells, columns), ''] : []),
    ...(rowsTruncated ? [`The first ${rows.length} rows; all are on the worker's result store.`] : []),
    stripControl(summary),
  ].join('\n');
}
