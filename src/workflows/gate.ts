/**
 * `gate`: keeps two disruptive operations of ours off one instance, and more than the policy allows off a group.
 *
 * Promise: never two holders of one key beyond its limit; first come, first served; a holder whose workflow has closed
 * is dropped within half a minute of somebody waiting for it; never ends. It decides nothing about instances.
 * Cancel and terminate are safe: who waits asks again within minutes, and the next gate takes over what this one held.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  getExternalWorkflowHandle,
  isCancellation,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { GateParty } from '../activities/gate';
import {
  GATE,
  GATE_ANSWER_SIGNAL,
  GATE_SIGNALS,
  ask,
  freshGateState,
  grantsOf,
  isGateRequest,
  release,
} from '../domain/gate';
import type { GateAnswer, GateRequest, GateState, GateStep } from '../domain/gate';
import { gateDetailsOf } from '../domain/gate-summary';
import { INVALID_INPUT, PROGRESS_QUERY } from '../domain/messages';
import { gating } from './proxies';
import { noteOperation } from './search-attributes';

/** A run of the gate lasts at most a day, idle or not, so that upgrades reach it and its history stays short. */
const LONGEST_RUN_MS = 24 * 3_600_000;
/** While somebody waits, holders are looked at this often. */
const LOOK_EVERY_MS = 30_000;
/** Workflows looked at in one look; the others are looked at in the next ones. */
const LOOKED_AT = 200;

export const gateRequestSignal = defineSignal<[GateRequest]>(GATE_SIGNALS.request);
export const gateReleaseSignal = defineSignal<[string]>(GATE_SIGNALS.release);
export const gateAnswerSignal = defineSignal<[GateAnswer]>(GATE_ANSWER_SIGNAL);
export const gateProgressQuery = defineQuery<GateState>(PROGRESS_QUERY);

export async function gate(carried: GateState): Promise<void> {
  refuseForeignId(carried);
  const keeper = new Keeper({ ...freshGateState(carried.region), ...carried });
  setHandler(gateRequestSignal, (request) => {
    if (isGateRequest(request)) keeper.apply((state) => ask(state, request, Date.now()));
  });
  setHandler(gateReleaseSignal, (requestId) =>
    keeper.apply((state) => release(state, [requestId], Date.now())),
  );
  setHandler(gateProgressQuery, () => keeper.state);
  noteOperation(GATE, { region: keeper.state.region });
  await keeper.keep();
  await condition(allHandlersFinished);
  await continueAsNew<typeof gate>(keeper.state);
}

class Keeper {
  private readonly outbox: GateAnswer[];
  private lookDue = true;
  private lookIsTimed = false;
  private dayIsOver = false;
  private looks = 0;
  /** Where the next look begins among more than can be looked at in one. */
  private place = 0;

  constructor(public state: GateState) {
    // A gate before this one may have ended before it heard of a release: who has gone on says so when told again.
    this.outbox = state.revived ? grantsOf(state) : [];
    delete this.state.revived;
  }

  apply(step: (state: GateState) => GateStep): void {
    const { state, answers } = step(this.state);
    this.state = state;
    this.outbox.push(...answers);
  }

  /** Tells, looks and waits until the run is over. */
  async keep(): Promise<void> {
    sleep(LONGEST_RUN_MS, { summary: 'then continues as new' }).then(
      () => (this.dayIsOver = true),
      () => undefined,
    );
    const wakes = (): boolean =>
      this.outbox.length > 0 || (this.state.waiting.length > 0 && this.lookDue) || this.runIsOver();
    for (;;) {
      setCurrentDetails(gateDetailsOf(this.state));
      await this.deliver();
      if (this.runIsOver()) break;
      if (this.state.waiting.length > 0 && this.lookDue) await this.look();
      else await condition(wakes);
    }
    // Nobody waits for those that were never released: they are dropped once a day.
    if (this.state.held.length > 0) await this.look();
    await this.deliver();
  }

  private runIsOver(): boolean {
    const { looksPerRun } = this.state;
    return (
      this.dayIsOver ||
      workflowInfo().continueAsNewSuggested ||
      (looksPerRun !== undefined && this.looks >= looksPerRun)
    );
  }

  /** Tells everybody in the outbox. Who cannot be told is closed: what it held or wanted is free. */
  private async deliver(): Promise<void> {
    while (this.outbox.length > 0) {
      const told = await Promise.all(this.outbox.splice(0).map(tell));
      const gone = told.filter((requestId) => requestId !== undefined);
      if (gone.length > 0) this.apply((state) => release(state, gone, Date.now()));
    }
  }

  /** Drops those whose workflow has closed. A failing look is reported and done again half a minute later. */
  private async look(): Promise<void> {
    this.lookDue = false;
    this.looks += 1;
    const parties = this.partiesToLookAt();
    const at = new Date().toISOString();
    try {
      const { closed, runs } = await gating.lookAtHolders({ parties });
      const known = this.withRuns(runs);
      this.apply(() => release(known, closed, Date.now()));
      this.state = { ...this.state, lastLook: { at, looked: parties.length, closed: closed.length } };
    } catch (error) {
      if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
      const why = error.cause instanceof Error ? error.cause.message : error.message;
      this.state = { ...this.state, lastLook: { at, looked: parties.length, closed: 0, error: why } };
    }
    if (this.lookIsTimed) return;
    this.lookIsTimed = true;
    sleep(LOOK_EVERY_MS, { summary: 'until the next look at holders' }).then(
      () => ((this.lookIsTimed = false), (this.lookDue = true)),
      () => undefined,
    );
  }

  private partiesToLookAt(): GateParty[] {
    const all = [...this.state.held, ...this.state.waiting];
    const from = this.place < all.length ? this.place : 0;
    this.place = from + LOOKED_AT;
    return all
      .slice(from, from + LOOKED_AT)
      .map(({ requestId, holder, runId }) => ({ requestId, holder, runId }));
  }

  private withRuns(runs: Record<string, string>): GateState {
    const renew = <T extends GateRequest>(each: T): T => ({
      ...each,
      runId: runs[each.requestId] ?? each.runId,
    });
    return { ...this.state, held: this.state.held.map(renew), waiting: this.state.waiting.map(renew) };
  }
}

/** @returns the requestId where nobody is there to be told */
async function tell(answer: GateAnswer): Promise<string | undefined> {
  try {
    await getExternalWorkflowHandle(answer.holder).signal(gateAnswerSignal, answer);
    return undefined;
  } catch (error) {
    if (isCancellation(error)) throw error;
    return answer.requestId;
  }
}

/** Only one gate a region: whoever starts it under another id gets an error instead of a second one. */
function refuseForeignId(state: GateState): void {
  const { workflowId } = workflowInfo();
  const [kind, account, region, ...rest] = workflowId.split('/');
  if (kind === 'gate' && account && rest.length === 0 && region === state?.region) return;
  const message = `gate runs under the id gate/<account>/<region> with input {"region": <region>}, not under ${workflowId}`;
  throw ApplicationFailure.create({ type: INVALID_INPUT, message, nonRetryable: true });
}
