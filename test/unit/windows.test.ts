/** Weekly windows mean what the wall clock of their zone shows, on every day of the year. */
import fc from 'fast-check';
import { describeDuration, parseDuration } from '../../src/domain/durations';
import { occurrences, parseExclusion, parseWindow } from '../../src/domain/windows';
import type { Exclusion, WeeklyWindow } from '../../src/domain/windows';
import { clock, wallClock, ZONES } from '../support/wall-clock';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function windowOf(text: string): WeeklyWindow {
  const parsed = parseWindow(text);
  if (!parsed.ok) throw new Error(`${text} ${parsed.message}`);
  return parsed.window;
}

function exclusionsOf(...texts: string[]): Exclusion[] {
  return texts.map((text) => {
    const parsed = parseExclusion(text);
    if (!parsed.ok) throw new Error(`${text} ${parsed.message}`);
    return parsed.exclusion;
  });
}

/** Occurrences from one UTC day to another, as `2026-03-08T07:00 +60` (start in UTC, length in minutes). */
function spans(text: string, from: string, to: string, ...excluded: string[]): string[] {
  const found = occurrences(windowOf(text), Date.parse(from), Date.parse(to), exclusionsOf(...excluded));
  return found.map(
    ({ start, end }) => `${new Date(start).toISOString().slice(0, 16)} +${(end - start) / 60_000}`,
  );
}

describe('a window is written', () => {
  test.each([
    ['Sat-Sun 02:00-05:00 Asia/Tokyo', [5, 6], 120, 300],
    ['Mon,Wed-Fri 00:00-24:00 UTC', [0, 2, 3, 4], 0, 1440],
    ['Fri-Mon 18:00-24:00 Europe/Berlin', [0, 4, 5, 6], 1080, 1440],
    ['Fri 22:00-02:00 America/New_York', [4], 1320, 1560],
    ['Sun 22:00-00:00 America/Argentina/Buenos_Aires', [6], 1320, 1440],
  ])('%s', (text, days, startMinute, endMinute) => {
    expect(windowOf(text)).toEqual({ text, days, startMinute, endMinute, zone: text.split(' ')[2] });
  });

  test.each([
    ['', /days, times and zone/],
    ['Sat 02:00-05:00', /days, times and zone/],
    ['Sat  02:00-05:00 Asia/Tokyo', /one space/],
    ['Sat 02:00 - 05:00 Asia/Tokyo', /one space/],
    ['Sam 02:00-05:00 Asia/Tokyo', /days "Sam"; days are Mon/],
    ['sat 02:00-05:00 Asia/Tokyo', /days "sat"/],
    ['Sat, 02:00-05:00 Asia/Tokyo', /days ""/],
    ['Mon-Wed-Fri 02:00-05:00 Asia/Tokyo', /days "Mon-Wed-Fri"/],
    ['Sat 2:00-5:00 Asia/Tokyo', /times "2:00-5:00"; write them like/],
    ['Sat 02:00-25:00 Asia/Tokyo', /times/],
    ['Sat 24:00-02:00 Asia/Tokyo', /times/],
    ['Sat 02:60-05:00 Asia/Tokyo', /times/],
    ['Sat 02:00-02:00 Asia/Tokyo', /ends when it begins; a whole day is 00:00-24:00/],
    ['Sat 02:00-05:00 Asia/Tokio', /did you mean Asia\/Tokyo\?/],
    ['Sat 02:00-05:00 asia/tokyo', /did you mean Asia\/Tokyo\?/],
    ['Sat 02:00-05:00 EST', /unknown/],
    ['Sat 02:00-05:00 +09:00', /unknown; give an IANA name/],
    ['Sat 02:00-05:00 Mars/Olympus_Mons', /unknown/],
  ])('not as %j', (text, why) => {
    const parsed = parseWindow(text);
    expect(parsed.ok ? 'accepted' : parsed.message).toMatch(why);
  });

  test.each([
    ['2026-12-24..2026-12-26', '2026-12-24', '2026-12-26'],
    ['2024-02-29', '2024-02-29', '2024-02-29'],
  ])('with the exclusion %s', (text, from, to) => {
    expect(exclusionsOf(text)).toEqual([{ from, to }]);
  });

  test.each([
    ['2026-02-29', /contains 2026-02-29, a day no calendar has/],
    ['2026-13-01', /no calendar/],
    ['24.12.2026', /write it like 2026-12-24/],
    ['2026-12-26..2026-12-24', /did you mean 2026-12-24\.\.2026-12-26/],
    ['2026-12-24..', /write it like/],
    ['2026-12-24..2026-12-25..2026-12-26', /write it like/],
  ])('not with the exclusion %j', (text, why) => {
    const parsed = parseExclusion(text);
    expect(parsed.ok ? 'accepted' : parsed.message).toMatch(why);
  });
});

