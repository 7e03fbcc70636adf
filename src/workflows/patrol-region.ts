/**
 * `patrolRegion`: looks for open system events and starts a `handleSystemEvent` for each, by its id.
 *
 * Promise: whatever the API does it reports and goes on; one event gets one handler, however many patrols look. Started
 * and stopped by people; cancel ends it and leaves the handlers alone.
 * Continues as new when the server suggests it and at least daily, with what it knows.
 */
import { defineSearchAttributeKey } from '@temporalio/common';
import {
  ActivityFailure,
  continueAsNew,
  defineQuery,
  isCancellation,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { PATROL_REGION } from '../domain/event-messages';
import { patrolDetailsOf } from '../domain/event-summary';
import { PROGRESS_QUERY } from '../domain/messages';
import type { PatrolState } from '../domain/system-event';
import { refuseBadInput } from './input';
import { patrolling } from './proxies';

const DEFAULT_EVERY_SECONDS = 60;
const LONGEST_RUN_MS = 24 * 3_600_000;

export const patrolProgressQuery = defineQuery<PatrolState>(PROGRESS_QUERY);

export async function patrolRegion(carried: PatrolState): Promise<void> {
  const state: PatrolState = { ...carried, known: carried?.known ?? [], looks: carried?.looks ?? 0 };
  const startedAt = Date.now();
  let looksOfRun = 0;
  setHandler(patrolProgressQuery, () => state);
  await refuseBadInput(PATROL_REGION, carried);
  upsertSearchAttributes([
    { key: defineSearchAttributeKey('EcsRegion', 'KEYWORD'), value: state.region },
    { key: defineSearchAttributeKey('StewardOperation', 'KEYWORD'), value: PATROL_REGION },
  ]);

  const runIsOver = (): boolean =>
    Date.now() - startedAt >= LONGEST_RUN_MS ||
    workflowInfo().continueAsNewSuggested ||
    (state.looksPerRun !== undefined && looksOfRun >= state.looksPerRun);

  while (!runIsOver()) {
    await look(state);
    looksOfRun += 1;
    setCurrentDetails(patrolDetailsOf(state));
    await sleep((state.everySeconds ?? DEFAULT_EVERY_SECONDS) * 1000, { summary: 'until the next look' });
  }
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
