/** What an instance is to be: tags, overrides, boundaries that come late, how long it has run; and what it saved. */
import { compiledHours } from '../../src/domain/hours-calendar';
import { judgeInstance, notDueReason } from '../../src/domain/hours-decision';
import type { HoursAction, Override, WorkingHours } from '../../src/domain/hours-messages';
import { monthBounds, savingsOf } from '../../src/domain/hours-savings';
import type { Sighting } from '../../src/domain/hours-savings';
import { expire, overrideErrors } from '../../src/domain/hours-state';

const OFFICE: WorkingHours = {
  name: 'office',
  regions: ['cn-hangzhou'],
  tags: [{ key: 'Start&Stop' }],
  timeZone: 'Asia/Tokyo',
  days: 'mon-fri',
  start: '09:00',
  stop: '21:00',
};
const MONDAY_10 = '2026-12-07T01:00:00Z';
const MONDAY_22 = '2026-12-07T13:00:00Z';

function verdict(
  value: string,
  {
    action = 'stop',
    at = MONDAY_22,
    hours = {},
    overrides = [],
    startedAt = '',
  }: {
    action?: HoursAction;
    at?: string;
    hours?: Partial<WorkingHours>;
    overrides?: Override[];
    startedAt?: string;
  } = {},
): { want: string; reason: string; bad?: true } {
  const definition = { ...OFFICE, ...hours };
  const instance = {
    instanceId: 'i-1',
    status: 'Running',
    tags: [
      { key: 'Start&Stop', value },
      { key: 'app', value: 'shop' },
    ],
    startedAt,
  };
  const context = { definition, overrides, action, at };
  const knows = (name: string): boolean => name === 'night';
  return judgeInstance(instance, { hours: compiledHours(definition), context, now: Date.parse(at), knows });
}

test.each([
  ['', 'stopped', ''],
  ['office', 'stopped', ''],
  ['Ignore', 'leave', 'ignore'],
  ['night', 'leave', 'names the hours night'],
  ['nite', 'leave', 'names no working hours'],
  ['mon-fri 09:00-21:00 Asia/Tokyo', 'leave', 'hours of its own'],
  ['mon-fri 9-21 Asia/Tokyo', 'leave', '"mon-fri 9-21 Asia/Tokyo"'],
  ['mon-fri 09:00-21:00 Asia/Tokio', 'leave', 'Asia/Tokyo'],
])('the tag value %j makes it %s', (value, want, reason) => {
  const said = verdict(value);
  expect(said.want).toBe(want);
  expect(said.reason).toContain(reason);
  const isBad = value === 'nite' || /9-21|Tokio/.test(value);
  expect(said.bad ?? false).toBe(isBad);
});

test('enforce asks what is wanted now, edge leaves people alone between boundaries', () => {
  const enforce = { action: 'enforce', hours: { mode: 'enforce' } } as const;
  expect(verdict('', { ...enforce, at: MONDAY_22 }).want).toBe('stopped');
  expect(verdict('', { ...enforce, at: MONDAY_10 }).want).toBe('running');
  expect(verdict('', { action: 'enforce', at: MONDAY_22 })).toMatchObject({ want: 'leave' });
});

test('hours in a tag act at their own boundary, within the five minutes after it', () => {
  const own = { action: 'enforce', hours: { ownHours: true } } as const;
  const value = 'mon-fri 08:00-20:00 Asia/Tokyo';
  expect(verdict(value, { ...own, at: '2026-12-07T11:00:00Z' }).want).toBe('stopped');
  expect(verdict(value, { ...own, at: '2026-12-07T11:05:00Z' }).want).toBe('leave');
  expect(verdict(value, { ...own, at: '2026-12-06T23:00:00Z' }).want).toBe('running');
});

test('an override keeps what it says until it ends, the newest one holds', () => {
  const base: Override = {
    id: 'a',
    keep: 'running',
    until: '2026-12-08T00:00:00Z',
    reason: 'release night',
    at: '2026-12-01T00:00:00Z',
  };
  expect(verdict('', { overrides: [base] })).toMatchObject({
    want: 'leave',
    reason: expect.stringContaining('release night') as string,
  });
  expect(verdict('', { overrides: [{ ...base, until: MONDAY_22 }] }).want).toBe('stopped');
  expect(verdict('', { overrides: [{ ...base, instanceIds: ['i-2'] }] }).want).toBe('stopped');
  expect(verdict('', { overrides: [{ ...base, tag: { key: 'app', value: 'shop' } }] }).want).toBe('leave');
  const newer: Override = { ...base, id: 'b', keep: 'stopped', at: '2026-12-02T00:00:00Z' };
  expect(verdict('', { overrides: [newer, base] }).want).toBe('stopped');
  const enforce = { action: 'enforce', hours: { mode: 'enforce' } } as const;
  expect(verdict('', { ...enforce, at: MONDAY_22, overrides: [base] }).want).toBe('running');
});

