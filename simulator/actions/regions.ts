/**
 * DescribeRegions and DescribeZones. The rule: RegionEndpoint is the simulator itself, so that a client that
 * follows it stays here.
 */
import { defineAction, EcsError, flag, missingGateway, text } from '../core';
import { DISK_CATEGORIES, INSTANCE_TYPES } from '../model/catalog';
import type { Zone } from '../model/region';

const LANGUAGES = ['zh-CN', 'zh-TW', 'en-US', 'ja', 'fr', 'de', 'ko'];
const RESOURCE_TYPES = ['instance', 'disk', 'reservedinstance'];

const language = text({
  oneOf: LANGUAGES,
  bad: [404, 'InvalidAcceptLanguage.NotFound', 'The specified AcceptLanguage does not exist.'],
});

/** DescribeRegions. */
export const describeRegions = defineAction({
  name: 'DescribeRegions',
  required: [],
  quota: 'describe',
  params: { AcceptLanguage: language, InstanceChargeType: text(), ResourceType: text() },
  handle(context, params) {
    const type = params.ResourceType?.toLowerCase();
    if (type !== undefined && !RESOURCE_TYPES.includes(type))
      throw new EcsError(
        404,
        'InvalidResourceType.NotFound',
        'The ResourceType provided does not exist in our records.',
      );
    const locale = params.AcceptLanguage?.startsWith('zh') === false ? 'en-US' : 'zh-CN';
    const regions = [...context.simulation.world.regions.values()].map((region) => ({
      RegionId: region.regionId,
      LocalName: region.data.names[locale],
      RegionEndpoint: context.endpoint,
      Status: 'available',
    }));
    return { Regions: { Region: regions } };
  },
});

/** DescribeZones. */
export const describeZones = defineAction({
  name: 'DescribeZones',
  required: ['RegionId'],
  missing: missingGateway,
  quota: 'describe',
  params: {
    RegionId: text(),
    AcceptLanguage: language,
    InstanceChargeType: text(),
    SpotStrategy: text(),
    Verbose: flag(),
  },
  handle(context, params) {
    const { region } = context;
    const locale = params.AcceptLanguage?.startsWith('zh') === false ? 'en-US' : 'zh-CN';
    const zones = region.zones.map((zone) =>
      zoneView(zone, region.data.names[locale], params.Verbose ?? true),
    );
    return { Zones: { Zone: zones } };
  },
});

function zoneView(zone: Zone, regionName: string, verbose: boolean): Record<string, unknown> {
  const types = [...INSTANCE_TYPES.keys()].filter(
    (type) => (zone.stock.get(type) ?? zone.stock.get('*') ?? 1) > 0,
  );
  const families = [...new Set(types.map((type) => INSTANCE_TYPES.get(type)?.family ?? ''))];
  const resources = {
    IoOptimized: true,
    InstanceGenerations: { supportedInstanceGeneration: ['ecs-5', 'ecs-6'] },
    InstanceTypeFamilies: { supportedInstanceTypeFamily: families },
    InstanceTypes: { supportedInstanceType: types },
    NetworkTypes: { supportedNetworkCategory: ['vpc'] },
    SystemDiskCategories: { supportedSystemDiskCategory: [...DISK_CATEGORIES] },
    DataDiskCategories: { supportedDataDiskCategory: [...DISK_CATEGORIES] },
  };
  return {
    ZoneId: zone.zoneId,
    ZoneType: 'AvailabilityZone',
    LocalName: `${regionName} ${zone.zoneId.slice(-1).toUpperCase()}`,
    AvailableResourceCreation: {
      ResourceTypes: ['VSwitch', 'IoOptimized', 'Instance', 'Disk', 'DedicatedHost'],
    },
    AvailableDiskCategories: { DiskCategories: [...DISK_CATEGORIES] },
    AvailableVolumeCategories: { VolumeCategories: ['cloud_essd', 'cloud_auto'] },
    AvailableInstanceTypes: { InstanceTypes: verbose ? types : [] },
    AvailableDedicatedHostTypes: { DedicatedHostType: [] },
    DedicatedHostGenerations: { DedicatedHostGeneration: [] },
    AvailableResources: { ResourcesInfo: verbose ? [resources] : [] },
  };
}
