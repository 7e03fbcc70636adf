/**
 * What a script writes on an instance is read on its replacement, by running a script there: through an image, a
 * snapshot, a copy in another region and a kept disk; answered from memory and in the sandbox.
 */
import * as Models from '@alicloud/ecs20140526';
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { probeSandbox } from '../../simulator/exec/probe';
import type { SimulatorOptions } from '../../simulator';
import { temporaryDirectory } from '../support/temporary';
import type { Assistant } from './support/assistant';
import { assist, REGION } from './support/assistant';
import { useDirectory } from './support/guests';
import { until } from './support/simulated';

const QUICK_STORAGE = {
  diskChange: 1,
  snapshot: 1,
  snapshotPerGiB: 0,
  image: 1,
  imagePerGiB: 0,
  spotNotice: 300,
};
const TYPE = 'ecs.g7.large';

interface Rescue extends Assistant {
  /** Runs a script on one instance, waiting until its agent is there; what it printed. */
  on(instanceId: string, script: string): Promise<string>;
  image(instanceId: string): Promise<string>;
  launch(imageId: string, over?: Record<string, unknown>): Promise<string>;
  disk(instanceId: string): Promise<string>;
}

async function rescue(options: SimulatorOptions): Promise<Rescue> {
  const sim = await assist({ instances: 2, ...options, durations: QUICK_STORAGE });
  const { sdk } = sim;
  const isReady = async (instanceId: string): Promise<boolean> =>
    (await sim.control.instances()).some(
      (i) => i.instanceId === instanceId && i.agent.lastHeartbeat !== null,
    );
  return Object.assign(sim, {
    async on(instanceId: string, script: string) {
      await until(() => isReady(instanceId), Boolean, 10_000);
      const { invokeId } = await sim.run(script, { instanceId: [instanceId] });
      return (await sim.ended(invokeId))[0]?.output ?? '';
    },
    async image(instanceId: string) {
      await until(() => isReady(instanceId), Boolean, 10_000);
      const request = new Models.CreateImageRequest({ regionId: REGION, instanceId });
      const imageId = (await sdk.createImage(request)).body?.imageId ?? '';
      const listed = (): Promise<Models.DescribeImagesResponse> =>
        sdk.describeImages(new Models.DescribeImagesRequest({ regionId: REGION, imageId }));
      await until(listed, ({ body }) => body?.totalCount === 1);
      return imageId;
    },
    async launch(imageId: string, over: Record<string, unknown> = {}) {
      const request = new Models.RunInstancesRequest({
        regionId: REGION,
        imageId,
        instanceType: TYPE,
        ...over,
      });
      return (await sdk.runInstances(request)).body?.instanceIdSets?.instanceIdSet?.[0] ?? '';
    },
    async disk(instanceId: string) {
      const request = new Models.DescribeDisksRequest({ regionId: REGION, instanceId });
      return (await sdk.describeDisks(request)).body?.disks?.disk?.[0]?.diskId ?? '';
    },
  });
}

type Inside = (name: string, work: (sim: Rescue) => Promise<void>) => void;

/** Tests of one simulator; without one, where no sandbox is possible, they hold by themselves. */
function inside(begin: () => Promise<Rescue | undefined>): Inside {
  let sim: Rescue | undefined;
  beforeAll(async () => void (sim = await begin()));
  afterAll(() => sim?.close());
  return (name, work) => void test(name, async () => void (sim && (await work(sim))));
}

