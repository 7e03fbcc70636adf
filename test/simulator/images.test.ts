/**
 * Images through the SDK: invisible until Available, quick after a snapshot, standing or falling with their
 * instance by the switch, copied five at a time.
 */
import * as Models from '@alicloud/ecs20140526';
import { join } from 'node:path';
import { temporaryDirectory } from '../support/temporary';
import { codeOf } from './support/assistant';
import { faultsOf, gapsOf } from './support/model-check';
import type { WithSdk } from './support/sdk';
import { driven, eachDriven, IMAGE, REGION } from './support/sdk';

const sim = eachDriven({
  durations: { image: 20_000, imagePerGiB: 8_000, snapshot: 5_000, snapshotPerGiB: 2_000 },
});
const FIRST_MS = 20_000 + 40 * 8_000;
const WARM_MS = 20_000 + 40 * 800;
const first = (of = sim()): string => of.instanceIds[0] ?? '';

type Row = Models.DescribeImagesResponseBodyImagesImage;
async function list(over: Record<string, unknown> = {}, of: WithSdk = sim()): Promise<Row[]> {
  const request = new Models.DescribeImagesRequest({ regionId: REGION, imageOwnerAlias: 'self', ...over });
  return (await of.sdk.describeImages(request)).body?.images?.image ?? [];
}
const one = async (imageId: string): Promise<Row | undefined> => (await list({ imageId, status: 'ALL' }))[0];
async function make(over: Record<string, unknown> = {}, of: WithSdk = sim()): Promise<string> {
  const request = new Models.CreateImageRequest({ regionId: REGION, instanceId: first(of), ...over });
  return (await of.sdk.createImage(request)).body?.imageId ?? '';
}
const drop = (imageId: string, force?: boolean): Promise<unknown> =>
  sim().sdk.deleteImage(new Models.DeleteImageRequest({ regionId: REGION, imageId, force }));
const launch = (imageId: string, over: Record<string, unknown> = {}): Promise<Models.RunInstancesResponse> =>
  sim().sdk.runInstances(
    new Models.RunInstancesRequest({ regionId: REGION, imageId, instanceType: 'ecs.g7.large', ...over }),
  );
async function snapshot(): Promise<string> {
  const disks = await sim().sdk.describeDisks(
    new Models.DescribeDisksRequest({ regionId: REGION, instanceId: first() }),
  );
  const [disk] = disks.body?.disks?.disk ?? [];
  const made = await sim().sdk.createSnapshot(new Models.CreateSnapshotRequest({ diskId: disk?.diskId }));
  await sim().control.advance(5_000 + 40 * 2_000);
  return made.body?.snapshotId ?? '';
}

test('an image is invisible until it is Available, unless it is asked for', async () => {
  const imageId = await make({ imageName: 'rescue-1', description: 'kept' });
  expect(await list({ imageId })).toEqual([]);
  expect(await one(imageId)).toMatchObject({ status: 'Creating', progress: '0%', usable: false, size: 40 });
  await sim().control.advance(FIRST_MS / 2);
  expect((await list({ status: 'Creating,Available' }))[0]?.progress).toBe('50%');
  await sim().control.advance(FIRST_MS / 2 - 1);
  expect(await list()).toEqual([]);
  await sim().control.advance(1);
  const [row] = await list({ imageId });
  expect(row).toMatchObject({
    status: 'Available',
    progress: '100%',
    imageName: 'rescue-1',
    imageOwnerAlias: 'self',
  });
  const [disk] = row?.diskDeviceMappings?.diskDeviceMapping ?? [];
  expect(disk).toMatchObject({ type: 'system', device: '/dev/xvda', size: '40', progress: '100%' });
  const snapshots = await sim().sdk.describeSnapshots(
    new Models.DescribeSnapshotsRequest({ regionId: REGION }),
  );
  expect(snapshots.body?.snapshots?.snapshot?.[0]).toMatchObject({
    snapshotId: disk?.snapshotId,
    usage: 'image',
  });
});

test('a ClientToken is one image; with other parameters the code is the one of CreateImage, or of all by the switch', async () => {
  const imageId = await make({ imageName: 'one', clientToken: 'token' });
  expect(await make({ imageName: 'one', clientToken: 'token' })).toBe(imageId);
  const other = (): Promise<string> => codeOf(make({ imageName: 'two', clientToken: 'token' }));
  expect(await other()).toBe('400 IdempotenceParamNotMatch');
  await sim().control.setSwitches({ imageTokenMismatch: 'IdempotentParameterMismatch' });
  expect(await other()).toBe('403 IdempotentParameterMismatch');
});

