/**
 * Disks through the SDK: made, attached, detached, kept after their instance, deleted; in driven time, and over a
 * restart.
 */
import * as Models from '@alicloud/ecs20140526';
import { join } from 'node:path';
import { temporaryDirectory } from '../support/temporary';
import { codeOf } from './support/assistant';
import { faultsOf, gapsOf } from './support/model-check';
import type { WithSdk } from './support/sdk';
import { driven, eachDriven, REGION, second, START } from './support/sdk';

const sim = eachDriven();
const first = (): string => sim().instanceIds[0] ?? '';
const ZONE = 'cn-hangzhou-h';

type DiskRow = Models.DescribeDisksResponseBodyDisksDisk;
async function disks(over: Record<string, unknown> = {}, of: WithSdk = sim()): Promise<DiskRow[]> {
  const { body } = await of.sdk.describeDisks(new Models.DescribeDisksRequest({ regionId: REGION, ...over }));
  return body?.disks?.disk ?? [];
}
const one = async (diskId: string): Promise<DiskRow | undefined> =>
  (await disks({ diskIds: JSON.stringify([diskId]) }))[0];
const make = async (over: Record<string, unknown> = {}): Promise<string> => {
  const request = new Models.CreateDiskRequest({ regionId: REGION, zoneId: ZONE, size: 50, ...over });
  return (await sim().sdk.createDisk(request)).body?.diskId ?? '';
};
const attach = (diskId: string, over: Record<string, unknown> = {}): Promise<unknown> =>
  sim().sdk.attachDisk(new Models.AttachDiskRequest({ diskId, instanceId: first(), ...over }));
const detach = (diskId: string, instanceId = first()): Promise<unknown> =>
  sim().sdk.detachDisk(new Models.DetachDiskRequest({ diskId, instanceId }));
const modify = (diskId: string, over: Record<string, unknown>): Promise<unknown> =>
  sim().sdk.modifyDiskAttribute(new Models.ModifyDiskAttributeRequest({ diskId, ...over }));
const systemDisk = async (): Promise<string> =>
  (await disks({ instanceId: first(), diskType: 'system' }))[0]?.diskId ?? '';

test('a disk is made, attached, detached and deleted, each taking its time', async () => {
  const diskId = await make({
    diskName: 'store',
    tag: [new Models.CreateDiskRequestTag({ key: 'a', value: 'b' })],
  });
  expect(await one(diskId)).toMatchObject({ status: 'Creating', type: 'data', size: 50, diskName: 'store' });
  expect(await codeOf(attach(diskId))).toBe('403 DiskId.StatusNotSupported');
  await sim().control.advance(2_000);
  await attach(diskId, { deleteWithInstance: true });
  expect(await one(diskId)).toMatchObject({ status: 'Attaching', instanceId: first() });
  expect(await codeOf(attach(diskId))).toBe('404 InvalidDisk.InUse');
  await sim().control.advance(2_000);
  const attached = await one(diskId);
  expect(attached).toMatchObject({ status: 'In_use', device: '/dev/xvdb', deleteWithInstance: true });
  expect(attached?.attachments?.attachment?.[0]?.instanceId).toBe(first());
  // In published answers with seconds, at both places, whatever the documents say.
  expect(attached?.attachedTime).toBe(second(START + 2_000));
  expect(attached?.attachments?.attachment?.[0]?.attachedTime).toBe(second(START + 2_000));
  expect(await codeOf(sim().sdk.deleteDisk(new Models.DeleteDiskRequest({ diskId })))).toBe(
    '403 IncorrectDiskStatus',
  );
  await detach(diskId);
  expect((await one(diskId))?.status).toBe('Detaching');
  await sim().control.advance(2_000);
  expect(await one(diskId)).toMatchObject({
    status: 'Available',
    instanceId: '',
    detachedTime: expect.stringMatching(/Z$/),
  });
  await sim().sdk.deleteDisk(new Models.DeleteDiskRequest({ diskId }));
  expect(await one(diskId)).toBeUndefined();
  // Asked again, the service ignores what is not there.
  await sim().sdk.deleteDisk(new Models.DeleteDiskRequest({ diskId }));
  expect(
    (await sim().control.effects(undefined, { resourceId: diskId })).map(({ effect }) => effect),
  ).toEqual(['disk.created', 'disk.attached', 'disk.detached', 'disk.deleted']);
});

