import * as Models from '@alicloud/ecs20140526';
import { parseSchedule } from '../../simulator/assistant/schedule';
import { wholeLegacyStatus, wholeStatus } from '../../simulator/assistant/vocabulary';
import type { TaskStatus } from '../../simulator/assistant/vocabulary';
import { assist, REGION } from './support/assistant';
import { until } from './support/simulated';

const T0 = Date.UTC(2026, 0, 2, 3, 4, 5);
const DAY = 86_400_000;

describe('Frequency', () => {
  const next = (text: string, count = 1, from = T0): string[] => {
    const schedule = parseSchedule(text, 10_000);
    const found: string[] = [];
    for (let after: number | undefined = from; found.length < count;) {
      after = schedule?.next(after, T0);
      if (after === undefined) break;
      found.push(new Date(after).toISOString().slice(0, 19));
    }
    return found;
  };

  it.each([
    ['rate(5m)', ['2026-01-02T03:09:05', '2026-01-02T03:14:05']],
    ['rate(7d)', ['2026-01-09T03:04:05', '2026-01-16T03:04:05']],
    ['at(2026-06-06 13:15:30)', ['2026-06-06T13:15:30']],
    ['at(2026-06-06 13:15:30 Asia/Shanghai)', ['2026-06-06T05:15:30']],
    ['at(2026-06-06 13:15:30 GMT-7:00)', ['2026-06-06T20:15:30']],
    ['0 15 10 ? * * 2026 Asia/Shanghai', ['2026-01-03T02:15:00', '2026-01-04T02:15:00']],
    ['0 0/30 10-11 * * ? 2026 GMT+8:00', ['2026-01-02T03:30:00', '2026-01-03T02:00:00']],
    ['0 */5 * * * ?', ['2026-01-02T03:05:00', '2026-01-02T03:10:00']],
    ['0 0 8 ? * MON-FRI', ['2026-01-02T08:00:00', '2026-01-05T08:00:00']],
    ['0 0 0 29 2 ?', ['2028-02-29T00:00:00']],
    ['30 59 23 31 DEC ?', ['2026-12-31T23:59:30', '2027-12-31T23:59:30']],
    ['0 30 2 * * ? America/New_York', ['2026-01-02T07:30:00', '2026-01-03T07:30:00']],
    ['0 */10 * * * * UTC', ['2026-01-02T03:10:00', '2026-01-02T03:20:00']],
    ['0 30 21 * * * Asia/Shanghai', ['2026-01-02T13:30:00']],
    ['0 10 1 * * 6,0 GMT', ['2026-01-03T01:10:00', '2026-01-04T01:10:00', '2026-01-10T01:10:00']],
    ['0 10 1 ? * SAT,7 UTC', ['2026-01-03T01:10:00', '2026-01-04T01:10:00', '2026-01-10T01:10:00']],
    ['0 0,30 18-23 * * * UTC', ['2026-01-02T18:00:00', '2026-01-02T18:30:00']],
    ['0 0 8 ? * 1', ['2026-01-05T08:00:00']],
    ['0 0 0 L * ?', ['2026-01-31T00:00:00', '2026-02-28T00:00:00']],
    // The 31st of January 2026 is a Saturday, the 1st of February and of March a Sunday.
    ['0 0 0 LW * ?', ['2026-01-30T00:00:00', '2026-02-27T00:00:00']],
    ['0 0 0 1W * ?', ['2026-02-02T00:00:00', '2026-03-02T00:00:00']],
    ['0 0 0 31W * ?', ['2026-01-30T00:00:00', '2026-03-31T00:00:00']],
    ['0 0 0 ? * 5L', ['2026-01-30T00:00:00', '2026-02-27T00:00:00']],
    ['0 0 0 ? * FRI#3', ['2026-01-16T00:00:00', '2026-02-20T00:00:00']],
    ['0 0 0 15 * MON', ['2026-01-05T00:00:00', '2026-01-12T00:00:00', '2026-01-15T00:00:00']],
    ['0 0 0 1 1 ? 2027/2', ['2027-01-01T00:00:00', '2029-01-01T00:00:00']],
  ])('%s is due at %j', (text, expected) => {
    expect(next(text, expected.length)).toEqual(expected);
  });

  it.each([
    'rate(59s)',
    'rate(8d)',
    'rate(5)',
    'rate(-5m)',
    'rate(5w)',
    'at(2026-13-01 00:00:00)',
    'at(2026-02-30 00:00:00)',
    'at(2026-01-01)',
    'at(2026-06-06 13:15:30 CST)',
    'at(2026-06-06 13:15:30 Mars/Phobos)',
    '* * * * *',
    '0 0 0 ? * FRI-SUN',
    '0 0 0 ? * 8',
    '0 0 0 ? * L',
    '0 0 0 ? * 5#6',
    '0 0 0 32W * ?',
    '0 */60 * * * ?',
    '0 0 0 * * ? 1969',
    '60 0 0 * * ?',
    '0 0 24 * * ?',
    '0 0 0 32 * ?',
    '0 0 0 * 13 ?',
    '0 0 0 * * ? 2026 GMT+08:00',
    '* * * * * ?',
    '',
  ])('%s is none', (text) => {
    expect(parseSchedule(text, 10_000)).toBeUndefined();
  });

  it.each([
    // Clocks go from 02:00 to 03:00 on 8 March: there is no half past two.
    ['0 30 2 * * *', '2026-03-07T12:00:00Z', ['2026-03-09T06:30:00', '2026-03-10T06:30:00']],
    // … and from 02:00 to 01:00 on 1 November: what comes twice is the first of the two, from either side of it.
    ['0 30 1 * * *', '2026-11-01T00:00:00Z', ['2026-11-01T05:30:00', '2026-11-02T06:30:00']],
    ['0 30 1 * * *', '2026-11-01T06:10:00Z', ['2026-11-02T06:30:00']],
    ['0 */20 * * * *', '2026-11-01T06:10:00Z', ['2026-11-01T07:00:00', '2026-11-01T07:20:00']],
  ])('%s in New York after %s is due at %j', (text, from, expected) => {
    expect(next(`${text} America/New_York`, expected.length, Date.parse(from))).toEqual(expected);
  });

  it('must leave room for the Timeout of the command', () => {
    expect(parseSchedule('rate(2m)', 120_000)).toBeUndefined();
    expect(parseSchedule('rate(2m)', 119_000)).toBeDefined();
    expect(parseSchedule('0 * * * * ?', 61_000)).toBeUndefined();
  });
});

