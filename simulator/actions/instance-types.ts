/**
 * DescribeInstanceTypes: what there is to build with.
 * The rule: fields and types as documented, with plain contents; a filter looks at the very field that is answered.
 */
import type { PageLimits } from '../core';
import { defineAction, ignored, list, number, text } from '../core';
import type { Param } from '../core/schema';
import type { InstanceTypeData } from '../model/catalog';
import { INSTANCE_TYPES } from '../model/catalog';

const TYPE_LIMITS: PageLimits = { defaultSize: 1600, max: 1600 };

/** Fields with a documented Minimum and those with a Maximum. */
const LEAST =
  'CpuCoreCount MemorySize CpuSpeedFrequency CpuTurboFrequency GPUAmount BaselineCredit InitialCredit DiskQuantity EniQuantity EniPrivateIpAddressQuantity EniIpv6AddressQuantity EriQuantity InstanceBandwidthRx InstanceBandwidthTx InstancePpsRx InstancePpsTx LocalStorageAmount LocalStorageCapacity PrimaryEniQueueNumber SecondaryEniQueueNumber QueuePairNumber'.split(
    ' ',
  );
const MOST = 'CpuCoreCount MemorySize CpuSpeedFrequency CpuTurboFrequency GPUAmount'.split(' ');

/** Fields that are compared, each with its single parameter and the list beside it. */
const SAME: readonly (readonly [field: string, one: string, several?: string])[] = [
  ['InstanceTypeFamily', 'InstanceTypeFamily', 'InstanceTypeFamilies'],
  ['InstanceFamilyLevel', 'InstanceFamilyLevel'],
  ['InstanceCategory', 'InstanceCategory', 'InstanceCategories'],
  ['CpuArchitecture', 'CpuArchitecture', 'CpuArchitectures'],
  ['GPUSpec', 'GPUSpec', 'GpuSpecs'],
  ['LocalStorageCategory', 'LocalStorageCategory', 'LocalStorageCategories'],
  ['NvmeSupport', 'NvmeSupport'],
  ['PhysicalProcessorModel', 'PhysicalProcessorModel', 'PhysicalProcessorModels'],
];

const amount = number({ decimals: 3 });
const filters: Record<never, Param<unknown>> = Object.fromEntries<Param<unknown>>([
  ...LEAST.map((field) => [`Minimum${field}`, amount] as const),
  ...MOST.map((field) => [`Maximum${field}`, amount] as const),
  ...SAME.map(([, one]) => [one, text()] as const),
  ...SAME.flatMap(([, , several]) => (several === undefined ? [] : [[several, list(text())] as const])),
]);

/** DescribeInstanceTypes. */
export const describeInstanceTypes = defineAction({
  name: 'DescribeInstanceTypes',
  required: [],
  quota: 'describe',
  params: {
    ...filters,
    InstanceTypes: list(text(), {
      max: 10,
      tooMany: [403, 'InvalidParameter.InstanceTypes', 'At most 10 instance types can be given.'],
    }),
    AdditionalAttributes: ignored(),
    MaxResults: number(),
    NextToken: text(),
  },
  handle(context, params) {
    const rows = [...INSTANCE_TYPES.values()]
      .filter(({ id }) => params.InstanceTypes.length === 0 || params.InstanceTypes.includes(id))
      .map((type, order) => ({ view: typeView(type), order }))
      .filter(({ view }) => fits(view, params));
    const page = context.page(
      rows,
      (row) => row.order,
      { NextToken: params.NextToken, MaxResults: params.MaxResults ?? 1600 },
      TYPE_LIMITS,
    );
    return {
      InstanceTypes: { InstanceType: page.items.map(({ view }) => view) },
      NextToken: page.fields['NextToken'] ?? '',
    };
  },
});

type View = Readonly<Record<string, unknown>>;

