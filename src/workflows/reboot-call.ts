/**
 * Calling RebootInstance, which has no ClientToken.
 *
 * The one rule: it is called again only where ECS certainly did nothing; an answer that was lost is `unknown`, and whoever
 * asked settles it by looking.
 */
import { ActivityFailure, isCancellation, sleep } from '@temporalio/workflow';
import type { RebootAnswer } from '../activities/system-events';
import { messageOf } from './failure-text';
import { rebooting } from './proxies';

/** Calls that certainly did nothing (throttled) before we stop trying. */
const MOST_TRIES = 20;

/** What decides about another call. */
export interface RebootHooks {
  /** Why it must not be called now; asked before each call. */
  tooLate: () => string | undefined;
  /** Asked after each pause. */
  standsDown: () => boolean;
  noted: (answer: RebootAnswer) => void;
}

/** Tries until ECS said yes or no, or nobody knows. @returns `undefined` where we stood down meanwhile */
export async function callReboot(
  about: { region: string; instanceId: string },
  hooks: RebootHooks,
): Promise<RebootAnswer | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const late = hooks.tooLate();
    if (late !== undefined) return { answer: 'refused', detail: late };
    const answer = await rebooting.rebootInstance
      .executeWithOptions({ summary: 'RebootInstance' }, [about])
      .catch(unknownOf);
    hooks.noted(answer);
    if (answer.answer !== 'later') return answer;
    if (attempt >= MOST_TRIES) return { answer: 'refused', detail: `${MOST_TRIES} times: ${answer.detail}` };
    await sleep(answer.retryAfterMs ?? 10_000, { summary: 'ECS asks to come again' });
    if (hooks.standsDown()) return undefined;
  }
}

/** No worker took the call up in time, or it was lost with its worker: it may or may not have taken effect. */
function unknownOf(error: unknown): RebootAnswer {
  if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
  return { answer: 'unknown', detail: messageOf(error) };
}

/** Right after RebootInstance the old boot may still answer; after this it is no longer shutting down. */
export const OLD_BOOT_MAY_ANSWER_MS = 120_000;
