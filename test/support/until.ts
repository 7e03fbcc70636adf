/** Polls until a condition holds; fails with its own words when it does not in time. */
import { setTimeout as delay } from 'node:timers/promises';

/**
 * @param condition what must become true
 * @param timeoutMs wall time; default 20 s
 */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not true within ${timeoutMs} ms: ${condition.toString()}`);
    await delay(20);
  }
}
