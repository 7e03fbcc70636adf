/**
 * The simulator's time. The rule: nothing else reads the wall clock; everything asks this one.
 *
 * real    time is wall time
 * fast    time is wall time, but the provider's own processes (`after`) take an N-th of their duration
 * driven  time stands still until the control plane sets it; due timers then run in order
 */

/** How time passes. */
export type TimeMode =
  | { readonly kind: 'real' }
  | { readonly kind: 'fast'; readonly factor: number }
  | { readonly kind: 'driven'; readonly startAt?: number };

/** A pending timer; `cancel` is safe at any moment. */
export interface Timer {
  readonly due: number;
  cancel(): void;
}

interface Entry extends Timer {
  readonly order: number;
  run: (() => void) | undefined;
}

const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** Time and timers of one simulator. */
export class Clock {
  private readonly heap: Entry[] = [];
  private order = 0;
  private drivenNow: number;
  private handle: NodeJS.Timeout | undefined;
  private handleDue = Infinity;
  private closed = false;

  constructor(
    readonly mode: TimeMode,
    private readonly onTimerError: (error: unknown) => void = () => undefined,
  ) {
    this.drivenNow = mode.kind === 'driven' ? (mode.startAt ?? Date.now()) : 0;
  }

  /** Simulated time in milliseconds. */
  now(): number {
    return this.mode.kind === 'driven' ? this.drivenNow : Date.now();
  }

  /** Wall time, for signatures and nonces only. */
  wall(): number {
    return Date.now();
  }

  /** When a process of the provider that takes `duration` will have ended. */
  dueAfter(duration: number): number {
    return this.now() + duration / (this.mode.kind === 'fast' ? this.mode.factor : 1);
  }

  /** Runs `run` when a process of the provider that takes `duration` has ended. */
  after(duration: number, run: () => void): Timer {
    return this.at(this.dueAfter(duration), run);
  }

  /** Runs `run` at a moment of simulated time. */
  at(due: number, run: () => void): Timer {
    const entry: Entry = { due, order: this.order++, run, cancel: () => void (entry.run = undefined) };
    if (!this.closed) {
      this.push(entry);
      this.arm();
    }
    return entry;
  }

  /** Sets driven time; going back is ignored. Returns after every timer that became due has run. */
  async setTime(target: number): Promise<void> {
    if (this.mode.kind !== 'driven') throw new Error('time can be set only when it is driven');
    for (let next = this.heap[0]; next && next.due <= target; next = this.heap[0]) {
      this.pop();
      this.drivenNow = Math.max(this.drivenNow, next.due);
      this.fire(next);
      // What a timer resolved may set further timers that are due as well.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.drivenNow = Math.max(this.drivenNow, target);
  }

  /** Takes up driven time where an earlier run left it. */
  continueFrom(time: number): void {
    this.drivenNow = Math.max(this.drivenNow, time);
  }

  /** Number of timers that wait. */
  pending(): number {
    return this.heap.filter((entry) => entry.run !== undefined).length;
  }

  /** Ends all timers. */
  close(): void {
    this.closed = true;
    this.heap.length = 0;
    if (this.handle) clearTimeout(this.handle);
    this.handle = undefined;
  }

  private fire(entry: Entry): void {
    const run = entry.run;
    entry.run = undefined;
    try {
      run?.();
    } catch (error) {
      this.onTimerError(error);
    }
  }

  private arm(): void {
    const next = this.heap[0];
    if (this.mode.kind === 'driven' || this.closed || !next || next.due >= this.handleDue) return;
    if (this.handle) clearTimeout(this.handle);
    this.handleDue = next.due;
    const wait = Math.min(Math.max(0, Math.ceil(next.due - Date.now())), LONGEST_TIMEOUT);
    this.handle = setTimeout(() => this.runDue(), wait);
    this.handle.unref();
  }

  private runDue(): void {
    this.handle = undefined;
    this.handleDue = Infinity;
    const now = Date.now();
    for (let next = this.heap[0]; next && next.due <= now && !this.closed; next = this.heap[0]) {
      this.pop();
      this.fire(next);
    }
    this.arm();
  }

  private push(entry: Entry): void {
    const heap = this.heap;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (!above || !isBefore(entry, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  private pop(): void {
    const heap = this.heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const [a, b] = [heap[left], heap[left + 1]];
      if (!a) break;
      const child = b && isBefore(b, a) ? left + 1 : left;
      const smaller = heap[child];
      if (!smaller || !isBefore(smaller, last)) break;
      heap[index] = smaller;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}
