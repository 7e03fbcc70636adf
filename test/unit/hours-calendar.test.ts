/** When working hours begin and end, in zones, on days that are not as others, and however they are written. */
import {
  boundaries,
  comesAgain,
  compileHours,
  compiledHours,
  readMoment,
  wallText,
  wantedAt,
} from '../../src/domain/hours-calendar';
import { readCron } from '../../src/domain/hours-days';
import type { WorkingHours } from '../../src/domain/hours-messages';

type Timetable = Parameters<typeof compiledHours>[0];

const OFFICE: Timetable = { timeZone: 'Asia/Tokyo', days: 'mon-fri', start: '09:00', stop: '21:00' };

/** Boundaries as `start 2026-12-07T00:00Z`. */
function between(hours: Timetable, from: string, to: string): string[] {
  return boundaries(compiledHours(hours), Date.parse(`${from}T00:00Z`), Date.parse(`${to}T00:00Z`)).map(
    ({ kind, at }) => `${kind} ${new Date(at).toISOString().slice(0, 16)}Z`,
  );
}

test('weekdays in Tokyo are the same in UTC all year', () => {
  expect(between(OFFICE, '2026-12-04', '2026-12-08')).toEqual([
    'start 2026-12-04T00:00Z',
    'stop 2026-12-04T12:00Z',
    'start 2026-12-07T00:00Z',
    'stop 2026-12-07T12:00Z',
  ]);
});

test('hours over midnight stop on the day after the one they belong to', () => {
  const night = { ...OFFICE, days: 'fri', start: '22:00', stop: '06:00', timeZone: 'UTC' };
  expect(between(night, '2026-12-01', '2026-12-08')).toEqual([
    'start 2026-12-04T22:00Z',
    'stop 2026-12-05T06:00Z',
  ]);
});

test('a boundary in the spring gap moves to its end', () => {
  const early = { timeZone: 'America/New_York', start: '02:30', stop: '23:00' };
  expect(between(early, '2027-03-14', '2027-03-15')).toContain('start 2027-03-14T07:00Z');
  expect(between({ ...early, timeZone: 'Europe/Berlin' }, '2027-03-28', '2027-03-29')).toContain(
    'start 2027-03-28T01:00Z',
  );
});

test('a boundary in the autumn fold is one, the second', () => {
  const early = { timeZone: 'America/New_York', start: '01:30', stop: '23:00' };
  const starts = between(early, '2027-11-07', '2027-11-08').filter((each) => each.startsWith('start'));
  expect(starts).toEqual(['start 2027-11-07T06:30Z']);
  const { zone } = compiledHours(early);
  expect(comesAgain(zone, Date.parse('2027-11-07T05:30Z'))).toBe(true);
  expect(comesAgain(zone, Date.parse('2027-11-07T06:30Z'))).toBe(false);
  expect(comesAgain(zone, Date.parse('2027-11-07T04:30Z'))).toBe(false);
});

test('holidays have a stop and no start, make-up workdays both, freezes nothing', () => {
  const hours = {
    ...OFFICE,
    timeZone: 'UTC',
    holidays: ['2026-12-07..2026-12-08'],
    workdays: ['2026-12-08', '2026-12-12'],
    freezes: ['2026-12-10'],
  };
  expect(between(hours, '2026-12-07', '2026-12-14')).toEqual([
    'stop 2026-12-07T21:00Z',
    'start 2026-12-08T09:00Z',
    'stop 2026-12-08T21:00Z',
    'start 2026-12-09T09:00Z',
    'stop 2026-12-09T21:00Z',
    'start 2026-12-11T09:00Z',
    'stop 2026-12-11T21:00Z',
    'start 2026-12-12T09:00Z',
    'stop 2026-12-12T21:00Z',
  ]);
  expect(between({ ...hours, onHoliday: 'as-usual' }, '2026-12-07', '2026-12-08')).toHaveLength(2);
});

test('what is wanted is what the last boundary asked for, also after a weekend', () => {
  const hours = compiledHours(OFFICE);
  expect(wantedAt(hours, Date.parse('2026-12-07T05:00Z'))?.kind).toBe('start');
  expect(wantedAt(hours, Date.parse('2026-12-06T05:00Z'))).toMatchObject({ kind: 'stop', day: '2026-12-04' });
  const yearly = compiledHours({ timeZone: 'UTC', start: '0 9 1 1 *', stop: '0 9 2 1 *' });
  expect(wantedAt(yearly, Date.parse('2026-12-06T05:00Z'))).toMatchObject({
    kind: 'stop',
    day: '2026-01-02',
  });
});

test('cron has five fields; six are refused with the five', () => {
  expect(readCron('0 9 * * 1-5')).toMatchObject({
    ok: true,
    value: { minutes: [0], hours: [9], daysOfWeek: [0, 1, 2, 3, 4] },
  });
  expect(readCron('15 8-10/2 1,15 jan,feb *')).toMatchObject({
    ok: true,
    value: { minutes: [15], hours: [8, 10], daysOfMonth: [1, 15], months: [1, 2] },
  });
  expect(readCron('0 9 * * sun')).toMatchObject({ value: { daysOfWeek: [6] } });
  const six = readCron('0 0 9 * * 1-5');
  expect(six).toMatchObject({ ok: false });
  for (const text of ['seconds first', 'year', '"0 9 * * 1-5"', '"0 0 9 * *"'])
    expect(JSON.stringify(six)).toContain(JSON.stringify(text).slice(1, -1));
  for (const bad of [
    '0 25 * * *',
    '0 9 * *',
    '0 9 1 * 1',
    'x 9 * * *',
    '5-1 9 * * *',
    '0/0 9 * * *',
    '*/30 2 * * *',
    '0 1,9 * * *',
  ])
    expect(readCron(bad)).toMatchObject({ ok: false });
});

test.each([
  [{ timeZone: 'Asia/Tokio' }, 'timeZone', 'Asia/Tokyo'],
  [{ start: '9:00' }, 'start', '09:00'],
  [{ days: 'mon-fry' }, 'days', 'mon, tue'],
  [{ start: '0 9 * * *' }, 'days', 'cron'],
  [{ stop: '09:00' }, 'stop', 'start'],
  [{ holidays: ['24.12.2026'] }, 'holidays[0]', '2026-12-24'],
  [{ start: undefined, stop: undefined }, 'start', 'stop'],
])('%j is refused at %s', (over, path, hint) => {
  const read = compileHours({ ...OFFICE, ...(over as Partial<WorkingHours>) });
  const errors = read.ok ? [] : read.errors;
  expect(errors.find((error) => error.path === path)?.message).toContain(hint);
});

test('people type times by the clock of the hours', () => {
  expect(readMoment('2026-12-01 08:00', 'Asia/Tokyo')).toBe('2026-11-30T23:00:00Z');
  expect(readMoment('2026-12-01T08:00:00+01:00', 'Asia/Tokyo')).toBe('2026-12-01T07:00:00Z');
  expect(readMoment('tomorrow', 'Asia/Tokyo')).toBeUndefined();
  expect(wallText(compiledHours(OFFICE).zone, Date.parse('2026-12-07T00:00Z'))).toBe('Mon 2026-12-07 09:00');
});
