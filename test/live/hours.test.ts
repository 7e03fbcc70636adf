/**
 * Working hours on a real server: every boundary of a year by the server's own answer, an outage over a boundary, and a
 * worker killed in mid-batch. Oracles: ListScheduleMatchingTimes, and the ledger.
 */
import type { ScheduleSpec } from '@temporalio/client';
import { boundaries, comesAgain, compiledHours } from '../../src/domain/hours-calendar';
import { hoursIdOf, hoursScheduleIdOf } from '../../src/domain/hours-messages';
import type { ByTagResult, HoursAction, WorkingHours } from '../../src/domain/hours-messages';
import { scheduleSpecOf } from '../../src/domain/hours-spec';
import type { WorkingHoursState } from '../../src/domain/hours-state';
import { taskQueueOf } from '../../src/domain/messages';
import { LiveServer, killed, withSite } from '../support/live-site';
import type { Site } from '../support/live-site';
import type { WorkerProcess } from '../../src/stack/worker-process';
import { until } from '../support/until';

const TAG = 'Start&Stop';
const YEAR = { from: Date.parse('2027-01-01T00:00:00Z'), to: Date.parse('2028-01-01T00:00:00Z') };
const CALENDAR = {
  holidays: ['2027-01-01..2027-01-03', '2027-05-03..2027-05-05', '2027-12-24'],
  workdays: ['2027-01-09', '2027-05-04'],
  freezes: ['2027-12-30'],
};

let live: LiveServer;

beforeAll(async () => {
  live = await LiveServer.start();
}, 60_000);

afterAll(() => live.close());

/** What the server would fire in the year. */
async function serverTimes(id: string, spec: ScheduleSpec): Promise<number[]> {
  const action = { type: 'startWorkflow', workflowType: 'none', taskQueue: 'none', args: [] } as const;
  const handle = await live.client.schedule.create({ scheduleId: id, spec, action, state: { paused: true } });
  const { startTime } = await live.client.workflowService.listScheduleMatchingTimes({
    namespace: live.server.namespace,
    scheduleId: id,
    startTime: { seconds: YEAR.from / 1_000 - 1 } as never,
    endTime: { seconds: YEAR.to / 1_000 - 1 } as never,
  });
  await handle.delete();
  return startTime.map((time) => Number(time.seconds) * 1_000);
}

const ZONES = ['Asia/Tokyo', 'America/New_York', 'Europe/Berlin'];
const TIMETABLES = [
  { days: 'mon-fri', start: '09:00', stop: '21:00' },
  { days: 'sun-thu', start: '23:30', stop: '02:30' },
  { start: '02:00', stop: '01:00' },
  { start: '30 1 * * *', stop: '45 2 * 3,10,11 *' },
];

test.each(ZONES)(
  'a year of boundaries in %s is the same to the server and to us',
  async (timeZone) => {
    for (const [index, timetable] of TIMETABLES.entries()) {
      const hours = compiledHours({ ...timetable, ...CALENDAR, timeZone });
      for (const kind of ['start', 'stop'] as const) {
        const spec = scheduleSpecOf(hours, kind, YEAR.from) as ScheduleSpec;
        const fired = await serverTimes(`${timeZone}-${index}-${kind}`, spec);
        const ours = boundaries(hours, YEAR.from, YEAR.to).filter((each) => each.kind === kind);
        const acted = fired.filter((at) => !comesAgain(hours.zone, at));
        expect(acted.map((at) => new Date(at).toISOString())).toEqual(
          ours.map(({ at }) => new Date(at).toISOString()),
        );
        expect(ours.length).toBeGreaterThan(85);
      }
    }
  },
  60_000,
);

function office(name: string, site: Site): WorkingHours {
  const regions = [site.simulator.regionId];
  return { name, regions, tags: [{ key: TAG }], timeZone: 'UTC', start: '09:00', stop: '21:00' };
}

async function keep(site: Site, definition: WorkingHours): Promise<void> {
  const state: WorkingHoursState = { definition, overrides: [], audit: [], runs: [] };
  await live.client.workflow.start('workingHours', {
    workflowId: hoursIdOf(site.account, definition.name),
    taskQueue: taskQueueOf(site.account),
    args: [state],
  });
}

/** One firing at `at`, of the hours' action. */
async function once(
  site: Site,
  name: string,
  { action, at, catchUp }: { action: HoursAction; at: Date; catchUp: string },
): Promise<string> {
  const scheduleId = hoursScheduleIdOf(site.account, name, action);
  const [month] = [at.toLocaleString('en', { month: 'long', timeZone: 'UTC' }).toUpperCase() as 'MAY'];
  await live.client.schedule.create({
    scheduleId,
    spec: {
      calendars: [
        {
          year: at.getUTCFullYear(),
          month,
          dayOfMonth: at.getUTCDate(),
          hour: at.getUTCHours(),
          minute: at.getUTCMinutes(),
          second: at.getUTCSeconds(),
        },
      ],
    },
    action: {
      type: 'startWorkflow',
      workflowType: 'applyWorkingHours',
      workflowId: scheduleId,
      taskQueue: taskQueueOf(site.account),
      args: [{ hours: name, action }],
    },
    policies: { overlap: 'SKIP', catchupWindow: catchUp as '1 hour' },
  });
  return scheduleId;
}

