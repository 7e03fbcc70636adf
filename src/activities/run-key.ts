/** The key under which the rows of the workflow that runs this activity are kept. */
import { activityInfo } from '@temporalio/activity';
import type { RunKey } from '../results/store';

export function runKey(): RunKey {
  const { workflowExecution } = activityInfo();
  if (!workflowExecution)
    throw new Error('these activities belong to a workflow; they cannot run on their own');
  return { workflowId: workflowExecution.workflowId, runId: workflowExecution.runId };
}
