/**
 * What goes wrong on purpose, declared as data. The rule: a fault names the actions it hits and how often, and
 * every hit is written into the ledger line of the call.
 *
 *   { action: 'RunCommand', kind: 'reset', phase: 'after', count: 1 }
 *   { action: ['DescribeInstances', 'DescribeInvocations'], kind: 'error', httpStatus: 503, rate: 0.1 }
 *   { action: '*', kind: 'visibilityLag', ms: 5000 }
 *
 * Faults of a call are drawn per call (`count`, `rate`, `skip`, `where`); conditions (visibilityLag, tagLag,
 * purgedRecords, clientTokenLifetime, clockSkew, expiredCredentials) hold for as long as they are set.
 */
import { z } from 'zod';
import type { Random } from './random';

const phase = z.enum(['before', 'after']);

const common = {
  id: z.string().min(1).optional(),
  /** One action, several, or `*`. */
  action: z.union([z.string(), z.array(z.string()).min(1)]).default('*'),
  /** How many calls are hit before the fault is spent; without it there is no end. */
  count: z.number().int().positive().optional(),
  /** The share of matching calls that is hit. */
  rate: z.number().min(0).max(1).optional(),
  /** How many matching calls pass first. */
  skip: z.number().int().nonnegative().optional(),
  /** Only calls with these parameter values. */
  where: z.record(z.string(), z.string()).optional(),
};

const kinds = [
  /** An error answer, before anything happened or after the effect. */
  z
    .object({
      ...common,
      kind: z.literal('error'),
      phase: phase.default('before'),
      httpStatus: z.number().int().min(400).max(599).default(503),
      code: z.string().optional(),
      message: z.string().optional(),
      retryAfterMs: z.number().optional(),
    })
    .strict(),
  /** From the first hit, every matching call is throttled until the minute of the clock ends. */
  z
    .object({
      ...common,
      kind: z.literal('throttle'),
      code: z.string().default('Throttling.User'),
      httpStatus: z.number().int().default(400),
    })
    .strict(),
  /** The connection breaks, before anything happened or after the effect. */
  z.object({ ...common, kind: z.literal('reset'), phase: phase.default('before') }).strict(),
  /** Wall-clock delay; `during` holds the ClientToken as still being processed. */
  z
    .object({
      ...common,
      kind: z.literal('delay'),
      phase: z.enum(['before', 'during', 'after']).default('before'),
      ms: z.number().nonnegative(),
    })
    .strict(),
  /** The true answer, a few bytes at a time. */
  z
    .object({
      ...common,
      kind: z.literal('slowDrip'),
      bytes: z.number().int().positive().default(16),
      everyMs: z.number().positive().default(100),
    })
    .strict(),
  /** The true answer, spoilt so that it is not JSON. */
  z.object({ ...common, kind: z.literal('malformedJson') }).strict(),
  /** The first part of the true answer with the length of the whole; then the connection ends. */
  z.object({ ...common, kind: z.literal('truncated') }).strict(),
  /** An HTML page of some proxy instead of the answer. */
  z
    .object({
      ...common,
      kind: z.literal('html'),
      phase: phase.default('before'),
      httpStatus: z.number().int().default(502),
    })
    .strict(),
  /** An answer far larger than it should be. */
  z
    .object({
      ...common,
      kind: z.literal('hugeBody'),
      bytes: z.number().int().positive().default(50_000_000),
    })
    .strict(),
  /** Extra fields on every object of the answer. */
  z.object({ ...common, kind: z.literal('unknownFields') }).strict(),
  /** A status value nobody has heard of in every row. */
  z
    .object({ ...common, kind: z.literal('unknownStatus'), value: z.string().default('Hibernating') })
    .strict(),
  /** Pages after the first start `by` rows late (rows skipped) or, below zero, early (rows repeated). */
  z.object({ ...common, kind: z.literal('pageShift'), by: z.number().int() }).strict(),
  /** A page token that is answered again instead of the next one. */
  z.object({ ...common, kind: z.literal('repeatedToken') }).strict(),
  /** RunInstances answers, and then the instances vanish with a SystemFailure.Delete event. */
  z.object({ ...common, kind: z.literal('creationFailure') }).strict(),
  /** What was created less than `ms` ago is not listed yet. */
  z.object({ ...common, kind: z.literal('visibilityLag'), ms: z.number().nonnegative() }).strict(),
  /** Status read by lists and searches is `ms` old. */
  z.object({ ...common, kind: z.literal('staleStatus'), ms: z.number().nonnegative() }).strict(),
  /** A search by tag sees the tags of `ms` ago. */
  z.object({ ...common, kind: z.literal('tagLag'), ms: z.number().nonnegative() }).strict(),
  /** Records older than `olderThanMs` are gone. */
  z
    .object({ ...common, kind: z.literal('purgedRecords'), olderThanMs: z.number().nonnegative().default(0) })
    .strict(),
  /** ClientTokens are remembered only this long. */
  z.object({ ...common, kind: z.literal('clientTokenLifetime'), ms: z.number().nonnegative() }).strict(),
  /** The clock by which signatures are judged is off by `ms`. */
  z.object({ ...common, kind: z.literal('clockSkew'), ms: z.number() }).strict(),
  /** Credentials have expired: STS tokens, and with `keys` plain keys too. */
  z.object({ ...common, kind: z.literal('expiredCredentials'), keys: z.boolean().default(true) }).strict(),
] as const;

