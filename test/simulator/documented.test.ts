/**
 * docs/simulator.md names everything there is, and nothing there is not.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ACTIONS } from '../../simulator/actions';
import { HELP } from '../../simulator/arguments';
import { ControlClient } from '../../simulator/control/client';
import { faultSchema } from '../../simulator/core/faults';
import { DEFAULT_DURATIONS, switchesSchema } from '../../simulator/core/settings';

const text = readFileSync(join(__dirname, '../../docs/simulator.md'), 'utf8');

/** The text below a heading. */
function section(heading: string): string {
  return text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
}

/** The first cells of a section's table, and the second. */
function rows(heading: string): [string, string][] {
  return [...section(heading).matchAll(/^\| (`[^|]+`) +\| ([^|]+?) +\|/gm)].map(([, a = '', b = '']) => [
    a,
    b,
  ]);
}

const named = (heading: string): string[] =>
  rows(heading).flatMap(([cell]) =>
    [...cell.matchAll(/`(?:--)?([\w-]+)[^`]*`/g)].map(([, name = '']) => name),
  );

test('the actions', () => {
  const listed = /```\n([^]*?)```/.exec(section('Actions'))?.[1]?.trim().split(/\s+/) ?? [];
  expect(listed.sort()).toEqual(ACTIONS.map(({ name }) => name).sort());
});

test('the durations, with their defaults', () => {
  const listed = Object.fromEntries(
    rows('Durations').map(([name, value]) => [name.slice(1, -1), Number(value)]),
  );
  expect(listed).toEqual(DEFAULT_DURATIONS);
});

test('the switches, with their defaults', () => {
  const listed = rows('Switches').map(([name, values]) => [
    name.slice(1, -1),
    /\*\*(.+?)\*\*/.exec(values)?.[1],
  ]);
  const truth = Object.entries(switchesSchema.parse({})).map(([name, value]) => [name, String(value)]);
  expect(listed.sort()).toEqual(truth.sort());
});

test('the kinds of faults', () => {
  const kinds = faultSchema.options.map((option) => option.shape.kind.value);
  expect(named('Faults')).toEqual(kinds);
});

test('the options of the command line', () => {
  const options = [...HELP.matchAll(/^ {2}--([\w-]+)/gm)].map(([, name]) => name);
  expect(named('Start')).toEqual(options);
});

test('the methods of the control client', () => {
  const methods = Object.getOwnPropertyNames(ControlClient.prototype).filter(
    (name) => name !== 'constructor',
  );
  expect(named('Control plane').sort()).toEqual(methods.sort());
});
