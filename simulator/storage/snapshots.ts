/**
 * The life of snapshots. The rule: a snapshot has the files its disk had at the moment of the call; a disk that has
 * an earlier snapshot is copied in a tenth of the time, for only the difference is.
 */
import type { Disk, Snapshot } from '../model/storage';
import type { Simulation } from '../simulation';
import type { StoredFiles } from './files';
import type { Works } from './works';

/** What is told about a new snapshot. */
export interface SnapshotDraft {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly retentionDays?: number | undefined;
  readonly resourceGroupId?: string | undefined;
  readonly tags?: Map<string, string>;
}

/** The share of the time that a snapshot of a disk with an earlier one takes. */
export const INCREMENTAL = 0.1;
const DAY = 86_400_000;

/** Carries out what happens to snapshots. */
export class Snapshots {
  constructor(
    private readonly simulation: Simulation,
    private readonly works: Works,
    private readonly files: StoredFiles,
  ) {}

  /** True when the disk has been copied before. */
  isWarm(disk: Disk): boolean {
    const all = this.simulation.world.region(disk.regionId).snapshots.values();
    return [...all].some(({ diskId, status }) => diskId === disk.diskId && status === 'accomplished');
  }

  /** How long a snapshot of the disk takes. */
  durationOf(disk: Disk): number {
    const { snapshot, snapshotPerGiB } = this.simulation.durations;
    return snapshot + disk.size * snapshotPerGiB * (this.isWarm(disk) ? INCREMENTAL : 1);
  }

  /** Begins a snapshot; its files are copied before this resolves. */
  async create(disk: Disk, draft: SnapshotDraft, duration: number, requestId: string): Promise<Snapshot> {
    const { world, random, clock } = this.simulation;
    const snapshot: Snapshot = {
      snapshotId: random.id('s-bp1', 17),
      regionId: disk.regionId,
      sequence: world.nextSequence(),
      createdAt: clock.now(),
      diskId: disk.diskId,
      diskType: disk.type,
      diskSize: disk.size,
      diskCategory: disk.category,
      instanceId: disk.instanceId,
      ofLeftDisk: disk.leftBy !== undefined,
      encrypted: disk.encrypted,
      retentionDays: draft.retentionDays ?? 0,
      sourceSnapshotId: '',
      sourceRegionId: '',
      resourceGroupId: draft.resourceGroupId ?? '',
      imageId: disk.imageId,
      name: draft.name ?? '',
      description: draft.description ?? '',
      status: 'progressing',
      finishedAt: undefined,
      work: undefined,
      tags: draft.tags ?? new Map<string, string>(),
    };
    world.region(disk.regionId).snapshots.set(snapshot.snapshotId, snapshot);
    this.works.tell('snapshot.created', snapshot, snapshot.snapshotId, requestId, { diskId: disk.diskId });
    this.works.begin(snapshot.snapshotId, snapshot, duration, () => this.accomplish(snapshot));
    await this.files.copy(placeOf(disk), { kept: snapshot.snapshotId });
    return snapshot;
  }

  /** The same snapshot in another region. */
  async copy(source: Snapshot, regionId: string, duration: number, requestId: string): Promise<Snapshot> {
    const { world, random, clock } = this.simulation;
    const snapshot: Snapshot = {
      ...source,
      snapshotId: random.id('s-bp1', 17),
      regionId,
      sequence: world.nextSequence(),
      createdAt: clock.now(),
      sourceSnapshotId: source.snapshotId,
      sourceRegionId: source.regionId,
      status: 'progressing',
      finishedAt: undefined,
      work: undefined,
      tags: new Map(),
    };
    world.region(regionId).snapshots.set(snapshot.snapshotId, snapshot);
    this.works.tell('snapshot.created', snapshot, snapshot.snapshotId, requestId);
    this.works.begin(snapshot.snapshotId, snapshot, duration, () => this.accomplish(snapshot));
    await this.files.copy({ kept: source.snapshotId }, { kept: snapshot.snapshotId });
    return snapshot;
  }

  /** Ends a snapshot without success. */
  fail(snapshot: Snapshot): void {
    if (snapshot.status !== 'progressing') return;
    this.works.stop(snapshot.snapshotId, snapshot);
    Object.assign(snapshot, { status: 'failed', finishedAt: this.simulation.clock.now() });
    this.works.tell('snapshot.failed', snapshot, snapshot.snapshotId);
  }

  /** Deletes a snapshot with its files. */
  async remove(snapshot: Snapshot, requestId?: string): Promise<void> {
    this.works.stop(snapshot.snapshotId, snapshot);
    this.simulation.world.region(snapshot.regionId).snapshots.delete(snapshot.snapshotId);
    this.works.tell('snapshot.deleted', snapshot, snapshot.snapshotId, requestId);
    await this.files.remove({ kept: snapshot.snapshotId });
  }

  /** Goes on with what was under way. */
  resume(): void {
    for (const region of this.simulation.world.regions.values())
      for (const snapshot of region.snapshots.values()) {
        this.works.resume(snapshot.snapshotId, snapshot, () => this.accomplish(snapshot));
        if (!snapshot.work) this.armRetention(snapshot);
      }
  }

  private accomplish(snapshot: Snapshot): void {
    Object.assign(snapshot, { status: 'accomplished', finishedAt: this.simulation.clock.now() });
    this.works.tell('snapshot.accomplished', snapshot, snapshot.snapshotId);
    this.armRetention(snapshot);
  }

  private armRetention(snapshot: Snapshot): void {
    if (snapshot.retentionDays === 0) return;
    const { clock, world } = this.simulation;
    clock.at(snapshot.createdAt + snapshot.retentionDays * DAY, () => {
      const { snapshots, images } = world.region(snapshot.regionId);
      const isUsed = [...images.values()].some((i) =>
        i.disks.some((d) => d.snapshotId === snapshot.snapshotId),
      );
      if (!isUsed && snapshots.has(snapshot.snapshotId)) void this.remove(snapshot);
    });
  }
}

/** Where the files of a disk are now. */
function placeOf(disk: Disk): { guest: string; disk?: string } | { kept: string } {
  if (disk.instanceId === '' || disk.status === 'Detaching') return { kept: disk.diskId };
  return disk.type === 'system' ? { guest: disk.instanceId } : { guest: disk.instanceId, disk: disk.diskId };
}
