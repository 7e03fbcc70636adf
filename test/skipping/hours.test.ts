/**
 * Working hours as workflows: what an action does is decided when it is due. The oracle is the ledger, and what the
 * keeper remembers. Schedules themselves are tested on a real server (test/live/hours.test.ts).
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { boundaries, compiledHours } from '../../src/domain/hours-calendar';
import { hoursIdOf } from '../../src/domain/hours-messages';
import type { ApplyWorkingHoursResult, HoursAction, WorkingHours } from '../../src/domain/hours-messages';
import type { WorkingHoursState } from '../../src/domain/hours-state';
import type { HoursReport } from '../../src/domain/hours-report';
import { taskQueueOf } from '../../src/domain/messages';
import { TAG, setTags, statuses } from '../support/by-tag';
import type { PolicyFile } from '../../src/domain/policy';
import { policyFile } from '../support/events';
import { until } from '../support/until';
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

/** The test server gives no answer to a query that comes as the keeper continues as new: it is asked again. */
async function progress(fleet: Fleet): Promise<WorkingHoursState> {
  const ask = () =>
    fleet.temporal.client.withDeadline(Date.now() + 5_000, () =>
      keeper(fleet).query<WorkingHoursState>('progress'),
    );
  return ask().catch(ask).catch(ask);
}

let actions = 0;

function apply(fleet: Fleet, action: HoursAction): Promise<ApplyWorkingHoursResult> {
  return fleet.temporal.client.workflow.execute('applyWorkingHours', {
    workflowId: `apply-${(actions += 1)}`,
    taskQueue: taskQueueOf(fleet.account),
    args: [{ hours: 'office', action }],
  }) as Promise<ApplyWorkingHoursResult>;
}

let reports = 0;

function report(fleet: Fleet, month: string): Promise<HoursReport> {
  return fleet.temporal.client.workflow.execute('reportWorkingHours', {
    workflowId: `report-${(reports += 1)}`,
    taskQueue: taskQueueOf(fleet.account),
    args: [{ kind: 'savings', hours: 'office', month }],
  }) as Promise<HoursReport>;
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
    const { overrides, audit, runs } = await progress(fleet);
    expect(overrides).toEqual([]);
    expect(audit.map(({ what }) => what.split(':')[0])).toEqual(['created', 'override', 'ended']);
    expect(runs).toHaveLength(2);

    const month = at(now + 48 * HOUR).slice(0, 7);
    const { savings } = await report(fleet, month);
    const freeOf = (id = ''): number =>
      savings?.rows.find(({ instanceId }) => instanceId === id)?.hoursFree ?? 0;
    // The clock may have jumped on before the report; the override's 96 hours are the difference, 48 of them this month.
    for (const id of fleet.simulator.instanceIds.slice(1))
      expect(freeOf(id) - freeOf(kept)).toBeGreaterThan(45);
    // The server of this test ends with it; in that same moment it refuses to terminate.
    await keeper(fleet)
      .terminate()
      .catch(() => undefined);
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

it('a week of working hours costs less than half of a week without, and the report says as much as the bill', () =>
  withFleet({ instances: 2 }, async (fleet) => {
    setTags(fleet, 0, { [TAG]: '' });
    const hours = { days: 'mon-fri', start: '09:00', stop: '21:00', timeZone: 'Asia/Tokyo' };
    await keep(fleet, stoppedHours(hours));
    await apply(fleet, 'stop');
    const from = await fleet.temporal.currentTimeMs();
    const to = from + 7 * 24 * HOUR;
    const sleepUntil = async (time: number): Promise<void> =>
      fleet.temporal.sleep(Math.max(1, time - (await fleet.temporal.currentTimeMs())));
    for (const { kind, at: due } of boundaries(compiledHours(hours), from, to)) {
      await sleepUntil(due);
      await apply(fleet, kind);
    }
    // Not in the moment in which the hours continue as new.
    await sleepUntil(to + HOUR);
    const { billing } = fleet.simulator.simulation;
    const [withHours, without] = billing.bills(from, to, fleet.simulator.instanceIds);
    expect(without?.hours).toEqual({ running: 168, keepCharging: 0, stopCharging: 0 });
    // Five times twelve hours; the clock of these tests may skip over some.
    expect(withHours?.hours.running).toBeGreaterThan(30);
    expect(withHours?.hours.running).toBeLessThan(84);
    expect(withHours?.hours.keepCharging).toBe(0);
    expect(withHours?.cost).toBeLessThan(0.5 * (without?.cost ?? 0));

    const months = new Set([from, to].map((time) => at(time).slice(0, 7)));
    let reported = 0;
    let end = to;
    for (const month of months) {
      const { savings } = await report(fleet, month);
      reported += savings?.hoursFree ?? 0;
      end = Date.parse(savings?.until ?? '');
    }
    const [billed] = billing.bills(from, end, fleet.simulator.instanceIds);
    // ECS says to the minute when it was started, and a stop is seen a moment after it.
    expect(Math.abs(reported - (billed?.hours.stopCharging ?? 0))).toBeLessThan(1);
    await keeper(fleet).terminate();
  }));

/** Hooks that are told, by a server that counts what it is told. */
async function withPeople(
  work: (policies: PolicyFile, told: () => string[]) => Promise<void>,
): Promise<void> {
  const told: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      told.push((JSON.parse(body) as { reason: string }).reason);
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const hook = `people: { webhook: { url: 'http://127.0.0.1:${port}/' } }`;
    await work(policyFile(`version: 1\npolicies: []\nhooks:\n  ${hook}\n`), () => told);
  } finally {
    server.close();
  }
}

