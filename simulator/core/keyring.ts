/**
 * The key pairs that may sign calls. The rule: secrets stay in here; they are compared, never shown.
 */
import { randomBytes } from 'node:crypto';
import { Random } from './random';

/** What signs a call. */
export interface KeyPair {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

/** A key pair nobody else has; its id does not look like a real one. */
export function makeKeyPair(): KeyPair {
  return { accessKeyId: new Random().id('sim', 21), accessKeySecret: randomBytes(24).toString('base64url') };
}

interface Key {
  readonly secret: string;
  active: boolean;
}

/** The keys of one simulator. */
export class Keyring {
  private readonly keys = new Map<string, Key>();

  /** Adds or replaces a key pair. */
  add(accessKeyId: string, secret: string): void {
    this.keys.set(accessKeyId, { secret, active: true });
  }

  /** Disables a key, or removes it altogether. */
  revoke(accessKeyId: string, how: 'disable' | 'remove'): void {
    const key = this.keys.get(accessKeyId);
    if (how === 'remove') this.keys.delete(accessKeyId);
    else if (key) key.active = false;
  }

  /** The secret of a key, or undefined when there is no such key. */
  secretOf(accessKeyId: string): string | undefined {
    return this.keys.get(accessKeyId)?.secret;
  }

  /** False for a key that has been disabled. */
  isActive(accessKeyId: string): boolean {
    return this.keys.get(accessKeyId)?.active ?? false;
  }
}
