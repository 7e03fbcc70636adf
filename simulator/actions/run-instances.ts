/**
 * RunInstances. The rule: existence, then stock, then the instances; with MinAmount what fits is created.
 */
import type { ActionContext, ParamsOf } from '../core';
import { defineAction, EcsError, errors } from '../core';
import { INSTANCE_TYPES } from '../model/catalog';
import type { InstanceTypeData } from '../model/catalog';
import type { LaunchSpec } from '../model/launch';
import type { Region, VSwitch } from '../model/region';
import type { Image } from '../model/storage';
import { round } from '../spot/prices';
import { dataDisksOf, toDisk } from './launch-disks';
import { launchParams } from './launch-params';
import { instanceNames } from './launch-names';
import { newTags } from './tag-rules';

type Params = ParamsOf<typeof launchParams, 'RegionId'>;

const HALF_HOUR = 30 * 60_000;
const THREE_YEARS = 3 * 366 * 86_400_000;

/** RunInstances. */
export const runInstances = defineAction({
  name: 'RunInstances',
  required: ['RegionId'],
  quota: 'launch',
  dryRun: true,
  clientToken: [400, 'InvalidClientToken.ValueNotSupported', 'The ClientToken provided is invalid.'],
  params: launchParams,
  async handle(context, params) {
    const { region, simulation } = context;
    const tags = newTags(params.Tag);
    const autoReleaseAt = requireReleaseTime(params.AutoReleaseTime, context.now);
    const image = requireImage(context, region, params);
    const type = requireType(params.InstanceType);
    const vSwitch = requireVSwitch(region, params);
    requireConsistent(params, region, image, type);
    requireAffordable(context, params, type, vSwitch);
    const amount = affordable(region.stockOf(vSwitch.zoneId, type.id), params);
    const { names, hosts } = instanceNames(params, amount);
    const specs = names.map((name, index) => ({
      ...toSpec(params, region, image, type, vSwitch),
      dataDisks: dataDisksOf(params, region, image),
      tags,
      ...(autoReleaseAt === undefined ? {} : { autoReleaseAt }),
      ...(name === undefined ? {} : { name }),
      ...(hosts[index] === undefined ? {} : { hostName: hosts[index] }),
    }));
    region.takeStock(vSwitch.zoneId, type.id, amount);
    const made = specs.map((spec) => simulation.instances.launch(spec, context.requestId));
    for (const instance of made) await simulation.storage.images.furnish(instance, image);
    // Before the guest would boot: nobody ever sees such an instance Running.
    const failsAt = simulation.clock.dueAfter(simulation.durations.pending);
    if (context.fault('creationFailure'))
      for (const { instanceId } of made) simulation.systemEvents.failCreation(instanceId, failsAt);
    const price = round(priceOf(context, params, type, vSwitch) * amount);
    return {
      InstanceIdSets: { InstanceIdSet: made.map((instance) => instance.instanceId) },
      OrderId: String(200_000_000_000_000 + Math.floor(simulation.random.next() * 1e12)),
      TradePrice: simulation.switches.tradePrice === 'string' ? String(price) : price,
    };
  },
});

function requireReleaseTime(at: number | undefined, now: number): number | undefined {
  if (at === undefined) return undefined;
  const floored = Math.floor(at / 60_000) * 60_000;
  if (at - now < HALF_HOUR || at - now > THREE_YEARS)
    throw new EcsError(
      400,
      'InvalidAutoReleaseTime.Malformed',
      'The specified AutoReleaseTime is out of the permitted range.',
    );
  return floored;
}

function requireImage(context: ActionContext, region: Region, params: Params): Image {
  if (params.LaunchTemplateId ?? params.LaunchTemplateName)
    throw new EcsError(404, 'InvalidLaunchTemplate.NotFound', 'The specified LaunchTemplate does not exist.');
  const all = [...region.images.values()];
  if (params.ImageId === undefined && params.ImageFamily === undefined)
    throw new EcsError(
      400,
      'MissingParameter',
      'The input parameter "ImageId" that is mandatory for processing this request is not supplied.',
    );
  const found =
    params.ImageId === undefined
      ? all.findLast((image) => image.family === params.ImageFamily && image.status === 'Available')
      : region.images.get(params.ImageId);
  if (found && found.status !== 'Available')
    throw new EcsError(400, 'IncorrectImageStatus', 'The specified image is not Available.');
  if (found) return found;
  const [first] = all;
  if (context.simulation.switches.unknownImage === 'accept' && first && params.ImageId !== undefined)
    return { ...first, imageId: params.ImageId };
  throw new EcsError(404, 'InvalidImageId.NotFound', 'The specified ImageId does not exist.');
}

function requireType(id: string | undefined): InstanceTypeData {
  if (id === undefined)
    throw new EcsError(
      400,
      'MissingParameter',
      'The input parameter "InstanceType" that is mandatory for processing this request is not supplied.',
    );
  const type = INSTANCE_TYPES.get(id);
  if (type) return type;
  throw new EcsError(
    400,
    'InvalidInstanceType.ValueNotSupported',
    'The specified InstanceType does not exist or beyond the permitted range.',
  );
}