async function attention(fleet: Fleet): Promise<unknown> {
  const { searchAttributes } = await keeper(fleet).describe();
  return searchAttributes.StewardAttention?.[0];
}

it('people are told once of a tag value that cannot be read and of what a look could not do, until it changes', () =>
  withPeople((policies, told) =>
    withFleet({ instances: 2, ...tagged, policies }, async (fleet) => {
      const bad = setTags(fleet, 0, { [TAG]: 'mon-fri 9:00-25:00 Asia/Tokyo' });
      const locked = fleet.simulator.simulation.world.findInstance(fleet.simulator.instanceIds[1] ?? '');
      locked?.locks.push({ reason: 'security', message: '' });
      await keep(fleet, stoppedHours({ mode: 'enforce', notify: ['people'] }));
      for (let look = 0; look < 3; look += 1) await apply(fleet, 'enforce');
      await apply(fleet, 'stop');
      expect(told().filter((text) => text.includes(bad))).toEqual([expect.stringContaining('9:00-25:00')]);
      // The look once, and the boundary's own run.
      expect(told().filter((text) => text.includes('1 failed'))).toHaveLength(2);
      const state = await progress(fleet);
      expect(state.look?.troubles.some((key) => key.includes(bad))).toBe(true);
      expect(await attention(fleet)).toBe('workingHours: stop of office');

      locked?.locks.splice(0);
      await apply(fleet, 'enforce');
      await until('tag values are all that is left', async () =>
        String(await attention(fleet)).includes('tag values of office'),
      );
      setTags(fleet, 0, { [TAG]: '' });
      await apply(fleet, 'enforce');
      await until('nobody is wanted', async () => !(await attention(fleet)));
      const before = told().length;
      setTags(fleet, 0, { [TAG]: 'soon' });
      await apply(fleet, 'enforce');
      expect(told().slice(before)).toEqual([expect.stringContaining('"soon"')]);
      await keeper(fleet).terminate();
    }),
  ));

it('a boundary of its own hours is not lost where looks were passed over', () =>
  withFleet({ instances: 1 }, async (fleet) => {
    await keep(fleet, stoppedHours({ ownHours: true }));
    const now = await fleet.temporal.currentTimeMs();
    const clock = (minutes: number): string => at(now + minutes * 60_000).slice(11, 16);
    setTags(fleet, 0, { [TAG]: `mon-sun ${clock(-120)}-${clock(20)} UTC` });
    await apply(fleet, 'enforce');
    expect(statuses(fleet)).toEqual({ Running: 1 });
    await fleet.temporal.sleep(HOUR / 2);
    await apply(fleet, 'enforce');
    expect(statuses(fleet)).toEqual({ Stopped: 1 });
    await keeper(fleet).terminate();
  }));

it('overrides may not name so many instances that they fit no workflow any more', () =>
  withFleet({ instances: 1, ...tagged }, async (fleet) => {
    await keep(fleet, stoppedHours());
    const instanceIds = Array.from({ length: 1_000 }, (_, index) => `i-bp${index}`);
    const end = at((await fleet.temporal.currentTimeMs()) + 24 * HOUR);
    const asked = { keep: 'as-is', until: end, reason: 'many', instanceIds };
    for (let count = 0; count < 10; count += 1)
      await keeper(fleet).executeUpdate('override', { args: [asked] });
    await expect(keeper(fleet).executeUpdate('override', { args: [asked] })).rejects.toMatchObject({
      cause: { message: expect.stringContaining('give a tag instead') as string },
    });
    await keeper(fleet).terminate();
  }));
