/**
 * DescribeSecurityGroups and DescribeVSwitches. The rule: fields and types as documented, with plain contents.
 */
import type { PageLimits } from '../core';
import { defineAction, flag, ignored, jsonList, number, pageParams, seconds, text } from '../core';
import { ECS_VERSION, VPC_VERSION } from '../core/action';
import { tagsView } from './instance-view';
import { carries, tagList } from './tag-rules';

const GROUP_LIMITS: PageLimits = { defaultSize: 10, max: 100 };

/** DescribeSecurityGroups. */
export const describeSecurityGroups = defineAction({
  name: 'DescribeSecurityGroups',
  required: ['RegionId'],
  quota: 'describe',
  dryRun: true,
  params: {
    RegionId: text(),
    ...pageParams(GROUP_LIMITS),
    SecurityGroupId: text(),
    SecurityGroupIds: jsonList({ max: 100 }),
    SecurityGroupName: text(),
    SecurityGroupType: text({ oneOf: ['normal', 'enterprise'] }),
    VpcId: text(),
    Tag: tagList(),
    ResourceGroupId: text(),
    NetworkType: text({ oneOf: ['vpc', 'classic'] }),
    FuzzyQuery: flag(),
    IsQueryEcsCount: ignored(),
    ServiceManaged: flag(),
  },
  handle(context, params) {
    const { region } = context;
    const rows = [...region.securityGroups.values()]
      .map((group, order) => ({ group, order }))
      .filter(
        ({ group }) =>
          (params.SecurityGroupId === undefined || params.SecurityGroupId === group.securityGroupId) &&
          (params.SecurityGroupIds?.includes(group.securityGroupId) ?? true) &&
          isNamed(group.name, params.SecurityGroupName, params.FuzzyQuery ?? false) &&
          params.SecurityGroupType !== 'enterprise' &&
          params.NetworkType !== 'classic' &&
          params.ServiceManaged !== true &&
          params.ResourceGroupId === undefined &&
          (params.VpcId === undefined || params.VpcId === group.vpcId) &&
          carries(group.tags, params.Tag),
      );
    const page = context.page(rows, (row) => row.order, params, GROUP_LIMITS);
    const list = page.items.map(({ group }) => ({
      SecurityGroupId: group.securityGroupId,
      SecurityGroupName: group.name,
      SecurityGroupType: 'normal',
      Description: '',
      VpcId: group.vpcId,
      CreationTime: seconds(group.createdAt),
      ResourceGroupId: '',
      ServiceManaged: false,
      ServiceID: 0,
      AvailableInstanceAmount: 1000,
      EcsCount: [...region.instances.values()].filter((i) =>
        i.securityGroupIds.includes(group.securityGroupId),
      ).length,
      RuleCount: 0,
      GroupToGroupRuleCount: 0,
      Tags: tagsView(group.tags),
    }));
    return { RegionId: region.regionId, SecurityGroups: { SecurityGroup: list }, ...page.fields };
  },
});

function isNamed(name: string, wanted: string | undefined, fuzzy: boolean): boolean {
  return wanted === undefined || name === wanted || (fuzzy && name.includes(wanted));
}

const VSWITCH_LIMITS: PageLimits = { defaultSize: 10, max: 50 };

/** DescribeVSwitches, of this product and, as newer clients call it, of the Vpc product. */
export const describeVSwitches = defineAction({
  name: 'DescribeVSwitches',
  versions: [ECS_VERSION, VPC_VERSION],
  required: [],
  quota: 'describe',
  params: {
    RegionId: text(),
    VSwitchId: text(),
    VpcId: text(),
    ZoneId: text(),
    IsDefault: flag(),
    PageNumber: number(),
    PageSize: number(),
  },
  handle(context, params) {
    const { simulation } = context;
    const regions = params.RegionId === undefined ? [...simulation.world.regions.values()] : [context.region];
    const rows = regions
      .flatMap((region) => [...region.vSwitches.values()])
      .filter(
        (v) =>
          (params.VSwitchId === undefined || params.VSwitchId === v.vSwitchId) &&
          (params.VpcId === undefined || params.VpcId === v.vpcId) &&
          params.IsDefault !== true &&
          (params.ZoneId === undefined || params.ZoneId === v.zoneId),
      );
    const page = context.page(rows, (row) => rows.indexOf(row), params, VSWITCH_LIMITS);
    const list = page.items.map((v) => ({
      VSwitchId: v.vSwitchId,
      VSwitchName: v.zoneId,
      VpcId: v.vpcId,
      ZoneId: v.zoneId,
      CidrBlock: `10.${v.block}.0.0/16`,
      AvailableIpAddressCount: 65_532 - v.used.size,
      Status: 'Available',
      Description: '',
      IsDefault: false,
      CreationTime: seconds(simulation.openedAt),
      ResourceGroupId: '',
    }));
    return { VSwitches: { VSwitch: list }, ...page.fields };
  },
});
