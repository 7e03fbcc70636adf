/**
 * An instance and the transitions it may make. The rule: a status changes only along LEGAL, through `moveTo`.
 */

/** The life of an instance as the API shows it. */
export type InstanceStatus = 'Pending' | 'Starting' | 'Running' | 'Stopping' | 'Stopped';

/** Why operations on an instance are locked. */
export interface OperationLock {
  readonly reason: string;
  readonly message: string;
}

/** The Cloud Assistant agent of an instance. */
export interface Agent {
  installed: boolean;
  version: string;
  /** False when somebody stopped the agent although the guest runs. */
  enabled: boolean;
  /** The security group lets nothing of it through: it runs, and nobody hears of it. */
  blocked?: boolean;
  /** It replaces itself just now and takes no command. */
  upgrading?: boolean;
  /** InstallCloudAssistant was called: the next start of the guest brings a new agent. */
  installing?: boolean;
  /** The agent has been in contact since then; undefined while there is none. */
  upSince: number | undefined;
  /** The last heartbeat before contact was lost. */
  lastHeartbeat: number | undefined;
}

/** What the owner wants done at maintenance. Windows are hours of UTC+8, as they were written. */
export interface Maintenance {
  action: string;
  notify: boolean;
  windows: readonly { readonly start: string; readonly end: string }[];
}

/** A change of status that the provider has begun and will finish by itself. */
export interface NextStep {
  readonly status: InstanceStatus;
  readonly due: number;
}

/** Everything that is known about an instance. Plain data, so that it can be saved. */
export interface Instance {
  readonly instanceId: string;
  readonly regionId: string;
  readonly zoneId: string;
  /** Rises with creation; lists are in this order. */
  readonly sequence: number;
  readonly createdAt: number;
  readonly serialNumber: string;
  readonly vSwitchId: string;
  readonly vpcId: string;
  readonly networkInterfaceId: string;
  readonly privateIp: string;
  publicIp: string;
  /** The address that was given back when it stopped without charging. */
  publicIpBefore?: string;
  name: string;
  hostName: string;
  description: string;
  instanceType: string;
  imageId: string;
  osType: 'linux' | 'windows';
  osName: string;
  osNameEn: string;
  status: InstanceStatus;
  statusBefore: InstanceStatus;
  statusChangedAt: number;
  next: NextStep | undefined;
  /** Its changes of status take this many times as long. */
  slowness?: number;
  /** The change in progress does not end before this is taken back. */
  stuck?: boolean;
  stoppedMode: 'KeepCharging' | 'StopCharging' | 'Not-applicable';
  /** The mode the stop in progress will end in. */
  stoppingMode: 'KeepCharging' | 'StopCharging';
  /** Set while an instance shuts down in order to be released. */
  releasing: boolean;
  startedAt: number | undefined;
  bootId: string;
  chargeType: 'PostPaid' | 'PrePaid';
  spotStrategy: string;
  spotPriceLimit: number;
  spotDuration: number;
  spotInterruptionBehavior: string;
  internetChargeType: string;
  bandwidthOut: number;
  bandwidthIn: number;
  securityGroupIds: string[];
  keyPairName: string;
  ramRoleName: string;
  resourceGroupId: string;
  userData: string;
  creditSpecification: string;
  autoReleaseAt: number | undefined;
  expiresAt: number | undefined;
  deletionProtection: boolean;
  httpTokens: string;
  locks: OperationLock[];
  tags: Map<string, string>;
  tagsBefore: Map<string, string>;
  tagsChangedAt: number;
  agent: Agent;
  /** Until then lists say Running although the instance reboots. */
  staleUntil?: number;
  /** Set from the notice of a reclaim to its end. */
  reclaim?: { readonly due: number };
  /** Its capacity went to somebody else: stopping gives nothing back. */
  capacityLost?: boolean;
  /** The elastic address on it. */
  eip?: {
    readonly allocationId: string;
    readonly address: string;
    readonly bandwidth: number;
    readonly internetChargeType: string;
  };
  /** What is done when its host fails; the service's defaults when absent. */
  maintenance?: Maintenance;
}

const LEGAL: Readonly<Record<InstanceStatus, readonly InstanceStatus[]>> = {
  Pending: ['Starting', 'Stopped'],
  Starting: ['Running', 'Stopping'],
  Running: ['Stopping', 'Starting'],
  Stopping: ['Stopped', 'Starting'],
  Stopped: ['Starting'],
};

/** Changes the status; a change that is not declared is a bug of the simulator. */
export function moveTo(instance: Instance, status: InstanceStatus, now: number): void {
  if (!LEGAL[instance.status].includes(status))
    throw new Error(`${instance.instanceId} cannot go from ${instance.status} to ${status}`);
  instance.statusBefore = instance.status;
  instance.statusChangedAt = now;
  instance.status = status;
}

/** The reboot of a guest takes as long as this between two heartbeats of its agent. */
export const HEARTBEAT_MS = 60_000;

/** The last heartbeat of the agent, or undefined when it never was in contact. */
export function lastHeartbeat(instance: Instance, now: number): number | undefined {
  const { agent } = instance;
  if (agent.upSince === undefined || now < agent.upSince) return agent.lastHeartbeat;
  return agent.upSince + Math.floor((now - agent.upSince) / HEARTBEAT_MS) * HEARTBEAT_MS;
}

/** True when the agent has been heard of within two minutes, as the service judges it. */
export function isAgentAlive(instance: Instance, now: number): boolean {
  const beat = lastHeartbeat(instance, now);
  return instance.agent.installed && beat !== undefined && now - beat < 2 * HEARTBEAT_MS;
}

/** True when the agent would be heard of while the guest runs. */
export function isHeard({ agent }: Instance): boolean {
  return agent.installed && agent.enabled && !agent.blocked;
}

/** True when the agent can take a command now. */
export function isAgentReady(instance: Instance, now: number): boolean {
  const { agent } = instance;
  const isUp = agent.upSince !== undefined && now >= agent.upSince;
  return instance.status === 'Running' && agent.installed && !agent.upgrading && isUp;
}

/** True when a lock of that reason lies on the instance; reasons are compared without case. */
export function isLocked(instance: Instance, reason: string): boolean {
  return instance.locks.some((lock) => lock.reason.toLowerCase() === reason.toLowerCase());
}
