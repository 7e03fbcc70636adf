/**
 * `applyWorkingHours`: one action of working hours, in every region of theirs. Started by Temporal Schedules.
 *
 * Promise: definition, overrides and tags are read when the action is due, so what was changed until then counts. Late,
 * doubled or triggered by hand, it brings instances to a state and never toggles them. One region's failure is its own.
 * Cancel: cancels what it has started.
 */
import { defineSearchAttributeKey } from '@temporalio/common';
import {
  ActivityFailure,
  ChildWorkflowFailure,
  executeChild,
  isCancellation,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { HoursPlan } from '../activities/hours';
import { APPLY_WORKING_HOURS } from '../domain/hours-messages';
import type { ApplyWorkingHoursInput, ApplyWorkingHoursResult, ByTagResult } from '../domain/hours-messages';
import { assertResultSize } from '../domain/rows';
import { startInstancesByTag, stopInstancesByTag } from './by-tag';
import { messageOf } from './failure-text';
import { refuseBadInput } from './input';
import { lookingAtFleet, planningHours } from './proxies';

type Due = Extract<HoursPlan, { due: true }>;
type RegionEnd = ApplyWorkingHoursResult['regions'][number];

/** Exceptions of each region that are repeated here; the regions' own results have 50. */
const REPEATED = 5;

export async function applyWorkingHours(input: ApplyWorkingHoursInput): Promise<ApplyWorkingHoursResult> {
  await refuseBadInput(APPLY_WORKING_HOURS, input);
  const at = nominalTime();
  upsertSearchAttributes([
    { key: defineSearchAttributeKey('StewardOperation', 'KEYWORD'), value: APPLY_WORKING_HOURS },
  ]);
  const plan = await planningHours.planHours({ ...input, at });
  if (!plan.due) {
    const outcome = plan.found ? 'not-due' : 'no-such-hours';
    return finish(input, { at, outcome, reason: plan.reason, regions: [] });
  }
  const regions = await Promise.all(plan.context.definition.regions.map((region) => applyIn(region, plan)));
  const bad = regions.some(
    ({ error, results }) => error !== undefined || results.some(({ outcome }) => !GOOD.includes(outcome)),
  );
  return finish(input, { at, outcome: bad ? 'partly-failed' : 'done', regions });
}

const GOOD: ByTagResult['outcome'][] = ['succeeded', 'nothing-to-do'];

async function applyIn(region: string, plan: Due): Promise<RegionEnd> {
  try {
    const results = await Promise.all(
      (await purposesIn(region, plan)).map((purpose) => run(region, purpose, plan)),
    );
    return {
      region,
      results: results.map((result) => ({
        ...result,
        exceptions: result.exceptions.slice(0, REPEATED),
        warnings: result.warnings.slice(0, REPEATED),
      })),
    };
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (!(error instanceof ActivityFailure) && !(error instanceof ChildWorkflowFailure)) throw error;
    return {
      region,
      results: [],
      error: messageOf(error instanceof ChildWorkflowFailure ? error.cause : error),
    };
  }
}

async function purposesIn(region: string, { context }: Due): Promise<('start' | 'stop')[]> {
  if (context.action !== 'enforce') return [context.action];
  const unwanted = await lookingAtFleet.countUnwanted({ region, context });
  return (['stop', 'start'] as const).filter((purpose) => unwanted[purpose] > 0);
}

function run(region: string, purpose: 'start' | 'stop', { context, notAfter }: Due): Promise<ByTagResult> {
  const {
    tags,
    order,
    withinMinutes,
    notify,
    stockMinutes,
    stoppedMode,
    beforeStop,
    forceAfterMinutes,
    name,
  } = context.definition;
  const both = { region, tags, order, withinMinutes, notify, hours: context };
  const workflowId = `${workflowInfo().workflowId}/${region}/${purpose}`;
  const staticSummary = `${name}: ${purpose} in ${region}`;
  return purpose === 'start'
    ? executeChild(startInstancesByTag, {
        workflowId,
        staticSummary,
        args: [{ ...both, stockMinutes, notAfter }],
      })
    : executeChild(stopInstancesByTag, {
        workflowId,
        staticSummary,
        args: [{ ...both, stoppedMode, beforeStop, forceAfterMinutes }],
      });
}

async function finish(
  { hours, action }: ApplyWorkingHoursInput,
  end: Pick<ApplyWorkingHoursResult, 'at' | 'outcome' | 'reason' | 'regions'>,
): Promise<ApplyWorkingHoursResult> {
  const said = end.regions.flatMap(({ region, results, error }) =>
    error === undefined ? results.map(({ summary }) => summary) : [`${region}: ${error}`],
  );
  const nothing = end.reason ?? 'everything is as it is wanted';
  const summary = said.length > 0 ? said.slice(0, 10).join(' ') : nothing;
  setCurrentDetails(summary.slice(0, 1_000));
  const result: ApplyWorkingHoursResult = { ...end, summary, hours, action };
  assertResultSize(result);
  const { workflowId } = workflowInfo();
  const run = {
    at: new Date().toISOString(),
    action,
    outcome: end.outcome,
    summary: summary.slice(0, 1_000),
    workflowId,
  };
  // A look that found nothing to do is no news.
  if (end.outcome !== 'no-such-hours' && (action !== 'enforce' || said.length > 0))
    await planningHours.tellHours({ hours, run });
  return result;
}

/** When the Schedule meant it to be; of a run that no Schedule started, its start. */
function nominalTime(): string {
  const { typedSearchAttributes, startTime } = workflowInfo();
  const key = defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME');
  return (typedSearchAttributes.get(key) ?? startTime).toISOString();
}
