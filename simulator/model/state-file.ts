/**
 * Keeps a simulation over restarts. The rule: the file is readable by its owner only and replaced in one step, so
 * that whoever reads it finds a whole state; the ledger lies beside it and only grows.
 */
import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { LedgerRecord } from '../core/ledger';
import type { Simulation } from '../simulation';
import type { Instance } from './instance';
import type { Disk, Image } from './storage';

interface SavedRegion {
  readonly instances: Instance[];
  readonly disks: Disk[];
  readonly images: Image[];
  readonly stock: Record<string, Map<string, number>>;
  readonly groupTags: Record<string, Map<string, string>>;
}

interface Saved {
  readonly version: 1;
  readonly time: number;
  readonly regions: Record<string, SavedRegion>;
  readonly tokens: unknown;
  readonly parts: Record<string, unknown>;
}

/** A write that took this long is not made again before every answer. */
const CHEAP_MS = 20;
const OWNER_ONLY = 0o600;

/** Writes and reads the state of one simulation. */
export class StateFile {
  private dirty = false;
  private lines: string[] = [];
  private lastCost = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly path: string,
    private readonly simulation: Simulation,
  ) {}

  /** Reads what there is and keeps what follows. True when a state was found. */
  attach(): boolean {
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    const found = existsSync(this.path);
    if (found) this.restore();
    const { ledger } = this.simulation;
    ledger.onRecord = (record) => {
      this.lines.push(JSON.stringify(record));
      this.dirty = true;
      this.schedule();
    };
    this.simulation.beforeAnswer = () => {
      if (this.dirty && this.lastCost < CHEAP_MS) this.flush();
    };
    this.simulation.onClose(() => {
      if (this.timer) clearTimeout(this.timer);
      ledger.onRecord = undefined;
      this.flush();
    });
    return found;
  }

  /** Writes the state now. */
  flush(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = undefined;
    const began = performance.now();
    const temporary = `${this.path}.${process.pid}.tmp`;
    rmSync(temporary, { force: true });
    const file = openSync(temporary, 'wx', OWNER_ONLY);
    try {
      writeSync(file, JSON.stringify(this.collect(), writeMap));
      // What grows with the state; how busy the disk is must not decide what an answer promises.
      this.lastCost = performance.now() - began;
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, this.path);
    if (this.lines.length > 0)
      appendFileSync(this.ledgerPath, `${this.lines.join('\n')}\n`, { mode: OWNER_ONLY });
    this.lines = [];
    this.dirty = false;
  }

  private get ledgerPath(): string {
    return `${this.path}.ledger`;
  }

  private schedule(): void {
    if (this.timer) return;
    this.timer = setTimeout(() => this.flush(), Math.max(50, this.lastCost * 10));
    this.timer.unref();
  }

  private collect(): Saved {
    const { world, clock, tokens, persistent } = this.simulation;
    const regions = [...world.regions].map(([id, region]): [string, SavedRegion] => [
      id,
      {
        instances: [...region.instances.values()],
        disks: [...region.disks.values()],
        images: [...region.images.values()].filter((image) => image.ownerAlias === 'self'),
        stock: Object.fromEntries(region.zones.map((zone) => [zone.zoneId, zone.stock])),
        groupTags: Object.fromEntries([...region.securityGroups].map(([group, { tags }]) => [group, tags])),
      },
    ]);
    const parts = Object.fromEntries([...persistent].map(([name, part]) => [name, part.save()]));
    return {
      version: 1,
      time: clock.now(),
      regions: Object.fromEntries(regions),
      tokens: tokens.save(),
      parts,
    };
  }

  private restore(): void {
    const saved = this.read();
    const { world, clock, tokens, persistent, instances } = this.simulation;
    clock.continueFrom(saved.time);
    for (const [id, data] of Object.entries(saved.regions)) this.restoreRegion(id, data);
    for (const region of world.regions.values())
      for (const instance of region.instances.values()) instances.resume(instance);
    tokens.restore(saved.tokens);
    this.simulation.savedParts = saved.parts;
    for (const [name, part] of persistent) if (name in saved.parts) part.restore(saved.parts[name]);
    this.simulation.ledger.restore(this.readLedger());
  }

  private restoreRegion(id: string, data: SavedRegion): void {
    const { world } = this.simulation;
    const region = world.regions.get(id);
    if (!region) return;
    for (const image of data.images) region.images.set(image.imageId, image);
    for (const disk of data.disks) region.disks.set(disk.diskId, disk);
    for (const zone of region.zones)
      for (const [type, left] of data.stock[zone.zoneId] ?? []) zone.stock.set(type, left);
    for (const [group, tags] of Object.entries(data.groupTags)) {
      const known = region.securityGroups.get(group);
      if (known) known.tags = tags;
    }
    for (const instance of data.instances) {
      region.instances.set(instance.instanceId, instance);
      const vSwitch = region.vSwitches.get(instance.vSwitchId);
      if (vSwitch) region.takeAddress(vSwitch, instance.privateIp);
    }
    for (const { sequence } of [...data.instances, ...data.disks, ...data.images])
      world.continueAfter(sequence);
  }

  private read(): Saved {
    try {
      const saved = JSON.parse(readFileSync(this.path, 'utf8'), readMap) as Saved;
      if (saved.version !== 1) throw new Error('its version is not known');
      return saved;
    } catch (error) {
      throw new Error(`The state file ${this.path} cannot be used: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  private readLedger(): LedgerRecord[] {
    if (!existsSync(this.ledgerPath)) return [];
    const lines = readFileSync(this.ledgerPath, 'utf8')
      .split('\n')
      .slice(-this.simulation.ledger.limit - 1);
    return lines.flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line) as LedgerRecord];
      } catch {
        // A line that was cut when the process was killed.
        return [];
      }
    });
  }
}

function writeMap(_key: string, value: unknown): unknown {
  return value instanceof Map ? { $map: [...(value as Map<unknown, unknown>)] } : value;
}

function readMap(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('$map' in value)) return value;
  return new Map(value.$map as [unknown, unknown][]);
}
