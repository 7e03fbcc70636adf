/**
 * `sendFile`: one file to many instances through Cloud Assistant, with a row for every instance. The promise is that of
 * run.ts.
 *
 * Cancel: nothing further is sent. Cloud Assistant stops no file that was sent: those are waited for and reported.
 */
import { WORKFLOW_TYPES } from '../domain/messages';
import type { RunCommandResult } from '../domain/messages';
import type { SendFileInput } from '../domain/sending';
import { runToEnd } from './run';
import type { Carried } from './run';

export function sendFile(input: SendFileInput, carried?: Carried): Promise<RunCommandResult> {
  return runToEnd(WORKFLOW_TYPES.sendFile, input, carried);
}
