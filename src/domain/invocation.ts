/**
 * What the status words of Cloud Assistant mean: three vocabularies (per instance, whole task, legacy) read into one.
 *
 * The one rule: a status nobody knows is not an end. A run waits on rather than reporting a guess.
 */
import type { Outcome } from './messages';

/** A whole task is over in these states of `InvocationStatus`; `Finished` is how older texts name the end. */
const TASK_ENDS = new Set(['Success', 'Failed', 'PartialFailed', 'Stopped', 'Finished']);
/** … and in these of the legacy `InvokeStatus`. */
const LEGACY_TASK_ENDS = new Set(['Finished', 'Failed', 'PartialFailed', 'Stopped']);

const INSTANCE_OUTCOMES: Record<string, Outcome> = {
  Success: 'Success',
  Finished: 'Success',
  Failed: 'Failed',
  Invalid: 'Failed',
  Aborted: 'Failed',
  Error: 'Failed',
  Timeout: 'Timeout',
  Terminated: 'Stopped',
  Cancelled: 'Stopped',
};

/** The state of one invocation as DescribeInvocations shows it, in our names. */
export interface InvocationState {
  invokeId: string;
  /** InvocationStatus of the whole task, `''` where the answer had none. */
  status: string;
  /** Legacy InvokeStatus, `''` where the answer had none. */
  legacyStatus: string;
  /** CreationTime as the API gives it, `''` where the answer had none. */
  createdAt: string;
  /** InvocationStatus per instance; an instance may be missing. */
  instances: { instanceId: string; status: string }[];
}

/** True where the per-instance status is a known end. */
export function isInstanceEnd(status: string): boolean {
  return status in INSTANCE_OUTCOMES;
}

/** True when the whole invocation is over: its task status says so and no listed instance contradicts it. */
export function hasEnded(state: InvocationState): boolean {
  const taskEnded =
    state.status !== '' ? TASK_ENDS.has(state.status) : LEGACY_TASK_ENDS.has(state.legacyStatus);
  return taskEnded && state.instances.every((instance) => isInstanceEnd(instance.status));
}

/** How many instances are in which state. */
export function countStates(state: Pick<InvocationState, 'instances'>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of state.instances) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** The outcome of an instance by its final InvocationStatus; `undefined` where that status is not an end. */
export function outcomeOf(status: string, exitCode?: number): Outcome | undefined {
  const outcome = INSTANCE_OUTCOMES[status];
  // Older answers say Finished whatever the exit code was.
  if (status === 'Finished' && exitCode !== undefined && exitCode !== 0) return 'Failed';
  return outcome;
}
