/**
 * Sending something to instances with a ClientToken.
 *
 * The one rule: the token alone is trusted only as long as ECS surely remembers it; a later attempt looks first whether
 * an earlier one was accepted after all.
 */
import { activityInfo } from '@temporalio/activity';

/** ClientToken memory has no documented lifetime: an attempt later than this looks before it sends. */
const TRUST_CLIENT_TOKEN_MS = 10 * 60_000;

interface Sent {
  invokeId: string;
  instances: readonly { instanceId: string }[];
}

/** @param find what was sent so far with the tags of this sending */
export async function sendOnce(
  instanceIds: readonly string[],
  find: () => Promise<Sent[]>,
  send: () => Promise<{ invokeId: string }>,
): Promise<{ invokeId: string }> {
  const { attempt, currentAttemptScheduledTimestampMs, scheduledTimestampMs } = activityInfo();
  const sinceFirstMs = currentAttemptScheduledTimestampMs - scheduledTimestampMs;
  const sent =
    attempt > 1 && sinceFirstMs > TRUST_CLIENT_TOKEN_MS ? sentTo(await find(), instanceIds) : undefined;
  return sent ? { invokeId: sent.invokeId } : send();
}

/** What was sent to exactly these instances (a batch checked again is a smaller one with the same tags). */
export function sentTo<T extends Sent>(found: readonly T[], instanceIds: readonly string[]): T | undefined {
  return found.find(({ instances }) => {
    const sent = new Set(instances.map(({ instanceId }) => instanceId));
    return sent.size === instanceIds.length && instanceIds.every((id) => sent.has(id));
  });
}
