/** 500 open events in one region: calls per look depend on pages, and each event has one handler. */
import { looksAtMany } from '../support/many-events';

it('500 open events: five calls a look, one handler each', async () => {
  const { state, calls, reads, running } = await looksAtMany(500, 3);
  expect(state.known).toHaveLength(500);
  expect(calls).toEqual({ DescribeInstanceHistoryEvents: 5 * state.looks, DescribeInstances: 0 });
  expect(state.looks).toBeGreaterThanOrEqual(3);
  expect(new Set(reads)).toEqual(new Set([1]));
  expect(running).toBe(500);
}, 300_000);
