/**
 * Working hours as workflows: what an action does is decided when it is due. The oracle is the ledger, and what the
 * keeper remembers. Schedules themselves are tested on a real server (test/live/hours.test.ts).
 */
import { boundaries, compiledHours } from '../../src/domain/hours-calendar';
import { hoursIdOf } from '../../src/domain/hours-messages';
import type {
  ApplyWorkingHoursResult,
  HoursAction,
  OrderGroup,
  WorkingHours,
} from '../../src/domain/hours-messages';
import type { WorkingHoursState } from '../../src/domain/hours-state';
import type { HoursReport } from '../../src/domain/hours-report';
import { taskQueueOf } from '../../src/domain/messages';
import type { RunCommandResult } from '../../src/domain/messages';
import type { PolicyFile } from '../../src/domain/policy';
import { cloudAssistant } from '../../simulator/assistant';
import { TAG, byTag, startByTag, statuses } from '../support/by-tag';
import { REGION, withFleet } from '../support/skipping-environment';
import type { Fleet } from '../support/skipping-environment';

const HOUR = 3_600_000;
const tagged = { tags: { [TAG]: '' } };

const at = (ms: number): string => new Date(ms).toISOString();

/** Hours that want everything stopped but for one hour of the year: the clock of these tests skips as it likes. */
function stoppedHours(over: Partial<WorkingHours> = {}): WorkingHours {
  const times = { start: '0 5 1 1 *', stop: '0 6 1 1 *' };
  return { name: 'office', regions: [REGION], tags: [{ key: TAG }], timeZone: 'UTC', ...times, ...over };
}

async function keep(fleet: Fleet, definition: WorkingHours): Promise<void> {
  const state: WorkingHoursState = { definition, overrides: [], audit: [], runs: [] };
  await fleet.temporal.client.workflow.start('workingHours', {
    workflowId: hoursIdOf(fleet.account, definition.name),
    taskQueue: taskQueueOf(fleet.account),
    args: [state],
  });
}

const keeper = (fleet: Fleet) => fleet.temporal.client.workflow.getHandle(hoursIdOf(fleet.account, 'office'));

let actions = 0;

function apply(fleet: Fleet, action: HoursAction): Promise<ApplyWorkingHoursResult> {
  return fleet.temporal.client.workflow.execute('applyWorkingHours', {
    workflowId: `apply-${(actions += 1)}`,
    taskQueue: taskQueueOf(fleet.account),
    args: [{ hours: 'office', action }],
  }) as Promise<ApplyWorkingHoursResult>;
}

function setTags(fleet: Fleet, index: number, tags: Record<string, string>): string {
  const id = fleet.simulator.instanceIds[index] ?? '';
  const instance = fleet.simulator.simulation.world.findInstance(id);
  for (const [key, value] of Object.entries(tags)) instance?.tags.set(key, value);
  return id;
}

it('enforces what is wanted now, and honours overrides until they end', () =>
  withFleet({ instances: 3, ...tagged }, async (fleet) => {
    await keep(fleet, stoppedHours({ mode: 'enforce' }));
    const now = await fleet.temporal.currentTimeMs();
    const [kept] = fleet.simulator.instanceIds;
    const asked = { keep: 'running', until: at(now + 96 * HOUR), reason: 'release', instanceIds: [kept] };
    await keeper(fleet).executeUpdate('override', { args: [asked] });
    const bad = keeper(fleet).executeUpdate('override', { args: [{ ...asked, until: at(now - 1) }] });
    await expect(bad).rejects.toMatchObject({
      cause: { message: expect.stringContaining('passed') as string },
    });

    expect(await apply(fleet, 'enforce')).toMatchObject({
      outcome: 'done',
      regions: [{ results: [{ purpose: 'stop', totals: { done: 2, skipped: 1 } }] }],
    });
    expect(await apply(fleet, 'enforce')).toMatchObject({ outcome: 'done', regions: [{ results: [] }] });
    expect(statuses(fleet)).toEqual({ Stopped: 2, Running: 1 });
    await fleet.temporal.sleep(97 * HOUR);
    expect(await apply(fleet, 'enforce')).toMatchObject({ outcome: 'done' });
    expect(statuses(fleet)).toEqual({ Stopped: 3 });
    const { overrides, audit, runs } = await keeper(fleet).query<WorkingHoursState>('progress');
    expect(overrides).toEqual([]);
    expect(audit.map(({ what }) => what.split(':')[0])).toEqual(['created', 'override', 'ended']);
    expect(runs).toHaveLength(2);

    const month = at(now + 48 * HOUR).slice(0, 7);
    const report = (await fleet.temporal.client.workflow.execute('reportWorkingHours', {
      workflowId: 'report-1',
      taskQueue: taskQueueOf(fleet.account),
      args: [{ kind: 'savings', hours: 'office', month }],
    })) as HoursReport;
    expect(report.savings?.rows.filter(({ hoursFree }) => hoursFree > 20)).toHaveLength(2);
    await keeper(fleet).terminate();
  }));

