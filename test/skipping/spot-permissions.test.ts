/** The minimal RAM policy of spot instances is enough for all of it, and each of its actions is used. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { taskQueueOf } from '../../src/domain/messages';
import { FEATURES, ramPolicyFor } from '../../src/domain/permissions';
import { spotIdOf } from '../../src/domain/spot-messages';
import type { LaunchSpotResult, SpotReport } from '../../src/domain/spot-messages';
import { PUBLIC_IMAGES } from '../../simulator/model/catalog';
import { effects, instanceOf, policyFile, reclaim, SPOT, startRescue } from '../support/spot-fleet';
import type { Rescue } from '../support/spot-fleet';
import { REGION, withFleet } from '../support/skipping-environment';
import type { Fleet, FleetOptions } from '../support/skipping-environment';

const DURATIONS = { spotNotice: 100_000, image: 20_000, imagePerGiB: 2_500 };
const SWITCHES = { imageOfReleased: 'fails' as const };

const BY_SNAPSHOT: FleetOptions = {
  instances: [SPOT],
  // The replacement comes before the end of the notice: the address has to be taken off the old instance.
  durations: { ...DURATIONS, spotNotice: 200_000 },
  switches: SWITCHES,
  policies: policyFile(`
version: 1
policies: []
spot:
  - name: snapshot
    save: [snapshot, keep-disks, original-image]
    launch: { vSwitches: [vsw-cnhangzhou00iiiiiiiiii] }
    retention: 1h
`),
};

const BY_DISKS: FleetOptions = {
  instances: [SPOT],
  durations: DURATIONS,
  switches: SWITCHES,
  policies: policyFile(
    'version: 1\npolicies: []\nspot: [{ name: disks, save: [image, keep-disks, warm-image], health: { command: uname } }]\n',
  ),
};

let executions = 0;

function execute<R>(fleet: Fleet, type: string, args: unknown): Promise<R> {
  const taskQueue = taskQueueOf(fleet.account);
  executions += 1;
  return fleet.temporal.client.workflow.execute(type, {
    taskQueue,
    workflowId: `${type}-${executions}`,
    args: [args],
  }) as Promise<R>;
}

function withEip(fleet: Fleet, instanceId: string): void {
  const instance = instanceOf(fleet, instanceId);
  const eip = {
    allocationId: 'eip-bp1test',
    address: '192.0.2.7',
    bandwidth: 5,
    internetChargeType: 'PayByTraffic',
  };
  instance.eip = eip;
  const { eips } = fleet.simulator.simulation.world.region(REGION);
  eips.set(eip.allocationId, {
    ...eip,
    regionId: REGION,
    sequence: 1,
    createdAt: 0,
    status: 'InUse',
    instanceId,
  });
}

async function rescueBy(fleet: Fleet, instanceId: string): Promise<Rescue> {
  await reclaim(fleet, instanceId);
  return startRescue(fleet, instanceId);
}

const used = new Set<string>();

/** Runs under the policy; nothing is refused, and what was called is kept for the last test. */
function allowed(options: FleetOptions, work: (fleet: Fleet) => Promise<void>): Promise<void> {
  return withFleet({ ...options, policy: ramPolicyFor(['runCommand', 'spot']) }, async (fleet) => {
    await work(fleet);
    const { calls, codes } = fleet.simulator.simulation.ledger.counts();
    expect(codes).not.toHaveProperty('Forbidden.RAM');
    for (const action of Object.keys(calls)) used.add(action);
  });
}

