/**
 * Activities of `reportSystemEvents` and `drillSystemEvent`.
 *
 * The one rule: raising a simulated event takes no ClientToken, so each attempt looks first for what an earlier one has
 * raised; and only simulated events are ever cancelled, which ECS itself makes sure of.
 */
import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { planEvent } from '../domain/event-plan';
import { DEFAULT_DAYS, rowsForReport } from '../domain/event-report';
import type {
  EventRow,
  HandlerEnd,
  ReportSystemEventsInput,
  SystemEventsReport,
} from '../domain/event-report';
import { policyFor } from '../domain/policy';
import type { PolicyFile } from '../domain/policy';
import { isEventEnd } from '../domain/system-event';
import { VISIBLE_WITHIN_MS } from '../domain/waiting';
import type { SystemEvent } from '../domain/system-event';
import type { EcsClient } from '../ecs/client';
import { EcsError } from '../ecs/errors';
import { atBoundary } from './failures';
import type { EventHandlers } from './patrol';

/** A simulated event as a drill asks for it. */
export interface DrillEvent {
  region: string;
  instanceId: string;
  type: string;
  /** ISO 8601 UTC with seconds: what it is found again by. */
  notBefore: string;
}

export interface EventReportActivities {
  reportEvents(request: ReportSystemEventsInput): Promise<SystemEventsReport>;
  /** @returns the id of the event */
  raiseDrill(request: DrillEvent): Promise<string>;
  startHandler(request: { region: string; eventId: string }): Promise<boolean>;
  readHandler(request: { region: string; eventId: string }): Promise<HandlerEnd>;
  /** Cancels what a drill has raised and is still open; `eventId` also where it is not listed yet. @returns the ids */
  cancelDrill(request: DrillEvent & { eventId?: string }): Promise<string[]>;
}

const DAY_MS = 86_400_000;

export function createEventReportActivities(
  ecs: EcsClient,
  handlers: EventHandlers,
  policies: PolicyFile,
): EventReportActivities {
  const drillsOf = async ({ region, instanceId, type, notBefore }: DrillEvent): Promise<DrillsFound> => {
    const open = (await ecs.listOpenEvents(region)).filter((event) => event.instanceId === instanceId);
    const same = (event: SystemEvent): boolean =>
      event.type === type && Date.parse(event.notBefore) === Date.parse(notBefore);
    return { ours: open.filter(same), others: open.filter((event) => !same(event)) };
  };

  return {
    reportEvents: (request) =>
      atBoundary(async () => {
        const now = activityInfo().currentAttemptScheduledTimestampMs;
        const events = await eventsOf(ecs, request, now);
        const shown = events.slice(0, 200);
        const planned = await withPlans(ecs, policies, { region: request.region, events: shown, now });
        const { region, kind } = request;
        return { region, kind, at: iso(now), total: events.length, rows: rowsForReport(planned) };
      }),

    raiseDrill: (request) =>
      atBoundary(async () => {
        const { ours, others } = await drillsOf(request);
        if (ours[0]) return ours[0].eventId;
        const [other] = others;
        if (other) throw refusal(other);
        requireTimeToBeListed();
        try {
          return await ecs.createSimulatedEvent(request);
        } catch (error) {
          if (error instanceof EcsError && error.kind === 'retry' && !error.effectExcluded)
            throw error.retryIn(VISIBLE_WITHIN_MS);
          throw error;
        }
      }),

    startHandler: ({ region, eventId }) => handlers.start(region, eventId),
    readHandler: ({ region, eventId }) => handlers.end(region, eventId),

    cancelDrill: (request) =>
      atBoundary(async () => {
        const listed = (await drillsOf(request)).ours.map(({ eventId }) => eventId);
        const { region, eventId: known } = request;
        const unlisted =
          known !== undefined && !listed.includes(known) && !(await hasEnded(ecs, region, known));
        const eventIds = unlisted ? [...listed, known] : listed;
        for (const eventId of eventIds) {
          await cancelIfOpen(ecs, region, eventId);
          await handlers.changed(region, eventId);
        }
        return eventIds;
      }),
  };
}

/** The attempt before, whose worker was lost, may have raised it a moment ago; a second one would be a second reboot. */
function requireTimeToBeListed(): void {
  const { attempt, scheduledTimestampMs, currentAttemptScheduledTimestampMs } = activityInfo();
  const left = scheduledTimestampMs + VISIBLE_WITHIN_MS - currentAttemptScheduledTimestampMs;
  if (attempt === 1 || left <= 0) return;
  throw ApplicationFailure.create({
    type: 'MayBeRaised',
    message: `an earlier attempt may have raised the event; looking again in ${Math.ceil(left / 1000)} s`,
    nextRetryDelay: left,
  });
}

async function hasEnded(ecs: EcsClient, region: string, eventId: string): Promise<boolean> {
  const [event] = await ecs.describeEvents(region, [eventId]);
  return event !== undefined && isEventEnd(event.status);
}

interface DrillsFound {
  ours: SystemEvent[];
  others: SystemEvent[];
}

/** A reboot would answer the real event too, at a moment nobody chose. */
function refusal({ eventId, type, status }: SystemEvent): ApplicationFailure {
  const message = `the instance has an open event already: ${eventId}, ${type}, ${status}; drill when it is over`;
  return ApplicationFailure.create({ type: 'OpenEvent', message, nonRetryable: true });
}

async function eventsOf(
  ecs: EcsClient,
  { region, kind, days = DEFAULT_DAYS, eventId }: ReportSystemEventsInput,
  now: number,
): Promise<SystemEvent[]> {
  if (eventId !== undefined) return ecs.describeEvents(region, [eventId]);
  if (kind === 'open')
    return (await ecs.listOpenEvents(region)).sort((a, b) => a.notBefore.localeCompare(b.notBefore));
  // To the end of this second: the API takes whole ones, and what was published in it belongs to the answer.
  const found = await ecs.listEventHistory(region, iso(now - days * DAY_MS), iso(now + 1_000));
  return found.sort((a, b) => b.publishedAt.localeCompare(a.publishedAt));
}

/** Open events with policy and plan; an instance that is gone has no tags and is matched without. */
async function withPlans(
  ecs: EcsClient,
  policies: PolicyFile,
  { region, events, now }: { region: string; events: SystemEvent[]; now: number },
): Promise<EventRow[]> {
  const open = events.filter(({ status }) => !isEventEnd(status));
  const ids = [...new Set(open.map(({ instanceId }) => instanceId))];
  const instances = await ecs.describeEventInstances(region, ids);
  return events.map((event) => {
    if (isEventEnd(event.status)) return event;
    const { type, instanceId } = event;
    const policy = policyFor(policies, { type, instanceId, tags: instances.get(instanceId)?.tags ?? [] });
    return { ...event, policy: policy.name, plan: planEvent({ event, policy, now }) };
  });
}

/** One that has ended meanwhile is what was wanted. */
async function cancelIfOpen(ecs: EcsClient, region: string, eventId: string): Promise<void> {
  try {
    await ecs.cancelSimulatedEvent(region, eventId);
  } catch (error) {
    if (!(error instanceof EcsError)) throw error;
    if (!(await hasEnded(ecs, region, eventId))) throw error;
  }
}

/** ECS takes no fractions of a second. */
function iso(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
