/**
 * The parameters of RunInstances with their limits and codes. The rule: what has no effect here is declared as
 * ignored, so that the ledger reports only names the API does not have.
 */
import { flag, ignored, ignoredAll, list, number, struct, text, time } from '../core';
import type { ErrorSpec } from '../core/errors';
import { DISK_CATEGORIES } from '../model/catalog';
import { tagList } from './tag-rules';

const value = (name: string): ErrorSpec => [400, name, `The specified parameter is not valid.`];

/** InstanceName: 2 to 128 characters, starting with a letter, not with http://. */
export const nameRules = text({
  min: 2,
  max: 128,
  pattern: /^(?!https?:\/\/)\p{L}[\p{L}\p{N}:_\-.,[\]]*$/u,
  bad: [400, 'InvalidInstanceName.Malformed', 'The specified parameter "InstanceName" is not valid.'],
});

/** Password: 8 to 30 characters of three classes. */
export const passwordRules = text({
  min: 8,
  max: 30,
  pattern:
    /^(?!\/)(?:(?=.*[a-z])(?=.*[A-Z])(?=.*\d)|(?=.*[a-z])(?=.*[A-Z])(?=.*[^A-Za-z0-9])|(?=.*[a-z])(?=.*\d)(?=.*[^A-Za-z0-9])|(?=.*[A-Z])(?=.*\d)(?=.*[^A-Za-z0-9])).*$/,
  bad: [400, 'InvalidPassword.Malformed', 'The specified parameter "Password" is not valid.'],
});

/** UserData: Base64 of at most 32 KB. */
export const userData = text({
  max: Math.ceil((32 * 1024) / 3) * 4,
  pattern: /^[A-Za-z0-9+/]*={0,2}$/,
  bad: [400, 'InvalidUserData.SizeExceeded', 'The specified parameter "UserData" exceeds the size.'],
});

const amount = number({
  min: 1,
  max: 100,
  bad: [403, 'InvalidParam.Amount', 'The specified parameter Amount is not valid.'],
});
const category = text({
  oneOf: [...DISK_CATEGORIES, 'cloud', 'local_ssd_pro', 'local_hdd_pro'],
  bad: value('InvalidSystemDiskCategory.ValueNotSupported'),
});
const performanceLevel = text({
  oneOf: ['PL0', 'PL1', 'PL2', 'PL3'],
  bad: value('InvalidPerformanceLevel.Malformed'),
});

const systemDisk = struct({
  Category: category,
  Size: number({
    min: 1,
    max: 2048,
    bad: [400, 'InvalidSystemDiskSize', 'The specified parameter SystemDisk.Size is invalid.'],
  }),
  PerformanceLevel: performanceLevel,
  DiskName: text({ max: 128 }),
  Description: text({ max: 256 }),
  Encrypted: flag(),
  AutoSnapshotPolicyId: ignored(),
  BurstingEnabled: ignored(),
  EncryptAlgorithm: ignored(),
  KMSKeyId: ignored(),
  ProvisionedIops: ignored(),
  StorageClusterId: ignored(),
});

const dataDisk = struct({
  Category: text({
    oneOf: [...DISK_CATEGORIES, 'cloud', 'elastic_ephemeral_disk_standard', 'elastic_ephemeral_disk_premium'],
    bad: value('InvalidDataDiskCategory.ValueNotSupported'),
  }),
  Size: number({
    min: 1,
    max: 65536,
    bad: [400, 'InvalidDataDiskSize.ValueNotSupported', 'The specified DataDisk.n.Size is not valid.'],
  }),
  PerformanceLevel: performanceLevel,
  DiskName: text({ max: 128 }),
  Description: text({ max: 256 }),
  Device: text(),
  DeleteWithInstance: flag(),
  Encrypted: flag(),
  SnapshotId: text(),
  AutoSnapshotPolicyId: ignored(),
  BurstingEnabled: ignored(),
  EncryptAlgorithm: ignored(),
  KMSKeyId: ignored(),
  ProvisionedIops: ignored(),
  StorageClusterId: ignored(),
});

