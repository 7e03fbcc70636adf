/**
 * Activities of `applyWorkingHours` and `reportWorkingHours`: what is due, what it would touch, what was saved.
 *
 * The one rule: whatever needs the data of time zones is decided here; hosts differ, and a workflow has to replay.
 */
import { activityInfo } from '@temporalio/activity';
import { selectionOf, namesIn } from '../domain/by-tag-selection';
import type { SortedOut } from '../domain/by-tag-selection';
import { compiledHours, nextBoundary } from '../domain/hours-calendar';
import { notDueReason } from '../domain/hours-decision';
import type { HoursAction, HoursContext, WorkingHours } from '../domain/hours-messages';
import { MAX_SAVINGS_ROWS } from '../domain/hours-report';
import type { HoursReport, SavingsReport, SurveyPart } from '../domain/hours-report';
import { monthBounds, savingsOf } from '../domain/hours-savings';
import type { Sighting } from '../domain/hours-savings';
import { expire } from '../domain/hours-state';
import type { HoursLook, HoursReportInput, HoursRun } from '../domain/hours-state';
import { SHOWN } from '../domain/by-tag';
import { sightingOf } from '../domain/by-tag-selection';
import { parseWorkingHours } from '../domain/hours-input';
import type { EcsClient } from '../ecs/client';
import { EcsError } from '../ecs/errors';
import type { Meter } from '../results/meter';
import { atBoundary } from './failures';
import type { HoursPort } from './hours-port';

/** What an action of working hours is to do. */
export type HoursPlan =
  | { due: false; found: boolean; reason: string }
  | {
      due: true;
      context: HoursContext;
      /** What stood after the action before. */
      look?: HoursLook;
      /** ISO 8601: a start is not tried after this. */
      notAfter?: string;
    };

export interface Unwanted {
  start: number;
  stop: number;
  /** As in Selection. */
  badTags: Record<string, string>;
}

export interface HoursActivities {
  /** `at` is the nominal time, ISO 8601. */
  planHours(request: { hours: string; action: HoursAction; at: string }): Promise<HoursPlan>;
  /** How many instances of a region are not as they are wanted now. */
  countUnwanted(request: { region: string; context: HoursContext }): Promise<Unwanted>;
  tellHours(request: { hours: string; run?: HoursRun; look?: HoursLook }): Promise<void>;
  reportHours(request: HoursReportInput): Promise<HoursReport>;
}

export function createHoursActivities(
  ecs: EcsClient,
  { meter, hours: port }: { meter: Meter; hours: HoursPort },
): HoursActivities {
  /** Reads the region once. @returns what each purpose would do with it */
  const sorting = async (
    region: string,
    context: HoursContext,
    now: number,
  ): Promise<(purpose: 'start' | 'stop', action: HoursAction) => SortedOut> => {
    const { tags, stoppedMode = 'StopCharging' } = context.definition;
    const ids = await ecs.listInstanceIdsByTags(region, tags);
    const fleet = await ecs.describeFleet(region, ids);
    const known = await port.existing(namesIn(fleet, context));
    return (purpose, action) => {
      const mode = purpose === 'stop' ? stoppedMode : undefined;
      const hours = { ...context, action };
      return selectionOf({ purpose, region, tags, stoppedMode: mode, hours, ids, fleet, now, known });
    };
  };

  const surveyPart = async (
    region: string,
    action: 'start' | 'stop',
    { context, now }: { context: HoursContext; now: number },
  ): Promise<SurveyPart> => {
    const none = { touches: 0, instanceIds: [], exceptions: [], warnings: [] };
    const totals = { targets: 0, already: 0, skipped: 0, charging: 0 };
    try {
      const sort = await sorting(region, context, now);
      const { selection } = sort(action, action);
      const { targets, already, skipped, charging, exceptions, warnings, groups } = selection;
      const ids = groups.flatMap(({ instanceIds }) => instanceIds);
      const seen = { targets, already, skipped, charging };
      const part = { region, action, touches: ids.length, instanceIds: ids.slice(0, SHOWN), totals: seen };
      return { ...part, exceptions, warnings };
    } catch (error) {
      if (!(error instanceof EcsError)) throw error;
      return { region, action, ...none, totals, error: error.message };
    }
  };

  return {
    planHours: async ({ hours: name, action, at }) => {
      const state = await port.read(name);
      if (!state) return { due: false, found: false, reason: `there are no working hours ${name}` };
      const now = activityInfo().currentAttemptScheduledTimestampMs;
      expire(state, now);
      const compiled = compiledHours(checked(state.definition));
      const reason = notDueReason(compiled, { action, at: Date.parse(at), now });
      if (reason !== undefined) return { due: false, found: true, reason };
      const stop = nextBoundary(compiled, 'stop', now);
      const { definition, overrides, look } = state;
      const lookedAt =
        action === 'enforce' && look?.lookedAt !== undefined ? { lookedAt: look.lookedAt } : {};
      return {
        due: true,
        context: { definition, overrides, action, at, ...lookedAt },
        ...(look && { look }),
        ...(stop === undefined ? {} : { notAfter: new Date(stop).toISOString() }),
      };
    },

    countUnwanted: ({ region, context }) =>
      atBoundary(async () => {
        const now = activityInfo().currentAttemptScheduledTimestampMs;
        const sort = await sorting(region, context, now);
        const unwanted: Unwanted = { start: 0, stop: 0, badTags: {} };
        for (const purpose of ['start', 'stop'] as const) {
          const { selection } = sort(purpose, context.action);
          unwanted[purpose] = selection.groups.reduce((sum, { instanceIds }) => sum + instanceIds.length, 0);
          unwanted.badTags = selection.badTags;
        }
        return unwanted;
      }),

    tellHours: async ({ hours, run, look }) => {
      if (run) await port.ran(hours, run);
      if (look) await port.looked(hours, look);
    },

    reportHours: (request) =>
      atBoundary(async () => {
        const state = await port.read(request.hours);
        if (!state) return { hours: request.hours, found: false };
        const now = activityInfo().currentAttemptScheduledTimestampMs;
        expire(state, now);
        const { definition, overrides } = state;
        if (request.kind === 'savings') {
          const savings = await savingsReport({ ecs, meter }, definition, { month: request.month, now });
          return { hours: request.hours, found: true, savings };
        }
        const at = new Date(now).toISOString();
        const survey: SurveyPart[] = [];
        for (const region of definition.regions)
          for (const action of ['start', 'stop'] as const) {
            if (definition[action] === undefined) continue;
            const context: HoursContext = { definition, overrides, action, at };
            const notDue = notDueReason(compiledHours(definition), { action, at: now, now });
            survey.push({ ...(await surveyPart(region, action, { context, now })), notDue });
          }
        return { hours: request.hours, found: true, survey };
      }),
  };
}

