/**
 * Reproducible chance and identifiers. The rule: whatever is drawn by lot is drawn here, so that a run can be
 * repeated by its number.
 */
import { randomBytes, randomUUID } from 'node:crypto';

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

/** A small generator (mulberry32); the same number gives the same series. */
export class Random {
  private state: number;

  constructor(start: number = randomBytes(4).readUInt32LE(0)) {
    this.state = start >>> 0;
  }

  /** The next number in [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** An identifier such as `i-bp1a2b3c4d5e6f7g8h9i`. */
  id(prefix: string, length = 20): string {
    let text = '';
    while (text.length < length) text += ALPHABET[Math.floor(this.next() * ALPHABET.length)] ?? '0';
    return `${prefix}${text}`;
  }
}

/** A request id in the form of the API: an upper-case UUID. */
export function newRequestId(): string {
  return randomUUID().toUpperCase();
}
