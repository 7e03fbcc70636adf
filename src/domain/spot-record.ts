/**
 * What is recorded of a spot instance before it is gone: everything its replacement needs, and the tags by which what
 * was made of it is found again.
 *
 * The one rule: a record is taken from ECS, never from what somebody remembers, and holds no password or key.
 */

export interface SpotTag {
  key: string;
  value: string;
}

/** A disk as the instance had it. */
export interface SpotDisk {
  diskId: string;
  type: 'system' | 'data';
  category: string;
  /** GiB. */
  size: number;
  performanceLevel: string;
  device: string;
  /** As it was before we asked for anything. */
  deleteWithInstance: boolean;
}

/** An instance as DescribeInstances shows it, in our names. Texts are empty where there is nothing. */
export interface SpotInstance {
  instanceId: string;
  name: string;
  hostName: string;
  description: string;
  status: string;
  /** True while OperationLocks holds Recycling. */
  locked: boolean;
  osType: string;
  instanceType: string;
  zoneId: string;
  vSwitchId: string;
  securityGroupIds: string[];
  privateIp: string;
  hasPublicIp: boolean;
  internetChargeType: string;
  internetMaxBandwidthOut: number;
  eip?: { allocationId: string; address: string };
  imageId: string;
  keyPairName: string;
  resourceGroupId: string;
  creditSpecification: string;
  deletionProtection: boolean;
  httpTokens: string;
  spotStrategy: string;
  spotPriceLimit: number;
  spotDuration: number;
  spotInterruptionBehavior: string;
  tags: SpotTag[];
}

/** What DescribeInstances does not show. */
export interface SpotExtras {
  disks: SpotDisk[];
  ramRoleName: string;
  /** Base64; empty where there is none, or where the policy says it is not carried over. */
  userData: string;
}

/** The record of an instance. */
export type SpotRecord = SpotInstance & SpotExtras;

/** As it was read: with what ECS would not tell, and why. */
export type SpotExtrasReading = SpotExtras & { unread: string[] };

/** An image of ours. */
export interface SpotImage {
  imageId: string;
  status: string;
  /** Epoch milliseconds. */
  createdAt: number;
  snapshotIds: string[];
  tags: SpotTag[];
}

/** A replacement somebody has launched already. */
export interface SpotReplacement {
  instanceId: string;
  /** When the reclaim it answers was seen, epoch milliseconds. */
  lockSeenAt: number;
}

/** Tag keys. They are how a restarted run finds what an earlier one made. */
export const SPOT_TAGS = {
  /** On a replacement: the instance it replaces. */
  replacementOf: 'steward-replacement-of',
  /** On a replacement: when the reclaim was seen, ISO 8601. */
  replacementLock: 'steward-replacement-lock',
  /** On an image or a snapshot: the instance it was made of because of a reclaim. */
  rescueOf: 'steward-rescue-of',
  /** On an image: the instance it was made of ahead of any reclaim. */
  warmOf: 'steward-warm-of',
} as const;

/** A notice lasts five minutes, so what was made longer ago than this answers an earlier reclaim. */
export const SAME_RECLAIM_MS = 10 * 60_000;

/** The tags a replacement is launched with: its predecessor's own, as far as they fit, and ours. */
export function replacementTags(
  record: Pick<SpotRecord, 'instanceId' | 'tags'>,
  lockSeenAt: number,
): SpotTag[] {
  const ours = [
    { key: SPOT_TAGS.replacementOf, value: record.instanceId },
    { key: SPOT_TAGS.replacementLock, value: new Date(lockSeenAt).toISOString() },
  ];
  const others = record.tags.filter(
    ({ key }) => !/^(aliyun|acs:)/i.test(key) && !ours.some((tag) => tag.key === key),
  );
  return [...ours, ...others].slice(0, MOST_TAGS);
}

/** RunInstances takes as many. */
const MOST_TAGS = 20;

/** A name for an image or snapshot: unique by instance and second. */
export function copyName(kind: 'rescue' | 'warm', instanceId: string, at: number): string {
  const time = new Date(at).toISOString().replace(/[-:]|\.\d+Z$/g, '');
  return `steward-${kind}-${instanceId}-${time}`;
}
