/** Workflows of test/skipping/gate.test.ts: the gate itself, and one that does nothing but hold keys of it. */
import { CancellationScope, condition, continueAsNew, proxyActivities } from '@temporalio/workflow';
import { GateLease } from '../../src/workflows/gate-lease';
import type { LeaseRequest } from '../../src/workflows/gate-lease';

export { gate } from '../../src/workflows/gate';

export interface HolderInput {
  request: Omit<LeaseRequest, 'interrupt'>;
  holdMs: number;
  /** Continues as new while it holds; the new run stays open this long and holds nothing by itself. */
  thenStayMs?: number;
}

/** What the oracle of the test is told. */
export interface HolderActivities {
  enters(what: { keys: HolderInput['request']['keys']; preempt: boolean }): Promise<void>;
  leaves(): Promise<void>;
}

const { enters, leaves } = proxyActivities<HolderActivities>({ startToCloseTimeout: '10 seconds' });

/** @returns how asking ended, or who took the keys */
export async function holder({ request, holdMs, thenStayMs }: HolderInput): Promise<string> {
  const lease = new GateLease();
  if (request.keys.length === 0) {
    await condition(() => false, holdMs);
    return 'stayed';
  }
  const end = await lease.acquire(request);
  if (end !== 'granted') return end;
  try {
    await enters({ keys: request.keys, preempt: request.preempt === true });
    await condition(() => lease.preemptedBy !== undefined, holdMs);
    if (thenStayMs === undefined) return lease.preemptedBy ?? 'done';
  } finally {
    if (thenStayMs === undefined) {
      await CancellationScope.nonCancellable(leaves);
      await lease.release();
    }
  }
  return continueAsNew<typeof holder>({ request: { ...request, keys: [] }, holdMs: thenStayMs });
}
