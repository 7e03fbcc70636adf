/** The check every workflow makes of its own input before anything else: anyone may start it with the bare CLI. */
import { ApplicationFailure, proxyLocalActivities } from '@temporalio/workflow';
import type { CheckActivities } from '../activities/check-input';
import { INVALID_INPUT } from '../domain/messages';

/** Pure and quick; the limit is for a worker that is drowning. */
const checking = proxyLocalActivities<CheckActivities>({ startToCloseTimeout: '10 seconds' });

/** @throws a non-retryable failure of type InvalidInput that lists every error */
export async function refuseBadInput(
  workflowType: Parameters<CheckActivities['checkInput']>[0]['workflowType'],
  input: unknown,
): Promise<void> {
  const { errors, message } = await checking.checkInput({ workflowType, input });
  if (errors.length === 0) return;
  throw ApplicationFailure.create({ type: INVALID_INPUT, message, nonRetryable: true, details: [errors] });
}
