/** How fast a run goes: whatever is asked for and whatever happens, never above its limit. */
import fc from 'fast-check';
import { spreadOverZones } from '../../src/domain/plan';
import { amountError, instancesOf, limitsOf, nextBatchSize, reasonToStop } from '../../src/domain/rate';
import type { Pace } from '../../src/domain/rate';
import { emptyTotals } from '../../src/domain/rows';

const pace = (planned: number, over: Partial<Pace> = {}): Pace => ({
  planned,
  next: 0,
  batches: [],
  limits: { maxConcurrency: planned, maxErrors: planned },
  canary: 0,
  startWith: 0,
  needsApproval: false,
  approved: false,
  paused: false,
  totals: emptyTotals(),
  ...over,
});

test('amounts are whole numbers or percentages', () => {
  for (const good of [1, 10_000, '1%', '100%']) expect(amountError(good, 1)).toBeUndefined();
  for (const good of [0, '0%']) expect(amountError(good, 0)).toBeUndefined();
  for (const bad of [0, '0%', -1, 1.5, NaN, 10_001, '101%', '150%', '5', '%', '1.5%', '05%', null, {}])
    expect(amountError(bad, 1)).toContain('must be a whole number from 1 to 10000');
  expect(instancesOf('10%', 9, 1)).toBe(1);
  expect(instancesOf('10%', 9, 0)).toBe(0);
  expect(instancesOf('50%', 101, 1)).toBe(50);
});

test('a small run has no limits unless asked; a large one has half of the fleet, at most 500, and a tenth of errors', () => {
  expect(limitsOf(undefined, 100)).toEqual({ maxConcurrency: 100, maxErrors: 100 });
  expect(limitsOf(undefined, 101)).toEqual({ maxConcurrency: 50, maxErrors: 10 });
  expect(limitsOf(undefined, 10_000)).toEqual({ maxConcurrency: 500, maxErrors: 1_000 });
  expect(limitsOf({ maxConcurrency: 7, maxErrors: 0 }, 50)).toEqual({ maxConcurrency: 7, maxErrors: 0 });
});

/** Plays a whole run: batches end in any order, with any number of failures, while people change their minds. */
test('a run of any kind never has more under way than its limit, sends each once, and stops in time', () => {
  const runs = fc.record({
    planned: fc.integer({ min: 1, max: 700 }),
    maxConcurrency: fc.integer({ min: 1, max: 700 }),
    maxErrors: fc.integer({ min: 0, max: 700 }),
    canary: fc.integer({ min: 0, max: 50 }),
    startWith: fc.integer({ min: 0, max: 50 }),
    choices: fc.array(fc.nat(), { minLength: 20, maxLength: 20 }),
    failing: fc.integer({ min: 0, max: 10 }),
  });
  fc.assert(
    fc.property(runs, ({ planned, maxConcurrency, maxErrors, canary, startWith, choices, failing }) => {
      const limits = { maxConcurrency, maxErrors };
      const run = pace(planned, {
        limits,
        canary: Math.min(canary, planned),
        startWith: Math.min(startWith, planned),
      });
      const batches: { instances: number }[] = [];
      run.batches = batches;
      const underWay = (): number => batches.reduce((sum, batch) => sum + batch.instances, 0);
      for (let step = 0; step < 2_000; step += 1) {
        for (let size = nextBatchSize(run); size > 0; size = nextBatchSize(run)) {
          expect(size).toBeLessThanOrEqual(100);
          batches.push({ instances: size });
          run.next += size;
        }
        expect(underWay()).toBeLessThanOrEqual(maxConcurrency);
        if (run.next < run.canary) expect(underWay()).toBeLessThanOrEqual(run.canary);
        if (batches.length === 0) break;
        const before = underWay();
        const [ended] = batches.splice((choices[step % choices.length] ?? 0) % batches.length, 1);
        const instances = ended?.instances ?? 0;
        const failed = Math.min(instances, (choices[(step * 7) % choices.length] ?? 0) % (failing + 1));
        run.totals.targets += instances;
        run.totals.Failed += failed;
        run.totals.Success += instances - failed;
        run.stopped ??= reasonToStop(run);
        expect(run.totals.Failed).toBeLessThanOrEqual(maxErrors + Math.max(before, maxConcurrency));
      }
      expect(run.next).toBeLessThanOrEqual(planned);
      if (run.stopped === undefined) expect(run.totals.targets).toBe(planned);
    }),
    { numRuns: 300 },
  );
});

test('a plan spread over zones has every instance once, and neighbours of different zones as long as there are any', () => {
  const ids = ['a1', 'a2', 'a3', 'b1', 'c1', 'c2'];
  expect(spreadOverZones(ids, (id) => id.slice(0, 1))).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
});
