/** What is refused before anything is called, with where and how to mend it. */
import { parseStartByTag, parseStopByTag, parseWorkingHours } from '../../src/domain/hours-input';
import type { InputError } from '../../src/domain/messages';

const GOOD = { region: 'cn-hangzhou', tags: [{ key: 'Start&Stop' }] };
const HOURS = {
  name: 'office',
  regions: ['cn-hangzhou'],
  tags: [{ key: 'Start&Stop' }],
  timeZone: 'Asia/Tokyo',
  start: '09:00',
  stop: '21:00',
};

function errorsOf(parsed: { ok: true } | { ok: false; errors: InputError[] }): string {
  return parsed.ok ? '' : parsed.errors.map(({ path, message }) => `${path}: ${message}`).join('\n');
}

test('good inputs are taken as they are', () => {
  expect(parseStartByTag({ ...GOOD, stockMinutes: 0 })).toEqual({
    ok: true,
    input: { ...GOOD, stockMinutes: 0 },
  });
  expect(parseStopByTag({ ...GOOD, stoppedMode: 'KeepCharging', forceAfterMinutes: 5 })).toMatchObject({
    ok: true,
  });
  expect(parseWorkingHours(HOURS)).toEqual({ ok: true, input: HOURS });
});

test.each([
  [undefined, ''],
  [{ ...GOOD, region: 'http://x' }, 'region: '],
  [{ ...GOOD, tags: [] }, 'tags: is empty'],
  [{ ...GOOD, stopedMode: 'StopCharging' }, 'did you mean stoppedMode'],
  [{ ...GOOD, stoppedMode: 'Economical' }, 'StopCharging or KeepCharging'],
  [{ ...GOOD, order: [{ name: 'db' }] }, 'order[0]: has no instances'],
  [{ ...GOOD, order: [{ name: 'a', tag: { key: 'x' }, needs: ['b'] }] }, 'which is no group'],
  [
    {
      ...GOOD,
      order: [
        { name: 'a', tag: { key: 'x' }, needs: ['b'] },
        { name: 'b', tag: { key: 'y' }, needs: ['a'] },
      ],
    },
    'circle',
  ],
])('a stop with %j is refused', (input, text) => {
  const parsed = parseStopByTag(input);
  expect(parsed.ok).toBe(false);
  expect(errorsOf(parsed)).toContain(text);
});

test.each([
  [{ name: 'Office' }, 'name: '],
  [{ mode: 'enforce', stop: undefined }, 'mode: enforce needs a start and a stop'],
  [{ mode: 'enforce', maxRunHours: 8 }, 'maxRunHours: does not go with enforce'],
  [{ ownHours: true, tags: [{ key: 'a', value: 'b' }] }, 'ownHours: needs a tag'],
  [{ holidays: ['2020-01-01..2029-01-01'] }, 'holidays: are'],
  [{ timeZone: 'Tokyo', start: '9' }, 'timeZone: '],
])('hours with %j are refused', (over, text) => {
  const parsed = parseWorkingHours({ ...HOURS, ...over });
  expect(parsed.ok).toBe(false);
  expect(errorsOf(parsed)).toContain(text);
});