test(
  'over an outage a boundary acts once within the catch-up window, beyond it not at all and says so',
  () =>
    withSite(
      live,
      { instances: 2, tags: { [TAG]: '' }, time: { kind: 'fast', factor: 20 } },
      async (site) => {
        const info = async (id: string) => (await live.client.schedule.getHandle(id).describe()).info;
        await site.startWorker();
        await keep(site, office('late', site));
        await keep(site, office('too-late', site));
        const due = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 20_000);
        const late = await once(site, 'late', { action: 'stop', at: due, catchUp: '1 hour' });
        const tooLate = await once(site, 'too-late', { action: 'stop', at: due, catchUp: '10 seconds' });
        // A server takes some seconds to take up the first Schedule of a namespace.
        for (const id of [late, tooLate])
          await until('the server knows when', async () => (await info(id)).nextActionTimes.length === 1);
        await live.kill();
        expect(Date.now()).toBeLessThan(due.getTime());
        await until('the catch-up window of one is over', () => Date.now() > due.getTime() + 12_000, 60_000);
        await live.restart();
        await site.startWorker();
        await until(
          'what the one stops is stopped',
          () => site.effects('instance.stopped').length === 2,
          90_000,
        );
        // Each look is a query of the server's own workflow, which may be at work.
        const missed = async (): Promise<number> =>
          (await info(tooLate).catch(() => undefined))?.numActionsMissedCatchupWindow ?? 0;
        await until('the other says it was missed', async () => (await missed()) === 1, 60_000);
        expect((await info(late)).numActionsTaken).toBe(1);
        expect((await info(tooLate)).numActionsTaken).toBe(0);
        expect(site.effects('instance.stopping')).toHaveLength(2);
        expect(site.calls('StopInstances')).toHaveLength(1);
        for (const name of ['late', 'too-late'])
          await live.client.workflow.getHandle(hoursIdOf(site.account, name)).terminate();
        for (const id of [late, tooLate]) await live.client.schedule.getHandle(id).delete();
      },
    ),
  180_000,
);

/** Hours that want everything stopped but for one hour of the year. */
function closed(name: string, site: Site): WorkingHours {
  return { ...office(name, site), start: '0 5 1 1 *', stop: '0 6 1 1 *', mode: 'enforce' };
}

/** An override whose end comes while its worker is dead; everything else is stopped already. */
async function overrideEndsAlone(site: Site, worker: WorkerProcess): Promise<void> {
  const { simulation, instanceIds } = site.simulator;
  const [instanceId = ''] = instanceIds;
  const instance = simulation.world.findInstance(instanceId);
  if (!instance) throw new Error('no instance');
  simulation.instances.start(instance);
  await until('somebody has started one', () => instance.status === 'Running', 60_000);
  await keep(site, closed('night', site));
  const keeper = live.client.workflow.getHandle(hoursIdOf(site.account, 'night'));
  const end = Date.now() + 8_000;
  const endsAt = new Date(end).toISOString();
  const asked = { keep: 'running', until: endsAt, reason: 'release', instanceIds: [instanceId] };
  await keeper.executeUpdate('override', { args: [asked] });
  await killed(worker);
  await until('the override is over', () => Date.now() > end, 60_000);
  await site.startWorker();
  const progress = () => keeper.query<WorkingHoursState>('progress');
  await until(
    'the hours have taken it away, asked by nobody',
    async () => (await progress().catch(() => undefined))?.overrides.length === 0,
    60_000,
  );
  const lines = (await progress()).audit.map(({ at, what }) => `${what.split(':')[0]} ${at}`);
  expect(lines.at(-1)).toBe(`ended ${endsAt}`);
  const look = await live.client.workflow.execute('applyWorkingHours', {
    workflowId: `${site.account}-enforce`,
    taskQueue: taskQueueOf(site.account),
    args: [{ hours: 'night', action: 'enforce' }],
  });
  expect(look).toMatchObject({
    outcome: 'done',
    regions: [{ results: [{ purpose: 'stop', totals: { done: 1, failed: 0 } }] }],
  });
  expect(instance.status).toBe('Stopped');
  await keeper.terminate();
}

test(
  'a worker killed in mid-batch leaves nobody behind and stops nobody twice; an override ends without a worker',
  () =>
    withSite(
      live,
      { instances: 150, tags: { [TAG]: '' }, time: { kind: 'fast', factor: 4 } },
      async (site) => {
        const { faults } = site.simulator.simulation;
        faults.set([{ kind: 'delay', action: 'StopInstances', phase: 'after', ms: 3_000, count: 2 }]);
        const first = await site.startWorker();
        const handle = await live.client.workflow.start<() => Promise<ByTagResult>>('stopInstancesByTag', {
          workflowId: `${site.account}-stop`,
          taskQueue: taskQueueOf(site.account),
          args: [{ region: site.simulator.regionId, tags: [{ key: TAG }] }] as never,
        });
        await until(
          'ECS stops a batch, and has not answered',
          () => site.effects('instance.stopping').length >= 50,
          60_000,
        );
        await killed(first);
        const second = await site.startWorker();
        expect(await handle.result()).toMatchObject({
          outcome: 'succeeded',
          totals: { targets: 150, done: 150, failed: 0 },
        });
        expect(site.effects('instance.stopping')).toHaveLength(150);
        await overrideEndsAlone(site, second);
        await live.client.workflow.getHandle(`gate/${site.account}/${site.simulator.regionId}`).terminate();
      },
    ),
  240_000,
);
