/**
 * Snapshots through the SDK: progress by the size of the disk, quicker after an earlier one, never two at a time,
 * and what cannot be deleted.
 */
import * as Models from '@alicloud/ecs20140526';
import { join } from 'node:path';
import { temporaryDirectory } from '../support/temporary';
import { codeOf } from './support/assistant';
import { faultsOf, gapsOf } from './support/model-check';
import type { WithSdk } from './support/sdk';
import { driven, eachDriven, REGION } from './support/sdk';

const sim = eachDriven({ durations: { snapshot: 5_000, snapshotPerGiB: 2_000 } });
const FIRST_MS = 5_000 + 40 * 2_000;
const LATER_MS = 5_000 + 40 * 200;

type Row = Models.DescribeSnapshotsResponseBodySnapshotsSnapshot;
async function list(over: Record<string, unknown> = {}, of: WithSdk = sim()): Promise<Row[]> {
  const request = new Models.DescribeSnapshotsRequest({ regionId: REGION, ...over });
  return (await of.sdk.describeSnapshots(request)).body?.snapshots?.snapshot ?? [];
}
const one = async (snapshotId: string): Promise<Row | undefined> =>
  (await list({ snapshotIds: JSON.stringify([snapshotId]) }))[0];
async function systemDisk(of: WithSdk = sim()): Promise<string> {
  const request = new Models.DescribeDisksRequest({ regionId: REGION, instanceId: of.instanceIds[0] });
  return (await of.sdk.describeDisks(request)).body?.disks?.disk?.[0]?.diskId ?? '';
}
async function take(over: Record<string, unknown> = {}, of: WithSdk = sim()): Promise<string> {
  const request = new Models.CreateSnapshotRequest({ diskId: await systemDisk(of), ...over });
  return (await of.sdk.createSnapshot(request)).body?.snapshotId ?? '';
}
const drop = (snapshotId: string, force?: boolean): Promise<unknown> =>
  sim().sdk.deleteSnapshot(new Models.DeleteSnapshotRequest({ snapshotId, force }));

test('a snapshot progresses with time; the next one of the disk takes a tenth', async () => {
  const snapshotId = await take({ snapshotName: 'first', retentionDays: 7 });
  expect(await one(snapshotId)).toMatchObject({
    status: 'progressing',
    progress: '0%',
    remainTime: FIRST_MS / 1_000,
  });
  await sim().control.advance(FIRST_MS / 2);
  expect(await one(snapshotId)).toMatchObject({ progress: '50%', available: false, sourceDiskSize: '40' });
  expect(await codeOf(take())).toBe('403 IncorrectDiskStatus.CreatingSnapshot');
  await sim().control.advance(FIRST_MS / 2);
  expect(await one(snapshotId)).toMatchObject({
    status: 'accomplished',
    progress: '100%',
    remainTime: 0,
    usage: 'none',
  });
  const second = await take();
  await sim().control.advance(LATER_MS);
  expect((await one(second))?.status).toBe('accomplished');
});

test('a ClientToken makes one snapshot of two calls', async () => {
  const [a, b] = [await take({ clientToken: 'once' }), await take({ clientToken: 'once' })];
  expect(a).toBe(b);
  expect(await sim().control.effects('snapshot.created')).toHaveLength(1);
  expect(await codeOf(take({ clientToken: 'once', snapshotName: 'other' }))).toBe(
    '403 IdempotentParameterMismatch',
  );
});

test('no snapshot is made of a disk that is in use by an instance locked for security', async () => {
  const [first = ''] = sim().instanceIds;
  await sim().control.updateInstance(first, { locks: [{ reason: 'security' }] });
  expect(await codeOf(take())).toBe('403 InstanceLockedForSecurity');
});

