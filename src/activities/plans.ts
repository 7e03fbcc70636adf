/** The instances of a run: carried by the workflow where they are few, else kept in the result store. */
import { carriesIds } from '../domain/run-state';
import type { Plan, Slice } from '../domain/run-state';
import type { ResultStore, RunKey } from '../results/store';

export async function keepPlan(store: ResultStore, key: RunKey, instanceIds: string[]): Promise<Plan> {
  return carriesIds(instanceIds.length)
    ? { instanceIds }
    : { plan: await store.writePlan(key, instanceIds), count: instanceIds.length };
}

export async function idsOf(store: ResultStore, key: RunKey, slice: Slice): Promise<string[]> {
  return 'plan' in slice
    ? (await store.readPlan(key, slice.plan)).slice(slice.start, slice.start + slice.count)
    : slice.instanceIds;
}
