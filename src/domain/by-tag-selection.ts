/**
 * Sorting a fleet out: which instances a start or stop by tag acts on, in which groups, and why not on the others.
 *
 * The one rule: nobody is passed over in silence; each instance that is selected acts or has a row with its reason.
 *
 * Reaches the host's zone data through the calendar: for activities, never for workflows.
 */
import { SHOWN, goodRow, wantedStatus } from './by-tag';
import type { FleetInstance, Purpose } from './by-tag';
import { compiledHours } from './hours-calendar';
import { judgeInstance } from './hours-decision';
import type { InstanceVerdict } from './hours-decision';
import type { HoursContext, OrderGroup, StoppedMode } from './hours-messages';
import type { Sighting } from './hours-savings';
import { readTagValue, tagValueOf } from './hours-tag';
import type { InstanceRow, TagSelector } from './messages';

const MINUTE = 60_000;

export interface SelectionRequest {
  purpose: Purpose;
  region: string;
  tags: TagSelector[];
  order?: OrderGroup[];
  stoppedMode?: StoppedMode;
  hours?: HoursContext;
}

/** Instances by the name of their group; `''` is the rest. */
export interface SelectedGroup {
  name: string;
  /** Whom to act on. */
  instanceIds: string[];
  /** At a start, of a group with health: those that run as they are wanted to already. */
  running?: string[];
}

/** What a workflow learns of its selection. */
export interface Selection {
  targets: number;
  already: number;
  charging: number;
  skipped: number;
  /** Of those left alone, the ones whose tag value somebody has to mend: what is wrong, by instance; the first 50. */
  badTags: Record<string, string>;
  groups: SelectedGroup[];
  /** Of those in groups, the ones that run Windows: hooks are scripts. */
  windows: string[];
  exceptions: InstanceRow[];
  warnings: string[];
}

export interface SortedOut {
  selection: Selection;
  /** Of those that are not acted on. */
  rows: InstanceRow[];
  sightings: Sighting[];
}

/** @param known names of working hours that exist */
export function selectionOf(
  request: SelectionRequest & {
    ids: string[];
    fleet: FleetInstance[];
    now: number;
    known: ReadonlySet<string>;
  },
): SortedOut {
  const { purpose, region, ids, fleet, now, stoppedMode } = request;
  const instances = new Map(fleet.map((instance) => [instance.instanceId, instance]));
  const judge = judgeOf(request, now);
  const counts = { already: 0, charging: 0, skipped: 0 };
  const badTags = new Map<string, string>();
  const acting: FleetInstance[] = [];
  const already: FleetInstance[] = [];
  const rows: InstanceRow[] = [];
  const exceptions: InstanceRow[] = [];
  const leave = (instanceId: string, status: string | undefined, reason: string): void => {
    counts.skipped += 1;
    const row: InstanceRow = { instanceId, outcome: 'Unfit', status, reason };
    rows.push(row);
    exceptions.push(row);
  };
  for (const id of ids) {
    const instance = instances.get(id);
    if (!instance) {
      leave(id, undefined, `not found in ${region}`);
      continue;
    }
    const verdict = judge(instance);
    if (verdict.bad) badTags.set(id, verdict.reason);
    if (verdict.want !== (purpose === 'start' ? 'running' : 'stopped'))
      leave(id, instance.status, verdict.reason);
    else if (instance.status !== wantedStatus(purpose)) acting.push(instance);
    else {
      const { row, charging } = goodRow(instance, { how: 'already', mode: stoppedMode });
      counts.already += 1;
      already.push(instance);
      rows.push(row);
      if (charging) {
        counts.charging += 1;
        exceptions.push(row);
      }
    }
  }
  const groups = inGroups({ purpose, acting, already }, request.order ?? []);
  const named = new Set(groups.flatMap(({ instanceIds, running = [] }) => [...instanceIds, ...running]));
  const selection: Selection = {
    targets: ids.length,
    ...counts,
    groups,
    windows: [...acting, ...already]
      .filter(({ instanceId, osType }) => osType === 'windows' && named.has(instanceId))
      .map(({ instanceId }) => instanceId),
    exceptions: exceptions.slice(0, SHOWN),
    badTags: Object.fromEntries([...badTags].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, SHOWN)),
    warnings:
      purpose === 'stop' && stoppedMode === 'StopCharging' ? acting.flatMap(warningOf).slice(0, SHOWN) : [],
  };
  return { selection, rows, sightings: fleet.flatMap((instance) => sightingOf(instance, region, now)) };
}

