/**
 * Reclaims and prices as the control plane orders them. The rule: here the provider speaks; only spot instances
 * are taken back.
 */
import { z } from 'zod';
import { INSTANCE_TYPES } from '../model/catalog';
import type { Instance } from '../model/instance';
import type { Simulation } from '../simulation';
import { ControlError } from './control-error';
import type { ControlTarget } from './server';

/** The instances that are meant. */
export const instancesBody = z.object({ instanceIds: z.array(z.string()).min(1).max(20_000) }).strict();

/** A spot price an hour; `null` gives it back to the market. */
export const spotPriceBody = z
  .object({ zoneId: z.string(), instanceType: z.string(), price: z.number().positive().nullable() })
  .strict();

/** Gives notice to spot instances now. */
export function reclaim({ simulation }: ControlTarget, body: unknown): { due: (number | null)[] } {
  const instances = find(simulation, instancesBody.parse(body).instanceIds);
  const other = instances.find(({ spotStrategy }) => spotStrategy === 'NoSpot');
  if (other) throw new ControlError(409, `${other.instanceId} is no spot instance.`);
  for (const instance of instances) simulation.spot.reclaim(instance);
  return { due: instances.map((instance) => instance.reclaim?.due ?? null) };
}

/** Takes notices back. */
export function withdrawReclaim({ simulation }: ControlTarget, body: unknown): void {
  for (const instance of find(simulation, instancesBody.parse(body).instanceIds))
    if (!simulation.spot.withdraw(instance))
      throw new ControlError(409, `${instance.instanceId} is not being taken back.`);
}

/** Sets a price; whoever bid less is taken back. */
export function setSpotPrice({ simulation }: ControlTarget, body: unknown): void {
  const { zoneId, instanceType, price } = spotPriceBody.parse(body);
  if (!INSTANCE_TYPES.has(instanceType)) throw new ControlError(404, `There is no type ${instanceType}.`);
  simulation.spot.setPrice(zoneId, instanceType, price ?? undefined);
}

function find(simulation: Simulation, ids: readonly string[]): Instance[] {
  return ids.map((id) => {
    const instance = simulation.world.findInstance(id);
    if (!instance) throw new ControlError(404, `There is no instance ${id}.`);
    return instance;
  });
}
