/**
 * DescribeInstances, DescribeInstanceStatus, DescribeInstanceAttribute. The rule: an unknown id in a list is
 * simply absent; only the single-instance action answers 404.
 */
import type { ActionContext, PageLimits, ParamsOf } from '../core';
import {
  defineAction,
  EcsError,
  flag,
  ignored,
  jsonList,
  list,
  number,
  pageParams,
  rawText,
  requireInstance,
  struct,
  text,
} from '../core';
import { fitsWildcard } from '../core/wildcard';
import { isLocked } from '../model/instance';
import type { Instance } from '../model/instance';
import { attributeView, instanceView } from './instance-view';
import { carries, requireSearchable, TAG_SEARCH_CAP, tagList } from './tag-rules';
import { INSTANCE_TYPES } from '../model/catalog';

const STATUSES = ['Pending', 'Starting', 'Running', 'Stopping', 'Stopped'];
const LOCKS = ['financial', 'security', 'recycling', 'dedicatedhostfinancial', 'refunded'];
const ID_LIST = { max: 100 };
const LIMITS: PageLimits = { defaultSize: 10, max: 100, minResults: 10 };

const notFound = (code: string, name: string): [number, string, string] => [
  404,
  code,
  `The specified ${name} does not exist.`,
];

const lockReason = text({
  pattern: new RegExp(`^(${LOCKS.join('|')})$`, 'i'),
  bad: notFound('InvalidLockReason.NotFound', 'LockReason'),
});

const params = {
  RegionId: text(),
  ...pageParams(LIMITS),
  InstanceIds: jsonList({
    ...ID_LIST,
    bad: [
      400,
      'InvalidInstanceIds.Malformed',
      'The specified InstanceIds is not a valid JSON array of at most 100 ids.',
    ],
  }),
  Status: text({ oneOf: STATUSES, bad: notFound('InvalidStatus.NotFound', 'Status') }),
  Tag: tagList(),
  InstanceName: text(),
  InstanceType: text(),
  InstanceTypeFamily: text(),
  InstanceChargeType: text({
    oneOf: ['PostPaid', 'PrePaid'],
    bad: notFound('InvalidInstanceChargeType.NotFound', 'InstanceChargeType'),
  }),
  InternetChargeType: text({
    oneOf: ['PayByTraffic', 'PayByBandwidth'],
    bad: notFound('InvalidInternetChargeType.NotFound', 'InternetChargeType'),
  }),
  InstanceNetworkType: text({
    oneOf: ['vpc', 'classic'],
    bad: notFound('InvalidNetworkType.NotFound', 'InstanceNetworkType'),
  }),
  VpcId: text(),
  VSwitchId: text(),
  ZoneId: text(),
  SecurityGroupId: text(),
  ImageId: text(),
  KeyPairName: text(),
  ResourceGroupId: text(),
  LockReason: lockReason,
  PrivateIpAddresses: jsonList(ID_LIST),
  PublicIpAddresses: jsonList(ID_LIST),
  InnerIpAddresses: jsonList(ID_LIST),
  EipAddresses: jsonList(ID_LIST),
  RdmaIpAddresses: jsonList(ID_LIST),
  Ipv6Address: list(text()),
  IoOptimized: flag(),
  DeviceAvailable: flag(),
  HttpEndpoint: text(),
  HttpTokens: text(),
  HttpPutResponseHopLimit: number(),
  HpcClusterId: text(),
  NeedSaleCycle: flag(),
  AdditionalAttributes: list(text()),
  Filter: list(struct({ Key: text(), Value: rawText() })),
};

type Params = ParamsOf<typeof params, 'RegionId'>;

/** DescribeInstances. */
export const describeInstances = defineAction({
  name: 'DescribeInstances',
  required: ['RegionId'],
  quota: 'describe',
  dryRun: true,
  params,
  handle: describeInstancesHandler,
});

function describeInstancesHandler(context: ActionContext, given: Params): Record<string, unknown> {
  requireSearchable(given.Tag);
  const matches = [...simple(given), ...creationFilters(given)];
  const found = capped(candidates(context, given), context, given).filter((instance) =>
    matches.every((match) => match(instance, context)),
  );
  const page = context.page(found, (instance) => instance.sequence, given, LIMITS);
  return {
    Instances: { Instance: page.items.map((instance) => instanceView(instance, context.statusOf(instance))) },
    ...page.fields,
  };
}

function candidates(context: ActionContext, given: Params): Instance[] {
  const { instances } = context.region;
  const ids = given.InstanceIds && new Set(given.InstanceIds);
  const all = ids
    ? [...ids].flatMap((id) => instances.get(id) ?? []).sort((a, b) => a.sequence - b.sequence)
    : [...instances.values()];
  return all.filter((instance) => context.isVisible(instance.createdAt));
}

