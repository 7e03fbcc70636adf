/** What `steward gate status` and the Web UI say of a gate. */
import { gateText } from '../../src/cli/gate';
import type { GateHolding, GateRequest, GateState } from '../../src/domain/gate';
import { gateDetailsOf } from '../../src/domain/gate-summary';

const NOW = Date.parse('2026-12-01T12:00:00Z');
const known = { workflowId: 'gate/default/cn-hangzhou', region: 'cn-hangzhou', running: true };

const holder = (over: Partial<GateHolding> = {}): GateHolding => ({
  requestId: 'r1',
  holder: 'system-event/default/cn-hangzhou/e-1',
  runId: 'run',
  purpose: 'reboot',
  keys: ['instance/i-a', 'group/role=db'],
  limits: { 'group/role=db': 2 },
  askedAt: NOW - 125_000,
  grantedAt: NOW - 65_000,
  generation: 3,
  ...over,
});

const waiter = (over: Partial<GateRequest> = {}): GateRequest => ({
  requestId: 'r2',
  holder: 'hours/\u001b[31moffice',
  runId: 'run',
  purpose: 'stop',
  keys: Array.from({ length: 7 }, (_, index) => `instance/i-${index}`),
  askedAt: NOW - 5_000,
  ...over,
});

const state = (over: Partial<GateState> = {}): GateState => ({
  region: 'cn-hangzhou',
  held: [holder()],
  waiting: [waiter()],
  generation: 3,
  ...over,
});

test('who holds and who waits, in order, with their keys', () => {
  expect(gateText({ ...known, progress: state() }, NOW).split('\n')).toEqual([
    'gate/default/cn-hangzhou',
    '1 holder, 1 waiting, in order',
    'WHO                                   TO      SINCE  HOLDS',
    'system-event/default/cn-hangzhou/e-1  reboot  1:05   instance/i-a, group/role=db (at most 2)',
    'WHO           TO    SINCE  WAITS FOR',
    'hours/office  stop  0:05   instance/i-0, instance/i-1, instance/i-2, instance/i-3, instance/i-4 and 2 more',
  ]);
});

test('one that is idle, full, fails to look or does not run says so', () => {
  const text = gateText({ ...known, progress: state({ held: [], waiting: [] }) }, NOW);
  expect(text).toContain('idle: nothing is held');
  const lastLook = { at: 'then', looked: 1, closed: 0, error: 'deadline exceeded' };
  const ill = gateText({ ...known, progress: state({ turnedAway: 2, lastLook }) }, NOW);
  expect(ill).toContain('full: turned 2 requests away so far; they ask again');
  expect(ill).toContain('the last look at holders, then, failed: deadline exceeded');
  expect(gateText({ ...known, running: false }, NOW)).toContain('does not run: the next operation');
  expect(gateText({ ...known, reason: 'nobody answers' }, NOW)).toContain('nobody answers');
});

test('in the Web UI nothing of it is markup', () => {
  const details = gateDetailsOf(state({ waiting: [waiter({ holder: 'a`b', preempt: true })] }));
  expect(details).toContain('**1 hold, 1 wait** in cn-hangzhou');
  expect(details).toContain("`a'b`");
  const many = Array.from({ length: 25 }, () => waiter());
  expect(gateDetailsOf(state({ waiting: many }))).toContain('- and 5 more');
});
