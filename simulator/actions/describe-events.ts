/**
 * DescribeInstancesFullStatus and DescribeInstanceHistoryEvents. The rule: the first knows only what is planned,
 * the second shows nothing that is open unless it is asked for by its status.
 */
import type { ActionContext, PageLimits } from '../core';
import { defineAction, list, number, pageParams, seconds, text } from '../core';
import type { Instance } from '../model/instance';
import { cycleView, isFailure, isOpen, typeView } from '../system-events/model';
import type { SystemEvent } from '../system-events/model';
import {
  badEventParameter,
  cycleStatus,
  eventFilter,
  eventFilters,
  eventInstanceIds,
  isFiltered,
  missingEventParameter,
} from './event-params';
import { carries, tagList } from './tag-rules';

const LIMITS: PageLimits = { defaultSize: 10, max: 100, minResults: 10 };

/** The numbers of what lists of full status say; 0, 64, 128 and Running are documented, the others chosen here. */
const HEALTH = { Ok: 0, Initializing: 16, Maintaining: 32, Warning: 64, Impaired: 128, NotApplicable: 256 };
const LIFE = { Running: 1, Stopped: 2, Starting: 3, Stopping: 4, Pending: 5 };

/** Every event here means the instance as a whole. */
const IMPACT = '100';

type Health = keyof typeof HEALTH;

/** DescribeInstancesFullStatus. */
export const describeInstancesFullStatus = defineAction({
  name: 'DescribeInstancesFullStatus',
  required: ['RegionId'],
  missing: missingEventParameter(404),
  invalid: badEventParameter,
  quota: 'describe',
  params: {
    RegionId: text(),
    InstanceId: eventInstanceIds,
    ...eventFilters,
    Status: text({ oneOf: ['Starting', 'Running', 'Stopped'] }),
    HealthStatus: text({ oneOf: [...Object.keys(HEALTH), 'InsufficientData'] }),
    PageNumber: number({ min: 1 }),
    PageSize: number({ min: 1 }),
  },
  handle(context, params) {
    const passes = eventFilter(params);
    const ids = new Set(params.InstanceId);
    const rows = [...context.region.instances.values()]
      .filter((instance) => context.isVisible(instance.createdAt))
      .filter(({ instanceId }) => ids.size === 0 || ids.has(instanceId))
      .map((instance) => ({ instance, events: planned(context, instance).filter(passes) }))
      .filter(({ events }) => events.length > 0 || !isFiltered(params))
      .filter(({ instance }) => (params.Status ?? context.statusOf(instance)) === context.statusOf(instance))
      .filter(
        ({ instance }) =>
          (params.HealthStatus ?? healthOf(context, instance)) === healthOf(context, instance),
      );
    const page = context.page(rows, ({ instance }) => instance.sequence, params, LIMITS);
    const list = page.items.map(({ instance, events }) => fullStatusView(context, instance, events));
    return { InstanceFullStatusSet: { InstanceFullStatusType: list }, ...page.fields };
  },
});

function planned(context: ActionContext, instance: Instance): SystemEvent[] {
  const { systemEvents, switches } = context.simulation;
  const withInquiring = switches.fullStatusEvents === 'scheduled-or-inquiring';
  return systemEvents
    .openOf(instance.instanceId)
    .filter((event) => event.status === 'Scheduled' || (withInquiring && event.status === 'Inquiring'))
    .filter((event) => context.isVisible(event.publishedAt));
}

function healthOf(context: ActionContext, instance: Instance): Health {
  const open = context.simulation.systemEvents.openOf(instance.instanceId);
  const executing = open.filter((event) => event.status === 'Executing');
  if (executing.some((event) => isFailure(event.type))) return 'Impaired';
  if (executing.length > 0) return 'Maintaining';
  if (open.length > 0) return 'Warning';
  if (instance.status === 'Pending') return 'Initializing';
  return instance.status === 'Stopped' ? 'NotApplicable' : 'Ok';
}

