import { appendFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InstanceRow, StoredRow } from '../../src/domain/messages';
import { assertResultSize, rowOf, rowsForResult } from '../../src/domain/rows';
import type { RawRow } from '../../src/domain/rows';
import { createFileResultStore, readRows } from '../../src/results/store';

const KEY = { workflowId: 'run-x/2026 ü', runId: 'r-1' };

describe('the result store', () => {
  let directory: string;
  beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'steward-results-'))));
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const row = (instanceId: string, over: Partial<StoredRow> = {}): StoredRow => ({
    instanceId,
    outcome: 'Success',
    ...over,
  });

  it('returns the last row of each instance, in the order of first appearance', async () => {
    const store = createFileResultStore(directory);
    await store.append(KEY, [row('i-a', { outcome: 'Unknown' }), row('i-b')]);
    await store.append(KEY, [row('i-a')]);
    expect(await readRows(store.pathOf(KEY))).toEqual([row('i-a'), row('i-b')]);
  });

  it('loses only the row a crash cut in the middle, and none written after it', async () => {
    const store = createFileResultStore(directory);
    await store.append(KEY, [row('i-a')]);
    await appendFile(store.pathOf(KEY), '{"instanceId":"i-b","outco');
    await store.append(KEY, [row('i-c')]);
    expect((await readRows(store.pathOf(KEY))).map((each) => each.instanceId)).toEqual(['i-a', 'i-c']);
  });

  it('is readable by its owner only and named safely whatever the workflow id is', async () => {
    const store = createFileResultStore(directory);
    const key = { workflowId: '../../etc/passwd', runId: 'r' };
    await store.append(key, [row('i-a')]);
    expect(store.pathOf(key).startsWith(`${directory}/`)).toBe(true);
    expect(store.pathOf(key).slice(directory.length + 1)).not.toContain('/');
    expect((await stat(store.pathOf(key))).mode & 0o777).toBe(0o600);
    expect(store.pathOf({ ...key, workflowId: '..-..-etc-passwd' })).not.toBe(store.pathOf(key));
  });
});

describe('a row', () => {
  const raw = (over: Partial<RawRow>): RawRow => ({
    instanceId: 'i-a',
    status: 'Success',
    exitCode: 0,
    errorCode: '',
    errorInfo: '',
    startedAt: '',
    finishedAt: '',
    text: '',
    dropped: 0,
    ...over,
  });

  it.each([
    ['Success', 0, 'Success', undefined],
    ['Failed', 3, 'Failed', 'exit code 3'],
    ['Finished', 0, 'Success', undefined],
    ['Finished', 1, 'Failed', undefined],
    ['Invalid', undefined, 'Failed', undefined],
    ['Aborted', undefined, 'Failed', undefined],
    ['Error', undefined, 'Failed', undefined],
    ['Timeout', undefined, 'Timeout', undefined],
    ['Terminated', undefined, 'Stopped', 'stopped while running'],
    ['Cancelled', undefined, 'Stopped', 'cancelled before it started'],
  ])('of status %s with exit code %s is %s', (status, exitCode, outcome, reason) => {
    const row = rowOf(raw({ status, exitCode }));
    expect(row?.outcome).toBe(outcome);
    if (reason !== undefined) expect(row?.reason).toBe(reason);
  });

  it('tells of the delivery to OSS where one was asked for', () => {
    const oss = { uri: 'oss://b/x', status: 'Finished', errorCode: '', errorInfo: '' };
    expect(rowOf(raw({ oss }))).toMatchObject({ ossUri: 'oss://b/x', ossStatus: 'Finished' });
    const failed = { uri: '', status: 'Failed', errorCode: 'NoSuchBucket', errorInfo: 'No\u001b[2J such.' };
    const row = rowOf(raw({ oss: failed }));
    expect(row).toMatchObject({ ossStatus: 'Failed', ossError: 'NoSuchBucket: No such.' });
    expect(row).not.toHaveProperty('ossUri');
    const none = rowOf(raw({ oss: { uri: '', status: '', errorCode: '', errorInfo: '' } }));
    expect(Object.keys(none ?? {}).filter((key) => key.startsWith('oss'))).toEqual([]);
  });

  it.each(['Running', 'Pending', 'Scheduled', 'Stopping', 'SomethingNew', ''])(
    'of status %p is not an end',
    (status) => {
      expect(rowOf(raw({ status, exitCode: undefined }))).toBeUndefined();
    },
  );

  it('says why, for everything that did not succeed', () => {
    const row = rowOf(
      raw({
        status: 'Aborted',
        exitCode: undefined,
        errorCode: 'InstanceNotRunning',
        errorInfo: 'not running.',
      }),
    );
    expect(row?.reason).toBe('InstanceNotRunning: not running.');
  });
});

describe('rows of a result', () => {
  const rows = (n: number, outcome: InstanceRow['outcome'], text = ''): InstanceRow[] =>
    Array.from({ length: n }, (_, i) => ({ instanceId: `i-${outcome}${i}`, outcome, firstLine: text }));

  it('are all there up to 100 targets', () => {
    expect(rowsForResult(rows(100, 'Success'), 100)).toMatchObject({
      truncated: false,
      rows: { length: 100 },
    });
  });

  it('are the first 50 that did not succeed above that', () => {
    const shown = rowsForResult([...rows(100, 'Success'), ...rows(60, 'Failed')], 160);
    expect([shown.rows.length, shown.truncated, shown.rows.every((row) => row.outcome === 'Failed')]).toEqual(
      [50, true, true],
    );
  });

  it('never make a result over 256 KB, even of multi-byte text', () => {
    const shown = rowsForResult(rows(100, 'Failed', '界'.repeat(3_000)), 100);
    expect(Buffer.byteLength(JSON.stringify(shown))).toBeLessThan(256 * 1024);
    expect(shown.truncated).toBe(true);
  });

  it('are guarded by an assertion', () => {
    expect(() => assertResultSize({ text: 'x'.repeat(300_000) })).toThrow(RangeError);
  });
});
