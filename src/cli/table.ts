/**
 * Plain tables for terminals: columns, no lines.
 *
 * The one rule: text in, text out; cells are safe for a terminal before they come here.
 */
import Table from 'cli-table3';
import { shorten } from '../domain/text';

const MIN_LAST_WIDTH = 20;

const NO_LINES = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((name) => [name, '']),
);

/** A table; the last column is cut so that a line fits `columns`, where that is given. */
export function textTable(head: readonly string[], cells: readonly string[][], columns?: number): string {
  const widths = head.map((name, index) =>
    Math.max(name.length, ...cells.map((row) => [...(row[index] ?? '')].length)),
  );
  const fixed = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0);
  const room = columns === undefined ? Infinity : Math.max(MIN_LAST_WIDTH, columns - fixed - 1);
  const table = new Table({
    head: [...head],
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  });
  for (const row of cells)
    table.push(row.map((cell, index) => (index === row.length - 1 ? shorten(cell, room) : cell)));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