/** What should be known before an instance is stopped. */
export function warningOf({ instanceId, staticPublicIp }: FleetInstance): string[] {
  if (!staticPublicIp) return [];
  return [`${instanceId} has a static public address, which StopCharging may change; an EIP stays`];
}

/** A line of the meter; nothing for an instance between two states. */
export function sightingOf(instance: FleetInstance, region: string, now: number): Sighting[] {
  const { instanceId, instanceType, status, stoppedMode, startedAt } = instance;
  const about = { instanceId, instanceType, region };
  if (status === 'Stopped') {
    const state = stoppedMode === 'StopCharging' ? 'free' : 'charged';
    return [{ ...about, at: new Date(now).toISOString(), state }];
  }
  if (status !== 'Running') return [];
  // Since when it runs ECS itself says, whoever started it; to the minute, so it was seen stopped until that minute's end.
  const since = Date.parse(startedAt) + MINUTE - 1;
  const at = Number.isFinite(since) ? Math.min(since, now) : now;
  return [{ ...about, at: new Date(at).toISOString(), state: 'running' }];
}

/** Names of hours that tag values mention, to be looked up. */
export function namesIn(fleet: readonly FleetInstance[], hours: HoursContext | undefined): string[] {
  if (!hours) return [];
  const names = new Set<string>();
  for (const { tags } of fleet) {
    const said = readTagValue(tagValueOf(hours.definition.tags, tags), hours.definition, () => true);
    if (said.says === 'other') names.add(said.name);
  }
  return [...names];
}

function judgeOf(
  { hours, purpose, known }: { hours?: HoursContext; purpose: Purpose; known: ReadonlySet<string> },
  now: number,
): (instance: FleetInstance) => InstanceVerdict {
  if (!hours) return () => ({ want: purpose === 'start' ? 'running' : 'stopped', reason: '' });
  const compiled = compiledHours(hours.definition);
  const knows = (name: string): boolean => known.has(name);
  return (instance) => judgeInstance(instance, { hours: compiled, context: hours, now, knows });
}

function inGroups(
  {
    purpose,
    acting,
    already,
  }: { purpose: Purpose; acting: readonly FleetInstance[]; already: readonly FleetInstance[] },
  order: readonly OrderGroup[],
): SelectedGroup[] {
  const groups = new Map<string, SelectedGroup>();
  const groupOf = (name: string): SelectedGroup => {
    const group = groups.get(name) ?? { name, instanceIds: [] };
    groups.set(name, group);
    return group;
  };
  for (const instance of acting) {
    const name = order.find((each) => belongs(instance, each))?.name ?? '';
    groupOf(name).instanceIds.push(instance.instanceId);
  }
  if (purpose === 'stop') return [...groups.values()];
  for (const instance of already) {
    const ordered = order.find((each) => belongs(instance, each));
    if (ordered?.health !== undefined) (groupOf(ordered.name).running ??= []).push(instance.instanceId);
  }
  return [...groups.values()];
}

function belongs({ instanceId, tags }: FleetInstance, { tag, instanceIds }: OrderGroup): boolean {
  if (instanceIds?.includes(instanceId)) return true;
  return (
    tag !== undefined && tags.some(({ key, value }) => key === tag.key && (tag.value ?? value) === value)
  );
}
