/**
 * Nonces that were used. The rule: one is remembered for as long as a signature can be fresh, and the store is
 * bounded: at the bound the oldest go.
 */
const LIFETIME_MS = 2 * 15 * 60_000;

/** Remembers (AccessKeyId, nonce). Times are wall time. */
export class Nonces {
  private readonly seen = new Map<string, number>();

  constructor(private readonly largest = 200_000) {}

  /** False when the nonce was used already; else it is used now. */
  use(accessKeyId: string, nonce: string, now: number): boolean {
    const key = `${accessKeyId}\n${nonce}`;
    const usedAt = this.seen.get(key);
    if (usedAt !== undefined && now - usedAt < LIFETIME_MS) return false;
    this.seen.delete(key);
    this.seen.set(key, now);
    for (const [old, at] of this.seen) {
      if (this.seen.size <= this.largest && now - at < LIFETIME_MS) break;
      this.seen.delete(old);
    }
    return true;
  }

  /** How many are remembered. */
  get size(): number {
    return this.seen.size;
  }
}
