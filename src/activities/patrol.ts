/**
 * The patrol's look: the region's open events in one paged call, a handler for each new one, a hint to the handler of
 * each that changed.
 *
 * The one rule: starting is idempotent by id, so a look that is repeated, or two patrols, start nothing twice.
 */
import type { EcsClient } from '../ecs/client';
import type { HandlerEnd } from '../domain/event-report';
import type { KnownEvent, PatrolInput, SystemEvent } from '../domain/system-event';
import { atBoundary } from './failures';

/** The small port to Temporal's client for event handlers. */
export interface EventHandlers {
  /** @returns false where a handler of that id exists already, open or closed. */
  start(region: string, eventId: string): Promise<boolean>;
  /** Tells the handler to read its event again; nothing where none is open. */
  changed(region: string, eventId: string): Promise<void>;
  /** What became of the handler. */
  end(region: string, eventId: string): Promise<HandlerEnd>;
}

export interface PatrolVerdict {
  known: KnownEvent[];
  started: number;
  changed: number;
  calls: number;
}

export interface PatrolActivities {
  lookForEvents(request: PatrolInput & { known: KnownEvent[] }): Promise<PatrolVerdict>;
}

export function createPatrolActivities(ecs: EcsClient, handlers: EventHandlers): PatrolActivities {
  return {
    lookForEvents: (request) =>
      atBoundary(async () => {
        const listed = await ecs.listOpenEvents(request.region);
        const open = listed.filter((event) => concerns(event, request));
        const wanted = request.tags?.length ? await withTags(ecs, request, open) : open;
        const before = new Map(request.known.map((event) => [event.eventId, event]));
        let started = 0;
        for (const event of wanted) {
          if (!before.has(event.eventId) && (await handlers.start(request.region, event.eventId)))
            started += 1;
        }
        const changed = changedSince(before, wanted);
        for (const eventId of changed) await handlers.changed(request.region, eventId);
        const known = wanted.map(({ eventId, status, notBefore }) => ({ eventId, status, notBefore }));
        return {
          known,
          started,
          changed: changed.length,
          calls: Math.max(1, Math.ceil(listed.length / 100)),
        };
      }),
  };
}

function concerns(event: SystemEvent, { eventTypes, instanceIds }: PatrolInput): boolean {
  return (
    (eventTypes === undefined || eventTypes.includes(event.type)) &&
    (instanceIds === undefined || instanceIds.includes(event.instanceId))
  );
}

async function withTags(
  ecs: EcsClient,
  { region, tags }: PatrolInput,
  events: SystemEvent[],
): Promise<SystemEvent[]> {
  if (events.length === 0) return [];
  const tagged = new Set(await ecs.listInstanceIdsByTags(region, tags ?? []));
  return events.filter((event) => tagged.has(event.instanceId));
}

/** Known events that look different now, or are no longer listed as open. */
function changedSince(before: Map<string, KnownEvent>, now: SystemEvent[]): string[] {
  const current = new Map(now.map((event) => [event.eventId, event]));
  return [...before.values()]
    .filter((old) => {
      const event = current.get(old.eventId);
      return event?.status !== old.status || event.notBefore !== old.notBefore;
    })
    .map((old) => old.eventId);
}
