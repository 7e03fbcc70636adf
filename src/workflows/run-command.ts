/**
 * `runCommand`: one command on many instances through Cloud Assistant, with a row for every instance. The promise is that
 * of run.ts.
 *
 * Cancel: StopInvocation for what is alive, then a report of what had already started (Cloud Assistant lets it run on).
 */
import { WORKFLOW_TYPES } from '../domain/messages';
import type { RunCommandInput, RunCommandResult } from '../domain/messages';
import { runToEnd } from './run';
import type { Carried } from './run';

export function runCommand(input: RunCommandInput, carried?: Carried): Promise<RunCommandResult> {
  return runToEnd(WORKFLOW_TYPES.runCommand, input, carried);
}
