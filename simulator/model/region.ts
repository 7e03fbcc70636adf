/**
 * A region with everything in it. The rule: a resource belongs to one region and is found by its id there.
 */
import { EcsError } from '../core/errors';
import type { ImageData, RegionData } from './catalog';
import { INSTANCE_TYPES, PUBLIC_IMAGES } from './catalog';
import type { Instance } from './instance';
import type { Disk, Eip, Image, Snapshot } from './storage';

/** A virtual switch: a subnet in one zone. */
export interface VSwitch {
  readonly vSwitchId: string;
  readonly vpcId: string;
  readonly zoneId: string;
  /** The network is 10.block.0.0/16. */
  readonly block: number;
  readonly used: Set<number>;
  nextHost: number;
}

/** A security group. */
export interface SecurityGroup {
  readonly securityGroupId: string;
  readonly vpcId: string;
  readonly name: string;
  readonly createdAt: number;
  tags: Map<string, string>;
}

/** A zone; `stock` holds the types whose number is limited. */
export interface Zone {
  readonly zoneId: string;
  readonly stock: Map<string, number>;
}

const HOSTS = 65_532;

/** One region. */
export class Region {
  readonly regionId: string;
  readonly zones: readonly Zone[];
  readonly vpcId: string;
  readonly vSwitches = new Map<string, VSwitch>();
  readonly securityGroups = new Map<string, SecurityGroup>();
  readonly instances = new Map<string, Instance>();
  readonly disks = new Map<string, Disk>();
  readonly images = new Map<string, Image>();
  readonly snapshots = new Map<string, Snapshot>();
  readonly eips = new Map<string, Eip>();

  constructor(
    readonly data: RegionData,
    block: number,
    openedAt: number,
  ) {
    this.regionId = data.regionId;
    this.vpcId = `vpc-${code(data.regionId)}0000000000`;
    this.zones = data.zones.map((letter) => ({ zoneId: `${data.regionId}-${letter}`, stock: new Map() }));
    data.zones.forEach((letter, index) => {
      const vSwitchId = `vsw-${code(data.regionId)}${letter.repeat(10)}`;
      const zoneId = `${data.regionId}-${letter}`;
      const vSwitch = {
        vSwitchId,
        vpcId: this.vpcId,
        zoneId,
        block: block + index,
        used: new Set<number>(),
        nextHost: 4,
      };
      this.vSwitches.set(vSwitchId, vSwitch);
    });
    const securityGroupId = `sg-${code(data.regionId)}0000000000`;
    const group = {
      securityGroupId,
      vpcId: this.vpcId,
      name: 'default',
      createdAt: openedAt,
      tags: new Map<string, string>(),
    };
    this.securityGroups.set(securityGroupId, group);
    PUBLIC_IMAGES.forEach((image, index) =>
      this.images.set(
        image.imageId,
        publicImage(this.regionId, image, index - PUBLIC_IMAGES.length, openedAt),
      ),
    );
  }

  /** The zone, or undefined. */
  zone(zoneId: string): Zone | undefined {
    return this.zones.find((zone) => zone.zoneId === zoneId);
  }

  /** How many more instances of a type a zone has room for. */
  stockOf(zoneId: string, instanceType: string): number {
    const zone = this.zone(zoneId);
    if (!zone || !INSTANCE_TYPES.has(instanceType)) return 0;
    return zone.stock.get(instanceType) ?? zone.stock.get('*') ?? Infinity;
  }

  /** Takes from the stock of a zone, or gives back with a negative number. */
  takeStock(zoneId: string, instanceType: string, amount: number): void {
    const stock = this.zone(zoneId)?.stock;
    for (const key of [instanceType, '*']) {
      const left = stock?.get(key);
      if (stock && left !== undefined) return void stock.set(key, Math.max(0, left - amount));
    }
  }

  /** A free address of a virtual switch, or the wanted one. */
  takeAddress(vSwitch: VSwitch, wanted?: string): string {
    if (wanted !== undefined) {
      const host = hostOf(vSwitch, wanted);
      if (host === undefined)
        throw new EcsError(
          400,
          'InvalidPrivateIpAddress.Malformed',
          'Specified private IP address is malformed.',
        );
      if (vSwitch.used.has(host))
        throw new EcsError(400, 'InvalidIPAddress.AlreadyUsed', 'The specified IP address is already used.');
      vSwitch.used.add(host);
      return wanted;
    }
    if (vSwitch.used.size >= HOSTS)
      throw new EcsError(
        400,
        'QuotaExceeded.PrivateIpAddress',
        'The number of private IP addresses is exceeded.',
      );
    while (vSwitch.used.has(vSwitch.nextHost))
      vSwitch.nextHost = vSwitch.nextHost > HOSTS ? 4 : vSwitch.nextHost + 1;
    vSwitch.used.add(vSwitch.nextHost);
    return `10.${vSwitch.block}.${vSwitch.nextHost >> 8}.${vSwitch.nextHost & 255}`;
  }

  /** Gives an address back. */
  freeAddress(vSwitchId: string, address: string): void {
    const vSwitch = this.vSwitches.get(vSwitchId);
    const host = vSwitch && hostOf(vSwitch, address);
    if (host !== undefined) vSwitch?.used.delete(host);
  }
}

/** Public images come before all others, so their numbers are below zero. */
function publicImage(regionId: string, data: ImageData, sequence: number, createdAt: number): Image {
  const { name: osName, nameEn: osNameEn, ...rest } = data;
  return {
    ...rest,
    regionId,
    sequence,
    name: data.imageId,
    description: '',
    version: '',
    osName,
    osNameEn,
    ownerAlias: 'system',
    createdAt,
    resourceGroupId: '',
    isCopied: false,
    instanceId: '',
    disks: [],
    status: 'Available',
    work: undefined,
    tags: new Map(),
  };
}

function hostOf(vSwitch: VSwitch, address: string): number | undefined {
  const parts = address.split('.').map(Number);
  const [a, b, c, d] = parts;
  if (parts.length !== 4 || a !== 10 || b !== vSwitch.block || c === undefined || d === undefined)
    return undefined;
  const host = c * 256 + d;
  return Number.isInteger(host) && c < 256 && d < 256 && host >= 4 && host < HOSTS + 3 ? host : undefined;
}

/** A stable short code of a region, so that network ids are the same in every run. */
function code(regionId: string): string {
  return regionId
    .replace(/[^a-z0-9]/g, '')
    .slice(0, 12)
    .padEnd(12, '0');
}
