/** When a timed command comes: what is refused with which mend, what is sent, and when it is next due. */
import fc from 'fast-check';
import { parseSchedule } from '../../simulator/assistant/schedule';
import type { TimedWhen } from '../../src/domain/timed-commands';
import { frequencyOf, nextTime, whenErrors } from '../../src/domain/timed-times';

const NOW = Date.UTC(2026, 10, 21, 12, 0, 0);
const zone = 'Asia/Shanghai';
const told = (when: TimedWhen, timeout = 60): string =>
  whenErrors(when, timeout, NOW)
    .map(({ path, message }) => `${path} ${message}`)
    .join('\n');

test.each<[TimedWhen, string]>([
  [{ cron: '0 */10 * * * *', zone }, '0 */10 * * * ? Asia/Shanghai'],
  [{ cron: '0 30 21 * * *', zone }, '0 30 21 * * ? Asia/Shanghai'],
  [{ cron: '0 10 1 * * 6,0', zone }, '0 10 1 ? * SUN,SAT Asia/Shanghai'],
  [{ cron: '0 0,30 18-23 * * *', zone }, '0 0,30 18-23 * * ? Asia/Shanghai'],
  [{ cron: ' 0  15 10 ? jan,12 mon-fri ', zone: 'UTC' }, '0 15 10 ? 1,12 MON,TUE,WED,THU,FRI UTC'],
  [{ cron: '0 0 0 1 * ?', zone: 'GMT+8:00' }, '0 0 0 1 * ? GMT+8:00'],
  [{ cron: '0 0 0 29 2 *', zone: 'UTC' }, '0 0 0 29 2 ? UTC'],
  [{ every: '30m' }, 'rate(30m)'],
  [{ every: '7d' }, 'rate(7d)'],
  [{ at: '2026-12-24 21:30', zone }, 'at(2026-12-24 21:30:00 Asia/Shanghai)'],
  [{ at: '2026-11-21T20:00:01', zone }, 'at(2026-11-21 20:00:01 Asia/Shanghai)'],
])('%j is sent as %s', (when, frequency) => {
  expect(told(when)).toBe('');
  expect(frequencyOf(when)).toBe(frequency);
});

test.each<TimedWhen>([{ reboot: 'next' }, { reboot: 'every' }])('%j has no frequency', (when) => {
  expect(told(when)).toBe('');
  expect(frequencyOf(when)).toBeUndefined();
});

test.each<[TimedWhen, string]>([
  [{}, 'when says nothing; give exactly one of cron, every, at and reboot'],
  [{ every: '5m', reboot: 'next' }, 'when says every and reboot'],
  [{ cron: '0 0 3 * * *' }, 'when.zone is missing; a time of day has a zone'],
  [{ at: '2026-12-24 21:30:00' }, 'when.zone is missing'],
  [{ every: '5m', zone }, 'when.zone is for cron and at alone'],
  [{ cron: '0 0 3 * * *', zone: 'Asia/Shangai' }, 'did you mean Asia/Shanghai?'],
  [{ cron: '0 0 3 * * *', zone: 'CST' }, 'when.zone has the zone "CST", which is unknown'],
  [{ cron: '0 0 3 * * *', zone: 'GMT+08:00' }, 'when.zone has the zone'],
  [
    { cron: '*/10 * * * *', zone },
    'when.cron has five fields, as in Unix; Cloud Assistant has the second first: "0 */10 * * * *"',
  ],
  [{ cron: '0 0 3 * * * 2026', zone }, 'has 7 fields; give six'],
  [{ cron: '0 0 3 * *', zone: 'x' }, 'when.zone has the zone "x"'],
  [{ cron: '0 0 3 30 2 *', zone }, 'never comes: no month it names has a day 30'],
  [{ cron: '0 0 3 * * 7', zone }, 'day of week "7" must be *, or numbers from 0 to 6'],
  [{ cron: '0 0 3 L * *', zone }, 'day of month "L" must be'],
  [{ cron: '0 0 3 1 * 1', zone }, 'names days of the month and of the week'],
  [{ cron: '*/5 * * * * *', zone }, 'comes again after 5 s; Cloud Assistant takes no less than 10'],
  [{ cron: '0,50 * * * * *', zone }, 'comes again after 10 s, and the command may run 60 s'],
  [{ every: '59s' }, 'when.every must be a duration from 60s to 7d'],
  [{ every: '8d' }, 'when.every must be a duration from 60s to 7d'],
  [{ every: '5 minutes' }, 'must be a duration from 60s to 7d such as 90s, 30m, 2h, 1d, not "5 minutes"'],
  [{ every: '60s' }, 'of 60 s is not longer than the command may run, 60 s'],
  [{ at: '2026-11-21 19:59:59', zone }, 'lies in the past, at 2026-11-21T11:59:59.000Z'],
  [{ at: '2026-02-30 10:00:00', zone }, 'must be a time such as'],
  [{ at: 'tomorrow', zone }, 'must be a time such as'],
  [{ at: '2027-03-14 02:30:00', zone: 'America/New_York' }, 'clocks in America/New_York leave that time out'],
  [
    { at: '2027-11-07 01:30:00', zone: 'America/New_York' },
    'comes twice, for clocks in America/New_York go back',
  ],
])('%j: %s', (when, message) => expect(told(when)).toContain(message));

