/** System events from the command line: patrol, plan, answer, history, drill; and what is refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { ControlClient } from '../../simulator/control/client';
import { systemEventIdOf } from '../../src/domain/event-messages';
import type { DrillResult, SystemEventsReport } from '../../src/domain/event-report';
import type { SystemEventResult } from '../../src/domain/system-event';
import { runningStack } from '../../src/stack/stack-file';
import { cli, stackUp, startCli } from '../support/cli';
import type { Finished, UpLine } from '../support/cli';
import { until } from '../support/temporary';

/** Whenever this runs: no window is open now, and none opens before the events of these tests have to be answered. */
const FAR_DAY = new Intl.DateTimeFormat('en', { weekday: 'short', timeZone: 'Asia/Tokyo' }).format(
  Date.now() + 4 * 86_400_000,
);
const POLICY = `
version: 1
policies:
  - name: asks
    match: { tags: [{ key: asks, value: 'yes' }] }
    ifNoWindow: act-at-deadline
    approval: { required: true, by: 1h, otherwise: skip }
  - name: quiet
    windows: ['${FAR_DAY} 02:00-05:00 Asia/Tokyo']
    ifNoWindow: act-at-deadline
    margin: 30m
    health: { command: 'true' }
`;

const stateDir = mkdtempSync(join(tmpdir(), 'steward-cli-'));
const policyFile = join(stateDir, 'policy.yaml');
let stack: Awaited<ReturnType<typeof stackUp>>;
let line: UpLine;
let control: ControlClient;

beforeAll(async () => {
  writeFileSync(policyFile, POLICY);
  stack = await stackUp(stateDir, ['--instances', '3', '--exec', 'canned', '--policy', policyFile]);
  line = stack.line;
  const simulator = runningStack(stateDir)?.simulator;
  if (!simulator) throw new Error('no simulator runs');
  control = new ControlClient(simulator);
}, 60_000);

afterAll(async () => {
  await stack.end();
  rmSync(stateDir, { recursive: true, force: true });
});

const steward = (...args: string[]): Promise<Finished> => cli(args, { stateDir });
const regional = (...args: string[]): Promise<Finished> =>
  steward(...args, '--region', line.simulator.regionId);

type Row = SystemEventsReport['rows'][number] & {
  handler?: { progress?: { phase: string }; result?: SystemEventResult };
};

async function report(...args: string[]): Promise<Row[]> {
  const { stdout, stderr, code } = await regional('events', ...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return (JSON.parse(stdout) as { rows: Row[] }).rows;
}

async function raise(instance: number): Promise<string> {
  const { eventIds } = await control.send<{ eventIds: string[] }>('POST', '/events', {
    instanceIds: [line.simulator.instanceIds[instance]],
  });
  return eventIds[0] ?? '';
}

const rebootsOf = async (instance: number): Promise<number> =>
  (await control.ledger({ kind: 'effect', effect: 'instance.rebooting' })).filter((record) =>
    JSON.stringify(record).includes(line.simulator.instanceIds[instance] ?? 'none'),
  ).length;

test('an event is found by the patrol, planned, answered now, and is history', async () => {
  const eventId = await raise(0);
  const before = await regional('events', 'now', eventId);
  expect(before).toMatchObject({ code: 3, stderr: expect.stringContaining('Nobody handles') as string });

  const started = await regional('patrol', 'start', '--every', '10');
  expect(started).toMatchObject({ code: 0, stdout: expect.stringContaining('Started patrol/') as string });
  const again = await regional('patrol', 'start');
  expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('runs already') as string });
  await until('it is held', async () => (await report('list'))[0]?.handler?.progress?.phase === 'holding');

  const plan = await regional('events', 'plan');
  for (const text of [eventId, 'quiet', 'deadline', 'acts at']) expect(plan.stdout).toContain(text);
  const late = await regional('events', 'reschedule', eventId, '--at', '2999-01-01T00:00:00Z');
  expect(late).toMatchObject({ code: 3, stderr: expect.stringContaining('after the deadline') as string });
  expect(await regional('events', 'retry', eventId)).toMatchObject({ code: 3 });

  expect(await regional('events', 'now', eventId)).toMatchObject({ code: 0 });
  await until(
    'it is Avoided',
    async () => (await report('history'))[0]?.handler?.result !== undefined,
    90_000,
  );
  const [past] = await report('history', '--days', '1');
  expect(past).toMatchObject({ eventId, status: 'Avoided', handler: { result: { outcome: 'avoided' } } });
  expect(await rebootsOf(0)).toBe(1);
  expect((await regional('events', 'history')).stdout).toMatch(new RegExp(`${eventId}.*avoided`));
  expect((await regional('events', 'show', eventId)).stdout).toContain('Rebooted in time');
  const ended = await regional('events', 'skip', eventId, '--reason', 'too late');
  expect(ended).toMatchObject({ code: 3, stderr: expect.stringContaining('has ended (avoided)') as string });

  expect((await regional('patrol', 'status')).stdout).toMatch(/\d+ looks?/);
  expect(await regional('patrol', 'stop')).toMatchObject({ code: 0 });
  expect((await regional('patrol', 'stop')).stdout).toContain('does not run');
}, 150_000);

test('what happened without us is said as such', async () => {
  const eventId = await raise(1);
  await control.send('PATCH', `/events/${eventId}`, { status: 'Canceled' });
  const { stdout } = await regional('events', 'history');
  expect(stdout).toMatch(new RegExp(`${eventId}.*none.*ended Canceled without us`));
});

