/**
 * `warmSpotImage`: an image of an instance ahead of any reclaim. It is what a rescue falls back on, and it makes the next
 * image of the instance fast, as only the difference has to be copied. A Temporal Schedule starts it.
 *
 * Promise: the older warm images of the instance are deleted only when the new one is Available; those an instance was
 * launched from stay.
 * Cancel: ends the waiting; an image that is being made stays.
 */
import { ActivityFailure, setCurrentDetails, uuid4 } from '@temporalio/workflow';
import { WARM_SPOT_IMAGE } from '../domain/spot-messages';
import type { RelaunchSpotInput, WarmImageResult } from '../domain/spot-messages';
import { SPOT_TAGS, copyName } from '../domain/spot-record';
import { refuseBadInput } from './input';
import { copying, discarding, readingSpot } from './proxies';
import { Hints } from './waiting';
import { noteOperation } from './search-attributes';

/** A first image of a large disk takes hours. */
const WITHIN_MS = 12 * 3_600_000;

export async function warmSpotImage(input: RelaunchSpotInput): Promise<WarmImageResult> {
  const hints = new Hints();
  await refuseBadInput(WARM_SPOT_IMAGE, input);
  const { region, instanceId } = input;
  noteOperation(WARM_SPOT_IMAGE, { region, instanceIds: [instanceId] });
  const since = Date.now();
  const tag = { key: SPOT_TAGS.warmOf, value: instanceId };
  const name = copyName('warm', instanceId, since);
  let imageId: string;
  try {
    imageId = await copying.createImage({ region, from: { instanceId }, name, clientToken: uuid4(), tag });
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return { outcome: 'failed', reason: error.cause?.message ?? error.message, deleted: [] };
  }
  setCurrentDetails(`\`${imageId}\` is being made`);
  await hints.wait({ region, kind: 'image', key: imageId, since, withinMs: WITHIN_MS });
  const status = await readingSpot.readImage({ region, imageId });
  if (status !== 'Available')
    return { outcome: 'failed', imageId, reason: `the image is ${status || 'gone'}`, deleted: [] };
  const older = await readingSpot.findOlderWarm({ region, instanceId, imageId });
  const { deleted } = await discarding.deleteCopies({ region, ...older, diskIds: [] });
  setCurrentDetails(`\`${imageId}\` is Available; ${deleted.length} older copies deleted`);
  return { outcome: 'made', imageId, deleted };
}
