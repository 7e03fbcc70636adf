/** The key under which the rows of the workflow that runs this activity are kept. */
import { activityInfo } from '@temporalio/activity';
import type { RunKey } from '../results/store';

/** @param runId of the first run of a chain, whose key all its continuations keep; absent: this run's own */
export function runKey(runId?: string): RunKey {
  const { workflowExecution } = activityInfo();
  if (!workflowExecution)
    throw new Error('these activities belong to a workflow; they cannot run on their own');
  return { workflowId: workflowExecution.workflowId, runId: runId ?? workflowExecution.runId };
}
