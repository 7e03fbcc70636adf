/**
 * A spot instance that is taken back, from the notice to a replacement that serves. The file that was written on it is
 * read by a command on its replacement; the ledger says how often anything was made.
 */
import {
  effects,
  fileOf,
  instanceOf,
  on,
  oneSpot,
  policyFile,
  progressOf,
  reclaim,
  rescued,
  setStock,
  SHORT,
  SPOT,
  startRescue,
} from '../support/spot-fleet';
import { taskQueueOf } from '../../src/domain/messages';
import type { WarmImageResult } from '../../src/domain/spot-messages';
import { REGION, withFleet } from '../support/skipping-environment';
import type { Fleet, FleetOptions } from '../support/skipping-environment';
import type { CallRecord } from '../../simulator/core/ledger';
import { until } from '../support/until';

const ID = (fleet: Fleet): string => fleet.simulator.instanceIds[0] ?? '';
const calls = (fleet: Fleet): CallRecord[] =>
  fleet.simulator.simulation.ledger.query({ kind: 'call' }) as CallRecord[];

/** An image that is ready long before the notice ends. */
const SHORT_IMAGE = { spotNotice: 120_000, image: 5_000, imagePerGiB: 500 };

/** A hook after the launch fails, and nobody answers where people are to be told. */
const DEAF = policyFile(`
version: 1
policies: []
spot: [{ name: test, notify: [deaf], post: [first, second] }]
hooks:
  deaf: { webhook: { url: 'http://127.0.0.1:9/' } }
  first: { command: { content: 'exit 1' }, onFailure: alert }
  second: { command: { content: 'echo away > /root/state' }, onFailure: alert }
`);

const DRAINED: FleetOptions = {
  instances: [SPOT],
  durations: SHORT,
  policies: policyFile(`
version: 1
policies: []
spot: [{ name: test, drain: [leave], undrain: [back] }]
hooks:
  leave: { command: { content: 'echo away > /root/state' }, onFailure: alert }
  back: { command: { content: 'echo back > /root/state' }, onFailure: alert }
`),
};

it('comes back with its files and its shape, five minutes after the notice and no call more than it knows', () =>
  withFleet(
    {
      instances: [
        {
          ...SPOT,
          name: 'batch-1',
          tags: new Map([['role', 'batch']]),
          userData: 'aGk=',
          ramRoleName: 'app',
        },
      ],
    },
    async (fleet) => {
      const before = { ...instanceOf(fleet, ID(fleet)) };
      const { result, file } = await rescued(fleet);
      expect(result).toMatchObject({ outcome: 'relaunched', notice: 'released', saved: { rung: 'image' } });
      expect(file).toBe('precious');
      const after = instanceOf(fleet, result.replacementId ?? '');
      const shape = (of: typeof after): object => {
        const { name, hostName, instanceType, zoneId, vSwitchId, securityGroupIds } = of;
        const { spotStrategy, spotDuration, userData, ramRoleName } = of;
        const place = { instanceType, zoneId, vSwitchId, securityGroupIds };
        return { name, hostName, ...place, spotStrategy, spotDuration, userData, ramRoleName };
      };
      expect(shape(after)).toEqual(shape(before));
      expect(Object.fromEntries(after.tags)).toMatchObject({
        role: 'batch',
        'steward-replacement-of': ID(fleet),
      });
      expect(effects(fleet, 'image.created')).toHaveLength(1);
      expect(effects(fleet, 'instance.created')).toHaveLength(2);
      expect(calls(fleet).flatMap(({ unknownParameters }) => unknownParameters ?? [])).toEqual([]);
    },
  ));

