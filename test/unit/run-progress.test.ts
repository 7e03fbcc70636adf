/** What a run tells of itself, made finer by what the watcher knows; two answers of two moments never add up wrong. */
import { withFinerStates } from '../../src/domain/run-summary';
import type { RunCommandProgress } from '../../src/domain/messages';
import { watcherText } from '../../src/cli/watch';
import type { WatchState } from '../../src/domain/watch';

function progress(over: Partial<RunCommandProgress> = {}): RunCommandProgress {
  return {
    phase: 'waiting',
    region: 'cn-hangzhou',
    targets: 5,
    batches: { total: 1, dispatched: 1, ended: 0 },
    states: { Sent: 5, Unfit: 1 },
    invokeIds: ['t-1'],
    startedAt: '2025-01-01T00:00:00Z',
    ...over,
  };
}

test.each<[string, Record<string, Record<string, number>>, Record<string, number>]>([
  ['nothing is known', {}, { Sent: 5, Unfit: 1 }],
  ['all is known', { 't-1': { Running: 3, Pending: 2 } }, { Unfit: 1, Running: 3, Pending: 2 }],
  ['some are not listed', { 't-1': { Running: 3 } }, { Unfit: 1, Running: 3, Sent: 2 }],
  ['ends are outcomes', { 't-1': { Finished: 4, Terminated: 1 } }, { Unfit: 1, Success: 4, Stopped: 1 }],
  ['more than were sent is of another moment', { 't-1': { Running: 6 } }, { Sent: 5, Unfit: 1 }],
  ['foreign invocations do not count', { 't-9': { Running: 2 } }, { Sent: 5, Unfit: 1 }],
])('%s', (_, known, states) => {
  expect(withFinerStates(progress(), known).states).toEqual(states);
});

describe('a watcher', () => {
  const now = new Date('2025-01-01T01:00:00Z');
  const known = { workflowId: 'watch/default/cn-hangzhou', region: 'cn-hangzhou', running: true };
  const state: WatchState = {
    region: 'cn-hangzhou',
    waits: [
      {
        kind: 'invocation',
        key: 't-1',
        waiter: 'run-\u001b[31mx',
        generation: 'g',
        since: now.getTime() - 65_000,
        seen: true,
      },
    ],
    memory: {},
    ticks: 7,
    states: { 't-1': { Running: 3, Pending: 2 } },
    lastTick: {
      at: '2025-01-01T00:59:59.000Z',
      waits: 1,
      ended: 0,
      calls: 1,
      how: 'newest first 0, by status 0, by id 1',
    },
  };

  it('says what is waited for, by whom, since when, and what the last look cost', () => {
    const lines = watcherText({ ...known, progress: state }, now).split('\n');
    expect(lines).toEqual([
      'watch/default/cn-hangzhou',
      '1 waited for',
      'KIND        WAITED FOR  BY     SINCE  STATES',
      'invocation  t-1         run-x  1:05   3 Running, 2 Pending',
      '7 looks, the last at 2025-01-01T00:59:59.000Z: 1 looked at, 0 ended, 1 call (newest first 0, by status 0, by id 1)',
    ]);
  });

  it('that is idle, has failed or does not run says so', () => {
    const idle = { ...state, waits: [], lastTick: { ...state.lastTick!, error: 'Forbidden.RAM' } };
    const text = watcherText({ ...known, progress: idle }, now);
    expect(text).toContain('idle: nothing is waited for');
    expect(text).toContain('it failed: Forbidden.RAM');
    expect(watcherText({ ...known, running: false }, now)).toContain('does not run: the next wait starts it');
    const closeTime = new Date('2025-01-01T00:30:00Z');
    const ended = { ...known, running: false, status: 'TERMINATED', closeTime };
    expect(watcherText(ended, now)).toContain('does not run (terminated 2025-01-01T00:30:00.000Z)');
  });
});
