/** Timed commands: sent once in hundreds, found by name, read occurrence by occurrence, stopped and seen to be. */
import { Client } from '@temporalio/client';
import type { CallRecord } from '../../simulator/core/ledger';
import { taskQueueOf } from '../../src/domain/messages';
import { ramPolicyFor } from '../../src/domain/permissions';
import { manageTimedIdOf, timedStartIdOf } from '../../src/domain/timed-commands';
import type {
  ManageTimedInput,
  ManageTimedResult,
  TimedHistory,
  TimedListed,
  TimedShown,
  TimedStarted,
  TimedStopped,
} from '../../src/domain/timed-commands';
import { occurrenceKey } from '../../src/domain/timed-lines';
import { readRows } from '../../src/results/store';
import { FAULT_TABLE } from '../support/fault-table';
import { callApi } from '../simulator/support/api';
import { REGION, withFleet } from '../support/skipping-environment';
import { until } from '../support/temporary';
import type { Fleet } from '../support/skipping-environment';

let acts = 0;

/** Runs `manageTimed` to its result. Time passes only where it is told to: `skipping` waits for the result in no time. */
async function timed<T>(
  { temporal, account }: Fleet,
  input: object,
  { id, skipping = false }: { id?: string; skipping?: boolean } = {},
): Promise<T> {
  const whole = { region: REGION, ...input } as ManageTimedInput;
  const own =
    whole.action === 'start'
      ? timedStartIdOf(account, REGION, whole.name)
      : manageTimedIdOf(account, String((acts += 1)));
  const client = skipping ? temporal.client : new Client({ connection: temporal.connection });
  return client.workflow.execute<() => Promise<ManageTimedResult>>('manageTimed', {
    taskQueue: taskQueueOf(account),
    workflowId: id ?? own,
    args: [whole] as never,
  }) as Promise<T>;
}

const start = (fleet: Fleet, over: object = {}, options: object = {}): Promise<TimedStarted> =>
  timed(
    fleet,
    {
      ...{ action: 'start', name: 'health', targets: { all: true }, when: { every: '1h' } },
      command: { type: 'RunShellScript', content: 'hostname' },
      ...over,
    },
    options,
  );

const effects = (fleet: Fleet, effect: string): number =>
  fleet.simulator.simulation.ledger.query({ kind: 'effect', effect }).length;

test('from start to stop on 120 instances, under the policy of runCommand alone', () =>
  withFleet({ instances: 121, policy: ramPolicyFor(['runCommand']) }, async (fleet) => {
    const { simulation } = fleet.simulator;
    const [gone = '', second = ''] = fleet.simulator.instanceIds;
    const stopped = simulation.world.findInstance(gone);
    if (stopped) simulation.instances.stop(stopped, { forced: true });
    simulation.faults.set([{ action: 'RunCommand', kind: 'reset', phase: 'after', count: 1 }]);

    const started = await start(fleet);
    expect(started).toMatchObject({
      outcome: 'partly',
      repeatMode: 'Period',
      frequency: 'rate(1h)',
      totals: { targets: 121, accepted: 120, unfit: 1, notStarted: 0, unknown: 0 },
      states: { Scheduled: 120 },
      rows: [
        { instanceId: gone, outcome: 'Unfit', reason: expect.stringContaining('a command needs Running') },
      ],
    });
    // The first answer was lost: the same ClientToken, one invocation.
    expect(fleet.callsOf('RunCommand')).toBe(3);
    expect(effects(fleet, 'invocation.created')).toBe(2);

    expect(await start(fleet)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('goes on already, as t-'),
    });
    expect(effects(fleet, 'invocation.created')).toBe(2);

    simulation.assistant.answers.add({
      content: 'hostname',
      instanceId: second,
      exitCode: 3,
      output: 'no\n',
    });
    await fleet.temporal.sleep('125 minutes');
    const { timed: lines } = await timed<TimedListed>(fleet, { action: 'list' });
    expect(lines).toMatchObject([
      {
        ...{ name: 'health', ours: true, invocations: 2, instances: 120, state: 'Scheduled', active: true },
        last: { succeeded: 119, failed: 1, none: 0 },
        states: { Scheduled: 120 },
      },
    ]);
    const toNext = Date.parse(lines[0]?.next ?? '') - (await fleet.temporal.currentTimeMs());
    expect(toNext).toBeGreaterThan(50 * 60_000);
    expect(toNext).toBeLessThan(56 * 60_000);

    const all = await timed<TimedHistory>(fleet, { action: 'history', which: 'health' });
    expect(all).toMatchObject({ totals: { Success: 238, Failed: 2 }, underWay: 0, rowsTruncated: true });
    expect(await readRows(all.storePath, occurrenceKey)).toHaveLength(240);
    const failed = await timed<TimedHistory>(fleet, { action: 'history', which: 'health', failed: true });
    expect(failed).toMatchObject({ totals: { Success: 0, Failed: 2 }, rowsTruncated: false });
    expect(
      failed.rows.map(({ instanceId, exitCode, firstLine }) => [instanceId, exitCode, firstLine]),
    ).toEqual([
      [second, 3, 'no'],
      [second, 3, 'no'],
    ]);
    const recent = { action: 'history', which: 'health', since: '30m', instanceIds: [second] };
    expect((await timed<TimedHistory>(fleet, recent)).rows).toHaveLength(1);

    const one = { action: 'stop', which: 'health', instanceIds: [second] };
    expect(await timed<TimedStopped>(fleet, one)).toMatchObject({ outcome: 'done', stopped: 1, waiting: 0 });
    expect(await timed<TimedShown>(fleet, { action: 'show', which: 'health' })).toMatchObject({
      content: 'hostname',
      timed: { states: { Scheduled: 119, Cancelled: 1 } },
    });
    simulation.faults.set([{ action: 'StopInvocation', kind: 'reset', phase: 'after', count: 1 }]);
    const stop = { action: 'stop', which: 'health' };
    const over = { outcome: 'done', invocations: 2, stopped: 120, running: 0, waiting: 0 };
    expect(await timed<TimedStopped>(fleet, stop)).toMatchObject(over);
    const calls = fleet.callsOf('StopInvocation');
    expect(await timed<TimedStopped>(fleet, stop)).toMatchObject(over);
    expect(fleet.callsOf('StopInvocation')).toBe(calls);
    expect((await timed<TimedListed>(fleet, { action: 'list', active: true })).timed).toEqual([]);
    const ran = effects(fleet, 'command.started');
    await fleet.temporal.sleep('3 hours');
    await timed(fleet, { action: 'list' });
    expect(effects(fleet, 'command.started')).toBe(ran);

    // The name is free again.
    expect(await start(fleet, { targets: { instanceIds: [second] } })).toMatchObject({ outcome: 'done' });
    const counts = simulation.ledger.counts();
    expect(counts.codes).not.toHaveProperty('Forbidden.RAM');
    expect(counts.unknownParameters).toEqual({});
  }));