describe('where the image dies with its instance', () => {
  const switches = { imageOfReleased: 'fails' as const };

  it('the kept system disk brings the files, as a data disk', () =>
    withFleet(oneSpot('', { switches }), async (fleet) => {
      const { result } = await rescued(fleet);
      expect(result).toMatchObject({ outcome: 'relaunched', saved: { rung: 'keep-disks' } });
      const [diskId = ''] = result.saved?.diskIds ?? [];
      expect(await on(fleet, result.replacementId ?? '', `cat /mnt/${diskId}/root/data`)).toBe('precious');
      expect(effects(fleet, 'disk.deleted')).toHaveLength(0);
    }));

  it('without another rung it says that everything is lost', () =>
    withFleet(oneSpot('save: [image, original-image]', { switches }), async (fleet) => {
      const { result, file } = await rescued(fleet);
      expect(result).toMatchObject({ outcome: 'relaunched', saved: { rung: 'original-image' } });
      expect(result.summary).toContain('lost: everything on the system disk');
      expect(file).toContain('failed');
    }));

  it('a warm image brings what it has', () =>
    withFleet(oneSpot('save: [image, warm-image]', { switches }), async (fleet) => {
      await on(fleet, ID(fleet), 'echo warm > /root/data');
      const warm = await fleet.temporal.client.workflow.execute('warmSpotImage', {
        taskQueue: `steward-${fleet.account}`,
        workflowId: 'warm',
        args: [{ region: REGION, instanceId: ID(fleet) }],
      });
      expect(warm).toMatchObject({ outcome: 'made' });
      await on(fleet, ID(fleet), 'echo later > /root/data');
      // The warm image's snapshot makes the next one fast; this one is not to be ready in time.
      Object.assign(fleet.simulator.simulation.durations, { image: 90_000 });
      await reclaim(fleet, ID(fleet));
      const result = await (await startRescue(fleet, ID(fleet))).result();
      expect(result).toMatchObject({ outcome: 'relaunched', saved: { rung: 'warm-image' } });
      expect(await fileOf(fleet, result)).toBe('warm');
    }));
});

it('a snapshot of the system disk in time, and an image of that, need no instance', () =>
  withFleet(
    oneSpot('save: [snapshot]', {
      switches: { imageOfReleased: 'fails' },
      durations: { spotNotice: 120_000 },
    }),
    async (fleet) => {
      const { result, file } = await rescued(fleet);
      expect(result).toMatchObject({ outcome: 'relaunched', saved: { rung: 'snapshot' } });
      expect(file).toBe('precious');
    },
  ));

describe('CreateImage', () => {
  it('whose answer is lost makes one image', () =>
    withFleet(oneSpot(''), async (fleet) => {
      fleet.simulator.simulation.faults.set([
        { action: 'CreateImage', kind: 'reset', phase: 'after', count: 1 },
        { action: 'CreateImage', kind: 'error', httpStatus: 500, phase: 'after', count: 1 },
      ]);
      const { result, file } = await rescued(fleet);
      expect(result.outcome).toBe('relaunched');
      expect(file).toBe('precious');
      expect(effects(fleet, 'image.created')).toHaveLength(1);
    }));

  it('waits for an instance that is just rebooting, and for nothing else', () =>
    withFleet(oneSpot(''), async (fleet) => {
      await on(fleet, ID(fleet), 'echo precious > /root/data');
      await reclaim(fleet, ID(fleet));
      fleet.simulator.simulation.instances.reboot(instanceOf(fleet, ID(fleet)), false);
      const result = await (await startRescue(fleet, ID(fleet))).result();
      expect(result).toMatchObject({ outcome: 'relaunched', saved: { rung: 'image' } });
      expect(await fileOf(fleet, result)).toBe('precious');
    }));
});

