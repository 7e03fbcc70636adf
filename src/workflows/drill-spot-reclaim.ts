/**
 * `drillSpotReclaim`: has ECS take back one instance, by its own rehearsal with TriggerRealOps, and follows the rescue.
 *
 * Promise: the instance is really lost and really replaced; nothing is raised on an instance that is being taken back
 * already. Ends are results (`passed`, `not-passed`, `no-notice`, `refused`).
 * Cancel: ends the following; the reclaim and the rescue go on.
 */
import { ActivityFailure, defineQuery, setCurrentDetails, setHandler, sleep } from '@temporalio/workflow';
import { PROGRESS_QUERY } from '../domain/messages';
import { DRILL_SPOT_RECLAIM } from '../domain/spot-messages';
import type { RelaunchSpotInput, SpotDrillProgress, SpotDrillResult } from '../domain/spot-messages';
import { refuseBadInput } from './input';
import { drilling, readingSpot } from './proxies';
import { noteOperation } from './search-attributes';

/** ECS takes no moment that has passed. */
const AHEAD_MS = 30_000;
const NOTICE_WITHIN_MS = 15 * 60_000;
const NOTICE_GAP_MS = 5_000;
const RESCUE_GAP_MS = 15_000;
const RESCUE_WITHIN_MS = 3 * 3_600_000;

export const spotDrillProgressQuery = defineQuery<SpotDrillProgress>(PROGRESS_QUERY);

export async function drillSpotReclaim(input: RelaunchSpotInput): Promise<SpotDrillResult> {
  const startedAt = new Date().toISOString();
  const { region = '', instanceId = '' } = input ?? {};
  const progress: SpotDrillProgress = { phase: 'raising', region, instanceId };
  setHandler(spotDrillProgressQuery, () => progress);
  await refuseBadInput(DRILL_SPOT_RECLAIM, input);
  noteOperation(DRILL_SPOT_RECLAIM, { region, instanceIds: [instanceId] });
  const end = (about: Pick<SpotDrillResult, 'outcome' | 'summary' | 'rescue'>): SpotDrillResult => {
    progress.phase = 'done';
    const { eventId } = progress;
    return { ...about, region, instanceId, eventId, startedAt, finishedAt: new Date().toISOString() };
  };
  try {
    const notBefore = new Date(Date.now() + AHEAD_MS).toISOString().replace(/\.\d+Z$/, 'Z');
    progress.eventId = await drilling.raiseReclaim({ region, instanceId, notBefore });
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return end({ outcome: 'refused', summary: `Not raised: ${error.cause?.message ?? error.message}` });
  }
  progress.phase = 'waiting-for-the-notice';
  setCurrentDetails(`**${progress.phase}** of \`${instanceId}\``);
  if (!(await isLocked(input))) {
    const summary = `ECS did not lock ${instanceId} within ${NOTICE_WITHIN_MS / 60_000} min.`;
    return end({ outcome: 'no-notice', summary });
  }
  progress.phase = 'rescuing';
  setCurrentDetails(`**${progress.phase}** \`${instanceId}\``);
  await drilling.startRescue({ region, instanceId });
  const until = Date.now() + RESCUE_WITHIN_MS;
  for (;;) {
    const { status, result } = await drilling.readRescue({ region, instanceId });
    if (status !== 'RUNNING' || Date.now() > until) {
      const outcome = result?.outcome === 'relaunched' ? 'passed' : 'not-passed';
      const summary = result?.summary ?? `The rescue of ${instanceId} is ${status.toLowerCase()}.`;
      return end({ outcome, summary, rescue: result });
    }
    await sleep(RESCUE_GAP_MS, { summary: 'until the rescue has ended' });
  }
}

async function isLocked({ region, instanceId }: RelaunchSpotInput): Promise<boolean> {
  const until = Date.now() + NOTICE_WITHIN_MS;
  for (;;) {
    const now = await readingSpot.readNotice({ region, instanceId });
    if (now?.locked === true) return true;
    if (now === undefined || Date.now() > until) return false;
    await sleep(NOTICE_GAP_MS, { summary: 'until ECS has locked it' });
  }
}
