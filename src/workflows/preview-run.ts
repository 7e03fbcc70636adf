/**
 * `previewRun`: what `runCommand` or `sendFile` would do with the same input: targets and why others are none, batches, calls, script.
 *
 * Promise: it looks and starts nothing. What changes between the preview and the run it cannot know.
 */
import { assertResultSize } from '../domain/rows';
import { PREVIEW_RUN } from '../domain/run-preview';
import type { RunPreview } from '../domain/run-preview';
import type { RunInput } from '../domain/sending';
import { refuseBadInput } from './input';
import { previewing } from './proxies';
import { noteOperation } from './search-attributes';

/** @param how `askEcs`: ECS itself is asked too, by a RunCommand with RepeatMode DryRun for the first batch */
export async function previewRun(input: RunInput, how?: { askEcs?: boolean }): Promise<RunPreview> {
  await refuseBadInput(PREVIEW_RUN, input);
  noteOperation(PREVIEW_RUN, { region: input.region });
  const preview = await previewing.previewRun({ input, askEcs: how?.askEcs === true });
  assertResultSize(preview);
  return preview;
}
