/** What a workflow that continues as new hands to its next run. */
import { workflowInfo } from '@temporalio/workflow';

/** What the run before has handed over; `undefined` in the first of a chain, whatever its starter gave. */
export function handedOver<S extends { run: string }>(carried: S | object | undefined): S | undefined {
  const isFirst = workflowInfo().continuedFromExecutionRunId === undefined;
  return isFirst || carried === undefined || !('run' in carried) ? undefined : carried;
}
