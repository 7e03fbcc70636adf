/**
 * Replays a history through the bundle as it was built; throws DeterminismViolationError where the code has diverged.
 *
 * protobufjs is a development dependency for this alone: with three copies of it in node_modules the SDK 1.24.0 cannot
 * read a history from JSON ("type must be a Type"); a direct dependency makes npm keep one.
 */
import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import { packageRoot } from '../../src/stack/paths';

/** @param history as a client fetches it, or JSON as `temporal workflow show --output json` prints it */
export async function replay(
  history: Parameters<typeof Worker.runReplayHistory>[1],
  workflowId: string,
): Promise<void> {
  const codePath = join(packageRoot(), 'dist/workflow-bundle.js');
  await Worker.runReplayHistory({ workflowBundle: { codePath } }, history, workflowId);
}
