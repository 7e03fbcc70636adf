/**
 * The life of disks: made, attached, detached, left behind by a released instance, deleted. The rule: files follow
 * the disk; while it is attached they lie in the guest, otherwise under its own id.
 */
import type { Instance } from '../model/instance';
import type { Disk, DiskStatus } from '../model/storage';
import type { Simulation } from '../simulation';
import type { StoredFiles } from './files';
import type { Works } from './works';

/** What is told about a new disk. */
export type DiskDraft = Pick<
  Disk,
  | 'regionId'
  | 'zoneId'
  | 'category'
  | 'performanceLevel'
  | 'size'
  | 'name'
  | 'description'
  | 'encrypted'
  | 'sourceSnapshotId'
  | 'tags'
>;

/** Carries out what happens to disks. Callers have checked that it may happen. */
export class Disks {
  constructor(
    private readonly simulation: Simulation,
    private readonly works: Works,
    private readonly files: StoredFiles,
  ) {
    simulation.events.subscribe(({ type, instanceId, regionId }) => {
      if (type === 'released') this.afterRelease(instanceId, regionId);
    });
  }

  /** Makes a data disk, with the files of its snapshot. */
  async create(draft: DiskDraft, requestId: string): Promise<Disk> {
    const { world, random, clock, durations } = this.simulation;
    const disk: Disk = {
      ...draft,
      diskId: random.id('d-bp1', 17),
      type: 'data',
      createdAt: clock.now(),
      sequence: world.nextSequence(),
      device: '',
      instanceId: '',
      attachedAt: undefined,
      status: 'Creating',
      deleteWithInstance: false,
      imageId: '',
    };
    world.region(disk.regionId).disks.set(disk.diskId, disk);
    this.works.tell('disk.created', disk, disk.diskId, requestId);
    this.works.begin(disk.diskId, disk, durations.diskChange, () => this.settle(disk));
    if (disk.sourceSnapshotId !== '')
      await this.files.copy({ kept: disk.sourceSnapshotId }, { kept: disk.diskId });
    return disk;
  }

  /** Available → Attaching → In_use. */
  async attach(disk: Disk, instance: Instance, requestId: string): Promise<void> {
    const { clock, durations } = this.simulation;
    Object.assign(disk, { instanceId: instance.instanceId, attachedAt: clock.now(), status: 'Attaching' });
    disk.device = this.freeDevice(instance);
    this.works.tell('disk.attached', disk, disk.diskId, requestId, { instanceId: instance.instanceId });
    this.works.begin(disk.diskId, disk, durations.diskChange, () => this.settle(disk));
    await this.files.move({ kept: disk.diskId }, { guest: instance.instanceId, disk: disk.diskId });
  }

  /** In_use → Detaching → Available. */
  async detach(disk: Disk, requestId: string): Promise<void> {
    const { durations } = this.simulation;
    const { instanceId } = disk;
    disk.status = 'Detaching';
    this.works.tell('disk.detached', disk, disk.diskId, requestId, { instanceId });
    this.works.begin(disk.diskId, disk, durations.diskChange, () => this.settle(disk));
    const own = disk.type === 'system' ? { guest: instanceId } : { guest: instanceId, disk: disk.diskId };
    if (disk.type === 'system') await this.files.copy(own, { kept: disk.diskId });
    else await this.files.move(own, { kept: disk.diskId });
  }

  /** Deletes a disk with its files. */
  async remove(disk: Disk, requestId: string): Promise<void> {
    this.works.stop(disk.diskId, disk);
    this.simulation.world.region(disk.regionId).disks.delete(disk.diskId);
    this.works.tell('disk.deleted', disk, disk.diskId, requestId);
    await this.files.remove({ kept: disk.diskId });
  }

  /** Goes on with what was under way. */
  resume(): void {
    for (const region of this.simulation.world.regions.values())
      for (const disk of region.disks.values()) this.works.resume(disk.diskId, disk, () => this.settle(disk));
  }

  private settle(disk: Disk): void {
    const ends: Partial<Record<DiskStatus, DiskStatus>> = {
      Creating: 'Available',
      Attaching: 'In_use',
      Detaching: 'Available',
    };
    const was = disk.status;
    disk.status = ends[was] ?? was;
    if (was === 'Detaching') free(disk, this.simulation.clock.now());
  }

  /** Disks that go with the instance went with it; the others are free now, and their files are brought to safety. */
  private afterRelease(instanceId: string, regionId: string): void {
    const now = this.simulation.clock.now();
    const { disks } = this.simulation.world.region(regionId);
    for (const disk of [...disks.values()].filter((candidate) => candidate.instanceId === instanceId)) {
      this.works.stop(disk.diskId, disk);
      if (disk.deleteWithInstance) {
        disks.delete(disk.diskId);
        continue;
      }
      const isSystem = disk.type === 'system';
      const own = isSystem ? { guest: instanceId } : { guest: instanceId, disk: disk.diskId };
      void this.files.copy(own, { kept: disk.diskId });
      free(disk, now);
      if (isSystem) Object.assign(disk, { type: 'data', leftBy: instanceId });
      this.works.tell('disk.kept', disk, disk.diskId, undefined, { instanceId });
    }
  }

  private freeDevice({ instanceId, regionId }: Instance): string {
    const { disks } = this.simulation.world.region(regionId);
    const used = new Set([...disks.values()].filter((d) => d.instanceId === instanceId).map((d) => d.device));
    const letters = 'abcdefghijklmnopqrstuvwxyz'.slice(1);
    return `/dev/xvd${[...letters].find((letter) => !used.has(`/dev/xvd${letter}`)) ?? 'z'}`;
  }
}

function free(disk: Disk, now: number): void {
  const none = { instanceId: '', device: '', attachedAt: undefined };
  Object.assign(disk, { ...none, detachedAt: now, status: 'Available' });
}
