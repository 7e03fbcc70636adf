/**
 * From the options of `steward hours create` and `edit` to a definition.
 *
 * The one rule: what can be wrong with it is judged by the workflow's own check; every error names its option.
 */
import { readFileSync } from 'node:fs';
import { parseWorkingHours } from '../domain/hours-input';
import type { WorkingHours } from '../domain/hours-messages';
import type { InputError } from '../domain/messages';
import { messageOf, usageError } from './exit';
import { daysInCalendar } from './icalendar';
import { tagOf } from './run-options';

export interface HoursOptions {
  tag?: string[];
  region?: string[];
  start?: string;
  stop?: string;
  days?: string;
  timeZone?: string;
  enforce?: boolean;
  edge?: boolean;
  ownHours?: boolean;
  holiday?: string[];
  workday?: string[];
  freeze?: string[];
  holidayCalendar?: string;
  workdayCalendar?: string;
  freezeCalendar?: string;
  onHoliday?: string;
  maxRunHours?: string;
  stoppedMode?: string;
  beforeStop?: string;
  forceAfter?: string;
  stockMinutes?: string;
  within?: string;
  notify?: string[];
  price?: string[];
  order?: string;
  catchUp?: string;
  jitter?: string;
  paused?: boolean;
  json?: boolean;
}

/** Which option a part of the definition comes from. */
const OPTION_OF: [path: RegExp, option: string][] = [
  [/^name/, 'NAME'],
  [/^tags/, '--tag'],
  [/^regions/, '--region'],
  [/^timeZone/, '--time-zone'],
  [/^mode/, '--enforce'],
  [/^ownHours/, '--own-hours'],
  [/^holidays/, '--holiday'],
  [/^workdays/, '--workday'],
  [/^freezes/, '--freeze'],
  [/^onHoliday/, '--on-holiday'],
  [/^maxRunHours/, '--max-run-hours'],
  [/^stoppedMode/, '--stopped-mode'],
  [/^beforeStop/, '--before-stop'],
  [/^forceAfterMinutes/, '--force-after'],
  [/^stockMinutes/, '--stock-minutes'],
  [/^withinMinutes/, '--within'],
  [/^prices/, '--price'],
  [/^catchUpMinutes/, '--catch-up'],
  [/^jitterSeconds/, '--jitter'],
  [/^(start|stop|days|notify|order)/, '--$1'],
];

/** The definition that `options` describe, or change where there is one `before`. @throws a usage error with every error */
export async function definitionOf(
  name: string,
  options: HoursOptions,
  { before, region }: { before?: WorkingHours; region?: string },
): Promise<WorkingHours> {
  const errors: InputError[] = [];
  const asked = defined({
    tags: options.tag?.map(tagOf),
    regions: options.region,
    start: options.start,
    stop: options.stop,
    days: options.days,
    timeZone: options.timeZone,
    mode: options.enforce ? 'enforce' : options.edge ? 'edge' : undefined,
    ownHours: options.ownHours,
    holidays: await daysOf(options.holiday, options.holidayCalendar, '--holiday-calendar', errors),
    workdays: await daysOf(options.workday, options.workdayCalendar, '--workday-calendar', errors),
    freezes: await daysOf(options.freeze, options.freezeCalendar, '--freeze-calendar', errors),
    onHoliday: options.onHoliday,
    maxRunHours: numberOf(options.maxRunHours),
    stoppedMode: options.stoppedMode,
    beforeStop: options.beforeStop,
    forceAfterMinutes: numberOf(options.forceAfter),
    stockMinutes: numberOf(options.stockMinutes),
    withinMinutes: numberOf(options.within),
    notify: options.notify,
    prices: options.price && pricesOf(options.price, errors),
    order: options.order === undefined ? undefined : orderOf(options.order, errors),
    catchUpMinutes: numberOf(options.catchUp),
    jitterSeconds: numberOf(options.jitter),
  });
  if (options.enforce && options.edge)
    errors.push({ path: '--edge', message: 'is given together with --enforce' });
  const standing = before ?? { regions: region === undefined ? [] : [region] };
  const parsed = parseWorkingHours({ ...standing, ...asked, name });
  if (parsed.ok && errors.length === 0) return parsed.input;
  throw usageError([...errors, ...(parsed.ok ? [] : parsed.errors.map(asOption))]);
}

/** What was typed, and the days of an iCalendar file. */
async function daysOf(
  typed: string[] | undefined,
  file: string | undefined,
  option: string,
  errors: InputError[],
): Promise<string[] | undefined> {
  if (file === undefined) return typed;
  try {
    return [...(typed ?? []), ...(await daysInCalendar(readFileSync(file, 'utf8'), Date.now()))];
  } catch (error) {
    errors.push({ path: option, message: `${file} cannot be read as iCalendar: ${messageOf(error)}` });
    return typed;
  }
}

function pricesOf(texts: string[], errors: InputError[]): Record<string, number> {
  const pairs = texts.map((text) => {
    const at = text.indexOf('=');
    const amount = Number(text.slice(at + 1));
    if (at <= 0 || !Number.isFinite(amount))
      errors.push({
        path: '--price',
        message: `${JSON.stringify(text)} must be type=amount such as ecs.g6.large=0.12`,
      });
    return [text.slice(0, Math.max(0, at)), amount] as const;
  });
  return Object.fromEntries(pairs);
}

function orderOf(file: string, errors: InputError[]): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    errors.push({ path: '--order', message: `${file} cannot be read as JSON: ${messageOf(error)}` });
    return undefined;
  }
}

/** Anything but digits stays text, so that the check can say what it was. */
function numberOf(text?: string): number | string | undefined {
  return text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

function asOption({ path, message }: InputError): InputError {
  for (const [pattern, option] of OPTION_OF) {
    const [, found = ''] = pattern.exec(path) ?? [];
    if (pattern.test(path)) return { path: option.replace('$1', found), message };
  }
  return { path, message };
}

function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T;
}
