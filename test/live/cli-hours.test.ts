/** Working hours from the command line, on a stack of its own: made, previewed, triggered, changed, gone. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControlClient } from '../../simulator/control/client';
import type { SurveyPart } from '../../src/domain/hours-report';
import type { WorkingHoursState } from '../../src/domain/hours-state';
import { runningStack } from '../../src/stack/stack-file';
import { cli, stackUp } from '../support/cli';
import type { Finished, UpLine } from '../support/cli';
import { until } from '../support/temporary';

const stateDir = mkdtempSync(join(tmpdir(), 'steward-cli-'));
let stack: Awaited<ReturnType<typeof stackUp>>;
let line: UpLine;
let control: ControlClient;

beforeAll(async () => {
  stack = await stackUp(stateDir, [
    '--instances',
    '3',
    '--exec',
    'canned',
    '--tag',
    'Start&Stop=',
    '--time',
    'x20',
  ]);
  line = stack.line;
  const simulator = runningStack(stateDir)?.simulator;
  if (!simulator) throw new Error('no simulator runs');
  control = new ControlClient(simulator);
}, 60_000);

afterAll(async () => {
  await stack.end();
  rmSync(stateDir, { recursive: true, force: true });
});

const hours = (...args: string[]): Promise<Finished> => cli(['hours', ...args], { stateDir });

async function json<T>(...args: string[]): Promise<T> {
  const { stdout, stderr, code } = await hours(...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

const OFFICE = [
  '--tag',
  'Start&Stop',
  '--start',
  '09:00',
  '--stop',
  '21:00',
  '--days',
  'mon-fri',
  '--time-zone',
  'Asia/Tokyo',
];

const stateOf = (name: string): Promise<WorkingHoursState> => json('show', name);
const effects = async (effect: string): Promise<number> =>
  (await control.ledger({ kind: 'effect', effect })).length;

async function setTag(index: number, value: string): Promise<void> {
  await control.send('PATCH', `/instances/${line.simulator.instanceIds[index]}`, {
    tags: { 'Start&Stop': value },
  });
}

test('the original job is one command; what it would do is shown, and done by its boundary', async () => {
  const made = await hours('create', 'office', ...OFFICE);
  expect(made).toMatchObject({ code: 0, stderr: '' });
  expect(made.stdout).toContain('a stop now would touch 3 of 3');
  expect(made.stdout).toMatch(/stop +(Mon|Tue|Wed|Thu|Fri) 20\d\d-\d\d-\d\d 21:00 +20\d\d-\d\d-\d\d 12:00/);
  const twice = await hours('create', 'office', ...OFFICE);
  expect(twice).toMatchObject({ code: 3, stderr: expect.stringContaining('hours edit office') as string });

  // A tag that is edited between preview and action counts as it is at the action.
  await setTag(0, 'ignore');
  await setTag(1, 'offce');
  const preview = await json<{ next: { action: string; at: string }[]; survey: SurveyPart[] }>(
    'preview',
    'office',
    '--count',
    '4',
  );
  expect(preview.next.map(({ at }) => at.slice(11, 16)).sort()).toEqual(['00:00', '00:00', '12:00', '12:00']);
  const stop = preview.survey.find(({ action }) => action === 'stop');
  expect(stop).toMatchObject({ touches: 1, totals: { targets: 3, skipped: 2 } });
  expect(JSON.stringify(stop?.exceptions)).toContain('offce');
  await setTag(1, 'office');

  const until2030 = ['--until', '2030-01-01 08:00', '--reason', 'release night'];
  const id = line.simulator.instanceIds[2] ?? '';
  const kept = await json<{ id: string; until: string }>(
    'override',
    'office',
    '--keep',
    'running',
    '--instance',
    id,
    ...until2030,
  );
  expect(kept.until).toBe('2029-12-31T23:00:00Z');
  expect(await hours('trigger', 'office', 'stop')).toMatchObject({ code: 0 });
  await until('the stop has reported', async () => (await stateOf('office')).runs.length === 1, 60_000);
  const after = await stateOf('office');
  expect(after.runs[0]).toMatchObject({
    action: 'stop',
    outcome: 'done',
    summary: expect.stringContaining('1 stopped') as string,
  });
  expect(await effects('instance.stopped')).toBe(1);

  await hours('override', 'office', '--lift', kept.id);
  await hours('trigger', 'office', 'stop');
  await until(
    'the second stop has reported',
    async () => (await stateOf('office')).runs.length === 2,
    60_000,
  );
  expect(await effects('instance.stopped')).toBe(2);
  const audit = (await stateOf('office')).audit.map(({ what }) => what.split(':')[0]);
  expect(audit).toEqual(['created', 'override', 'lifted']);
  expect((await hours('list')).stdout).toMatch(
    /office +(start|stop) 20.* mon-fri 09:00 to 21:00 Asia\/Tokyo, edge/,
  );
  expect((await hours('report', 'office', '--month', new Date().toISOString().slice(0, 7))).stdout).toContain(
    '2 instances',
  );
}, 180_000);

test('they are changed, enforced, paused and deleted', async () => {
  await hours('create', 'night', ...OFFICE.slice(2), '--tag', 'night', '--paused');
  expect((await hours('show', 'night')).stdout).toContain('paused');
  const edited = await json<{ schedules: { action: string; paused: boolean }[] }>(
    'edit',
    'night',
    '--enforce',
    '--stop',
    '23:00',
    '--price',
    '*=0.5',
  );
  expect(edited.schedules.map(({ action }) => action)).toEqual(['start', 'stop', 'enforce']);
  expect((await stateOf('night')).definition).toMatchObject({
    stop: '23:00',
    mode: 'enforce',
    days: 'mon-fri',
    prices: { '*': 0.5 },
  });
  expect(await hours('resume', 'night')).toMatchObject({ code: 0 });
  expect(await hours('pause', 'night', '--reason', 'moving house')).toMatchObject({ code: 0 });
  expect((await hours('show', 'night')).stdout).toContain('moving house');
  const edge = await json<{ schedules: { action: string }[] }>('edit', 'night', '--edge');
  expect(edge.schedules).toHaveLength(2);
  expect(await hours('delete', 'night')).toMatchObject({ code: 0 });
  expect(await hours('show', 'night')).toMatchObject({ code: 3 });
  expect(await hours('delete', 'night')).toMatchObject({ code: 3 });
}, 120_000);

test.each([
  [
    ['create', 'x', ...OFFICE, '--start', '0 0 9 * * 1-5', '--days', 'mon-fry'],
    ['--start: ', 'seconds first'],
  ],
  [
    ['create', 'x', '--tag', 'a', '--start', '9am', '--time-zone', 'Japan/Tokyo'],
    ['--start: ', '--time-zone: '],
  ],
  [['create', 'Office', ...OFFICE], ['NAME: ']],
  [['create', 'x', '--tag', 'a', '--start', '09:00', '--enforce', '--time-zone', 'UTC'], ['--enforce: ']],
  [
    ['override', 'office', '--keep', 'on', '--until', '2020-01-01 00:00'],
    ['--keep: ', '--until: ', '--reason: '],
  ],
  [['preview', 'office', '--count', '0'], ['--count: ']],
  [['report', 'office', '--month', '2026-13'], ['--month: ']],
])('%j is bad usage', async (args, texts) => {
  const { code, stderr } = await hours(...args);
  expect(code).toBe(2);
  for (const text of texts) expect(stderr).toContain(text);
});
