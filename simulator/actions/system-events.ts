/**
 * AcceptInquiredSystemEvent, CreateSimulatedSystemEvents, CancelSimulatedSystemEvents. The rule: all members of a
 * call are checked before one of them is changed.
 */
import { defineAction, EcsError, errors, flag, ignored, text, time } from '../core';
import type { ActionContext } from '../core';
import { INTERRUPTION, isOpen, REAL_OPS_TYPES, SIMULATED_TYPES } from '../system-events/model';
import type { SystemEvent } from '../system-events/model';
import { badEventParameter, eventIds, eventInstanceIds, missingEventParameter } from './event-params';

/** More open simulated events than this a region does not take; the service's own number is not published. */
const MOST_SIMULATED = 1_000;

/** AcceptInquiredSystemEvent. */
export const acceptInquiredSystemEvent = defineAction({
  name: 'AcceptInquiredSystemEvent',
  required: ['EventId', 'RegionId'],
  missing: missingEventParameter(400),
  invalid: (name) => new EcsError(400, 'InvalidParameter', `The specified parameter ${name} is invalid.`),
  quota: 'mutate',
  params: { RegionId: text(), EventId: text(), Choice: ignored() },
  handle(context, params) {
    const event = ofRegion(context, params.EventId);
    if (event?.status !== 'Inquiring')
      throw new EcsError(
        404,
        'InvalidEventId.NoInquiringEventFound',
        'No inquiring event of the specified EventId is found.',
      );
    const instance = context.region.instances.get(event.instanceId);
    if (instance && !['Running', 'Stopped'].includes(instance.status)) throw errors.incorrectStatus();
    context.simulation.systemEvents.accept(event, context.requestId);
    return {};
  },
});

/** CreateSimulatedSystemEvents: one event an instance, in the order of the instances. */
export const createSimulatedSystemEvents = defineAction({
  name: 'CreateSimulatedSystemEvents',
  required: ['EventType', 'InstanceId', 'NotBefore', 'RegionId'],
  missing: missingEventParameter(404),
  invalid: badEventParameter,
  quota: 'mutate',
  params: {
    RegionId: text(),
    EventType: text({ oneOf: SIMULATED_TYPES }),
    InstanceId: eventInstanceIds,
    NotBefore: time(),
    TriggerRealOps: flag(),
  },
  handle(context, params) {
    const { simulation, region, now } = context;
    const realOps = params.TriggerRealOps ?? false;
    const type = params.EventType;
    requireAllowed(type, realOps);
    for (const id of params.InstanceId) {
      const instance = region.instances.get(id);
      if (!instance) throw errors.instanceNotFound();
      if (type === INTERRUPTION && instance.spotStrategy === 'NoSpot')
        throw new EcsError(403, 'InvalidParameter', 'Only a preemptible instance can be interrupted.');
    }
    // The system chooses the moment of a redeployment that really happens.
    const notBefore = realOps && type === 'SystemMaintenance.Redeploy' ? now : params.NotBefore;
    if (notBefore < now)
      throw new EcsError(403, 'InvalidNotBefore.Passed', 'The specified NotBefore has passed.');
    const open = simulation.systemEvents.ofRegion(region.regionId).filter((e) => e.simulated && isOpen(e));
    if (open.length + params.InstanceId.length > MOST_SIMULATED)
      throw new EcsError(403, 'SimulatedEventLimitExceeded', 'There are too many simulated events.');
    const made = params.InstanceId.map((instanceId) =>
      simulation.systemEvents.raise(
        { instanceId, regionId: region.regionId, type, notBefore, simulated: true, realOps, reason: REASON },
        context.requestId,
      ),
    );
    return { EventIdSet: { EventId: made.map((event) => event.eventId) } };
  },
});

const REASON = 'A simulated event.';

function requireAllowed(type: string, realOps: boolean): void {
  if (realOps ? REAL_OPS_TYPES.includes(type) : type !== INTERRUPTION) return;
  throw new EcsError(403, 'InvalidParameter', 'EventType and TriggerRealOps do not go together.');
}

/** CancelSimulatedSystemEvents. */
export const cancelSimulatedSystemEvents = defineAction({
  name: 'CancelSimulatedSystemEvents',
  required: ['EventId', 'RegionId'],
  missing: missingEventParameter(404),
  invalid: badEventParameter,
  quota: 'mutate',
  params: { RegionId: text(), EventId: eventIds(400) },
  handle(context, params) {
    const members = params.EventId.map((id) => {
      const event = ofRegion(context, id);
      if (!event) throw new EcsError(403, 'InvalidEventId.NotFound', 'The specified EventId does not exist.');
      if (!event.simulated)
        throw new EcsError(
          403,
          'CannotCancelSystemEvent.NotSimulated',
          'An event that is not simulated cannot be canceled.',
        );
      if (!isOpen(event))
        throw new EcsError(
          403,
          'InvalidParameter',
          'The specified event is neither Scheduled nor Executing.',
        );
      return event;
    });
    for (const event of members) context.simulation.systemEvents.cancel(event, context.requestId);
    return {};
  },
});

function ofRegion(context: ActionContext, eventId: string): SystemEvent | undefined {
  const event = context.simulation.systemEvents.find(eventId);
  return event?.regionId === context.region.regionId ? event : undefined;
}
