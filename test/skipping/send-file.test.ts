/** Files over the simulator's ledger: the engine of runs, with what differs for files. */
import { RUN_UPDATES } from '../../src/domain/messages';
import type { RateControl, RunCommandProgress } from '../../src/domain/messages';
import type { FileSpec, SendFileInput } from '../../src/domain/sending';
import { readRows } from '../../src/results/store';
import type { FaultSpec } from '../../simulator/core/faults';
import type { ScriptedAnswerInput } from '../../simulator/exec';
import { FEATURES, ramPolicyFor } from '../../src/domain/permissions';
import { REGION, withFleet } from '../support/skipping-environment';
import type { Fleet } from '../support/skipping-environment';
import { until } from '../support/temporary';
import { effectsOf, mostUnderWay } from '../support/run-ledger';

const FILE: FileSpec = { name: 'app.conf', targetDirectory: '/etc/app', content: 'a = 1\n' };

function inputFor(fleet: Fleet, rate?: RateControl, file: Partial<FileSpec> = {}): SendFileInput {
  return {
    region: REGION,
    targets: { instanceIds: [...fleet.simulator.instanceIds] },
    file: { ...FILE, ...file },
    ...(rate ? { rate } : {}),
  };
}

const tell = (fleet: Fleet, answer: ScriptedAnswerInput): void =>
  void fleet.simulator.simulation.assistant.answers.add(answer);
const fault = (fleet: Fleet, ...faults: FaultSpec[]): void =>
  void fleet.simulator.simulation.faults.set(faults);

/** Instances of each SendFile call. */
const sizes = (fleet: Fleet): number[] =>
  [...fleet.simulator.simulation.assistant.store.files.records.values()].map((file) => file.tasks.length);

describe('a file', () => {
  it('goes to 130 instances in calls of at most 50, never to more at once than the limit, and each has its row', () =>
    withFleet({ instances: 130 }, async (fleet) => {
      fleet.simulator.instanceIds.forEach((instanceId, at) =>
        tell(fleet, { file: 'app.conf', instanceId, durationMs: 500 * (at % 40) }),
      );
      const result = await fleet.run(inputFor(fleet, { maxConcurrency: 70 }));
      expect(result).toMatchObject({ outcome: 'succeeded', totals: { targets: 130, Success: 130 } });
      expect(mostUnderWay(fleet)).toBeLessThanOrEqual(70);
      expect(mostUnderWay(fleet)).toBeGreaterThan(40);
      expect(Math.max(...sizes(fleet))).toBeLessThanOrEqual(50);
      expect(sizes(fleet).reduce((sum, size) => sum + size, 0)).toBe(130);
      const rows = await readRows(result.resultStore.path);
      expect(rows).toHaveLength(130);
      expect(new Set(rows.map((row) => row.instanceId)).size).toBe(130);
      expect(fleet.callsOf('RunCommand') + fleet.callsOf('StopInvocation')).toBe(0);
    }));

  it('is sent once where the answer is lost, waited for where the service throttles, Unknown where its record is gone', () =>
    withFleet({ instances: 3 }, async (fleet) => {
      fault(
        fleet,
        { action: 'SendFile', kind: 'reset', phase: 'after', count: 1 },
        {
          action: 'SendFile',
          kind: 'error',
          code: 'Throttling.User',
          httpStatus: 400,
          phase: 'before',
          count: 1,
          skip: 1,
        },
        { action: 'DescribeSendFileResults', kind: 'error', httpStatus: 503, phase: 'before', count: 2 },
      );
      const result = await fleet.run(inputFor(fleet));
      expect(result.totals).toMatchObject({ targets: 3, Success: 3 });
      expect(fleet.callsOf('SendFile')).toBe(3);
      expect(effectsOf(fleet, 'file.sent')).toHaveLength(1);
      expect(effectsOf(fleet, 'file.started')).toHaveLength(3);
      // A record that is gone before it is read.
      fault(fleet, { action: 'DescribeSendFileResults', kind: 'purgedRecords', olderThanMs: 0 });
      const again = await fleet.run(inputFor(fleet, undefined, { name: 'other' }));
      expect(again.totals).toMatchObject({ targets: 3, Unknown: 3 });
    }));

  it('that is there already fails on that instance, unless it is to be overwritten; bytes, mode and owner are as asked for', () =>
    withFleet({ instances: 3 }, async (fleet) => {
      const [one = ''] = fleet.simulator.instanceIds;
      await fleet.run({ ...inputFor(fleet), targets: { instanceIds: [one] } });
      const again = await fleet.run(inputFor(fleet));
      expect(again).toMatchObject({ outcome: 'partly-failed', totals: { Success: 2, Failed: 1 } });
      expect(again.rows.find((row) => row.instanceId === one)).toMatchObject({
        outcome: 'Failed',
        errorCode: 'FileAlreadyExists',
        reason: expect.stringContaining('FileAlreadyExists: ') as string,
      });
      const over = await fleet.run(inputFor(fleet, undefined, { overwrite: true, content: 'b' }));
      expect(over.outcome).toBe('succeeded');
      const content = Buffer.from('grüße\n').toString('base64');
      const file = { contentType: 'Base64', mode: '0640', owner: 'ecs-user', timeoutSeconds: 30 } as const;
      await fleet.run(inputFor(fleet, undefined, { ...file, content, name: 'b' }));
      expect(fleet.simulator.simulation.storage.files.canned.find(one, '/etc/app/b')).toEqual({
        content: 'grüße\n',
        mode: '0640',
        owner: 'ecs-user',
        group: 'root',
      });
    }));

  it('sets aside who cannot take it, each with its reason, and sends the rest', () =>
    withFleet(
      { instances: [{}, { status: 'Stopped' }, { osType: 'windows' }], switches: { unknownImage: 'accept' } },
      async (fleet) => {
        const [, stopped = '', windows = ''] = fleet.simulator.instanceIds;
        const result = await fleet.run(inputFor(fleet));
        expect(result.totals).toMatchObject({ Success: 1, Unfit: 2 });
        const reasonOf = (id: string): string | undefined =>
          result.rows.find((row) => row.instanceId === id)?.reason;
        expect(reasonOf(stopped)).toBe('instance is Stopped, a file needs Running');
        expect(reasonOf(windows)).toBe('a path that begins with / needs linux, the instance runs windows');
        expect(sizes(fleet)).toEqual([1]);
      },
    ));

  it('is waited for among many by listing, whatever the order of the list and with shifting pages', () =>
    withFleet({ instances: 60, switches: { invocationOrder: 'random' } }, async (fleet) => {
      tell(fleet, { file: 'app.conf', durationMs: 20_000 });
      fault(fleet, { action: 'DescribeSendFileResults', kind: 'pageShift', by: 1, rate: 0.3 });
      const result = await fleet.run(inputFor(fleet, { maxConcurrency: 60, startWith: 2 }));
      expect(result.totals.Success).toBe(60);
    }));
});

