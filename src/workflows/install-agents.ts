/**
 * `installAgents`: InstallCloudAssistant on instances whose agent does not answer and, only where that was asked for, a
 * reboot of each, for it takes effect with the next start alone.
 *
 * Promise: without `reboot` no instance is rebooted. With it, each is rebooted at most once (`rebootForAgent`, a child), so
 * many at once as `rate` allows, each under the gate; past the error limit no further one. Every target ends in exactly
 * one row, which says what is known of its agent.
 * Cancel: nothing further is installed or rebooted; what is being rebooted is told as far as it is known then.
 * A large fleet continues as new between reboots.
 */
import {
  CancellationScope,
  continueAsNew,
  defineQuery,
  isCancellation,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { INSTALL_AGENTS } from '../domain/agents';
import type {
  InstallAgentsInput,
  InstallAgentsProgress,
  InstallAgentsResult,
  InstallRow,
} from '../domain/agents';
import {
  newInstallState,
  noteFound,
  noteMany,
  noteRows,
  outcomeOf,
  partOf,
  progressOf,
  summaryOf,
} from '../domain/install-state';
import type { InstallState } from '../domain/install-state';
import { PROGRESS_QUERY } from '../domain/messages';
import { assertResultSize } from '../domain/rows';
import type { Slice } from '../domain/run-state';
import { countOf } from '../domain/run-state';
import { handedOver } from './carried';
import { messageOf } from './failure-text';
import { refuseBadInput } from './input';
import { rebootAll } from './install-window';
import { installingAgents, readingAgents } from './proxies';
import { refusalOf } from './run-batch';
import { noteOperation } from './search-attributes';

/** InstallCloudAssistant takes at most this many instance ids a call. */
const INSTALLS_PER_CALL = 50;

/** @param carried what it hands to its continuation; nobody else gives it (but `rebootsPerRun`, in tests) */
export async function installAgents(
  input: InstallAgentsInput,
  carried?: InstallState | Pick<InstallState, 'rebootsPerRun'>,
): Promise<InstallAgentsResult> {
  const handed = handedOver<InstallState>(carried);
  const state: InstallState = handed ?? {
    ...newInstallState(workflowInfo().firstExecutionRunId, new Date().toISOString()),
    rebootsPerRun: carried?.rebootsPerRun,
  };
  const shown = (): InstallAgentsProgress => progressOf(state, input ?? { region: '' });
  const changed = (): void => setCurrentDetails(detailsOf(shown()));
  setHandler(defineQuery<InstallAgentsProgress>(PROGRESS_QUERY), shown);
  if (!handed) await refuseBadInput(INSTALL_AGENTS, input);
  changed();
  try {
    if (!handed) await lookAndInstall(state, input, changed);
    if (input.reboot && (await rebootAll(state, input, changed)) === 'leave')
      // The targets are in the plan.
      await continueAsNew<typeof installAgents>({ ...input, targets: {} }, state);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    state.cancelled = true;
  }
  return CancellationScope.nonCancellable(() => finish(state, input));
}

async function lookAndInstall(
  state: InstallState,
  input: InstallAgentsInput,
  changed: () => void,
): Promise<void> {
  const { region, targets, force = false } = input;
  noteOperation(INSTALL_AGENTS, { region });
  try {
    noteFound(state, await readingAgents.surveyAgents({ region, run: state.run, targets, force }), input);
    state.phase = 'installing';
    while (state.installed < state.planned) {
      changed();
      await installBatch(state, input);
    }
  } catch (error) {
    if (isCancellation(error)) throw error;
    state.refusal = refusalOf(error)?.message ?? messageOf(error);
    state.stopped = state.refusal;
  }
}

async function installBatch(state: InstallState, { region, reboot }: InstallAgentsInput): Promise<void> {
  const end = Math.min(state.planned, state.installed + INSTALLS_PER_CALL);
  const slice = partOf(state, state.installed, end);
  const summary = `InstallCloudAssistant on ${countOf(slice)} instances`;
  const gone = await installingAgents.installOnBatch.executeWithOptions({ summary }, [
    { region, run: state.run, slice },
  ]);
  state.installed = end;
  // What is to be rebooted gets its row then.
  if (reboot) return;
  state.next = end;
  const reason = 'installed; works from the next start of the instance on (--reboot does that)';
  await CancellationScope.nonCancellable(async () => {
    await record(state, slice, { outcome: 'NeedsReboot', reason }, gone);
    const rows = gone.map((instanceId) => ({
      instanceId,
      outcome: 'Failed' as const,
      reason: `not found in ${region} any more`,
    }));
    if (rows.length > 0) await readingAgents.recordAgents({ run: state.run, rows });
    noteRows(state, rows);
  });
}

/** The same row for a part of the plan; `but` those, which get another one after it. */
async function record(
  state: InstallState,
  slice: Slice,
  row: Omit<InstallRow, 'instanceId'>,
  but: readonly string[] = [],
): Promise<void> {
  if (countOf(slice) === 0) return;
  await readingAgents.recordAgents({ run: state.run, slice, row });
  const counted =
    'plan' in slice
      ? { ...slice, count: slice.count - but.length }
      : { instanceIds: slice.instanceIds.filter((instanceId) => !but.includes(instanceId)) };
  noteMany(state, counted, row);
}

async function finish(state: InstallState, input: InstallAgentsInput): Promise<InstallAgentsResult> {
  const why = state.cancelled ? 'the run was cancelled' : (state.stopped ?? '');
  await record(state, partOf(state, state.next, state.installed), {
    outcome: 'NeedsReboot',
    reason: `installed, but not rebooted: ${why}`,
  });
  await record(state, partOf(state, state.installed, state.planned), {
    outcome: 'NotStarted',
    reason: `not installed: ${why}`,
  });
  // It left nothing out.
  if (state.counts.NeedsReboot + state.counts.NotStarted === 0) state.stopped = undefined;
  const outcome = outcomeOf(state, input);
  const { counts, rows, refusal, reboots, run } = state;
  const result: InstallAgentsResult = {
    outcome,
    summary: summaryOf(state, outcome),
    refusal,
    stopped: state.cancelled || refusal !== undefined ? undefined : state.stopped,
    region: input.region,
    counts,
    reboots,
    rows,
    rowsTruncated: rows.length < counts.targets,
    resultStore: { workflowId: workflowInfo().workflowId, runId: run, path: state.storePath },
    startedAt: state.startedAt,
    finishedAt: new Date().toISOString(),
  };
  assertResultSize(result);
  state.phase = 'done';
  setCurrentDetails(`**${outcome}** in ${input.region}: agents`);
  return result;
}

function detailsOf({ phase, region, counts, underWay }: InstallAgentsProgress): string {
  const told = Object.entries(counts).flatMap(([what, count]) => (count > 0 ? [`${what} ${count}`] : []));
  const now = underWay > 0 ? [`being rebooted ${underWay}`] : [];
  return [`**${phase}** in ${region}: agents`, [...told, ...now].join(' · ')].join('\n\n');
}