test('a drill runs the whole chain, and a cancelled one leaves no event behind', async () => {
  const instance = ['--instance', line.simulator.instanceIds[2] ?? ''];
  const ask = ['events', 'drill', '--json', '--region', line.simulator.regionId, ...instance];
  const running = await startCli(ask, { stateDir });
  const eventIdOf = (text: string): string | undefined => /waiting: (e-[a-z0-9]+)/.exec(text)?.[1];
  await until('the event is raised', () => eventIdOf(running.stderr()) !== undefined);
  const eventId = eventIdOf(running.stderr()) ?? '';
  await until('it is held', async () => (await regional('events', 'now', eventId)).code === 0, 60_000);
  const { code, stdout } = await running.finished;
  expect(JSON.parse(stdout) as DrillResult).toMatchObject({
    outcome: 'passed',
    eventStatus: 'Avoided',
    cancelledEvents: [],
    handler: { result: { reboots: 1 } },
  });
  expect(code).toBe(0);

  const second = await startCli(ask, { stateDir });
  await until('the event is raised', () => eventIdOf(second.stderr()) !== undefined);
  second.child.kill('SIGINT');
  const cancelled = await second.finished;
  expect(JSON.parse(cancelled.stdout)).toMatchObject({ outcome: 'cancelled', eventStatus: 'Canceled' });
  expect(cancelled.code).toBe(130);
  expect(await report('list')).toEqual([]);
  expect(await rebootsOf(2)).toBe(1);
}, 150_000);

test('what people say is taken, said in one document each, and stays said', async () => {
  const instanceId = line.simulator.instanceIds[1] ?? '';
  await control.send('PATCH', `/instances/${instanceId}`, { tags: { asks: 'yes' } });
  const eventId = await raise(1);
  const said = async (...args: string[]): Promise<Record<string, unknown>> => {
    const { code, stdout, stderr } = await regional('events', ...args, '--json');
    expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: expect.any(String) as string });
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const wanting = async (): Promise<unknown[]> =>
    (JSON.parse((await steward('attention', '--json')).stdout) as { attention: unknown[] }).attention;
  const workflowId = systemEventIdOf('default', line.simulator.regionId, eventId);

  expect(await said('retry', eventId)).toMatchObject({ eventId, workflowId });
  await until('a person is wanted', async () => (await wanting()).length === 1);
  expect((await wanting())[0]).toMatchObject({
    workflowId,
    eventId,
    instanceIds: [instanceId],
    attention: 'handleSystemEvent: approval',
  });
  expect((await steward('attention')).stdout).toMatch(new RegExp(`approval.*${instanceId}.*${eventId}`));
  const at = new Date(Date.now() + 7_200_000).toISOString();
  expect(await said('reschedule', eventId, '--at', at)).toEqual({
    workflowId,
    eventId,
    update: 'reschedule',
    answer: `will act at ${at}`,
  });

  // A handler that ended without a result is started again by people only.
  const connection = await Connection.connect({ address: line.address });
  const { workflow } = new Client({ connection, namespace: line.namespace });
  await workflow.getHandle(workflowId).terminate('the test');
  expect((await regional('events', 'show', eventId)).stdout).toContain('terminated');
  expect(await said('retry', eventId)).toMatchObject({ workflowId });
  await connection.close();

  expect(await said('approve', eventId)).toMatchObject({ update: 'approve', answer: 'approved' });
  expect(await said('skip', eventId, '--reason', 'the owner reboots it')).toMatchObject({
    answer: 'will not act',
  });
  await until('nobody is wanted any more', async () => (await wanting()).length === 0);
  expect(await regional('events', 'now', eventId)).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('too late') as string,
  });
  expect(await regional('events', 'retry', eventId)).toMatchObject({ code: 3 });
  const shown = (await said('show', eventId)) as { rows: Row[] };
  expect(shown.rows[0]).toMatchObject({
    eventId,
    policy: 'asks',
    handler: { progress: { phase: 'watching', outcome: 'skipped', approved: true } },
  });
  expect((await said('plan')) as object).toMatchObject({
    kind: 'open',
    total: 1,
    rows: [{ eventId, plan: { action: 'act' } }],
  });
  expect(await rebootsOf(1)).toBe(0);
}, 150_000);

test('an instance with an open event is not drilled; who wants a person is listed', async () => {
  const [{ eventId } = { eventId: '' }] = await report('list');
  const refused = await regional('events', 'drill', '--instance', line.simulator.instanceIds[1] ?? '');
  expect(refused).toMatchObject({ code: 3, stdout: expect.stringContaining(eventId) as string });
  expect(await steward('attention')).toMatchObject({ code: 0, stdout: 'Nothing wants a person.\n' });
});

test('a policy file is checked with every error and its line', async () => {
  expect(await steward('policy', 'check', policyFile)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`quiet: ${FAR_DAY}`) as string,
  });
  const bad = join(stateDir, 'bad.yaml');
  writeFileSync(bad, 'version: 2\npolicies:\n  - name: Big\n    margin: 1x\n');
  const { code, stderr } = await steward('policy', 'check', bad);
  expect(code).toBe(2);
  for (const place of ['(1:1)', '(3:5)', '(4:5)']) expect(stderr).toContain(place);
  const up = await steward('up', '--policy', bad);
  expect(up.code).toBe(2);
});

test.each([
  ['events', 'list', '--region', 'x#'],
  ['events', 'now', 'no-event'],
  ['events', 'history', '--days', '31'],
  ['events', 'drill', '--instance', 'i-x', '--in', '1'],
  ['events', 'skip', 'e-1'],
  ['patrol', 'start', '--every', '1'],
])('%s %s is bad usage with %s %s', async (...args) => {
  expect((await steward(...args)).code).toBe(2);
});
