/**
 * DescribeUserData and DescribeInstanceRamRole: what a launch gave an instance and no list shows. The rule: both answer
 * as the instance was launched or last modified.
 */
import type { PageLimits } from '../core';
import { defineAction, jsonList, number, requireInstance, text } from '../core';

const LIMITS: PageLimits = { defaultSize: 10, max: 50 };

/** DescribeUserData: Base64, empty where there is none. */
export const describeUserData = defineAction({
  name: 'DescribeUserData',
  required: ['RegionId', 'InstanceId'],
  quota: 'describe',
  params: { RegionId: text(), InstanceId: text() },
  handle(context, params) {
    const { instanceId, regionId, userData } = requireInstance(context, params.InstanceId);
    return { InstanceId: instanceId, RegionId: regionId, UserData: userData };
  },
});

/** DescribeInstanceRamRole: only instances that have a role, or the empty name of those asked for. */
export const describeInstanceRamRole = defineAction({
  name: 'DescribeInstanceRamRole',
  required: ['RegionId'],
  quota: 'describe',
  params: {
    RegionId: text(),
    InstanceIds: jsonList({
      max: 100,
      bad: [400, 'InvalidInstanceIds.Malformed', 'The specified InstanceIds is not a valid JSON array.'],
    }),
    RamRoleName: text(),
    PageNumber: number({ min: 1 }),
    PageSize: number({ min: 1 }),
  },
  handle(context, params) {
    const asked = params.InstanceIds;
    const rows = [...context.region.instances.values()].filter(
      ({ instanceId, ramRoleName }) =>
        (asked === undefined ? ramRoleName !== '' : asked.includes(instanceId)) &&
        (params.RamRoleName === undefined || params.RamRoleName === ramRoleName),
    );
    const page = context.page(rows, ({ sequence }) => sequence, params, LIMITS);
    const InstanceRamRoleSet = page.items.map(({ instanceId, ramRoleName }) => ({
      InstanceId: instanceId,
      RamRoleName: ramRoleName,
    }));
    return {
      RegionId: context.region.regionId,
      InstanceRamRoleSets: { InstanceRamRoleSet },
      ...page.fields,
    };
  },
});
