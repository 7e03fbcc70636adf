/**
 * What the execution of an event does to its instance. The rule: it happens through the same life cycle as what
 * the API orders, without a request id.
 */
import type { Simulation } from '../simulation';
import type { SystemEvent } from './model';
import { INTERRUPTION } from './model';

/** What happens when the event begins to be executed. */
export function carryOut(simulation: Simulation, event: SystemEvent): void {
  const instance = simulation.world.findInstance(event.instanceId);
  if (instance && event.type === INTERRUPTION) return simulation.spot.reclaim(instance);
  if (instance?.status !== 'Running') return;
  const [, deed = ''] = event.type.split('.');
  if (/^(Reboot|Redeploy)/.test(deed)) simulation.instances.reboot(instance, true);
  if (deed.startsWith('Stop')) simulation.instances.stop(instance, { forced: true, mode: 'KeepCharging' });
}

/** What happens when it has been executed. */
export function finish(simulation: Simulation, event: SystemEvent): void {
  const instance = simulation.world.findInstance(event.instanceId);
  if (instance && event.type.endsWith('.Delete')) simulation.instances.release(instance, true);
}

/** What happens when its owner takes it back while it is being executed. */
export function undo(simulation: Simulation, event: SystemEvent): void {
  const instance = simulation.world.findInstance(event.instanceId);
  if (instance && event.type === INTERRUPTION) simulation.spot.withdraw(instance);
}

/** How long the execution takes, in the provider's time. */
export function executionOf(simulation: Simulation, event: SystemEvent): number {
  const { eventExecuting, spotNotice } = simulation.durations;
  return event.type === INTERRUPTION ? spotNotice : eventExecuting;
}