function behaviour(it: Inside): void {
  it('through an image whose instance is gone before it is used, and again through an image of that', async (sim) => {
    const [id = '', other = ''] = await sim.control.addInstances({ count: 2, spotStrategy: 'SpotAsPriceGo' });
    await sim.on(id, 'echo precious > /root/data');
    await sim.control.reclaim(id);
    const imageId = await sim.image(id);
    await until(
      () => sim.control.instances(),
      (all) => all.every((i) => i.instanceId !== id),
    );
    const heir = await sim.launch(imageId);
    const heirs = await sim.image(heir);
    expect(await sim.on(heir, 'cat /root/data')).toBe('precious\n');
    const grandchild = await sim.launch(heirs);
    expect(await sim.on(grandchild, 'cat /root/data; echo more >> /root/data')).toBe('precious\n');
    expect(await sim.on(heir, 'cat /root/data')).toBe('precious\n');
    expect(await sim.on(other, 'cat /root/data')).toMatch(/No such file/);
  });

  it('an image has what was there at the moment of the call', async (sim) => {
    const [id = ''] = sim.instanceIds;
    await sim.on(id, 'echo before > /root/moment');
    const imageId = await sim.image(id);
    await sim.on(id, 'echo after > /root/moment; echo x > /root/late');
    const heir = await sim.launch(imageId);
    expect(await sim.on(heir, 'cat /root/moment; cat /root/late')).toMatch(/^before\ncat: .*No such file/);
  });

  it('through a snapshot of the system disk and an image of it, in another region too', async (sim) => {
    const [, id = ''] = sim.instanceIds;
    await sim.on(id, 'echo far > /root/travel');
    const diskId = await sim.disk(id);
    const made = await sim.sdk.createSnapshot(new Models.CreateSnapshotRequest({ diskId }));
    const snapshotId = made.body?.snapshotId ?? '';
    const ready = (): Promise<Record<string, unknown>> =>
      sim.ok('DescribeSnapshots', { SnapshotIds: JSON.stringify([snapshotId]), Status: 'accomplished' });
    await until(ready, (body) => body['TotalCount'] === 1);
    const image = await sim.sdk.createImage(new Models.CreateImageRequest({ regionId: REGION, snapshotId }));
    const imageId = image.body?.imageId ?? '';
    await until(
      () => sim.ok('DescribeImages', { ImageId: imageId }),
      (body) => body['TotalCount'] === 1,
    );
    const far = { RegionId: 'cn-beijing' };
    const copied = await sim.ok('CopyImage', { ImageId: imageId, DestinationRegionId: 'cn-beijing' });
    const ImageId = copied['ImageId'] as string;
    await until(
      () => sim.ok('DescribeImages', { ...far, ImageId }),
      (body) => body['TotalCount'] === 1,
    );
    const launched = await sim.ok('RunInstances', { ...far, ImageId, InstanceType: TYPE });
    const [there = ''] = (launched['InstanceIdSets'] as { InstanceIdSet: string[] }).InstanceIdSet;
    expect(await runFar(sim, there, 'cat /root/travel')).toBe('far\n');
  });

  it('on a kept disk, below /mnt of the instance it is attached to, and on a disk of its snapshot', async (sim) => {
    const [id = ''] = await sim.control.addInstances();
    const [target = ''] = sim.instanceIds;
    await sim.on(id, 'echo kept > /root/data');
    const diskId = await sim.disk(id);
    await sim.sdk.modifyDiskAttribute(
      new Models.ModifyDiskAttributeRequest({ diskId, deleteWithInstance: false }),
    );
    await sim.control.removeInstance(id);
    await sim.sdk.attachDisk(new Models.AttachDiskRequest({ diskId, instanceId: target }));
    expect(await sim.on(target, `cat /mnt/${diskId}/root/data`)).toBe('kept\n');
    await sim.on(target, `echo new > /mnt/${diskId}/root/data`);
    const inUse = (): Promise<Record<string, unknown>> =>
      sim.ok('DescribeDisks', { DiskIds: JSON.stringify([diskId]), Status: 'In_use' });
    await until(inUse, (body) => body['TotalCount'] === 1);
    const imageId = await sim.image(target);
    await sim.sdk.detachDisk(new Models.DetachDiskRequest({ diskId, instanceId: target }));
    expect(await sim.on(target, `cat /mnt/${diskId}/root/data`)).toMatch(/No such file/);
    const heir = await sim.launch(imageId);
    const disks = await sim.ok('DescribeDisks', { InstanceId: heir, DiskType: 'data' });
    const [copy] = (disks['Disks'] as { Disk: { DiskId: string }[] }).Disk;
    expect(await sim.on(heir, `cat /mnt/${copy?.DiskId}/root/data`)).toBe('new\n');
  });
}

