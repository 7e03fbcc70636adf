/**
 * What the system event actions have in common: their parameters, their codes and how a filter is read.
 * The rule: these actions answer 403 InvalidParameter for a bad value, and 404 where something is missing.
 */
import { EcsError, list, struct, text, time } from '../core';
import type { ErrorSpec, MissingFamily } from '../core/errors';
import { CYCLE_STATUSES, EVENT_TYPES } from '../system-events/model';
import type { SystemEvent } from '../system-events/model';

/** A bad value. */
export const badEventParameter: ErrorSpec = (name) =>
  new EcsError(403, 'InvalidParameter', `The specified parameter ${name} is invalid.`);

/** A missing one; AcceptInquiredSystemEvent alone answers 400. */
export const missingEventParameter =
  (httpStatus: number): MissingFamily =>
  (name) =>
    new EcsError(httpStatus, 'MissingParameter', `The parameter ${name} is required.`);

/** `InstanceId.N`, at most 100. */
export const eventInstanceIds = list(text(), {
  max: 100,
  tooMany: [403, 'InstanceIdLimitExceeded', 'The number of InstanceId.N exceeds 100.'],
});

/** `EventId.N`, at most 100; the status of the error differs between actions. */
export function eventIds(httpStatus: number): typeof eventInstanceIds {
  return list(text(), {
    max: 100,
    tooMany: [httpStatus, 'EventIdLimitExceeded', 'The number of EventId.N exceeds 100.'],
  });
}

const eventType = text({ oneOf: Object.keys(EVENT_TYPES) });
const range = struct({ Start: time(), End: time() });

/** The filters that both lists of events have. */
export const eventFilters = {
  EventId: eventIds(403),
  EventType: eventType,
  InstanceEventType: list(eventType, { max: 30 }),
  NotBefore: range,
  EventPublishTime: range,
};

/** The life of an event, as a filter. */
export const cycleStatus = text({ oneOf: [...CYCLE_STATUSES] });

interface Range {
  readonly Start?: number | undefined;
  readonly End?: number | undefined;
}

interface Filters {
  readonly EventId: readonly string[];
  readonly EventType?: string | undefined;
  readonly InstanceEventType: readonly string[];
  readonly NotBefore: Range;
  readonly EventPublishTime: Range;
}

/** True when the caller asks for some events rather than all. */
export function isFiltered(params: Filters): boolean {
  const { EventId: ids, InstanceEventType: types, NotBefore: at, EventPublishTime: published } = params;
  const bounds = [params.EventType, at.Start, at.End, published.Start, published.End];
  return ids.length + types.length > 0 || bounds.some((value) => value !== undefined);
}

/** Which events the filters let through; the list of types beats the single one. */
export function eventFilter(params: Filters): (event: SystemEvent) => boolean {
  for (const { Start: start, End: end } of [params.NotBefore, params.EventPublishTime])
    if (start !== undefined && end !== undefined && end < start)
      throw new EcsError(
        403,
        'InvalidParameter.TimeEndBeforeStart',
        'The end time is before the start time.',
      );
  const single = params.EventType === undefined ? [] : [params.EventType];
  const types = params.InstanceEventType.length > 0 ? params.InstanceEventType : single;
  return (event) =>
    (params.EventId.length === 0 || params.EventId.includes(event.eventId)) &&
    (types.length === 0 || types.includes(event.type)) &&
    within(event.notBefore, params.NotBefore) &&
    within(event.publishedAt, params.EventPublishTime);
}

function within(at: number, { Start: start = -Infinity, End: end = Infinity }: Range): boolean {
  return at >= start && at <= end;
}