describe('where clocks change', () => {
  test.each([
    ['an ordinary night', 'Sun 01:00-04:00 America/New_York', '2026-03-01', ['2026-03-01T06:00 +180']],
    [
      'an hour is missing from it',
      'Sun 01:00-04:00 America/New_York',
      '2026-03-08',
      ['2026-03-08T06:00 +120'],
    ],
    ['it begins in the gap', 'Sun 02:30-04:00 America/New_York', '2026-03-08', ['2026-03-08T07:00 +60']],
    ['it ends in the gap', 'Sun 01:00-02:30 America/New_York', '2026-03-08', ['2026-03-08T06:00 +60']],
    ['it lies in the gap', 'Sun 02:10-02:50 America/New_York', '2026-03-08', []],
    [
      'an hour of it comes twice',
      'Sun 00:00-03:00 America/New_York',
      '2026-11-01',
      ['2026-11-01T04:00 +240'],
    ],
    [
      'all of it comes twice',
      'Sun 01:15-01:45 America/New_York',
      '2026-11-01',
      ['2026-11-01T05:15 +30', '2026-11-01T06:15 +30'],
    ],
    [
      'it begins in the hour that comes twice',
      'Sun 01:30-04:00 America/New_York',
      '2026-11-01',
      ['2026-11-01T05:30 +30', '2026-11-01T06:30 +150'],
    ],
    [
      'half an hour is missing',
      'Sun 01:00-04:00 Australia/Lord_Howe',
      '2026-10-03',
      ['2026-10-03T14:30 +150'],
    ],
    [
      'half an hour comes twice',
      'Sun 01:00-04:00 Australia/Lord_Howe',
      '2026-04-04',
      ['2026-04-04T14:00 +210'],
    ],
    ['midnight is there', 'Sun 00:00-02:00 Africa/Cairo', '2026-04-25', ['2026-04-25T21:00 +120']],
    ['midnight is missing', 'Fri 00:00-02:00 Africa/Cairo', '2026-04-23', ['2026-04-23T22:00 +60']],
    [
      'the hour before midnight comes twice',
      'Thu 22:00-24:00 Africa/Cairo',
      '2026-10-29',
      ['2026-10-29T19:00 +180'],
    ],
    ['the day does not exist', 'Fri 00:00-24:00 Pacific/Apia', '2011-12-30', []],
    ['nothing ever changes', 'Sun 02:00-05:00 Asia/Tokyo', '2026-03-07', ['2026-03-07T17:00 +180']],
  ])('%s', (_, text, day, expected) => {
    const from = `${day}T03:00:00Z`;
    const to = new Date(Date.parse(from) + DAY).toISOString();
    expect(spans(text, from, to)).toEqual(expected);
  });

  test('a moment is in a window exactly when the wall clock shows a time of it', () => {
    const changes = [...ZONES].flatMap(({ zone, days }) =>
      days.map((day) => ({ zone, day: Date.parse(day) })),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...changes),
        fc.subarray(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'], { minLength: 1 }),
        fc.integer({ min: 0, max: 1439 }),
        fc.integer({ min: 0, max: 1439 }),
        fc.array(fc.integer({ min: -3 * 1440, max: 3 * 1440 }), { minLength: 20, maxLength: 20 }),
        ({ zone, day }, days, start, end, minutes) => {
          fc.pre(start !== end);
          const window = windowOf(`${days.join(',')} ${clock(start)}-${clock(end)} ${zone}`);
          const found = occurrences(window, day - 4 * DAY, day + 4 * DAY);
          for (const minute of minutes) {
            const at = day + minute * 60_000;
            const inside = found.some((span) => span.start <= at && at < span.end);
            expect({ at, inside }).toEqual({ at, inside: showsTimeOf(window, at) });
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('the search', () => {
  test('gives what touches the time asked for, whole and in order', () => {
    const text = 'Sat-Sun 22:00-02:00 UTC';
    expect(spans(text, '2026-11-22T01:00Z', '2026-11-22T23:00Z')).toEqual([
      '2026-11-21T22:00 +240',
      '2026-11-22T22:00 +240',
    ]);
    expect(spans(text, '2026-11-22T02:00Z', '2026-11-22T22:00Z')).toEqual([]);
    expect(spans(text, '2026-11-22T02:00Z', '2026-11-22T02:00Z')).toEqual([]);
  });

  test('crosses the turn of the year and of the epoch', () => {
    expect(spans('Thu 23:00-01:00 UTC', '2026-12-31', '2027-01-01')).toEqual(['2026-12-31T23:00 +120']);
    expect(spans('Wed 23:00-01:00 UTC', '1969-12-31', '1970-01-02')).toEqual(['1969-12-31T23:00 +120']);
  });

  test('leaves out what begins on an excluded day by the calendar of the zone', () => {
    const from = '2026-12-24';
    // In Tokyo the night to the 25th begins on the 24th, at 13:00 UTC; what begins at 17:00 UTC is on the 25th.
    expect(spans('Thu 22:00-03:00 Asia/Tokyo', from, '2026-12-26', '2026-12-24')).toEqual([]);
    expect(spans('Thu 22:00-03:00 Asia/Tokyo', from, '2026-12-26', '2026-12-25')).toHaveLength(1);
    expect(spans('Fri 02:00-05:00 Asia/Tokyo', from, '2026-12-26', '2026-12-24')).toHaveLength(1);
    expect(spans('Fri 02:00-05:00 Asia/Tokyo', from, '2026-12-26', '2026-12-20..2026-12-25')).toEqual([]);
  });

  test('refuses to look over more than 800 days', () => {
    expect(() => occurrences(windowOf('Sat 02:00-05:00 UTC'), 0, 900 * DAY)).toThrow(/800 days/);
  });
});

describe('durations', () => {
  test.each([
    ['90s', 90],
    ['30m', 1800],
    ['2h', 7200],
    ['7d', 604_800],
    ['0s', 0],
  ])('%s', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  test.each(['', '30', '1.5h', '-1m', '30 m', '30M', '1h30m', '007s', '1e3s', 'toStringm', '9999999s'])(
    'not %j',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  test.each([
    [0, '0 s'],
    [59, '59 s'],
    [60, '1 min'],
    [3_700, '1 h 1 min'],
    [86_400 + 5, '1 day'],
    [2 * 86_400 + 3 * 3600 + 59, '2 days 3 h'],
    [-5, '0 s'],
  ])('%d seconds are %s', (seconds, words) => {
    expect(describeDuration(seconds)).toBe(words);
  });
});

/** The definition, by another way than the code under test goes. */
function showsTimeOf({ days, startMinute, endMinute, zone }: WeeklyWindow, at: number): boolean {
  const { weekday, minute } = wallClock(at, zone);
  const today = days.includes(weekday) && minute >= startMinute && minute < endMinute;
  const sinceYesterday = days.includes((weekday + 6) % 7) && minute + 1440 < endMinute;
  return today || sinceYesterday;
}
