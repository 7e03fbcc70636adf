/** Cron expressions: those of the provider and of Unix are taken, what could never come or mean two things is not. */
import { cronErrors, temporalCron } from '../../src/domain/cron';

test.each([
  '0 */10 * * * *',
  '0 30 21 * * *',
  '0 10 1 * * 6,0',
  '0 0,30 18-23 * * *',
  '*/5 * * * *',
  '0 3 29 2 *',
  '15 4 1-7 1,7 *',
])('%s is taken', (text) => expect(cronErrors(text)).toEqual([]));

test.each([
  ['* * * *', 'has 4 fields'],
  ['0 0 3 * * * 2026', 'has 7 fields'],
  ['60 * * * *', 'minute "60" must be *, or numbers from 0 to 59'],
  ['61 0 0 * * *', 'second "61" must be'],
  ['0 24 * * *', 'hour "24" must be'],
  ['0 3 0 * *', 'day of month "0" must be'],
  ['0 3 * 13 *', 'month "13" must be'],
  ['0 3 * * 7', 'day of week "7" must be'],
  ['*/0 * * * *', 'minute "*/0" must be'],
  ['*/60 * * * *', 'minute "*/60" must be'],
  ['5-1 * * * *', 'minute "5-1" must be'],
  ['@daily', 'has 1 fields'],
  ['0 3 ? * MON', 'day of month "?" must be'],
  ['0 3 30 2 *', 'never comes: no month it names has a day 30'],
  ['0 3 31 2,4,6 *', 'never comes'],
  ['0 3 1 * 1', 'names days of the month and of the week'],
])('%s is refused: %s', (text, message) => expect(cronErrors(text).join()).toContain(message));

test('seconds first become the seven fields of Temporal; without them nothing changes', () => {
  expect(temporalCron('0 30 21 * * *')).toBe('0 30 21 * * * *');
  expect(temporalCron(' 30  21 * * *')).toBe('30 21 * * *');
});
