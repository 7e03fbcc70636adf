/**
 * An instance as DescribeInstances and DescribeInstanceAttribute show it. The rule: every documented field is
 * there with its documented type, also when there is nothing in it.
 */
import { minutes, seconds } from '../core';
import { INSTANCE_TYPES } from '../model/catalog';
import type { Instance } from '../model/instance';

const NEVER = '2099-12-31T15:59Z';

const CPU = {
  ThreadsPerCore: 2,
  Numa: 'ON',
  TopologyType: '',
  TurboMode: '',
  NestedVirtualization: '',
  EnableVISST: false,
  EnableVRDT: false,
};

/** What is documented and the same for every instance here. */
const PLAIN = {
  AdditionalInfo: { EnableHighDensityMode: false, ManagedHostId: '', NodeSerialNumber: '' },
  ClockOptions: { PtpStatus: 'disabled' },
  EnableNVS: false,
  HibernationOptions: { Configured: false },
  ImageOptions: { LoginAsNonRoot: false, CurrentOSNVMeSupported: true },
  SecurityOptions: { EnableSecureBoot: false },
  PrivateDnsNameOptions: {
    EnableInstanceIdDnsAAAARecord: false,
    EnableInstanceIdDnsARecord: false,
    EnableIpDnsARecord: false,
    EnableIpDnsPtrRecord: false,
    HostnameType: 'Custom',
  },
};

/** Tags as answers write them. */
export function tagsView(tags: ReadonlyMap<string, string>): { Tag: { TagKey: string; TagValue: string }[] } {
  return { Tag: [...tags].map(([TagKey, TagValue]) => ({ TagKey, TagValue })) };
}

function addresses(...values: readonly string[]): { IpAddress: string[] } {
  return { IpAddress: values.filter((value) => value !== '') };
}

function shared(instance: Instance): Record<string, unknown> {
  const type = INSTANCE_TYPES.get(instance.instanceType);
  return {
    InstanceId: instance.instanceId,
    InstanceName: instance.name,
    HostName: instance.hostName,
    Description: instance.description,
    RegionId: instance.regionId,
    ZoneId: instance.zoneId,
    ClusterId: '',
    SerialNumber: instance.serialNumber,
    InstanceType: instance.instanceType,
    Cpu: type?.cpu ?? 2,
    Memory: (type?.memory ?? 8) * 1024,
    ImageId: instance.imageId,
    InstanceChargeType: instance.chargeType,
    InternetChargeType: instance.internetChargeType,
    InternetMaxBandwidthIn: instance.bandwidthIn,
    InternetMaxBandwidthOut: instance.bandwidthOut,
    InstanceNetworkType: 'vpc',
    VlanId: '',
    StoppedMode: instance.status === 'Stopped' ? instance.stoppedMode : 'Not-applicable',
    CreditSpecification: instance.creditSpecification,
    SecurityGroupIds: { SecurityGroupId: [...instance.securityGroupIds] },
    PublicIpAddress: addresses(instance.publicIp),
    InnerIpAddress: addresses(),
    VpcAttributes: {
      VpcId: instance.vpcId,
      VSwitchId: instance.vSwitchId,
      PrivateIpAddress: addresses(instance.privateIp),
      NatIpAddress: '',
    },
  };
}