/** The documented cap: a search by tag or resource group sees the first 1,000 that carry them. */
function capped(instances: Instance[], context: ActionContext, given: Params): Instance[] {
  if (given.Tag.length === 0 && given.ResourceGroupId === undefined) return instances;
  const tagged = instances.filter((instance) => carries(context.searchableTags(instance), given.Tag));
  return tagged
    .filter((i) => given.ResourceGroupId === undefined || i.resourceGroupId === given.ResourceGroupId)
    .slice(0, TAG_SEARCH_CAP);
}

type Match = (instance: Instance, context: ActionContext) => boolean;

function simple(given: Params): Match[] {
  const matches: Match[] = [];
  const when = <T>(
    value: T | undefined,
    test: (value: T, instance: Instance, context: ActionContext) => boolean,
  ): void => {
    if (value !== undefined) matches.push((instance, context) => test(value, instance, context));
  };
  when(given.Status, (v, i, context) => context.statusOf(i) === v);
  when(given.InstanceName, (v, i) => fitsWildcard(v, i.name));
  when(given.InstanceType, (v, i) => i.instanceType === v);
  when(given.InstanceTypeFamily, (v, i) => INSTANCE_TYPES.get(i.instanceType)?.family === v);
  when(given.InstanceChargeType, (v, i) => i.chargeType === v);
  when(given.InternetChargeType, (v, i) => i.internetChargeType === v);
  when(given.InstanceNetworkType, (v) => v === 'vpc');
  when(given.VpcId, (v, i) => i.vpcId === v);
  when(given.VSwitchId, (v, i) => i.vSwitchId === v);
  when(given.ZoneId, (v, i) => i.zoneId === v);
  when(given.SecurityGroupId, (v, i) => i.securityGroupIds.includes(v));
  when(given.ImageId, (v, i) => i.imageId === v);
  when(given.KeyPairName, (v, i) => i.keyPairName === v);
  when(given.LockReason, (v, i) => isLocked(i, v));
  when(given.PrivateIpAddresses, (v, i) => v.includes(i.privateIp));
  when(given.EipAddresses, (v, i) => i.eip !== undefined && v.includes(i.eip.address));
  when(given.PublicIpAddresses, (v, i) => v.includes(i.publicIp));
  for (const none of [given.InnerIpAddresses, given.RdmaIpAddresses, given.HpcClusterId])
    when(none, () => false);
  if (given.Ipv6Address.length > 0) matches.push(() => false);
  when(given.IoOptimized, (v) => v);
  when(given.DeviceAvailable, (v) => v);
  when(given.HttpTokens, (v, i) => i.httpTokens === v);
  when(given.HttpEndpoint, (v) => v === 'enabled');
  return matches;
}

function creationFilters(given: Params): Match[] {
  return given.Filter.map(({ Key: key, Value: value = '' }) => {
    if (key !== 'CreationStartTime' && key !== 'CreationEndTime')
      throw new EcsError(404, 'InvalidFilterKey.NotFound', 'The specified filter key does not exist.');
    const at = /^\d{4}-\d\d-\d\dT\d\d:\d\dZ$/.test(value) ? Date.parse(value) : NaN;
    if (Number.isNaN(at))
      throw new EcsError(400, 'InvalidFilterValue', 'The specified filter value is not valid.');
    return (instance) => (key === 'CreationStartTime' ? instance.createdAt >= at : instance.createdAt <= at);
  });
}

const STATUS_LIMITS: PageLimits = { defaultSize: 10, max: 50 };

/** DescribeInstanceStatus. */
export const describeInstanceStatus = defineAction({
  name: 'DescribeInstanceStatus',
  required: ['RegionId'],
  quota: 'describe',
  params: {
    RegionId: text(),
    ZoneId: text(),
    ClusterId: ignored(),
    InstanceId: list(text(), {
      max: 100,
      tooMany: [403, 'InstanceIdLimitExceeded', 'The number of InstanceId.N exceeds 100.'],
    }),
    PageNumber: number(),
    PageSize: number(),
  },
  handle(context, given) {
    const ids = new Set(given.InstanceId);
    const found = [...context.region.instances.values()].filter(
      (instance) =>
        context.isVisible(instance.createdAt) &&
        (ids.size === 0 || ids.has(instance.instanceId)) &&
        (given.ZoneId === undefined || instance.zoneId === given.ZoneId),
    );
    const page = context.page(found, (instance) => instance.sequence, given, STATUS_LIMITS);
    const rows = page.items.map((i) => ({ InstanceId: i.instanceId, Status: context.statusOf(i) }));
    return { InstanceStatuses: { InstanceStatus: rows }, ...page.fields };
  },
});

/** DescribeInstanceAttribute. */
export const describeInstanceAttribute = defineAction({
  name: 'DescribeInstanceAttribute',
  required: ['InstanceId'],
  quota: 'describe',
  params: { InstanceId: text() },
  handle: (context, given) => attributeView(requireInstance(context, given.InstanceId)),
});
