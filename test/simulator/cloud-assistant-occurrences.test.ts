/** Occurrences of timed commands in driven time: what runs, what is left out, what is told of it, and until when. */
import * as Models from '@alicloud/ecs20140526';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SimulatorOptions } from '../../simulator';
import { assist, codeOf, REGION } from './support/assistant';
import type { Assistant, Result } from './support/assistant';

const T0 = Date.UTC(2026, 0, 2, 3, 4, 5);
const HOUR = 3_600_000;

async function driven(work: (on: Assistant) => Promise<void>, options: SimulatorOptions = {}): Promise<void> {
  const on = await assist({
    instances: 2,
    time: { kind: 'driven', startAt: T0 },
    ...options,
    durations: { delivery: 1_000, ...options.durations },
  });
  try {
    await work(on);
  } finally {
    await on.close();
  }
}

const history = (on: Assistant, invokeId: string, over: object = {}): Promise<Result[]> =>
  on.results(invokeId, { includeHistory: true, ...over });

const stop = (on: Assistant, invokeId: string, instanceId?: string[]): Promise<unknown> =>
  on.sdk.stopInvocation(new Models.StopInvocationRequest({ regionId: REGION, invokeId, instanceId }));

/** Passes hours and a little: what began at the full hour has ended. */
async function pass(on: Assistant, hours: number): Promise<void> {
  for (let hour = 0; hour < hours; hour += 1) await on.control.advance(HOUR);
  await on.control.advance(5_000);
}

const hoursOf = (rows: Result[], instanceId?: string): (string | undefined)[] =>
  rows
    .filter((row) => instanceId === undefined || row.instanceId === instanceId)
    .map((row) => row.startTime?.slice(11, 13));

test('what comes while the guest is away is left out, and the next one comes', () =>
  driven(async (on) => {
    const [first = '', second = ''] = on.instanceIds;
    const { invokeId } = await on.run('true', { frequency: '0 0 * * * * UTC' });
    await pass(on, 1);
    await on.ok('StopInstance', { InstanceId: first });
    await pass(on, 2);
    await on.ok('StartInstance', { InstanceId: first });
    await pass(on, 1);
    const rows = await history(on, invokeId);
    expect(hoursOf(rows, first)).toEqual(['07', '04']);
    expect(hoursOf(rows, second)).toEqual(['07', '06', '05', '04']);
    expect(rows.every((row) => row.invocationStatus === 'Success')).toBe(true);
    expect(await on.results(invokeId)).toMatchObject([
      { invocationStatus: 'Scheduled', repeats: 2 },
      { invocationStatus: 'Scheduled', repeats: 4 },
    ]);
    expect(await on.control.effects('command.missed')).toHaveLength(2);
  }));

test('one single time that nobody was there for is told, with the reason', () =>
  driven(async (on) => {
    const [first = '', second = ''] = on.instanceIds;
    const { invokeId } = await on.run('true', { frequency: 'at(2026-01-02 12:04:30 Asia/Shanghai)' });
    await on.ok('StopInstance', { InstanceId: first });
    await pass(on, 2);
    const byId = new Map((await history(on, invokeId)).map((row) => [row.instanceId, row]));
    expect(byId.get(first)).toMatchObject({ invocationStatus: 'Aborted', errorCode: 'InstanceNotRunning' });
    expect(byId.get(second)).toMatchObject({
      invocationStatus: 'Success',
      startTime: '2026-01-02T04:04:31Z',
    });
    expect(await on.invocation(invokeId)).toMatchObject({
      invocationStatus: 'PartialFailed',
      // Never Finished, Failed or PartialFailed in the older words.
      invokeStatus: 'Success',
      timed: false,
    });
  }));