test('every error is told at once', () => {
  const errors = told({ cron: '0 30 2 30 2 *', every: '1s', zone: 'Asia/Shanghei' }).split('\n');
  expect(errors).toEqual([
    expect.stringMatching(/^when says cron and every/),
    expect.stringMatching(/^when.zone .*did you mean Asia\/Shanghai/),
    expect.stringMatching(/^when.cron never comes/),
    expect.stringMatching(/^when.every must be a duration/),
  ]);
});

test('the least time between two occurrences counts midnight, where both days have one', () => {
  expect(told({ cron: '0 59,0 23,0 * * *', zone }, 61)).toContain('comes again after 60 s');
  expect(told({ cron: '0 59,0 23,0 1 * *', zone }, 61)).toBe('');
  expect(told({ cron: '0 59,0 23,0 31,1 * *', zone }, 61)).toContain('comes again after 60 s');
});

test.each([
  ['0 30 2 * * ? America/New_York', '2026-03-07T12:00:00Z', '2026-03-09T06:30:00.000Z'],
  ['0 30 1 * * ? America/New_York', '2026-11-01T00:00:00Z', '2026-11-01T05:30:00.000Z'],
  ['0 30 1 * * ? America/New_York', '2026-11-01T05:30:00Z', '2026-11-02T06:30:00.000Z'],
  ['0 0 0 29 2 ? UTC', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00.000Z'],
  ['rate(1h)', '2026-01-01T05:30:00Z', '2026-01-01T06:00:00.000Z'],
  ['at(2026-01-01 13:15:30 Asia/Shanghai)', '2026-01-01T05:00:00Z', '2026-01-01T05:15:30.000Z'],
  ['at(2026-01-01 05:15:30)', '2026-01-01T05:00:00Z', '2026-01-01T05:15:30.000Z'],
  ['at(2026-01-01 05:15:30)', '2026-01-01T06:00:00Z', undefined],
  // Nobody here knows the clock of the guest, nor what these mean.
  ['0 15 10 ? * *', '2026-01-01T00:00:00Z', undefined],
  ['0 15 10 L * ? UTC', '2026-01-01T00:00:00Z', undefined],
  ['0 15 10 ? * * 2026 UTC', '2026-01-01T00:00:00Z', undefined],
  ['every now and then', '2026-01-01T00:00:00Z', undefined],
])('%s after %s comes %s', (frequency, after, next) => {
  const found = nextTime(frequency, Date.UTC(2026, 0, 1), Date.parse(after));
  expect(found === undefined ? undefined : new Date(found).toISOString()).toBe(next);
});

/** A field: all, steps, or some numbers. */
const field = (low: number, high: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constant('*'),
    fc.integer({ min: 2, max: high }).map((step) => `*/${step}`),
    fc.tuple(fc.integer({ min: low, max: high }), fc.integer({ min: low, max: high })).map((pair) => {
      const [from, to] = pair.sort((a, b) => a - b);
      return `${from}-${to}`;
    }),
    fc
      .uniqueArray(fc.integer({ min: low, max: high }), { minLength: 1, maxLength: 4 })
      .map((some) => some.join(',')),
  );

const ZONES = [
  'UTC',
  'Asia/Shanghai',
  'America/New_York',
  'Europe/London',
  'Australia/Lord_Howe',
  'GMT-7:30',
];
const DAYS = fc.oneof(
  fc.tuple(field(1, 28), fc.constant('*')),
  fc.tuple(fc.constantFrom('*', '?'), field(0, 6)),
);

test('whatever is taken is understood by the provider as well, and comes at the times we say', () => {
  const expression = fc
    .tuple(field(0, 59), field(0, 59), field(0, 23), DAYS, field(1, 12))
    .map(([second, minute, hour, [day, weekday], month]) =>
      [second, minute, hour, day, month, weekday].join(' '),
    );
  const moments = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 11, 31) });
  let taken = 0;
  fc.assert(
    fc.property(expression, fc.constantFrom(...ZONES), moments, (cron, zone, moment) => {
      const when = { cron, zone };
      const after = Math.floor(moment / 1_000) * 1_000;
      if (whenErrors(when, 10, after).length > 0) return;
      taken += 1;
      const frequency = frequencyOf(when) ?? '';
      const theirs = parseSchedule(frequency, 10_000);
      expect(theirs).toBeDefined();
      expect(nextTime(frequency, after, after)).toBe(theirs?.next(after, after));
    }),
    { numRuns: 150 },
  );
  expect(taken).toBeGreaterThan(30);
});
