/**
 * Makes the record of a new instance. The rule: whatever a caller leaves open gets the default of the service.
 */
import type { LifeServices } from './instances';
import type { Agent, Instance, InstanceStatus } from './instance';
import type { Region } from './region';
import type { Disk } from './storage';

/** A disk asked for at launch. */
export interface LaunchDisk {
  readonly category?: string;
  readonly size?: number;
  readonly performanceLevel?: string;
  readonly name?: string;
  readonly description?: string;
  readonly device?: string;
  readonly deleteWithInstance?: boolean;
  readonly encrypted?: boolean;
  readonly snapshotId?: string;
}

/** What may be told about a new instance; only the region is needed. */
export interface LaunchSpec {
  readonly regionId: string;
  readonly instanceId?: string;
  readonly zoneId?: string;
  readonly vSwitchId?: string;
  readonly privateIp?: string;
  readonly name?: string;
  readonly hostName?: string;
  readonly description?: string;
  readonly instanceType?: string;
  readonly imageId?: string;
  readonly osType?: 'linux' | 'windows';
  /** Skips the creation and puts the instance into this status at once. */
  readonly status?: InstanceStatus;
  readonly chargeType?: 'PostPaid' | 'PrePaid';
  readonly spotStrategy?: string;
  readonly spotPriceLimit?: number;
  readonly spotDuration?: number;
  readonly spotInterruptionBehavior?: string;
  readonly internetChargeType?: string;
  readonly bandwidthOut?: number;
  readonly bandwidthIn?: number;
  readonly securityGroupIds?: readonly string[];
  readonly keyPairName?: string;
  readonly ramRoleName?: string;
  readonly resourceGroupId?: string;
  readonly userData?: string;
  readonly creditSpecification?: string;
  readonly autoReleaseAt?: number;
  readonly deletionProtection?: boolean;
  readonly httpTokens?: string;
  readonly tags?: ReadonlyMap<string, string>;
  readonly agent?: Partial<Pick<Agent, 'installed' | 'version' | 'enabled' | 'blocked' | 'upgrading'>>;
  readonly systemDisk?: LaunchDisk;
  readonly dataDisks?: readonly LaunchDisk[];
}

/** What InstallCloudAssistant installs. */
export const AGENT_VERSIONS = { linux: '2.2.3.915', windows: '2.1.3.915' } as const;
const DEFAULT_TYPE = 'ecs.g7.large';

/** Makes the instance and its disks; the disks are put into the region, the instance is not yet. */
export function makeInstance(services: LifeServices, spec: LaunchSpec): Instance {
  const { world, random, clock } = services;
  const region = world.region(spec.regionId);
  const now = clock.now();
  const instanceId = spec.instanceId ?? random.id('i-bp1', 17);
  const vSwitch =
    (spec.vSwitchId === undefined ? undefined : region.vSwitches.get(spec.vSwitchId)) ??
    [...region.vSwitches.values()].find((v) => v.zoneId === (spec.zoneId ?? region.zones[0]?.zoneId));
  if (!vSwitch) throw new Error(`no virtual switch for ${spec.zoneId ?? spec.vSwitchId ?? spec.regionId}`);
  const privateIp = region.takeAddress(vSwitch, spec.privateIp);
  const os = systemOf(region, spec);
  const tags = new Map(spec.tags ?? []);
  const spot = spec.spotStrategy !== undefined && spec.spotStrategy !== 'NoSpot';
  const status = spec.status ?? 'Pending';
  const instance: Instance = {
    instanceId,
    regionId: region.regionId,
    zoneId: vSwitch.zoneId,
    sequence: world.nextSequence(),
    createdAt: now,
    serialNumber: random.id('', 8),
    vSwitchId: vSwitch.vSwitchId,
    vpcId: vSwitch.vpcId,
    networkInterfaceId: random.id('eni-bp1', 17),
    privateIp,
    publicIp: (spec.bandwidthOut ?? 0) > 0 ? publicAddress(random.next()) : '',
    name: spec.name ?? instanceId,
    hostName: spec.hostName ?? `iZ${instanceId.slice(2)}Z`,
    description: spec.description ?? '',
    instanceType: spec.instanceType ?? DEFAULT_TYPE,
    ...os,
    status,
    statusBefore: status,
    statusChangedAt: now,
    next: undefined,
    stoppedMode: status === 'Stopped' ? 'KeepCharging' : 'Not-applicable',
    stoppingMode: 'KeepCharging',
    releasing: false,
    startedAt: undefined,
    bootId: '',
    chargeType: spec.chargeType ?? 'PostPaid',
    spotStrategy: spec.spotStrategy ?? 'NoSpot',
    spotPriceLimit: spec.spotPriceLimit ?? 0,
    spotDuration: spot ? (spec.spotDuration ?? 1) : 0,
    spotInterruptionBehavior: spot ? (spec.spotInterruptionBehavior ?? 'Terminate') : '',
    internetChargeType: spec.internetChargeType ?? 'PayByTraffic',
    bandwidthOut: spec.bandwidthOut ?? 0,
    bandwidthIn: spec.bandwidthIn ?? -1,
    securityGroupIds: [...(spec.securityGroupIds ?? region.securityGroups.keys())].slice(0, 16),
    keyPairName: spec.keyPairName ?? '',
    ramRoleName: spec.ramRoleName ?? '',
    resourceGroupId: spec.resourceGroupId ?? '',
    userData: spec.userData ?? '',
    creditSpecification: spec.creditSpecification ?? '',
    autoReleaseAt: spec.autoReleaseAt,
    expiresAt: undefined,
    deletionProtection: spec.deletionProtection ?? false,
    httpTokens: spec.httpTokens ?? 'optional',
    locks: [],
    tags,
    tagsBefore: tags,
    tagsChangedAt: now,
    agent: {
      installed: spec.agent?.installed ?? true,
      version: spec.agent?.version ?? AGENT_VERSIONS[os.osType],
      enabled: spec.agent?.enabled ?? true,
      blocked: spec.agent?.blocked ?? false,
      upgrading: spec.agent?.upgrading ?? false,
      upSince: undefined,
      lastHeartbeat: undefined,
    },
  };
  attachDisks(services, region, instance, spec);
  return instance;
}

