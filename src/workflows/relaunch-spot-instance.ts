/**
 * `relaunchSpotInstance`: one spot instance that is being taken back, from the notice to a replacement that serves.
 *
 * Promise: CreateImage is asked for at once and waits for nothing; one reclaim gets one replacement, whoever starts this
 * how often; nothing is deleted before its copy is there; what was lost is said. It runs under
 * `spot/<account>/<region>/<instanceId>` and no other id, until the instance is released or stays, and may then run again
 * for the next reclaim.
 * Ends are results (`relaunched`, `withdrawn`, `stopped-not-released` …).
 * Cancel: ends before the next step; what was made stays, with its tags.
 */
import { ApplicationFailure, condition, defineQuery, setHandler, workflowInfo } from '@temporalio/workflow';
import { instanceGateKey } from '../domain/gate';
import { INVALID_INPUT, PROGRESS_QUERY } from '../domain/messages';
import { RELAUNCH_SPOT_INSTANCE } from '../domain/spot-messages';
import type {
  RelaunchSpotInput,
  RelaunchSpotResult,
  SavedState,
  SpotOutcome,
  SpotProgress,
  SpotReading,
} from '../domain/spot-messages';
import { summaryOfRescue } from '../domain/spot-summary';
import { GateLease } from './gate-lease';
import { refuseBadInput } from './input';
import { decide, enter, escalate, followNotice, isLost, note, told } from './spot-context';
import { messageOf } from './failure-text';
import type { SpotContext } from './spot-context';
import { drain, undrain } from './spot-hooks';
import { check, launch } from './spot-launch';
import { readingSpot } from './proxies';
import { save } from './spot-save';
import { discardLater, restoreDisks, settle } from './spot-settle';
import { Hints } from './waiting';
import { noteOperation } from './search-attributes';

export const spotProgressQuery = defineQuery<SpotProgress>(PROGRESS_QUERY);

export async function relaunchSpotInstance(input: RelaunchSpotInput): Promise<RelaunchSpotResult> {
  const startedAt = new Date().toISOString();
  const progress = newProgress(input ?? { region: '', instanceId: '' });
  const hints = new Hints();
  const lease = new GateLease();
  setHandler(spotProgressQuery, () => progress);
  await refuseBadInput(RELAUNCH_SPOT_INSTANCE, input);
  refuseForeignId(input);

  const lockSeenAt = Date.now();
  const reading = await readingSpot.readSpot(input);
  const { record } = reading;
  if (!record?.locked) return resultOf(progress, record ? 'not-locked' : 'not-found', { startedAt });
  progress.lockSeenAt = new Date(lockSeenAt).toISOString();
  progress.policy = reading.policy.name;
  noteOperation(RELAUNCH_SPOT_INSTANCE, { region: input.region, instanceIds: [input.instanceId] });
  const context = contextOf({ hints, progress, reading, record, lockSeenAt });
  const noticeEnds = followNotice(context);
  noticeEnds.catch(() => undefined);
  const giveBack = takeKeys(lease, input);
  await rescue(context, reading);
  enter(context, 'watching');
  await noticeEnds;
  await close(context);
  await giveBack();
  await told(context);
  const { failure, servingAt } = context;
  return resultOf(progress, progress.outcome ?? 'escalated', { startedAt, servingAt, ...failure });
}

/** Takes the instance from whoever holds it, and waits for nothing: the notice does not. @returns how to give it back */
function takeKeys(lease: GateLease, { region, instanceId }: RelaunchSpotInput): () => Promise<void> {
  let over = false;
  const keys = [instanceGateKey(instanceId)];
  const asked = lease
    .acquire({ region, purpose: 'relaunch', keys, preempt: true, interrupt: () => over })
    .catch(() => undefined);
  return async () => {
    over = true;
    await asked;
    await lease.release();
  };
}

/** From the notice to a replacement that serves, or to the news that none is needed. */
async function rescue(context: SpotContext, reading: SpotReading): Promise<void> {
  const { progress } = context;
  enter(context, 'saving');
  const drained = drain(context).catch((error: unknown) => note(context, 'drain', false, messageOf(error)));
  void context.extras.then(({ unread }) => {
    for (const reason of unread) note(context, 'record', false, reason);
  });
  if (reading.imageId !== undefined) context.copies.imageIds.push(reading.imageId);
  if (reading.replacementId !== undefined) {
    const already = `${reading.replacementId} was launched for this reclaim already; disks are left as they are`;
    note(context, 'launch', true, already);
    progress.replacementId = reading.replacementId;
  } else {
    progress.saved = await save(context, reading.imageId);
  }
  await drained;
  await bringUp(context, progress.saved);
}

