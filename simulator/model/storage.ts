/**
 * Disks, snapshots and images as records. The rule: plain data that can be saved; what takes time has a start and
 * a due moment, and its progress follows from them.
 */

/** Work of the provider that ends by itself. */
export interface Work {
  readonly startedAt: number;
  readonly due: number;
}

/** How far a piece of work is, in whole percent; 100 only when it is over. */
export function percentOf(work: Work | undefined, now: number): number {
  if (!work) return 100;
  const share = (now - work.startedAt) / Math.max(1, work.due - work.startedAt);
  return Math.min(99, Math.max(0, Math.floor(share * 100)));
}

/** What a disk can be doing. */
export type DiskStatus = 'In_use' | 'Available' | 'Attaching' | 'Detaching' | 'Creating' | 'ReIniting';

/** A disk. */
export interface Disk {
  readonly diskId: string;
  readonly regionId: string;
  readonly zoneId: string;
  /** A system disk that outlives its instance becomes a data disk. */
  type: 'system' | 'data';
  readonly category: string;
  readonly performanceLevel: string;
  readonly size: number;
  readonly createdAt: number;
  readonly sequence: number;
  name: string;
  description: string;
  device: string;
  instanceId: string;
  attachedAt: number | undefined;
  detachedAt?: number | undefined;
  status: DiskStatus;
  deleteWithInstance: boolean;
  encrypted: boolean;
  imageId: string;
  sourceSnapshotId: string;
  tags: Map<string, string>;
  /** Attaching, detaching or creating, and when that will have ended. */
  work?: Work | undefined;
  /** The instance that was released and left this system disk behind; no image can be made of it any more. */
  leftBy?: string;
}

/** A copy of a disk at one moment. */
export interface Snapshot {
  readonly snapshotId: string;
  readonly regionId: string;
  readonly sequence: number;
  readonly createdAt: number;
  readonly diskId: string;
  readonly diskType: 'system' | 'data';
  readonly diskSize: number;
  readonly diskCategory: string;
  readonly instanceId: string;
  /** Made of a system disk that outlived its instance. */
  readonly ofLeftDisk: boolean;
  readonly encrypted: boolean;
  readonly retentionDays: number;
  readonly sourceSnapshotId: string;
  readonly sourceRegionId: string;
  readonly resourceGroupId: string;
  /** The image from which the disk's instance was launched; an image of this snapshot has its system. */
  readonly imageId: string;
  name: string;
  description: string;
  status: 'progressing' | 'accomplished' | 'failed';
  finishedAt: number | undefined;
  work: Work | undefined;
  tags: Map<string, string>;
}

/** A disk that an image brings. */
export interface ImageDisk {
  readonly device: string;
  readonly type: 'system' | 'data';
  readonly size: number;
  readonly snapshotId: string;
}

/** What an image can be. */
export type ImageStatus =
  'Creating' | 'Waiting' | 'Available' | 'UnAvailable' | 'CreateFailed' | 'Deprecated';

/** An image, public or one's own. */
export interface Image {
  readonly imageId: string;
  readonly regionId: string;
  readonly sequence: number;
  readonly family: string;
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly osName: string;
  readonly osNameEn: string;
  readonly osType: 'linux' | 'windows';
  readonly platform: string;
  readonly architecture: string;
  readonly size: number;
  readonly ownerAlias: 'system' | 'self';
  readonly createdAt: number;
  readonly resourceGroupId: string;
  readonly isCopied: boolean;
  /** Set while it is made from an instance. */
  instanceId: string;
  readonly disks: readonly ImageDisk[];
  status: ImageStatus;
  work: Work | undefined;
  tags: Map<string, string>;
}

/** An elastic address. */
export interface Eip {
  readonly allocationId: string;
  readonly regionId: string;
  readonly sequence: number;
  readonly address: string;
  readonly bandwidth: number;
  readonly internetChargeType: string;
  readonly createdAt: number;
  status: 'Available' | 'InUse';
  instanceId: string;
}
