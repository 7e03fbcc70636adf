/** What the parts of `relaunchSpotInstance` share: its state, its log of steps, its alerts and its small commands. */
import {
  ActivityFailure,
  CancellationScope,
  executeChild,
  isCancellation,
  setCurrentDetails,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { RunCommandResult } from '../domain/messages';
import { noticeOf } from '../domain/spot-ladder';
import { RELAUNCH_SPOT_INSTANCE } from '../domain/spot-messages';
import type { SpotOutcome, SpotPhase, SpotProgress } from '../domain/spot-messages';
import type { SpotPolicy } from '../domain/spot-policy';
import type { SpotExtrasReading, SpotInstance, SpotRecord } from '../domain/spot-record';
import { rescueDetailsOf } from '../domain/spot-summary';
import type { SystemEvent } from '../domain/system-event';
import { runCommand } from './run-command';
import { readingSpot, telling } from './proxies';
import type { Hints } from './waiting';
import { messageOf } from './failure-text';
import { askForAttention } from './search-attributes';

/** Steps kept; a rescue that looks for a place for a day must not outgrow its result. */
const MOST_STEPS = 200;

export interface SpotContext {
  readonly hints: Hints;
  readonly progress: SpotProgress;
  readonly instance: SpotInstance;
  readonly policy: SpotPolicy;
  /** When the lock was seen, epoch milliseconds. */
  readonly lockSeenAt: number;
  /** Read beside CreateImage; of an instance that is gone already, empty. */
  extras: Promise<SpotExtrasReading>;
  /** Disks we have asked to live on, which would have gone with the instance. */
  keptDisks: string[];
  /** Made by us, to be deleted one day. */
  readonly copies: { imageIds: string[]; snapshotIds: string[]; diskIds: string[] };
  drained: boolean;
  failure?: { step: string; reason: string };
  servingAt?: string;
  /** Notify hooks that are being told; nothing waits for them but the end. */
  readonly tellings: Promise<void>[];
}

export function enter({ progress }: SpotContext, phase: SpotPhase): void {
  progress.phase = phase;
  setCurrentDetails(rescueDetailsOf(progress));
}

export function note({ progress }: SpotContext, step: string, ok: boolean, detail: string): void {
  if (progress.steps.length < MOST_STEPS)
    progress.steps.push({ at: new Date().toISOString(), step, ok, detail });
  setCurrentDetails(rescueDetailsOf(progress));
}

/**
 * Tells people: the attention attribute, and the policy's notify hooks. Never fails the workflow, and nothing waits for
 * a hook that does not answer.
 */
export function alert(context: SpotContext, step: string, reason: string): void {
  askForAttention(`${RELAUNCH_SPOT_INSTANCE}: ${step}`);
  note(context, 'alert', true, `${step}: ${reason}`);
  const hooks = context.policy.notify;
  if (hooks.length === 0) return;
  const { region } = context.progress;
  const event = subjectOf(context);
  // A hook with a time limit is cancelled at its end; what people are told about it is not.
  context.tellings.push(
    CancellationScope.nonCancellable(() => telling.notify({ hooks, step, reason, region, event })).catch(
      (error: unknown) => note(context, 'notify', false, messageOf(error)),
    ),
  );
}

/** There is nothing more we can do; people are told. */
export function escalate(context: SpotContext, step: string, reason: string): void {
  context.failure = { step, reason };
  decide(context, 'escalated');
  alert(context, step, reason);
}

/** How long hooks are waited for where the instance stays: it may be taken back again, and that needs this id. */
const STAYS_TELLING_MS = 60_000;

/** Until people are told; where the instance stays not for long. */
export async function told({ tellings, progress }: SpotContext): Promise<void> {
  const all = Promise.all(tellings);
  if (progress.notice === 'released') await all;
  else if (tellings.length > 0) await Promise.race([all, sleep(STAYS_TELLING_MS)]);
}

export function decide({ progress }: SpotContext, outcome: SpotOutcome): void {
  progress.outcome = outcome;
}

/** The reclaim as hooks are told of it: ECS's own name of the event, which has no id. */
export function subjectOf({ instance, progress, lockSeenAt }: SpotContext): SystemEvent {
  return {
    eventId: '',
    instanceId: instance.instanceId,
    type: 'Instance:PreemptibleInstanceInterruption',
    status: progress.notice,
    notBefore: '',
    publishedAt: new Date(lockSeenAt).toISOString(),
    finishedAt: '',
    reason: progress.replacementId === undefined ? '' : `replaced by ${progress.replacementId}`,
  };
}

/** A command on an instance, by a child run of its own; its result is a result, whatever it is. */
export function runOn(
  context: SpotContext,
  instanceId: string,
  step: string,
  command: {
    content: string;
    timeoutSeconds?: number;
    type?: 'RunShellScript' | 'RunBatScript' | 'RunPowerShellScript';
  },
): Promise<RunCommandResult> {
  const type = context.instance.osType === 'windows' ? 'RunPowerShellScript' : 'RunShellScript';
  const { region } = context.progress;
  return executeChild(runCommand, {
    workflowId: `${workflowInfo().workflowId}/${step}/${context.lockSeenAt}`,
    args: [{ region, targets: { instanceIds: [instanceId] }, command: { type, ...command }, name: step }],
    staticSummary: `${step} on ${instanceId}`,
  });
}

/** True while nothing says that the instance will stay. */
export function isLost({ progress }: SpotContext): boolean {
  return progress.notice === 'held' || progress.notice === 'released';
}

/** The whole record; without extras where the instance was gone before they could be read. */
export async function recordOf(context: SpotContext): Promise<SpotRecord> {
  const { disks, ramRoleName, userData } = await context.extras;
  return { ...context.instance, disks, ramRoleName, userData };
}

/** Follows the notice to its end; `progress.notice` says what became of it. */
export async function followNotice(context: SpotContext): Promise<void> {
  const { hints, progress, lockSeenAt: since } = context;
  const { region, instanceId } = progress;
  for (let refusals = 0; ;) {
    await hints.wait({ region, kind: 'reclaim', key: instanceId, since, withinMs: NOTICE_STEP_MS });
    const state = await noticeNow(context).catch((error: unknown) => {
      // Refused for good, such as without permission: others wait for the end of the notice, and somebody may mend it.
      if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
      if ((refusals += 1) === 1) alert(context, 'notice', messageOf(error));
      return 'held' as const;
    });
    if (state !== 'held') {
      progress.notice = state;
      note(context, 'notice', true, NOTICE_TEXT[state]);
      return;
    }
    const gapMs = refusals > 0 ? REFUSED_AGAIN_MS : LOOK_AGAIN_MS;
    await sleep(gapMs, { summary: 'the lock still holds' });
  }
}

async function noticeNow({ progress, instance }: SpotContext): Promise<ReturnType<typeof noticeOf>> {
  const { region, instanceId } = progress;
  let now = await readingSpot.readNotice({ region, instanceId });
  if (now && !now.locked && now.status !== 'Running') {
    await sleep(ON_ITS_WAY_MS, { summary: 'on its way to being released or stopped' });
    now = await readingSpot.readNotice({ region, instanceId });
  }
  return noticeOf(now, instance.spotInterruptionBehavior);
}

/** At most this long between two readings of the lock. */
const NOTICE_STEP_MS = 10 * 60_000;
const LOOK_AGAIN_MS = 3_000;
const REFUSED_AGAIN_MS = 60_000;
const ON_ITS_WAY_MS = 15_000;

const NOTICE_TEXT = {
  withdrawn: 'the reclaim was withdrawn',
  stopped: 'the instance was stopped and stays',
  released: 'the instance was released',
} as const;