async function savingsReport(
  { ecs, meter }: { ecs: EcsClient; meter: Meter },
  definition: WorkingHours,
  { month, now }: { month: string; now: number },
): Promise<SavingsReport> {
  const bounds = monthBounds(month) ?? { from: now, to: now };
  const seen = await meter.read(definition.name);
  const all = savingsOf([...seen, ...(await lookNow(ecs, seen, now))], {
    ...bounds,
    now,
    prices: definition.prices,
  });
  const sum = (pick: (row: (typeof all)[number]) => number): number =>
    Math.round(all.reduce((total, row) => total + pick(row), 0) * 100) / 100;
  const priced = all.some(({ saved }) => saved !== undefined);
  return {
    month,
    until: new Date(Math.min(now, bounds.to)).toISOString(),
    instances: all.length,
    hoursFree: sum(({ hoursFree }) => hoursFree),
    hoursCharged: sum(({ hoursCharged }) => hoursCharged),
    ...(priced ? { saved: sum(({ saved = 0 }) => saved) } : {}),
    rows: all.slice(0, MAX_SAVINGS_ROWS),
  };
}

/** What the instances are now ends what was seen last: one that is gone is counted up to its last line only. */
async function lookNow(ecs: EcsClient, seen: readonly Sighting[], now: number): Promise<Sighting[]> {
  const last = new Map<string, Sighting>();
  for (const sighting of seen)
    if (sighting.at >= (last.get(sighting.instanceId)?.at ?? '')) last.set(sighting.instanceId, sighting);
  const open = [...last.values()].filter(({ state }) => state !== 'running');
  const found: Sighting[] = [];
  for (const region of new Set(open.map((each) => each.region))) {
    const here = open.filter((each) => each.region === region);
    const fleet = await ecs.describeFleet(
      region,
      here.map(({ instanceId }) => instanceId),
    );
    const there = new Set(fleet.map(({ instanceId }) => instanceId));
    found.push(...fleet.flatMap((instance) => sightingOf(instance, region, now)));
    for (const gone of here) if (!there.has(gone.instanceId)) found.push({ ...gone, state: 'running' });
  }
  return found;
}

/** Somebody may have started the workflow of the hours with anything. */
function checked(definition: unknown): WorkingHours {
  const parsed = parseWorkingHours(definition);
  if (parsed.ok) return parsed.input;
  throw new Error(parsed.errors.map(({ path, message }) => `${path} ${message}`).join('; '));
}
