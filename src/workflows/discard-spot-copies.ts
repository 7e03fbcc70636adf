/**
 * `discardSpotCopies`: deletes what a rescue made when its time has come.
 *
 * Promise: never before `after`; an image that an instance was launched from stays as long as that instance is there,
 * and is looked at once a day; what ECS refuses for good is reported as kept.
 * Cancel: ends it; nothing more is deleted.
 */
import { continueAsNew, setCurrentDetails, sleep } from '@temporalio/workflow';
import { DISCARD_SPOT_COPIES } from '../domain/spot-messages';
import type { DiscardCopiesInput, DiscardCopiesResult } from '../domain/spot-messages';
import { refuseBadInput } from './input';
import { discarding } from './proxies';
import { noteOperation } from './search-attributes';

const DAY_MS = 24 * 3_600_000;

export async function discardSpotCopies(input: DiscardCopiesInput): Promise<DiscardCopiesResult> {
  await refuseBadInput(DISCARD_SPOT_COPIES, input);
  noteOperation(DISCARD_SPOT_COPIES, { region: input.region, instanceIds: [input.instanceId] });
  const untilMs = Date.parse(input.after) - Date.now();
  if (untilMs > 0) await sleep(untilMs, { summary: `until ${input.after}` });
  const { region, imageIds, diskIds } = input;
  // In the history before an image goes: whoever tries again finds them here.
  const ofImages = await discarding.snapshotsOfImages({ region, imageIds });
  const snapshotIds = [...new Set([...input.snapshotIds, ...ofImages])];
  const { deleted, kept } = await discarding.deleteCopies({ region, imageIds, snapshotIds, diskIds });
  const later = kept.filter(({ forGood }) => !forGood).map(({ id }) => id);
  if (later.length > 0) {
    setCurrentDetails(`in use, looked at again tomorrow: ${later.join(', ')}`);
    await sleep(DAY_MS, { summary: 'in use; until tomorrow' });
    const still = (ids: string[]): string[] => ids.filter((id) => !deleted.includes(id));
    await continueAsNew<typeof discardSpotCopies>({
      ...input,
      imageIds: still(imageIds),
      snapshotIds: still(snapshotIds),
      diskIds: still(diskIds),
    });
  }
  return { deleted, kept: kept.map(({ id, reason }) => `${id}: ${reason}`) };
}
