/**
 * What an instance is to be now, and why: from the hours, its tag, the overrides and how long it has run.
 *
 * The one rule: every verdict has a reason for people, above all "leave alone".
 */
import { boundaries, comesAgain, isIn, localDay, wantedAt } from './hours-calendar';
import type { CompiledHours } from './hours-calendar';
import { DEFAULT_CATCH_UP_MINUTES, ENFORCE_EVERY_MS } from './hours-messages';
import type { HoursAction, HoursContext, Override, WorkingHours } from './hours-messages';
import { readTagValue, tagValueOf } from './hours-tag';
import type { TagVerdict } from './hours-tag';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** An instance as far as its hours are concerned. */
export interface HoursInstance {
  instanceId: string;
  status: string;
  tags: readonly { key: string; value: string }[];
  /** ISO 8601; `''` where unknown. */
  startedAt: string;
}

export interface InstanceVerdict {
  want: 'running' | 'stopped' | 'leave';
  reason: string;
  /** A tag value that was not understood: somebody has to mend it. */
  bad?: true;
}

export interface Judge {
  hours: CompiledHours;
  context: HoursContext;
  now: number;
  knows: (name: string) => boolean;
}

/** Why a boundary is not acted upon now; `undefined` where it is. `at` and `now` are epoch milliseconds. */
export function notDueReason(
  hours: CompiledHours,
  { action, at, now }: { action: HoursAction; at: number; now: number },
): string | undefined {
  const today = localDay(hours, now);
  if (isIn(hours.freezes, today)) return `${today} is frozen: nothing is started or stopped`;
  if (action === 'enforce') return undefined;
  const isBoundary = (when: number): boolean =>
    boundaries(hours, when, when + 1).some(({ kind }) => kind === action);
  if (comesAgain(hours.zone, at) && !isBoundary(at))
    return 'clocks go back and show this time a second time; it acts then';
  const overtaken = boundaries(hours, at + 1, now + 1).findLast(({ kind }) => kind !== action);
  return overtaken && `it is late, and the ${overtaken.kind} of ${iso(overtaken.at)} has come since`;
}

/** What one instance is to be. */
export function judgeInstance(instance: HoursInstance, judge: Judge): InstanceVerdict {
  const { context, now } = judge;
  const { definition, overrides } = context;
  const verdict = readTagValue(tagValueOf(definition.tags, instance.tags), definition, judge.knows);
  const aside = setAside(verdict, definition);
  if (aside) return aside;
  const override = overrideFor(overrides, instance, now);
  const wanted = wantedOf(verdict, instance, judge);
  if (!override || wanted.want === override.keep) return wanted;
  const why = `override until ${override.until}: ${override.reason}`;
  if (override.keep !== 'as-is' && context.action === 'enforce' && definition.mode === 'enforce')
    return { want: override.keep, reason: why };
  return { want: 'leave', reason: why };
}

/** The override that holds for an instance now: the newest of those about it. */
export function overrideFor(
  overrides: readonly Override[],
  { instanceId, tags }: Pick<HoursInstance, 'instanceId' | 'tags'>,
  now: number,
): Override | undefined {
  return overrides
    .filter(({ until }) => Date.parse(until) > now)
    .filter(({ instanceIds, tag }) => {
      if (instanceIds === undefined && tag === undefined) return true;
      const tagged = ({ key, value }: { key: string; value: string }): boolean =>
        key === tag?.key && (tag.value === undefined || value === tag.value);
      return instanceIds?.includes(instanceId) === true || tags.some(tagged);
    })
    .sort((a, b) => a.at.localeCompare(b.at))
    .at(-1);
}

function setAside(verdict: TagVerdict, { ownHours, mode }: WorkingHours): InstanceVerdict | undefined {
  const leave = (reason: string): InstanceVerdict => ({ want: 'leave', reason });
  switch (verdict.says) {
    case 'these':
      return undefined;
    case 'ignore':
      return leave('its tag says ignore');
    case 'other':
      return leave(`its tag names the hours ${verdict.name}`);
    case 'own':
      return ownHours || mode === 'enforce'
        ? undefined
        : leave(`its tag carries hours of its own (${verdict.text}), and these hours do not look at such`);
    case 'bad':
      return {
        ...leave(`tag value ${JSON.stringify(verdict.text.slice(0, 128))} ${verdict.message}`),
        bad: true,
      };
  }
}

function wantedOf(verdict: TagVerdict, instance: HoursInstance, judge: Judge): InstanceVerdict {
  const { context, now } = judge;
  const { definition, action, at } = context;
  if (action !== 'enforce') {
    if (verdict.says === 'own')
      return {
        want: 'leave',
        reason: `its tag carries hours of its own (${verdict.text}); the look every five minutes applies them`,
      };
    const holiday = action === 'start' ? holidayReason(judge, now) : undefined;
    if (holiday !== undefined) return { want: 'leave', reason: holiday };
    return {
      want: action === 'start' ? 'running' : 'stopped',
      reason: `the ${action} of ${definition.name}`,
    };
  }
  const tooLong = runsTooLong(instance, definition, now);
  if (tooLong) return tooLong;
  const hours = verdict.says === 'own' ? verdict.hours : judge.hours;
  const name = verdict.says === 'own' ? `its own hours (${verdict.text})` : definition.name;
  if (definition.mode === 'enforce') return lastWish(hours, name, now);
  if (verdict.says !== 'own') return { want: 'leave', reason: 'between boundaries, people decide' };
  const tick = Date.parse(at);
  const edge = boundaries(hours, edgesSince(context, tick) + 1, tick + 1).at(-1);
  if (!edge) return { want: 'leave', reason: 'between boundaries, people decide' };
  return { want: edge.kind === 'start' ? 'running' : 'stopped', reason: `the ${edge.kind} of ${name}` };
}

/**
 * Boundaries after this are acted upon at `tick`: those since the last look, as one that takes long makes the Schedule
 * pass over the looks after it; but none that is later than the catch-up window.
 */
function edgesSince({ lookedAt, definition }: HoursContext, tick: number): number {
  if (lookedAt === undefined) return tick - ENFORCE_EVERY_MS;
  const minutes = definition.catchUpMinutes ?? DEFAULT_CATCH_UP_MINUTES;
  return Math.max(Date.parse(lookedAt), tick - Math.max(ENFORCE_EVERY_MS, minutes * MINUTE));
}

function lastWish(hours: CompiledHours, name: string, now: number): InstanceVerdict {
  const last = wantedAt(hours, now);
  if (!last) return { want: 'leave', reason: `${name} has had no boundary for more than a year` };
  return {
    want: last.kind === 'start' ? 'running' : 'stopped',
    reason: `since the ${last.kind} of ${name} at ${iso(last.at)}`,
  };
}

function runsTooLong(
  { status, startedAt }: HoursInstance,
  { maxRunHours }: WorkingHours,
  now: number,
): InstanceVerdict | undefined {
  if (maxRunHours === undefined || status !== 'Running' || startedAt === '') return undefined;
  if (now - Date.parse(startedAt) < maxRunHours * HOUR) return undefined;
  return { want: 'stopped', reason: `has run since ${startedAt}, longer than ${maxRunHours} h` };
}

/** A triggered start on a holiday is a person's wish like any other exception: an override, or a workday. */
function holidayReason({ hours }: Judge, now: number): string | undefined {
  const today = localDay(hours, now);
  const stays = hours.staysStopped && isIn(hours.holidays, today) && !isIn(hours.workdays, today);
  return stays ? `${today} is a holiday` : undefined;
}

function iso(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
