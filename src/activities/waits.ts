/**
 * The small port to Temporal's client: registering a wait with the region's watcher and telling a waiter that its wait
 * is over. The worker provides it; activities know nothing else of the client.
 */
import type { WaitEnded } from '../domain/messages';
import type { WaitRegistration } from '../domain/watch';

export interface Waits {
  /** Registers with the region's watcher, starting it where none runs (signal with start). */
  register(region: string, waits: WaitRegistration[]): Promise<void>;
  /** Signals a waiter; done too where that workflow is closed or unknown: nobody waits any more. */
  notify(waiter: string, ended: WaitEnded): Promise<void>;
}
