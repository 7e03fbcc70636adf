/** After SIGKILL the work goes on within fifteen seconds with production settings; bench/recovery.ts has twenty trials. */
import { recoveryTrial } from '../../bench/support/recovery-trial';
import { LiveServer } from '../support/live-site';

/** Heartbeat timeout 6 s, retry 1 s, sticky timeout 5 s, and the start of a worker. */
const WITHIN_MS = 15_000;

let live: LiveServer;
beforeAll(async () => {
  live = await LiveServer.start();
});
afterAll(() => live.close());

test.concurrent.each([
  ['waiting', 0.3],
  ['collecting', 0],
  ['collecting', 0.9],
] as const)(
  'killed while %s (%d of it past): right, and within 15 s',
  async (moment, at) => {
    const trial = await recoveryTrial(live, moment, at);
    expect(trial.right).toBe(true);
    expect(trial.resultMs).toBeLessThan(WITHIN_MS);
  },
  90_000,
);
