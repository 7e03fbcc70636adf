/** Starting the workflows of working hours on the time-skipping server. */
import type { WorkflowHandle } from '@temporalio/client';
import type { ByTagResult, StartByTagInput, StopByTagInput } from '../../src/domain/hours-messages';
import { START_BY_TAG, STOP_BY_TAG } from '../../src/domain/hours-messages';
import { taskQueueOf } from '../../src/domain/messages';
import { REGION } from './skipping-environment';
import type { Fleet } from './skipping-environment';

export const TAG = 'Start&Stop';

type ByTag = () => Promise<ByTagResult>;

let runs = 0;

/** Starts a start or stop of everything with the tag. */
export function startByTag(
  fleet: Fleet,
  purpose: 'start' | 'stop',
  input: Partial<StartByTagInput & StopByTagInput> = {},
): Promise<WorkflowHandle<ByTag>> {
  return fleet.temporal.client.workflow.start<ByTag>(purpose === 'start' ? START_BY_TAG : STOP_BY_TAG, {
    taskQueue: taskQueueOf(fleet.account),
    workflowId: `by-tag-${(runs += 1)}`,
    args: [{ region: REGION, tags: [{ key: TAG }], ...input }] as never,
  });
}

export async function byTag(...of: Parameters<typeof startByTag>): Promise<ByTagResult> {
  return (await startByTag(...of)).result();
}

/** Instances of the simulator by status. */
export function statuses(fleet: Fleet): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const id of fleet.simulator.instanceIds) {
    const status = fleet.simulator.simulation.world.findInstance(id)?.status ?? 'gone';
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

/** Adds tags to one of the instances. @returns its id */
export function setTags(fleet: Fleet, index: number, tags: Record<string, string>): string {
  const id = fleet.simulator.instanceIds[index] ?? '';
  const instance = fleet.simulator.simulation.world.findInstance(id);
  for (const [key, value] of Object.entries(tags)) instance?.tags.set(key, value);
  return id;
}