test('a kept system disk becomes a data disk of another instance, and cannot be imaged', async () => {
  const diskId = await systemDisk();
  await modify(diskId, { deleteWithInstance: false, diskName: 'rescued' });
  await sim().control.removeInstance(first());
  expect(await one(diskId)).toMatchObject({
    type: 'data',
    status: 'Available',
    diskName: 'rescued',
    portable: true,
  });
  const instanceId = sim().instanceIds[1] ?? '';
  await attach(diskId, { instanceId });
  await sim().control.advance(2_000);
  expect(await one(diskId)).toMatchObject({ status: 'In_use', instanceId, device: '/dev/xvdb' });
  const { body } = await sim().sdk.createSnapshot(new Models.CreateSnapshotRequest({ diskId }));
  await sim().control.advance(200_000);
  const image = sim().sdk.createImage(
    new Models.CreateImageRequest({ regionId: REGION, snapshotId: body?.snapshotId }),
  );
  expect(await codeOf(image)).not.toBe('OK');
});

test('without the wish to keep it, a disk goes with its instance; a security lock takes all', async () => {
  const kept = await systemDisk();
  await modify(kept, { deleteWithInstance: false });
  await sim().control.updateInstance(first(), { locks: [{ reason: 'security' }] });
  expect(await codeOf(modify(kept, { deleteWithInstance: false }))).toBe('403 InstanceLockedForSecurity');
  await sim().control.removeInstance(first());
  expect(await one(kept)).toBeUndefined();
});

test.each([
  ['an unknown zone', { zoneId: 'cn-hangzhou-z' }, '404 InvalidZoneId.NotFound'],
  ['an unknown snapshot', { snapshotId: 's-none' }, '404 InvalidSnapshotId.NotFound'],
  ['no size', { size: undefined }, '400 InvalidDiskSize.ValueNotSupported'],
  ['an unknown category', { diskCategory: 'tape' }, '400 InvalidDiskCategory.ValueNotSupported'],
  ['a name that is an address', { diskName: 'http://x' }, '400 InvalidDiskName.Malformed'],
])('CreateDisk with %s is refused', async (_what, over, code) => {
  expect(await codeOf(make(over))).toBe(code);
});

test('what does not fit is not attached or detached', async () => {
  const far = await make({ zoneId: 'cn-hangzhou-k' });
  const near = await make();
  await sim().control.advance(2_000);
  expect(await codeOf(attach(far))).toBe('403 ResourcesNotInSameZone');
  expect(await codeOf(attach('d-none'))).toBe('404 InvalidDiskId.NotFound');
  expect(await codeOf(attach(near, { instanceId: 'i-none' }))).toBe('404 InvalidInstanceId.NotFound');
  expect(await codeOf(detach(near))).toBe('403 DependencyViolation');
  expect(await codeOf(detach(await systemDisk()))).toBe('403 IncorrectInstanceStatus');
  await sim().control.updateInstance(first(), { status: 'Starting' });
  expect(await codeOf(attach(near))).toBe('400 IncorrectInstanceStatus');
});

test('disks are found by what they are, page by token, and answer what the SDK describes', async () => {
  for (let count = 0; count < 12; count += 1) await make({ size: 20 + count });
  const all = await disks({ maxResults: 100 });
  expect(all).toHaveLength(14);
  expect(await disks({ portable: true, maxResults: 100 })).toHaveLength(12);
  expect(await disks({ status: 'Creating', maxResults: 100 })).toHaveLength(12);
  expect(await disks({ deleteWithInstance: true })).toHaveLength(2);
  const page = await sim().ok('DescribeDisks', { MaxResults: '10' });
  const rest = await sim().ok('DescribeDisks', { MaxResults: '10', NextToken: page['NextToken'] as string });
  expect((rest['Disks'] as { Disk: unknown[] }).Disk).toHaveLength(4);
  expect(faultsOf(page, Models.DescribeDisksResponseBody)).toEqual([]);
  expect(gapsOf(page, Models.DescribeDisksResponseBody)).toEqual([]);
  expect(await sim().fails('DescribeDisks', { Status: 'Lost' })).toBe('400 InvalidStatus.ValueNotSupported');
  expect(await sim().fails('DescribeDisks', { 'Filter.1.Key': 'Colour' })).toBe(
    '404 InvalidFilterKey.NotFound',
  );
});

test('what was under way goes on after a restart', async () => {
  const stateFile = join(temporaryDirectory(), 'state.json');
  const before = await driven({ stateFile, instances: 1 });
  const made = await before.sdk.createDisk(
    new Models.CreateDiskRequest({ regionId: REGION, zoneId: ZONE, size: 20 }),
  );
  const diskId = made.body?.diskId ?? '';
  await before.control.advance(1_000);
  await before.close();
  const after = await driven({ stateFile });
  try {
    const status = async (): Promise<unknown> =>
      (await disks({ diskIds: JSON.stringify([diskId]) }, after))[0]?.status;
    expect(await status()).toBe('Creating');
    await after.control.advance(1_000);
    expect(await status()).toBe('Available');
  } finally {
    await after.close();
  }
});
