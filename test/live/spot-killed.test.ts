/**
 * SIGKILL of the only worker while seven rescues are each in another step; another worker takes over. The ledger is the
 * oracle: one image and one replacement an instance; and a command on each replacement reads the file.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import type { FaultSpec } from '../../simulator/core/faults';
import { RELAUNCH_SPOT_INSTANCE, spotIdOf, urgentQueueOf } from '../../src/domain/spot-messages';
import type { RelaunchSpotResult } from '../../src/domain/spot-messages';
import { LiveServer, QUICK_WORKER, Site, killed } from '../support/live-site';
import { SPOT } from '../support/spot-fleet';
import { until } from '../support/until';

/** A call is held this long: it does not come back before the worker is killed. */
const HOLD_MS = 12_000;

interface Step {
  when: string;
  /** Rescues that are further when the kill comes begin first. */
  early: boolean;
  hold: (about: { instanceId: string; name: string }) => FaultSpec | undefined;
}

const of = (
  action: string,
  phase: 'before' | 'during' | 'after',
  where: Record<string, string>,
): FaultSpec => ({
  kind: 'delay',
  action,
  phase,
  ms: HOLD_MS,
  count: 1,
  where,
});

const STEPS: Step[] = [
  {
    when: 'while the lock is read',
    early: false,
    hold: ({ instanceId }) =>
      of('DescribeInstances', 'before', { InstanceIds: JSON.stringify([instanceId]) }),
  },
  {
    when: 'during CreateImage, before its effect',
    early: false,
    hold: ({ instanceId }) => of('CreateImage', 'during', { InstanceId: instanceId }),
  },
  {
    when: 'after the effect of CreateImage, before its answer',
    early: false,
    hold: ({ instanceId }) => of('CreateImage', 'after', { InstanceId: instanceId }),
  },
  { when: 'while it waits for the image', early: false, hold: () => undefined },
  {
    when: 'during RunInstances, before its effect',
    early: true,
    hold: ({ name }) => of('RunInstances', 'during', { InstanceName: name }),
  },
  {
    when: 'after the effect of RunInstances, before its answer',
    early: true,
    hold: ({ name }) => of('RunInstances', 'after', { InstanceName: name }),
  },
  { when: 'while the replacement starts, or when it is done', early: true, hold: () => undefined },
];

let live: LiveServer;
let site: Site;
beforeAll(async () => {
  live = await LiveServer.start();
  const policy = join(live.dir, 'policy.yaml');
  writeFileSync(
    policy,
    "version: 1\npolicies: []\nspot: [{ name: test, health: { command: 'test -s /root/data' } }]\n",
  );
  site = await Site.start(live, {
    instances: STEPS.map((_, index) => ({ ...SPOT, name: `spot-${index}` })),
    durations: {
      spotNotice: 600_000,
      image: 6_000,
      imagePerGiB: 0,
      pending: 200,
      starting: 500,
      agentBoot: 300,
    },
    settings: { ...QUICK_WORKER, STEWARD_POLICY_FILE: policy },
  });
}, 60_000);
afterAll(async () => {
  await site.close();
  await live.close();
});

type Rescue = WorkflowHandle<() => Promise<RelaunchSpotResult>>;

function rescue(instanceId: string): Promise<Rescue> {
  const { regionId: region } = site.simulator;
  return live.client.workflow.start(RELAUNCH_SPOT_INSTANCE, {
    taskQueue: urgentQueueOf(site.account),
    workflowId: spotIdOf(site.account, region, instanceId),
    workflowIdConflictPolicy: 'USE_EXISTING',
    args: [{ region, instanceId }],
  });
}

async function onAll(instanceIds: readonly string[], content: string): Promise<(string | undefined)[]> {
  const command = { type: 'RunShellScript' as const, content };
  const run = await site.start(
    { targets: { instanceIds: [...instanceIds] }, command },
    `-${instanceIds[0] ?? ''}`,
  );
  const { rows } = await run.result();
  return instanceIds.map((id) => rows.find(({ instanceId }) => instanceId === id)?.firstLine);
}

test('a worker killed in every step: one image and one replacement each, with the file', async () => {
  const { simulation, instanceIds } = site.simulator;
  const first = await site.startWorker();
  await onAll(instanceIds, 'echo "of $(hostname)" > /root/data');
  const { faults, spot, world, instances } = simulation;
  const about = instanceIds.map((instanceId, index) => ({ instanceId, name: `spot-${index}` }));
  for (const each of about) {
    const instance = world.findInstance(each.instanceId);
    if (instance) spot.reclaim(instance);
  }
  const begin = async (early: boolean): Promise<void> => {
    const indexes = STEPS.flatMap((step, index) => (step.early === early ? [index] : []));
    const held = indexes.flatMap(
      (index) => STEPS[index]?.hold(about[index] ?? { instanceId: '', name: '' }) ?? [],
    );
    faults.set(held);
    // Twice at once: the second joins the first.
    const ids = indexes.map((index) => instanceIds[index] ?? '');
    const started = await Promise.all([...ids, ...ids].map(rescue));
    const runs = await Promise.all(started.map(async (handle) => (await handle.describe()).runId));
    expect(new Set(runs).size).toBe(ids.length);
  };
  const hits = (): number => faults.list().filter((fault) => fault.hits > 0).length;
  await begin(true);
  await until('the early ones are held', () => hits() === 2, 60_000);
  await begin(false);
  await until('all are held', () => hits() === 5, 30_000);
  await until('one is being imaged beside them', () => site.effects('image.created').length >= 5, 30_000);
  await killed(first);
  await site.startWorker();
  const handles = await Promise.all(instanceIds.map(rescue));
  await until('all are replaced', () => site.effects('instance.created').length >= 2 * STEPS.length, 90_000);
  const phaseOf = async (handle: Rescue): Promise<string> =>
    (await handle.query<{ phase: string }>('progress').catch(() => ({ phase: '' }))).phase;
  for (const handle of handles)
    await until('it serves', async () => (await phaseOf(handle)) === 'watching', 60_000);
  for (const { instanceId } of about) {
    const instance = world.findInstance(instanceId);
    if (instance) instances.release(instance, true);
  }
  const results = await Promise.all(handles.map((handle) => handle.result()));
  expect(results.map(({ outcome }) => outcome)).toEqual(STEPS.map(() => 'relaunched'));
  expect(site.effects('image.created')).toHaveLength(STEPS.length);
  expect(site.effects('instance.created')).toHaveLength(2 * STEPS.length);
  const before = await onAll(
    results.map(({ replacementId = '' }) => replacementId),
    'cat /root/data',
  );
  expect(before.every((line) => line?.startsWith('of '))).toBe(true);
}, 240_000);
