/**
 * Elastic addresses: AllocateEipAddress, DescribeEipAddresses, AssociateEipAddress, UnassociateEipAddress,
 * ReleaseEipAddress, of the Vpc product and in their old place. The rule: an address outlives the instance it is
 * on; changes take effect at once.
 */
import type { ActionContext, PageLimits } from '../core';
import { defineAction, EcsError, errors, ignored, ignoredAll, number, seconds, text } from '../core';
import { ECS_VERSION, VPC_VERSION } from '../core/action';
import type { Eip } from '../model/storage';

const VERSIONS = [VPC_VERSION, ECS_VERSION];
const LIMITS: PageLimits = { defaultSize: 10, max: 100 };

const notFound = (): EcsError =>
  new EcsError(404, 'InvalidAllocationId.NotFound', 'The specified AllocationId does not exist.');
const wrongStatus = (): EcsError =>
  new EcsError(400, 'IncorrectEipStatus', 'The current status of the EIP does not support this operation.');

function requireEip(context: ActionContext, allocationId: string): Eip {
  for (const region of context.simulation.world.regions.values()) {
    const eip = region.eips.get(allocationId);
    if (eip) return eip;
  }
  throw notFound();
}

/** AllocateEipAddress. */
export const allocateEipAddress = defineAction({
  name: 'AllocateEipAddress',
  versions: VERSIONS,
  required: ['RegionId'],
  quota: 'mutate',
  clientToken: [400, 'InvalidClientToken.ValueNotSupported', 'The ClientToken provided is invalid.'],
  params: {
    ...ignoredAll(
      'ActivityId ISP InstanceChargeType Name Netmode Period PricingCycle AutoPay ResourceGroupId',
    ),
    RegionId: text(),
    Bandwidth: number({ min: 1, max: 200 }),
    InternetChargeType: text({ oneOf: ['PayByTraffic', 'PayByBandwidth'] }),
  },
  handle(context, params) {
    const { simulation, region } = context;
    const sequence = simulation.world.nextSequence();
    const eip: Eip = {
      allocationId: simulation.random.id('eip-bp1', 17),
      regionId: region.regionId,
      sequence,
      // Of 192.0.2.0/24 and onwards in 198.51.100.0/24: reserved for documentation, no real host can be meant.
      address:
        sequence % 508 < 254 ? `192.0.2.${1 + (sequence % 254)}` : `198.51.100.${1 + (sequence % 254)}`,
      bandwidth: params.Bandwidth ?? 5,
      internetChargeType: params.InternetChargeType ?? 'PayByBandwidth',
      createdAt: context.now,
      status: 'Available',
      instanceId: '',
    };
    region.eips.set(eip.allocationId, eip);
    context.effect('eip.allocated', eip.allocationId, eip.regionId);
    return { AllocationId: eip.allocationId, EipAddress: eip.address };
  },
});

/** DescribeEipAddresses. */
export const describeEipAddresses = defineAction({
  name: 'DescribeEipAddresses',
  versions: VERSIONS,
  required: ['RegionId'],
  quota: 'describe',
  params: {
    ...ignoredAll('ISP LockReason Filter ChargeType ResourceGroupId EipName Tag IncludeReservationData'),
    RegionId: text(),
    PageNumber: number({ min: 1 }),
    PageSize: number({ min: 1 }),
    AllocationId: text(),
    EipAddress: text(),
    Status: text({ oneOf: ['Associating', 'Unassociating', 'InUse', 'Available'] }),
    AssociatedInstanceType: text(),
    AssociatedInstanceId: text(),
  },
  handle(context, params) {
    const listed = (value: string | undefined, of: string): boolean =>
      value === undefined || value.split(',').includes(of);
    const rows = [...context.region.eips.values()].filter(
      (eip) =>
        listed(params.AllocationId, eip.allocationId) &&
        listed(params.EipAddress, eip.address) &&
        (params.Status === undefined || params.Status === eip.status) &&
        (params.AssociatedInstanceId === undefined || params.AssociatedInstanceId === eip.instanceId),
    );
    const page = context.page(rows, (eip) => eip.sequence, params, LIMITS);
    return { EipAddresses: { EipAddress: page.items.map(eipView) }, ...page.fields };
  },
});

