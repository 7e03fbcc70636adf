/**
 * Holding an event until its moment: plan, approval, what people say meanwhile, and reading it again before anything is
 * done.
 *
 * The one rule: nothing is done on an old reading. Each round begins with a fresh one and decides anew, so what was
 * moved, missed or taken back meanwhile is planned again.
 */
import { ActivityFailure, condition, isCancellation, sleep } from '@temporalio/workflow';
import type { EventReading } from '../activities/system-events';
import { TOO_LATE_MS, lapsedError, tooLateToAct } from '../domain/event-times';
import { isEventEnd } from '../domain/system-event';
import { VISIBLE_WITHIN_MS } from '../domain/waiting';
import type { EventPhase, HandleSystemEventInput } from '../domain/system-event';
import { alert, calm, decide, enter, escalate, note } from './event-context';
import { messageOf } from './failure-text';
import type { EventContext } from './event-context';
import { readingEvents } from './proxies';

/** While it holds, the event is read again this often even if no patrol says that it changed. */
export const READ_AGAIN_MS = 6 * 3_600_000;
/** Where ECS refuses the reading for good, such as without permission: somebody may mend it. */
const REFUSED_AGAIN_MS = 10 * 60_000;
const NOT_VISIBLE_GAP_MS = 10_000;

/** What is to be done about an event at one moment. */
type Step =
  | { kind: 'act' }
  | { kind: 'skip'; reason: string }
  /** It is too late, or was from the start. */
  | { kind: 'leave'; reason: string }
  | { kind: 'wait'; until: number; phase: EventPhase; tell?: string };

/** Waits for the chosen moment. @returns true when it has come and the event is still to be answered */
export async function hold(context: EventContext, input: HandleSystemEventInput): Promise<boolean> {
  for (;;) {
    if (isOver(context)) return false;
    const step = nextStep(context);
    switch (step.kind) {
      case 'act':
        delete context.progress.outcome;
        calm(context);
        return true;
      case 'skip':
        decide(context, 'skipped');
        calm(context);
        note(context, 'skip', true, step.reason);
        return false;
      case 'leave':
        alertOnce(context, step.reason);
        return false;
      case 'wait':
        if (step.tell !== undefined) alertOnce(context, step.tell);
        enter(context, step.phase);
        await condition(
          () => context.said.changed,
          Math.max(1, Math.min(step.until - Date.now(), READ_AGAIN_MS)),
        );
        await read(context, input);
    }
  }
}

function nextStep(context: EventContext): Step {
  const { said, policy, progress } = context;
  const now = Date.now();
  if (said.skip !== undefined) return { kind: 'skip', reason: said.skip };
  const late = progress.event && tooLateToAct(progress.event, now);
  if (late !== undefined) return { kind: 'leave', reason: late };

  const missing = policy?.approval.required === true && !said.approved;
  const approveBy = missing ? approvalDeadline(context) : Infinity;
  if (missing && now >= approveBy && policy.approval.otherwise === 'skip')
    return { kind: 'skip', reason: 'nobody approved in time' };

  const at = chosenMoment(context, now);
  if (at === undefined) {
    const tell = progress.plan?.reason ?? 'no plan could be made';
    return { kind: 'wait', until: lastMoment(context), phase: 'holding', tell };
  }
  if (at > now) return { kind: 'wait', until: Math.min(at, later(approveBy, now)), phase: 'holding' };
  return now < approveBy && missing
    ? { kind: 'wait', until: Math.min(approveBy, lastMoment(context)), phase: 'approval' }
    : { kind: 'act' };
}

/** What a person chose, or else what is planned; `undefined` where nothing is to be done. */
function chosenMoment(context: EventContext, now: number): number | undefined {
  const { said, progress } = context;
  if (said.now) return now;
  if (said.at !== undefined) {
    const lapsed = lapsedError(said.at, progress.plan?.deadline, now);
    if (lapsed === undefined) return Date.parse(said.at);
    said.at = undefined;
    alert(context, 'reschedule', `${lapsed}; planned again`);
  }
  return progress.plan?.action === 'act' ? Date.parse(progress.plan.at) : undefined;
}

