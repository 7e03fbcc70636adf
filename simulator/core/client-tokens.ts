/**
 * The memory of ClientTokens. The rule: one token means one call per account, region and action, for as long as
 * it is remembered; a call that failed with 4xx leaves no memory.
 */
import { createHash } from 'node:crypto';
import { errors } from './errors';

interface Remembered {
  readonly fingerprint: string;
  readonly expires: number;
  /** Absent while the first call is still running. */
  answer?: Readonly<Record<string, unknown>>;
}

/** What the look-up of a token found. */
export type TokenVerdict =
  | { readonly kind: 'new'; settle(answer: Readonly<Record<string, unknown>>): void; release(): void }
  | { readonly kind: 'known'; readonly answer: Readonly<Record<string, unknown>> };

const LARGEST = 100_000;

/** Remembers tokens with their answers. */
export class ClientTokens {
  private readonly memory = new Map<string, Remembered>();

  /** Looks up a token; throws the documented error when it is in use or was used with other parameters. */
  claim(
    scope: string,
    params: ReadonlyMap<string, string>,
    now: number,
    lifetime: number,
    mismatch = errors.idempotentMismatch,
  ): TokenVerdict {
    const fingerprint = fingerprintOf(params);
    const known = this.memory.get(scope);
    if (known && known.expires > now) {
      if (known.fingerprint !== fingerprint) throw mismatch();
      if (!known.answer) throw errors.idempotentProcessing();
      return { kind: 'known', answer: known.answer };
    }
    const entry: Remembered = { fingerprint, expires: now + lifetime };
    this.memory.delete(scope);
    this.memory.set(scope, entry);
    this.trim(now);
    return {
      kind: 'new',
      settle: (answer) => void (entry.answer = answer),
      release: () => {
        if (this.memory.get(scope) === entry) this.memory.delete(scope);
      },
    };
  }

  /** Forgets every token, as if its lifetime had passed. */
  clear(): void {
    this.memory.clear();
  }

  /** The settled tokens, for the state file. */
  save(): unknown {
    return [...this.memory].filter(([, entry]) => entry.answer !== undefined);
  }

  /** Remembers what an earlier run remembered. */
  restore(saved: unknown): void {
    for (const [scope, entry] of saved as [string, Remembered][]) this.memory.set(scope, entry);
  }

  private trim(now: number): void {
    if (this.memory.size <= LARGEST) return;
    for (const [scope, entry] of this.memory) {
      if (entry.expires > now && this.memory.size <= LARGEST) break;
      this.memory.delete(scope);
    }
  }
}

function fingerprintOf(params: ReadonlyMap<string, string>): string {
  const sorted = [...params].filter(([name]) => name !== 'ClientToken').sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('base64');
}
