/**
 * `steward hours list|show|preview|report`.
 *
 * The one rule: they only look. What comes next is what the server says, not what we compute.
 */
import { monthBounds } from '../domain/hours-savings';
import { CliError, EXIT, messageOf, usageError } from './exit';
import type { ExitCode } from './exit';
import { hoursOf, hoursReport, stateOf } from './hours-keeper';
import { nextActions, scheduledNames, schedulesOf } from './hours-schedules';
import {
  definitionText,
  listText,
  nextText,
  savingsCsv,
  savingsText,
  stateText,
  surveyText,
} from './hours-text';
import type { ListedHours } from './hours-text';
import type { Context } from './inspect';
import { withTemporal } from './region';
import { overrideText } from '../domain/hours-state';

interface Options {
  json?: boolean;
}

const MAX_PREVIEW = 100;
const DEFAULT_PREVIEW = 10;

/** All of the account. */
export async function list(options: Options, { config, terminal }: Context): Promise<ExitCode> {
  return withTemporal(config, { worker: false }, async (temporal) => {
    const all: ListedHours[] = [];
    for (const name of await scheduledNames(temporal)) {
      const schedules = await schedulesOf(temporal, name);
      const known = await stateOf(temporal, name).then(
        (state) => ({
          state,
          reason: state ? undefined : 'its keeper is gone: delete it and create it anew',
        }),
        (error: unknown) => ({ state: undefined, reason: `no worker answers: ${messageOf(error)}` }),
      );
      all.push({ name, schedules, ...known });
    }
    const columns = terminal.resultsOnTerminal ? terminal.columns : undefined;
    terminal.result(options.json ? JSON.stringify(all, null, 2) : listText(all, columns));
    return EXIT.ok;
  });
}

/** One with everything that is known of it. */
export async function showOne(
  name: string,
  options: Options,
  { config, terminal }: Context,
): Promise<ExitCode> {
  return withTemporal(config, { worker: true }, async (temporal) => {
    const state = await hoursOf(temporal, name);
    const schedules = await schedulesOf(temporal, name);
    terminal.result(
      options.json ? JSON.stringify({ ...state, schedules }, null, 2) : stateText(state, schedules),
    );
    return EXIT.ok;
  });
}

/** What comes next, and what it would touch if it came now. */
export async function preview(
  name: string,
  options: Options & { count?: string },
  { config, terminal }: Context,
): Promise<ExitCode> {
  const count = Number(options.count ?? DEFAULT_PREVIEW);
  if (!Number.isInteger(count) || count < 1 || count > MAX_PREVIEW)
    throw usageError([{ path: '--count', message: `must be a whole number from 1 to ${MAX_PREVIEW}` }]);
  return withTemporal(config, { worker: true }, async (temporal) => {
    const { definition, overrides } = await hoursOf(temporal, name);
    const next = await nextActions(temporal, definition, count);
    const { survey = [] } = await hoursReport(temporal, { kind: 'survey', hours: name });
    if (options.json) {
      const actions = next.map(({ action, at }) => ({ action, at: new Date(at).toISOString() }));
      terminal.result(JSON.stringify({ name, next: actions, overrides, survey }, null, 2));
      return EXIT.ok;
    }
    const kept =
      overrides.length > 0 ? ['', ...overrides.map((each) => `override ${overrideText(each)}`)] : [];
    terminal.result(
      [definitionText(definition), '', nextText(definition, next), ...kept, '', surveyText(survey)].join(
        '\n',
      ),
    );
    return EXIT.ok;
  });
}

/** What a month saved. */
export async function report(
  name: string,
  options: Options & { month: string; csv?: boolean },
  { config, terminal }: Context,
): Promise<ExitCode> {
  const { month } = options;
  if (!monthBounds(month))
    throw usageError([{ path: '--month', message: 'must be a month such as 2026-12' }]);
  return withTemporal(config, { worker: true }, async (temporal) => {
    await hoursOf(temporal, name);
    const { savings } = await hoursReport(temporal, { kind: 'savings', hours: name, month });
    if (!savings) throw new CliError(EXIT.notCarriedOut, `There are no working hours ${name} any more.`);
    if (options.json) terminal.result(JSON.stringify({ name, ...savings }, null, 2));
    else terminal.result(options.csv ? savingsCsv(savings) : savingsText(savings));
    return EXIT.ok;
  });
}
