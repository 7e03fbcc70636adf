/**
 * The life of images. The rule: an image is the snapshots of its disks and stands or falls with them; what it
 * brings to an instance are the files of those snapshots.
 */
import type { Instance } from '../model/instance';
import type { Disk, Image, ImageDisk, Snapshot } from '../model/storage';
import type { Simulation } from '../simulation';
import type { StoredFiles } from './files';
import type { Snapshots } from './snapshots';
import { INCREMENTAL } from './snapshots';
import type { Works } from './works';

/** What is told about a new image. */
export interface ImageDraft {
  readonly name?: string | undefined;
  readonly family?: string | undefined;
  readonly description?: string | undefined;
  readonly version?: string | undefined;
  readonly resourceGroupId?: string | undefined;
  readonly tags: Map<string, string>;
}

/** A disk of an image made of snapshots. */
export interface Mapping {
  readonly type: 'system' | 'data';
  readonly device?: string | undefined;
  readonly size: number;
  readonly snapshot?: Snapshot;
}

/** Copies of images that a region makes at a time; the others wait. */
const COPIES_AT_ONCE = 5;

/** Carries out what happens to images. Callers have checked that it may happen. */
export class Images {
  constructor(
    private readonly simulation: Simulation,
    private readonly works: Works,
    private readonly files: StoredFiles,
    private readonly snapshots: Snapshots,
  ) {
    simulation.events.subscribe(({ type, instanceId, regionId }) => {
      if (type === 'released') this.afterRelease(instanceId, regionId);
    });
  }

  /** Begins an image of an instance: a snapshot of every disk, taken now. */
  async ofInstance(instance: Instance, draft: ImageDraft, requestId: string): Promise<Image> {
    const { world, durations } = this.simulation;
    const region = world.region(instance.regionId);
    const disks = [...region.disks.values()].filter((disk) => disk.instanceId === instance.instanceId);
    const duration = durations.image + Math.max(0, ...disks.map((disk) => this.copyingOf(disk)));
    const base = region.images.get(instance.imageId);
    const image = this.add(instance.regionId, draft, base, {
      osType: instance.osType,
      osName: instance.osName,
      osNameEn: instance.osNameEn,
      size: disks.find((disk) => disk.type === 'system')?.size ?? 40,
      instanceId: instance.instanceId,
    });
    const made: ImageDisk[] = [];
    Object.assign(image, { disks: made });
    this.begin(image, duration, requestId);
    await Promise.all(
      disks.map(async (disk, index) => {
        const name = `Created_from_${image.imageId}`;
        const ends = duration - durations.image;
        const snapshot = this.snapshots.create(disk, { name, tags: new Map(draft.tags) }, ends, requestId);
        const { type, size, device } = disk;
        // The place in the list is taken before anything is waited for.
        made[index] = { device, type, size, snapshotId: '' };
        made[index] = { device, type, size, snapshotId: (await snapshot).snapshotId };
      }),
    );
    return image;
  }

  /** Begins an image of snapshots that exist. */
  ofSnapshots(regionId: string, mappings: readonly Mapping[], draft: ImageDraft, requestId: string): Image {
    const { world, durations } = this.simulation;
    const system = mappings.find(({ type }) => type === 'system');
    const base = world.region(regionId).images.get(system?.snapshot?.imageId ?? '');
    const image = this.add(regionId, draft, base, { size: system?.size ?? 40, instanceId: '' });
    const disks = mappings.map(({ type, size, device, snapshot }, index): ImageDisk => {
      const letter = type === 'system' ? 'a' : String.fromCharCode(97 + index);
      return { type, size, device: device ?? `/dev/xvd${letter}`, snapshotId: snapshot?.snapshotId ?? '' };
    });
    Object.assign(image, { disks });
    this.begin(image, durations.image, requestId);
    return image;
  }

  /** Begins a copy in the same or another region; five at a time. */
  async copyTo(source: Image, regionId: string, draft: ImageDraft, requestId: string): Promise<Image> {
    const { world, durations } = this.simulation;
    const { size, osType, osName, osNameEn } = source;
    const image = this.add(regionId, draft, source, { size, osType, osName, osNameEn, isCopied: true });
    const duration = durations.image + size * durations.imagePerGiB;
    const copying = [...world.region(regionId).images.values()].filter((i) => i.isCopied && i.work);
    if (copying.length < COPIES_AT_ONCE) this.begin(image, duration, requestId);
    else {
      image.status = 'Waiting';
      this.works.tell('image.created', image, image.imageId, requestId);
    }
    const disks = await Promise.all(
      source.disks.map(async (disk): Promise<ImageDisk> => {
        const from = world.region(source.regionId).snapshots.get(disk.snapshotId);
        const made = from && (await this.snapshots.copy(from, regionId, duration, requestId));
        return { ...disk, snapshotId: made?.snapshotId ?? '' };
      }),
    );
    Object.assign(image, { disks });
    return image;
  }

