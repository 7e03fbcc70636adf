/** What the parts of `relaunchSpotInstance` share: its state, its log of steps, its alerts and its small commands. */
import { defineSearchAttributeKey } from '@temporalio/common';
import {
  executeChild,
  setCurrentDetails,
  sleep,
  upsertSearchAttributes,
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

/** Tells people: the attention attribute, and the policy's notify hooks. Never fails the workflow. */
export async function alert(context: SpotContext, step: string, reason: string): Promise<void> {
  upsertSearchAttributes([
    {
      key: defineSearchAttributeKey('StewardAttention', 'KEYWORD'),
      value: `${RELAUNCH_SPOT_INSTANCE}: ${step}`,
    },
  ]);
  note(context, 'alert', true, `${step}: ${reason}`);
  const hooks = context.policy.notify;
  if (hooks.length === 0) return;
  const { region } = context.progress;
  await telling
    .notify({ hooks, step, reason, region, event: subjectOf(context) })
    .catch((error: unknown) => note(context, 'notify', false, messageOf(error)));
}

/** There is nothing more we can do; people are told. */
export async function escalate(context: SpotContext, step: string, reason: string): Promise<void> {
  context.failure = { step, reason };
  decide(context, 'escalated');
  await alert(context, step, reason);
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
  const { hints, progress, lockSeenAt: since, instance } = context;
  const { region, instanceId } = progress;
  for (;;) {
    await hints.wait({ region, kind: 'reclaim', key: instanceId, since, withinMs: NOTICE_STEP_MS });
    let now = await readingSpot.readNotice({ region, instanceId });
    if (now && !now.locked && now.status !== 'Running') {
      await sleep(ON_ITS_WAY_MS, { summary: 'on its way to being released or stopped' });
      now = await readingSpot.readNotice({ region, instanceId });
    }
    const state = noticeOf(now, instance.spotInterruptionBehavior);
    if (state !== 'held') {
      progress.notice = state;
      note(context, 'notice', true, NOTICE_TEXT[state]);
      return;
    }
    await sleep(LOOK_AGAIN_MS, { summary: 'the lock still holds' });
  }
}

/** At most this long between two readings of the lock. */
const NOTICE_STEP_MS = 10 * 60_000;
const LOOK_AGAIN_MS = 3_000;
const ON_ITS_WAY_MS = 15_000;

const NOTICE_TEXT = {
  withdrawn: 'the reclaim was withdrawn',
  stopped: 'the instance was stopped and stays',
  released: 'the instance was released',
} as const;
