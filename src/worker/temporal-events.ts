/** The port of src/activities/patrol.ts over the worker's own Temporal client. */
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { EventHandlers } from '../activities/patrol';
import { HANDLE_SYSTEM_EVENT, systemEventIdOf } from '../domain/event-messages';
import { taskQueueOf } from '../domain/messages';
import { EVENT_CHANGED_SIGNAL } from '../domain/system-event';
import type { HandleSystemEventInput, SystemEventResult } from '../domain/system-event';

type Handler = (input: HandleSystemEventInput) => Promise<SystemEventResult>;

export function createTemporalEventHandlers(client: Client, account: string): EventHandlers {
  return {
    async start(region, eventId) {
      const input: HandleSystemEventInput = { region, eventId };
      try {
        await client.workflow.start(HANDLE_SYSTEM_EVENT, {
          workflowId: systemEventIdOf(account, region, eventId),
          taskQueue: taskQueueOf(account),
          args: [input],
          // A failed handler is not restarted by a machine every minute; `steward events retry` is for people.
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          staticSummary: `system event ${eventId} in ${region}`,
        });
        return true;
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
        throw error;
      }
    },
    async changed(region, eventId) {
      try {
        await client.workflow
          .getHandle(systemEventIdOf(account, region, eventId))
          .signal(EVENT_CHANGED_SIGNAL);
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },
    async end(region, eventId) {
      const handle = client.workflow.getHandle<Handler>(systemEventIdOf(account, region, eventId));
      try {
        const { name: status } = (await handle.describe()).status;
        return status === 'COMPLETED' ? { status, result: await handle.result() } : { status };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return { status: 'NONE' };
        throw error;
      }
    },
  };
}
