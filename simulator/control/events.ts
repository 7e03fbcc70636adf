/**
 * System events as the control plane raises, moves and ends them. The rule: here the provider speaks; what the
 * owner of an instance can do goes through the API.
 */
import { z } from 'zod';
import { CYCLE_STATUSES, EVENT_TYPES } from '../system-events/model';
import type { SystemEvent } from '../system-events/model';
import { ControlError } from './control-error';
import type { ControlTarget } from './server';

/** A moment: in milliseconds since 1970, or so much later than now. */
const moment = { notBefore: z.number().optional(), inMs: z.number().nonnegative().optional() };

/** Events to raise: one for each instance. Without a moment NotBefore is 48 hours away. */
export const raiseEventsBody = z
  .object({
    ...moment,
    instanceIds: z.array(z.string()).min(1).max(20_000),
    type: z
      .string()
      .refine((type) => type in EVENT_TYPES, 'is no type of system event')
      .default('SystemMaintenance.Reboot'),
    status: z.enum(['Scheduled', 'Inquiring', 'Executing']).optional(),
    reason: z.string().optional(),
    reasonCode: z.string().optional(),
  })
  .strict();

/** A change of an event: another moment, another status, or both. */
export const updateEventBody = z.object({ ...moment, status: z.enum(CYCLE_STATUSES).optional() }).strict();

const TWO_DAYS = 2 * 86_400_000;

/** Raises events. */
export function raiseEvents({ simulation }: ControlTarget, body: unknown): { eventIds: string[] } {
  const { instanceIds, notBefore, inMs, ...draft } = raiseEventsBody.parse(body);
  const at = notBefore ?? simulation.clock.now() + (inMs ?? TWO_DAYS);
  const instances = instanceIds.map((id) => {
    const instance = simulation.world.findInstance(id);
    if (!instance) throw new ControlError(404, `There is no instance ${id}.`);
    return instance;
  });
  const raised = instances.map(({ instanceId, regionId }) =>
    simulation.systemEvents.raise({
      ...defined(draft),
      type: draft.type,
      instanceId,
      regionId,
      notBefore: at,
    }),
  );
  return { eventIds: raised.map((event) => event.eventId) };
}

/** Lists events, open and finished, of one instance when told. */
export function listEvents({ simulation }: ControlTarget, query: URLSearchParams): { events: SystemEvent[] } {
  const instanceId = query.get('instanceId');
  const all = [...simulation.world.regions.keys()].flatMap((id) => simulation.systemEvents.ofRegion(id));
  return { events: all.filter((event) => instanceId === null || event.instanceId === instanceId) };
}

/** Moves an event, or puts it into a status. */
export function updateEvent({ simulation }: ControlTarget, eventId: string, body: unknown): SystemEvent {
  const { notBefore, inMs, status } = updateEventBody.parse(body);
  const event = simulation.systemEvents.find(eventId);
  if (!event) throw new ControlError(404, `There is no event ${eventId}.`);
  const at = notBefore ?? (inMs === undefined ? undefined : simulation.clock.now() + inMs);
  if (at !== undefined) simulation.systemEvents.move(event, at);
  if (status === 'Canceled') simulation.systemEvents.cancel(event);
  else if (status !== undefined) simulation.systemEvents.force(event, status);
  return event;
}

function defined<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
