/**
 * Instances as the control plane sees and changes them. The rule: what people do here is told to listeners and
 * ledger like everything else.
 */
import type { Instance } from '../model/instance';
import { lastHeartbeat } from '../model/instance';
import type { LaunchSpec } from '../model/launch';
import { addInstancesBody, updateInstanceBody } from './bodies';
import { ControlError } from './control-error';
import type { ControlTarget } from './server';

/** An instance on the control plane. */
export interface InstanceSummary {
  readonly instanceId: string;
  readonly regionId: string;
  readonly zoneId: string;
  readonly name: string;
  readonly status: Instance['status'];
  readonly stoppedMode: Instance['stoppedMode'];
  readonly instanceType: string;
  readonly imageId: string;
  readonly osType: 'linux' | 'windows';
  readonly privateIp: string;
  readonly publicIp: string;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly bootId: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly locks: Instance['locks'];
  readonly agent: {
    readonly installed: boolean;
    readonly enabled: boolean;
    readonly version: string;
    readonly blocked: boolean;
    readonly upgrading: boolean;
    /** What InstallCloudAssistant installs comes with the next start. */
    readonly installing: boolean;
    readonly lastHeartbeat: number | null;
  };
}

/** Lists instances, of one region when told. */
export function listInstances(
  { simulation }: ControlTarget,
  query: URLSearchParams,
): { instances: InstanceSummary[] } {
  const regionId = query.get('regionId');
  const regions =
    regionId === null ? [...simulation.world.regions.values()] : [simulation.world.region(regionId)];
  const all = regions.flatMap((region) => [...region.instances.values()]);
  return { instances: all.map((instance) => summary(instance, simulation.clock.now())) };
}

/** Adds instances that are there at once. */
export function addInstances(
  { simulation, regionId }: ControlTarget,
  body: unknown,
): { instanceIds: string[] } {
  const { count, tags, ...rest } = addInstancesBody.parse(body ?? {});
  if (count > 1 && rest.instanceId !== undefined) throw new ControlError(400, 'instanceId needs count 1.');
  if (rest.instanceId !== undefined && simulation.world.findInstance(rest.instanceId))
    throw new ControlError(409, `${rest.instanceId} exists already.`);
  const region = simulation.world.region(rest.regionId ?? regionId);
  if (rest.zoneId !== undefined && !region.zone(rest.zoneId))
    throw new ControlError(404, `There is no zone ${rest.zoneId}.`);
  const spec: LaunchSpec = { ...rest, regionId: region.regionId, tags: new Map(Object.entries(tags ?? {})) };
  const made = Array.from({ length: count }, (_, index) =>
    simulation.instances.launch(
      count > 1 && spec.name !== undefined
        ? { ...spec, name: `${spec.name}-${String(index + 1).padStart(3, '0')}` }
        : spec,
    ),
  );
  return { instanceIds: made.map((instance) => instance.instanceId) };
}

/** Changes an instance. */
export function updateInstance(
  { simulation }: ControlTarget,
  instanceId: string,
  body: unknown,
): InstanceSummary {
  const { tags, agent, status, stoppedMode, locks, stuck, ...plain } = updateInstanceBody.parse(body);
  const instance = find(simulation, instanceId);
  Object.assign(instance, plain);
  if (tags) {
    instance.tagsBefore = instance.tags;
    instance.tagsChangedAt = simulation.clock.now();
    instance.tags = new Map(Object.entries(tags));
  }
  if (locks) instance.locks = locks;
  if (status) simulation.instances.force(instance, status, stoppedMode ?? 'KeepCharging');
  if (stuck !== undefined) simulation.instances.setStuck(instance, stuck);
  if (agent) simulation.instances.setAgent(instance, agent);
  return summary(instance, simulation.clock.now());
}

/** Releases an instance at once, whatever protects it. */
export function removeInstance({ simulation }: ControlTarget, instanceId: string): void {
  simulation.instances.release(find(simulation, instanceId), true);
}

/** What `reboot` typed in the guest does: a new boot that no call of the API ordered. */
export function rebootGuest({ simulation }: ControlTarget, instanceId: string): void {
  const instance = find(simulation, instanceId);
  if (instance.status !== 'Running') throw new ControlError(409, `${instanceId} is ${instance.status}.`);
  simulation.instances.reboot(instance, false);
}

function find(simulation: ControlTarget['simulation'], instanceId: string): Instance {
  const instance = simulation.world.findInstance(instanceId);
  if (!instance) throw new ControlError(404, `There is no instance ${instanceId}.`);
  return instance;
}

function summary(instance: Instance, now: number): InstanceSummary {
  const { agent } = instance;
  return {
    instanceId: instance.instanceId,
    regionId: instance.regionId,
    zoneId: instance.zoneId,
    name: instance.name,
    status: instance.status,
    stoppedMode: instance.stoppedMode,
    instanceType: instance.instanceType,
    imageId: instance.imageId,
    osType: instance.osType,
    privateIp: instance.privateIp,
    publicIp: instance.publicIp,
    createdAt: instance.createdAt,
    startedAt: instance.startedAt ?? null,
    bootId: instance.bootId,
    tags: Object.fromEntries(instance.tags),
    locks: instance.locks,
    agent: {
      installed: agent.installed,
      enabled: agent.enabled,
      version: agent.version,
      blocked: agent.blocked ?? false,
      upgrading: agent.upgrading ?? false,
      installing: agent.installing ?? false,
      lastHeartbeat: lastHeartbeat(instance, now) ?? null,
    },
  };
}