/** The object of DescribeInstances. `status` may be older than the truth (a fault). */
export function instanceView(instance: Instance, status: Instance['status']): Record<string, unknown> {
  const type = INSTANCE_TYPES.get(instance.instanceType);
  return {
    ...shared(instance),
    Status: status,
    InstanceTypeFamily: type?.family ?? '',
    GPUAmount: type?.gpu ?? 0,
    GPUSpec: type?.gpuSpec ?? '',
    LocalStorageAmount: type?.localDisks ?? 0,
    LocalStorageCapacity: (type?.localDisks ?? 0) * (type?.localDiskSize ?? 0),
    OSType: instance.osType,
    OSName: instance.osName,
    OSNameEn: instance.osNameEn,
    IoOptimized: true,
    SpotStrategy: instance.spotStrategy,
    SpotPriceLimit: instance.spotPriceLimit,
    SpotDuration: instance.spotDuration,
    SpotInterruptionBehavior: instance.spotInterruptionBehavior,
    CreationTime: minutes(instance.createdAt),
    StartTime: instance.startedAt === undefined ? '' : minutes(instance.startedAt),
    ExpiredTime: instance.expiresAt === undefined ? NEVER : minutes(instance.expiresAt),
    AutoReleaseTime: instance.autoReleaseAt === undefined ? '' : minutes(instance.autoReleaseAt),
    DeletionProtection: instance.deletionProtection,
    DeviceAvailable: true,
    Recyclable: instance.locks.some((lock) => lock.reason === 'Recycling'),
    KeyPairName: instance.keyPairName,
    ResourceGroupId: instance.resourceGroupId,
    SaleCycle: '',
    DeploymentSetId: '',
    HpcClusterId: '',
    ISP: '',
    OperationLocks: {
      LockReason: instance.locks.map(({ reason, message }) => ({ LockReason: reason, LockMsg: message })),
    },
    Tags: tagsView(instance.tags),
    RdmaIpAddress: addresses(),
    EipAddress: { ...eipView(instance), IsSupportUnassociate: instance.eip !== undefined },
    NetworkInterfaces: { NetworkInterface: [networkInterface(instance)] },
    DedicatedHostAttribute: { DedicatedHostClusterId: '', DedicatedHostId: '', DedicatedHostName: '' },
    DedicatedInstanceAttribute: { Affinity: '', Tenancy: '' },
    EcsCapacityReservationAttr: { CapacityReservationId: '', CapacityReservationPreference: '' },
    MetadataOptions: {
      HttpEndpoint: 'enabled',
      HttpTokens: instance.httpTokens,
      HttpPutResponseHopLimit: 0,
      InstanceMetadataTags: 'disabled',
    },
    CpuOptions: { ...CPU, CoreCount: Math.max(1, (type?.cpu ?? 2) / 2) },
    ...PLAIN,
  };
}

function eipView({ eip }: Instance): Record<string, unknown> {
  const none = { AllocationId: '', IpAddress: '', InternetChargeType: '' };
  if (!eip) return none;
  const { allocationId, address, bandwidth, internetChargeType } = eip;
  return {
    AllocationId: allocationId,
    IpAddress: address,
    Bandwidth: bandwidth,
    InternetChargeType: internetChargeType,
  };
}

function networkInterface(instance: Instance): Record<string, unknown> {
  const host = instance.privateIp.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return {
    NetworkInterfaceId: instance.networkInterfaceId,
    MacAddress: ['00', '16', ...host].join(':'),
    Type: 'Primary',
    PrimaryIpAddress: instance.privateIp,
    PrivateIpSets: {
      PrivateIpSet: [{ PrivateIpAddress: instance.privateIp, PrivateDnsName: '', Primary: true }],
    },
    Ipv6Sets: { Ipv6Set: [] },
    Ipv4PrefixSets: { Ipv4PrefixSet: [] },
    Ipv6PrefixSets: { Ipv6PrefixSet: [] },
  };
}

/** The flat answer of DescribeInstanceAttribute. */
export function attributeView(instance: Instance): Record<string, unknown> {
  return {
    ...shared(instance),
    Status: instance.status,
    IoOptimized: 'optimized',
    CreationTime: seconds(instance.createdAt),
    ExpiredTime: instance.expiresAt === undefined ? NEVER : minutes(instance.expiresAt),
    OperationLocks: { LockReason: instance.locks.map(({ reason }) => ({ LockReason: reason })) },
    EipAddress: eipView(instance),
    DedicatedHostAttribute: { DedicatedHostId: '', DedicatedHostName: '' },
    EnableJumboFrame: false,
    EnableNetworkEncryption: false,
    NetworkOptions: { BandwidthWeighting: '', EnableJumboFrame: false, EnableNetworkEncryption: false },
    SecurityOptions: PLAIN.SecurityOptions,
  };
}
