/**
 * DescribeAvailableResource. The rule: what it calls sold out is what RunInstances refuses for want of stock.
 */
import type { ActionContext } from '../core';
import { defineAction, EcsError, ignoredAll, number, text } from '../core';
import type { ErrorSpec } from '../core/errors';
import { DISK_CATEGORIES, INSTANCE_TYPES } from '../model/catalog';
import type { InstanceTypeData } from '../model/catalog';

/** Below this many left a zone does not promise more. */
const PLENTY = 10;

const wrong = (name: string, httpStatus = 404): ErrorSpec => [
  httpStatus,
  `Invalid.${name}`,
  `The specified ${name} is not valid.`,
];

/** DescribeAvailableResource. */
export const describeAvailableResource = defineAction({
  name: 'DescribeAvailableResource',
  required: ['DestinationResource', 'RegionId'],
  invalid: (name) => new EcsError(400, 'Invalid.Param', `The specified parameter ${name} is not valid.`),
  unknownRegion: wrong('RegionId'),
  quota: 'describe',
  params: {
    ...ignoredAll('DedicatedHostId Scope SpotDuration'),
    RegionId: text(),
    ZoneId: text(),
    DestinationResource: text({
      oneOf: ['Zone', 'IoOptimized', 'InstanceType', 'Network', 'ddh', 'SystemDisk', 'DataDisk'],
      bad: wrong('DestinationResource'),
    }),
    ResourceType: text({
      oneOf: ['instance', 'disk', 'reservedinstance', 'ddh'],
      bad: wrong('ResourceType'),
    }),
    InstanceChargeType: text({ oneOf: ['PrePaid', 'PostPaid'], bad: wrong('InstanceChargeType', 400) }),
    SpotStrategy: text({
      oneOf: ['NoSpot', 'SpotWithPriceLimit', 'SpotAsPriceGo'],
      bad: wrong('SpotStrategy'),
    }),
    InstanceType: text(),
    IoOptimized: text({ oneOf: ['none', 'optimized'], bad: wrong('IoOptimized') }),
    NetworkCategory: text({ oneOf: ['vpc', 'classic'], bad: wrong('NetworkCategory') }),
    SystemDiskCategory: text(),
    DataDiskCategory: text(),
    Cores: number(),
    Memory: number({ decimals: 2 }),
  },
  handle(context, given) {
    const { DestinationResource: destination } = given;
    if (destination === 'SystemDisk' && given.InstanceType === undefined)
      throw new EcsError(400, 'Invalid.Param', 'SystemDisk needs InstanceType.');
    const is = <T>(wanted: T | undefined, value: T): boolean => wanted === undefined || wanted === value;
    const types = [...INSTANCE_TYPES.values()].filter(
      (type) => is(given.InstanceType, type.id) && is(given.Cores, type.cpu) && is(given.Memory, type.memory),
    );
    const zones = context.region.zones.filter(({ zoneId }) => is(given.ZoneId, zoneId));
    const list = zones.map(({ zoneId }) => {
      const supported = supportedBy(context, zoneId, destination, types);
      const best = supported.some(({ Status }) => Status === 'Available');
      return {
        RegionId: context.region.regionId,
        ZoneId: zoneId,
        Status: best ? 'Available' : 'SoldOut',
        StatusCategory: best ? 'WithStock' : 'WithoutStock',
        AvailableResources: {
          AvailableResource: [{ Type: destination, SupportedResources: { SupportedResource: supported } }],
        },
      };
    });
    return { AvailableZones: { AvailableZone: list } };
  },
});

interface Supported {
  readonly Value: string;
  readonly Status: string;
  readonly StatusCategory: string;
  readonly Min?: number;
  readonly Max?: number;
  readonly Unit?: string;
}

function supportedBy(
  context: ActionContext,
  zoneId: string,
  destination: string,
  types: readonly InstanceTypeData[],
): Supported[] {
  const leftOf = types.map((type) => context.region.stockOf(zoneId, type.id));
  if (destination === 'InstanceType') return types.map((type, index) => verdict(type.id, leftOf[index] ?? 0));
  const most = Math.max(0, ...leftOf);
  if (destination === 'SystemDisk' || destination === 'DataDisk') {
    const sizes = { Min: 20, Max: destination === 'SystemDisk' ? 2_048 : 65_536, Unit: 'GiB' };
    return DISK_CATEGORIES.map((category) => ({ ...verdict(category, most), ...sizes }));
  }
  const values: Readonly<Record<string, string>> = { Zone: zoneId, IoOptimized: 'optimized', Network: 'vpc' };
  const value = values[destination];
  return value === undefined ? [] : [verdict(value, most)];
}

function verdict(value: string, left: number): Supported {
  if (left < 1) return { Value: value, Status: 'SoldOut', StatusCategory: 'WithoutStock' };
  const category = left < PLENTY ? 'ClosedWithStock' : 'WithStock';
  return { Value: value, Status: 'Available', StatusCategory: category };
}