test('a snapshot under a disk is deleted by force only, an unknown one is ignored, and retention ends', async () => {
  const snapshotId = await take({ retentionDays: 1 });
  await sim().control.advance(FIRST_MS);
  const disk = { regionId: REGION, zoneId: 'cn-hangzhou-h', snapshotId };
  await sim().sdk.createDisk(new Models.CreateDiskRequest(disk));
  expect((await list({ usage: 'disk' })).map((row) => row.snapshotId)).toEqual([snapshotId]);
  expect(await codeOf(drop(snapshotId))).toBe('403 SnapshotCreatedDisk');
  await drop(snapshotId, true);
  await drop('s-unknown');
  expect(await list()).toEqual([]);
  const other = await take({ retentionDays: 1 });
  await sim().control.advance(86_400_000 - 1);
  expect(await one(other)).toBeDefined();
  await sim().control.advance(1);
  expect(await one(other)).toBeUndefined();
});

test.each([
  ['an unknown disk', { diskId: 'd-none' }, '404 InvalidDiskId.NotFound'],
  ['a name like that of an automatic one', { snapshotName: 'auto-1' }, '400 InvalidSnapshotName.Malformed'],
  ['a short name', { snapshotName: 'x' }, '400 InvalidSnapshotName.Malformed'],
  ['no disk', { diskId: '' }, '400 MissingDiskId'],
])('CreateSnapshot of %s is refused', async (_what, over, code) => {
  expect(await codeOf(take(over))).toBe(code);
});

test('a disk that was never attached has nothing to copy; one of a starting instance must wait', async () => {
  const disk = { regionId: REGION, zoneId: 'cn-hangzhou-h', size: 20 };
  const made = await sim().sdk.createDisk(new Models.CreateDiskRequest(disk));
  expect(await codeOf(take({ diskId: made.body?.diskId }))).toBe('403 IncorrectDiskStatus');
  await sim().control.advance(2_000);
  expect(await codeOf(take({ diskId: made.body?.diskId }))).toBe('403 IncorrectDiskStatus.NeverAttached');
  await sim().control.updateInstance(sim().instanceIds[0] ?? '', { status: 'Starting' });
  expect(await codeOf(take())).toBe('400 IncorrectInstanceStatus');
});

test('snapshots are found by what they are, and answer what the SDK describes', async () => {
  const tag = [new Models.CreateSnapshotRequestTag({ key: 'run', value: '7' })];
  const snapshotId = await take({ snapshotName: 'named', tag });
  const found = async (over: Record<string, unknown>): Promise<number> => (await list(over)).length;
  expect(await found({ snapshotName: 'named', status: 'progressing', sourceDiskType: 'system' })).toBe(1);
  expect(await found({ instanceId: sim().instanceIds[0], diskId: await systemDisk() })).toBe(1);
  expect(await found({ tag: [new Models.DescribeSnapshotsRequestTag({ key: 'run' })] })).toBe(1);
  expect(await found({ status: 'accomplished' })).toBe(0);
  expect(await found({ snapshotType: 'auto' })).toBe(0);
  const tags = await sim().ok('ListTagResources', { ResourceType: 'snapshot', 'ResourceId.1': snapshotId });
  expect(tags['TagResources']).toMatchObject({ TagResource: [{ TagKey: 'run', TagValue: '7' }] });
  const body = await sim().ok('DescribeSnapshots', { MaxResults: '10' });
  expect(faultsOf(body, Models.DescribeSnapshotsResponseBody)).toEqual([]);
  expect(gapsOf(body, Models.DescribeSnapshotsResponseBody)).toEqual([]);
  expect(await sim().fails('DescribeSnapshots', { Status: 'lost' })).toBe('404 InvalidStatus.NotFound');
  expect(await sim().fails('DescribeSnapshots', { SnapshotIds: 's-1' })).toBe(
    '403 InvalidSnapshotIds.Malformed',
  );
  expect((await sim().control.counts()).unknownParameters).toEqual({});
});

test('a snapshot goes on after a restart', async () => {
  const stateFile = join(temporaryDirectory(), 'state.json');
  const before = await driven({ stateFile, instances: 1 });
  await take({}, before);
  await before.close();
  const after = await driven({ stateFile });
  try {
    expect((await list({}, after))[0]?.status).toBe('progressing');
    await after.control.advance(FIRST_MS);
    expect((await list({}, after))[0]?.status).toBe('accomplished');
    expect(await after.control.effects('snapshot.accomplished')).toHaveLength(1);
  } finally {
    await after.close();
  }
});
