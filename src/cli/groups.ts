/**
 * Rows of a run grouped by what came of them: this output on 812 instances, that one on 3.
 *
 * The one rule: equal means equal: the outcome, the exit code and every byte of the output; nothing is guessed.
 */
import type { Outcome, StoredRow } from '../domain/messages';
import { firstLine, shorten, stripControl } from '../domain/text';
import { plural } from './render';

/** Instances of which the same came. */
export interface RowGroup {
  count: number;
  outcome: Outcome;
  exitCode?: number;
  /** Where the outcome is not Success and no output tells more. */
  reason?: string;
  output?: string;
  outputBase64?: string;
  instanceIds: string[];
}

/** The largest group first. */
export function groupRows(rows: readonly StoredRow[]): RowGroup[] {
  const groups = new Map<string, RowGroup>();
  for (const row of rows) {
    const { outcome, exitCode, output, outputBase64, instanceId } = row;
    const reason = outcome === 'Success' ? undefined : row.reason;
    const key = JSON.stringify([outcome, exitCode, reason, output, outputBase64]);
    const group = groups.get(key) ?? {
      count: 0,
      outcome,
      exitCode,
      reason,
      output,
      outputBase64,
      instanceIds: [],
    };
    group.count += 1;
    group.instanceIds.push(instanceId);
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}

/** Each group under a line that says how many and which. */
export function groupsText(groups: readonly RowGroup[], columns = 120): string {
  if (groups.length === 0) return 'No rows.';
  return groups
    .map((group) => {
      const exit = group.exitCode === undefined ? '' : `, exit code ${group.exitCode}`;
      const ids = shorten(stripControl(group.instanceIds.join(' ')), columns - 3);
      const head = `== ${plural(group.count, 'instance')}: ${group.outcome}${exit}`;
      const body = group.outputBase64 ?? stripControl(group.output ?? '').trimEnd();
      const reason = group.reason === undefined ? [] : [`   ${firstLine(group.reason)}`];
      return [head, `   ${ids}`, ...reason, ...(body === '' ? [] : [body])].join('\n');
    })
    .join('\n\n');
}
