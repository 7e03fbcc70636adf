/**
 * The key pairs that may sign calls. The rule: secrets stay in here; they are compared, never shown.
 */

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
