/** The moment chosen for an event is in time, in a window, stable, and different for every instance. */
import fc from 'fast-check';
import { planEvent } from '../../src/domain/event-plan';
import type { EventPlan, PlannedEvent, PlanPolicy } from '../../src/domain/event-plan';
import { occurrences, parseExclusion, parseWindow } from '../../src/domain/windows';
import { clock, wallClock, ZONES } from '../support/wall-clock';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const POLICY: PlanPolicy = {
  name: 'production',
  windows: ['Sat-Sun 02:00-05:00 Asia/Tokyo'],
  exclude: [],
  marginMs: 30 * MINUTE,
  workMs: 15 * MINUTE,
  ifNoWindow: 'act-at-deadline',
};

function eventAt(notBefore: string, instanceId = 'i-bp1abc'): PlannedEvent {
  const [type, publishedAt] = ['SystemMaintenance.Reboot', '2026-11-18T00:00:00Z'];
  return { eventId: 'e-1', instanceId, type, notBefore, publishedAt };
}

function plan(
  notBefore: string,
  now: string,
  policy: Partial<PlanPolicy> = {},
  instanceId?: string,
): EventPlan {
  const event = eventAt(notBefore, instanceId);
  return planEvent({ event, policy: { ...POLICY, ...policy }, now: Date.parse(now) });
}

function atOf(made: EventPlan): number {
  return made.action === 'act' ? Date.parse(made.at) : Number.NaN;
}

function verdicts(made: EventPlan): string[] {
  return made.considered.map(({ start, verdict }) => `${start.slice(0, 16)} ${verdict}`);
}

describe('the window', () => {
  test('is the first before the deadline; the others are told with their verdict', () => {
    const made = plan('2026-11-22T12:00:00Z', '2026-11-20T12:00:00Z');
    expect(made).toMatchObject({ action: 'act', deadline: '2026-11-22T11:30:00.000Z' });
    expect(made.reason).toMatch(
      /^policy production: in the window Sat-Sun 02:00-05:00 Asia\/Tokyo, 1 day \d+ h/,
    );
    expect(verdicts(made)).toEqual([
      '2026-11-20T17:00 chosen',
      '2026-11-21T17:00 later',
      '2026-11-27T17:00 after-deadline',
    ]);
    expect(atOf(made)).toBeGreaterThanOrEqual(Date.parse('2026-11-20T17:00:00Z'));
    expect(atOf(made)).toBeLessThanOrEqual(Date.parse('2026-11-20T19:45:00Z'));
  });

  test('is another one where an exclusion forbids the first', () => {
    const made = plan('2026-11-22T12:00:00Z', '2026-11-20T12:00:00Z', { exclude: ['2026-11-21'] });
    expect(verdicts(made)).toEqual([
      '2026-11-20T17:00 excluded',
      '2026-11-21T17:00 chosen',
      '2026-11-27T17:00 after-deadline',
    ]);
  });

  test('is the longer one of two that begin together', () => {
    const windows = ['Sat 02:00-03:00 Asia/Tokyo', 'Sat 02:00-05:00 Asia/Tokyo'];
    expect(plan('2026-11-22T12:00:00Z', '2026-11-20T12:00:00Z', { windows })).toMatchObject({
      window: windows[1],
    });
  });

  test('may be cut off by the deadline, and nothing is chosen behind it', () => {
    const made = plan('2026-11-20T18:00:00Z', '2026-11-20T12:00:00Z');
    expect(atOf(made)).toBeGreaterThanOrEqual(Date.parse('2026-11-20T17:00:00Z'));
    expect(atOf(made)).toBeLessThanOrEqual(Date.parse('2026-11-20T17:30:00Z'));
  });

  test('is passed over when nearly over, if there is another, and used if there is none', () => {
    const now = '2026-11-20T19:44:00Z';
    const next = plan('2026-11-22T12:00:00Z', now);
    expect(verdicts(next).slice(0, 2)).toEqual(['2026-11-20T17:00 nearly-over', '2026-11-21T17:00 chosen']);
    const only = plan('2026-11-21T12:00:00Z', now);
    expect(verdicts(only)[0]).toBe('2026-11-20T17:00 chosen');
    expect(atOf(only)).toBeLessThanOrEqual(Date.parse('2026-11-20T19:45:00Z'));
  });

  test('is not used for work that does not fit into what is left', () => {
    const made = plan('2026-11-21T12:00:00Z', '2026-11-20T19:58:00Z');
    expect(verdicts(made)[0]).toBe('2026-11-20T17:00 no-room');
    expect(made).toMatchObject({ action: 'act', at: '2026-11-21T11:30:00.000Z' });
  });

  test('is among at most 20 lines, however many were excluded', () => {
    const windows = ['Mon-Sun 02:00-05:00 Asia/Tokyo'];
    const exclude = ['2026-11-01..2026-12-24'];
    const made = plan('2027-03-01T12:00:00Z', '2026-11-20T12:00:00Z', { windows, exclude });
    expect(made.considered).toHaveLength(20);
    expect(made.considered.filter(({ verdict }) => verdict === 'chosen')).toMatchObject([
      { start: '2026-12-24T17:00:00.000Z' },
    ]);
  });
});