describe('a replacement', () => {
  it('is launched on the first rung that has room, each refusal recorded', () =>
    withFleet(
      oneSpot('launch: { instanceTypes: [ecs.c7.large, ecs.r7.large], payAsYouGo: true }'),
      async (fleet) => {
        const { zoneId } = instanceOf(fleet, ID(fleet));
        // Sold out only in the moment of the call, so that the listing still promises both.
        fleet.simulator.simulation.faults.set([
          {
            action: 'RunInstances',
            kind: 'error',
            httpStatus: 403,
            code: 'OperationDenied.NoStock',
            count: 2,
          },
        ]);
        const { result, file } = await rescued(fleet);
        expect(result.attempts.map(({ error }) => error?.includes('NoStock') ?? false)).toEqual([
          true,
          true,
          false,
        ]);
        expect(new Set(result.attempts.map(({ candidate }) => candidate.instanceType)).size).toBe(3);
        expect(instanceOf(fleet, result.replacementId ?? '').zoneId).toBe(zoneId);
        expect(file).toBe('precious');
      },
    ));

  it('waits for room where there is none, and is not given up before its time', () =>
    withFleet(oneSpot('launch: { within: 2h }'), async (fleet) => {
      const { zoneId, instanceType } = instanceOf(fleet, ID(fleet));
      setStock(fleet, zoneId, instanceType, 0);
      await on(fleet, ID(fleet), 'echo precious > /root/data');
      await reclaim(fleet, ID(fleet));
      const handle = await startRescue(fleet, ID(fleet));
      await fleet.temporal.sleep(600_000);
      expect(await progressOf(handle)).toMatchObject({ phase: 'launching', notice: 'released' });
      setStock(fleet, zoneId, instanceType, 5);
      expect(await fileOf(fleet, await handle.result())).toBe('precious');
    }));

  it('that no place is found for is said to be so, and the copy stays', () =>
    withFleet(oneSpot('launch: { within: 5m }\nretention: 1h'), async (fleet) => {
      const { zoneId, instanceType } = instanceOf(fleet, ID(fleet));
      setStock(fleet, zoneId, instanceType, 0);
      const { result } = await rescued(fleet);
      expect(result).toMatchObject({
        outcome: 'saved-not-launched',
        step: 'launch',
        saved: { rung: 'image' },
      });
      // It may be all there is: no retention ends it.
      await fleet.temporal.sleep(7_200_000);
      expect(effects(fleet, 'image.deleted')).toHaveLength(0);
    }));

  it('above the price cap is not launched', () =>
    withFleet(oneSpot('launch: { priceCap: 0.001, within: 1m }'), async (fleet) => {
      const { result } = await rescued(fleet);
      expect(result.outcome).toBe('saved-not-launched');
      expect(fleet.callsOf('RunInstances')).toBe(0);
    }));

  it('that ECS takes away again is launched once more', () =>
    withFleet(oneSpot(''), async (fleet) => {
      fleet.simulator.simulation.faults.set([{ action: 'RunInstances', kind: 'creationFailure', count: 1 }]);
      const { result, file } = await rescued(fleet);
      expect(result).toMatchObject({ outcome: 'relaunched', attempts: [{}, {}] });
      expect(file).toBe('precious');
    }));

  it('that is gone again before its agent answers is launched once more', () =>
    withFleet(oneSpot(''), async (fleet) => {
      await on(fleet, ID(fleet), 'echo precious > /root/data');
      await reclaim(fleet, ID(fleet));
      const { world, instances } = fleet.simulator.simulation;
      fleet.afterCall('DescribeCloudAssistantStatus', () => {
        for (const instance of world.region(REGION).instances.values())
          if (instance.instanceId !== ID(fleet)) instances.release(instance, true);
      });
      const result = await (await startRescue(fleet, ID(fleet))).result();
      expect(result).toMatchObject({ outcome: 'relaunched', attempts: [{}, {}] });
      expect(await fileOf(fleet, result)).toBe('precious');
    }));

  it('is put to use whether or not people can be told what went wrong with it', () =>
    withFleet({ instances: [SPOT], durations: SHORT, policies: DEAF }, async (fleet) => {
      const { result } = await rescued(fleet);
      expect(result.outcome).toBe('relaunched');
      const at = (step: string): number =>
        Date.parse(result.steps.find((each) => each.step === step)?.at ?? '');
      expect(at('post/second') - at('post/first')).toBeLessThan(60_000);
      expect(result.steps.some(({ step, ok }) => step === 'notify' && !ok)).toBe(true);
    }));

  it('has the elastic address, and the private one where the policy says so', () =>
    withFleet(oneSpot('ip: same-private-ip'), async (fleet) => {
      const instance = instanceOf(fleet, ID(fleet));
      const { region } = { region: fleet.simulator.simulation.world.region(REGION) };
      const eip = {
        allocationId: 'eip-bp1test',
        address: '192.0.2.7',
        bandwidth: 5,
        internetChargeType: 'PayByTraffic',
      };
      instance.eip = eip;
      const { instanceId } = instance;
      region.eips.set(eip.allocationId, {
        ...eip,
        regionId: REGION,
        sequence: 1,
        createdAt: 0,
        status: 'InUse',
        instanceId,
      });
      const { privateIp } = instance;
      const { result, file } = await rescued(fleet);
      const after = instanceOf(fleet, result.replacementId ?? '');
      expect([after.privateIp, after.eip?.address]).toEqual([privateIp, '192.0.2.7']);
      expect(file).toBe('precious');
    }));
});

