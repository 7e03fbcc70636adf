/** The public door: starting and following workflows, and the names, ids and payload types of all of them. */
export { InvalidInputError, newRunId, runCommandProgress, runCommandResult, startRunCommand } from './client';
export type { RunCommandWorkflow, StartRunOptions } from './client';
export * from './domain/messages';
