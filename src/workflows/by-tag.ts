/**
 * `startInstancesByTag` and `stopInstancesByTag`: brings everything with a tag to Running or Stopped.
 *
 * Promise: every instance with the tag is found, whatever their number, and ends in one row. What is already as wanted is
 * left alone, so running it late, twice or again does no harm; one bad instance keeps none of the others.
 * A stop asks for StopCharging and reads from ECS whether it was granted.
 * Cancel: nothing more is called; what was asked for is read once more and reported.
 * Not handled: what happens between two readings of ECS is not seen.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  defineQuery,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { byTagSummary, emptyByTagTotals, exceptionsOf, outcomeOfByTag } from '../domain/by-tag';
import type { Purpose } from '../domain/by-tag';
import type { SelectedGroup } from '../domain/by-tag-selection';
import { START_BY_TAG, STOP_BY_TAG } from '../domain/hours-messages';
import type { ByTagProgress, ByTagResult, StartByTagInput, StopByTagInput } from '../domain/hours-messages';
import { PROGRESS_QUERY } from '../domain/messages';
import { assertResultSize } from '../domain/rows';
import { alert, close, progressOf, record, show } from './by-tag-context';
import type { ByTagContext, EitherInput } from './by-tag-context';
import { runGroups } from './by-tag-groups';
import { GateLease } from './gate-lease';
import { refuseBadInput } from './input';
import { lookingAtFleet, recording } from './proxies';
import { Hints } from './waiting';
import { noteOperation } from './search-attributes';

export const byTagProgressQuery = defineQuery<ByTagProgress>(PROGRESS_QUERY);

export function startInstancesByTag(input: StartByTagInput): Promise<ByTagResult> {
  return run(START_BY_TAG, 'start', input);
}

export function stopInstancesByTag(input: StopByTagInput): Promise<ByTagResult> {
  return run(STOP_BY_TAG, 'stop', input);
}

async function run(
  type: typeof START_BY_TAG | typeof STOP_BY_TAG,
  purpose: Purpose,
  input: EitherInput,
): Promise<ByTagResult> {
  const context = newContext(type, purpose, input);
  setHandler(byTagProgressQuery, () => progressOf(context));
  await refuseBadInput(type, input);
  noteOperation(context.type, { region: context.input.region });
  show(context);
  let refusal: string | undefined;
  let cancelled = false;
  try {
    const groups = await select(context);
    await runGroups(context, groups);
  } catch (error) {
    if (isCancellation(error)) cancelled = true;
    else if (error instanceof ActivityFailure) refusal = refusalOf(error);
    else throw error;
  }
  if (context.open.size > 0)
    await closeOpen(context, refusal ?? 'the run was cancelled', refusal === undefined);
  if (context.totals.failed > 0 || refusal !== undefined)
    await CancellationScope.nonCancellable(async () => {
      alert(context, 'failed', refusal ?? summaryOf(context, { cancelled }));
      await Promise.all(context.tellings);
    });
  else await Promise.all(context.tellings);
  return finish(context, { refusal, cancelled });
}

async function select(context: ByTagContext): Promise<SelectedGroup[]> {
  const { purpose, input, stoppedMode } = context;
  const { region, tags, order, hours } = input;
  const summary = `instances with ${tags.map(({ key }) => key).join(', ')} in ${region}`;
  const request = { purpose, region, tags, order, hours, stoppedMode };
  const found = await lookingAtFleet.selectByTag.executeWithOptions({ summary }, [request]);
  for (const id of found.groups.flatMap(({ instanceIds }) => instanceIds)) context.open.add(id);
  for (const id of found.windows) context.windows.add(id);
  const { targets, already, skipped, charging, exceptions } = found;
  close(context, [], { targets, already, skipped, charging, exceptions });
  context.storePath = found.storePath;
  context.warnings = found.warnings;
  context.badTags = found.badTags;
  context.phase = 'acting';
  return found.groups;
}

/** After a cancel or a refusal: what is there counts, what is not says why. */
async function closeOpen(context: ByTagContext, late: string, read: boolean): Promise<void> {
  const { purpose, input, stoppedMode, open } = context;
  const { region, hours } = input;
  await CancellationScope.nonCancellable(async () => {
    const instanceIds = [...open];
    // Where ECS refused to be read there is nothing more to ask it.
    if (!read) return record(context, instanceIds, { outcome: 'Unknown', reason: late });
    const request = { purpose, region, instanceIds, stoppedMode, late, hours: hours?.definition.name };
    const { done, failed, charging, exceptions } = await recording.settleBatch(request);
    close(context, instanceIds, { done, failed, charging, exceptions });
  });
}

function summaryOf(context: ByTagContext, end: { refusal?: string; cancelled: boolean }): string {
  const { totals, purpose, input } = context;
  const outcome = outcomeOfByTag(totals, end);
  return byTagSummary(purpose, input.region, { totals, outcome, refusal: end.refusal });
}

function finish(context: ByTagContext, end: { refusal?: string; cancelled: boolean }): ByTagResult {
  const { totals, purpose, input, calls, exceptions, warnings, badTags, storePath, startedAt } = context;
  const { workflowId, runId } = workflowInfo();
  context.phase = 'done';
  const result: ByTagResult = {
    outcome: outcomeOfByTag(totals, end),
    summary: summaryOf(context, end),
    region: input.region,
    purpose,
    totals,
    calls,
    exceptions: exceptionsOf(exceptions),
    warnings,
    ...(Object.keys(badTags).length > 0 && { badTags }),
    refusal: end.refusal,
    resultStore: { workflowId, runId, path: storePath, rows: totals.targets },
    startedAt,
    finishedAt: new Date().toISOString(),
  };
  assertResultSize(result);
  show(context);
  return result;
}

function refusalOf(error: ActivityFailure): string {
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure)) throw error;
  return cause.message;
}

function newContext(type: string, purpose: Purpose, input: EitherInput): ByTagContext {
  return {
    type,
    purpose,
    input,
    stoppedMode: purpose === 'stop' ? (input?.stoppedMode ?? 'StopCharging') : undefined,
    hints: new Hints(),
    lease: new GateLease(),
    startedAt: new Date().toISOString(),
    phase: 'selecting',
    totals: emptyByTagTotals(),
    calls: 0,
    exceptions: [],
    warnings: [],
    badTags: {},
    storePath: '',
    open: new Set(),
    windows: new Set(),
    waitingForStock: 0,
    tellings: [],
  };
}
