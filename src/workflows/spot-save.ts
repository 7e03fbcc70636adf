/**
 * Saving what is on an instance that is being taken back: the ladder of src/domain/spot-ladder.ts, climbed.
 *
 * The one rule: what has to land inside the notice is asked for at once and beside each other (CreateImage, disks that
 * live on); what comes later, such as an image becoming Available, may outlive the instance.
 */
import { uuid4 } from '@temporalio/workflow';
import { basesOf, keepsDisks, livingDisks, lostOn, nextCopy } from '../domain/spot-ladder';
import type { SavedState } from '../domain/spot-messages';
import type { SaveRung } from '../domain/spot-policy';
import { SPOT_TAGS, copyName } from '../domain/spot-record';
import type { SpotRecord } from '../domain/spot-record';
import { isLost, note, recordOf } from './spot-context';
import { messageOf } from './failure-text';
import type { SpotContext } from './spot-context';
import { keeping, readingEvents, readingSpot, saving } from './proxies';

/** @returns `undefined` where the instance stays */
export async function save(context: SpotContext, adopted?: string): Promise<SavedState | undefined> {
  const { policy, progress } = context;
  const keeping = keepDisks(context);
  const tried: SaveRung[] = [];
  for (;;) {
    const rung = nextCopy(policy.save, tried, progress.notice === 'held' || adopted !== undefined);
    if (rung === undefined) break;
    tried.push(rung);
    const copy = rung === 'image' ? await imageOfInstance(context, adopted) : await imageOfSnapshot(context);
    adopted = undefined;
    // Also where it stays: what was asked of its disks meanwhile has to be known, to be taken back.
    if (!isLost(context) || copy !== undefined) await keeping;
    if (!isLost(context)) return undefined;
    if (copy === undefined) continue;
    return savedBy(context, await recordOf(context), { ...copy, rung });
  }
  await keeping;
  return isLost(context) ? savedByOlder(context, await recordOf(context)) : undefined;
}

/** An image to launch from, and of which moment it is. */
interface Copy {
  imageId: string;
  asOf: string;
}

function savedBy(
  context: SpotContext,
  record: SpotRecord,
  { rung, ...copy }: Copy & { rung: SaveRung },
): SavedState {
  const living = livingDisks(record, context.keptDisks);
  const system = record.disks.find(({ type }) => type === 'system')?.diskId;
  // An image of the instance brings all disks along; that of a snapshot has the system disk only.
  const diskIds = rung === 'image' ? [] : living.filter((diskId) => diskId !== system);
  return { rung, ...copy, diskIds, lost: lostOn(rung, record, { asOf: copy.asOf, living }) };
}

/** No copy came about: what lives on by itself, on an image that exists already. */
async function savedByOlder(context: SpotContext, record: SpotRecord): Promise<SavedState> {
  const { policy, progress } = context;
  const { region, instanceId } = progress;
  const living = livingDisks(record, context.keptDisks);
  const keepsSystem = record.disks.some(({ type, diskId }) => type === 'system' && living.includes(diskId));
  for (const base of basesOf(policy.save)) {
    const warm =
      base === 'warm-image'
        ? await readingSpot.findWarmImage({ region, instanceId, maxAgeMs: policy.warmMaxAgeMs })
        : undefined;
    if (base === 'warm-image' && warm === undefined) {
      note(context, 'warm-image', false, 'there is none that is young enough');
      continue;
    }
    const rung = keepsSystem ? 'keep-disks' : base;
    const lost = lostOn(rung, record, { asOf: warm?.asOf, living });
    const imageId = warm?.imageId ?? record.imageId;
    return { rung, imageId, diskIds: living, lost, ...(warm && { asOf: warm.asOf }) };
  }
  const rung = keepsSystem ? 'keep-disks' : 'original-image';
  return { rung, imageId: record.imageId, diskIds: living, lost: lostOn(rung, record, { living }) };
}

