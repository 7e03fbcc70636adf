/**
 * What instances cost. The rule: the meter follows from what happened to an instance and from the prices of those
 * moments alone; stopping saves money only where the instance really stopped without charging.
 */
import { INSTANCE_TYPES } from './model/catalog';
import type { Instance } from './model/instance';
import type { Simulation } from './simulation';

const HOUR = 3_600_000;

/** How an instance is charged: from its creation on, and while it stops and starts, as running. */
export type Charge = 'running' | 'keepCharging' | 'stopCharging';

/** What one instance cost in a time. */
export interface Bill {
  readonly instanceId: string;
  readonly regionId: string;
  readonly instanceType: string;
  readonly chargeType: Instance['chargeType'];
  /** Hours in each way of being charged. */
  readonly hours: Readonly<Record<Charge, number>>;
  /** For its computing power, in the currency of the account; disks and traffic are not counted. */
  readonly cost: number;
}

interface Change {
  readonly at: number;
  /** `released`: no more. */
  readonly charge: Charge | 'released';
}

interface Meter {
  readonly regionId: string;
  readonly zoneId: string;
  readonly instanceType: string;
  readonly chargeType: Instance['chargeType'];
  readonly isSpot: boolean;
  readonly changes: Change[];
}

/** The meters of one simulation; those of released instances stay. */
export class Billing {
  private meters = new Map<string, Meter>();

  constructor(private readonly simulation: Simulation) {
    simulation.events.subscribe(({ instanceId, type, time }) => {
      if (type === 'released') this.note(this.meters.get(instanceId), time, 'released');
      else this.read(instanceId, time);
    });
    simulation.keep('billing', {
      save: () => [...this.meters],
      restore: (saved) => (this.meters = new Map(saved as [string, Meter][])),
    });
  }

  /** Every instance that existed between two moments, or only those named. */
  bills(from: number, to: number, instanceIds?: readonly string[]): Bill[] {
    const wanted = [...this.meters].filter(([id]) => instanceIds?.includes(id) ?? true);
    return wanted
      .map(([instanceId, meter]) => this.bill(instanceId, meter, from, to))
      .filter(({ hours }) => hours.running + hours.keepCharging + hours.stopCharging > 0);
  }

  private bill(instanceId: string, meter: Meter, from: number, to: number): Bill {
    const { regionId, instanceType, chargeType, changes } = meter;
    const hours = { running: 0, keepCharging: 0, stopCharging: 0 };
    let cost = 0;
    changes.forEach(({ at, charge }, index) => {
      const begin = Math.max(at, from);
      const end = Math.min(changes[index + 1]?.at ?? Infinity, to);
      if (charge === 'released' || end <= begin) return;
      hours[charge] += (end - begin) / HOUR;
      if (charge !== 'stopCharging') cost += this.priceBetween(meter, begin, end);
    });
    return { instanceId, regionId, instanceType, chargeType, hours, cost };
  }

  /** Spot prices change by the hour. */
  private priceBetween(meter: Meter, begin: number, end: number): number {
    const type = INSTANCE_TYPES.get(meter.instanceType);
    if (!type) return 0;
    if (!meter.isSpot) return (type.price * (end - begin)) / HOUR;
    let sum = 0;
    for (let at = begin; at < end;) {
      const next = Math.min(end, (Math.floor(at / HOUR) + 1) * HOUR);
      sum += (this.simulation.spot.prices.at(meter.zoneId, type, at) * (next - at)) / HOUR;
      at = next;
    }
    return sum;
  }

  private read(instanceId: string, time: number): void {
    const instance = this.simulation.world.findInstance(instanceId);
    if (!instance) return;
    const { regionId, zoneId, instanceType, chargeType, spotStrategy } = instance;
    const isSpot = spotStrategy !== 'NoSpot';
    const made: Meter = { regionId, zoneId, instanceType, chargeType, isSpot, changes: [] };
    const meter = this.meters.get(instanceId) ?? made;
    this.meters.set(instanceId, meter);
    this.note(meter, time, chargeOf(instance));
  }

  private note(meter: Meter | undefined, at: number, charge: Change['charge']): void {
    if (meter && meter.changes.at(-1)?.charge !== charge) meter.changes.push({ at, charge });
  }
}

function chargeOf({ status, stoppedMode }: Instance): Charge {
  if (status !== 'Stopped') return 'running';
  return stoppedMode === 'StopCharging' ? 'stopCharging' : 'keepCharging';
}
