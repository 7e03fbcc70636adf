/**
 * ModifyInstanceMaintenanceAttributes and DescribeInstanceMaintenanceAttributes. The rule: one window at most,
 * whole hours of UTC+8, 1 to 23 hours long; what is not given is left as it was.
 */
import type { PageLimits } from '../core';
import { defineAction, EcsError, errors, flag, list, number, struct, text } from '../core';
import type { Instance, Maintenance } from '../model/instance';
import { badEventParameter, eventInstanceIds, missingEventParameter } from './event-params';

const LIMITS: PageLimits = { defaultSize: 10, max: 100 };
const ACTIONS = ['Stop', 'AutoRecover', 'AutoRedeploy'];
const DEFAULTS: Maintenance = { action: 'AutoRecover', notify: false, windows: [] };
const wholeHour = text({ pattern: /^([01]\d|2[0-3]):00:00$/ });

/** ModifyInstanceMaintenanceAttributes. */
export const modifyInstanceMaintenanceAttributes = defineAction({
  name: 'ModifyInstanceMaintenanceAttributes',
  required: ['RegionId'],
  missing: missingEventParameter(404),
  invalid: badEventParameter,
  quota: 'mutate',
  params: {
    RegionId: text(),
    InstanceId: eventInstanceIds,
    ActionOnMaintenance: text({ oneOf: ACTIONS }),
    NotifyOnMaintenance: flag(),
    MaintenanceWindow: list(struct({ StartTime: wholeHour, EndTime: wholeHour }), { max: 1 }),
  },
  handle(context, params) {
    if (params.InstanceId.length === 0) throw missingEventParameter(404)('InstanceId');
    const windows = params.MaintenanceWindow.map(({ StartTime: start, EndTime: end }) => {
      if (start === undefined || end === undefined || start === end)
        throw new EcsError(403, 'InvalidParameter', 'MaintenanceWindow is from 1 to 23 whole hours long.');
      return { start, end };
    });
    const members = params.InstanceId.map((id) => {
      const instance = context.region.instances.get(id);
      if (!instance) throw errors.instanceNotFound();
      return instance;
    });
    for (const instance of members) {
      const { action, notify, windows: before } = instance.maintenance ?? DEFAULTS;
      instance.maintenance = {
        action: params.ActionOnMaintenance ?? action,
        notify: params.NotifyOnMaintenance ?? notify,
        windows: windows.length > 0 ? windows : before,
      };
      context.effect('instance.maintenance', instance.instanceId, instance.regionId);
    }
    return {};
  },
});

/** DescribeInstanceMaintenanceAttributes. */
export const describeInstanceMaintenanceAttributes = defineAction({
  name: 'DescribeInstanceMaintenanceAttributes',
  required: ['RegionId'],
  missing: missingEventParameter(400),
  invalid: badEventParameter,
  quota: 'describe',
  params: {
    RegionId: text(),
    InstanceId: eventInstanceIds,
    PageNumber: number({ min: 1 }),
    PageSize: number({ min: 1 }),
  },
  handle(context, params) {
    const ids = new Set(params.InstanceId);
    const rows = [...context.region.instances.values()].filter(
      ({ instanceId }) => ids.size === 0 || ids.has(instanceId),
    );
    const page = context.page(rows, (instance) => instance.sequence, params, LIMITS);
    return {
      MaintenanceAttributes: { MaintenanceAttribute: page.items.map(attributesView) },
      ...page.fields,
    };
  },
});

function attributesView(instance: Instance): Record<string, unknown> {
  const { action, notify, windows } = instance.maintenance ?? DEFAULTS;
  return {
    InstanceId: instance.instanceId,
    ActionOnMaintenance: {
      Value: action,
      DefaultValue: DEFAULTS.action,
      SupportedValues: { SupportedValue: ACTIONS },
    },
    NotifyOnMaintenance: notify,
    MaintenanceWindows: {
      MaintenanceWindow: windows.map(({ start, end }) => ({ StartTime: start, EndTime: end })),
    },
  };
}