/** Asks that the disks live on, as soon as they are known. Never fails: it is one rung of several. */
async function keepDisks(context: SpotContext): Promise<void> {
  const { region } = context.progress;
  if (!keepsDisks(context.policy.save)) return;
  const { disks } = await context.extras;
  const diskIds = disks.filter(({ deleteWithInstance }) => deleteWithInstance).map(({ diskId }) => diskId);
  if (diskIds.length === 0) return;
  try {
    await keeping.setDeleteWithInstance({ region, diskIds, deleteWithInstance: false });
    context.keptDisks = diskIds;
    note(context, 'keep-disks', true, `${diskIds.join(', ')} will live on`);
  } catch (error) {
    note(context, 'keep-disks', false, messageOf(error));
  }
}

async function imageOfInstance(context: SpotContext, adopted?: string): Promise<Copy | undefined> {
  const { progress, instance } = context;
  const imageId = adopted ?? (await createImage(context, { instanceId: instance.instanceId }));
  if (imageId === undefined) return undefined;
  const asOf = new Date().toISOString();
  progress.imageAcceptedAt = asOf;
  progress.imageId = imageId;
  note(context, 'image', true, `${imageId} is being made`);
  return (await becomesAvailable(context, imageId)) ? { imageId, asOf } : undefined;
}

/** A snapshot of the system disk and, when it is accomplished, an image of it: that one needs no instance any more. */
async function imageOfSnapshot(context: SpotContext): Promise<Copy | undefined> {
  const { progress, policy, hints } = context;
  const { region, instanceId } = progress;
  const system = (await context.extras).disks.find(({ type }) => type === 'system');
  if (!system) return undefined;
  try {
    const since = Date.now();
    const name = copyName('rescue', instanceId, since);
    const tag = { key: SPOT_TAGS.rescueOf, value: instanceId };
    const snapshotId = await saving.createDiskSnapshot({
      region,
      diskId: system.diskId,
      name,
      clientToken: uuid4(),
      tag,
    });
    const asOf = new Date().toISOString();
    context.copies.snapshotIds.push(snapshotId);
    note(context, 'snapshot', true, `${snapshotId} of ${system.diskId} is being made`);
    const interrupt = (): boolean => !isLost(context);
    await hints.wait({
      region,
      kind: 'snapshot',
      key: snapshotId,
      since,
      withinMs: policy.saveWithinMs,
      interrupt,
    });
    const status = await readingEvents.readSnapshot({ region, snapshotId });
    note(context, 'snapshot', status === 'accomplished', `${snapshotId} is ${status || 'gone'}`);
    if (status !== 'accomplished' || !isLost(context)) return undefined;
    const imageId = await createImage(context, { snapshotId });
    if (imageId === undefined) return undefined;
    progress.imageId = imageId;
    return (await becomesAvailable(context, imageId)) ? { imageId, asOf } : undefined;
  } catch (error) {
    note(context, 'snapshot', false, messageOf(error));
    return undefined;
  }
}

/** Its answer may be lost for as long as the notice lasts; then the image itself tells whether there is one. */
async function createImage(
  context: SpotContext,
  from: { instanceId: string } | { snapshotId: string },
): Promise<string | undefined> {
  const { region, instanceId } = context.progress;
  const name = copyName('rescue', instanceId, Date.now());
  const tag = { key: SPOT_TAGS.rescueOf, value: instanceId };
  const imageId = await saving
    .createImage({ region, from, name, clientToken: uuid4(), tag })
    .catch(async (error: unknown) => {
      note(context, 'image', false, messageOf(error));
      return 'instanceId' in from ? readingSpot.findRescueImage({ region, instanceId }) : undefined;
    });
  if (imageId !== undefined) context.copies.imageIds.push(imageId);
  return imageId;
}

async function becomesAvailable(context: SpotContext, imageId: string): Promise<boolean> {
  const { hints, policy, progress } = context;
  const { region } = progress;
  const since = Date.now();
  const until = since + policy.saveWithinMs;
  const interrupt = (): boolean => !isLost(context);
  for (;;) {
    const withinMs = until - Date.now();
    await hints.wait({ region, kind: 'image', key: imageId, since, withinMs, interrupt });
    const status = await readingSpot.readImage({ region, imageId });
    if (!isLost(context)) return false;
    const pending = status === 'Creating' || status === 'Waiting';
    if (pending && Date.now() < until) continue;
    note(context, 'image', status === 'Available', `${imageId} is ${status || 'gone'}`);
    return status === 'Available';
  }
}
