/**
 * Bounds how many things happen at a time. The rule: first come, first served, and a place given up while waiting
 * is never taken.
 */

interface Waiting {
  run: (() => void) | undefined;
}

/** A counted set of places. */
export class Slots {
  private used = 0;
  private queue: Waiting[] = [];

  constructor(private readonly size: number) {}

  /** Calls `run` when a place is free; it must be given back with `release`. The answer gives up waiting. */
  take(run: () => void): () => void {
    const waiting: Waiting = { run };
    this.queue.push(waiting);
    this.next();
    return () => void (waiting.run = undefined);
  }

  /** Gives a place back. */
  release(): void {
    this.used -= 1;
    this.next();
  }

  private next(): void {
    while (this.used < this.size) {
      const run = this.queue.shift();
      if (!run) return;
      if (!run.run) continue;
      this.used += 1;
      run.run();
    }
  }
}
