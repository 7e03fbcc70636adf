/**
 * Activities of `startInstancesByTag` and `stopInstancesByTag`: select, act on a batch, read what became of it.
 *
 * The one rule: StartInstances and StopInstances take no ClientToken, so every attempt looks first and calls only for
 * what is still in the other state; a call that was lost is found that way, and none is sent twice for nothing.
 */
import { activityInfo, heartbeat } from '@temporalio/activity';
import type { EcsClient } from '../ecs/client';
import { EcsError, classify } from '../ecs/errors';
import type { BatchRow } from '../ecs/lifecycle';
import { SHOWN, goodRow, wantedStatus } from '../domain/by-tag';
import type { FleetInstance, Purpose } from '../domain/by-tag';
import { namesIn, selectionOf, sightingOf } from '../domain/by-tag-selection';
import type { Selection, SelectionRequest } from '../domain/by-tag-selection';
import type { StoppedMode } from '../domain/hours-messages';
import type { Sighting } from '../domain/hours-savings';
import type { InstanceRow } from '../domain/messages';
import type { Meter } from '../results/meter';
import type { ResultStore } from '../results/store';
import { atBoundary } from './failures';
import type { HoursPort } from './hours-port';
import { runKey } from './run-key';

interface BatchRequest {
  purpose: Purpose;
  region: string;
  instanceIds: string[];
  stoppedMode?: StoppedMode;
}

/** Instances of a batch by what became of the call for them. */
export interface ActReport {
  /** Accepted now or on their way, or there already: to be waited for. */
  moving: string[];
  /** In between two states, or refused for their state: try again. */
  later: string[];
  noStock: string[];
  /** Refused for good, or gone; the rows are written, the first 50 are here. */
  refused: { failed: number; gone: number; exceptions: InstanceRow[] };
  /** Calls of StartInstances or StopInstances that were answered: 0 or 1. */
  calls: number;
  /** The last that ECS said about those in `later` and `noStock`. */
  said: string;
}

export interface SettleReport {
  done: number;
  failed: number;
  charging: number;
  exceptions: InstanceRow[];
  /** Neither there nor given up. */
  open: string[];
}

export interface ByTagActivities {
  selectByTag(request: SelectionRequest): Promise<Selection & { storePath: string }>;
  /** `force` is for a stop only. */
  actOnBatch(request: BatchRequest & { force?: boolean }): Promise<ActReport>;
  /** Reads each instance and writes the rows of those that are there; with `late`, of the others too. */
  settleBatch(request: BatchRequest & { late?: string; hours?: string }): Promise<SettleReport>;
  /** Writes the same row for all of these. */
  recordInstances(request: { instanceIds: string[]; row: Omit<InstanceRow, 'instanceId'> }): Promise<void>;
  /** Who holds the keys of these instances, by instance. */
  findHolders(request: { region: string; instanceIds: string[] }): Promise<Record<string, string>>;
}

export function createByTagActivities(
  ecs: EcsClient,
  { store, meter, hours: port }: { store: ResultStore; meter: Meter; hours: HoursPort },
): ByTagActivities {
  return {
    selectByTag: (request) =>
      atBoundary(async () => {
        const { region, tags, hours } = request;
        const ids = await ecs.listInstanceIdsByTags(region, tags);
        heartbeat();
        const fleet = await ecs.describeFleet(region, ids);
        const known = await port.existing(namesIn(fleet, hours));
        const now = activityInfo().currentAttemptScheduledTimestampMs;
        const { selection, rows, sightings } = selectionOf({ ...request, ids, fleet, now, known });
        await store.append(runKey(), rows);
        if (hours && hours.action !== 'enforce') await meter.append(hours.definition.name, sightings);
        return { ...selection, storePath: store.pathOf(runKey()) };
      }),

    actOnBatch: (request) =>
      atBoundary(async () => {
        const { refused, ...report } = await act(ecs, request);
        await store.append(runKey(), refused);
        const failed = refused.filter(({ outcome }) => outcome === 'Failed').length;
        const exceptions = refused.slice(0, SHOWN);
        return { ...report, refused: { failed, gone: refused.length - failed, exceptions } };
      }),

    settleBatch: (request) =>
      atBoundary(async () => {
        const fleet = await ecs.describeFleet(request.region, request.instanceIds);
        const now = activityInfo().currentAttemptScheduledTimestampMs;
        const { report, rows, sightings } = settle(request, fleet, now);
        await store.append(runKey(), rows);
        if (request.hours !== undefined) await meter.append(request.hours, sightings);
        return report;
      }),

    recordInstances: ({ instanceIds, row }) =>
      store.append(
        runKey(),
        instanceIds.map((instanceId) => ({ instanceId, ...row })),
      ),

    findHolders: async ({ region, instanceIds }) => Object.fromEntries(await port.held(region, instanceIds)),
  };
}

