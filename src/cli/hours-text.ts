/**
 * How working hours look on a terminal. Pure: data in, text out.
 *
 * The one rule: names, tags and reasons pass the functions of domain/text before they are shown.
 */
import { compiledHours, wallText } from '../domain/hours-calendar';
import type { HoursAction, WorkingHours } from '../domain/hours-messages';
import type { SavingsReport, SurveyPart } from '../domain/hours-report';
import { overrideText } from '../domain/hours-state';
import type { WorkingHoursState } from '../domain/hours-state';
import { csvCell, stripControl } from '../domain/text';
import type { HoursSchedule } from './hours-schedules';
import { plural } from './render';
import { textTable } from './table';

/** Hours in one line: `mon-fri 09:00-21:00 Asia/Tokyo, edge`. */
export function hoursLine({ days, start, stop, timeZone, mode = 'edge' }: WorkingHours): string {
  const times = `${start ?? 'no start'} to ${stop ?? 'no stop'}`;
  return stripControl([days, times, `${timeZone},`, mode].filter(Boolean).join(' '));
}

/** What was agreed. */
export function definitionText(hours: WorkingHours): string {
  const {
    name,
    tags,
    regions,
    holidays = [],
    workdays = [],
    freezes = [],
    onHoliday = 'stay-stopped',
  } = hours;
  const tagText = tags.map(({ key, value }) => (value === undefined ? key : `${key}=${value}`)).join(', ');
  const days = [
    ...(holidays.length > 0 ? [`${plural(holidays.length, 'holiday')} (${onHoliday})`] : []),
    ...(workdays.length > 0 ? [plural(workdays.length, 'make-up workday')] : []),
    ...(freezes.length > 0 ? [plural(freezes.length, 'freeze')] : []),
  ].join(', ');
  return [
    `${name}: ${hoursLine(hours)}`,
    `  instances with ${tagText} in ${regions.join(', ')}`,
    `  stops with ${hours.stoppedMode ?? 'StopCharging'}${hours.beforeStop ? ` after the hook ${hours.beforeStop}` : ''}`,
    ...(days === '' ? [] : [`  ${days}`]),
    ...(hours.order ? [`  in order: ${hours.order.map(({ name: group }) => group).join(', ')}`] : []),
    ...(hours.maxRunHours ? [`  nothing runs longer than ${hours.maxRunHours} h`] : []),
  ]
    .map((line) => stripControl(line))
    .join('\n');
}

/** The next actions in local time and UTC. */
export function nextText(hours: WorkingHours, next: readonly { action: HoursAction; at: number }[]): string {
  if (next.length === 0) return 'Nothing comes for a year.';
  const { zone } = compiledHours(hours);
  const rows = next.map(({ action, at }) => [
    action,
    wallText(zone, at),
    new Date(at).toISOString().slice(0, 16).replace('T', ' '),
  ]);
  return textTable(['ACTION', `IN ${hours.timeZone}`, 'UTC'], rows);
}

/** What each action would touch now. */
export function surveyText(survey: readonly SurveyPart[]): string {
  return survey.map(partText).join('\n');
}

function partText({
  region,
  action,
  notDue,
  touches,
  instanceIds,
  totals,
  exceptions,
  warnings,
  error,
}: SurveyPart): string {
  if (error !== undefined) return stripControl(`${region}: ${action} cannot be previewed: ${error}`);
  const lines = [
    `${region}: a ${action} now would touch ${touches} of ${totals.targets} (${totals.already} are so already, ${totals.skipped} left alone)`,
    ...(notDue === undefined ? [] : [`  but nothing would be done: ${notDue}`]),
    ...(instanceIds.length > 0
      ? [`  ${instanceIds.join(', ')}${touches > instanceIds.length ? ', …' : ''}`]
      : []),
    ...exceptions.map(({ instanceId, reason = '' }) => `  ${instanceId}: ${reason}`),
    ...warnings.map((warning) => `  warning: ${warning}`),
  ];
  return lines.map((line) => stripControl(line)).join('\n');
}