test('an occurrence that is due while the one before runs is left out', () =>
  driven(async (on) => {
    on.simulation.assistant.answers.add({ content: 'slow', durationMs: 59_500 });
    const { invokeId } = await on.run('slow', { frequency: '0 * * * * * UTC', timeout: 60 });
    await on.control.advance(60_000);
    // Delivery takes a second: it runs until half a second after the next one is due.
    expect((await history(on, invokeId)).map((row) => row.invocationStatus)).toEqual(['Running', 'Running']);
    for (let second = 0; second < 240; second += 5) await on.control.advance(5_000);
    const started = (await history(on, invokeId)).map((row) => row.startTime?.slice(14, 19));
    expect(new Set(started)).toEqual(new Set(['09:01', '07:01', '05:01']));
  }));

test('a failed occurrence is no end of a timed command', () =>
  driven(async (on) => {
    const { invokeId } = await on.run('exit 3', { frequency: 'rate(1h)' });
    await pass(on, 1);
    expect(await on.invocation(invokeId)).toMatchObject({
      invocationStatus: 'Scheduled',
      invokeStatus: 'Running',
    });
    expect(await on.results(invokeId)).toMatchObject([
      { invocationStatus: 'Scheduled', invokeRecordStatus: 'Running', exitCode: 3 },
      { invocationStatus: 'Scheduled', invokeRecordStatus: 'Running', exitCode: 3 },
    ]);
    for (const row of await history(on, invokeId))
      expect(row).toMatchObject({ invocationStatus: 'Failed', exitCode: 3, repeats: 1 });
  }));

test('stopped on one instance it goes on on the other; the occurrence that runs ends by itself', () =>
  driven(async (on) => {
    const [first = '', second = ''] = on.instanceIds;
    const { invokeId } = await on.run('sleep 60', { frequency: 'rate(1h)', timeout: 120 });
    await on.control.advance(HOUR + 10_000);
    await stop(on, invokeId, [first]);
    expect((await on.results(invokeId)).map((row) => row.invocationStatus)).toEqual(['Running', 'Running']);
    await pass(on, 2);
    expect(hoursOf(await history(on, invokeId), first)).toEqual(['04']);
    expect(await on.results(invokeId)).toMatchObject([
      { invocationStatus: 'Success', stopTime: '2026-01-02T04:04:15Z' },
      { invocationStatus: 'Running' },
    ]);
    expect(await on.invocation(invokeId)).toMatchObject({ invokeStatus: 'Running', timed: true });
    await stop(on, invokeId);
    await stop(on, invokeId);
    await pass(on, 3);
    expect(hoursOf(await history(on, invokeId), second)).toEqual(['06', '05', '04']);
    // Nothing of it waits for a time any more.
    expect((await on.invocation(invokeId)).timed).toBe(false);
    expect(on.simulation.clock.pending()).toBe(0);
  }));

test('on an instance that is released it ends, and its command can be deleted then', () =>
  driven(async (on) => {
    const [first = '', second = ''] = on.instanceIds;
    const { invokeId, commandId } = await on.run('true', { frequency: 'rate(1h)', keepCommand: true });
    await pass(on, 1);
    await on.ok('DeleteInstance', { InstanceId: first, Force: 'true' });
    await pass(on, 1);
    expect(await on.results(invokeId)).toMatchObject([
      { instanceId: first, invocationStatus: 'Aborted', errorCode: 'InstanceReleased' },
      { instanceId: second, invocationStatus: 'Scheduled' },
    ]);
    expect(hoursOf(await history(on, invokeId), first)).toEqual(['04']);
    const remove = (): Promise<string> => on.fails('DeleteCommand', { CommandId: commandId });
    expect(await remove()).toBe('403 Operation.Forbidden');
    await on.ok('DeleteInstance', { InstanceId: second, Force: 'true' });
    await pass(on, 1);
    expect(await on.invocation(invokeId)).toMatchObject({ timed: false });
    expect(await remove()).toBe('200 OK');
  }));

