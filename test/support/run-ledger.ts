/**
 * What really happened on the instances, read from the simulator's ledger in its own order.
 *
 * The one rule: under way is what Cloud Assistant has accepted and what has not ended, started or not; a run cannot talk
 * itself out of it.
 */
import type { CallRecord, EffectRecord } from '../../simulator/core/ledger';
import type { Fleet } from './skipping-environment';

export function effectsOf(fleet: Fleet, effect?: string): EffectRecord[] {
  return fleet.simulator.simulation.ledger.query({ kind: 'effect', effect }) as EffectRecord[];
}

/** How many instances have begun the command, over all runs. */
export function startedOn(fleet: Fleet): string[] {
  return effectsOf(fleet, 'command.started').map(({ resourceId }) => resourceId);
}

/** Instances under way right after each effect that changed it; of all runs, or of these invocations; files count as commands do. */
export function underWay(fleet: Fleet, of?: readonly string[]): { effect: EffectRecord; now: number }[] {
  let now = 0;
  return effectsOf(fleet).flatMap((effect) => {
    const created = effect.effect === 'invocation.created' || effect.effect === 'file.sent';
    const invokeId = created ? effect.resourceId : String(effect.detail?.invokeId);
    if (of?.includes(invokeId) === false) return [];
    if (created) now += Number(effect.detail?.instances);
    else if (effect.effect === 'command.finished' || effect.effect === 'file.finished') now -= 1;
    else return [];
    return [{ effect, now }];
  });
}

/** The most instances that were under way at any moment. */
export function mostUnderWay(fleet: Fleet, of?: readonly string[]): number {
  return Math.max(0, ...underWay(fleet, of).map(({ now }) => now));
}

/** The instance ids of every call of an action that was answered well. */
export function idsOfCalls(fleet: Fleet, action: string): string[][] {
  const calls = fleet.simulator.simulation.ledger.query({ kind: 'call', action, code: 'OK' }) as CallRecord[];
  return calls.map(({ params }) =>
    Object.entries(params).flatMap(([name, id]) => (/^InstanceId\.\d+$/.test(name) ? [id] : [])),
  );
}
