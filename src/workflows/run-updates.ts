/**
 * What people may say to a run while it goes on: pause, resume, approve, setLimits, abort.
 *
 * The one rule: a refusal changes nothing and says why; what was taken holds from the next batch on. None of these
 * touches what is under way: that is what a cancel does.
 */
import { defineUpdate, setHandler } from '@temporalio/workflow';
import { RUN_UPDATES } from '../domain/messages';
import type { RateControl } from '../domain/messages';
import { amountError, awaitsApproval, errorsOf, instancesOf, reasonToStop } from '../domain/rate';
import type { RunState } from '../domain/run-state';

type NewLimits = Pick<RateControl, 'maxConcurrency' | 'maxErrors'>;

export const pauseUpdate = defineUpdate<string, []>(RUN_UPDATES.pause);
export const resumeUpdate = defineUpdate<string, []>(RUN_UPDATES.resume);
export const approveRunUpdate = defineUpdate<string, []>(RUN_UPDATES.approve);
export const setLimitsUpdate = defineUpdate<string, [NewLimits]>(RUN_UPDATES.setLimits);
export const abortUpdate = defineUpdate<string, []>(RUN_UPDATES.abort);

/** Registers the handlers; before the first await of the workflow. `changed` shows the new state to people. */
export function acceptUpdates(state: RunState, changed: () => void): void {
  const after = (answer: () => string) => (): string => {
    const text = answer();
    changed();
    return text;
  };
  const pause = after(() => {
    state.paused = true;
    return `paused: nothing further is sent; ${underWay(state)} end as they would`;
  });
  setHandler(pauseUpdate, pause, {
    validator: () => {
      refuseNothingLeft(state);
      if (state.paused) throw new Error('it is paused already');
    },
  });
  const resume = after(() => {
    state.paused = false;
    return 'goes on';
  });
  setHandler(resumeUpdate, resume, {
    validator: () => {
      refuseNothingLeft(state);
      if (!state.paused) throw new Error('it is not paused');
    },
  });
  const approve = after(() => {
    state.approved = true;
    return `approved: goes on with the other ${state.planned - state.next} instances`;
  });
  setHandler(approveRunUpdate, approve, {
    validator: () => {
      refuseNothingLeft(state);
      if (!state.needsApproval) throw new Error('it asks for no approval');
      if (state.approved) throw new Error('it is approved already');
      if (!awaitsApproval(state))
        throw new Error('its canary has not ended yet; there is nothing to judge by');
    },
  });
  const abort = after(() => {
    state.stopped = 'it was aborted';
    return `aborted: nothing further is sent; ${underWay(state)} end as they would`;
  });
  setHandler(abortUpdate, abort, { validator: () => refuseNothingLeft(state) });
  acceptLimits(state, changed);
}

function acceptLimits(state: RunState, changed: () => void): void {
  const setLimits = ({ maxConcurrency, maxErrors }: NewLimits): string => {
    const { limits, planned } = state;
    if (maxConcurrency !== undefined) limits.maxConcurrency = instancesOf(maxConcurrency, planned, 1);
    if (maxErrors !== undefined) limits.maxErrors = instancesOf(maxErrors, planned, 0);
    state.stopped ??= reasonToStop(state);
    changed();
    return `at most ${limits.maxConcurrency} instances at once, at most ${limits.maxErrors} errors (${errorsOf(state.totals)} so far)`;
  };
  setHandler(setLimitsUpdate, setLimits, {
    validator: (given) => {
      refuseNothingLeft(state);
      const { maxConcurrency, maxErrors } = (given ?? {}) as NewLimits;
      if (state.phase === 'resolving')
        throw new Error('its targets are still being read; try again in a moment');
      const errors = [
        maxConcurrency === undefined ? undefined : amountError(maxConcurrency, 1),
        maxErrors === undefined ? undefined : amountError(maxErrors, 0),
      ].map((error, at) => error && `${at === 0 ? 'maxConcurrency' : 'maxErrors'} ${error}`);
      if (maxConcurrency === undefined && maxErrors === undefined)
        errors.push('give maxConcurrency, maxErrors or both');
      const told = errors.filter((error) => error !== undefined);
      if (told.length > 0) throw new Error(told.join('; '));
    },
  });
}

function refuseNothingLeft(state: RunState): void {
  if (state.stopped !== undefined) throw new Error(`it starts nothing further: ${state.stopped}`);
  const allSent = state.phase !== 'resolving' && state.next >= state.planned;
  if (allSent || state.phase === 'done')
    throw new Error('everything has been sent already; to stop it, cancel it');
}

function underWay(state: RunState): string {
  const instances = state.batches.reduce((sum, batch) => sum + batch.instances, 0);
  return `${instances} instances under way`;
}