it('acts in each of its regions, whatever becomes of another', () => {
  const [other, tags] = ['cn-beijing', new Map([[TAG, '']])];
  const instances = [REGION, other].map((regionId) => ({ regionId, tags }));
  return withFleet({ regions: [REGION, other], instances }, async (fleet) => {
    await keep(fleet, stoppedHours({ mode: 'enforce', regions: [other, REGION] }));
    const { faults } = fleet.simulator.simulation;
    const refused = { kind: 'error', httpStatus: 403, code: 'Forbidden.RAM' } as const;
    faults.set([{ ...refused, action: 'ListTagResources', where: { RegionId: other } }]);
    const stopped = { purpose: 'stop', outcome: 'succeeded', totals: { done: 1 } };
    const failed = {
      purpose: 'stop',
      outcome: 'failed',
      refusal: expect.stringContaining('Forbidden') as string,
    };
    // A look ends before it has started anything; a boundary's run says it itself.
    expect(await apply(fleet, 'enforce')).toMatchObject({
      outcome: 'partly-failed',
      summary: expect.stringMatching(
        new RegExp(`${other}.*Forbidden.*${REGION}: of 1 selected 1 stopped`),
      ) as string,
      regions: [
        { region: other, results: [], error: expect.stringContaining('Forbidden') as string },
        { region: REGION, results: [stopped] },
      ],
    });
    expect(await apply(fleet, 'stop')).toMatchObject({
      outcome: 'partly-failed',
      regions: [{ results: [failed] }, { results: [{ outcome: 'nothing-to-do' }] }],
    });
    faults.clear();
    expect(await apply(fleet, 'enforce')).toMatchObject({
      outcome: 'done',
      regions: [
        { region: other, results: [stopped] },
        { region: REGION, results: [] },
      ],
    });
    expect(statuses(fleet)).toEqual({ Stopped: 2 });
    await keeper(fleet).terminate();
  });
});

it('is not due where there are no such hours, on a frozen day, or when it is late and the next boundary has come', () =>
  withFleet({ instances: 1, ...tagged }, async (fleet) => {
    expect(await apply(fleet, 'stop')).toMatchObject({ outcome: 'no-such-hours' });
    const now = await fleet.temporal.currentTimeMs();
    await keep(
      fleet,
      stoppedHours({ freezes: [`${at(now).slice(0, 10)}..${at(now + 48 * HOUR).slice(0, 10)}`] }),
    );
    expect(await apply(fleet, 'stop')).toMatchObject({
      outcome: 'not-due',
      reason: expect.stringContaining('frozen') as string,
    });
    expect(statuses(fleet)).toEqual({ Running: 1 });
    await keeper(fleet).terminate();
  }));

