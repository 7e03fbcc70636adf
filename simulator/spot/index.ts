/**
 * How spot instances are taken back. The rule: a notice is a lock with a due moment; five minutes later the
 * instance is released or stopped, unless the notice has been withdrawn.
 */
import type { Timer } from '../core/clock';
import { INSTANCE_TYPES } from '../model/catalog';
import type { Instance } from '../model/instance';
import type { Simulation } from '../simulation';
import { SpotPrices } from './prices';

const LOCK = 'Recycling';
const HOUR = 3_600_000;

interface Saved {
  readonly prices: unknown;
  readonly scarce: readonly string[];
}

/** Spot prices and reclaims of one simulation. */
export class Spot {
  readonly prices = new SpotPrices();
  private readonly timers = new Map<string, Timer>();
  /** Zone and type whose capacity the provider wants back. */
  private readonly scarce = new Set<string>();

  constructor(private readonly simulation: Simulation) {
    simulation.events.subscribe(({ type, instanceId }) => {
      if (type === 'released') this.disarm(instanceId);
      if (type === 'stopped') this.afterStop(instanceId);
    });
    simulation.keep('spot', {
      save: (): Saved => ({ prices: this.prices.save(), scarce: [...this.scarce] }),
      restore: (saved) => this.restore(saved as Saved),
    });
  }

  /** What an hour of an instance of that type costs in the zone now. */
  priceOf(zoneId: string, typeId: string): number {
    const type = INSTANCE_TYPES.get(typeId);
    return type ? this.prices.at(zoneId, type, this.simulation.clock.now()) : 0;
  }

  /** Gives notice; a second one changes nothing. */
  reclaim(instance: Instance, requestId?: string): void {
    if (instance.reclaim) return;
    const { clock, durations } = this.simulation;
    instance.reclaim = { due: clock.dueAfter(durations.spotNotice) };
    instance.locks = [
      ...instance.locks.filter((lock) => lock.reason !== LOCK),
      { reason: LOCK, message: '' },
    ];
    this.tell('spot.noticed', instance, requestId);
    this.arm(instance);
  }

  /** Takes the notice back; false when there was none. */
  withdraw(instance: Instance, requestId?: string): boolean {
    if (!instance.reclaim) return false;
    this.disarm(instance.instanceId);
    delete instance.reclaim;
    unlock(instance);
    this.tell('spot.withdrawn', instance, requestId);
    return true;
  }

  /** Sets a price, or gives it back to the market; those who bid less are taken back. */
  setPrice(zoneId: string, typeId: string, price: number | undefined): void {
    this.prices.change(zoneId, typeId, this.simulation.clock.now(), price);
    this.check();
  }

  /** The provider needs the capacity itself, or has enough of it again. */
  setScarce(zoneId: string, typeId: string, isScarce: boolean): void {
    if (isScarce) this.scarce.add(`${zoneId} ${typeId}`);
    else this.scarce.delete(`${zoneId} ${typeId}`);
    this.check();
  }

  /** Takes back whoever may not stay; those in their protected time are looked at again at its end. */
  private check(): void {
    const { world, clock } = this.simulation;
    const now = clock.now();
    for (const region of world.regions.values())
      for (const instance of region.instances.values()) {
        if (instance.spotStrategy === 'NoSpot' || instance.reclaim || !this.mustGo(instance)) continue;
        const protectedUntil = instance.createdAt + instance.spotDuration * HOUR;
        if (protectedUntil <= now) this.reclaim(instance);
        else clock.at(protectedUntil, () => this.checkAgain(instance.instanceId));
      }
  }

  private checkAgain(instanceId: string): void {
    const instance = this.simulation.world.findInstance(instanceId);
    if (instance && this.mustGo(instance)) this.reclaim(instance);
  }

  private mustGo(instance: Instance): boolean {
    if (instance.status === 'Stopped') return false;
    const { zoneId, instanceType, spotStrategy, spotPriceLimit } = instance;
    if (this.scarce.has(`${zoneId} ${instanceType}`) || this.scarce.has(`${zoneId} *`)) return true;
    return spotStrategy === 'SpotWithPriceLimit' && spotPriceLimit < this.priceOf(zoneId, instanceType);
  }

  private arm(instance: Instance): void {
    if (!instance.reclaim) return;
    this.timers.get(instance.instanceId)?.cancel();
    const timer = this.simulation.clock.at(instance.reclaim.due, () => this.take(instance.instanceId));
    this.timers.set(instance.instanceId, timer);
  }

  private disarm(instanceId: string): void {
    this.timers.get(instanceId)?.cancel();
    this.timers.delete(instanceId);
  }

  private take(instanceId: string): void {
    this.timers.delete(instanceId);
    const { world, instances } = this.simulation;
    const instance = world.findInstance(instanceId);
    if (!instance) return;
    delete instance.reclaim;
    instance.capacityLost = true;
    this.tell('spot.reclaimed', instance);
    const isOn = instance.status === 'Running' || instance.status === 'Starting';
    if (instance.spotInterruptionBehavior === 'Stop' && instance.status !== 'Pending') {
      if (isOn) instances.stop(instance, { forced: true, mode: 'StopCharging' });
      else if (instance.status === 'Stopped') this.afterStop(instanceId);
      else instance.stoppingMode = 'StopCharging';
      return;
    }
    if (isOn) {
      instance.releasing = true;
      instances.stop(instance, { forced: true });
    } else if (instance.status === 'Stopping') instance.releasing = true;
    else instances.release(instance, true);
  }

  /** A stopped instance can be started again as soon as there is room for it, unless its lock is kept. */
  private afterStop(instanceId: string): void {
    const instance = this.simulation.world.findInstance(instanceId);
    if (!instance?.capacityLost || instance.reclaim) return;
    instance.stoppedMode = 'StopCharging';
    if (this.simulation.switches.recyclingAfterStop === 'lifted') unlock(instance);
  }

  private restore({ prices, scarce }: Saved): void {
    this.prices.restore(prices);
    for (const entry of scarce) this.scarce.add(entry);
    for (const region of this.simulation.world.regions.values())
      for (const instance of region.instances.values()) this.arm(instance);
    this.check();
  }

  private tell(effect: string, instance: Instance, requestId?: string): void {
    const { ledger, clock } = this.simulation;
    const { instanceId, regionId, spotInterruptionBehavior: behavior, reclaim } = instance;
    ledger.effect({
      time: clock.now(),
      effect,
      regionId,
      resourceId: instanceId,
      ...(requestId === undefined ? {} : { requestId }),
      detail: { behavior, ...(reclaim ? { due: reclaim.due } : {}) },
    });
  }
}

function unlock(instance: Instance): void {
  instance.locks = instance.locks.filter((lock) => lock.reason !== LOCK);
}