function fullStatusView(
  context: ActionContext,
  instance: Instance,
  events: readonly SystemEvent[],
): Record<string, unknown> {
  const [status, health] = [context.statusOf(instance), healthOf(context, instance)];
  return {
    InstanceId: instance.instanceId,
    Status: { Code: LIFE[status], Name: status },
    HealthStatus: { Code: HEALTH[health], Name: health },
    ScheduledSystemEventSet: { ScheduledSystemEventType: events.map((event) => sharedView(event)) },
  };
}

function sharedView(event: SystemEvent): Record<string, unknown> {
  return {
    EventId: event.eventId,
    EventType: typeView(event.type),
    EventCycleStatus: cycleView(event.status),
    EventPublishTime: seconds(event.publishedAt),
    NotBefore: seconds(event.notBefore),
    Reason: event.reason,
    ImpactLevel: IMPACT,
    ExtendedAttribute: {},
  };
}

/** DescribeInstanceHistoryEvents. */
export const describeInstanceHistoryEvents = defineAction({
  name: 'DescribeInstanceHistoryEvents',
  required: ['RegionId'],
  missing: missingEventParameter(404),
  invalid: badEventParameter,
  quota: 'describe',
  params: {
    RegionId: text(),
    ...pageParams(LIMITS),
    InstanceId: text(),
    ...eventFilters,
    EventCycleStatus: cycleStatus,
    InstanceEventCycleStatus: list(cycleStatus, { max: 7 }),
    ResourceType: text({ oneOf: ['instance', 'ddh', 'managedhost'] }),
    ResourceId: list(text(), { max: 100 }),
    ResourceGroupId: text(),
    Tag: tagList(),
    ImpactLevel: text(),
  },
  handle(context, params) {
    const passes = eventFilter(params);
    const single = params.EventCycleStatus === undefined ? [] : [params.EventCycleStatus];
    const asked = params.InstanceEventCycleStatus.length > 0 ? params.InstanceEventCycleStatus : single;
    const tagsOf = (id: string): ReadonlyMap<string, string> => {
      const instance = context.region.instances.get(id);
      return instance ? context.searchableTags(instance) : new Map<string, string>();
    };
    const rows = context.simulation.systemEvents
      .ofRegion(context.region.regionId)
      .filter((event) => (params.ResourceType ?? 'instance') === 'instance' && passes(event))
      .filter((event) => (asked.length === 0 ? !isOpen(event) : asked.includes(event.status)))
      .filter(() => (params.ImpactLevel ?? IMPACT) === IMPACT)
      .filter((event) => (params.InstanceId ?? event.instanceId) === event.instanceId)
      .filter(({ instanceId }) => params.ResourceId.length === 0 || params.ResourceId.includes(instanceId))
      .filter((event) => (params.ResourceGroupId ?? event.resourceGroupId) === event.resourceGroupId)
      .filter((event) => params.Tag.length === 0 || carries(tagsOf(event.instanceId), params.Tag))
      .filter((event) => context.isVisible(event.publishedAt))
      .filter((event) => isOpen(event) || (event.finishedAt ?? 0) >= context.purgedBefore);
    const page = context.page(rows, (event) => event.sequence, params, LIMITS);
    return {
      InstanceSystemEventSet: { InstanceSystemEventType: page.items.map(historyView) },
      ...page.fields,
    };
  },
});

function historyView(event: SystemEvent): Record<string, unknown> {
  const isMoved = event.notBefore !== event.initialNotBefore;
  return {
    ...sharedView(event),
    InstanceId: event.instanceId,
    EventFinishTime: event.finishedAt === undefined ? '' : seconds(event.finishedAt),
    ReasonCode: event.reasonCode,
    ResourceType: 'instance',
    ExtendedAttribute: isMoved ? { InitialNotBefore: seconds(event.initialNotBefore) } : {},
  };
}
