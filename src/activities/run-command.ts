/**
 * Activities of `runCommand` and `sendFile`: resolve, dispatch, collect, stop. Thin: they translate between Temporal (attempts,
 * failures) and src/ecs; what a status or an unfit instance means is decided in src/domain.
 *
 * The one rule: an attempt may be the second one. Each of these may be run again after a lost answer or a dead worker
 * without sending anything twice.
 */
import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { EcsClient } from '../ecs/client';
import type { InvocationResult } from '../ecs/cloud-assistant';
import { isInstanceEnd } from '../domain/invocation';
import type { InvocationState } from '../domain/invocation';
import type { CommandSpec, InstanceRow, StoredRow, Targets } from '../domain/messages';
import { spreadOverZones } from '../domain/plan';
import type { Need } from '../domain/plan';
import { ALL_ROWS_UP_TO, emptyTotals } from '../domain/rows';
import type { BatchReport } from '../domain/rows';
import type { Resolved, Slice } from '../domain/run-state';
import type { FileSpec } from '../domain/sending';
import { VISIBLE_WITHIN_MS } from '../domain/waiting';
import type { ResultStore } from '../results/store';
import { atBoundary } from './failures';
import { idsOf, keepPlan } from './plans';
import { lostRow, report, storedRow } from './result-rows';
import { runKey } from './run-key';
import { checkTargets, selectTargets } from './select-targets';
import { sendOnce, sentTo } from './send-once';

/** Tags every invocation of ours carries, so that it can be found again without its id. */
const RUN_TAG = 'steward-run';
const BATCH_TAG = 'steward-batch';

/** A row missing from an ended invocation may still be on its way; after this many looks it is lost. */
const LOOKS_FOR_MISSING_ROWS = 5;

/** A dispatch cancelled in mid-call may still appear: look for it by tag every 5 s for as long as a listing may lag. */
const LOOKS_FOR_UNKNOWN_INVOCATION = VISIBLE_WITHIN_MS / 5_000;

export interface Batch {
  region: string;
  /** The first run id of the run: the key of its rows, its plan and its invocations. */
  run: string;
  batch: number;
  slice: Slice;
}

export interface StopReport {
  invokeId?: string;
  /** Instances on which the command had started; Cloud Assistant lets these run on. */
  started: string[];
}

export interface RunCommandActivities {
  resolveTargets(request: {
    region: string;
    run: string;
    targets: Targets;
    type: Need;
    /** Neighbours in the plan are of different zones. */
    spread?: boolean;
  }): Promise<Resolved>;
  /** Checks a batch again after ECS refused it because of one instance. */
  recheckBatch(request: Batch & { type: Need }): Promise<{ fit: string[]; unfit: InstanceRow[] }>;
  dispatchBatch(
    request: Batch & { command: CommandSpec; name?: string; clientToken: string },
  ): Promise<{ invokeId: string }>;
  dispatchFileBatch(request: Batch & { file: FileSpec; clientToken: string }): Promise<{ invokeId: string }>;
  /**
   * Reads every row into the result store.
   * `final`: nothing is waited for any more; what is alive or missing becomes Unknown with `why`.
   */
  collectResults(
    request: Batch & { invokeId: string; all: boolean; final?: { why: string } },
  ): Promise<BatchReport>;
  /** The same of a batch of a file. */
  collectFileResults: RunCommandActivities['collectResults'];
  /** Stops what is alive of a batch; without an invokeId it looks for the invocation by its tags first. */
  stopBatch(request: Batch & { invokeId?: string }): Promise<StopReport>;
  /** There is no stopping a file; without an invokeId it looks for the file task by its tags. */
  findFileBatch(request: Batch & { invokeId?: string }): Promise<StopReport>;
  /** Puts the same row for every instance of a batch, or of what was never in one, into the result store: no invocation speaks of them. */
  recordBatch(
    request: Omit<Batch, 'batch'> & { batch?: number; row: Omit<InstanceRow, 'instanceId'>; all: boolean },
  ): Promise<BatchReport>;
}