describe('people', () => {
  it('cancel: what was sent is waited for and reported, nothing further is sent', () =>
    withFleet({ instances: 30 }, async (fleet) => {
      tell(fleet, { file: 'app.conf', durationMs: 20_000 });
      const handle = await fleet.start(inputFor(fleet, { maxConcurrency: 10 }));
      await until('a batch is sent', () => effectsOf(fleet, 'file.sent').length === 1);
      await handle.cancel();
      const result = await handle.result();
      expect(result).toMatchObject({ outcome: 'cancelled', totals: { Success: 10, NotStarted: 20 } });
      expect(result.summary).toBe('Cancelled. 10 of 30 instances succeeded: 20 NotStarted');
      expect(effectsOf(fleet, 'file.sent')).toHaveLength(1);
      expect(fleet.callsOf('StopInvocation')).toBe(0);
    }));

  it('pause, look, resume, approve the canary, abort', () =>
    withFleet({ instances: 30 }, async (fleet) => {
      const handle = await fleet.start(inputFor(fleet, { canary: 5, approve: true, maxConcurrency: 10 }));
      const progress = (): Promise<RunCommandProgress> => handle.query<RunCommandProgress>('progress');
      await until('the canary has ended', async () => (await progress()).phase === 'approval');
      await handle.executeUpdate<string, []>(RUN_UPDATES.pause);
      await handle.executeUpdate<string, []>(RUN_UPDATES.approve);
      await fleet.temporal.sleep('1 hour');
      expect(effectsOf(fleet, 'file.started')).toHaveLength(5);
      await handle.executeUpdate<string, []>(RUN_UPDATES.abort);
      expect(await handle.result()).toMatchObject({
        stopped: 'it was aborted',
        totals: { Success: 5, NotStarted: 25 },
      });
    }));
});

it('a run that continues as new after every batch still has every row once', () =>
  withFleet({ instances: 120 }, async (fleet) => {
    tell(fleet, { file: 'app.conf', durationMs: 5_000 });
    const handle = await fleet.start(inputFor(fleet, { maxConcurrency: 25 }), { batchesPerRun: 1 });
    const result = await handle.result();
    expect(result.totals).toMatchObject({ targets: 120, Success: 120 });
    expect(await readRows(result.resultStore.path)).toHaveLength(120);
    expect(effectsOf(fleet, 'file.started')).toHaveLength(120);
    expect(mostUnderWay(fleet)).toBeLessThanOrEqual(25);
  }));

it('past maxErrors nothing further is sent', () =>
  withFleet({ instances: 60 }, async (fleet) => {
    tell(fleet, { file: 'app.conf', error: 'FileCreateFail' });
    const result = await fleet.run(inputFor(fleet, { maxConcurrency: 10, maxErrors: 5 }));
    expect(result).toMatchObject({
      stopped: '10 errors, more than the 5 allowed',
      totals: { Failed: 10, NotStarted: 50 },
    });
  }));

it('the minimal RAM policy of sendFile is enough, and without SendFile the error names it', async () => {
  const targets = { tags: [{ key: 'role', value: 'web' }] };
  const options = { instances: 2, tags: { role: 'web' } };
  await withFleet({ ...options, policy: ramPolicyFor(['sendFile']) }, async (fleet) => {
    expect((await fleet.run({ ...inputFor(fleet), targets })).outcome).toBe('succeeded');
    const called = Object.keys(fleet.simulator.simulation.ledger.counts().calls).sort();
    expect(called).toEqual([...FEATURES.sendFile].sort());
    const policy = ramPolicyFor(['sendFile']);
    for (const statement of policy.Statement)
      statement.Action = statement.Action.filter((action) => action !== 'ecs:SendFile');
    fleet.simulator.simulation.policy = policy;
    const result = await fleet.run({ ...inputFor(fleet), targets });
    expect(result.outcome).toBe('failed');
    expect(result.summary).toMatch(/^The file could not be sent: .*ecs:SendFile/);
  });
});
