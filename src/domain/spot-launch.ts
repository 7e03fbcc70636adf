/**
 * What a launch asks RunInstances for: made from a record and a candidate, or from somebody's input.
 *
 * The one rule: every field is ECS's own parameter; what is absent is left to ECS.
 */
import type { Candidate } from './spot-candidates';
import type { SpotLaunchPolicy } from './spot-policy';
import { replacementTags } from './spot-record';
import type { SpotRecord, SpotTag } from './spot-record';

/** RunInstances in our names: one instance, pay-as-you-go billing, on the spot market or not. */
export interface LaunchRequest {
  imageId: string;
  instanceType: string;
  zoneId?: string;
  vSwitchId?: string;
  securityGroupId?: string;
  securityGroupIds?: string[];
  privateIpAddress?: string;
  instanceName?: string;
  hostName?: string;
  description?: string;
  internetChargeType?: string;
  internetMaxBandwidthOut?: number;
  spotStrategy?: string;
  spotPriceLimit?: number;
  spotDuration?: number;
  spotInterruptionBehavior?: string;
  keyPairName?: string;
  passwordInherit?: boolean;
  ramRoleName?: string;
  resourceGroupId?: string;
  creditSpecification?: string;
  deletionProtection?: boolean;
  httpTokens?: string;
  userData?: string;
  systemDisk?: { category?: string; size?: number; performanceLevel?: string };
  dataDisks?: {
    device?: string;
    category?: string;
    size?: number;
    performanceLevel?: string;
    deleteWithInstance?: boolean;
  }[];
  tags: SpotTag[];
}

/** The same shape as the lost instance, from this image, in this place. */
export function replacementRequest(about: {
  record: SpotRecord;
  candidate: Candidate;
  policy: SpotLaunchPolicy;
  imageId: string;
  /** The image brings the data disks along. */
  withDataDisks: boolean;
  samePrivateIp: boolean;
  lockSeenAt: number;
}): LaunchRequest {
  const { record, candidate, policy, imageId, withDataDisks, samePrivateIp, lockSeenAt } = about;
  const system = record.disks.find(({ type }) => type === 'system');
  const data = record.disks.filter(({ type }) => type === 'data');
  const hasAddress = record.eip !== undefined || !record.hasPublicIp;
  return {
    imageId,
    instanceType: candidate.instanceType,
    zoneId: candidate.zoneId,
    vSwitchId: candidate.vSwitchId,
    securityGroupIds: record.securityGroupIds,
    ...(samePrivateIp ? { privateIpAddress: record.privateIp } : {}),
    ...given('instanceName', record.name),
    ...given('hostName', record.hostName),
    ...given('description', record.description),
    ...given('internetChargeType', record.internetChargeType),
    // An instance with a public address of its own could not take the elastic one.
    internetMaxBandwidthOut: hasAddress ? 0 : record.internetMaxBandwidthOut,
    ...market(record, candidate, policy),
    ...(record.keyPairName === '' && policy.passwordEnv === undefined ? { passwordInherit: true } : {}),
    ...given('keyPairName', record.keyPairName),
    ...given('ramRoleName', record.ramRoleName),
    ...given('resourceGroupId', record.resourceGroupId),
    ...given('creditSpecification', record.creditSpecification),
    ...(record.deletionProtection ? { deletionProtection: true } : {}),
    ...given('httpTokens', record.httpTokens),
    ...given('userData', record.userData),
    ...(system ? { systemDisk: diskShape(system) } : {}),
    ...(withDataDisks && data.length > 0
      ? {
          dataDisks: data.map((disk) => ({
            ...diskShape(disk),
            device: disk.device,
            deleteWithInstance: disk.deleteWithInstance,
          })),
        }
      : {}),
    tags: replacementTags(record, lockSeenAt),
  };
}

function market(
  record: SpotRecord,
  candidate: Candidate,
  policy: SpotLaunchPolicy,
): Pick<LaunchRequest, 'spotStrategy' | 'spotPriceLimit' | 'spotDuration' | 'spotInterruptionBehavior'> {
  if (candidate.market === 'pay-as-you-go') return { spotStrategy: 'NoSpot' };
  const limit =
    policy.priceCap ?? (record.spotStrategy === 'SpotWithPriceLimit' ? record.spotPriceLimit : undefined);
  return {
    ...(limit === undefined
      ? { spotStrategy: 'SpotAsPriceGo' }
      : { spotStrategy: 'SpotWithPriceLimit', spotPriceLimit: limit }),
    spotDuration: record.spotDuration,
    spotInterruptionBehavior: record.spotInterruptionBehavior,
  };
}

function diskShape({ category, size, performanceLevel }: SpotRecord['disks'][number]): {
  category: string;
  size: number;
  performanceLevel?: string;
} {
  return { category, size, ...(performanceLevel === '' ? {} : { performanceLevel }) };
}

function given<K extends string>(key: K, value: string): { [P in K]?: string } {
  return (value === '' ? {} : { [key]: value }) as { [P in K]?: string };
}
