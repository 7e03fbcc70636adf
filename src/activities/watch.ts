/**
 * The watcher's activity: one look at everything that is due, and a signal to everybody whose wait is over.
 *
 * The one rule: a waiter that could not be told is not done; it stays and is told at the next look.
 */
import { activityInfo } from '@temporalio/activity';
import type { EcsClient } from '../ecs/client';
import { EcsError } from '../ecs/errors';
import type { TickVerdict, Wait, WaitKind, WatchMemory } from '../domain/watch';
import { atBoundary } from './failures';
import { WAIT_KINDS } from './wait-kinds';
import type { Look } from './wait-kinds';
import type { Waits } from './waits';

export interface WatchActivities {
  lookAtWaits(request: { region: string; waits: Wait[]; memory: WatchMemory }): Promise<TickVerdict>;
}

/** States of what is alive travel in the verdict only while this few are waited for: history is not a display. */
const STATES_UP_TO = 50;

/** Signals sent at once. */
const SIGNALS_AT_ONCE = 20;

export function createWatchActivities(ecs: EcsClient, waits: Waits): WatchActivities {
  return {
    lookAtWaits: (request) =>
      atBoundary(async () => {
        const now = activityInfo().currentAttemptScheduledTimestampMs;
        const looks = new Map<WaitKind, Look>();
        const failures: EcsError[] = [];
        for (const kind of new Set(request.waits.map((wait) => wait.kind))) {
          const ofKind = request.waits.filter((wait) => wait.kind === kind);
          try {
            looks.set(kind, await WAIT_KINDS[kind]({ ...request, ecs, waits: ofKind, now }));
          } catch (error) {
            // One API that is throttled keeps nobody waiting who waits for another.
            if (!(error instanceof EcsError)) throw error;
            failures.push(error);
          }
        }
        if (looks.size === 0 && failures[0]) throw failures[0];
        const over = request.waits.filter((wait) => looks.get(wait.kind)?.ended.has(wait.key));
        const told = await tell(waits, over);
        const verdict = verdictOf(request.waits, looks, told);
        const memory = { ...request.memory, ...verdict.memory };
        if (failures.length === 0) return { ...verdict, memory };
        const error = failures.map(({ message }) => message).join('; ');
        return { ...verdict, memory, report: { ...verdict.report, error } };
      }),
  };
}

/** @returns the waits whose waiter was told, or is gone. */
async function tell(waits: Waits, over: Wait[]): Promise<Set<Wait>> {
  const told = new Set<Wait>();
  const queue = [...over];
  const lane = async (): Promise<void> => {
    for (let wait = queue.shift(); wait; wait = queue.shift()) {
      const { waiter, kind, key } = wait;
      // Whatever keeps a signal from getting through now, the next look tries again.
      const done = await waits.notify(waiter, { kind, key }).then(
        () => true,
        () => false,
      );
      if (done) told.add(wait);
    }
  };
  await Promise.all(Array.from({ length: Math.min(SIGNALS_AT_ONCE, queue.length) }, lane));
  return told;
}

function verdictOf(given: Wait[], looks: Map<WaitKind, Look>, told: Set<Wait>): TickVerdict {
  const all = [...looks.values()];
  const places = (keep: (wait: Wait) => boolean): number[] =>
    given.flatMap((wait, place) => (keep(wait) ? [place] : []));
  const states = given.length <= STATES_UP_TO ? all.flatMap((look) => [...look.states]) : [];
  const ended = places((wait) => told.has(wait));
  return {
    ended,
    seen: places((wait) => !wait.seen && looks.get(wait.kind)?.seen.has(wait.key) === true),
    memory: Object.assign({}, ...all.map((look) => look.memory)) as WatchMemory,
    states: Object.fromEntries(states),
    report: {
      waits: given.length,
      ended: ended.length,
      calls: all.reduce((sum, look) => sum + look.calls, 0),
      how: all.map((look) => look.how).join('; '),
    },
  };
}