type Acted = Omit<ActReport, 'refused'> & { refused: InstanceRow[] };

async function act(ecs: EcsClient, request: BatchRequest & { force?: boolean }): Promise<Acted> {
  const { purpose, region, instanceIds, stoppedMode = 'StopCharging', force = false } = request;
  const statuses = new Map(
    (await ecs.describeFleet(region, instanceIds)).map(({ instanceId, status }) => [instanceId, status]),
  );
  const ready = purpose === 'start' ? ['Stopped'] : force ? ['Running', 'Stopping'] : ['Running'];
  const onTheWay = purpose === 'start' ? ['Running', 'Starting'] : ['Stopped', 'Stopping'];
  const of = (wanted: (status: string | undefined) => boolean): string[] =>
    instanceIds.filter((id) => wanted(statuses.get(id)));
  const acting = of((status) => ready.includes(status ?? ''));
  const report: Acted = {
    moving: of((status) => !ready.includes(status ?? '') && onTheWay.includes(status ?? '')),
    later: of((status) => status !== undefined && !ready.includes(status) && !onTheWay.includes(status)),
    noStock: [],
    refused: of((status) => status === undefined).map((instanceId) => ({
      instanceId,
      outcome: 'Unfit',
      reason: `not found in ${region} any more`,
    })),
    calls: 0,
    said: 'between two states',
  };
  if (acting.length === 0) return report;
  report.calls = 1;
  for (const row of await call(ecs, { purpose, region, ids: acting, stoppedMode, force })) sort(row, report);
  return report;
}

/** The rows of the answer; where the whole call was refused for good, a row of that refusal for each. */
async function call(
  ecs: EcsClient,
  {
    purpose,
    region,
    ids,
    stoppedMode,
    force,
  }: { purpose: Purpose; region: string; ids: string[]; stoppedMode: StoppedMode; force: boolean },
): Promise<BatchRow[]> {
  try {
    const rows =
      purpose === 'start'
        ? await ecs.startInstances(region, ids)
        : await ecs.stopInstances(region, ids, { stoppedMode, force });
    const told = new Set(rows.map(({ instanceId }) => instanceId));
    const untold = ids.filter((id) => !told.has(id));
    const unsaid = { code: 'IncorrectInstanceStatus', message: 'ECS did not say what became of it' };
    return [...rows, ...untold.map((instanceId) => ({ instanceId, ...unsaid }))];
  } catch (error) {
    if (!(error instanceof EcsError) || error.kind === 'retry') throw error;
    return ids.map((instanceId) => ({ instanceId, code: error.code, message: error.message }));
  }
}

function sort({ instanceId, code, message }: BatchRow, report: Acted): void {
  const told = `${code}: ${message}`;
  if (code === '200') report.moving.push(instanceId);
  else if (/^OperationDenied\.NoStock$/.test(code)) {
    report.noStock.push(instanceId);
    report.said = told;
  } else if (classify(code, 403) !== 'terminal') {
    report.later.push(instanceId);
    report.said = told;
  } else report.refused.push({ instanceId, outcome: 'Failed', reason: told });
}

function settle(
  request: BatchRequest & { late?: string },
  fleet: readonly FleetInstance[],
  now: number,
): { report: SettleReport; rows: InstanceRow[]; sightings: Sighting[] } {
  const { purpose, region, instanceIds, late, stoppedMode } = request;
  const instances = new Map(fleet.map((instance) => [instance.instanceId, instance]));
  const report: SettleReport = { done: 0, failed: 0, charging: 0, exceptions: [], open: [] };
  const rows: InstanceRow[] = [];
  const sightings: Sighting[] = [];
  const fail = (instanceId: string, status: string, reason: string): void => {
    const row: InstanceRow = { instanceId, outcome: 'Failed', status, reason };
    rows.push(row);
    report.failed += 1;
    report.exceptions.push(row);
  };
  for (const id of instanceIds) {
    const instance = instances.get(id);
    if (!instance) fail(id, '', `not found in ${region} any more`);
    else if (instance.status === wantedStatus(purpose)) {
      const how = purpose === 'start' ? 'started' : 'stopped';
      const { row, charging } = goodRow(instance, {
        how,
        mode: purpose === 'stop' ? stoppedMode : undefined,
      });
      rows.push(row);
      sightings.push(...sightingOf(instance, region, now));
      report.done += 1;
      if (charging) report.charging += 1;
      if (charging) report.exceptions.push(row);
    } else if (late === undefined) report.open.push(id);
    else fail(id, instance.status, `${instance.status}: ${late}`);
  }
  report.exceptions = report.exceptions.slice(0, SHOWN);
  return { report, rows, sightings };
}
