/** Twenty kills at moments spread over waiting and collecting, with production settings: p95 within fifteen seconds. */
import { percentile } from '../../bench/support/figures';
import { recoveryTrial } from '../../bench/support/recovery-trial';
import type { Trial } from '../../bench/support/recovery-trial';
import { LiveServer } from '../support/live-site';

const TRIALS = 20;
const WITHIN_MS = 15_000;

test('recovery after SIGKILL', async () => {
  const live = await LiveServer.start();
  const trials: Trial[] = [];
  for (let index = 0; index < TRIALS; index += 1)
    trials.push(
      await recoveryTrial(live, index % 2 === 0 ? 'waiting' : 'collecting', (index + 0.5) / TRIALS),
    );
  await live.close();
  expect(trials.every((trial) => trial.right)).toBe(true);
  expect(
    percentile(
      trials.map((trial) => trial.resultMs),
      0.95,
    ),
  ).toBeLessThan(WITHIN_MS);
}, 900_000);