function eipView(eip: Eip): Record<string, unknown> {
  return {
    AllocationId: eip.allocationId,
    IpAddress: eip.address,
    Status: eip.status,
    InstanceId: eip.instanceId,
    InstanceType: eip.instanceId === '' ? '' : 'EcsInstance',
    RegionId: eip.regionId,
    Bandwidth: String(eip.bandwidth),
    EipBandwidth: String(eip.bandwidth),
    ChargeType: 'PostPaid',
    InternetChargeType: eip.internetChargeType,
    AllocationTime: seconds(eip.createdAt),
    ExpiredTime: '',
    OperationLocks: { LockReason: [] },
  };
}

/** AssociateEipAddress, with an ECS instance. */
export const associateEipAddress = defineAction({
  name: 'AssociateEipAddress',
  versions: VERSIONS,
  required: ['AllocationId', 'InstanceId'],
  quota: 'mutate',
  params: {
    ...ignoredAll('Mode VpcId PrivateIpAddress InstanceRegionId ClientToken'),
    RegionId: text(),
    AllocationId: text(),
    InstanceId: text(),
    InstanceType: text({ oneOf: ['EcsInstance'] }),
  },
  handle(context, params) {
    const eip = requireEip(context, params.AllocationId);
    const instance = context.simulation.world.region(eip.regionId).instances.get(params.InstanceId);
    if (!instance) throw errors.instanceNotFound();
    if (eip.status !== 'Available') throw wrongStatus();
    if (instance.eip || instance.publicIp !== '')
      throw new EcsError(400, 'InvalidAssociation.Duplicated', 'The instance has a public address already.');
    if (!['Running', 'Stopped'].includes(instance.status)) throw errors.incorrectStatus(400);
    Object.assign(eip, { status: 'InUse', instanceId: instance.instanceId });
    const { allocationId, address, bandwidth, internetChargeType } = eip;
    instance.eip = { allocationId, address, bandwidth, internetChargeType };
    context.effect('eip.associated', allocationId, eip.regionId, { instanceId: instance.instanceId });
    return {};
  },
});

/** UnassociateEipAddress. */
export const unassociateEipAddress = defineAction({
  name: 'UnassociateEipAddress',
  versions: VERSIONS,
  required: ['AllocationId'],
  quota: 'mutate',
  params: {
    RegionId: text(),
    AllocationId: text(),
    InstanceId: text(),
    InstanceType: text(),
    PrivateIpAddress: ignored(),
    Force: ignored(),
  },
  handle(context, params) {
    const eip = requireEip(context, params.AllocationId);
    if (eip.status !== 'InUse') throw wrongStatus();
    if ((params.InstanceId ?? eip.instanceId) !== eip.instanceId) throw errors.instanceNotFound();
    const instance = context.simulation.world.findInstance(eip.instanceId);
    if (instance) delete instance.eip;
    context.effect('eip.unassociated', eip.allocationId, eip.regionId, { instanceId: eip.instanceId });
    Object.assign(eip, { status: 'Available', instanceId: '' });
    return {};
  },
});

/** ReleaseEipAddress. */
export const releaseEipAddress = defineAction({
  name: 'ReleaseEipAddress',
  versions: VERSIONS,
  required: ['AllocationId'],
  quota: 'mutate',
  params: { RegionId: text(), AllocationId: text() },
  handle(context, params) {
    const eip = requireEip(context, params.AllocationId);
    if (eip.status !== 'Available') throw wrongStatus();
    context.simulation.world.region(eip.regionId).eips.delete(eip.allocationId);
    context.effect('eip.released', eip.allocationId, eip.regionId);
    return {};
  },
});