/** Schedules, overrides, last actions and audit of one. */
export function stateText(state: WorkingHoursState, schedules: readonly HoursSchedule[]): string {
  const { definition, overrides, runs, audit } = state;
  const lines = [
    definitionText(definition),
    '',
    ...schedules.map(scheduleText),
    ...(overrides.length > 0
      ? ['', 'Overrides:', ...overrides.map((each) => `  ${overrideText(each)}`)]
      : []),
    ...(runs.length > 0
      ? [
          '',
          'Last actions:',
          ...runs
            .slice(-10)
            .map(({ at, action, outcome, summary }) => `  ${at} ${action} ${outcome}: ${summary}`),
        ]
      : []),
    ...(audit.length > 0 ? ['', 'Audit:', ...audit.slice(-20).map(({ at, what }) => `  ${at} ${what}`)] : []),
  ];
  return lines.map((line) => stripControl(line)).join('\n');
}

function scheduleText({ action, paused, note, next, missed, skipped, running }: HoursSchedule): string {
  const parts = [
    paused ? `paused${note ? ` (${note})` : ''}` : `next ${next ?? 'never'}`,
    ...(missed > 0 ? [`${missed} missed: later than the catch-up window`] : []),
    ...(skipped > 0 ? [`${skipped} skipped: the one before was going on`] : []),
    ...(running.length > 0 ? [`running ${running.join(', ')}`] : []),
  ];
  return `  ${action.padEnd(8)}${parts.join('; ')}`;
}

/** One line of `steward hours list`. */
export interface ListedHours {
  name: string;
  state?: WorkingHoursState;
  schedules: HoursSchedule[];
  /** Why there is no state. */
  reason?: string;
}

export function listText(all: readonly ListedHours[], columns?: number): string {
  if (all.length === 0) return 'There are no working hours.';
  const rows = all.map(({ name, state, schedules, reason }) => {
    const next = schedules
      .filter(({ action, paused }) => action !== 'enforce' && !paused)
      .sort((a, b) => (a.next ?? '9').localeCompare(b.next ?? '9'))[0];
    const paused = schedules.length > 0 && schedules.every((schedule) => schedule.paused);
    const missed = schedules.reduce((sum, each) => sum + each.missed, 0);
    return [
      stripControl(name),
      paused ? 'paused' : next ? `${next.action} ${next.next ?? 'never'}` : '-',
      String(state?.overrides.length ?? '-'),
      String(missed),
      state ? hoursLine(state.definition) : stripControl(reason ?? ''),
    ];
  });
  return textTable(['NAME', 'NEXT', 'OVERRIDES', 'MISSED', 'HOURS'], rows, columns);
}

/** The savings of a month as a table. */
export function savingsText({
  month,
  until,
  instances,
  hoursFree,
  hoursCharged,
  saved,
  rows,
}: SavingsReport): string {
  const head = [
    'INSTANCE',
    'TYPE',
    'REGION',
    'HOURS FREE',
    'HOURS CHARGED',
    ...(saved === undefined ? [] : ['SAVED']),
  ];
  const cells = rows.map((row) => [
    stripControl(row.instanceId),
    stripControl(row.instanceType),
    row.region,
    row.hoursFree.toFixed(2),
    row.hoursCharged.toFixed(2),
    ...(saved === undefined ? [] : [row.saved?.toFixed(2) ?? '-']),
  ]);
  const money = saved === undefined ? '' : `, ${saved.toFixed(2)} saved`;
  const sum = `${month} until ${until}: ${plural(instances, 'instance')}, ${hoursFree.toFixed(2)} h stopped without charges, ${hoursCharged.toFixed(2)} h stopped and charged for${money}.`;
  const more = instances > rows.length ? [`The first ${rows.length} of ${instances}.`] : [];
  return [...(rows.length > 0 ? [textTable(head, cells)] : []), ...more, sum].join('\n');
}

const CSV_COLUMNS = ['instanceId', 'instanceType', 'region', 'hoursFree', 'hoursCharged', 'saved'] as const;

export function savingsCsv({ rows }: SavingsReport): string {
  const lines = rows.map((row) => CSV_COLUMNS.map((column) => csvCell(row[column])).join(','));
  return [CSV_COLUMNS.join(','), ...lines].join('\r\n');
}