function requireVSwitch(region: Region, params: Params): VSwitch {
  if (params.ZoneId !== undefined && !region.zone(params.ZoneId))
    throw new EcsError(404, 'InvalidZoneId.NotFound', 'The specified zoneId does not exist.');
  if (params.VSwitchId === undefined) {
    const usual = [...region.vSwitches.values()].find(
      (v) => v.zoneId === (params.ZoneId ?? region.zones[0]?.zoneId),
    );
    if (usual) return usual;
  }
  const vSwitch = region.vSwitches.get(params.VSwitchId ?? '');
  if (!vSwitch)
    throw new EcsError(404, 'InvalidVSwitchId.NotFound', 'Specified virtual switch does not exist.');
  if (params.ZoneId !== undefined && vSwitch.zoneId !== params.ZoneId)
    throw new EcsError(
      403,
      'InvalidVSwitchId.NotFound',
      'The specified virtual switch is not in the specified zone.',
    );
  return vSwitch;
}

function requireConsistent(params: Params, region: Region, image: Image, type: InstanceTypeData): void {
  const groups = [params.SecurityGroupId, ...params.SecurityGroupIds].filter((id) => id !== undefined);
  if (params.SecurityGroupId !== undefined && params.SecurityGroupIds.length > 0)
    throw new EcsError(
      403,
      'InvalidParameter.Conflict',
      'SecurityGroupId and SecurityGroupIds cannot be specified together.',
    );
  if (groups.some((id) => !region.securityGroups.has(id)))
    throw new EcsError(
      404,
      'InvalidSecurityGroupId.NotFound',
      'The SecurityGroupId provided does not exist in our records.',
    );
  if ((image.architecture === 'arm64') !== type.arm)
    throw new EcsError(
      403,
      'InvalidInstanceType.NotSupported',
      'The specified InstanceType does not support the architecture of the image.',
    );
  if (
    params.SpotStrategy !== undefined &&
    params.SpotStrategy !== 'NoSpot' &&
    params.InstanceChargeType === 'PrePaid'
  )
    throw new EcsError(
      400,
      'InvalidSpotPrepaid',
      'The specified SpotStrategy and InstanceChargeType conflict.',
    );
  if (params.SpotStrategy === 'SpotWithPriceLimit' && params.SpotPriceLimit === undefined)
    throw new EcsError(400, 'InvalidSpotPriceLimit', 'SpotPriceLimit is required for SpotWithPriceLimit.');
  const size = params.SystemDisk.Size;
  if (size !== undefined && size < image.size)
    throw new EcsError(
      400,
      'InvalidSystemDiskSize.LessThanImageSize',
      'The specified SystemDisk.Size is smaller than the image.',
    );
}

function priceOf(context: ActionContext, params: Params, type: InstanceTypeData, vSwitch: VSwitch): number {
  const isSpot = params.SpotStrategy !== undefined && params.SpotStrategy !== 'NoSpot';
  return isSpot ? context.simulation.spot.priceOf(vSwitch.zoneId, type.id) : type.price;
}

function requireAffordable(
  context: ActionContext,
  params: Params,
  type: InstanceTypeData,
  vSwitch: VSwitch,
): void {
  if (params.SpotStrategy !== 'SpotWithPriceLimit' || params.SpotPriceLimit === undefined) return;
  if (params.SpotPriceLimit >= priceOf(context, params, type, vSwitch)) return;
  throw new EcsError(
    400,
    'InvalidSpotPriceLimit.LowerThanPublicPrice',
    'The specified SpotPriceLimit is lower than the current price.',
  );
}

function affordable(stock: number, params: Params): number {
  const amount = params.Amount ?? 1;
  if (params.MinAmount !== undefined && params.MinAmount > amount)
    throw new EcsError(400, 'InvalidMinAmount.Malformed', 'MinAmount must not be larger than Amount.');
  if (stock >= amount) return amount;
  if (params.MinAmount === undefined || stock < params.MinAmount) throw errors.noStock();
  return stock;
}

function toSpec(
  params: Params,
  region: Region,
  image: Image,
  type: InstanceTypeData,
  vSwitch: VSwitch,
): LaunchSpec {
  const groups = [params.SecurityGroupId, ...params.SecurityGroupIds].filter((id) => id !== undefined);
  const { SystemDisk: disk } = params;
  return {
    regionId: region.regionId,
    vSwitchId: vSwitch.vSwitchId,
    imageId: image.imageId,
    osType: image.osType,
    instanceType: type.id,
    privateIp: params.PrivateIpAddress,
    description: params.Description,
    chargeType: params.InstanceChargeType as LaunchSpec['chargeType'],
    spotStrategy: params.SpotStrategy,
    spotPriceLimit: params.SpotPriceLimit,
    spotDuration: params.SpotDuration,
    spotInterruptionBehavior: params.SpotInterruptionBehavior,
    internetChargeType: params.InternetChargeType,
    bandwidthOut: params.InternetMaxBandwidthOut,
    bandwidthIn: params.InternetMaxBandwidthIn,
    ...(groups.length > 0 ? { securityGroupIds: groups } : {}),
    keyPairName: params.KeyPairName,
    ramRoleName: params.RamRoleName,
    resourceGroupId: params.ResourceGroupId,
    userData: params.UserData,
    creditSpecification: params.CreditSpecification,
    deletionProtection: params.DeletionProtection,
    httpTokens: params.HttpTokens,
    systemDisk: toDisk(disk, image.size),
  };
}