/** Parameters of RunInstances that change nothing here. */
const IGNORED =
  'CpuOptions HibernationOptions PrivatePoolOptions SchedulerOptions SecurityOptions Affinity Arn AutoPay AutoRenew AutoRenewPeriod ClockOptions DedicatedHostId DeploymentSetGroupNo DeploymentSetId HpcClusterId HttpEndpoint HttpPutResponseHopLimit ImageOptions IoOptimized Ipv6Address Ipv6AddressCount Isp LaunchTemplateVersion ManagedHostId NetworkInterface NetworkInterfaceQueueNumber NetworkOptions PasswordInherit Period PeriodUnit PrivateDnsNameOptions SecurityEnhancementStrategy StorageSetId StorageSetPartitionNumber Tenancy';

/** The declared parameters of RunInstances. */
export const launchParams = {
  ...ignoredAll(IGNORED),
  RegionId: text(),
  ImageId: text(),
  ImageFamily: text(),
  LaunchTemplateId: text(),
  LaunchTemplateName: text(),
  InstanceType: text(),
  SecurityGroupId: text(),
  SecurityGroupIds: list(text(), {
    max: 16,
    tooMany: [403, 'InvalidSecurityGroupIds.ExceedLimit', 'The number of security groups exceeds the limit.'],
  }),
  VSwitchId: text(),
  ZoneId: text(),
  PrivateIpAddress: text(),
  Amount: amount,
  MinAmount: number({
    min: 1,
    max: 100,
    bad: [400, 'InvalidMinAmount.Malformed', 'The specified parameter MinAmount is not valid.'],
  }),
  InstanceName: nameRules,
  HostName: text({
    min: 2,
    max: 64,
    pattern: /^[A-Za-z0-9[][A-Za-z0-9.\-[\],]*$/,
    bad: [400, 'InvalidHostName.Malformed', 'The specified parameter "HostName" is not valid.'],
  }),
  HostNames: list(text()),
  UniqueSuffix: flag(),
  Description: text({
    min: 2,
    max: 256,
    pattern: /^(?!https?:\/\/)/,
    bad: [400, 'InvalidDescription.Malformed', 'The specified parameter "Description" is not valid.'],
  }),
  SystemDisk: systemDisk,
  DataDisk: list(dataDisk, {
    max: 16,
    tooMany: [403, 'InstanceDiskNumber.LimitExceed', 'The total number of specified disks exceeds 16.'],
  }),
  InternetChargeType: text({
    oneOf: ['PayByTraffic', 'PayByBandwidth'],
    bad: value('InvalidInternetChargeType.ValueNotSupported'),
  }),
  InternetMaxBandwidthIn: number({ min: 1, max: 1000 }),
  InternetMaxBandwidthOut: number({
    min: 0,
    max: 100,
    bad: [
      400,
      'InvalidInternetMaxBandwidthOut.ValueNotSupported',
      'The specified InternetMaxBandwidthOut is not valid.',
    ],
  }),
  InstanceChargeType: text({
    oneOf: ['PostPaid', 'PrePaid'],
    bad: value('InvalidInstanceChargeType.ValueNotSupported'),
  }),
  SpotStrategy: text({
    oneOf: ['NoSpot', 'SpotWithPriceLimit', 'SpotAsPriceGo'],
    bad: [400, 'InvalidSpotStrategy', 'The specified SpotStrategy is not valid.'],
  }),
  SpotPriceLimit: number({
    min: 0.001,
    decimals: 3,
    bad: [400, 'InvalidSpotPriceLimit', 'The specified SpotPriceLimit is not valid.'],
  }),
  SpotDuration: number({
    min: 0,
    max: 1,
    bad: [400, 'InvalidSpotDuration', 'The specified SpotDuration is not valid.'],
  }),
  SpotInterruptionBehavior: text({
    oneOf: ['Terminate', 'Stop'],
    bad: [400, 'InvalidSpotInterruptionBehavior', 'The specified SpotInterruptionBehavior is not valid.'],
  }),
  UserData: userData,
  Tag: tagList(),
  AutoReleaseTime: time({
    bad: [400, 'InvalidAutoReleaseTime.Malformed', 'The specified AutoReleaseTime is not valid.'],
  }),
  DeletionProtection: flag(),
  RamRoleName: text({ max: 64 }),
  KeyPairName: text({ max: 128 }),
  Password: passwordRules,
  CreditSpecification: text({ oneOf: ['Standard', 'Unlimited'] }),
  ResourceGroupId: text(),
  HttpTokens: text({ oneOf: ['optional', 'required'] }),
};
