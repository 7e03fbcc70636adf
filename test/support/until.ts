/** Waiting in tests and benchmarks. The one rule: polls with a deadline, never just sleeps. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Polls until true; fails with what was waited for. */
export async function until(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  withinMs = 20_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(20);
  }
}
