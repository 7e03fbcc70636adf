/**
 * Hooks before and after the reboot, in the order the policy names them. Each may block.
 *
 * The one rule: a hook that did not succeed in its time is handled as its `onFailure` says: abort, continue or alert.
 */
import { sleep, uuid4 } from '@temporalio/workflow';
import type { HookSummary } from '../activities/hooks';
import { alert, escalate, messageOf, note, runOnInstance } from './event-context';
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
    const step = `${stage}/${name}`;
    const hook = await readingEvents.readHook({ name });
    const failure = await runHook(context, step, name, hook).catch(messageOf);
    note(context, step, failure === '', failure || 'done');
    if (failure === '' || hook?.onFailure === 'continue') continue;
    if (hook?.onFailure === 'alert') {
      await alert(context, step, failure);
      continue;
    }
    await escalate(context, step, failure);
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
  const within = timeLimit(hook.timeoutMs);
  switch (hook.kind) {
    case 'command':
      return Promise.race([within, runCommandHook(context, step, hook)]);
    case 'snapshot':
      return Promise.race([within, snapshotDisks(context, hook.wait, hook.timeoutMs)]);
    case 'webhook':
      return Promise.race([within, askWebhook(context, step, name)]);
  }
}

async function timeLimit(timeoutMs: number): Promise<string> {
  await sleep(timeoutMs, { summary: 'time limit of the hook' });
  return `not done within ${Math.round(timeoutMs / 1000)} s`;
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
  for (;;) {
    const answer = await knocking.callHook({ name, kind, region, event, plan });
    if (answer.verdict === 'go') return '';
    const asksAgain = answer.verdict === 'not-yet' || (answer.verdict === 'error' && answer.retryable);
    if (!asksAgain) return answer.reason;
    note(context, step, true, `${answer.verdict}: ${answer.reason}`);
    const seconds = answer.verdict === 'not-yet' ? answer.retryAfterSeconds : ERROR_GAP_SECONDS;
    await sleep(seconds * 1000, { summary: `${name}: ${answer.verdict}` });
  }
}
