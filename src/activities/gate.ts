/**
 * Asking the region's gate for keys, giving them back, and the gate's own look at whether its holders are still open.
 *
 * The one rule: asking is repeated until who asks has its answer, so a request or a grant that was lost, or a gate that
 * has ended, costs time and nothing else.
 */
import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { GateRequest } from '../domain/gate';
import { lookGapMs } from '../domain/waiting';

/** A holder or waiter, as far as it takes to find out whether it is open. */
export interface GateParty {
  requestId: string;
  holder: string;
  runId: string;
}

export interface PartiesVerdict {
  /** requestIds of those whose workflow is closed. */
  closed: string[];
  /** Those that have continued as new: their present run, by requestId. */
  runs: Record<string, string>;
}

/** The small port to Temporal's client for the gate. */
export interface Gates {
  /** Signals the region's gate, starting it where none runs, with what an ended one held (signal with start). */
  ask(region: string, request: GateRequest): Promise<void>;
  /** Signals the gate; nothing where none runs. */
  release(region: string, requestId: string): Promise<void>;
  /** The run this one has become by continuing as new, or `undefined` where it is closed. */
  openRun(workflowId: string, runId: string): Promise<string | undefined>;
}

/** What a workflow asks for; who asks is known from where the activity was scheduled. */
export type GateAsk = Omit<GateRequest, 'holder' | 'runId'> & { region: string };

export interface GateActivities {
  /** Never succeeds: every attempt asks once and fails BENIGN. The gate's answer, or a deadline, cancels it. */
  askGate(request: GateAsk): Promise<void>;
  releaseGate(request: { region: string; requestId: string }): Promise<void>;
  lookAtHolders(request: { parties: GateParty[] }): Promise<PartiesVerdict>;
}

/** Workflows looked at at once. */
const LOOKS_AT_ONCE = 10;

export function createGateActivities(gates: Gates): GateActivities {
  return {
    askGate: async ({ region, ...request }) => {
      const { currentAttemptScheduledTimestampMs: now, workflowExecution } = activityInfo();
      const { workflowId: holder = '', runId = '' } = workflowExecution ?? {};
      await gates.ask(region, { ...request, holder, runId });
      const gap = lookGapMs(now - request.askedAt);
      throw ApplicationFailure.create({
        type: 'NotYet',
        message: `the gate of ${region} has not granted it yet; asking again in ${gap / 1000} s`,
        nextRetryDelay: gap,
        category: ApplicationFailureCategory.BENIGN,
      });
    },

    releaseGate: ({ region, requestId }) => gates.release(region, requestId),

    lookAtHolders: async ({ parties }) => {
      const verdict: PartiesVerdict = { closed: [], runs: {} };
      const queue = [...parties];
      const lane = async (): Promise<void> => {
        for (let party = queue.shift(); party; party = queue.shift()) {
          const { requestId, holder, runId } = party;
          const open = await gates.openRun(holder, runId);
          if (open === undefined) verdict.closed.push(requestId);
          else if (open !== runId) verdict.runs[requestId] = open;
        }
      };
      await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, lane));
      return verdict;
    },
  };
}
