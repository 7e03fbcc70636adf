/**
 * Hooks before and after the reboot, in the order the policy names them. Each may block.
 *
 * The one rule: a hook that did not succeed in its time is handled as its `onFailure` says: abort, continue or alert.
 */
import { CancellationScope, condition, isCancellation, sleep, uuid4 } from '@temporalio/workflow';
import type { HookSummary } from '../activities/hooks';
import { standsDown } from './event-gate';
import { alert, escalate, note, runOnInstance } from './event-context';
import { messageOf } from './failure-text';
import type { EventContext } from './event-context';
import { knocking, readingEvents, snapshotting } from './proxies';

/** Between two asks of a webhook that could not be reached; its time limit ends this. */
const ERROR_GAP_SECONDS = 30;

/** @returns false where a hook with `onFailure: abort` failed; the event is then escalated already. */
export async function runHooks(
  context: EventContext,
  stage: 'pre' | 'post',
  names: readonly string[],
): Promise<boolean> {
  for (const name of names) {
    if (standsDown(context)) return false;
    const step = `${stage}/${name}`;
    const hook = await readingEvents.readHook({ name });
    const failure = await runHook(context, step, name, hook).catch(failureOf);
    if (standsDown(context)) return false;
    note(context, step, failure === '', failure || 'done');
    if (failure === '' || hook?.onFailure === 'continue') continue;
    if (hook?.onFailure === 'alert') {
      alert(context, step, failure);
      continue;
    }
    escalate(context, step, failure);
    return false;
  }
  return true;
}

/** @returns why it failed, or `''` */
async function runHook(
  context: EventContext,
  step: string,
  name: string,
  hook?: HookSummary,
): Promise<string> {
  if (!hook) return `the worker's policy file defines no hook ${name}`;
  return within(context, hook.timeoutMs, () => {
    switch (hook.kind) {
      case 'command':
        return runCommandHook(context, step, hook);
      case 'snapshot':
        return snapshotDisks(context, hook.wait, hook.timeoutMs);
      case 'webhook':
        return askWebhook(context, step, name);
    }
  });
}

/** Whichever comes first; what was not done in time is cancelled: a command is stopped, a webhook asked no more. */
async function within(
  { lease }: EventContext,
  timeoutMs: number,
  work: () => Promise<string>,
): Promise<string> {
  return CancellationScope.cancellable(async () => {
    const scope = CancellationScope.current();
    const limit = sleep(timeoutMs, { summary: 'time limit of the hook' }).then(
      () => `not done within ${Math.round(timeoutMs / 1000)} s`,
    );
    const taken = condition(() => lease.preemptedBy !== undefined).then(() => 'the instance was taken');
    const done = work();
    try {
      return await Promise.race([limit, taken, done]);
    } finally {
      for (const loser of [limit, taken, done]) loser.catch(() => undefined);
      scope.cancel();
    }
  });
}

/** The cancel of the workflow is no failure of a hook. */
function failureOf(error: unknown): string {
  if (isCancellation(error)) throw error;
  return messageOf(error);
}

async function runCommandHook(
  context: EventContext,
  step: string,
  hook: Extract<HookSummary, { kind: 'command' }>,
): Promise<string> {
  const { outcome, summary, rows } = await runOnInstance(context, step, hook.command);
  return outcome === 'succeeded' ? '' : (rows[0]?.reason ?? summary);
}

async function snapshotDisks(context: EventContext, wait: boolean, timeoutMs: number): Promise<string> {
  const { region, event } = context.progress;
  const instanceId = event?.instanceId ?? '';
  const since = Date.now();
  const diskIds = await readingEvents.listDisks({ region, instanceId });
  if (diskIds.length === 0) return 'the instance lists no disks';
  const take = (diskId: string): Promise<string> =>
    snapshotting.createSnapshot({
      region,
      diskId,
      name: `steward-${event?.eventId ?? ''}`,
      clientToken: uuid4(),
    });
  const snapshotIds = await Promise.all(diskIds.map(take));
  note(context, 'snapshots', true, snapshotIds.join(', '));
  if (!wait) return '';
  const ends = await Promise.all(
    snapshotIds.map(async (key) => {
      await context.hints.wait({ region, kind: 'snapshot', key, since, withinMs: timeoutMs });
      return readingEvents.readSnapshot({ region, snapshotId: key });
    }),
  );
  const failed = snapshotIds.filter((_, index) => ends[index] !== 'accomplished');
  return failed.length === 0 ? '' : `snapshots not accomplished: ${failed.join(', ')}`;
}

async function askWebhook(context: EventContext, step: string, name: string): Promise<string> {
  const { region, event, plan } = context.progress;
  const kind = step.startsWith('pre/') ? 'pre' : 'post';
  const since = Date.now();
  let said = '';
  for (;;) {
    const answer = await knocking.callHook({ name, kind, region, event, plan });
    if (answer.verdict === 'go') return '';
    const asksAgain = answer.verdict === 'not-yet' || (answer.verdict === 'error' && answer.retryable);
    if (!asksAgain) return answer.reason;
    const says = `${answer.verdict}: ${answer.reason}`;
    if (says !== said) note(context, step, true, says);
    said = says;
    const asked = (answer.verdict === 'not-yet' ? answer.retryAfterSeconds : ERROR_GAP_SECONDS) * 1000;
    // A twentieth of the time waited at least: whoever says "a second" for a day must not fill the history.
    await sleep(Math.max(asked, (Date.now() - since) / 20), { summary: `${name}: ${answer.verdict}` });
  }
}
