/**
 * The files that go with disks, snapshots and images. The rule: what is done to one place happens in the order in
 * which it was asked for, so that a disk is copied before its instance is cleared away.
 */
import { CannedFiles, NO_FILES } from '../exec';
import type { GuestFiles, Place } from '../exec';
import type { Simulation } from '../simulation';

/** Copies files between instances and what is kept of them. */
export class StoredFiles {
  /** The files of canned guests; in memory, so they are part of the state. */
  readonly canned = new CannedFiles();
  private readonly queues = new Map<string, Promise<void>>();

  constructor(private readonly simulation: Simulation) {
    simulation.keep('cannedFiles', this.canned);
    simulation.onClose(() => this.idle());
  }

  /** Copies; resolves when it is done. */
  copy(from: Place, to: Place): Promise<void> {
    return this.inOrder([from, to], async () => (await this.files()).copy(from, to));
  }

  /** Copies and clears the place it came from. */
  move(from: Place, to: Place): Promise<void> {
    return this.inOrder([from, to], async () => {
      const files = await this.files();
      await files.copy(from, to);
      await files.remove(from);
    });
  }

  /** Forgets what is kept somewhere. */
  remove(place: Place): Promise<void> {
    return this.inOrder([place], async () => (await this.files()).remove(place));
  }

  /** Does something to all of a guest, after everything asked for before. */
  clear(guest: string, work: () => Promise<void>): Promise<void> {
    return this.inOrder([{ guest }], work);
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    await Promise.all(this.queues.values());
  }

  /** Where no command has run yet there is nothing to copy. */
  private async files(): Promise<GuestFiles> {
    return (await this.simulation.assistant.begun)?.files ?? NO_FILES;
  }

  private inOrder(places: readonly Place[], work: () => Promise<void>): Promise<void> {
    const keys = places.map((place) => ('kept' in place ? place.kept : place.guest));
    const before = Promise.all(keys.map((key) => this.queues.get(key) ?? Promise.resolve()));
    const done = before.then(work).catch((error: unknown) => this.simulation.report(error));
    for (const key of keys) this.queues.set(key, done);
    void done.then(() => {
      for (const key of keys) if (this.queues.get(key) === done) this.queues.delete(key);
    });
    return done;
  }
}
