/**
 * After the replacement serves: its address, its disks, its hooks; and what is left of the rescue.
 *
 * The one rule: nothing of ours is deleted before its copy is there and in use, and never by the rescue itself: that is
 * left to `discardSpotCopies`, after the policy's retention.
 */
import { ParentClosePolicy, condition, startChild, workflowInfo } from '@temporalio/workflow';
import { taskQueueOf } from '../domain/messages';
import { DISCARD_SPOT_COPIES } from '../domain/spot-messages';
import type { DiscardCopiesInput, SpotOutcome } from '../domain/spot-messages';
import { alert, decide, escalate, note } from './spot-context';
import { messageOf } from './failure-text';
import type { SpotContext } from './spot-context';
import { runHooks } from './spot-hooks';
import { keeping, settling } from './proxies';

export async function settle(context: SpotContext, replacementId: string): Promise<void> {
  const { progress, policy } = context;
  await moveAddress(context, replacementId);
  await attachDisks(context, replacementId);
  const failure = await runHooks(context, 'post', policy.post, replacementId);
  if (failure !== '') return escalate(context, 'post', failure);
  decide(context, 'relaunched');
  // While the notice still runs, the disks may go with the instance as they would have: their copy is in use.
  if (progress.notice === 'held' && progress.saved?.rung === 'image') await restoreDisks(context);
}

async function moveAddress(context: SpotContext, to: string): Promise<void> {
  const { instance, progress } = context;
  if (!instance.eip) return;
  const { allocationId, address } = instance.eip;
  try {
    await settling.moveEip({ region: progress.region, allocationId, from: instance.instanceId, to });
    note(context, 'eip', true, `${address} is on ${to}`);
  } catch (error) {
    note(context, 'eip', false, messageOf(error));
    alert(context, 'eip', `${address} could not be put on ${to}: ${messageOf(error)}`);
  }
}

/** Disks that live on are free when the instance is gone. */
async function attachDisks(context: SpotContext, instanceId: string): Promise<void> {
  const { progress } = context;
  const diskIds = progress.saved?.diskIds ?? [];
  if (diskIds.length === 0) return;
  await condition(() => progress.notice !== 'held');
  if (progress.notice !== 'released') return;
  const { disks } = await context.extras;
  for (const diskId of diskIds) {
    const deleteWithInstance = disks.find((disk) => disk.diskId === diskId)?.deleteWithInstance ?? false;
    const why = await settling
      .attachDisk({ region: progress.region, diskId, instanceId, deleteWithInstance })
      .catch(messageOf);
    note(context, 'disk', why === '', `${diskId}: ${why || `attached to ${instanceId}`}`);
    if (why !== '') alert(context, 'disk', `${diskId} is not attached to ${instanceId}: ${why}`);
  }
}

/** Disks that were asked to live on go with their instance again. */
export async function restoreDisks(context: SpotContext): Promise<void> {
  const { keptDisks: diskIds, progress } = context;
  if (diskIds.length === 0) return;
  context.keptDisks = [];
  await keeping
    .setDeleteWithInstance({ region: progress.region, diskIds, deleteWithInstance: true })
    .then(() => note(context, 'keep-disks', true, `${diskIds.join(', ')} go with the instance again`))
    .catch((error: unknown) => {
      // Gone in the very moment: then they live on, and are deleted with the other copies.
      context.keptDisks = diskIds;
      note(context, 'keep-disks', false, messageOf(error));
    });
}

/** Ends after which nobody needs the copies for anything but going back. */
const COPIES_MAY_GO: readonly (SpotOutcome | undefined)[] = [
  'relaunched',
  'withdrawn',
  'stopped-not-released',
];

/**
 * Leaves what the rescue has made to `discardSpotCopies`. Disks only where an image of them is in use; nothing where a
 * copy may be all there is.
 */
export async function discardLater(context: SpotContext): Promise<void> {
  const { progress, policy, copies, keptDisks } = context;
  const { region, instanceId, saved, outcome } = progress;
  const { imageIds, snapshotIds } = copies;
  const made = [...imageIds, ...snapshotIds];
  if (!COPIES_MAY_GO.includes(outcome)) {
    if (made.length > 0)
      note(context, 'discard', true, `kept until a person deletes them: ${made.join(', ')}`);
    return;
  }
  const copied = outcome === 'relaunched' && progress.notice === 'released';
  const covered = copied && (saved?.rung === 'image' || saved?.rung === 'snapshot');
  const { disks } = await context.extras;
  const diskIds = keptDisks.filter(
    (id) => covered && !saved?.diskIds.includes(id) && disks.some(({ diskId }) => diskId === id),
  );
  const input: DiscardCopiesInput = {
    region,
    instanceId,
    imageIds,
    snapshotIds,
    diskIds,
    after: new Date(Date.now() + policy.retentionMs).toISOString(),
  };
  if (made.length + diskIds.length === 0) return;
  const { workflowId } = workflowInfo();
  await startChild(DISCARD_SPOT_COPIES, {
    workflowId: `${workflowId}/discard/${context.lockSeenAt}`,
    args: [input],
    // Nothing hurries there.
    taskQueue: taskQueueOf(workflowId.split('/')[1] ?? ''),
    parentClosePolicy: ParentClosePolicy.ABANDON,
    staticSummary: `copies of ${instanceId}, kept until ${input.after}`,
  });
  note(context, 'discard', true, `copies are deleted after ${input.after}`);
}
