/**
 * Starting a timed command: its name free, its instances looked at, each hundred of them sent once, and read back.
 *
 * The one rule: every target is counted once, as accepted or with the reason why not.
 */
import {
  CancellationScope,
  defineQuery,
  isCancellation,
  setCurrentDetails,
  setHandler,
  uuid4,
} from '@temporalio/workflow';
import { PROGRESS_QUERY } from '../domain/messages';
import type { InstanceRow } from '../domain/messages';
import { MAX_BATCH, MAX_RECHECKS, UNFIT_INSTANCE_CODES } from '../domain/plan';
import { FAILURES_IN_RESULT } from '../domain/rows';
import { countOf, sliceOf } from '../domain/run-state';
import type { Plan, Slice } from '../domain/run-state';
import type { ManageTimedInput, TimedProgress, TimedRefused, TimedStarted } from '../domain/timed-commands';
import { messageOf } from './failure-text';
import { lookingAtTimed, reading, resolvingTimed, sendingTimed, stoppingTimed } from './proxies';
import { refusalOf } from './run-batch';

type Input = Extract<ManageTimedInput, { action: 'start' }>;

const INVOKE_IDS_IN_PROGRESS = 5;

export async function startTimed(input: Input, set: string): Promise<TimedStarted | TimedRefused> {
  const { region, name, command, targets, when } = input;
  const { commandId, type, content } = command;
  const taken = await lookingAtTimed.findTimed({ region, name });
  if (taken.length > 0) return refused(`${name} goes on already, as ${taken[0]}; stop it first`);
  if (commandId !== undefined) await reading.checkSavedCommand({ region, commandId, type, content });
  const { plan, unfit, storePath } = await resolvingTimed.resolveTimed({ region, targets, type, when });
  const started: TimedStarted = {
    outcome: 'done',
    name,
    repeatMode: '',
    frequency: '',
    invocations: [],
    totals: {
      targets: countOf(plan) + unfit.count,
      accepted: 0,
      unfit: unfit.count,
      notStarted: 0,
      unknown: 0,
    },
    states: {},
    rows: unfit.rows,
    storePath,
  };
  const phase = showProgress(started);
  try {
    phase('sending');
    for (let part = 0; part * MAX_BATCH < countOf(plan); part += 1)
      await send(input, set, started, part, plan);
    phase('reading');
    await readBack(input, set, started);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    phase('stopping');
    return await CancellationScope.nonCancellable(() => takeBack(input, started));
  }
  phase('done');
  const { targets: all, accepted } = started.totals;
  if (all === 0 && targets.allowEmpty) return started;
  if (accepted === 0 && started.totals.unknown === 0)
    return { ...started, outcome: 'refused', reason: whyNone(started) };
  return { ...started, outcome: accepted === all && isAsAsked(started) ? 'done' : 'partly' };
}

/** Answers the query from now on. @returns tells the phase */
function showProgress(started: TimedStarted): (phase: TimedProgress['phase']) => void {
  let phase: TimedProgress['phase'] = 'resolving';
  setHandler(defineQuery<TimedProgress>(PROGRESS_QUERY), () => ({
    phase,
    totals: started.totals,
    invokeIds: started.invocations.slice(0, INVOKE_IDS_IN_PROGRESS).map(({ invokeId }) => invokeId),
  }));
  return (next) => {
    phase = next;
    const { accepted, targets } = started.totals;
    setCurrentDetails(`**${phase}**: accepted for ${accepted} of ${targets} instances`);
  };
}

/** One call: up to a hundred instances. */
async function send(
  { region, name, command, when }: Input,
  set: string,
  started: TimedStarted,
  part: number,
  plan: Plan,
): Promise<void> {
  let slice: Slice = sliceOf(plan, part * MAX_BATCH, Math.min(MAX_BATCH, countOf(plan) - part * MAX_BATCH));
  for (let recheck = 0; countOf(slice) > 0; recheck += 1) {
    const instances = countOf(slice);
    try {
      const summary = `part ${part}: ${instances} instances`;
      const request = { region, name, set, part, slice, command, when, clientToken: uuid4() };
      const { invokeId } = await sendingTimed.dispatchTimed.executeWithOptions({ summary }, [request]);
      started.invocations.push({ invokeId, instances });
      started.totals.accepted += instances;
      return;
    } catch (error) {
      const refusal = refusalOf(error);
      if (!refusal && isCancellation(error)) throw error;
      if (refusal && UNFIT_INSTANCE_CODES.includes(refusal.code) && recheck < MAX_RECHECKS) {
        const { type } = command;
        const { fit, unfit } = await reading.recheckBatch({ region, run: set, batch: part, slice, type });
        started.totals.unfit += unfit.length;
        note(started, unfit);
        slice = { instanceIds: fit };
        if (unfit.length > 0) continue;
      }
      const excluded = refusal?.effectExcluded ?? false;
      started.totals[excluded ? 'notStarted' : 'unknown'] += instances;
      started.reason ??= excluded
        ? messageOf(error)
        : `it could not be learnt whether part ${part} was accepted: ${messageOf(error)}`;
      return;
    }
  }
}

/** How it stands: also so that who asks for the name next finds it. */
async function readBack({ region, name, when }: Input, set: string, started: TimedStarted): Promise<void> {
  const invokeIds = started.invocations.map(({ invokeId }) => invokeId);
  if (invokeIds.length === 0) return;
  const { rows, ...read } = await lookingAtTimed.readTimed({
    region,
    name,
    set,
    invokeIds,
    when,
    now: Date.now(),
  });
  Object.assign(started, read);
  note(started, rows);
}

/** What was sent of it is stopped again. */
async function takeBack({ region, name }: Input, started: TimedStarted): Promise<TimedStarted> {
  const now = Date.now();
  let reason = 'it was cancelled before all of it had been sent';
  try {
    const { stopped, waiting } = await stoppingTimed.stopTimed({ region, which: name, now });
    reason += `; stopped on ${stopped} instances${waiting > 0 ? `, and not on ${waiting}` : ''}`;
  } catch (error) {
    reason += `; what had been sent was not seen to be stopped: ${messageOf(error)}`;
  }
  return { ...started, outcome: 'cancelled', reason };
}

function isAsAsked({ states }: TimedStarted): boolean {
  return Object.keys(states).every((state) => ['Scheduled', 'Pending', 'Running', 'Success'].includes(state));
}

function whyNone({ totals, reason }: TimedStarted): string {
  if (totals.targets === 0) return 'nothing carries these tags, or the group is empty; nothing was started';
  return reason ?? `none of ${totals.targets} instances can take it; nothing was started`;
}

function note(started: TimedStarted, rows: readonly InstanceRow[]): void {
  started.rows = [...started.rows, ...rows].slice(0, FAILURES_IN_RESULT);
}

function refused(reason: string): TimedRefused {
  return { outcome: 'refused', reason };
}
