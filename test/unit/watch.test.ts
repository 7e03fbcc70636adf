import fc from 'fast-check';
import {
  dueWaits,
  instancesKeyOf,
  nextLookAt,
  readInstancesKey,
  register,
  settle,
  statesAfter,
} from '../../src/domain/watch';
import type { Wait } from '../../src/domain/watch';

const T0 = 1_800_000_000_000;

function wait(over: Partial<Wait> = {}): Wait {
  return {
    kind: 'invocation',
    key: 't-1',
    waiter: 'run-1',
    generation: 'g1',
    since: T0,
    seen: false,
    ...over,
  };
}

describe('registration', () => {
  it('keeps the age of a wait that is registered again, and its being seen', () => {
    const waits = register([wait({ seen: true })], { ...wait(), generation: 'g2', since: T0 + 5_000 });
    expect(waits).toEqual([wait({ generation: 'g2', seen: true })]);
  });

  it('keeps two waiters for the same thing apart', () => {
    expect(register([wait()], wait({ waiter: 'run-2', generation: 'g2' }))).toHaveLength(2);
  });
});

describe('a tick', () => {
  it('removes what it was given', () => {
    const given = [wait(), wait({ key: 't-2', generation: 'g2' })];
    expect(settle(given, given, { ended: [0], seen: [] })).toEqual([given[1]]);
  });

  it('keeps what was registered anew while it ran', () => {
    const given = [wait()];
    const now = register(given, { ...wait(), generation: 'g2' });
    expect(settle(now, given, { ended: [0], seen: [] })).toEqual([wait({ generation: 'g2' })]);
  });

  it('never removes a wait it was not told about, whatever it says', () => {
    const waits = fc.uniqueArray(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(waits, fc.array(fc.integer({ min: 0, max: 60 })), fc.nat(29), (ids, ended, cut) => {
        const all = ids.map((id) => wait({ key: `t-${id}`, generation: `g-${id}` }));
        const given = all.slice(0, cut);
        const left = settle(all, given, { ended, seen: [] });
        for (const late of all.slice(cut)) expect(left).toContainEqual(late);
      }),
    );
  });
});

describe('gaps', () => {
  it('looks at a young wait within 1.5 s and at an hour-old one every 24 s', () => {
    expect((nextLookAt([wait()], T0) ?? 0) - T0).toBeLessThanOrEqual(1_500);
    const old = T0 + 3_600_000;
    const first = nextLookAt([wait()], old) ?? 0;
    expect((nextLookAt([wait()], first) ?? 0) - first).toBe(24_000);
  });

  it('sets no timer while nothing is waited for', () => {
    expect(nextLookAt([], T0)).toBeUndefined();
  });

  it('makes waits of like age due together, so that one page serves them', () => {
    const waits = Array.from({ length: 40 }, (_, i) =>
      wait({ key: `t-${i}`, generation: `g${i}`, since: T0 - 70_000 + i * 37 }),
    );
    const last = T0;
    const now = nextLookAt(waits, last) ?? 0;
    expect(dueWaits(waits, last, now)).toHaveLength(40);
  });

  it('finds at least one wait due at the moment it names, for any ages', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 90_000_000 }), { minLength: 1, maxLength: 20 }),
        (ages) => {
          const waits = ages.map((age, i) => wait({ key: `t-${i}`, generation: `g${i}`, since: T0 - age }));
          const next = nextLookAt(waits, T0) ?? 0;
          expect(next).toBeGreaterThan(T0);
          expect(dueWaits(waits, T0, next).length).toBeGreaterThan(0);
        },
      ),
    );
  });
});

test('states are kept of what was not looked at this time, and forgotten with the wait', () => {
  const [a, b, c] = ['t-a', 't-b', 't-c'].map((key) => wait({ key, generation: key }));
  const before = { 't-a': { Pending: 2 }, 't-b': { Running: 1 }, 't-c': { Running: 9 } };
  const verdict = { states: { 't-a': { Running: 2 } } };
  const open = [a, b].filter((each) => each !== undefined);
  const given = [a, c].filter((each) => each !== undefined);
  expect(statesAfter(before, given, verdict, open)).toEqual({ 't-a': { Running: 2 }, 't-b': { Running: 1 } });
  // More than the watcher remembers states of: what was known is old now.
  expect(statesAfter(before, given, { states: {} }, open)).toEqual({ 't-b': { Running: 1 } });
  expect(statesAfter(undefined, given, verdict, given)).toEqual({ 't-a': { Running: 2 } });
});

test('the key of a wait for a batch of instances says them all, in one order', () => {
  const key = instancesKeyOf('Stopped', ['i-b', 'i-a']);
  expect(key).toBe(instancesKeyOf('Stopped', ['i-a', 'i-b']));
  expect(readInstancesKey(key)).toEqual({ status: 'Stopped', instanceIds: ['i-a', 'i-b'] });
});