test('the history is paged by 50, newest first, and nothing is told twice while it grows', () =>
  driven(
    async (on) => {
      const { invokeId } = await on.run('true', { frequency: 'rate(1h)' });
      await pass(on, 5);
      const read = async (nextToken?: string) =>
        (
          await on.sdk.describeInvocationResults(
            new Models.DescribeInvocationResultsRequest({
              ...{ regionId: REGION, invokeId, includeHistory: true, maxResults: 50, nextToken },
            }),
          )
        ).body?.invocation;
      const one = await read();
      await pass(on, 1);
      const two = await read(one?.nextToken);
      const rows = [one, two].flatMap((page) => page?.invocationResults?.invocationResult ?? []);
      expect(rows).toHaveLength(100);
      expect(new Set(rows.map((row) => `${row.instanceId} ${row.startTime}`)).size).toBe(100);
      expect(hoursOf(rows)[0]).toBe('08');
    },
    { instances: 20 },
  ));

test('IncludeHistory is for one invocation that repeats', () =>
  driven(async (on) => {
    const { invokeId } = await on.run('true', { repeatMode: 'NextRebootOnly' });
    const request = new Models.DescribeInvocationResultsRequest({ regionId: REGION, includeHistory: true });
    expect(await codeOf(on.sdk.describeInvocationResults(request))).toBe('400 MissingParam.InvokeId');
    expect(await history(on, invokeId)).toMatchObject([
      { invocationStatus: 'Scheduled' },
      { invocationStatus: 'Scheduled' },
    ]);
  }));

test('the history and what is still to come survive a restart; what ran was interrupted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'steward-timed-'));
  chmodSync(folder, 0o700);
  const kept = { stateFile: join(folder, 'state.json'), instances: 1 };
  let invokeId = '';
  let single = '';
  await driven(async (on) => {
    ({ invokeId } = await on.run('sleep 60', { frequency: 'rate(1h)', timeout: 120 }));
    ({ invokeId: single } = await on.run('true', { frequency: 'at(2026-01-02 07:00:00)' }));
    await pass(on, 2);
    expect(await on.results(invokeId)).toMatchObject([{ invocationStatus: 'Running', repeats: 2 }]);
  }, kept);
  await driven(
    async (on) => {
      expect(await on.results(invokeId)).toMatchObject([{ invocationStatus: 'Scheduled' }]);
      await pass(on, 1);
      await on.control.advance(70_000);
      expect(await history(on, invokeId)).toMatchObject([
        { startTime: '2026-01-02T10:04:06Z', invocationStatus: 'Success' },
        { startTime: '2026-01-02T05:04:06Z', errorCode: 'ExecutionInterrupted' },
        { startTime: '2026-01-02T04:04:06Z', invocationStatus: 'Success' },
      ]);
      expect(await on.results(single)).toMatchObject([
        { invocationStatus: 'Aborted', errorCode: 'DeliveryTimeout' },
      ]);
    },
    { ...kept, time: { kind: 'driven', startAt: T0 + 6 * HOUR } },
  );
  rmSync(folder, { recursive: true, force: true });
});

test.each([
  ['at(2026-01-02 03:04:05)', '400 InvalidParam.Frequency'],
  ['at(2026-01-02 11:04:05 Asia/Shanghai)', '400 InvalidParam.Frequency'],
  ['rate(60s)', '400 InvalidParam.Frequency'],
  ['0 * * * * * UTC', 'OK'],
  ['rate(61s)', 'OK'],
])('%s with a Timeout of 60 s: %s', (frequency, answer) =>
  driven(async (on) => {
    // Timed is deprecated and has no effect.
    expect(await codeOf(on.run('true', { frequency, timeout: 60, timed: false }))).toBe(answer);
  }),
);

test('Timed without a Frequency runs once, at once', () =>
  driven(async (on) => {
    const { invokeId } = await on.run('true', { timed: true });
    await on.control.advance(5_000);
    expect(await on.invocation(invokeId)).toMatchObject({ repeatMode: 'Once', invocationStatus: 'Success' });
    expect(await codeOf(on.run('true', { repeatMode: 'Period' }))).toBe('400 MissingParam.Frequency');
  }));