  /** Deletes an image; its snapshots stay. */
  remove(image: Image, requestId: string): void {
    this.works.stop(image.imageId, image);
    this.simulation.world.region(image.regionId).images.delete(image.imageId);
    this.works.tell('image.deleted', image, image.imageId, requestId);
    this.nextCopy(image.regionId);
  }

  /** Gives a new instance the files of its image and of the snapshots of its disks. */
  async furnish(instance: Instance, image: Image | undefined): Promise<void> {
    const guest = instance.instanceId;
    const system = image?.disks.find(({ type }) => type === 'system');
    if (system) await this.files.copy({ kept: system.snapshotId }, { guest });
    const { disks } = this.simulation.world.region(instance.regionId);
    for (const disk of disks.values())
      if (disk.instanceId === guest && disk.type === 'data' && disk.sourceSnapshotId !== '')
        await this.files.copy({ kept: disk.sourceSnapshotId }, { guest, disk: disk.diskId });
  }

  /** Goes on with what was under way. */
  resume(): void {
    for (const region of this.simulation.world.regions.values())
      for (const image of region.images.values())
        this.works.resume(image.imageId, image, () => this.finish(image));
  }

  private copyingOf(disk: Disk): number {
    const share = this.snapshots.isWarm(disk) ? INCREMENTAL : 1;
    return disk.size * this.simulation.durations.imagePerGiB * share;
  }

  private add(regionId: string, draft: ImageDraft, base: Image | undefined, own: Partial<Image>): Image {
    const { world, random, clock } = this.simulation;
    const imageId = random.id('m-bp1', 17);
    const image: Image = {
      imageId,
      regionId,
      sequence: world.nextSequence(),
      family: draft.family ?? '',
      name: draft.name ?? imageId,
      description: draft.description ?? '',
      version: draft.version ?? '',
      osName: base?.osName ?? '',
      osNameEn: base?.osNameEn ?? '',
      osType: base?.osType ?? 'linux',
      platform: base?.platform ?? 'Aliyun',
      architecture: base?.architecture ?? 'x86_64',
      size: 40,
      ownerAlias: 'self',
      createdAt: clock.now(),
      resourceGroupId: draft.resourceGroupId ?? '',
      isCopied: false,
      instanceId: '',
      disks: [],
      status: 'Creating',
      work: undefined,
      tags: draft.tags,
      ...own,
    };
    world.region(regionId).images.set(imageId, image);
    return image;
  }

  private begin(image: Image, duration: number, requestId?: string): void {
    image.status = 'Creating';
    const detail = image.instanceId === '' ? undefined : { instanceId: image.instanceId };
    if (requestId !== undefined) this.works.tell('image.created', image, image.imageId, requestId, detail);
    this.works.begin(image.imageId, image, duration, () => this.finish(image));
  }

  private finish(image: Image): void {
    const snapshots = this.simulation.world.region(image.regionId).snapshots;
    const isBroken = image.disks.some(({ snapshotId }) => snapshots.get(snapshotId)?.status === 'failed');
    image.status = isBroken ? 'CreateFailed' : 'Available';
    image.instanceId = '';
    this.works.tell(isBroken ? 'image.failed' : 'image.available', image, image.imageId);
    this.nextCopy(image.regionId);
  }

  private nextCopy(regionId: string): void {
    const { world, durations } = this.simulation;
    const waiting = [...world.region(regionId).images.values()].find((image) => image.status === 'Waiting');
    if (waiting) this.begin(waiting, durations.image + waiting.size * durations.imagePerGiB);
  }

  /** The doubt of the documentation: whether an image survives the instance it is being made of. */
  private afterRelease(instanceId: string, regionId: string): void {
    if (this.simulation.switches.imageOfReleased === 'survives') return;
    const { images, snapshots } = this.simulation.world.region(regionId);
    for (const image of images.values()) {
      if (image.instanceId !== instanceId || !image.work) continue;
      this.works.stop(image.imageId, image);
      image.status = 'CreateFailed';
      image.instanceId = '';
      this.works.tell('image.failed', image, image.imageId, undefined, { instanceId });
      for (const { snapshotId } of image.disks) {
        const snapshot = snapshots.get(snapshotId);
        if (snapshot) this.snapshots.fail(snapshot);
      }
    }
  }
}