/** After this nothing may be done any more. */
function lastMoment({ progress }: EventContext): number {
  const notBefore = Date.parse(progress.event?.notBefore ?? '');
  return Number.isNaN(notBefore) ? Infinity : notBefore - TOO_LATE_MS + 1;
}

function later(moment: number, now: number): number {
  return moment > now ? moment : Infinity;
}

/** Alert-only: people are told once, and may still say `now` or `reschedule`. */
function alertOnce(context: EventContext, reason: string): void {
  if (context.progress.outcome === 'alerted') return;
  decide(context, 'alerted');
  alert(context, 'plan', reason);
}

/** Asked for as soon as the event is planned, so that people have the whole time to answer. */
export function askForApproval(context: EventContext): void {
  const { policy, said } = context;
  if (!policy?.approval.required || said.approved) return;
  const by = approvalDeadline(context);
  const until = by === Infinity ? '' : ` until ${new Date(by).toISOString()}`;
  alert(context, 'approval', `needs approval${until}; without it: ${policy.approval.otherwise}`);
}

function approvalDeadline({ policy, progress }: EventContext): number {
  const deadline = Date.parse(progress.plan?.deadline ?? '');
  return Number.isNaN(deadline) ? Infinity : deadline - (policy?.approval.byMs ?? 0);
}

/** Right before the reboot, after hooks that may have taken long. @returns false where nothing is to be done any more */
export async function stillWanted(context: EventContext, input: HandleSystemEventInput): Promise<boolean> {
  await read(context, input);
  if (isOver(context)) return false;
  const late = context.progress.event && tooLateToAct(context.progress.event, Date.now());
  if (late !== undefined) escalate(context, 'reboot', late);
  return late === undefined;
}

/** The first reading: what was listed a moment ago may not be found by its id yet, and nobody starts this twice. */
export async function readNew(context: EventContext, input: HandleSystemEventInput): Promise<void> {
  const until = Date.now() + VISIBLE_WITHIN_MS;
  for (;;) {
    await read(context, input);
    if (context.progress.event !== undefined || Date.now() >= until) return;
    await sleep(NOT_VISIBLE_GAP_MS, { summary: 'ECS does not know the event yet' });
  }
}

/** Reads event, instance and plan anew; the policy stays the one it was planned with. */
export async function read(context: EventContext, input: HandleSystemEventInput): Promise<void> {
  context.said.changed = false;
  const before = context.progress.plan;
  const reading = await confirmed(context, input, await readingOf(context, input));
  context.progress.event = reading.event ?? context.progress.event;
  context.instance = reading.instance;
  context.policy ??= reading.policy;
  context.progress.plan = reading.plan ?? context.progress.plan;
  const { plan } = context.progress;
  if (plan && JSON.stringify(plan) !== JSON.stringify(before)) note(context, 'plan', true, plan.reason);
}

/** An instance that is not listed while its event is open ends the matter for good: that is not said after one look. */
async function confirmed(
  context: EventContext,
  input: HandleSystemEventInput,
  reading: EventReading,
): Promise<EventReading> {
  if (!reading.event || reading.instance || isEventEnd(reading.event.status)) return reading;
  await sleep(VISIBLE_WITHIN_MS, { summary: 'the instance is not listed; looked at once more' });
  return readingOf(context, input);
}

/** A reading that is refused for good, such as without permission, is alerted about and tried again: never forgotten. */
async function readingOf(
  context: EventContext,
  { region, eventId }: HandleSystemEventInput,
): Promise<EventReading> {
  for (let refusals = 0; ; refusals += 1) {
    try {
      const reading = await readingEvents.readEvent({ region, eventId, policy: context.policy });
      calm(context, 'read');
      return reading;
    } catch (error) {
      if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
      if (refusals === 0) alert(context, 'read', messageOf(error));
      context.said.changed = false;
      await condition(() => context.said.changed, REFUSED_AGAIN_MS);
    }
  }
}

/** The event has ended, or its instance is gone. */
export function isOver(context: EventContext): boolean {
  const { event } = context.progress;
  return event === undefined || isEventEnd(event.status) || context.instance === undefined;
}
