/**
 * Ten thousand instances in one run, at the limits a large run has by itself raised to a tenth of the fleet; with quota
 * of nobody. Every row is there, nothing is sent twice, history and payloads stay bounded, and so does the worker's memory.
 */
import { readFileSync } from 'node:fs';
import { readRows } from '../../src/results/store';
import { LiveServer, NO_QUOTA, QUICK_WORKER, withSite } from '../support/live-site';

const INSTANCES = 10_000;
const AT_ONCE = 1_000;

let live: LiveServer;
beforeAll(async () => {
  live = await LiveServer.start();
});
afterAll(() => live.close());

/** The most memory a process has had, in MB. */
function peakOf(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;
}

/** Bytes of the biggest value anywhere in a history. */
function biggestPayload(value: unknown): number {
  if (value instanceof Uint8Array) return value.byteLength;
  if (typeof value !== 'object' || value === null) return 0;
  return Math.max(0, ...Object.values(value).map(biggestPayload));
}

test(
  'ten thousand instances by id: every row, one invocation a batch, never more at once than the limit',
  () =>
    withSite(live, { instances: INSTANCES, settings: { ...QUICK_WORKER, ...NO_QUOTA } }, async (site) => {
      const { simulation } = site.simulator;
      simulation.throttle.enabled = false;
      simulation.assistant.answers.add({ content: 'uname', durationMs: 3_000, output: 'Linux\n' });
      let now = 0;
      let most = 0;
      simulation.ledger.onRecord = (record) => {
        if (record.kind !== 'effect') return;
        if (record.effect === 'command.started') now += 1;
        if (record.effect === 'command.finished') now -= 1;
        most = Math.max(most, now);
      };
      const worker = await site.startWorker();
      const run = await site.start({ rate: { maxConcurrency: AT_ONCE } });
      const result = await run.result();
      expect(result).toMatchObject({
        outcome: 'succeeded',
        totals: { targets: INSTANCES, Success: INSTANCES },
      });
      expect(most).toBeLessThanOrEqual(AT_ONCE);
      expect(site.calls('RunCommand').length).toBe(INSTANCES / 100);
      const rows = await readRows(result.resultStore.path);
      expect(new Set(rows.map((row) => row.instanceId)).size).toBe(INSTANCES);
      expect(biggestPayload(await run.fetchHistory())).toBeLessThan(256 * 1_024);
      expect((await run.describe()).historyLength).toBeLessThan(4_096);
      expect(peakOf(worker.pid)).toBeLessThan(600);
    }),
  900_000,
);
