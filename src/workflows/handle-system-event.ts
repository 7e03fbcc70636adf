/**
 * `handleSystemEvent`: one planned event, from its plan to the proof that it is gone.
 *
 * Promise: at most one reboot of ours takes effect, planned before NotBefore minus the policy's margin and never called
 * in the last minute before NotBefore or later; the event is read again before anything is done. It runs under `system-event/<account>/<region>/<eventId>` and no other id, and stays
 * open until the event has ended, so that the id means once.
 * Ends are results (`avoided`, `skipped`, `escalated` …). Updates: reschedule, skip, now, approve.
 * Cancel: ends before the next step; a reboot that was asked for is not undone.
 * It holds the instance and its group at the gate while it works, and stands down where something takes the instance.
 */
import { condition, defineQuery, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';
import { HANDLE_SYSTEM_EVENT } from '../domain/event-messages';
import { rescheduleError, tooLateToAct } from '../domain/event-times';
import { summaryOfEvent } from '../domain/event-summary';
import { PROGRESS_QUERY } from '../domain/messages';
import { EVENT_CHANGED_SIGNAL, EVENT_UPDATES, isAnsweredByReboot, isEventEnd } from '../domain/system-event';
import type {
  EventOutcome,
  HandleSystemEventInput,
  SystemEventProgress,
  SystemEventResult,
} from '../domain/system-event';
import { alert, decide, enter, note } from './event-context';
import type { EventContext } from './event-context';
import { passGate } from './event-gate';
import { READ_AGAIN_MS, askForApproval, hold, isOver, read, readNew, stillWanted } from './event-hold';
import { runHooks } from './event-hooks';
import { rebootAndCheck } from './event-reboot';
import { GateLease } from './gate-lease';
import { refuseBadInput } from './input';
import { Hints } from './waiting';
import { noteOperation } from './search-attributes';

/** While the provider carries it out: at most this long between two readings. */
const WATCH_STEP_MS = 3_600_000;
const DEFAULT_PROVE_MS = 300_000;

export const eventProgressQuery = defineQuery<SystemEventProgress>(PROGRESS_QUERY);
export const eventChangedSignal = defineSignal(EVENT_CHANGED_SIGNAL);
export const rescheduleUpdate = defineUpdate<string, [{ at: string }]>(EVENT_UPDATES.reschedule);
export const skipUpdate = defineUpdate<string, [{ reason: string }]>(EVENT_UPDATES.skip);
export const nowUpdate = defineUpdate<string, []>(EVENT_UPDATES.now);
export const approveUpdate = defineUpdate<string, []>(EVENT_UPDATES.approve);

export async function handleSystemEvent(input: HandleSystemEventInput): Promise<SystemEventResult> {
  const context = newContext(input ?? { region: '', eventId: '' });
  registerHandlers(context);
  await refuseBadInput(HANDLE_SYSTEM_EVENT, input);

  await readNew(context, input);
  if (!context.progress.event) return finish(context, input, 'not-found');
  noteSearchAttributes(context);
  if (!isOver(context)) await answer(context, input);
  await watchUntilEnded(context, input);
  await Promise.all(context.tellings);
  return finish(context, input, outcomeAtEnd(context));
}

/** From plan to proof. Leaves an outcome where the event need not be looked at any more to know what we did. */
async function answer(context: EventContext, input: HandleSystemEventInput): Promise<void> {
  if (!isAnsweredByReboot(context.progress.event?.type ?? '')) {
    const type = context.progress.event?.type ?? '';
    decide(context, 'alerted');
    return alert(context, 'plan', `${type} is not answered by a reboot; a person has to look`);
  }
  askForApproval(context);
  for (let turn = 'again'; turn !== 'granted';) {
    if (turn === 'no' || !(await hold(context, input))) return;
    turn = await passGate(context, input);
  }
  if (await work(context, input)) await prove(context, input);
}

/** What holds the gate: hooks, reboot, health. @returns true where all of it was done */
async function work(context: EventContext, input: HandleSystemEventInput): Promise<boolean> {
  try {
    if (!(await stillWanted(context, input))) return false;
    enter(context, 'pre');
    if (!(await runHooks(context, 'pre', context.policy?.pre ?? []))) return false;
    if (!(await stillWanted(context, input)) || !(await rebootAndCheck(context))) return false;
    enter(context, 'post');
    return await runHooks(context, 'post', context.policy?.post ?? []);
  } finally {
    await context.lease.release();
  }
}

async function prove(context: EventContext, input: HandleSystemEventInput): Promise<void> {
  enter(context, 'proving');
  const withinMs = context.policy?.proveWithinMs ?? DEFAULT_PROVE_MS;
  await context.hints.wait({ ...waitForEvent(input), since: Date.now(), withinMs });
  await read(context, input);
  const { status } = context.progress.event ?? { status: '' };
  note(context, 'prove', isEventEnd(status), `the event is ${status}`);
  if (!isEventEnd(status)) alert(context, 'prove', `rebooted, but the event is still ${status}`);
}

/**
 * Holds the id until the event has ended, so that nobody answers it a second time. Before NotBefore nothing ends it but
 * what the patrol signals, so it is read seldom; after that the watcher looks.
 */
async function watchUntilEnded(context: EventContext, input: HandleSystemEventInput): Promise<void> {
  const { said } = context;
  while (!isOver(context)) {
    enter(context, 'watching');
    const untilDue = Date.parse(context.progress.event?.notBefore ?? '') - Date.now();
    if (untilDue > 0) {
      await condition(() => said.changed, Math.min(untilDue + 1_000, READ_AGAIN_MS));
    } else {
      const since = Date.now();
      const interrupt = (): boolean => said.changed;
      await context.hints.wait({ ...waitForEvent(input), since, withinMs: WATCH_STEP_MS, interrupt });
    }
    await read(context, input);
  }
}

function waitForEvent({ region, eventId }: HandleSystemEventInput): {
  region: string;
  kind: 'systemEvent';
  key: string;
} {
  return { region, kind: 'systemEvent', key: eventId };
}

/** What the end of the event makes of what we did. */
function outcomeAtEnd(context: EventContext): EventOutcome {
  const { event, outcome } = context.progress;
  if (outcome === 'escalated' || outcome === 'skipped' || outcome === 'pre-empted') return outcome;
  if (context.reboots > 0 && event?.status === 'Avoided') return 'avoided';
  if (context.instance === undefined && !isEventEnd(event?.status ?? '')) return 'instance-released';
  if (event?.status === 'Canceled') return 'cancelled';
  if (event?.status === 'Avoided') return 'avoided';
  return 'executed-by-provider';
}

function finish(
  context: EventContext,
  input: HandleSystemEventInput,
  outcome: EventOutcome,
): SystemEventResult {
  context.progress.outcome = outcome;
  enter(context, 'done');
  const { event, steps } = context.progress;
  return {
    outcome,
    summary: summaryOfEvent(outcome, context.progress, context.failure),
    region: input.region,
    eventId: input.eventId,
    instanceId: event?.instanceId ?? '',
    eventStatus: event?.status ?? '',
    ...context.failure,
    reboots: context.reboots,
    steps,
    startedAt: context.startedAt,
    finishedAt: new Date().toISOString(),
  };
}

function newContext({ region }: HandleSystemEventInput): EventContext {
  return {
    hints: new Hints(),
    lease: new GateLease(),
    progress: { phase: 'reading', region, approved: false, steps: [] },
    reboots: 0,
    tellings: [],
    said: { now: false, approved: false, changed: false },
    startedAt: new Date().toISOString(),
  };
}

function registerHandlers(context: EventContext): void {
  const { said, progress } = context;
  const refuseAfterDecision = (): void => {
    if (!['reading', 'holding', 'approval', 'gate'].includes(progress.phase))
      throw new Error(`too late: the event is in phase ${progress.phase}`);
  };
  setHandler(eventProgressQuery, () => ({ ...progress, approved: said.approved }));
  setHandler(eventChangedSignal, () => void (said.changed = true));
  setHandler(rescheduleUpdate, ({ at }) => ((said.at = at), (said.changed = true), `will act at ${at}`), {
    validator: ({ at }: { at: string }) => {
      refuseAfterDecision();
      const error = rescheduleError(at, progress.plan?.deadline, Date.now());
      if (error) throw new Error(error);
    },
  });
  setHandler(skipUpdate, ({ reason }) => ((said.skip = reason), (said.changed = true), 'will not act'), {
    validator: ({ reason }: { reason: string }) => {
      refuseAfterDecision();
      if (typeof reason !== 'string' || reason === '')
        throw new Error('give a reason: it is what others read later');
    },
  });
  setHandler(nowUpdate, () => ((said.now = said.changed = true), 'acts now'), {
    validator: () => {
      refuseAfterDecision();
      const late = progress.event && tooLateToAct(progress.event, Date.now());
      if (late) throw new Error(late);
    },
  });
  setHandler(approveUpdate, () => ((said.approved = said.changed = true), 'approved'), {
    validator: () => refuseAfterDecision(),
  });
}

function noteSearchAttributes({ progress }: EventContext): void {
  const { region, event } = progress;
  noteOperation(HANDLE_SYSTEM_EVENT, {
    region,
    eventId: event?.eventId ?? '',
    instanceIds: [event?.instanceId ?? ''],
  });
}