describe('where no window is left', () => {
  const friday = '2026-11-20T12:00:00Z';
  const before = '2026-11-20T16:00:00Z';

  test.each([
    ['act-at-deadline', { action: 'act', at: '2026-11-20T15:30:00.000Z' }],
    ['now', { action: 'act', at: '2026-11-20T12:00:00.000Z' }],
    ['alert-only', { action: 'alert-only' }],
  ] as const)('%s', (ifNoWindow, expected) => {
    const made = plan(before, friday, { ifNoWindow });
    expect(made).toMatchObject(expected);
    expect(made.reason).toContain(`no window can be used before the deadline; it says ${ifNoWindow}`);
    expect(verdicts(made)).toEqual(['2026-11-20T17:00 after-deadline']);
  });

  test('or there never was one', () => {
    expect(plan(before, friday, { windows: [] }).reason).toBe(
      'policy production has no windows; it says act-at-deadline',
    );
  });

  test('the margin is the last resort: at once, as long as the provider is not about to do it', () => {
    expect(plan(before, '2026-11-20T15:40:00Z')).toMatchObject({
      action: 'act',
      at: '2026-11-20T15:40:00.000Z',
    });
    for (const late of ['2026-11-20T15:59:30Z', before, '2026-11-21T00:00:00Z']) {
      expect(plan(before, late)).toMatchObject({ action: 'alert-only', reason: /could be the second one/ });
      expect(plan(before, late, { ifNoWindow: 'now' }).action).toBe('alert-only');
    }
  });

  test('of an event without a time people are told', () => {
    expect(plan('', friday)).toMatchObject({ action: 'alert-only', deadline: '', considered: [] });
  });
});

describe('the moment', () => {
  const now = '2026-11-20T12:00:00Z';
  const notBefore = '2026-11-22T12:00:00Z';

  test('spreads a fleet over the window and leaves its last part for the work', () => {
    const moments = Array.from({ length: 1000 }, (_, index) =>
      atOf(plan(notBefore, now, {}, `i-fleet${index}`)),
    );
    const start = Date.parse('2026-11-20T17:00:00Z');
    const slots = Array.from({ length: 11 }, () => 0);
    for (const at of moments) slots[Math.floor((at - start) / (15 * MINUTE))]! += 1;
    expect(Math.min(...slots)).toBeGreaterThan(50);
    expect(Math.max(...slots)).toBeLessThan(140);
  });

  test('spreads those who come late over what is left', () => {
    const late = Date.parse('2026-11-20T18:30:00Z');
    const moments = Array.from({ length: 300 }, (_, index) =>
      atOf(plan('2026-11-21T12:00:00Z', new Date(late).toISOString(), {}, `i-late${index}`)),
    );
    expect(Math.min(...moments)).toBeGreaterThanOrEqual(late);
    expect(Math.max(...moments)).toBeLessThanOrEqual(Date.parse('2026-11-20T19:45:00Z'));
    expect(moments.filter((at) => at === late).length).toBeLessThan(40);
    expect(new Set(moments).size).toBeGreaterThan(200);
  });

  test('does not move when the event is looked at again, and is still there for a timer that was late', () => {
    const first = plan(notBefore, now);
    const at = atOf(first);
    expect(atOf(plan(notBefore, new Date(at).toISOString()))).toBe(at);
    expect(atOf(plan(notBefore, new Date(at + 2_000).toISOString()))).toBe(at + 2_000);
    // A worker that was away for long: the moment is missed, the next one is ahead.
    const missed = plan(notBefore, new Date(at + 10 * MINUTE).toISOString());
    expect(atOf(missed)).toBeGreaterThan(at + 10 * MINUTE);
  });

  test('a moment on the deadline is not lost to a late timer either', () => {
    const windows = ['Fri 18:00-24:00 UTC'];
    const made = plan('2026-11-20T18:30:00Z', now, { windows, ifNoWindow: 'alert-only' });
    expect(made).toMatchObject({ action: 'act', at: '2026-11-20T18:00:00.000Z' });
    const late = plan('2026-11-20T18:30:00Z', '2026-11-20T18:00:03Z', { windows, ifNoWindow: 'alert-only' });
    expect(late).toMatchObject({ action: 'act', at: '2026-11-20T18:00:03.000Z' });
  });
});

