/**
 * What happens to instances, for parts of the simulator that must follow it. The rule: events are told after the
 * state has changed, in the order of the changes, and a listener never throws into the cause.
 */

/** What happened to an instance. */
export interface InstanceEvent {
  readonly type:
    'starting' | 'running' | 'stopping' | 'stopped' | 'rebooting' | 'released' | 'agent' | 'created';
  readonly instanceId: string;
  readonly regionId: string;
  readonly time: number;
  /** The power was cut rather than the guest shut down. */
  readonly forced: boolean;
  /** A call of the API ordered it; false for the provider's own doing and for what the guest does. */
  readonly byRequest: boolean;
}

/** A listener of instance events. */
export type InstanceListener = (event: InstanceEvent) => void;

/** Hands instance events to whoever listens. */
export class InstanceEvents {
  private readonly listeners = new Set<InstanceListener>();

  constructor(private readonly onError: (error: unknown) => void) {}

  /** Listens; the returned function ends it. */
  subscribe(listener: InstanceListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Tells everybody. */
  emit(event: InstanceEvent): void {
    for (const listener of this.listeners) {
      try {
        listener(event);
      } catch (error) {
        this.onError(error);
      }
    }
  }
}
