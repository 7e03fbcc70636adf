/** The public door: starting and following workflows, and the names, ids and payload types of all of them. */
export {
  InvalidInputError,
  newRunId,
  runCommandProgress,
  runCommandResult,
  startRun,
  startRunCommand,
} from './client';
export type { RunCommandWorkflow, StartRunOptions } from './client';
export * from './domain/messages';
export type { FileSpec, SendFileInput } from './domain/sending';
