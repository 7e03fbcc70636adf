/**
 * Hooks around a rescue: draining before the instance goes, undoing that where it stays, and what follows on the
 * replacement.
 *
 * The one rule: a hook never holds a rescue up. Draining ends when its share of the notice is used, whatever the hooks
 * say; a hook that failed is told to people unless its `onFailure` says continue.
 */
import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import type { HookSummary } from '../activities/hooks';
import { alert, note, runOn, subjectOf } from './spot-context';
import { messageOf } from './failure-text';
import type { SpotContext } from './spot-context';
import { knocking, readingEvents } from './proxies';

/** Between two asks of a webhook that could not be reached; a notice is short. */
const ERROR_GAP_SECONDS = 10;

/** Takes the instance out of service, within the policy's share of the notice. */
export async function drain(context: SpotContext): Promise<void> {
  const { policy, progress, lockSeenAt } = context;
  if (policy.drain.length === 0) return;
  const leftMs = Math.max(1_000, lockSeenAt + policy.drainMs - Date.now());
  context.drained = true;
  await withinTime(leftMs, async () => {
    await runHooks(context, 'drain', policy.drain, progress.instanceId);
  }).then((done) => {
    if (!done)
      note(
        context,
        'drain',
        false,
        `not done within ${Math.round(policy.drainMs / 1000)} s; went on without`,
      );
  });
}

/** Puts the instance back where it stays after all. */
export async function undrain(context: SpotContext): Promise<void> {
  if (!context.drained) return;
  await runHooks(context, 'undrain', context.policy.undrain, context.progress.instanceId);
}

/** In order, on this instance. @returns the failure of the first with `onFailure: abort`, or `''` */
export async function runHooks(
  context: SpotContext,
  stage: 'drain' | 'undrain' | 'post',
  names: readonly string[],
  instanceId: string,
): Promise<string> {
  for (const name of names) {
    const step = `${stage}/${name}`;
    const hook = await readingEvents.readHook({ name });
    const failure = await runHook(context, step, { stage, name, instanceId }, hook).catch(
      (error: unknown) => {
        if (isCancellation(error)) throw error;
        return messageOf(error);
      },
    );
    note(context, step, failure === '', failure || 'done');
    if (failure === '' || hook?.onFailure === 'continue') continue;
    alert(context, step, failure);
    if (hook?.onFailure === 'abort') return `${step}: ${failure}`;
  }
  return '';
}

interface About {
  stage: 'drain' | 'undrain' | 'post';
  name: string;
  instanceId: string;
}

/** @returns why it failed, or `''` */
async function runHook(
  context: SpotContext,
  step: string,
  about: About,
  hook?: HookSummary,
): Promise<string> {
  if (!hook) return `the worker's policy file defines no hook ${about.name}`;
  if (hook.kind === 'snapshot') return 'a snapshot hook has no place in a rescue';
  let failure = '';
  const done = await withinTime(hook.timeoutMs, async () => {
    if (hook.kind === 'webhook') failure = await askWebhook(context, step, about);
    else {
      const { outcome, summary, rows } = await runOn(context, about.instanceId, step, hook.command);
      failure = outcome === 'succeeded' ? '' : (rows[0]?.reason ?? summary);
    }
  });
  return done ? failure : `not done within ${Math.round(hook.timeoutMs / 1000)} s`;
}

async function askWebhook(context: SpotContext, step: string, { stage, name }: About): Promise<string> {
  const kind = stage === 'drain' ? 'pre' : 'post';
  const { region } = context.progress;
  for (;;) {
    const answer = await knocking.callHook({ name, kind, region, event: subjectOf(context) });
    if (answer.verdict === 'go') return '';
    const asksAgain = answer.verdict === 'not-yet' || (answer.verdict === 'error' && answer.retryable);
    if (!asksAgain) return answer.reason;
    note(context, step, true, `${answer.verdict}: ${answer.reason}`);
    const seconds = answer.verdict === 'not-yet' ? answer.retryAfterSeconds : ERROR_GAP_SECONDS;
    await sleep(seconds * 1000, { summary: `${name}: ${answer.verdict}` });
  }
}

/** What is not done in time is cancelled: a command that was sent is stopped. @returns whether it was done */
async function withinTime(ms: number, work: () => Promise<void>): Promise<boolean> {
  const scope = new CancellationScope();
  const clock = new CancellationScope();
  const doing = scope.run(work).then(() => true);
  const late = clock.run(() => sleep(ms, { summary: 'time limit of hooks' })).then(() => false);
  try {
    return await Promise.race([doing, late]);
  } finally {
    for (const loser of [doing, late]) loser.catch(() => undefined);
    scope.cancel();
    clock.cancel();
  }
}
