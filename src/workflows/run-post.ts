/**
 * How a batch is sent, followed and stopped: the calls in which commands and files differ.
 *
 * The one rule: everything else about a run is the same for both, and is in run-batch.ts and run-window.ts.
 */
import type { Activities } from '../activities';
import type { Batch } from '../activities/run-command';
import { isFileInput, sendingOf } from '../domain/sending';
import type { RunInput } from '../domain/sending';
import type { WaitKind } from '../domain/watch';
import { collecting, dispatching, stopping } from './proxies';

export interface Post {
  dispatch(call: Batch & { clientToken: string }, summary: string): Promise<{ invokeId: string }>;
  /** What the region's watcher is asked to look at. */
  waitKind: WaitKind;
  collect: Activities['collectResults'];
  /** After a cancel. */
  stop: Activities['stopBatch'];
  /** What that call is, for people. */
  stopping: string;
  /** How long after it the end is waited for. */
  settlesWithinMs: number;
  /** Why an instance that is alive even then is reported as it is. */
  afterStop: string;
}

/** After StopInvocation, instances that had not started end within seconds; what has started runs on. */
const STOP_SETTLES_WITHIN_MS = 15_000;

/** Nothing stops a file: it is waited for, up to its own time, the minute of its delivery, and the agent's word. */
const FILE_SETTLES_AFTER_MS = 75_000;

export function postOf(input: RunInput): Post {
  if (isFileInput(input)) {
    const { file } = input;
    return {
      dispatch: (call, summary) =>
        dispatching.dispatchFileBatch.executeWithOptions({ summary }, [{ ...call, file }]),
      waitKind: 'file',
      collect: collecting.collectFileResults,
      stop: stopping.findFileBatch,
      stopping: 'the look for what was sent',
      settlesWithinMs: sendingOf(input).timeoutSeconds * 1000 + FILE_SETTLES_AFTER_MS,
      afterStop: 'the run was cancelled; a file that was sent cannot be stopped',
    };
  }
  const { command, name } = input;
  return {
    dispatch: ({ clientToken, ...batch }, summary) =>
      dispatching.dispatchBatch.executeWithOptions({ summary }, [{ ...batch, command, name, clientToken }]),
    waitKind: 'invocation',
    collect: collecting.collectResults,
    stop: stopping.stopBatch,
    stopping: 'StopInvocation',
    settlesWithinMs: STOP_SETTLES_WITHIN_MS,
    afterStop: 'the run was cancelled; what had started runs on until its own timeout',
  };
}