test('with the ClientToken forgotten, the answer lost and ECS away it is found by its tags, and sent once', () =>
  withFleet({ instances: 2 }, async (fleet) => {
    const row = FAULT_TABLE.find(({ fault }) => fault.includes('ClientToken forgotten'));
    fleet.simulator.simulation.faults.set(row?.specs ?? []);
    expect(await start(fleet, {}, { skipping: true })).toMatchObject({
      ...{ outcome: 'done', totals: { accepted: 2 } },
    });
    expect(effects(fleet, 'invocation.created')).toBe(1);
    const faults = fleet.simulator.simulation.faults.list();
    for (const fault of faults) if ('count' in fault.fault) expect(fault.hits).toBeGreaterThan(0);
    // It looked before it sent again: what is listed now was sent by the first attempt.
    expect(fleet.callsOf('RunCommand')).toBe(16);
  }));

test('what had started when it is stopped goes on, and is said; a reboot brings what waits for it', () =>
  withFleet({ instances: 2 }, async (fleet) => {
    const { simulation } = fleet.simulator;
    const [first = '', second = ''] = fleet.simulator.instanceIds;
    simulation.assistant.answers.add({ content: 'hostname', instanceId: first, durationMs: 600_000 });
    const command = { type: 'RunShellScript', content: 'hostname', timeoutSeconds: 1_200 };
    await start(fleet, { command });
    await start(fleet, { name: 'boot', when: { reboot: 'every' } });
    await fleet.temporal.sleep('61 minutes');
    expect(await timed<TimedStopped>(fleet, { action: 'stop', which: 'health' })).toMatchObject({
      ...{ outcome: 'done', stopped: 2, running: 1, runningIds: [first] },
    });
    // Its name is free although the script runs on.
    expect(await start(fleet, { command })).toMatchObject({ outcome: 'done' });
    const instance = simulation.world.findInstance(second);
    if (instance) simulation.instances.reboot(instance, false);
    await fleet.temporal.sleep('5 minutes');
    const boots = await timed<TimedHistory>(fleet, { action: 'history', which: 'boot' });
    expect(boots.rows).toMatchObject([{ instanceId: second, outcome: 'Success' }]);
    expect(boots.timed).toMatchObject({ repeatMode: 'EveryReboot', frequency: '', active: true });
    const health = await timed<TimedHistory>(fleet, { action: 'history', which: 'health' });
    expect(health).toMatchObject({ underWay: 0, rows: [] });

    // What somebody else made is listed as such, and is read and stopped by its id.
    const theirs = {
      Type: 'RunShellScript',
      CommandContent: 'hostname',
      Name: 'theirs',
      Frequency: 'rate(2h)',
    };
    const made = await callApi(
      fleet.simulator,
      'RunCommand',
      { RegionId: REGION, ...theirs, 'InstanceId.1': first },
      {},
    );
    const which = String(made.body['InvokeId']);
    const { timed: lines } = await timed<TimedListed>(fleet, { action: 'list', active: true });
    expect(lines.map(({ name, ours }) => [name, ours])).toEqual(
      expect.arrayContaining([
        ['theirs', false],
        ['boot', true],
        ['health', true],
      ]),
    );
    expect(await timed<TimedStopped>(fleet, { action: 'stop', which })).toMatchObject({ stopped: 1 });
    expect((await timed<TimedShown>(fleet, { action: 'show', which })).timed).toMatchObject({
      ...{ name: 'theirs', active: false, state: 'Stopped' },
    });
  }));

