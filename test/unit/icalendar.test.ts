/** Days out of iCalendar files as they are found: whole days, several days, repeated, cancelled, with times. */
import { daysInCalendar } from '../../src/cli/icalendar';

const NOW = Date.parse('2026-11-21T00:00:00Z');

function calendar(...events: string[]): string {
  const vevents = events.map((lines, index) => `BEGIN:VEVENT\r\nUID:${index}\r\n${lines}\r\nEND:VEVENT`);
  return ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//x//y//EN', ...vevents, 'END:VCALENDAR'].join('\r\n');
}

test('whole days, several days, and days beside each other as one range', async () => {
  const text = calendar(
    'DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261225',
    'DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261227',
    'DTSTART;VALUE=DATE:20270101',
  );
  expect(await daysInCalendar(text, NOW)).toEqual(['2026-12-24..2026-12-26', '2027-01-01']);
});

test('what repeats every year is taken for three years, what is over or cancelled is not', async () => {
  const text = calendar(
    'DTSTART;VALUE=DATE:20000501\r\nDTEND;VALUE=DATE:20000502\r\nRRULE:FREQ=YEARLY',
    'DTSTART;VALUE=DATE:20200101\r\nDTEND;VALUE=DATE:20200102',
    'DTSTART;VALUE=DATE:20270202\r\nDTEND;VALUE=DATE:20270203\r\nSTATUS:CANCELLED',
  );
  expect(await daysInCalendar(text, NOW)).toEqual(['2027-05-01', '2028-05-01', '2029-05-01']);
});

test('an event with times takes the days it touches', async () => {
  const text = calendar('DTSTART;TZID=Asia/Tokyo:20261230T180000\r\nDTEND;TZID=Asia/Tokyo:20270101T000000');
  expect(await daysInCalendar(text, NOW)).toEqual(['2026-12-30..2026-12-31']);
});

test.each(['', 'no calendar', calendar()])('%j is refused', async (text) => {
  await expect(daysInCalendar(text, NOW)).rejects.toThrow();
});
