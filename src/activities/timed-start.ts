/**
 * Activities that start a timed command: is its name free, on what, sending it, and what came of it.
 *
 * The one rule: an attempt may be the second one. Each part of it is sent once: the ClientToken is made in the workflow,
 * and an attempt long after the first looks by tag before it sends.
 */
import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { EcsClient } from '../ecs/client';
import { countStates, outcomeOf } from '../domain/invocation';
import type { CommandSpec, CommandType, InstanceRow, Targets } from '../domain/messages';
import { tooOldForTimed } from '../domain/plan';
import { FAILURES_IN_RESULT } from '../domain/rows';
import type { Resolved, Slice } from '../domain/run-state';
import { TIMED_TAGS } from '../domain/timed-commands';
import type { TimedWhen } from '../domain/timed-commands';
import { comesAgain } from '../domain/timed-lines';
import type { TimedInvocation } from '../domain/timed-lines';
import { frequencyOf, nextTime } from '../domain/timed-times';
import { VISIBLE_WITHIN_MS } from '../domain/waiting';
import type { ResultStore } from '../results/store';
import { atBoundary } from './failures';
import { idsOf, keepPlan } from './plans';
import { runKey } from './run-key';
import { checkTargets, selectTargets } from './select-targets';
import { sendOnce } from './send-once';

const LOOK_AGAIN_MS = 2_000;

/** What one start of a timed command is called. */
interface TimedSet {
  region: string;
  name: string;
  /** The run id of the workflow that starts it. */
  set: string;
}

export interface TimedStartActivities {
  /** The ids of invocations of this name that may come again. */
  findTimed(request: { region: string; name: string }): Promise<string[]>;
  resolveTimed(request: {
    region: string;
    targets: Targets;
    type: CommandType;
    when: TimedWhen;
  }): Promise<Resolved>;
  dispatchTimed(
    request: TimedSet & {
      part: number;
      slice: Slice;
      command: CommandSpec;
      when: TimedWhen;
      clientToken: string;
    },
  ): Promise<{ invokeId: string }>;
  /** How it stands once all of these are listed and none is still being checked, or after a minute. */
  readTimed(request: TimedSet & { invokeIds: string[]; when: TimedWhen; now: number }): Promise<{
    states: Record<string, number>;
    rows: InstanceRow[];
    repeatMode: string;
    frequency: string;
    next?: string;
  }>;
}

export function createTimedStartActivities(ecs: EcsClient, store: ResultStore): TimedStartActivities {
  return {
    findTimed: ({ region, name }) =>
      atBoundary(async () => {
        const found = await timedWith(ecs, region, { [TIMED_TAGS.name]: name });
        return found.filter(comesAgain).map(({ invokeId }) => invokeId);
      }),

    resolveTimed: ({ region, targets, type, when }) =>
      atBoundary(async () => {
        const { ids } = await selectTargets(ecs, region, targets);
        const checked = await checkTargets(ecs, region, ids, type);
        const old = frequencyOf(when) === undefined ? [] : tooOldForTimed(checked, type);
        const late = new Set(old.map(({ instanceId }) => instanceId));
        const fit = checked.fit.filter((id) => !late.has(id));
        const unfit = [...checked.unfit, ...old];
        const key = runKey();
        await store.append(key, unfit);
        return {
          plan: await keepPlan(store, key, fit),
          unfit: { count: unfit.length, rows: unfit.slice(0, FAILURES_IN_RESULT) },
          storePath: store.pathOf(key),
        };
      }),

    dispatchTimed: ({ region, name, set, part, slice, command, when, clientToken }) =>
      atBoundary(async () => {
        const instanceIds = await idsOf(store, runKey(), slice);
        const tags = { [TIMED_TAGS.name]: name, [TIMED_TAGS.set]: set, [TIMED_TAGS.part]: String(part) };
        const frequency = frequencyOf(when);
        const repeatMode = repeatModeOf(when);
        const timing = { repeatMode, ...(frequency === undefined ? {} : { frequency }) };
        return sendOnce(
          instanceIds,
          () => timedWith(ecs, region, tags),
          () => ecs.runCommand({ region, instanceIds, command, name, clientToken, tags, timing }),
        );
      }),

    readTimed: ({ region, name, set, invokeIds, when, now }) =>
      atBoundary(async () => {
        const found = await timedWith(ecs, region, { [TIMED_TAGS.name]: name, [TIMED_TAGS.set]: set });
        const instances = found.flatMap((each) => each.instances);
        const listed = new Set(found.map(({ invokeId }) => invokeId));
        const settled =
          invokeIds.every((id) => listed.has(id)) && !instances.some(({ status }) => status === 'Pending');
        if (!settled && activityInfo().attempt < VISIBLE_WITHIN_MS / LOOK_AGAIN_MS)
          throw notYet(`${name} is not listed as a whole yet`);
        const rows = instances.flatMap(({ instanceId, status, exitCode, errorCode = '' }) => {
          const outcome = outcomeOf(status, exitCode);
          if (outcome === undefined || outcome === 'Success') return [];
          return [{ instanceId, status, outcome, errorCode, reason: errorCode || status }];
        });
        const frequency = frequencyOf(when) ?? '';
        const next = nextTime(frequency, Date.parse(found[0]?.createdAt ?? ''), now);
        return {
          states: countStates({ instances }),
          rows: rows.slice(0, FAILURES_IN_RESULT),
          repeatMode: repeatModeOf(when),
          frequency,
          ...(next === undefined ? {} : { next: new Date(next).toISOString() }),
        };
      }),
  };
}

/** The API's RepeatMode. */
export function repeatModeOf({ reboot }: TimedWhen): string {
  if (reboot === undefined) return 'Period';
  return reboot === 'every' ? 'EveryReboot' : 'NextRebootOnly';
}

/** All timed invocations with these tags. */
export async function timedWith(
  ecs: EcsClient,
  region: string,
  tags: Record<string, string>,
): Promise<TimedInvocation[]> {
  const found = new Map<string, TimedInvocation>();
  for await (const page of ecs.timedPages(region, { tags }))
    for (const each of page) found.set(each.invokeId, each);
  return [...found.values()];
}

/** Something is under way; the next attempt looks again. */
export function notYet(message: string): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'NotYet',
    message: `${message}; looking again in ${LOOK_AGAIN_MS / 1_000} s`,
    nextRetryDelay: LOOK_AGAIN_MS,
    category: ApplicationFailureCategory.BENIGN,
  });
}
