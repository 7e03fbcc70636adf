/** The port of src/activities/waits.ts over the worker's own Temporal client. */
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { Waits } from '../activities/waits';
import {
  REGISTER_WAITS_SIGNAL,
  WAIT_ENDED_SIGNAL,
  WORKFLOW_TYPES,
  taskQueueOf,
  watchIdOf,
} from '../domain/messages';
import type { WatchState } from '../domain/watch';

export function createTemporalWaits(client: Client, account: string): Waits {
  return {
    async register(region, waits) {
      const state: WatchState = { region, waits: [], memory: {}, ticks: 0 };
      await client.workflow.signalWithStart(WORKFLOW_TYPES.watchRegion, {
        workflowId: watchIdOf(account, region),
        taskQueue: taskQueueOf(account),
        args: [state],
        signal: REGISTER_WAITS_SIGNAL,
        signalArgs: [waits],
        staticSummary: `the one poller of ${region}`,
      });
    },
    async notify(waiter, ended) {
      try {
        await client.workflow.getHandle(waiter).signal(WAIT_ENDED_SIGNAL, ended);
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },
  };
}
