/** What runs look like: every row has its reason, nothing machines said can harm a terminal, and tables fit it. */
import {
  clock,
  droppedHint,
  outputsText,
  progressKey,
  progressLine,
  resultText,
  rowsCsv,
  rowsTable,
} from '../../src/cli/render';
import type { InstanceRow, RunCommandProgress, RunCommandResult } from '../../src/domain/messages';
import { emptyTotals } from '../../src/domain/rows';

const GOOD: InstanceRow = {
  instanceId: 'i-good',
  outcome: 'Success',
  exitCode: 0,
  firstLine: 'MemTotal: 16 kB',
  startedAt: '2025-01-01T00:00:00Z',
  finishedAt: '2025-01-01T00:01:05Z',
};
const BAD: InstanceRow = {
  instanceId: 'i-bad',
  outcome: 'Failed',
  exitCode: 1,
  firstLine: 'cat: no such file',
  reason: 'exit code 1',
};
const UNFIT: InstanceRow = { instanceId: 'i-unfit', outcome: 'Unfit', reason: 'instance is Stopped' };

const PROGRESS: RunCommandProgress = {
  phase: 'waiting',
  region: 'cn-hangzhou',
  targets: 100,
  batches: { total: 1, dispatched: 1, ended: 0 },
  states: { Success: 90, Running: 10, Failed: 0 },
  invokeIds: ['t-1'],
  startedAt: '2025-01-01T00:00:00Z',
};

function resultOf(rows: InstanceRow[], change: Partial<RunCommandResult> = {}): RunCommandResult {
  return {
    outcome: 'partly-failed',
    summary: '1 of 3 instances succeeded: 1 Failed, 1 Unfit',
    region: 'cn-hangzhou',
    totals: { ...emptyTotals(), targets: rows.length },
    rows,
    rowsTruncated: false,
    invocations: [],
    resultStore: { workflowId: 'w', runId: 'r', path: '/p', rows: rows.length },
    startedAt: '2025-01-01T00:00:00Z',
    finishedAt: '2025-01-01T00:01:00Z',
    ...change,
  };
}

test('a table has one row an instance, with the reason where it did not succeed', () => {
  expect(rowsTable([GOOD, BAD, UNFIT]).split('\n')).toEqual([
    'INSTANCE  OUTCOME  EXIT  TIME  OUTPUT',
    'i-good    Success  0     1:05  MemTotal: 16 kB',
    'i-bad     Failed   1     -     exit code 1: cat: no such file',
    'i-unfit   Unfit    -     -     instance is Stopped',
  ]);
});

test('a table fits the terminal', () => {
  const long = { ...GOOD, firstLine: 'x'.repeat(119) };
  for (const line of rowsTable([long], 60).split('\n')) expect(line.length).toBeLessThanOrEqual(60);
  expect(rowsTable([long])).toContain('x'.repeat(119));
});

test('what an instance said cannot drive the terminal', () => {
  const hostile = { ...BAD, firstLine: '\u001b[2Jgone', reason: '\u001b]0;title\u0007bad\nworse' };
  const store = { ...hostile, output: '\u001b[31mred\r\nnext\u0007' };
  for (const text of [rowsTable([hostile]), outputsText([store]), resultText(resultOf([hostile]))]) {
    expect(text).not.toMatch(/(?!\n)\p{Cc}/u);
  }
});

test('a result ends with its summary, and says so where rows are missing', () => {
  expect(
    resultText(resultOf([GOOD]))
      .split('\n')
      .at(-1),
  ).toBe('1 of 3 instances succeeded: 1 Failed, 1 Unfit');
  const cut = resultOf([BAD], { rowsTruncated: true, totals: { ...emptyTotals(), targets: 1200 } });
  expect(resultText(cut)).toContain('1 of 1200 rows shown');
  expect(resultText(resultOf([], { summary: 'No instance matches.' }))).toBe('No instance matches.');
});

test('progress counts states in the order instances pass them, and leaves out what is none', () => {
  expect(progressLine(PROGRESS, new Date('2025-01-01T00:00:05Z'))).toBe(
    'waiting: 10 Running, 90 Success (100 instances, 0:05)',
  );
  const started = { ...PROGRESS, phase: 'resolving', targets: undefined, states: {} } as const;
  expect(progressLine(started, new Date('2025-01-01T01:00:00Z'))).toBe('finding the instances (1:00:00)');
  const batches = {
    ...PROGRESS,
    batches: { total: 3, dispatched: 2, ended: 1 },
    states: { Odd: 1, Success: 2, Sent: 3 },
  };
  expect(progressLine(batches, new Date('2025-01-01T00:00:00Z'))).toBe(
    'waiting: 3 Sent, 1 Odd, 2 Success (100 instances, batch 1 of 3 done, 0:00)',
  );
});

test('a plain log gets a line when something changed, not because time passed', () => {
  expect(progressKey(PROGRESS)).toBe(progressKey({ ...PROGRESS, startedAt: 'later' }));
  expect(progressKey(PROGRESS)).not.toBe(progressKey({ ...PROGRESS, states: { Success: 100 } }));
});

test('whole outputs, each under its instance', () => {
  const text = outputsText([
    { ...GOOD, output: 'one\ntwo\n', droppedBytes: 7 },
    { ...BAD, outputBase64: '/w==' },
  ]);
  expect(text).toBe(
    [
      '== i-good: Success, exit code 0, Dropped: 7 bytes of output',
      'one\ntwo',
      '',
      '== i-bad: Failed, exit code 1',
      '   exit code 1',
      '   (not text; the bytes in Base64:)',
      '/w==',
    ].join('\n'),
  );
});

test('what was dropped is told, with a hint where it was delivered nowhere', () => {
  const cut = { ...GOOD, droppedBytes: 70_000 };
  const kept = { ...cut, ossUri: 'oss://b/x.txt', ossStatus: 'Finished' };
  const lost = { ...cut, ossStatus: 'Failed', ossError: 'NoSuchBucket: none' };
  expect(rowsTable([cut])).toContain('(Dropped: 70000 bytes)');
  expect(outputsText([kept])).toContain('   OSS Finished oss://b/x.txt');
  expect(outputsText([lost])).toContain('   OSS Failed: NoSuchBucket: none');
  expect(droppedHint([GOOD, kept])).toBeUndefined();
  expect(droppedHint([cut, kept])).toBe(
    'Of 1 instance the API dropped a part of the output; --oss-output oss://BUCKET/PREFIX keeps it whole.',
  );
  expect(droppedHint([lost])).toBe('The output of 1 instance did not reach OSS: NoSuchBucket: none');
});

test('CSV has a head, one line a row, and no formulas', () => {
  const csv = rowsCsv([{ ...GOOD, output: '=HYPERLINK("http://evil")' }]);
  expect(csv.split('\r\n')).toEqual([
    'instanceId,outcome,status,exitCode,startedAt,finishedAt,reason,droppedBytes,ossUri,ossStatus,ossError,invokeId,output',
    'i-good,Success,,0,2025-01-01T00:00:00Z,2025-01-01T00:01:05Z,,,,,,,"\'=HYPERLINK(""http://evil"")"',
  ]);
});

test.each([
  [0, '0:00'],
  [65_000, '1:05'],
  [3_600_000, '1:00:00'],
  [-5, '0:00'],
])('%d ms is %s', (milliseconds, text) => {
  expect(clock(milliseconds)).toBe(text);
});