async function runFar(sim: Rescue, instanceId: string, CommandContent: string): Promise<string> {
  const far = { RegionId: 'cn-beijing' };
  const isReady = async (): Promise<boolean> =>
    (await sim.control.instances('cn-beijing')).some((i) => i.agent.lastHeartbeat !== null);
  await until(isReady, Boolean, 10_000);
  const sent = await sim.ok('RunCommand', {
    ...far,
    Type: 'RunShellScript',
    CommandContent,
    'InstanceId.1': instanceId,
  });
  const InvokeId = sent['InvokeId'] as string;
  const results = async (): Promise<{ InvocationStatus: string; Output: string }[]> => {
    const body = await sim.ok('DescribeInvocationResults', {
      ...far,
      InvokeId,
      ContentEncoding: 'PlainText',
    });
    return (
      body['Invocation'] as {
        InvocationResults: { InvocationResult: { InvocationStatus: string; Output: string }[] };
      }
    ).InvocationResults.InvocationResult;
  };
  const [row] = await until(results, ([found]) => found?.InvocationStatus === 'Success', 10_000);
  return row?.Output ?? '';
}

describe('answered from memory', () => {
  behaviour(inside(() => rescue({ exec: 'canned' })));

  test('written files are part of the state', async () => {
    const stateFile = join(temporaryDirectory(), 'state.json');
    const before = await rescue({ exec: 'canned', stateFile });
    const [id = ''] = before.instanceIds;
    await before.on(id, 'echo kept > /root/data');
    const imageId = await before.image(id);
    await before.close();
    const after = await rescue({ exec: 'canned', stateFile });
    try {
      expect(await after.on(id, 'cat /root/data')).toBe('kept\n');
      expect(await after.on(await after.launch(imageId), 'cat /root/data')).toBe('kept\n');
    } finally {
      await after.close();
    }
  });
});

describe('in the sandbox', () => {
  const directory = useDirectory();
  const workDir = join(directory, 'work');
  const it = inside(async () => {
    const { tool, reason } = await probeSandbox(join(directory, 'probe'));
    if (tool !== undefined) return rescue({ exec: 'sandbox', workDir });
    process.stderr.write(`skipped: ${reason}\n`);
    return undefined;
  });
  behaviour(it);

  it('links, rights and binary files come along, and a link leads nowhere outside', async (sim) => {
    const [id = ''] = await sim.control.addInstances();
    const before = statSync('/').mode;
    await sim.on(
      id,
      'printf "\\000\\377" > /root/b; chmod 600 /root/b; ln -s /etc /root/out; rm -rf /home/ecs-user; ln -s / /home/ecs-user; mkdir /root/shut; chmod 0 /root/shut',
    );
    const heir = await sim.launch(await sim.image(id));
    const shown = await sim.on(heir, 'od -An -tx1 /root/b; stat -c %a /root/b; readlink /root/out; whoami');
    expect(shown).toBe(' 00 ff\n600\n/etc\nroot\n');
    const home = join(workDir, 'guests', 'instances', heir, 'home');
    expect(lstatSync(join(home, 'ecs-user')).isSymbolicLink()).toBe(true);
    expect(statSync('/')).toMatchObject({ mode: before, uid: 0 });
  });

  it('what is deleted leaves no files behind', async (sim) => {
    const [id = ''] = await sim.control.addInstances();
    await sim.on(id, 'echo x > /root/x');
    const diskId = await sim.disk(id);
    const made = await sim.sdk.createSnapshot(new Models.CreateSnapshotRequest({ diskId }));
    const snapshotId = made.body?.snapshotId ?? '';
    expect(readdirSync(join(workDir, 'guests', 'kept'))).toContain(snapshotId);
    await sim.sdk.deleteSnapshot(new Models.DeleteSnapshotRequest({ snapshotId }));
    await sim.control.removeInstance(id);
    await sim.simulation.storage.files.idle();
    expect(readdirSync(join(workDir, 'guests', 'kept'))).not.toContain(snapshotId);
    expect(readdirSync(join(workDir, 'guests', 'instances'))).not.toContain(id);
  });
});
