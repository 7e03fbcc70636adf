/**
 * One simulated cloud without its network side: all services in one place.
 * The rule: no module-level state; two simulations in one process know nothing of each other.
 */
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CloudAssistant } from './assistant';
import { cloudAssistant } from './assistant';
import { ClientTokens } from './core/client-tokens';
import type { TimeMode } from './core/clock';
import { Clock } from './core/clock';
import { InstanceEvents } from './core/events';
import { Faults } from './core/faults';
import { Ledger } from './core/ledger';
import { newTokenKey } from './core/paging';
import type { Policy } from './core/policy';
import { Random } from './core/random';
import type { Durations, Switches, SwitchesInput } from './core/settings';
import { DEFAULT_DURATIONS, switchesSchema } from './core/settings';
import { Throttle } from './core/throttle';
import type { Instance } from './model/instance';
import { Instances } from './model/instances';
import { World } from './model/world';
import { Billing } from './billing';
import { Spot } from './spot';
import { Storage } from './storage';
import { SystemEvents } from './system-events';

/** How commands are executed. */
export type ExecMode = 'sandbox' | 'shell' | 'canned';

/** Settings of a simulation; everything has a default. */
export interface SimulationOptions {
  readonly regions?: readonly string[];
  readonly time?: TimeMode;
  readonly exec?: ExecMode;
  readonly durations?: Partial<Durations>;
  readonly switches?: SwitchesInput;
  /** Calls per minute by action; `*` for all others. */
  readonly quotas?: Readonly<Record<string, number>>;
  /** False turns the limits off. */
  readonly throttling?: boolean;
  readonly policy?: Policy;
  readonly randomStart?: number;
  readonly ledgerLimit?: number;
  /** How long a ClientToken is remembered. */
  readonly clientTokenLifetimeMs?: number;
  /** Where instances keep their files; a temporary directory, removed at the end, unless told. */
  readonly workDir?: string;
  /** Hears of errors that no answer can carry. */
  readonly onError?: (error: unknown) => void;
}

/** A part that keeps its own state in the state file. */
export interface Persistent {
  save(): unknown;
  restore(saved: unknown): void;
}

const DAY = 86_400_000;

/** The services of one simulated cloud. */
export class Simulation {
  readonly clock: Clock;
  readonly random: Random;
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly events: InstanceEvents;
  readonly tokens = new ClientTokens();
  readonly throttle: Throttle;
  readonly world: World;
  readonly instances: Instances;
  readonly systemEvents: SystemEvents;
  readonly storage: Storage;
  readonly spot: Spot;
  readonly billing: Billing;
  /** Hears of errors that no answer can carry. */
  readonly report: (error: unknown) => void;
  /** When this simulation began, in its own time. */
  readonly openedAt: number;
  readonly durations: Durations;
  readonly tokenKey = newTokenKey();
  readonly exec: ExecMode | undefined;
  readonly clientTokenLifetimeMs: number;
  /** Parts of the state file beside the world; use `keep`. */
  readonly persistent = new Map<string, Persistent>();
  /** What an earlier run saved of parts that have not been made yet. */
  savedParts: Readonly<Record<string, unknown>> = {};
  /** May be changed at any time by the control plane. */
  readonly switches: Switches;
  policy: Policy | undefined;
  /** Runs before an answer leaves; the state file makes sure that what is told is kept. */
  beforeAnswer: (() => void) | undefined;
  private readonly extensions = new Map<string, unknown>();
  private readonly closers: (() => void | Promise<void>)[] = [];
  private workDir: string | undefined;

  constructor(private readonly options: SimulationOptions = {}) {
    const report = (this.report = options.onError ?? (() => undefined));
    this.clock = new Clock(options.time ?? { kind: 'real' }, report);
    this.random = new Random(options.randomStart);
    this.ledger = new Ledger(options.ledgerLimit ?? 50_000);
    this.faults = new Faults(this.random);
    this.events = new InstanceEvents(report);
    this.throttle = new Throttle(options.quotas, options.throttling ?? true);
    this.durations = { ...DEFAULT_DURATIONS, ...options.durations };
    this.switches = switchesSchema.parse(options.switches ?? {});
    this.policy = options.policy;
    this.exec = options.exec;
    this.clientTokenLifetimeMs = options.clientTokenLifetimeMs ?? DAY;
    this.workDir = options.workDir;
    this.openedAt = this.clock.now();
    this.world = new World(options.regions ?? [], this.openedAt);
    this.instances = new Instances(this);
    this.systemEvents = new SystemEvents(this);
    this.storage = new Storage(this);
    this.spot = new Spot(this);
    this.billing = new Billing(this);
  }

  /** Commands, invocations, and the answers that tests script. */
  get assistant(): CloudAssistant {
    return cloudAssistant(this);
  }

  /** A part that other code adds once, by name: made at the first call. */
  extension<T>(name: string, make: (simulation: Simulation) => T): T {
    if (!this.extensions.has(name)) this.extensions.set(name, make(this));
    return this.extensions.get(name) as T;
  }

  /** Puts a part into the state file, and gives it what an earlier run saved of it. */
  keep(name: string, part: Persistent): void {
    this.persistent.set(name, part);
    if (name in this.savedParts) part.restore(this.savedParts[name]);
  }

  /** Runs at the end, last registered first. */
  onClose(close: () => void | Promise<void>): void {
    this.closers.push(close);
  }

  /** The instance's own directory, made at the first call. */
  directoryOf(instance: Pick<Instance, 'regionId' | 'instanceId'>): string {
    const path = join(this.workRoot(), instance.regionId, instance.instanceId);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  }

  /** Ends timers and everything that was registered, and removes what was temporary. */
  async close(): Promise<void> {
    this.clock.close();
    for (const close of this.closers.reverse()) await close();
    this.closers.length = 0;
    if (this.options.workDir === undefined && this.workDir !== undefined)
      rmSync(this.workDir, { recursive: true, force: true });
  }

  private workRoot(): string {
    this.workDir ??= mkdtempSync(join(tmpdir(), 'steward-simulator-'));
    return this.workDir;
  }
}
