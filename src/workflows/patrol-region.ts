/**
 * `patrolRegion`: looks for open system events and for spot instances that are being taken back, and starts a
 * `handleSystemEvent` or `relaunchSpotInstance` for each, by its id. Each kind has a pace and an error state of its own.
 *
 * Promise: whatever the API does it reports and goes on; one event gets one handler and one reclaim one rescue, however
 * many patrols look. Started and stopped by people; cancel ends it and leaves handlers and rescues alone.
 * Continues as new when the server suggests it and at least daily, with what it knows.
 */
import {
  ActivityFailure,
  condition,
  continueAsNew,
  defineQuery,
  isCancellation,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { PATROL_REGION } from '../domain/event-messages';
import { patrolDetailsOf } from '../domain/event-summary';
import { PROGRESS_QUERY } from '../domain/messages';
import { urgentQueueOf } from '../domain/spot-messages';
import { PATROL_KINDS } from '../domain/system-event';
import type { PatrolKind, PatrolState } from '../domain/system-event';
import { refuseBadInput } from './input';
import { lookingForReclaims, patrolling } from './proxies';
import { noteOperation } from './search-attributes';

const DEFAULT_EVERY_SECONDS = 60;
/** A notice is five minutes; while one runs, others are likely to follow. */
const RECLAIMS_MS = 15_000;
const RECLAIMS_NOW_MS = 5_000;
const MIN_GAP_MS = 1_000;
const LONGEST_RUN_MS = 24 * 3_600_000;

/** A look at each kind. @returns the milliseconds until the next one, from its beginning */
const LOOKS: Record<PatrolKind, (state: PatrolState) => Promise<number>> = {
  events: async (state) => {
    const began = Date.now();
    await look(state);
    return began - Date.now() + (state.everySeconds ?? DEFAULT_EVERY_SECONDS) * 1000;
  },
  reclaims: async (state) => {
    const began = Date.now();
    await lookForReclaims(state);
    return began - Date.now() + (state.locked?.length ? RECLAIMS_NOW_MS : RECLAIMS_MS);
  },
};

export const patrolProgressQuery = defineQuery<PatrolState>(PROGRESS_QUERY);

export async function patrolRegion(carried: PatrolState): Promise<void> {
  const state: PatrolState = { ...carried, known: carried?.known ?? [], looks: carried?.looks ?? 0 };
  const startedAt = Date.now();
  let looksOfRun = 0;
  setHandler(patrolProgressQuery, () => state);
  await refuseBadInput(PATROL_REGION, carried);
  noteOperation(PATROL_REGION, { region: state.region });

  const runIsOver = (): boolean =>
    Date.now() - startedAt >= LONGEST_RUN_MS ||
    workflowInfo().continueAsNewSuggested ||
    (state.looksPerRun !== undefined && looksOfRun >= state.looksPerRun);

  const due = (state.due ??= { events: 0, reclaims: 0 });
  let over = false;
  const busy = new Set<PatrolKind>();
  const mayEnd = (): boolean => over && busy.size === 0;
  /** Each kind by itself: one that hangs on a throttled API does not hold the other up. */
  const patrol = async (kind: PatrolKind): Promise<void> => {
    while (!mayEnd()) {
      const leftMs = due[kind] - Date.now();
      if (leftMs > 0 && (await condition(mayEnd, leftMs))) return;
      busy.add(kind);
      due[kind] = Date.now() + (await LOOKS[kind](state));
      busy.delete(kind);
      // A look that took longer than its pace is followed by the next one, not at once.
      due[kind] = Math.max(due[kind], Date.now() + MIN_GAP_MS);
      setCurrentDetails(patrolDetailsOf(state));
      looksOfRun += 1;
      over ||= runIsOver();
    }
  };
  await Promise.all((state.kinds ?? PATROL_KINDS).map(patrol));
  await continueAsNew<typeof patrolRegion>(state);
}

/** A look that failed is reported; what is known stays. */
async function look(state: PatrolState): Promise<void> {
  const at = new Date().toISOString();
  state.looks += 1;
  try {
    const verdict = await patrolling.lookForEvents(state);
    state.known = verdict.known;
    state.lastLook = {
      at,
      open: verdict.known.length,
      started: verdict.started,
      changed: verdict.changed,
      calls: verdict.calls,
    };
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const why = error.cause instanceof Error ? error.cause.message : error.message;
    state.lastLook = { at, open: state.known.length, started: 0, changed: 0, calls: 0, error: why };
  }
}

/** As `look`, for spot instances that are being taken back. */
async function lookForReclaims(state: PatrolState): Promise<void> {
  const at = new Date().toISOString();
  const { locked = [] } = state;
  state.lockLooks = (state.lockLooks ?? 0) + 1;
  try {
    const { region, instanceIds, tags } = state;
    const [, account] = /^patrol\/([^/]+)\/[^/]+$/.exec(workflowInfo().workflowId) ?? [];
    const verdict = await lookingForReclaims.lookForReclaims.executeWithOptions(
      account === undefined ? {} : { taskQueue: urgentQueueOf(account) },
      [{ region, instanceIds, tags, locked }],
    );
    state.locked = verdict.locked;
    const { started, calls } = verdict;
    state.lastLockLook = { at, locked: verdict.locked.length, started, calls };
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const why = error.cause instanceof Error ? error.cause.message : error.message;
    state.lastLockLook = { at, locked: locked.length, started: 0, calls: 0, error: why };
  }
}
