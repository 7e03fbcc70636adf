/**
 * One trial of recovery: the only worker is killed at a moment of a run, its replacement is started at once, as a
 * supervisor would, and the time is taken until the work goes on and until the result is there.
 *
 * The one rule: settings as in production; what is measured includes the replacement's own start.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { killed, withSite } from '../../test/support/live-site';
import type { LiveServer, Run, Site } from '../../test/support/live-site';
import { until } from '../../test/support/until';

/** What production has unless it is configured otherwise (src/config.ts), whatever the embedded stack uses. */
const PRODUCTION = { STEWARD_STICKY_TIMEOUT_MS: '5000', STEWARD_LOG_LEVEL: 'warn' };
const COMMAND_MS = 5_000;
/** Pages are slow, so that collecting lasts long enough to be hit. */
const PAGE_MS = 300;
const PAGES = 2;
const RESULT_WITHIN_MS = 120_000;

export type Moment = 'waiting' | 'collecting';

export interface Trial {
  moment: Moment;
  /** Kill to the next call of another worker. */
  nextCallMs: number;
  /** Kill, or end of the command where that was later, to the result. */
  resultMs: number;
  /** Nothing lost, nothing doubled. */
  right: boolean;
}

/** @param at where in the phase the kill happens, 0 to 1 */
export function recoveryTrial(live: LiveServer, moment: Moment, at: number): Promise<Trial> {
  return withSite(live, { instances: 60, settings: PRODUCTION }, async (site) => {
    const { faults, assistant } = site.simulator.simulation;
    assistant.answers.add({ durationMs: COMMAND_MS });
    faults.set([{ kind: 'delay', action: 'DescribeInvocationResults', ms: PAGE_MS }]);
    const worker = await site.startWorker();
    const run = await site.start();
    await reached(site, moment);
    await delay(at * (moment === 'waiting' ? COMMAND_MS - 1_000 : PAGES * PAGE_MS));
    const killedAt = Date.now();
    await killed(worker);
    await site.startWorker();
    return measured(site, run, moment, killedAt);
  });
}

async function reached(site: Site, moment: Moment): Promise<void> {
  if (moment === 'waiting')
    return until('the watcher looks', () => site.calls('DescribeInvocations').length > 0);
  return until('the fault has hit', () =>
    site.simulator.simulation.faults.list().some(({ hits }) => hits > 0),
  );
}

async function measured(site: Site, run: Run, moment: Moment, killedAt: number): Promise<Trial> {
  let result: Awaited<ReturnType<Run['result']>> | undefined;
  void run.result().then((value) => (result = value));
  await until('the run ends', () => result !== undefined, RESULT_WITHIN_MS);
  const endedAt = (await run.describe()).closeTime?.getTime() ?? Date.now();
  const finishedAt = Math.max(...site.effects('command.finished').map((effect) => effect.time));
  const { ledger } = site.simulator.simulation;
  // A call the killed worker had sent ends in the ledger a page's time after it at the latest.
  const next = ledger.query({ kind: 'call' }).find((call) => call.time > killedAt + PAGE_MS);
  const right =
    result?.totals.Success === 60 &&
    site.effects('invocation.created').length === 1 &&
    site.effects('command.started').length === 60;
  return {
    moment,
    nextCallMs: (next?.time ?? endedAt) - killedAt,
    resultMs: endedAt - Math.max(killedAt, finishedAt),
    right,
  };
}
