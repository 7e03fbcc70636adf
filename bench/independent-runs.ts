/**
 * Independent runs at once, 1, 10 and 100 of them with commands of 10 to 30 s: what waiting for them costs and how late
 * an end is noticed, against one that polls every two seconds for each run. Same simulator, same durations.
 *
 * Neither side is limited by a quota here, so that waiting alone is compared; the busiest minute shows what the limit
 * of an account would have said.
 * Usage: npm run bench:independent-runs [-- SIZE …]   (default 1 10 100; about 4 minutes)
 */
import type { CallRecord } from '../simulator/core/ledger';
import { LiveServer, NO_QUOTA, withSite } from '../test/support/live-site';
import type { Site } from '../test/support/live-site';
import { startOneRunEach, wrongWith } from '../test/support/many-runs';
import { until } from '../test/support/until';
import { pollEachRun } from './baselines/poll-each-run';
import { mean, memoryOf, percentile, printTable, runBenchmark, say, seconds } from './support/figures';
import type { Cell } from './support/figures';

const SIZES = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1, 10, 100];
/** Runs that wait while memory is read. */
const WAITING = 300;
const SETTINGS = { ...NO_QUOTA, STEWARD_LOG_LEVEL: 'warn' };

runBenchmark(async () => {
  const live = await LiveServer.start();
  const rows: Cell[][] = [];
  for (const size of SIZES) {
    say(`${size} at once …`);
    rows.push(...(await compare(live, size)));
  }
  printTable(
    'Independent runs at once, commands of 10 to 30 s',
    [
      'runs',
      'how',
      'status calls',
      'of these results',
      'busiest minute',
      'noticed after mean',
      'p95',
      'result after mean',
      'p95',
      'events a run',
      'events watcher',
    ],
    rows,
  );
  say(`${WAITING} waiting runs …`);
  const memory = await memoryPerWaitingRun(live);
  printTable(`Memory while ${WAITING} runs wait, MB`, ['process', 'before', 'waiting', 'KB a run'], memory);
  await live.close();
});

async function compare(live: LiveServer, size: number): Promise<Cell[][]> {
  return withSite(live, { instances: size, throttling: false, settings: SETTINGS }, async (site) => {
    const { ledger, assistant } = site.simulator.simulation;
    for (const [index, instanceId] of site.simulator.instanceIds.entries())
      assistant.answers.add({ instanceId, durationMs: 10_000 + ((index * 7_919) % 20_000) });
    await pollEachRun(site.simulator);
    const baseline = [size, 'poll each run', ...waiting(site), undefined, undefined, undefined, undefined];
    ledger.reset();
    await site.startWorker();
    const runs = await startOneRunEach(site);
    const wrong = wrongWith(site, await Promise.all(runs.map((run) => run.result())));
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
    const described = await Promise.all(runs.map((run) => run.describe()));
    const finished = new Map(site.effects('command.finished').map((e) => [e.resourceId, e.time]));
    const late = described.map((each, index) => {
      const id = site.simulator.instanceIds[index] ?? '';
      return (each.closeTime?.getTime() ?? 0) - (finished.get(id) ?? 0);
    });
    const watcher = await site.watcher.describe();
    return [
      baseline,
      [
        ...[size, 'steward', ...waiting(site), seconds(mean(late)), seconds(percentile(late, 0.95))],
        ...[mean(described.map((each) => each.historyLength))?.toFixed(0), watcher.historyLength],
      ],
    ];
  });
}

/** Status calls, how many of them for results, the busiest minute, and how late ends were noticed. */
function waiting(site: Site): Cell[] {
  const results = site.calls('DescribeInvocationResults');
  const calls = [...site.calls('DescribeInvocations'), ...results];
  const minutes = calls.map(
    (call) => calls.filter((c) => c.time >= call.time && c.time < call.time + 60_000).length,
  );
  const late = site.effects('command.finished').map((effect) => {
    const asks = (call: CallRecord): boolean =>
      call.params.InvokeId === effect.detail?.invokeId && call.time >= effect.time;
    return (results.find(asks)?.time ?? Infinity) - effect.time;
  });
  return [
    ...[calls.length, results.length, Math.max(...minutes)],
    ...[seconds(mean(late)), seconds(percentile(late, 0.95))],
  ];
}

async function memoryPerWaitingRun(live: LiveServer): Promise<Cell[][]> {
  return withSite(live, { instances: WAITING, throttling: false, settings: SETTINGS }, async (site) => {
    site.simulator.simulation.assistant.answers.add({ hang: true });
    const worker = await site.startWorker();
    const pids = { worker: worker.pid, 'Temporal server': live.server.pid };
    const before = Object.values(pids).map((pid) => memoryOf(pid).now);
    await startOneRunEach(site);
    await until('all are sent', () => site.effects('invocation.created').length === WAITING, 120_000);
    await until('the watcher looks', () => site.calls('DescribeInvocations').length > 0);
    await until('all of them wait', async () => (await site.watchState()).waits.length === WAITING);
    return Object.entries(pids).map(([name, pid], index) => {
      const [was = 0, is] = [before[index], memoryOf(pid).now];
      return [name, was, is, Math.round(((is - was) * 1_024) / WAITING)];
    });
  });
}