it('a week of working hours costs less than half of a week without', () =>
  withFleet({ instances: 2 }, async (fleet) => {
    setTags(fleet, 0, { [TAG]: '' });
    const hours = { days: 'mon-fri', start: '09:00', stop: '21:00', timeZone: 'Asia/Tokyo' };
    await byTag(fleet, 'stop');
    const from = await fleet.temporal.currentTimeMs();
    const to = from + 7 * 24 * HOUR;
    for (const { kind, at: due } of boundaries(compiledHours(hours), from, to)) {
      await fleet.temporal.sleep(Math.max(1, due - (await fleet.temporal.currentTimeMs())));
      await byTag(fleet, kind);
    }
    await fleet.temporal.sleep(Math.max(1, to - (await fleet.temporal.currentTimeMs())));
    const { billing } = fleet.simulator.simulation;
    const [withHours, without] = billing.bills(from, to, fleet.simulator.instanceIds);
    expect(without?.hours).toEqual({ running: 168, keepCharging: 0, stopCharging: 0 });
    // Five times twelve hours; the clock of these tests may skip over some.
    expect(withHours?.hours.running).toBeGreaterThan(30);
    expect(withHours?.hours.running).toBeLessThan(84);
    expect(withHours?.hours.keepCharging).toBe(0);
    expect(withHours?.cost).toBeLessThan(0.5 * (without?.cost ?? 0));
  }));

const ORDER: OrderGroup[] = [
  { name: 'database', tag: { key: 'tier', value: 'db' }, health: { command: 'ready', withinMinutes: 2 } },
  { name: 'application', tag: { key: 'tier', value: 'app' }, needs: ['database'] },
];

it('stops the application before its database, and starts it after, when the database is healthy', () =>
  withFleet({ instances: 3, ...tagged }, async (fleet) => {
    const db = setTags(fleet, 0, { tier: 'db' });
    const app = setTags(fleet, 1, { tier: 'app' });
    cloudAssistant(fleet.simulator.simulation).answers.add({ content: 'ready', exitCode: 0 });
    const { ledger } = fleet.simulator.simulation;
    const orderOf = (effect: string): string[] =>
      ledger
        .query({ kind: 'effect', effect })
        .map((record) => JSON.stringify(record))
        .flatMap((text) => (text.includes(db) ? ['db'] : text.includes(app) ? ['app'] : []));
    expect(await byTag(fleet, 'stop', { order: ORDER })).toMatchObject({
      outcome: 'succeeded',
      totals: { done: 3 },
    });
    expect(orderOf('instance.stopping')).toEqual(['app', 'db']);
    expect(await byTag(fleet, 'start', { order: ORDER })).toMatchObject({
      outcome: 'succeeded',
      totals: { done: 3 },
    });
    expect(orderOf('instance.starting')).toEqual(['db', 'app']);
  }));

it('holds back what needs a group that is not healthy, and says so', () =>
  withFleet({ instances: 3, ...tagged }, async (fleet) => {
    setTags(fleet, 0, { tier: 'db' });
    const app = setTags(fleet, 1, { tier: 'app' });
    cloudAssistant(fleet.simulator.simulation).answers.add({ content: 'ready', exitCode: 1 });
    await byTag(fleet, 'stop');
    const result = await byTag(fleet, 'start', { order: ORDER });
    expect(result).toMatchObject({ outcome: 'partly-failed', totals: { done: 2, failed: 1 } });
    expect(result.exceptions).toMatchObject([
      {
        instanceId: app,
        outcome: 'NotStarted',
        reason: expect.stringContaining('held back: database') as string,
      },
    ]);
    expect(statuses(fleet)).toEqual({ Running: 2, Stopped: 1 });
  }));

it('does not start what needs a group that runs already and is not healthy; what nobody waits for is not looked at', () =>
  withFleet({ instances: 2, ...tagged }, async (fleet) => {
    const db = setTags(fleet, 0, { tier: 'db' });
    const app = setTags(fleet, 1, { tier: 'app' });
    const { answers } = cloudAssistant(fleet.simulator.simulation);
    const unwell = answers.add({ content: 'ready', exitCode: 1 });
    await byTag(fleet, 'stop', { tags: [{ key: 'tier', value: 'app' }] });
    const result = await byTag(fleet, 'start', { order: ORDER });
    expect(result).toMatchObject({ outcome: 'partly-failed', totals: { already: 1, failed: 1 } });
    expect(result.exceptions).toMatchObject([
      {
        instanceId: app,
        outcome: 'NotStarted',
        reason: expect.stringContaining(`held back: database is not healthy after 2 min: ${db}`) as string,
      },
    ]);
    expect(fleet.callsOf('StartInstances')).toBe(0);

    answers.remove(unwell);
    answers.add({ content: 'ready', exitCode: 0 });
    expect(await byTag(fleet, 'start', { order: ORDER })).toMatchObject({ totals: { already: 1, done: 1 } });
    const asked = fleet.callsOf('RunCommand');
    expect(asked).toBeGreaterThan(1);
    expect(await byTag(fleet, 'start', { order: ORDER })).toMatchObject({ outcome: 'nothing-to-do' });
    expect(fleet.callsOf('RunCommand')).toBe(asked);
  }));

