/**
 * The faults a run must survive, as data: the rows drive test/skipping/run-command-faults.test.ts and are printed in
 * docs/operations.md (between the markers; the test compares). The oracle of each is the simulator's ledger.
 */
import type { FaultSpec } from '../../simulator/core/faults';
import type { RunCommandResult } from '../../src/domain/messages';

export interface FaultRow {
  /** What happens, for people. */
  fault: string;
  /** What holds all the same, for people. */
  holds: string;
  specs: FaultSpec[];
  instances: number;
  /** RunCommand effects in the ledger; default: one per batch of 100. */
  invocations?: number;
  outcome: RunCommandResult['outcome'];
  totals: Partial<RunCommandResult['totals']>;
  /** Some calls must have met the fault; negative control against a fault that never hit. Default true. */
  hits?: boolean;
}

const ONCE_PER_BATCH = 'exactly one invocation per batch: the same ClientToken on every attempt';
const WAITED_OUT = 'waited out with growing gaps; nothing lost, nothing twice';

const survived = (instances: number): Pick<FaultRow, 'instances' | 'outcome' | 'totals'> => ({
  instances,
  outcome: 'succeeded',
  totals: { targets: instances, Success: instances },
});

export const FAULT_TABLE: FaultRow[] = [
  {
    fault: 'RunCommand: connection reset after the command was accepted',
    holds: ONCE_PER_BATCH,
    specs: [{ action: 'RunCommand', kind: 'reset', phase: 'after', count: 2 }],
    ...survived(150),
  },
  {
    fault: 'RunCommand: connection reset before anything happened',
    holds: ONCE_PER_BATCH,
    specs: [{ action: 'RunCommand', kind: 'reset', phase: 'before', count: 2 }],
    ...survived(150),
  },
  {
    fault: 'RunCommand: 500 although it took effect',
    holds: ONCE_PER_BATCH,
    specs: [
      {
        action: 'RunCommand',
        kind: 'error',
        httpStatus: 500,
        code: 'InternalError',
        phase: 'after',
        count: 2,
      },
    ],
    ...survived(150),
  },
  {
    fault: 'RunCommand: 503 before the effect, three times',
    holds: WAITED_OUT,
    specs: [{ action: 'RunCommand', kind: 'error', httpStatus: 503, phase: 'before', count: 3 }],
    ...survived(150),
  },
  {
    fault: 'RunCommand: the HTML page of a proxy instead of the answer',
    holds: ONCE_PER_BATCH,
    specs: [{ action: 'RunCommand', kind: 'html', phase: 'after', count: 1 }],
    ...survived(150),
  },
  {
    fault: 'RunCommand: the answer is cut in the middle',
    holds: ONCE_PER_BATCH,
    specs: [{ action: 'RunCommand', kind: 'truncated', count: 1 }],
    ...survived(150),
  },
  {
    fault: 'RunCommand: ClientToken forgotten, the answer lost, then 11 minutes of 503',
    holds: 'found by its tags before it is sent again; one invocation',
    specs: [
      { kind: 'clientTokenLifetime', ms: 1_000 },
      { action: 'RunCommand', kind: 'reset', phase: 'after', count: 1 },
      { action: 'RunCommand', kind: 'error', httpStatus: 503, phase: 'before', count: 15, skip: 1 },
    ],
    ...survived(100),
  },
  {
    fault: 'any call: Throttling until the next minute',
    holds: 'that API is left alone until the minute ends; nothing lost',
    specs: [
      { action: 'RunCommand', kind: 'throttle', count: 1 },
      { action: 'DescribeInstances', kind: 'throttle', count: 1, code: 'Throttling' },
      {
        action: 'DescribeInvocationResults',
        kind: 'throttle',
        count: 1,
        code: 'Throttling.Api',
        httpStatus: 503,
      },
    ],
    ...survived(150),
  },
  {
    fault: 'any call: one in five answers 500 or 503 or breaks off',
    holds: WAITED_OUT,
    specs: [
      { kind: 'error', httpStatus: 503, phase: 'before', rate: 0.1 },
      { kind: 'error', httpStatus: 500, code: 'InternalError', phase: 'after', rate: 0.05 },
      { kind: 'reset', phase: 'after', rate: 0.05 },
    ],
    ...survived(120),
    hits: false,
  },
  {
    fault: 'reads: malformed JSON, cut bodies, unknown fields',
    holds: WAITED_OUT,
    specs: [
      { action: 'DescribeInstances', kind: 'malformedJson', count: 1 },
      { action: 'DescribeInvocationResults', kind: 'truncated', count: 1 },
      { action: '*', kind: 'unknownFields' },
    ],
    ...survived(120),
  },
  {
    fault: 'DescribeInvocations: a new invocation is not listed for 20 s',
    holds: 'not yet visible is neither an end nor a reason to send again',
    specs: [{ action: 'DescribeInvocations', kind: 'visibilityLag', ms: 20_000 }],
    ...survived(3),
    hits: false,
  },
  {
    fault: 'DescribeInvocations: a status nobody knows',
    holds: 'not an end; the wait goes on',
    specs: [{ action: 'DescribeInvocations', kind: 'unknownStatus', count: 4 }],
    ...survived(3),
  },
  {
    fault: 'DescribeInvocationResults: a NextToken is answered again',
    holds: 'the list is read again from the start; every row exactly once',
    specs: [{ action: 'DescribeInvocationResults', kind: 'repeatedToken', count: 1, skip: 1 }],
    ...survived(100),
  },
  {
    fault: 'DescribeInvocationResults: pages shift while they are read (rows repeated)',
    holds: 'every row exactly once',
    specs: [{ action: 'DescribeInvocationResults', kind: 'pageShift', by: -10, count: 1, skip: 1 }],
    ...survived(100),
  },
  {
    fault: 'DescribeInvocationResults: pages shift while they are read (rows skipped)',
    holds: 'the missing rows are read again; every row exactly once',
    specs: [{ action: 'DescribeInvocationResults', kind: 'pageShift', by: 10, count: 1, skip: 1 }],
    ...survived(100),
  },
  {
    fault: 'the record of the invocation is purged',
    holds: 'lost output, said as such (Unknown); never "running for ever", never sent again',
    specs: [{ action: ['DescribeInvocations', 'DescribeInvocationResults'], kind: 'purgedRecords' }],
    instances: 3,
    outcome: 'failed',
    totals: { targets: 3, Unknown: 3 },
    hits: false,
  },
  {
    fault: 'RunCommand: refused for good (Forbidden, bad request)',
    holds: 'NotStarted, with the code and the request id; no retry',
    specs: [{ action: 'RunCommand', kind: 'error', httpStatus: 403, code: 'Forbidden.RAM' }],
    instances: 3,
    invocations: 0,
    outcome: 'failed',
    totals: { targets: 3, NotStarted: 3 },
  },
  {
    fault: 'RunCommand: ClientToken used before with other parameters',
    holds: 'NotStarted, with the code; no retry',
    specs: [{ action: 'RunCommand', kind: 'error', httpStatus: 403, code: 'IdempotentParameterMismatch' }],
    instances: 3,
    invocations: 0,
    outcome: 'failed',
    totals: { targets: 3, NotStarted: 3 },
  },
  {
    fault: 'RunCommand: no answer for half an hour',
    holds: 'given up; Unknown with the last error, never repeated blindly',
    specs: [{ action: 'RunCommand', kind: 'error', httpStatus: 503, phase: 'before' }],
    instances: 3,
    invocations: 0,
    outcome: 'failed',
    totals: { targets: 3, Unknown: 3 },
  },
];

/** The table as it stands in docs/operations.md. */
export function faultTableAsMarkdown(): string {
  const rows = FAULT_TABLE.map(
    (row) =>
      `| ${row.fault} | ${row.holds} | ${Object.entries(row.totals)
        .map(([k, v]) => `${k} ${v}`)
        .slice(1)
        .join(', ')} |`,
  );
  return ['| fault | what holds | instances end as |', '| --- | --- | --- |', ...rows].join('\n');
}