function fits(view: View, params: View): boolean {
  const bound = (name: string, none: number): number => (params[name] as number | undefined) ?? none;
  return (
    LEAST.every((field) => Number(view[field]) >= bound(`Minimum${field}`, -Infinity)) &&
    MOST.every((field) => Number(view[field]) <= bound(`Maximum${field}`, Infinity)) &&
    SAME.every(([field, one, several = '']) => {
      const wanted: unknown[] = [params[one] ?? [], params[several] ?? []].flat();
      return wanted.length === 0 || wanted.includes(view[field]);
    })
  );
}

/** The documented kinds, by what a family is for. */
function categoryOf({ family, level, gpu, localDiskCategory, cpu, memory }: InstanceTypeData): string {
  if (gpu > 0) return 'Compute-optimized with GPU';
  if (localDiskCategory !== '') return localDiskCategory.includes('hdd') ? 'Big data' : 'Local SSDs';
  if (family.startsWith('ecs.hf')) return 'High Clock Speed';
  if (level !== 'EnterpriseLevel') return 'Shared';
  if (memory / cpu > 4) return 'Memory-optimized';
  return memory / cpu > 2 ? 'General-purpose' : 'Compute-optimized';
}

function typeView(type: InstanceTypeData): Record<string, unknown> {
  return {
    InstanceTypeId: type.id,
    InstanceTypeFamily: type.family,
    InstanceFamilyLevel: type.level,
    InstanceCategory: categoryOf(type),
    CpuArchitecture: type.arm ? 'ARM' : 'X86',
    CpuCoreCount: type.cpu,
    CpuSpeedFrequency: 2.7,
    CpuTurboFrequency: 3.5,
    MemorySize: type.memory,
    GPUAmount: type.gpu,
    GPUMemorySize: type.gpu * 24,
    GPUSpec: type.gpuSpec,
    LocalStorageAmount: type.localDisks,
    LocalStorageCapacity: type.localDiskSize,
    LocalStorageCategory: type.localDiskCategory,
    EniQuantity: Math.min(8, Math.max(2, type.cpu)),
    EniPrivateIpAddressQuantity: 6,
    EniIpv6AddressQuantity: 6,
    EniTotalQuantity: Math.min(8, Math.max(2, type.cpu)),
    DiskQuantity: 17,
    InstanceBandwidthRx: 2_048_000,
    InstanceBandwidthTx: 2_048_000,
    InstancePpsRx: 900_000,
    InstancePpsTx: 900_000,
    BaselineCredit: 0,
    InitialCredit: 0,
    NvmeSupport: 'unsupported',
    EriQuantity: 0,
    EniTrunkSupported: true,
    TotalEniQueueQuantity: 2 * Math.min(8, Math.max(2, type.cpu)),
    PrimaryEniQueueNumber: 2,
    SecondaryEniQueueNumber: 2,
    MaximumQueueNumberPerEni: 2,
    QueuePairNumber: 0,
    PhysicalProcessorModel: '',
    JumboFrameSupport: false,
    NetworkEncryptionSupport: false,
    NetworkCardQuantity: 1,
    NetworkCards: { NetworkCardInfo: [{ NetworkCardIndex: 0 }] },
    NetworkInfo: { BandwidthWeighting: { WeightingInfos: { WeightingInfo: [] } } },
    EnhancedNetwork: {
      ExpressSupport: false,
      RssSupport: false,
      SriovSupport: false,
      VfQueueNumberPerEni: 0,
    },
    Clock: { PtpSupport: 'unsupported' },
    SecurityOptions: { SecureBootSupport: 'unsupported' },
    CpuOptions: {
      Core: Math.max(1, type.cpu / 2),
      ThreadsPerCore: 2,
      CoreFactor: 1,
      HyperThreadingAdjustable: true,
      NestedVirtualizationSupport: 'unsupported',
      SupportedTopologyTypes: { SupportedTopologyType: [] },
    },
    SupportedBootModes: { SupportedBootMode: ['BIOS'] },
    Attributes: { Attribute: [] },
  };
}