test('after a snapshot of the disk, the next image is quick', async () => {
  await snapshot();
  const imageId = await make();
  await sim().control.advance(WARM_MS);
  expect((await one(imageId))?.status).toBe('Available');
});

test('an image whose instance is released meanwhile survives, or fails by the switch', async () => {
  const survivor = await make();
  await sim().control.removeInstance(first());
  await sim().control.advance(FIRST_MS);
  expect((await one(survivor))?.status).toBe('Available');
  await sim().control.setSwitches({ imageOfReleased: 'fails' });
  const instanceId = sim().instanceIds[1] ?? '';
  const victim = await make({ instanceId });
  await sim().control.advance(10_000);
  await sim().control.removeInstance(instanceId);
  expect(await one(victim)).toMatchObject({ status: 'CreateFailed', progress: '0%' });
  await sim().control.advance(FIRST_MS);
  expect((await one(victim))?.status).toBe('CreateFailed');
  expect(await codeOf(launch(victim))).toBe('400 IncorrectImageStatus');
});

test('a ClientToken makes one image of two calls', async () => {
  const [a, b] = [await make({ clientToken: 'once' }), await make({ clientToken: 'once' })];
  expect(a).toBe(b);
  expect(await sim().control.effects('image.created')).toHaveLength(1);
});

test('an image of snapshots: one system disk, empty data disks, and the launch has them', async () => {
  const snapshotId = await snapshot();
  const mapping = [
    { snapshotId, diskType: 'system', device: '/dev/xvda', size: 60 },
    { device: '/dev/xvdb', size: 100 },
  ].map((disk) => new Models.CreateImageRequestDiskDeviceMapping(disk));
  const imageId = await make({ instanceId: undefined, diskDeviceMapping: mapping });
  await sim().control.advance(20_000);
  expect((await one(imageId))?.status).toBe('Available');
  const { body } = await launch(imageId);
  const [instanceId = ''] = body?.instanceIdSets?.instanceIdSet ?? [];
  const disks = await sim().sdk.describeDisks(
    new Models.DescribeDisksRequest({ regionId: REGION, instanceId }),
  );
  expect(disks.body?.disks?.disk?.map((d) => [d.type, d.size, d.device])).toEqual([
    ['system', 60, '/dev/xvda'],
    ['data', 100, '/dev/xvdb'],
  ]);
  expect(await codeOf(drop(imageId))).toBe('403 ImageUsingByInstance');
  expect(await codeOf(sim().sdk.deleteSnapshot(new Models.DeleteSnapshotRequest({ snapshotId })))).toBe(
    '403 SnapshotCreatedImage',
  );
  await drop(imageId, true);
  expect(await one(imageId)).toBeUndefined();
});

test('an image of nothing but a system disk snapshot', async () => {
  const imageId = await make({ instanceId: undefined, snapshotId: await snapshot() });
  await sim().control.advance(20_000);
  expect(await one(imageId)).toMatchObject({ status: 'Available', OSType: 'linux', platform: 'Aliyun' });
  expect(
    await codeOf(launch(imageId, { systemDisk: new Models.RunInstancesRequestSystemDisk({ size: '20' }) })),
  ).toBe('400 InvalidSystemDiskSize.LessThanImageSize');
});

test.each([
  ['nothing', { instanceId: undefined }, '400 MissingParameter'],
  ['an unknown instance', { instanceId: 'i-none' }, '404 InvalidInstanceId.NotFound'],
  ['an unknown snapshot', { instanceId: undefined, snapshotId: 's-none' }, '404 InvalidSnapshotId.NotFound'],
  ['a short name', { imageName: 'x' }, '400 InvalidImageName.Malformed'],
  ['a name that is an address', { imageName: 'http://x.y' }, '400 InvalidImageName.Malformed'],
  ['a dry run', { dryRun: true }, '400 DryRunOperation'],
])('CreateImage of %s is refused', async (_what, over, code) => {
  expect(await codeOf(make(over))).toBe(code);
});

test('CreateImage waits for nobody: a name twice, a starting or locked instance, a busy disk', async () => {
  await make({ imageName: 'taken' });
  expect(await codeOf(make({ instanceId: sim().instanceIds[1], imageName: 'taken' }))).toBe(
    '400 InvalidImageName.Duplicated',
  );
  expect(await codeOf(make())).toBe('403 IncorrectDiskStatus.CreatingSnapshot');
  const other = sim().instanceIds[1] ?? '';
  await sim().control.updateInstance(other, { locks: [{ reason: 'security' }] });
  expect(await codeOf(make({ instanceId: other }))).toBe('400 InstanceLockedForSecurity');
  await sim().control.updateInstance(other, { locks: [{ reason: 'Recycling' }], status: 'Starting' });
  expect(await codeOf(make({ instanceId: other }))).toBe('400 IncorrectInstanceStatus');
  await sim().control.updateInstance(other, { status: 'Running' });
  expect(await make({ instanceId: other })).toMatch(/^m-/);
});