describe('the status of the whole', () => {
  it.each<[TaskStatus[], string, string]>([
    [['Pending', 'Running', 'Success'], 'Pending', 'Running'],
    [['Running', 'Failed'], 'Running', 'Running'],
    [['Scheduled', 'Success'], 'Scheduled', 'Running'],
    [['Stopping', 'Success'], 'Stopping', 'Stopping'],
    [['Success', 'Success'], 'Success', 'Finished'],
    [['Success', 'Cancelled', 'Terminated'], 'Success', 'Finished'],
    [['Cancelled', 'Terminated'], 'Stopped', 'Stopped'],
    [['Failed', 'Failed'], 'Failed', 'Finished'],
    [['Timeout', 'Aborted', 'Invalid', 'Error'], 'Failed', 'Failed'],
    [['Failed', 'Cancelled'], 'Failed', 'Finished'],
    [['Success', 'Failed'], 'PartialFailed', 'Finished'],
    [['Success', 'Timeout'], 'PartialFailed', 'PartialFailed'],
  ])('of %j is %s, in older words %s', (statuses, whole, legacy) => {
    expect([wholeStatus(statuses), wholeLegacyStatus(statuses)]).toEqual([whole, legacy]);
  });
});

describe('a timed command', () => {
  it('runs at each of its times, waits between them, and tells its history', async () => {
    const on = await assist({
      instances: 1,
      time: { kind: 'driven', startAt: T0 },
      durations: { delivery: 1_000 },
    });
    const { invokeId } = await on.run('date +%H:%M', { frequency: 'rate(1h)' });
    expect(await on.results(invokeId)).toMatchObject([{ invocationStatus: 'Scheduled', startTime: '' }]);
    for (let count = 0; count < 3; count += 1) await on.control.advance(3_600_000);
    await on.control.advance(10_000);
    expect(await on.invocation(invokeId)).toMatchObject({
      invocationStatus: 'Scheduled',
      invokeStatus: 'Running',
      repeatMode: 'Period',
      timed: true,
    });
    const history = await on.results(invokeId, { includeHistory: true });
    expect(history.map((row) => row.output)).toEqual(['06:04\n', '05:04\n', '04:04\n']);
    for (const row of history) expect(row).toMatchObject({ invocationStatus: 'Success', exitCode: 0 });
    await on.sdk.stopInvocation(new Models.StopInvocationRequest({ regionId: REGION, invokeId }));
    await on.control.advance(DAY);
    expect(await on.invocation(invokeId)).toMatchObject({ invocationStatus: 'Stopped', timed: false });
    // Stopping it between two occurrences is none itself.
    expect(await on.results(invokeId, { includeHistory: true })).toHaveLength(3);
    await on.close();
  });

  it('with one time runs once', async () => {
    const on = await assist({ instances: 1, time: { kind: 'driven', startAt: T0 } });
    const { invokeId } = await on.run('echo at', { frequency: 'at(2026-01-02 04:00:00)' });
    await on.control.advance(DAY);
    expect(await on.results(invokeId)).toMatchObject([{ invocationStatus: 'Success', output: 'at\n' }]);
    expect(await on.invocation(invokeId)).toMatchObject({ invocationStatus: 'Success', timed: false });
    await on.close();
  });

  it.each([
    ['NextRebootOnly', 'Success', 1],
    ['EveryReboot', 'Scheduled', 2],
  ])('%s runs with the start of the guest', async (repeatMode, status, runs) => {
    const on = await assist({ instances: 1 });
    const { invokeId } = await on.run('true', { repeatMode });
    for (let reboot = 1; reboot <= 2; reboot += 1) {
      await on.ok('RebootInstance', { InstanceId: on.instanceIds[0] ?? '' });
      await until(
        () => on.control.effects('command.finished'),
        (found) => found.length === Math.min(reboot, runs),
      );
    }
    expect((await on.invocation(invokeId)).invocationStatus).toBe(status);
    await on.close();
  });
});