function systemOf(
  region: Region,
  spec: LaunchSpec,
): Pick<Instance, 'imageId' | 'osType' | 'osName' | 'osNameEn'> {
  const images = [...region.images.values()];
  const wanted = images.find((image) => image.imageId === spec.imageId);
  const image = wanted ?? images.find((candidate) => candidate.osType === (spec.osType ?? 'linux'));
  return {
    imageId: spec.imageId ?? image?.imageId ?? '',
    osType: spec.osType ?? image?.osType ?? 'linux',
    osName: image?.osName ?? '',
    osNameEn: image?.osNameEn ?? '',
  };
}

function attachDisks(services: LifeServices, region: Region, instance: Instance, spec: LaunchSpec): void {
  const wanted = [spec.systemDisk ?? {}, ...(spec.dataDisks ?? [])];
  wanted.forEach((disk, index) => {
    const record: Disk = {
      diskId: services.random.id('d-bp1', 17),
      regionId: region.regionId,
      zoneId: instance.zoneId,
      type: index === 0 ? 'system' : 'data',
      category: disk.category ?? 'cloud_essd',
      performanceLevel:
        disk.performanceLevel ?? ((disk.category ?? 'cloud_essd') === 'cloud_essd' ? 'PL1' : ''),
      size: disk.size ?? 40,
      createdAt: instance.createdAt,
      sequence: services.world.nextSequence(),
      name: disk.name ?? '',
      description: disk.description ?? '',
      device: disk.device ?? `/dev/xvd${String.fromCharCode(97 + index)}`,
      instanceId: instance.instanceId,
      attachedAt: instance.createdAt,
      status: 'In_use',
      deleteWithInstance: disk.deleteWithInstance ?? true,
      encrypted: disk.encrypted ?? false,
      imageId: index === 0 ? instance.imageId : '',
      sourceSnapshotId: disk.snapshotId ?? '',
      tags: new Map(),
    };
    region.disks.set(record.diskId, record);
  });
}

/** A public address by chance, another one than `not`. */
export function publicAddress(chance: number, not = ''): string {
  // 203.0.113.0/24 and 198.51.100.0/24 are reserved for documentation: no real host can be meant.
  const host = 1 + Math.floor(chance * 508);
  const address = (index: number): string =>
    index <= 254 ? `203.0.113.${index}` : `198.51.100.${index - 254}`;
  return address(host) === not ? address((host % 508) + 1) : address(host);
}