test('what has run too long is stopped, whatever started it', () => {
  const hours = { maxRunHours: 8 };
  const at = '2026-12-06T09:00:00Z';
  expect(verdict('', { action: 'enforce', at, hours, startedAt: '2026-12-06T00:59Z' }).want).toBe('stopped');
  expect(verdict('', { action: 'enforce', at, hours, startedAt: '2026-12-06T01:01Z' }).want).toBe('leave');
});

test('a boundary that comes after the next one, on a frozen day or at a time shown twice is not acted upon', () => {
  const reason = (
    hours: Partial<WorkingHours>,
    action: HoursAction,
    at: string,
    now = at,
  ): string | undefined =>
    notDueReason(compiledHours({ ...OFFICE, ...hours }), {
      action,
      at: Date.parse(at),
      now: Date.parse(now),
    });
  expect(reason({}, 'start', '2026-12-07T00:00:00Z', '2026-12-07T11:59:00Z')).toBeUndefined();
  expect(reason({}, 'start', '2026-12-07T00:00:00Z', '2026-12-07T12:01:00Z')).toContain('late');
  expect(reason({ freezes: ['2026-12-07'] }, 'stop', '2026-12-07T12:00:00Z')).toContain('frozen');
  const fold = { timeZone: 'America/New_York', days: undefined, start: '01:30', stop: '23:00' };
  expect(reason(fold, 'start', '2027-11-07T05:30:00Z')).toContain('second time');
  expect(reason(fold, 'start', '2027-11-07T06:30:00Z')).toBeUndefined();
});

test('overrides end by themselves with a line of audit, and bad ones are refused with every error', () => {
  const override: Override = { id: 'a', keep: 'running', until: MONDAY_10, reason: 'x', at: MONDAY_10 };
  const state = { definition: OFFICE, overrides: [override], audit: [], runs: [] };
  expire(state, Date.parse(MONDAY_10) - 1);
  expect(state.overrides).toHaveLength(1);
  expire(state, Date.parse(MONDAY_10));
  expect(state).toMatchObject({
    overrides: [],
    audit: [{ at: MONDAY_10, what: expect.stringContaining('ended: a') as string }],
  });
  const paths = overrideErrors({ keep: 'on', until: 'later', instanceIds: ['x'], tag: {} }, 0).map(
    ({ path }) => path,
  );
  expect(paths).toEqual(['keep', 'until', 'reason', 'instanceIds', 'tag']);
});

test('savings count from a verified stop to the next start, by month, and money only with a price', () => {
  const seen = (at: string, state: Sighting['state'], instanceId = 'i-1'): Sighting => ({
    instanceId,
    instanceType: 'ecs.g6.large',
    region: 'r',
    at,
    state,
  });
  const sightings = [
    seen('2026-11-30T12:00:00Z', 'free'),
    seen('2026-12-01T00:00:00Z', 'running'),
    seen('2026-12-01T12:00:00Z', 'free'),
    seen('2026-12-01T12:00:00Z', 'free'),
    seen('2026-12-02T00:00:00Z', 'running'),
    seen('2026-12-31T12:00:00Z', 'free'),
    seen('2026-12-01T12:00:00Z', 'charged', 'i-2'),
  ];
  const bounds = {
    ...(monthBounds('2026-12') ?? { from: 0, to: 0 }),
    now: Date.parse('2027-02-01T00:00:00Z'),
  };
  expect(savingsOf(sightings, { ...bounds, prices: { '*': 0.5 } })).toMatchObject([
    { instanceId: 'i-1', hoursFree: 24, hoursCharged: 0, saved: 12 },
    { instanceId: 'i-2', hoursFree: 0, hoursCharged: 732, saved: 0 },
  ]);
  expect(savingsOf(sightings, bounds)[0]).not.toHaveProperty('saved');
  expect(monthBounds('2026-13')).toBeUndefined();
});