describe('whatever the policy and the day', () => {
  const days = ZONES.flatMap(({ zone, days: changes }) =>
    changes.map((day) => ({ zone, day: Date.parse(day) })),
  );
  const time = fc.integer({ min: 0, max: 95 }).map((quarter) => clock(quarter * 15));
  const request = fc
    .record({
      where: fc.constantFrom(...days),
      begin: fc.subarray(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'], { minLength: 1 }),
      times: fc.tuple(time, time).filter(([from, to]) => from !== to),
      nowOffset: fc.integer({ min: -3 * 24 * 60, max: 24 * 60 }),
      ahead: fc.integer({ min: 5, max: 5 * 24 * 60 }),
      excluded: fc.subarray([-2, -1, 0, 1, 2]),
      marginMs: fc.integer({ min: 2, max: 120 }).map((minutes) => minutes * MINUTE),
      workMs: fc.integer({ min: 1, max: 90 }).map((minutes) => minutes * MINUTE),
      ifNoWindow: fc.constantFrom('act-at-deadline' as const, 'alert-only' as const, 'now' as const),
      instanceId: fc.stringMatching(/^i-[a-z0-9]{6}$/),
    })
    .map(({ where, begin, times, nowOffset, ahead, excluded, instanceId, ...policy }) => {
      const now = where.day + nowOffset * MINUTE;
      const windows = [
        `${begin.join(',')} ${times.join('-')} ${where.zone}`,
        `Wed 02:00-02:45 ${where.zone}`,
      ];
      const exclude = excluded.map((day) => wallClock(where.day + day * DAY, where.zone).date);
      const event = eventAt(new Date(now + ahead * MINUTE).toISOString(), instanceId);
      return { event, policy: { ...POLICY, ...policy, windows, exclude }, now };
    });

  test('it is not over, not behind the deadline, and in the very window it names, with room for the work', () => {
    let inWindow = 0;
    fc.assert(
      fc.property(request, ({ event, policy, now }) => {
        const made = planEvent({ event, policy, now });
        if (made.action !== 'act') return;
        const at = Date.parse(made.at);
        const deadline = Date.parse(event.notBefore) - policy.marginMs;
        expect(at).toBeGreaterThanOrEqual(now);
        expect(at).toBeLessThanOrEqual(Math.max(deadline, now));
        if (made.window === undefined || now > deadline) return;
        inWindow += 1;
        const span = spanAt(made.window, policy.exclude, at);
        // A moment that has just come may take half of its work's time to be noticed.
        const room = at === now ? policy.workMs / 2 : policy.workMs;
        expect(span?.end).toBeGreaterThanOrEqual(at + room);
      }),
      { numRuns: 400 },
    );
    expect(inWindow).toBeGreaterThan(50);
  });

  test('the day its window begins on is not excluded, by the calendar on the wall', () => {
    fc.assert(
      fc.property(request, ({ event, policy, now }) => {
        const made = planEvent({ event, policy, now });
        const chosen = made.considered.find(({ verdict }) => verdict === 'chosen');
        if (!chosen) return;
        const [, times = '', zone = ''] = chosen.window.split(' ');
        const { date, minute } = wallClock(Date.parse(chosen.start), zone);
        // What starts before the time written is the second pass of the night that began the day before.
        const began =
          clock(minute) >= times.slice(0, 5) ? date : wallClock(Date.parse(chosen.start) - DAY, zone).date;
        expect(policy.exclude).not.toContain(began);
      }),
      { numRuns: 300 },
    );
  });

  test('the same input gives the same plan, and so does any time until the moment comes', () => {
    fc.assert(
      fc.property(request, fc.double({ min: 0, max: 1, noNaN: true }), ({ event, policy, now }, part) => {
        const made = planEvent({ event, policy, now });
        expect(planEvent({ event, policy, now })).toEqual(made);
        if (made.action !== 'act' || made.window === undefined) return;
        const later = Math.floor(now + part * (Date.parse(made.at) - now));
        const again = planEvent({ event, policy, now: later });
        expect(again).toMatchObject({ action: 'act', at: made.at, window: made.window });
      }),
      { numRuns: 400 },
    );
  });

  test('windows that overlap do not make it jump', () => {
    const overlapping = fc.array(fc.tuple(time, time), { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(request, overlapping, fc.double({ min: 0, max: 1, noNaN: true }), (given, times, part) => {
        const windows = times
          .filter(([from, to]) => from !== to)
          .map(([from, to]) => `Mon-Sun ${from}-${to} UTC`);
        const { event, now } = given;
        const policy = { ...given.policy, windows };
        const made = planEvent({ event, policy, now });
        if (made.action !== 'act' || made.window === undefined) return;
        const later = Math.floor(now + part * (Date.parse(made.at) - now));
        expect(planEvent({ event, policy, now: later })).toMatchObject({ at: made.at });
      }),
      { numRuns: 300 },
    );
  });
});

/** The stretch of a window, none of an excluded day, that `at` lies in. */
function spanAt(text: string, exclude: string[], at: number): { start: number; end: number } | undefined {
  const parsed = parseWindow(text);
  if (!parsed.ok) throw new Error(parsed.message);
  const exclusions = exclude.flatMap((each) => {
    const read = parseExclusion(each);
    return read.ok ? [read.exclusion] : [];
  });
  const spans = occurrences(parsed.window, at - DAY, at + DAY, exclusions);
  return spans.find(({ start, end }) => start <= at && at < end);
}
