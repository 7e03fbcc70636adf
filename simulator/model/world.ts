/**
 * All regions of the simulated account. The rule: resources are reached through here, and an id that is in no
 * region does not exist.
 */
import { errors } from '../core/errors';
import { REGIONS, madeUpRegion } from './catalog';
import type { Instance } from './instance';
import { Region } from './region';

/** The account every simulator has. */
export const ACCOUNT_ID = '1234567890123456';

/** The regions and what is in them. */
export class World {
  readonly regions = new Map<string, Region>();
  private sequence = 0;

  constructor(wanted: readonly string[], openedAt: number) {
    const known = REGIONS.map((data) => data.regionId);
    const all = [...REGIONS, ...wanted.filter((id) => !known.includes(id)).map(madeUpRegion)];
    all.forEach((data, index) =>
      this.regions.set(data.regionId, new Region(data, (index * 5) % 250, openedAt)),
    );
  }

  /** The region, or the documented 404. */
  region(regionId: string): Region {
    const region = this.regions.get(regionId);
    if (!region) throw errors.regionNotFound();
    return region;
  }

  /** An instance in any region, or undefined. */
  findInstance(instanceId: string): Instance | undefined {
    for (const region of this.regions.values()) {
      const instance = region.instances.get(instanceId);
      if (instance) return instance;
    }
    return undefined;
  }

  /** An instance in any region, or the documented 404 of the lifecycle actions. */
  instance(instanceId: string): Instance {
    const instance = this.findInstance(instanceId);
    if (!instance) throw errors.instanceNotFound();
    return instance;
  }

  /** The next number of the order of creation. */
  nextSequence(): number {
    return ++this.sequence;
  }

  /** Goes on counting after a restored number. */
  continueAfter(sequence: number): void {
    this.sequence = Math.max(this.sequence, sequence);
  }
}
