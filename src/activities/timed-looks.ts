/**
 * Activities that look at timed commands and stop them.
 *
 * The one rule: every attempt looks at how things stand and does only what is left to do, so that stopping twice is
 * stopping once, and what is reported has been read back.
 */
import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { EcsClient } from '../ecs/client';
import { utf8Length } from '../domain/command-content';
import { OUTCOMES } from '../domain/messages';
import type { Outcome, StoredRow } from '../domain/messages';
import { TIMED_TAGS } from '../domain/timed-commands';
import type {
  HistoryFilter,
  OccurrenceRow,
  TimedHistory,
  TimedListed,
  TimedShown,
  TimedStopped,
} from '../domain/timed-commands';
import { sinceOf } from '../domain/timed-input';
import { byTime, comesAgain, groupTimed, occurrenceKey, timedLine } from '../domain/timed-lines';
import type { TimedInvocation } from '../domain/timed-lines';
import { VISIBLE_WITHIN_MS } from '../domain/waiting';
import type { ResultStore } from '../results/store';
import { atBoundary } from './failures';
import { storedRow, withoutOutput } from './result-rows';
import { runKey } from './run-key';
import { notYet, timedWith } from './timed-start';

/** More lines, instances or ids than these would be too long for a result. */
const MOST_LISTED = 200;
const MOST_SHOWN = 100;
const MOST_IDS = 50;
/** A result is at most 256 KB, and rows are most of one. */
const MOST_ROWS = 200;
const ROW_BUDGET_BYTES = 150 * 1_024;

const STOP_LOOKS = VISIBLE_WITHIN_MS / 2_000;
/** From this look on, what still runs is taken for an occurrence that goes on, whatever else is said of it. */
const PATIENT_LOOKS = 3;

interface Which {
  region: string;
  /** A name, or the id of an invocation. */
  which: string;
  now: number;
}

export interface TimedLookActivities {
  listTimed(request: { region: string; active: boolean; now: number }): Promise<TimedListed>;
  showTimed(request: Which): Promise<TimedShown>;
  /** Reads every occurrence that is asked for into the result store. */
  collectHistory(request: Which & HistoryFilter): Promise<TimedHistory>;
  stopTimed(request: Which & { instanceIds?: string[] }): Promise<TimedStopped>;
}

