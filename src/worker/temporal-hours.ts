/**
 * The port of src/activities/hours-port.ts over the worker's own Temporal client.
 *
 * The one rule: no query is waited for without end; one that comes as its workflow continues as new may find no answer.
 */
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { HoursPort } from '../activities/hours-port';
import { gateIdOf, instanceGateKey } from '../domain/gate';
import type { GateState } from '../domain/gate';
import { hoursIdOf } from '../domain/hours-messages';
import { HOURS_LOOKED_SIGNAL, HOURS_RAN_SIGNAL } from '../domain/hours-state';
import type { WorkingHoursState } from '../domain/hours-state';
import { PROGRESS_QUERY } from '../domain/messages';

/** A query that has no answer by then is asked again by the next attempt of the activity. */
const ANSWERED_WITHIN_MS = 10_000;

export function createTemporalHours(client: Client, account: string): HoursPort {
  const open = async (workflowId: string): Promise<boolean> => {
    const described = await orNothing(() => client.workflow.getHandle(workflowId).describe());
    return described?.status.name === 'RUNNING';
  };
  const progressOf = <T>(workflowId: string): Promise<T> =>
    client.withDeadline(Date.now() + ANSWERED_WITHIN_MS, () =>
      client.workflow.getHandle(workflowId).query<T>(PROGRESS_QUERY),
    );
  return {
    async read(name) {
      const workflowId = hoursIdOf(account, name);
      if (!(await open(workflowId))) return undefined;
      return progressOf<WorkingHoursState>(workflowId);
    },
    async existing(names) {
      const found = await Promise.all(names.map((name) => open(hoursIdOf(account, name))));
      return new Set(names.filter((_, index) => found[index]));
    },
    async ran(name, run) {
      await orNothing(() =>
        client.workflow.getHandle(hoursIdOf(account, name)).signal(HOURS_RAN_SIGNAL, run),
      );
    },
    async looked(name, look) {
      await orNothing(() =>
        client.workflow.getHandle(hoursIdOf(account, name)).signal(HOURS_LOOKED_SIGNAL, look),
      );
    },
    async held(region, instanceIds) {
      const workflowId = gateIdOf(account, region);
      if (!(await open(workflowId))) return new Map();
      const { held, waiting } = await progressOf<GateState>(workflowId);
      const holders = new Map(
        [...waiting, ...held].flatMap(({ keys, holder }) => keys.map((key) => [key, holder])),
      );
      const ofInstances = instanceIds.flatMap((id) => {
        const holder = holders.get(instanceGateKey(id).key);
        return holder === undefined ? [] : [[id, holder] as const];
      });
      return new Map(ofInstances);
    },
  };
}

async function orNothing<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
