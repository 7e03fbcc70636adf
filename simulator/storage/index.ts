/**
 * Disks, snapshots, images and the files in them, of one simulation. The rule: actions ask here, and nothing
 * outside this directory changes one of them.
 */
import type { Eip, Snapshot } from '../model/storage';
import type { Simulation } from '../simulation';
import { Disks } from './disks';
import { StoredFiles } from './files';
import { Images } from './images';
import { Snapshots } from './snapshots';
import { Works } from './works';

interface Saved {
  readonly snapshots: readonly Snapshot[];
  readonly eips: readonly Eip[];
}

/** Everything that outlives an instance. */
export class Storage {
  readonly files: StoredFiles;
  readonly disks: Disks;
  readonly snapshots: Snapshots;
  readonly images: Images;

  constructor(private readonly simulation: Simulation) {
    const works = new Works(simulation);
    this.files = new StoredFiles(simulation);
    // Images first: whether one survives its instance is judged before the disks are gone.
    this.snapshots = new Snapshots(simulation, works, this.files);
    this.images = new Images(simulation, works, this.files, this.snapshots);
    this.disks = new Disks(simulation, works, this.files);
    simulation.events.subscribe(({ type, instanceId, regionId }) => {
      if (type === 'released') this.freeAddresses(instanceId, regionId);
    });
    simulation.keep('storage', {
      save: () => this.save(),
      restore: (saved) => this.restore(saved as Saved),
    });
  }

  private freeAddresses(instanceId: string, regionId: string): void {
    for (const eip of this.simulation.world.region(regionId).eips.values())
      if (eip.instanceId === instanceId) Object.assign(eip, { status: 'Available', instanceId: '' });
  }

  private save(): Saved {
    const regions = [...this.simulation.world.regions.values()];
    return {
      snapshots: regions.flatMap((region) => [...region.snapshots.values()]),
      eips: regions.flatMap((region) => [...region.eips.values()]),
    };
  }

  private restore({ snapshots, eips }: Saved): void {
    const { world } = this.simulation;
    for (const snapshot of snapshots)
      world.regions.get(snapshot.regionId)?.snapshots.set(snapshot.snapshotId, snapshot);
    for (const eip of eips) world.regions.get(eip.regionId)?.eips.set(eip.allocationId, eip);
    for (const { sequence } of [...snapshots, ...eips]) world.continueAfter(sequence);
    this.snapshots.resume();
    this.images.resume();
    this.disks.resume();
  }
}