export function createTimedLookActivities(ecs: EcsClient, store: ResultStore): TimedLookActivities {
  /** All starts of a name, the newest first, or the one invocation. */
  const find = async ({ region, which }: Which): Promise<TimedInvocation[][]> => {
    const found: TimedInvocation[] = [];
    if (which.startsWith('t-'))
      for await (const page of ecs.timedPages(region, { invokeId: which })) found.push(...page);
    else found.push(...(await timedWith(ecs, region, { [TIMED_TAGS.name]: which })));
    if (found.length === 0) throw refused(`there is no timed command ${which} in ${region}`);
    return groupTimed(found);
  };

  return {
    listTimed: ({ region, active, now }) =>
      atBoundary(async () => {
        const found: TimedInvocation[] = [];
        for (const repeatMode of ['Period', 'EveryReboot', 'NextRebootOnly'])
          for await (const page of ecs.timedPages(region, { repeatMode })) found.push(...page);
        const lines = groupTimed(found)
          .map((group) => timedLine(group, now))
          .filter((line) => line.active || !active);
        return { outcome: 'done', timed: lines.slice(0, MOST_LISTED), total: lines.length };
      }),

    showTimed: (request) =>
      atBoundary(async () => {
        const [group = []] = await find(request);
        const { type = '', content = '', timeoutSeconds = 0 } = group[0] ?? {};
        const instances = group
          .flatMap((each) => each.instances)
          .slice(0, MOST_SHOWN)
          .map(({ stoppedAt: _, ...instance }) => instance);
        const timed = timedLine(group, request.now);
        return { outcome: 'done', timed, type, content, timeoutSeconds, instances };
      }),

    collectHistory: ({ instanceIds, failed = false, since, limit = Infinity, ...request }) =>
      atBoundary(async () => {
        const [group = []] = await find(request);
        const from = since === undefined ? undefined : sinceOf(since, request.now);
        const wanted = new Set(instanceIds);
        const asked = ({ instanceId, outcome, startedAt = '', finishedAt = '' }: StoredRow): boolean =>
          (instanceIds === undefined || wanted.has(instanceId)) &&
          !(failed && outcome === 'Success') &&
          (from === undefined || Date.parse(startedAt || finishedAt) >= from);
        const rows = new Map<string, OccurrenceRow>();
        const running = new Set<string>();
        const key = runKey();
        for (const { invokeId } of group) {
          for await (const page of ecs.occurrencePages(request.region, invokeId)) {
            const ended = page.flatMap((result) => {
              const row = storedRow(result, 0);
              if (!row) running.add(`${invokeId} ${result.instanceId}`);
              return row && asked(row) ? [row] : [];
            });
            await store.append(key, ended);
            for (const row of ended) rows.set(occurrenceKey(row), { ...withoutOutput(row), invokeId });
          }
        }
        const newest = [...rows.values()].sort(byTime);
        const shown = fitting(newest.slice(0, Math.min(limit, MOST_ROWS)));
        return {
          outcome: 'done',
          timed: timedLine(group, request.now),
          totals: countOutcomes(newest),
          underWay: running.size,
          rows: shown,
          rowsTruncated: shown.length < Math.min(limit, newest.length),
          storePath: store.pathOf(key),
        };
      }),

    stopTimed: ({ instanceIds, ...request }) =>
      atBoundary(async () => {
        const { region, which } = request;
        const groups = await find(request);
        // The latest start, and whatever else of that name still comes.
        const invocations = groups.filter((group, at) => at === 0 || group.some(comesAgain)).flat();
        const wanted = instanceIds === undefined ? undefined : new Set(instanceIds);
        const meant = invocations.flatMap((each) =>
          each.instances.filter(({ instanceId }) => wanted?.has(instanceId) ?? true),
        );
        const known = new Set(meant.map(({ instanceId }) => instanceId));
        const strange = instanceIds?.filter((id) => !known.has(id)) ?? [];
        if (strange.length > 0)
          throw refused(`${strange.slice(0, 5).join(', ')} is no instance of the timed command ${which}`);
        const { attempt } = activityInfo();
        const waiting = meant.filter(({ status }) => status === 'Scheduled' || status === 'Pending');
        const running = meant.filter(({ status }) => status === 'Running' || status === 'Stopping');
        const untold = attempt <= PATIENT_LOOKS ? running.filter(({ stoppedAt }) => stoppedAt === '') : [];
        if (waiting.length + untold.length > 0 && attempt < STOP_LOOKS) {
          const open = new Set([...waiting, ...untold].map(({ invokeId }) => invokeId));
          for (const { invokeId, instances } of invocations.filter((each) => open.has(each.invokeId))) {
            const ids = instances.map(({ instanceId }) => instanceId).filter((id) => wanted?.has(id));
            if (wanted === undefined) await ecs.stopWholeInvocation(region, invokeId);
            else await ecs.stopInvocation(region, invokeId, ids);
          }
          throw notYet(`${which} is being stopped on ${waiting.length + untold.length} instances`);
        }
        return {
          outcome: waiting.length > 0 ? 'partly' : 'done',
          which,
          invocations: new Set(meant.map(({ invokeId }) => invokeId)).size,
          stopped: meant.length - waiting.length,
          running: running.length,
          runningIds: running.slice(0, MOST_IDS).map(({ instanceId }) => instanceId),
          waiting: waiting.length,
          waitingIds: waiting.slice(0, MOST_IDS).map(({ instanceId }) => instanceId),
        };
      }),
  };
}

function countOutcomes(rows: readonly OccurrenceRow[]): Record<Outcome, number> {
  const counts = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
  for (const { outcome } of rows) counts[outcome] += 1;
  return counts;
}

function fitting(rows: OccurrenceRow[]): OccurrenceRow[] {
  let bytes = 0;
  return rows.filter((row) => (bytes += utf8Length(JSON.stringify(row))) <= ROW_BUDGET_BYTES);
}

function refused(message: string): ApplicationFailure {
  const details = [{ code: 'TimedCommand', effectExcluded: true }];
  return ApplicationFailure.create({ type: 'TimedCommand', message, nonRetryable: true, details });
}