/** The shape of a fault as the control plane takes it. */
export const faultSchema = z.discriminatedUnion('kind', kinds);

/** A fault as it is written. */
export type FaultSpec = z.input<typeof faultSchema>;
/** A fault with its defaults filled in. */
export type Fault = z.output<typeof faultSchema>;
/** The faults of one kind. */
export type FaultOf<K extends Fault['kind']> = Extract<Fault, { kind: K }>;

/** A fault that is set, with what has become of it. */
export interface ActiveFault {
  readonly id: string;
  readonly fault: Fault;
  hits: number;
  seen: number;
  /** Set by a throttle fault: the end of the minute that is closed. */
  until?: number;
}

const CONDITIONS = new Set<Fault['kind']>([
  'visibilityLag',
  'staleStatus',
  'tagLag',
  'purgedRecords',
  'clientTokenLifetime',
  'clockSkew',
  'expiredCredentials',
]);

/** The faults that one call draws. */
export class DrawnFaults {
  constructor(private readonly active: readonly ActiveFault[]) {}

  /** The drawn fault of a kind, in a phase where that kind has phases. */
  find<K extends Fault['kind']>(kind: K, inPhase?: string): FaultOf<K> | undefined {
    const match = this.active.find(
      ({ fault }) =>
        fault.kind === kind && (inPhase === undefined || ('phase' in fault && fault.phase === inPhase)),
    );
    return match?.fault as FaultOf<K> | undefined;
  }

  /** What the ledger notes: kind and id. */
  names(): string[] {
    return this.active.map(({ id, fault }) => `${fault.kind}#${id}`);
  }
}

/** All faults of one simulator. */
export class Faults {
  private readonly active = new Map<string, ActiveFault>();
  private nextId = 1;

  constructor(private readonly random: Random) {}

  /** Sets faults beside those that are set; one with a known id replaces it. Returns the ids. */
  set(specs: readonly FaultSpec[]): string[] {
    return specs.map((spec) => {
      const fault = faultSchema.parse(spec);
      const id = fault.id ?? String(this.nextId++);
      this.active.set(id, { id, fault, hits: 0, seen: 0 });
      return id;
    });
  }

  /** Removes one fault, or all. */
  clear(id?: string): void {
    if (id === undefined) this.active.clear();
    else this.active.delete(id);
  }

  /** What is set, and how often each has hit. */
  list(): ActiveFault[] {
    return [...this.active.values()];
  }

  /** Draws the faults of one call and counts them. */
  draw(action: string, params: ReadonlyMap<string, string>, now: number): DrawnFaults {
    if (this.active.size === 0) return NONE;
    const drawn = this.list().filter((entry) => {
      if (CONDITIONS.has(entry.fault.kind) || !concerns(entry.fault, action, params)) return false;
      return this.hits(entry, now);
    });
    return drawn.length === 0 ? NONE : new DrawnFaults(drawn);
  }

  /** The condition of a kind that holds for an action. */
  condition<K extends Fault['kind']>(kind: K, action: string): FaultOf<K> | undefined {
    for (const { fault } of this.active.values())
      if (fault.kind === kind && namesAction(fault, action)) return fault as FaultOf<K>;
    return undefined;
  }

  private hits(entry: ActiveFault, now: number): boolean {
    const { fault } = entry;
    if (entry.until !== undefined && now < entry.until) return true;
    entry.seen += 1;
    if (entry.seen <= (fault.skip ?? 0)) return false;
    if (fault.count !== undefined && entry.hits >= fault.count) return false;
    if (fault.rate !== undefined && this.random.next() >= fault.rate) return false;
    entry.hits += 1;
    if (fault.kind === 'throttle') entry.until = (Math.floor(now / 60_000) + 1) * 60_000;
    return true;
  }
}

const NONE = new DrawnFaults([]);

function namesAction(fault: Fault, action: string): boolean {
  if (fault.action === '*' || fault.action === action) return true;
  return Array.isArray(fault.action) && (fault.action.includes(action) || fault.action.includes('*'));
}

function concerns(fault: Fault, action: string, params: ReadonlyMap<string, string>): boolean {
  if (!namesAction(fault, action)) return false;
  return Object.entries(fault.where ?? {}).every(([name, value]) => params.get(name) === value);
}
