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
  workflowInfo,
} from '@temporalio/workflow';
import type { HoursPlan } from '../activities/hours';
import { APPLY_WORKING_HOURS } from '../domain/hours-messages';
import type { ApplyWorkingHoursInput, ApplyWorkingHoursResult, ByTagResult } from '../domain/hours-messages';
import type { HoursLook } from '../domain/hours-state';
import { sameLook, stillKnown, troublesOf } from '../domain/hours-troubles';
import type { RegionFindings } from '../domain/hours-troubles';
import { assertResultSize } from '../domain/rows';
import { startInstancesByTag, stopInstancesByTag } from './by-tag';
import { messageOf } from './failure-text';
import { refuseBadInput } from './input';
import { lookingAtFleet, planningHours, tellingSoon } from './proxies';
import { noteOperation } from './search-attributes';

type Due = Extract<HoursPlan, { due: true }>;

/** Exceptions of each region that are repeated here; the regions' own results have 50. */
const REPEATED = 5;
const MOST_TEXT = 2_000;
/** A look does not wait longer for stock: the next one tries again, and the others have their hours too. */
const LOOK_STOCK_MINUTES = 4;

export async function applyWorkingHours(input: ApplyWorkingHoursInput): Promise<ApplyWorkingHoursResult> {
  await refuseBadInput(APPLY_WORKING_HOURS, input);
  const at = nominalTime();
  noteOperation(APPLY_WORKING_HOURS);
  const plan = await planningHours.planHours({ ...input, at });
  if (!plan.due) {
    const outcome = plan.found ? 'not-due' : 'no-such-hours';
    return finish(input, { at, outcome, reason: plan.reason, regions: [] });
  }
  const findings = await Promise.all(plan.context.definition.regions.map((region) => applyIn(region, plan)));
  const regions = findings.map(({ end }) => end);
  const look = await tell(findings, plan);
  const bad = regions.some(
    ({ error, results }) => error !== undefined || results.some(({ outcome }) => !GOOD.includes(outcome)),
  );
  return finish(input, { at, outcome: bad ? 'partly-failed' : 'done', regions }, look);
}

/** Tells people of what they have not been told yet. @returns what the keeper is to remember, where it is news */
async function tell(findings: RegionFindings[], plan: Due): Promise<HoursLook | undefined> {
  const { action, at, definition } = plan.context;
  const before = plan.look ?? { troubles: [], told: [] };
  const troubles = findings.flatMap((each) => troublesOf(each, action));
  const known = stillKnown(before.troubles, findings, action);
  const keys = [...known, ...troubles.map(({ key }) => key)];
  const told = new Set(before.told.filter((key) => keys.includes(key)));
  const news = troubles.filter(({ key }) => !told.has(key));
  const { notify: hooks = [], ownHours, mode } = definition;
  await Promise.all(
    [...new Set(news.map(({ region }) => region))].map(async (region) => {
      const here = news.filter((each) => each.region === region);
      const step = `${definition.name}: ${action}`;
      const reason = here.map(({ text }) => text).join('; ');
      const isTold =
        hooks.length === 0 || (await notified({ hooks, step, reason: reason.slice(0, MOST_TEXT), region }));
      if (isTold) for (const { key } of here) told.add(key);
    }),
  );
  // A region that was not read has its boundaries still before it.
  const all = action === 'enforce' && ownHours === true && mode !== 'enforce';
  const looked = all && findings.every(({ end }) => end.error === undefined) ? at : before.lookedAt;
  const look = { troubles: keys, told: [...told], ...(looked !== undefined && { lookedAt: looked }) };
  return sameLook(look, before) ? undefined : look;
}

/** Who could not be told now is told at the next look. */
async function notified(about: Parameters<typeof tellingSoon.notify>[0]): Promise<boolean> {
  try {
    await tellingSoon.notify(about);
    return true;
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    return false;
  }
}

const GOOD: ByTagResult['outcome'][] = ['succeeded', 'nothing-to-do'];

async function applyIn(region: string, plan: Due): Promise<RegionFindings> {
  try {
    const wanted = await purposesIn(region, plan);
    const results = await Promise.all(wanted.purposes.map((purpose) => run(region, purpose, plan)));
    const badTags = results.reduce((all, result) => ({ ...all, ...result.badTags }), wanted.badTags);
    const shown = results.map(({ badTags: _, ...result }) => ({
      ...result,
      exceptions: result.exceptions.slice(0, REPEATED),
      warnings: result.warnings.slice(0, REPEATED),
    }));
    return { end: { region, results: shown }, badTags };
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (!(error instanceof ActivityFailure) && !(error instanceof ChildWorkflowFailure)) throw error;
    const why = messageOf(error instanceof ChildWorkflowFailure ? error.cause : error);
    return { end: { region, results: [], error: why }, badTags: {} };
  }
}

async function purposesIn(
  region: string,
  { context }: Due,
): Promise<{ purposes: ('start' | 'stop')[]; badTags: Record<string, string> }> {
  if (context.action !== 'enforce') return { purposes: [context.action], badTags: {} };
  const { badTags, ...unwanted } = await lookingAtFleet.countUnwanted({ region, context });
  return { purposes: (['stop', 'start'] as const).filter((purpose) => unwanted[purpose] > 0), badTags };
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
  const isLook = context.action === 'enforce';
  // What a look finds is found again five minutes later; people are told once, by `tell`.
  const both = { region, tags, order, withinMinutes, ...(isLook ? {} : { notify }), hours: context };
  const stock = isLook ? Math.min(stockMinutes ?? Infinity, LOOK_STOCK_MINUTES) : stockMinutes;
  const workflowId = `${workflowInfo().workflowId}/${region}/${purpose}`;
  const staticSummary = `${name}: ${purpose} in ${region}`;
  return purpose === 'start'
    ? executeChild(startInstancesByTag, {
        workflowId,
        staticSummary,
        args: [{ ...both, stockMinutes: stock, notAfter }],
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
  look?: HoursLook,
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
  const isNews = end.outcome !== 'no-such-hours' && (action !== 'enforce' || said.length > 0);
  if (isNews || look) await planningHours.tellHours({ hours, ...(isNews && { run }), ...(look && { look }) });
  return result;
}

/** When the Schedule meant it to be; of a run that no Schedule started, its start. */
function nominalTime(): string {
  const { typedSearchAttributes, startTime } = workflowInfo();
  const key = defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME');
  return (typedSearchAttributes.get(key) ?? startTime).toISOString();
}