export function createRunCommandActivities(ecs: EcsClient, store: ResultStore): RunCommandActivities {
  const idsOfBatch = ({ run, slice }: Pick<Batch, 'run' | 'slice'>): Promise<string[]> =>
    idsOf(store, runKey(run), slice);

  const sendBatch = (
    request: Batch,
    find: (tags: Record<string, string>) => Promise<InvocationState[]>,
    send: (instanceIds: string[], tags: Record<string, string>) => Promise<{ invokeId: string }>,
  ): Promise<{ invokeId: string }> =>
    atBoundary(async () => {
      const instanceIds = await idsOfBatch(request);
      const tags = tagsOf(request.run, request.batch);
      return sendOnce(
        instanceIds,
        () => find(tags),
        () => send(instanceIds, tags),
      );
    });

  const collect = (
    { invokeId, all, final, ...request }: Parameters<RunCommandActivities['collectResults']>[0],
    pages: AsyncIterable<InvocationResult[]>,
  ): Promise<BatchReport> =>
    atBoundary(async () => {
      const { run, batch } = request;
      const instanceIds = await idsOfBatch(request);
      const wanted = new Set(instanceIds);
      const rows = new Map<string, StoredRow>();
      let alive = 0;
      for await (const page of pages) {
        const ended: StoredRow[] = [];
        for (const result of page) {
          const row = storedRow(result, batch, final?.why);
          if (!row) alive += 1;
          else if (wanted.has(row.instanceId)) ended.push(row);
        }
        for (const row of ended) rows.set(row.instanceId, row);
        await store.append(runKey(run), ended);
      }
      if (alive > 0) return { totals: emptyTotals(), rows: [], alive };
      const missing = instanceIds.filter((id) => !rows.has(id));
      if (missing.length > 0 && !final && activityInfo().attempt < LOOKS_FOR_MISSING_ROWS)
        throw rowsMissing(missing);
      const lost = missing.map((instanceId) => lostRow(instanceId, invokeId, batch));
      await store.append(runKey(run), lost);
      return report([...rows.values(), ...lost], all);
    });

  return {
    resolveTargets: ({ region, run, targets, type, spread }) =>
      atBoundary(async () => {
        const { ids } = await selectTargets(ecs, region, targets);
        const { fit, unfit, zoneOf } = await checkTargets(ecs, region, ids, type);
        const key = runKey(run);
        await store.append(key, unfit);
        const order = spread ? spreadOverZones(fit, zoneOf) : fit;
        return {
          plan: await keepPlan(store, key, order),
          unfit: { count: unfit.length, rows: unfit.slice(0, ALL_ROWS_UP_TO) },
          storePath: store.pathOf(key),
        };
      }),

    recheckBatch: (request) =>
      atBoundary(async () => {
        const { fit, unfit } = await checkTargets(
          ecs,
          request.region,
          await idsOfBatch(request),
          request.type,
        );
        await store.append(runKey(request.run), unfit);
        return { fit, unfit };
      }),

    dispatchBatch: ({ command, name, clientToken, ...request }) =>
      sendBatch(
        request,
        (tags) => ecs.findInvocations(request.region, tags),
        (instanceIds, tags) =>
          ecs.runCommand({ region: request.region, instanceIds, command, name, clientToken, tags }),
      ),

    dispatchFileBatch: ({ file, clientToken, ...request }) =>
      sendBatch(
        request,
        (tags) => ecs.findSentFiles(request.region, tags),
        (instanceIds, tags) => ecs.sendFile({ region: request.region, instanceIds, file, clientToken, tags }),
      ),

    collectResults: (request) =>
      collect(request, ecs.invocationResultPages(request.region, request.invokeId)),

    collectFileResults: (request) => collect(request, rowsOfFile(ecs, request.region, request.invokeId)),

    stopBatch: ({ invokeId, ...request }) =>
      atBoundary(async () => {
        const { region, run, batch } = request;
        const instanceIds = await idsOfBatch(request);
        const state = invokeId
          ? await ecs.describeInvocation(region, invokeId)
          : sentTo(await ecs.findInvocations(region, tagsOf(run, batch)), instanceIds);
        const known = invokeId ?? state?.invokeId;
        if (known === undefined) return giveUpLooking(batch);
        const open =
          state?.instances.filter((i) => !isInstanceEnd(i.status)) ?? instanceIds.map(openInstance);
        if (open.length > 0)
          await ecs.stopInvocation(
            region,
            known,
            open.map((i) => i.instanceId),
          );
        return {
          invokeId: known,
          started: open.filter((i) => i.status === 'Running').map((i) => i.instanceId),
        };
      }),

    findFileBatch: ({ invokeId, ...request }) =>
      atBoundary(async () => {
        const { region, run, batch } = request;
        if (invokeId !== undefined) return { invokeId, started: [] };
        const sent = sentTo(await ecs.findSentFiles(region, tagsOf(run, batch)), await idsOfBatch(request));
        return sent ? { invokeId: sent.invokeId, started: [] } : giveUpLooking(batch);
      }),

    recordBatch: async ({ batch, row, all, ...request }) => {
      const rows = (await idsOfBatch(request)).map((instanceId) => ({ instanceId, ...row }));
      await store.append(
        runKey(request.run),
        rows.map((each) => ({ ...each, batch })),
      );
      return report(rows, all);
    },
  };
}

function tagsOf(run: string, batch: number): Record<string, string> {
  return { [RUN_TAG]: run, [BATCH_TAG]: String(batch) };
}

/** All instances of a file task are in one answer. */
async function* rowsOfFile(
  ecs: EcsClient,
  region: string,
  invokeId: string,
): AsyncIterable<InvocationResult[]> {
  yield (await ecs.describeSentFile(region, invokeId))?.rows ?? [];
}

function giveUpLooking(batch: number): StopReport {
  if (activityInfo().attempt < LOOKS_FOR_UNKNOWN_INVOCATION) throw notListed(`batch ${batch}`);
  return { started: [] };
}

function openInstance(instanceId: string): { instanceId: string; status: string } {
  return { instanceId, status: '' };
}

function notListed(what: string): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'NotYet',
    message: `${what} is not listed yet; looking again in 5 s`,
    nextRetryDelay: 5_000,
    category: ApplicationFailureCategory.BENIGN,
  });
}

function rowsMissing(missing: string[]): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'RowsMissing',
    message: `${missing.length} rows are not listed yet, first ${missing[0]}`,
    nextRetryDelay: 2_000,
    category: ApplicationFailureCategory.BENIGN,
  });
}
