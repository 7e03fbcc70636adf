/**
 * What spot instances cost. The rule: the market price follows from zone, type and hour alone, so that two looks
 * agree; what the control plane sets holds from that moment on.
 */
import type { InstanceTypeData } from '../model/catalog';

/** A price that was set; `price` undefined means the market again. */
interface SetPrice {
  readonly at: number;
  readonly price: number | undefined;
}

const HOUR = 3_600_000;

/** Prices of spot instances in every zone. */
export class SpotPrices {
  private readonly set = new Map<string, SetPrice[]>();

  /** The price an hour of one instance costs at that moment. */
  at(zoneId: string, type: InstanceTypeData, at: number): number {
    const set = this.set.get(key(zoneId, type.id))?.findLast((entry) => entry.at <= at);
    if (set?.price !== undefined) return set.price;
    const share = 0.12 + 0.2 * chance(`${zoneId} ${type.id}`);
    const swing = 0.9 + 0.2 * chance(`${zoneId} ${type.id} ${Math.floor(at / HOUR)}`);
    return round(type.price * share * swing);
  }

  /** Sets the price from now on, or gives it back to the market. */
  change(zoneId: string, typeId: string, at: number, price: number | undefined): void {
    const known = this.set.get(key(zoneId, typeId)) ?? [];
    this.set.set(key(zoneId, typeId), [...known, { at, price }]);
  }

  /** For the state file. */
  save(): unknown {
    return [...this.set];
  }

  /** What an earlier run saved. */
  restore(saved: unknown): void {
    for (const [name, prices] of saved as [string, SetPrice[]][]) this.set.set(name, prices);
  }
}

function key(zoneId: string, typeId: string): string {
  return `${zoneId} ${typeId}`;
}

/** To a thousandth, as the API prints prices. */
export function round(price: number): number {
  return Math.max(0.001, Math.round(price * 1_000) / 1_000);
}

/** A number from 0 to 1 that belongs to a text. */
export function chance(text: string): number {
  let hash = 2_166_136_261;
  for (const char of text) hash = Math.imul(hash ^ char.charCodeAt(0), 16_777_619);
  // One more turn, or texts that differ in their last letter only would lie side by side.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) / 4_294_967_296;
}
