/**
 * The port of src/activities/gate.ts over the worker's own Temporal client.
 *
 * The one rule: a gate that has ended is followed by one that knows what it held; otherwise a terminated gate would let
 * a second operation in beside the first.
 */
import { QueryNotRegisteredError, WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { Gates } from '../activities/gate';
import { GATE, GATE_SIGNALS, freshGateState, gateIdOf } from '../domain/gate';
import type { GateState } from '../domain/gate';
import { PROGRESS_QUERY, taskQueueOf } from '../domain/messages';

/** HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT: of a history only its last event. */
const CLOSE_EVENT = 2;
/** A run that continued as new more often than this between two looks is taken to be open: it is busy. */
const MOST_RUNS = 20;
/** A call that has no answer by then is made again at the next attempt. */
const ANSWERED_WITHIN_MS = 10_000;

export function createTemporalGates(client: Client, account: string): Gates {
  return {
    ask: (region, request) =>
      within(client, async () => {
        const workflowId = gateIdOf(account, region);
        await client.workflow.signalWithStart(GATE, {
          workflowId,
          taskQueue: taskQueueOf(account),
          args: [await stateToStartWith(client, workflowId, region)],
          signal: GATE_SIGNALS.request,
          signalArgs: [request],
          staticSummary: `who may disturb which instance of ${region}`,
        });
      }),
    async release(region, requestId) {
      try {
        await client.workflow.getHandle(gateIdOf(account, region)).signal(GATE_SIGNALS.release, requestId);
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },
    async openRun(workflowId, runId) {
      let run = runId;
      for (let hops = 0; hops < MOST_RUNS; hops += 1) {
        const status = await statusOf(client, workflowId, run);
        if (status !== 'CONTINUED_AS_NEW')
          return status === 'RUNNING' || status === 'PAUSED' ? run : undefined;
        const next = await runAfter(client, workflowId, run);
        if (next === undefined) return run;
        run = next;
      }
      return run;
    },
  };
}

function within<T>(client: Client, calls: () => Promise<T>): Promise<T> {
  return client.connection.withDeadline(Date.now() + ANSWERED_WITHIN_MS, calls);
}

/** What a gate started now has to know: nothing, or all that the one before it held when it ended. */
async function stateToStartWith(client: Client, workflowId: string, region: string): Promise<GateState> {
  const fresh = freshGateState(region);
  const status = await statusOf(client, workflowId);
  // One that is just continuing as new hands its state on itself.
  if (status === undefined || status === 'RUNNING' || status === 'CONTINUED_AS_NEW') return fresh;
  try {
    const last = await client.workflow.getHandle(workflowId).query<GateState>(PROGRESS_QUERY);
    return last.region === region ? { ...fresh, ...last, revived: true } : fresh;
  } catch (error) {
    // A gate that refused its input never held anything.
    if (error instanceof QueryNotRegisteredError || error instanceof WorkflowNotFoundError) return fresh;
    throw error;
  }
}

/** Temporal's word for the state of a workflow; `undefined` where there is none. */
async function statusOf(client: Client, workflowId: string, runId?: string): Promise<string | undefined> {
  try {
    return (await client.workflow.getHandle(workflowId, runId).describe()).status.name;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

async function runAfter(client: Client, workflowId: string, runId: string): Promise<string | undefined> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    historyEventFilterType: CLOSE_EVENT,
  });
  const last = history?.events?.at(-1);
  return last?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined;
}
