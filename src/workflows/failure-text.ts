/** Failures as people read them. */
import { ActivityFailure } from '@temporalio/workflow';

/** What went wrong itself, without the activity around it. */
export function messageOf(error: unknown): string {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