describe('is enough for', () => {
  it('a rescue by a snapshot with an elastic address, and for discarding what it made', () =>
    allowed(BY_SNAPSHOT, async (fleet) => {
      const [id = ''] = fleet.simulator.instanceIds;
      withEip(fleet, id);
      const result = await (await rescueBy(fleet, id)).result();
      expect(result).toMatchObject({ outcome: 'relaunched', saved: { rung: 'snapshot' } });
      const replacement = instanceOf(fleet, result.replacementId ?? '');
      expect(replacement.eip?.allocationId).toBe('eip-bp1test');
      const copies = fleet.temporal.client.workflow.getHandle(
        `${spotIdOf(fleet.account, REGION, id)}/discard/${Date.parse(result.lockSeenAt ?? '')}`,
      );
      await fleet.temporal.sleep(2 * 3_600_000);
      // The old system disk goes; the image stays as long as the replacement does.
      expect(effects(fleet, 'disk.deleted')).toHaveLength(1);
      expect(effects(fleet, 'image.deleted')).toHaveLength(0);
      fleet.simulator.simulation.instances.release(replacement, true);
      expect(await copies.result()).toMatchObject({ kept: [] });
      expect([effects(fleet, 'image.deleted').length, effects(fleet, 'snapshot.deleted').length]).toEqual([
        1, 1,
      ]);
    }));

  it('a rescue by disks that live on, a look at it, a launch, prices and a drill', () =>
    allowed(BY_DISKS, async (fleet) => {
      const [id = ''] = fleet.simulator.instanceIds;
      const plan = await execute<SpotReport>(fleet, 'reportSpot', {
        region: REGION,
        kind: 'plan',
        instanceId: id,
      });
      expect(plan.plan).toMatchObject({ policy: 'disks', locked: false, rungs: [{}, {}, {}], places: [{}] });
      const result = await (await rescueBy(fleet, id)).result();
      expect(result).toMatchObject({ outcome: 'relaunched', saved: { rung: 'keep-disks' } });
      const launched = await execute<LaunchSpotResult>(fleet, 'launchSpotInstance', {
        region: REGION,
        imageId: PUBLIC_IMAGES[0]?.imageId,
        instanceType: 'ecs.g7.large',
        securityGroupId: instanceOf(fleet, result.replacementId ?? '').securityGroupIds[0],
      });
      expect(launched).toMatchObject({ outcome: 'running' });
      const types = { instanceTypes: ['ecs.g7.large'] };
      const prices = await execute<SpotReport>(fleet, 'reportSpot', {
        region: REGION,
        kind: 'prices',
        ...types,
      });
      expect(prices.rows.length).toBeGreaterThan(1);
      const { instanceId } = launched;
      const drill = await execute(fleet, 'drillSpotReclaim', { region: REGION, instanceId });
      expect(drill).toMatchObject({ outcome: 'passed' });
    }));

  it('all of it, and has nothing beside', () => {
    const unused = [...FEATURES.runCommand, ...FEATURES.spot].filter((action) => !used.has(action));
    expect(unused).toEqual(['StopInvocation']);
    const others = [...used].filter(
      (action) => !([...FEATURES.runCommand, ...FEATURES.spot] as string[]).includes(action),
    );
    expect(others).toEqual([]);
  });
});

it.each(['CreateImage', 'RunInstances', 'ModifyDiskAttribute'])(
  'without %s the result names it',
  (missing) => {
    const policy = ramPolicyFor(['runCommand', 'spot']);
    policy.Statement = policy.Statement.map((statement) => ({
      ...statement,
      Action: statement.Action.filter((action) => action !== `ecs:${missing}`),
    }));
    const durations = { spotNotice: 30_000, image: 1_000, imagePerGiB: 0 };
    const policies = policyFile('version: 1\npolicies: []\nspot: [{ name: any, launch: { within: 1m } }]\n');
    return withFleet({ instances: [SPOT], durations, policies, policy }, async (fleet) => {
      const result = await (await rescueBy(fleet, fleet.simulator.instanceIds[0] ?? '')).result();
      expect(JSON.stringify(result)).toContain(`ecs:${missing}`);
      expect(result.outcome).toBe(missing === 'RunInstances' ? 'saved-not-launched' : 'relaunched');
    });
  },
);

it('is what docs/security.md prints', () => {
  const text = readFileSync(join(__dirname, '../../docs/security.md'), 'utf8');
  const printed = [...text.matchAll(/```json\n([\s\S]*?)```/g)].map(
    ([, json = '']) => JSON.parse(json) as object,
  );
  expect(printed).toContainEqual(ramPolicyFor(['runCommand', 'spot']));
});