test('an agent that is too old is set aside; ECS refusing one instance does not refuse the others', () =>
  withFleet({ instances: 4 }, async (fleet) => {
    const { simulation } = fleet.simulator;
    const [old = '', gone = ''] = fleet.simulator.instanceIds;
    const instance = simulation.world.findInstance(old);
    if (instance) simulation.instances.setAgent(instance, { version: '2.2.3.90' });
    fleet.afterCall('DescribeCloudAssistantStatus', () => {
      const going = simulation.world.findInstance(gone);
      if (going) simulation.instances.release(going, true);
    });
    const started = await start(fleet);
    expect(started).toMatchObject({ outcome: 'partly', totals: { targets: 4, accepted: 2, unfit: 2 } });
    expect(started.rows.map(({ instanceId, reason }) => [instanceId, reason])).toEqual([
      [old, 'Cloud Assistant agent 2.2.3.90 runs nothing at times; it needs 2.2.3.282'],
      [gone, `not found in ${REGION}`],
    ]);
    expect(await timed(fleet, { action: 'stop', which: 'health', instanceIds: [old] })).toMatchObject({
      outcome: 'refused',
      reason: `${old} is no instance of the timed command health`,
    });
  }));

test('what can be told without asking is refused without asking, and so is another id', () =>
  withFleet({ instances: 1 }, async (fleet) => {
    const refusal = async (run: Promise<unknown>): Promise<unknown> => {
      const error = (await run.catch((caught: unknown) => caught)) as { cause?: { message?: string } };
      return error.cause?.message;
    };
    const bad = { name: 't-x', targets: {}, when: { cron: '* * * * *' } };
    const message = await refusal(
      timed(fleet, { action: 'start', command: {}, ...bad }, { id: 'timed/test/x' }),
    );
    expect(String(message).split('\n')).toEqual([
      expect.stringMatching(/^name: "t-x" begins with t-/),
      expect.stringMatching(/^command.type: is missing/),
      expect.stringMatching(/^command.content: is missing/),
      expect.stringMatching(/^targets: name nothing to run on/),
      expect.stringMatching(/^when.zone: is missing/),
      expect.stringMatching(/^when.cron: has five fields/),
    ]);
    const good = { targets: { all: true }, command: { type: 'RunShellScript', content: 'true' } };
    const begun = { action: 'start', name: 'a', ...good, when: { every: '2m' } };
    expect(await refusal(timed(fleet, begun, { id: 'mine' }))).toContain(
      'this one is started under the id timed/<account>/cn-hangzhou/a, not under mine',
    );
    expect(fleet.calls).toEqual([]);
    expect(await timed(fleet, { action: 'stop', which: 'nobody' })).toMatchObject({
      outcome: 'refused',
      reason: 'there is no timed command nobody in cn-hangzhou',
    });
  }));

test('on more instances than a workflow carries, each is in exactly one invocation; cancelled, none is left', () =>
  withFleet({ instances: 1_050 }, async (fleet) => {
    const { simulation } = fleet.simulator;
    const whole = await start(fleet, { name: 'whole' });
    expect(whole).toMatchObject({
      outcome: 'done',
      totals: { accepted: 1_050 },
      states: { Scheduled: 1_050 },
    });
    const calls = simulation.ledger.query({ kind: 'call', action: 'RunCommand' }) as CallRecord[];
    const sentTo = calls
      .flatMap(({ params }) => Object.entries(params).filter(([name]) => name.startsWith('InstanceId.')))
      .map(([, id]) => id);
    expect(sentTo).toHaveLength(1_050);
    expect(new Set(sentTo)).toEqual(new Set(fleet.simulator.instanceIds));

    const before = effects(fleet, 'invocation.created');
    simulation.faults.set([{ action: 'RunCommand', kind: 'delay', ms: 300 }]);
    const handle = await fleet.temporal.client.workflow.start('manageTimed', {
      taskQueue: taskQueueOf(fleet.account),
      workflowId: timedStartIdOf(fleet.account, REGION, 'half'),
      args: [
        {
          ...{ region: REGION, action: 'start', name: 'half', targets: { all: true }, when: { every: '1h' } },
          command: { type: 'RunShellScript', content: 'hostname' },
        },
      ],
    });
    await until('three parts are sent', () => effects(fleet, 'invocation.created') >= before + 3);
    await handle.cancel();
    expect(await handle.result()).toMatchObject({
      outcome: 'cancelled',
      reason: expect.stringMatching(/before all of it had been sent; stopped on \d+00 instances$/),
    });
    const { timed: lines } = await timed<TimedListed>(fleet, { action: 'list', active: true });
    expect(lines.map(({ name }) => name)).toEqual(['whole']);
  }));
