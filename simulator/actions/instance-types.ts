/**
 * DescribeInstanceTypes: what there is to build with.
 * The rule: fields and types as documented, with plain contents.
 */
import type { PageLimits } from '../core';
import { defineAction, ignoredAll, list, number, text } from '../core';
import type { InstanceTypeData } from '../model/catalog';
import { INSTANCE_TYPES } from '../model/catalog';

const TYPE_LIMITS: PageLimits = { defaultSize: 1600, max: 1600 };
const TYPE_IGNORED =
  'AdditionalAttributes CpuArchitectures GPUSpec GpuSpecs InstanceCategories InstanceCategory LocalStorageCategories LocalStorageCategory MaximumCpuSpeedFrequency MaximumCpuTurboFrequency MaximumGPUAmount MinimumBaselineCredit MinimumCpuSpeedFrequency MinimumCpuTurboFrequency MinimumDiskQuantity MinimumEniIpv6AddressQuantity MinimumEniPrivateIpAddressQuantity MinimumEniQuantity MinimumEriQuantity MinimumGPUAmount MinimumInitialCredit MinimumInstanceBandwidthRx MinimumInstanceBandwidthTx MinimumInstancePpsRx MinimumInstancePpsTx MinimumLocalStorageAmount MinimumLocalStorageCapacity MinimumPrimaryEniQueueNumber MinimumQueuePairNumber MinimumSecondaryEniQueueNumber NvmeSupport PhysicalProcessorModel PhysicalProcessorModels';

/** DescribeInstanceTypes. */
export const describeInstanceTypes = defineAction({
  name: 'DescribeInstanceTypes',
  required: [],
  quota: 'describe',
  params: {
    ...ignoredAll(TYPE_IGNORED),
    InstanceTypes: list(text(), {
      max: 10,
      tooMany: [403, 'InvalidParameter.InstanceTypes', 'At most 10 instance types can be given.'],
    }),
    InstanceTypeFamily: text(),
    InstanceTypeFamilies: list(text()),
    InstanceFamilyLevel: text(),
    CpuArchitecture: text(),
    MinimumCpuCoreCount: number(),
    MaximumCpuCoreCount: number(),
    MinimumMemorySize: number({ decimals: 3 }),
    MaximumMemorySize: number({ decimals: 3 }),
    MaxResults: number(),
    NextToken: text(),
  },
  handle(context, params) {
    const families = [params.InstanceTypeFamily, ...params.InstanceTypeFamilies].filter(
      (family) => family !== undefined,
    );
    const rows = [...INSTANCE_TYPES.values()]
      .map((type, order) => ({ type, order }))
      .filter(
        ({ type }) =>
          (params.InstanceTypes.length === 0 || params.InstanceTypes.includes(type.id)) &&
          (families.length === 0 || families.includes(type.family)) &&
          (params.InstanceFamilyLevel === undefined || params.InstanceFamilyLevel === type.level) &&
          (params.CpuArchitecture === undefined || params.CpuArchitecture === (type.arm ? 'ARM' : 'X86')) &&
          type.cpu >= (params.MinimumCpuCoreCount ?? 0) &&
          type.cpu <= (params.MaximumCpuCoreCount ?? Infinity) &&
          type.memory >= (params.MinimumMemorySize ?? 0) &&
          type.memory <= (params.MaximumMemorySize ?? Infinity),
      );
    const page = context.page(
      rows,
      (row) => row.order,
      { NextToken: params.NextToken, MaxResults: params.MaxResults ?? 1600 },
      TYPE_LIMITS,
    );
    return {
      InstanceTypes: { InstanceType: page.items.map(({ type }) => typeView(type)) },
      NextToken: page.fields['NextToken'] ?? '',
    };
  },
});

function typeView(type: InstanceTypeData): Record<string, unknown> {
  return {
    InstanceTypeId: type.id,
    InstanceTypeFamily: type.family,
    InstanceFamilyLevel: type.level,
    InstanceCategory: type.gpu > 0 ? 'Heterogeneous computing' : 'General-purpose',
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
