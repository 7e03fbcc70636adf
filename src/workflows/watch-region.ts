/**
 * `watchRegion`: the one poller of a region. Nobody polls for himself; who waits registers here and is signalled.
 *
 * Promise: never ends; looks as often as the youngest wait deserves, and at nothing while nothing is waited for; a
 * failing look is reported and tried again, never given up. Calls per tick depend on pages, not on waits.
 * A signal is a hint: waiters read the truth themselves and register again if it is not the end.
 * Cancel and terminate are safe: the waiters' own `lookUntilOver` starts a new watcher at its next look.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  isCancellation,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { INVALID_INPUT, PROGRESS_QUERY, REGISTER_WAITS_SIGNAL, WORKFLOW_TYPES } from '../domain/messages';
import { dueWaits, isWaitRegistration, nextLookAt, register, settle, statesAfter } from '../domain/watch';
import type { Wait, WaitRegistration, WatchState } from '../domain/watch';
import { watchDetailsOf } from '../domain/watch-summary';
import { watching } from './proxies';
import { noteOperation } from './search-attributes';

/** A run of the watcher lasts at most a day, idle or not, so that upgrades reach it and its history stays short. */
const LONGEST_RUN_MS = 24 * 3_600_000;

/** A registration that wants a look this much earlier than the timer set is worth a new timer; others wait for it. */
const WORTH_WAKING_MS = 500;

export const registerWaitsSignal = defineSignal<[WaitRegistration[]]>(REGISTER_WAITS_SIGNAL);
export const watchProgressQuery = defineQuery<WatchState>(PROGRESS_QUERY);

export async function watchRegion(carried: WatchState): Promise<void> {
  refuseForeignId(carried);
  const state: WatchState = {
    ...carried,
    waits: carried.waits ?? [],
    memory: carried.memory ?? {},
    ticks: carried.ticks ?? 0,
  };
  const startedAt = Date.now();
  let lastLookAt = startedAt;
  let ticksOfRun = 0;

  setHandler(registerWaitsSignal, (registrations: unknown) => {
    const good = Array.isArray(registrations) ? registrations.filter(isWaitRegistration) : [];
    for (const registration of good) state.waits = register(state.waits, registration);
  });
  setHandler(watchProgressQuery, () => state);
  noteOperation(WORKFLOW_TYPES.watchRegion, { region: state.region });

  const runIsOver = (): boolean =>
    Date.now() - startedAt >= LONGEST_RUN_MS ||
    workflowInfo().continueAsNewSuggested ||
    (state.ticksPerRun !== undefined && ticksOfRun >= state.ticksPerRun);

  while (!runIsOver()) {
    setCurrentDetails(watchDetailsOf(state));
    const due = nextLookAt(state.waits, lastLookAt) ?? startedAt + LONGEST_RUN_MS;
    const wantsEarlier = (): boolean =>
      (nextLookAt(state.waits, lastLookAt) ?? Infinity) < due - WORTH_WAKING_MS;
    const sleepMs = due - Date.now();
    if (sleepMs > 0 && (await condition(wantsEarlier, sleepMs))) continue;
    if (state.waits.length === 0) continue;
    const now = Date.now();
    await tick(state, dueWaits(state.waits, lastLookAt, now));
    lastLookAt = now;
    ticksOfRun += 1;
  }
  await condition(allHandlersFinished);
  await continueAsNew<typeof watchRegion>(state);
}

/** One look at everything waited for. A failure is this tick's report; the waits stay. */
async function tick(state: WatchState, given: Wait[]): Promise<void> {
  const at = new Date().toISOString();
  state.ticks += 1;
  try {
    const verdict = await watching.lookAtWaits({ region: state.region, waits: given, memory: state.memory });
    state.waits = settle(state.waits, given, verdict);
    state.memory = verdict.memory;
    state.states = statesAfter(state.states, given, verdict, state.waits);
    state.lastTick = { at, ...verdict.report };
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const why = error.cause instanceof Error ? error.cause.message : error.message;
    state.lastTick = { at, waits: given.length, ended: 0, calls: 0, how: 'failed', error: why };
  }
}

/** Only one watcher a region: whoever starts it under another id gets an error instead of a second poller. */
function refuseForeignId(state: WatchState): void {
  const { workflowId } = workflowInfo();
  const [kind, account, region, ...rest] = workflowId.split('/');
  if (kind === 'watch' && account && rest.length === 0 && region === state?.region) return;
  const message = `watchRegion runs under the id watch/<account>/<region> with input {"region": <region>}, not under ${workflowId}`;
  throw ApplicationFailure.create({ type: INVALID_INPUT, message, nonRetryable: true });
}