const POLICIES: PolicyFile = {
  version: 1,
  policies: [],
  hooks: {
    drain: {
      kind: 'command',
      timeoutMs: 60_000,
      onFailure: 'abort',
      command: { content: 'drain', timeoutSeconds: 30 },
    },
    slow: {
      kind: 'command',
      timeoutMs: 60_000,
      onFailure: 'abort',
      command: { content: 'slow', timeoutSeconds: 3_600 },
    },
    negligible: {
      kind: 'command',
      timeoutMs: 60_000,
      onFailure: 'continue',
      command: { content: 'slow', timeoutSeconds: 3_600 },
    },
  },
};

it('runs the hook before a stop, and leaves running where it failed', () =>
  withFleet({ instances: 3, ...tagged, policies: POLICIES }, async (fleet) => {
    const { answers } = cloudAssistant(fleet.simulator.simulation);
    const [bad = ''] = fleet.simulator.instanceIds;
    answers.add({ content: 'drain', instanceId: bad, exitCode: 3 });
    answers.add({ content: 'drain', exitCode: 0 });
    const result = await byTag(fleet, 'stop', { beforeStop: 'drain' });
    expect(result).toMatchObject({ outcome: 'partly-failed', totals: { done: 2, failed: 1 } });
    expect(result.exceptions).toMatchObject([
      { instanceId: bad, reason: expect.stringContaining('left running: hook drain: exit code 3') as string },
    ]);
    expect(statuses(fleet)).toEqual({ Stopped: 2, Running: 1 });
    const { ledger } = fleet.simulator.simulation;
    const order = ledger.query({ kind: 'call' }).map((record) => (record as { action: string }).action);
    expect(order.indexOf('RunCommand')).toBeLessThan(order.indexOf('StopInstances'));
  }));

it('cancels the hook before a stop at its time limit, and does with the rest as its onFailure says', () =>
  withFleet({ instances: 3, ...tagged, policies: POLICIES }, async (fleet) => {
    const { answers } = cloudAssistant(fleet.simulator.simulation);
    const [slow = ''] = fleet.simulator.instanceIds;
    answers.add({ content: 'slow', instanceId: slow, hang: true });
    answers.add({ content: 'slow', exitCode: 0 });
    const handle = await startByTag(fleet, 'stop', { beforeStop: 'slow' });
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'partly-failed', totals: { done: 2, failed: 1 } });
    expect(result.exceptions).toMatchObject([
      {
        instanceId: slow,
        reason: expect.stringContaining('left running: hook slow: not done within 60 s') as string,
      },
    ]);
    expect(fleet.callsOf('StopInvocation')).toBe(1);
    const id = `${handle.workflowId}/before/slow/1/${slow}`;
    const child = fleet.temporal.client.workflow.getHandle<() => Promise<RunCommandResult>>(id);
    expect((await child.result()).outcome).toBe('cancelled');

    const regardless = await byTag(fleet, 'stop', { beforeStop: 'negligible' });
    expect(regardless).toMatchObject({ outcome: 'succeeded', totals: { done: 1, already: 2 } });
    expect(fleet.callsOf('StopInvocation')).toBe(2);
  }));

it('forces a stop only by policy, and only after an ordinary one', () =>
  withFleet({ instances: 2, ...tagged, durations: { stopping: 10 * HOUR } }, async (fleet) => {
    const result = await byTag(fleet, 'stop', { forceAfterMinutes: 5, withinMinutes: 20 });
    const { ledger } = fleet.simulator.simulation;
    expect(ledger.query({ kind: 'call', action: 'StopInstances' })).toHaveLength(2);
    expect(result.calls).toBe(2);
  }));
