import { runSeed } from '../support/seeded-run';

/** How many; the first 20 are in `npm test`. */
const SEEDS = Number(process.env.STEWARD_SEEDS ?? 1_000);

it(`random faults, seeds 21 to ${20 + SEEDS}: every instance right, every batch sent once`, async () => {
  const failures: string[] = [];
  for (let seed = 21; seed <= 20 + SEEDS; seed += 1) {
    const wrong = await runSeed(seed).catch((error: unknown) => [String(error)]);
    if (wrong.length > 0)
      failures.push(`STEWARD_SEED=${seed} npm run test:seed: ${wrong.slice(0, 3).join(' | ')}`);
  }
  expect(failures).toEqual([]);
}, 7_200_000);
