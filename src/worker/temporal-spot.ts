/** The port of src/activities/spot-report.ts over the worker's own Temporal client. */
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { SpotRescues } from '../activities/spot-report';
import { RELAUNCH_SPOT_INSTANCE, spotIdOf, urgentQueueOf } from '../domain/spot-messages';
import type { RelaunchSpotInput, RelaunchSpotResult } from '../domain/spot-messages';

type Rescue = (input: RelaunchSpotInput) => Promise<RelaunchSpotResult>;

export function createTemporalSpotRescues(client: Client, account: string): SpotRescues {
  return {
    async start(region, instanceId) {
      await client.workflow.start<Rescue>(RELAUNCH_SPOT_INSTANCE, {
        workflowId: spotIdOf(account, region, instanceId),
        taskQueue: urgentQueueOf(account),
        args: [{ region, instanceId }],
        // An instance may be taken back again; while it is, one rescue runs.
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'USE_EXISTING',
        staticSummary: `rescue of ${instanceId} in ${region}`,
      });
    },
    async end(region, instanceId) {
      const handle = client.workflow.getHandle<Rescue>(spotIdOf(account, region, instanceId));
      try {
        const { name: status } = (await handle.describe()).status;
        return status === 'COMPLETED' ? { status, result: await handle.result() } : { status };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return { status: 'none' };
        throw error;
      }
    },
  };
}
