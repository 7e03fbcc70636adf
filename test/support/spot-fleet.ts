/** Spot instances on the time-skipping fleet: files on them, their reclaim, their rescue, and what the ledger says. */
import type { WorkflowHandle } from '@temporalio/client';
import type { PolicyFile } from '../../src/domain/policy';
import { RELAUNCH_SPOT_INSTANCE, spotIdOf, urgentQueueOf } from '../../src/domain/spot-messages';
import type { RelaunchSpotResult, SpotProgress } from '../../src/domain/spot-messages';
import { parsePolicyFile } from '../../src/hooks/policy-file';
import type { EffectRecord } from '../../simulator/core/ledger';
import type { Instance } from '../../simulator/model/instance';
import { REGION } from './skipping-environment';
import type { Fleet, FleetOptions } from './skipping-environment';

export type Rescue = WorkflowHandle<() => Promise<RelaunchSpotResult>>;

/** Spot instances with a shape that shows whether it is kept. */
export const SPOT = {
  spotStrategy: 'SpotAsPriceGo' as const,
  spotDuration: 0,
  status: 'Running' as const,
  instanceType: 'ecs.g7.large',
};

export function policyFile(text: string): PolicyFile {
  const parsed = parsePolicyFile(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.file;
}

/** A spot policy as people write it, alone in its file. */
export function spotPolicy(text: string): PolicyFile {
  return policyFile(`version: 1\npolicies: []\nspot:\n  - name: test\n${text.replace(/^(?=.)/gm, '    ')}\n`);
}

export function instanceOf(fleet: Fleet, instanceId: string): Instance {
  const instance = fleet.simulator.simulation.world.findInstance(instanceId);
  if (!instance) throw new Error(`there is no ${instanceId}`);
  return instance;
}

/** Runs a script on an instance as anybody would; its whole first line. */
export async function on(fleet: Fleet, instanceId: string, content: string): Promise<string> {
  const { rows, outcome } = await fleet.run({
    region: REGION,
    targets: { instanceIds: [instanceId] },
    command: { type: 'RunShellScript', content },
  });
  return outcome === 'succeeded' ? (rows[0]?.firstLine ?? '') : `${outcome}: ${rows[0]?.reason ?? ''}`;
}

/** Gives notice, at the time of the test server: the simulator's clock stood still since the last call. */
export async function reclaim(fleet: Fleet, instanceId: string): Promise<void> {
  await fleet.simulator.simulation.clock.setTime(await fleet.temporal.currentTimeMs());
  fleet.simulator.simulation.spot.reclaim(instanceOf(fleet, instanceId));
}

export function startRescue(
  fleet: Fleet,
  instanceId: string,
  workflowId = spotIdOf(fleet.account, REGION, instanceId),
): Promise<Rescue> {
  return fleet.temporal.client.workflow.start(RELAUNCH_SPOT_INSTANCE, {
    taskQueue: urgentQueueOf(fleet.account),
    workflowId,
    workflowIdConflictPolicy: 'USE_EXISTING',
    args: [{ region: REGION, instanceId }],
  });
}

/** Writes a file, takes the instance back, rescues it; the file as it is read on the replacement. */
export async function rescued(
  fleet: Fleet,
  instanceId = fleet.simulator.instanceIds[0] ?? '',
): Promise<{ result: RelaunchSpotResult; file: string }> {
  await on(fleet, instanceId, 'echo precious > /root/data');
  await reclaim(fleet, instanceId);
  const result = await (await startRescue(fleet, instanceId)).result();
  return { result, file: await fileOf(fleet, result) };
}

export async function fileOf(fleet: Fleet, { replacementId }: RelaunchSpotResult): Promise<string> {
  return replacementId === undefined ? '' : on(fleet, replacementId, 'cat /root/data');
}

export function progressOf(handle: Rescue): Promise<SpotProgress> {
  return handle.query<SpotProgress>('progress');
}

export function effects(fleet: Fleet, effect: string): EffectRecord[] {
  return fleet.simulator.simulation.ledger.query({ kind: 'effect', effect }) as EffectRecord[];
}

/** What is left of a type in a zone; what is asked for after this finds it so. */
export function setStock(fleet: Fleet, zoneId: string, instanceType: string, left: number): void {
  fleet.simulator.simulation.world.region(REGION).zone(zoneId)?.stock.set(instanceType, left);
}

/** A notice of a minute and images of 68 s: the same course in fewer looks. */
export const SHORT = { spotNotice: 60_000, image: 20_000, imagePerGiB: 1_200 };

/** One spot instance, a minute's notice, this policy. */
export function oneSpot(
  policy: string,
  over: Partial<FleetOptions> = {},
  instance: Record<string, unknown> = {},
): FleetOptions {
  const policies = spotPolicy(policy === '' ? 'drain: []' : policy);
  return { instances: [{ ...SPOT, ...instance }], durations: SHORT, policies, ...over };
}
