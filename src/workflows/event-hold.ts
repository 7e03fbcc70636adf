/**
 * Holding an event until its moment: plan, approval, what people say meanwhile, and reading it again before anything is
 * done.
 *
 * The one rule: nothing is done on an old reading; every step begins with a fresh one.
 */
import { condition } from '@temporalio/workflow';
import { isEventEnd } from '../domain/system-event';
import type { HandleSystemEventInput } from '../domain/system-event';
import { alert, decide, enter, note } from './event-context';
import type { EventContext } from './event-context';
import { readingEvents } from './proxies';

/** While it holds, the event is read again this often even if no patrol says that it changed. */
export const READ_AGAIN_MS = 6 * 3_600_000;

/** Waits for the chosen moment. @returns true when it has come and the event is still to be answered */
export async function hold(context: EventContext, input: HandleSystemEventInput): Promise<boolean> {
  const { said } = context;
  for (;;) {
    enter(context, 'holding');
    const { plan } = context.progress;
    if (isOver(context)) return false;
    if (said.skip !== undefined) return skipped(context, said.skip);
    if (said.now) return stillWanted(context, input);
    if (plan?.action !== 'act' && said.at === undefined) {
      await alertOnce(context, plan?.reason ?? 'no plan could be made');
      const told = (): boolean =>
        said.now || said.skip !== undefined || said.at !== undefined || said.changed;
      await condition(told, READ_AGAIN_MS);
    } else {
      const at = Date.parse(said.at ?? (plan?.action === 'act' ? plan.at : ''));
      if (at <= Date.now()) return stillWanted(context, input);
      const wakes = (): boolean =>
        said.now || said.skip !== undefined || said.changed || Date.parse(said.at ?? '') < at;
      await condition(wakes, Math.min(at - Date.now(), READ_AGAIN_MS));
    }
    await read(context, input);
  }
}

/** Alert-only: people are told once, and may still say `now` or `reschedule`. */
async function alertOnce(context: EventContext, reason: string): Promise<void> {
  if (context.progress.outcome === 'alerted') return;
  decide(context, 'alerted');
  await alert(context, 'plan', reason);
}

/** The approval the policy asks for, with what it says happens when nobody gives it in time. */
export async function approved(context: EventContext, input: HandleSystemEventInput): Promise<boolean> {
  const { said, policy } = context;
  if (!policy?.approval.required || said.approved) return true;
  enter(context, 'approval');
  const until = approvalDeadline(context);
  await condition(
    () => said.approved || said.skip !== undefined || said.changed,
    Math.max(1, until - Date.now()),
  );
  if (said.skip !== undefined) return skipped(context, said.skip);
  if (!said.approved && policy.approval.otherwise === 'skip')
    return skipped(context, 'nobody approved in time');
  return stillWanted(context, input);
}

/** Asked for as soon as the event is planned, so that people have the whole time to answer. */
export async function askForApproval(context: EventContext): Promise<void> {
  const { policy, said } = context;
  if (!policy?.approval.required || said.approved) return;
  const until = new Date(approvalDeadline(context)).toISOString();
  await alert(context, 'approval', `needs approval until ${until}; without it: ${policy.approval.otherwise}`);
}

function approvalDeadline({ policy, progress }: EventContext): number {
  return Date.parse(progress.plan?.deadline ?? '') - (policy?.approval.byMs ?? 0);
}

/** Before acting the event is read again: cancelled, ended, or its instance gone meanwhile. */
export async function stillWanted(context: EventContext, input: HandleSystemEventInput): Promise<boolean> {
  await read(context, input);
  return !isOver(context) && context.said.skip === undefined;
}

/** Reads event, instance and plan anew; the policy stays the one it was planned with. */
export async function read(
  context: EventContext,
  { region, eventId }: HandleSystemEventInput,
): Promise<void> {
  context.said.changed = false;
  const before = context.progress.plan;
  const reading = await readingEvents.readEvent({ region, eventId, policy: context.policy });
  context.progress.event = reading.event ?? context.progress.event;
  context.instance = reading.instance;
  context.policy ??= reading.policy;
  context.progress.plan = reading.plan ?? context.progress.plan;
  const { plan } = context.progress;
  if (plan && JSON.stringify(plan) !== JSON.stringify(before)) note(context, 'plan', true, plan.reason);
}

/** The event has ended, or its instance is gone. */
export function isOver(context: EventContext): boolean {
  const { event } = context.progress;
  return event === undefined || isEventEnd(event.status) || context.instance === undefined;
}

function skipped(context: EventContext, reason: string): boolean {
  decide(context, 'skipped');
  note(context, 'skip', true, reason);
  return false;
}