async function bringUp(context: SpotContext, saved: SavedState | undefined): Promise<void> {
  const { policy, progress } = context;
  const deadline = Date.now() + policy.launch.withinMs;
  if (progress.replacementId === undefined && (mustBeGone(context) || !isLost(context))) {
    enter(context, 'waiting-for-the-end');
    await condition(() => progress.notice !== 'held');
  }
  for (;;) {
    if (progress.replacementId === undefined) {
      if (!isLost(context) || !saved) return;
      enter(context, 'launching');
      progress.replacementId = await launch(context, saved, deadline);
      if (progress.replacementId === undefined) {
        if (!isLost(context)) return;
        escalate(context, 'launch', 'no place was found in time');
        return decide(context, 'saved-not-launched');
      }
    }
    enter(context, 'checking');
    const verdict = await check(context, progress.replacementId);
    if (verdict === 'unwell')
      return escalate(context, 'check', `${progress.replacementId} is not well in time`);
    if (verdict === 'well') break;
    progress.replacementId = undefined;
    if (!saved) return escalate(context, 'check', 'the replacement that was found is gone again');
  }
  enter(context, 'settling');
  await settle(context, progress.replacementId);
}

/** The private address is free, or it is known whether the instance stays, only when the notice is over. */
function mustBeGone({ policy, instance }: SpotContext): boolean {
  return policy.ip === 'same-private-ip' || instance.spotInterruptionBehavior === 'Stop';
}

/** The notice is over: what we did to an instance that stays is undone, and copies are left for later deletion. */
async function close(context: SpotContext): Promise<void> {
  const { progress } = context;
  const stays = progress.notice === 'withdrawn' || progress.notice === 'stopped';
  if (stays) await restoreDisks(context);
  if (stays && progress.replacementId === undefined) {
    decide(context, progress.notice === 'withdrawn' ? 'withdrawn' : 'stopped-not-released');
    await undrain(context);
  }
  await discardLater(context);
}

function contextOf(parts: {
  hints: Hints;
  progress: SpotProgress;
  reading: SpotReading;
  record: NonNullable<SpotReading['record']>;
  lockSeenAt: number;
}): SpotContext {
  const { hints, progress, reading, record, lockSeenAt } = parts;
  const { region, instanceId } = progress;
  const { policy } = reading;
  const extras = readingSpot
    .readSpotExtras({ region, instanceId, userData: policy.userData })
    .catch((error: unknown) => ({
      disks: [],
      ramRoleName: '',
      userData: '',
      unread: [messageOf(error)],
    }));
  return {
    hints,
    progress,
    instance: record,
    policy,
    lockSeenAt,
    extras,
    keptDisks: [],
    copies: { imageIds: [], snapshotIds: [], diskIds: [] },
    drained: false,
    tellings: [],
  };
}

function resultOf(
  progress: SpotProgress,
  outcome: SpotOutcome,
  more: Pick<RelaunchSpotResult, 'startedAt' | 'servingAt' | 'step' | 'reason'>,
): RelaunchSpotResult {
  progress.outcome = outcome;
  progress.phase = 'done';
  const { region, instanceId, notice, replacementId, saved, lockSeenAt, imageAcceptedAt, attempts, steps } =
    progress;
  const known = { outcome, region, instanceId, notice, replacementId, saved, ...more };
  return {
    ...known,
    summary: summaryOfRescue(known),
    lockSeenAt,
    imageAcceptedAt,
    attempts,
    steps,
    finishedAt: new Date().toISOString(),
  };
}

function newProgress({ region, instanceId }: RelaunchSpotInput): SpotProgress {
  return { phase: 'reading', region, instanceId, notice: 'held', attempts: [], steps: [] };
}

/** One instance, one id: started under another it would be a second rescue. */
function refuseForeignId({ region, instanceId }: RelaunchSpotInput): void {
  const { workflowId } = workflowInfo();
  const [kind, account, ...rest] = workflowId.split('/');
  if (kind === 'spot' && account && rest.join('/') === `${region}/${instanceId}`) return;
  const message = `this instance is rescued under the id spot/<account>/${region}/${instanceId}, not under ${workflowId}`;
  throw ApplicationFailure.create({ type: INVALID_INPUT, message, nonRetryable: true });
}