test('images are found by what they are; public ones are there; the answer is as the SDK describes', async () => {
  const imageId = await make({
    imageName: 'team-a',
    tag: [new Models.CreateImageRequestTag({ key: 'k', value: 'v' })],
  });
  const found = async (over: Record<string, unknown>): Promise<number> =>
    (await list({ imageOwnerAlias: undefined, status: 'ALL', ...over })).length;
  expect(await found({ imageName: 'team-*' })).toBe(1);
  expect(await found({ tag: [new Models.DescribeImagesRequestTag({ key: 'k', value: 'v' })] })).toBe(1);
  expect(await found({ imageId: `${imageId},${IMAGE}` })).toBe(2);
  expect(await found({ imageOwnerAlias: 'system' })).toBe(6);
  expect(await found({ OSType: 'windows' })).toBe(1);
  expect(await found({ architecture: 'arm64' })).toBe(1);
  expect(await found({ usage: 'instance' })).toBe(1);
  expect(await sim().fails('DescribeImages', { ImageOwnerAlias: 'me' })).toBe(
    '400 InvalidImageOwnerAlias.ValueNotSupported',
  );
  expect(await sim().fails('DescribeImages', { OSType: 'dos' })).toBe('404 InvalidOSType');
  expect(await sim().fails('DescribeImages', { Usable: 'true' })).toBe('400 MissingParameter');
  const body = await sim().ok('DescribeImages', { Status: 'ALL' });
  expect(faultsOf(body, Models.DescribeImagesResponseBody)).toEqual([]);
  expect(gapsOf(body, Models.DescribeImagesResponseBody).filter((gap) => !gap.includes('Features.'))).toEqual(
    [],
  );
  expect((await sim().control.counts()).unknownParameters).toEqual({});
});

test('an unknown image is deleted without a word, or refused by the switch; a malformed id always', async () => {
  await drop('m-bp1none');
  expect(await codeOf(drop('nonsense'))).toBe('404 InvalidImageId.NotFound');
  expect(await codeOf(drop(IMAGE))).toBe('404 InvalidImageId.NotFound');
  await sim().control.setSwitches({ deleteUnknownImage: 'reject' });
  expect(await codeOf(drop('m-bp1none'))).toBe('404 InvalidImageId.NotFound');
});

test('copies: five at a time, the sixth waits; another region gets its own snapshots', async () => {
  const imageId = await make();
  const copy = async (to = REGION): Promise<string> =>
    (
      await sim().sdk.copyImage(
        new Models.CopyImageRequest({ regionId: REGION, imageId, destinationRegionId: to }),
      )
    ).body?.imageId ?? '';
  expect(await codeOf(copy())).toBe('400 IncorrectImageStatus');
  await sim().control.advance(FIRST_MS);
  const made: string[] = [];
  for (let count = 0; count < 6; count += 1) made.push(await copy());
  const sixth = made[5] ?? '';
  expect(await one(sixth)).toMatchObject({ status: 'Waiting', isCopied: true });
  expect(await codeOf(drop(made[0] ?? ''))).toBe('403 OperationDenied.ImageCopying');
  await sim().control.advance(FIRST_MS);
  expect((await one(made[0] ?? ''))?.status).toBe('Available');
  expect((await one(sixth))?.status).toBe('Creating');
  await sim().control.advance(FIRST_MS);
  expect((await one(sixth))?.status).toBe('Available');
  const far = await copy('cn-beijing');
  await sim().control.advance(FIRST_MS);
  const there = await sim().ok('DescribeImages', { RegionId: 'cn-beijing', ImageId: far });
  expect(there['TotalCount']).toBe(1);
  expect(await codeOf(copy('cn-atlantis'))).toBe('400 DestinationRegion.NotFound');
});

test('an image goes on after a restart', async () => {
  const stateFile = join(temporaryDirectory(), 'state.json');
  const before = await driven({ stateFile, instances: 1, durations: { image: 10_000, imagePerGiB: 0 } });
  await make({ imageName: 'later' }, before);
  await before.control.advance(5_000);
  await before.close();
  const after = await driven({ stateFile });
  try {
    expect((await list({ status: 'Creating' }, after))[0]).toMatchObject({
      imageName: 'later',
      progress: '50%',
    });
    await after.control.advance(5_000);
    expect((await list({}, after))[0]?.status).toBe('Available');
  } finally {
    await after.close();
  }
});
