/**
 * `drillSystemEvent`: raises a simulated SystemMaintenance.Reboot on one instance and lets the whole chain answer it.
 *
 * Promise: the reboot is a real one, everything else is rehearsal; when the drill ends, by itself or by cancel, none of
 * its simulated events is open. An instance with an open event is refused.
 * Ends are results (`passed`, `not-passed`, `still-open`, `refused`, `cancelled`).
 * Not handled: a policy that waits for a person waits in a drill as well.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  defineQuery,
  isCancellation,
  setCurrentDetails,
  setHandler,
  sleep,
} from '@temporalio/workflow';
import { DRILL_SYSTEM_EVENT } from '../domain/event-messages';
import { DEFAULT_DRILL_MINUTES, drillSummary } from '../domain/event-report';
import type { DrillInput, DrillPhase, DrillProgress, DrillResult, HandlerEnd } from '../domain/event-report';
import { PROGRESS_QUERY } from '../domain/messages';
import { isEventEnd } from '../domain/system-event';
import { refuseBadInput } from './input';
import { readingEvents, drilling } from './proxies';
import { noteOperation } from './search-attributes';

const TYPE = 'SystemMaintenance.Reboot';
/** Between two looks at the event: a drill takes an hour, and few run. */
const LOOK_EVERY_MS = 15_000;
/** After NotBefore the provider ends the event itself; how long that may take. */
const LATE_MS = 10 * 60_000;
/** An event that has ended ends its handler within this time. */
const HANDLER_LOOKS = 12;
const HANDLER_GAP_MS = 5_000;

export const drillProgressQuery = defineQuery<DrillProgress>(PROGRESS_QUERY);

export async function drillSystemEvent(input: DrillInput): Promise<DrillResult> {
  const startedAt = new Date().toISOString();
  const progress = newProgress(input ?? { region: '', instanceId: '' });
  setHandler(drillProgressQuery, () => progress);
  await refuseBadInput(DRILL_SYSTEM_EVENT, input);
  noteOperation(DRILL_SYSTEM_EVENT, { region: input.region, instanceIds: [input.instanceId] });

  const ended = await rehearse(progress);
  const cancelledEvents = await CancellationScope.nonCancellable(() => cleanUp(progress));
  const handler = await CancellationScope.nonCancellable(() => handlerOf(progress));
  enter(progress, 'done');
  const { region, instanceId, eventId, eventStatus } = progress;
  const outcome = ended.outcome === 'not-passed' && isPassed(handler, eventStatus) ? 'passed' : ended.outcome;
  const summary = [drillSummary(outcome, { eventId, eventStatus }, handler), ended.reason ?? '']
    .join(' ')
    .trim();
  const event = { region, instanceId, eventId, eventStatus };
  return { outcome, summary, ...event, cancelledEvents, handler, startedAt, finishedAt: now() };
}

type Ended = Pick<DrillResult, 'outcome'> & { reason?: string };

/** Raises the event, has it handled, waits for its end. */
async function rehearse(progress: DrillProgress): Promise<Ended> {
  const { region, instanceId, notBefore } = progress;
  try {
    enter(progress, 'raising');
    progress.eventId = await drilling.raiseDrill({ region, instanceId, type: TYPE, notBefore });
    progress.eventStatus = 'Scheduled';
    enter(progress, 'starting');
    const { eventId } = progress;
    await drilling.startHandler({ region, eventId });
    enter(progress, 'waiting');
    const until = Date.parse(notBefore) + LATE_MS;
    while (Date.now() < until) {
      await sleep(LOOK_EVERY_MS, { summary: 'until the next look at the event' });
      progress.eventStatus = (await readingEvents.readEvent({ region, eventId })).event?.status ?? '';
      if (isEventEnd(progress.eventStatus)) return { outcome: 'not-passed' };
    }
    return { outcome: 'still-open' };
  } catch (error) {
    if (isCancellation(error)) return { outcome: 'cancelled' };
    const cause = error instanceof ActivityFailure ? error.cause : error;
    if (!(cause instanceof ApplicationFailure)) throw error;
    return { outcome: progress.eventId === undefined ? 'refused' : 'still-open', reason: cause.message };
  }
}

/** No simulated event of this drill stays open, not even one whose id was never learnt. */
async function cleanUp(progress: DrillProgress): Promise<string[]> {
  const { region, instanceId, notBefore, eventId } = progress;
  enter(progress, 'cleaning-up');
  const cancelled = await drilling.cancelDrill({ region, instanceId, type: TYPE, notBefore, eventId });
  if (progress.eventId !== undefined && cancelled.includes(progress.eventId))
    progress.eventStatus = 'Canceled';
  return cancelled;
}

async function handlerOf({ region, eventId }: DrillProgress): Promise<HandlerEnd | undefined> {
  if (eventId === undefined) return undefined;
  for (let look = 1; ; look += 1) {
    const handler = await drilling.readHandler({ region, eventId });
    if (handler.status !== 'RUNNING' || look >= HANDLER_LOOKS) return handler;
    await sleep(HANDLER_GAP_MS, { summary: 'until its handler has ended' });
  }
}

function isPassed(handler: HandlerEnd | undefined, eventStatus: string | undefined): boolean {
  return handler?.result?.outcome === 'avoided' && eventStatus === 'Avoided';
}

function newProgress({ region, instanceId, inMinutes = DEFAULT_DRILL_MINUTES }: DrillInput): DrillProgress {
  // Not checked yet: a number of minutes that is no date must not throw before it is refused.
  const ms = Math.abs(inMinutes) < 1e6 ? inMinutes * 60_000 : 0;
  // ECS takes no fractions of a second.
  const notBefore = new Date(Date.now() + ms).toISOString().replace(/\.\d+Z$/, 'Z');
  return { phase: 'raising', region, instanceId, notBefore };
}

function enter(progress: DrillProgress, phase: DrillPhase): void {
  progress.phase = phase;
  const { instanceId, eventId = 'no event yet', eventStatus = '' } = progress;
  setCurrentDetails(`**${phase}** drill on \`${instanceId}\`: ${eventId} ${eventStatus}`);
}

function now(): string {
  return new Date().toISOString();
}
