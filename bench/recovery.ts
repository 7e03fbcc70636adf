/**
 * How soon the work goes on after SIGKILL: twenty trials with the settings of production, the moments spread evenly by
 * chance over waiting and collecting.
 *
 * Usage: npm run bench:recovery [-- TRIALS]   (default 20; about 4 minutes)
 */
import { LiveServer } from '../test/support/live-site';
import { percentile, printTable, runBenchmark, say, seconds } from './support/figures';
import { recoveryTrial } from './support/recovery-trial';
import type { Moment, Trial } from './support/recovery-trial';

const TRIALS = Number(process.argv[2] ?? 20);
/** Two at a time: each trial mostly waits. */
const AT_ONCE = 2;

runBenchmark(async () => {
  const live = await LiveServer.start();
  const trials: Trial[] = [];
  const todo = Array.from({ length: TRIALS }, (_, index) => index);
  const lane = async (): Promise<void> => {
    for (let index = todo.shift(); index !== undefined; index = todo.shift()) {
      const moment: Moment = index % 2 === 0 ? 'waiting' : 'collecting';
      const trial = await recoveryTrial(live, moment, (index + Math.random()) / TRIALS);
      trials.push(trial);
      say(`${trials.length} of ${TRIALS}: ${moment}, ${seconds(trial.resultMs)} s`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  await live.close();
  const row = (name: string, of: Trial[]): (string | number | undefined)[] => {
    const [calls, results] = [of.map((t) => t.nextCallMs), of.map((t) => t.resultMs)];
    const figures = [calls, results].flatMap((values) =>
      [0.5, 0.95, 1].map((share) => seconds(percentile(values, share))),
    );
    return [name, of.length, ...figures, of.filter((trial) => !trial.right).length];
  };
  printTable(
    'Seconds after SIGKILL of the only worker, its replacement started at once',
    ['killed while', 'trials', 'next call p50', 'p95', 'max', 'result p50', 'p95', 'max', 'lost or doubled'],
    [
      ...(['waiting', 'collecting'] as const).map((m) =>
        row(
          m,
          trials.filter((t) => t.moment === m),
        ),
      ),
      row('either', trials),
    ],
  );
});
