import { rateSeed } from '../support/seeded-rate';
import { runSeed } from '../support/seeded-run';

/** How many; the first 10 (of limits 4) are in `npm test`. */
const SEEDS = Number(process.env.STEWARD_SEEDS ?? 1_000);

it.each([
  ['random faults: every instance right, every batch sent once', runSeed, 11, SEEDS],
  ['limits under random faults and people', rateSeed, 5, Math.ceil(SEEDS / 5)],
] as const)(
  '%s',
  async (_, run, from, count) => {
    const failures: string[] = [];
    for (let seed = from; seed < from + count; seed += 1) {
      const wrong = await run(seed).catch((error: unknown) => [String(error)]);
      if (wrong.length > 0)
        failures.push(`STEWARD_SEED=${seed} npm run test:seed: ${wrong.slice(0, 3).join(' | ')}`);
    }
    expect(failures).toEqual([]);
  },
  7_200_000,
);