describe('a reclaim', () => {
  it('that is withdrawn leaves everything as it was, and a second one is rescued', () =>
    withFleet(DRAINED, async (fleet) => {
      const { spot } = fleet.simulator.simulation;
      await on(fleet, ID(fleet), 'echo precious > /root/data');
      await reclaim(fleet, ID(fleet));
      const handle = await startRescue(fleet, ID(fleet));
      await until('the image is being made', () => effects(fleet, 'image.created').length === 1);
      await until('disks are kept', () => effects(fleet, 'disk.modified').length === 1);
      spot.withdraw(instanceOf(fleet, ID(fleet)));
      const first = await handle.result();
      expect(first).toMatchObject({ outcome: 'withdrawn', notice: 'withdrawn' });
      expect(effects(fleet, 'instance.created')).toHaveLength(1);
      const disks = [...fleet.simulator.simulation.world.region(REGION).disks.values()];
      expect(disks.map(({ deleteWithInstance }) => deleteWithInstance)).toEqual([true]);
      expect(await on(fleet, ID(fleet), 'cat /root/state')).toBe('back');
      await fleet.temporal.sleep(3_600_000);
      const { result, file } = await rescued(fleet);
      expect(result).toMatchObject({ outcome: 'relaunched', notice: 'released' });
      expect(file).toBe('precious');
    }));

  it.each(['checking', 'saving'] as const)(
    'whose rescue was terminated while %s goes on with what it made',
    (phase) =>
      withFleet(oneSpot('', { durations: { ...SHORT_IMAGE } }), async (fleet) => {
        await on(fleet, ID(fleet), 'echo precious > /root/data');
        await reclaim(fleet, ID(fleet));
        const first = await startRescue(fleet, ID(fleet));
        const made = phase === 'saving' ? 'image.created' : 'instance.created';
        const before = effects(fleet, made).length;
        const unlocked = fleet.temporal.sleep(phase === 'saving' ? 1_000 : 40_000);
        await until(`it is ${phase}`, () => effects(fleet, made).length > before);
        await unlocked;
        await first.terminate('the test says so');
        const result = await (await startRescue(fleet, ID(fleet))).result();
        expect(result.outcome).toBe('relaunched');
        expect(effects(fleet, 'image.created')).toHaveLength(1);
        expect(effects(fleet, 'instance.created')).toHaveLength(2);
        expect(await fileOf(fleet, result)).toBe('precious');
      }),
  );

  it.each(['lifted', 'kept'] as const)(
    'with Stop behaviour ends in a stop that is said to be one (lock %s)',
    (lock) =>
      withFleet(
        oneSpot('', { switches: { recyclingAfterStop: lock } }, { spotInterruptionBehavior: 'Stop' }),
        async (fleet) => {
          const { result } = await rescued(fleet);
          expect(result).toMatchObject({ outcome: 'stopped-not-released', notice: 'stopped' });
          expect(effects(fleet, 'instance.created')).toHaveLength(1);
          expect(instanceOf(fleet, ID(fleet)).status).toBe('Stopped');
        },
      ),
  );
});

describe('what is not to be done', () => {
  it('an instance that nobody takes back, one that does not exist, a foreign id', () =>
    withFleet(oneSpot(''), async (fleet) => {
      expect(await (await startRescue(fleet, ID(fleet))).result()).toMatchObject({ outcome: 'not-locked' });
      expect(await (await startRescue(fleet, 'i-bp1gone')).result()).toMatchObject({ outcome: 'not-found' });
      const foreign = await startRescue(fleet, ID(fleet), 'my-own-id');
      await expect(foreign.result()).rejects.toMatchObject({ cause: { type: 'InvalidInput' } });
      expect(effects(fleet, 'image.created')).toHaveLength(0);
    }));
});

it('copies that nobody needs go with the snapshots they are made of, also where ECS fails in between', () =>
  withFleet(oneSpot(''), async (fleet) => {
    const { workflow } = fleet.temporal.client;
    const run = <T>(type: string, input: object): Promise<T> =>
      workflow.execute(type, {
        taskQueue: taskQueueOf(fleet.account),
        workflowId: type,
        args: [{ region: REGION, instanceId: ID(fleet), ...input }],
      }) as Promise<T>;
    const { imageId } = await run<WarmImageResult>('warmSpotImage', {});
    const snapshots = effects(fleet, 'snapshot.created').length;
    expect(snapshots).toBeGreaterThan(0);
    fleet.simulator.simulation.faults.set([
      { action: 'DeleteSnapshot', kind: 'error', httpStatus: 503, phase: 'before', count: 1 },
    ]);
    const after = new Date(await fleet.temporal.currentTimeMs()).toISOString();
    const copies = { imageIds: [imageId], snapshotIds: [], diskIds: [], after };
    expect(await run('discardSpotCopies', copies)).toMatchObject({ kept: [] });
    expect(effects(fleet, 'image.deleted')).toHaveLength(1);
    expect(effects(fleet, 'snapshot.deleted')).toHaveLength(snapshots);
  }));
