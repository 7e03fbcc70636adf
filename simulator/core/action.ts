/**
 * What an action is: a name, declared parameters and one handler.
 * The rule: a handler gets checked parameters and a context, returns the fields of the answer or throws EcsError;
 * signature, throttle, permission, ClientToken, DryRun, ledger and faults are the pipeline's business.
 */
import type { Simulation } from '../simulation';
import type { Instance } from '../model/instance';
import type { Region } from '../model/region';
import type { ErrorSpec, MissingFamily } from './errors';
import { EcsError, errors, missingGateway, toError } from './errors';
import type { DrawnFaults, Fault, FaultOf } from './faults';
import type { Page, PageLimits, PageParams } from './paging';
import { paginate, queryIdentity } from './paging';
import { ParamReader } from './param-reader';
import type { ParamsOf, Schema } from './schema';
import type { Switches } from './settings';
import type { Quota } from './throttle';

/** The fields of an answer; `RequestId` is added. */
export type Answer = Readonly<Record<string, unknown>>;

/** One call on its way to its handler. */
export class ActionContext {
  /** The endpoint as the caller addressed it, `host:port`. */
  readonly endpoint: string;

  constructor(
    readonly simulation: Simulation,
    readonly action: string,
    readonly requestId: string,
    readonly accessKeyId: string,
    readonly raw: ReadonlyMap<string, string>,
    private readonly drawn: DrawnFaults,
    endpoint: string,
  ) {
    this.endpoint = endpoint;
  }

  /** Simulated time, in milliseconds. */
  get now(): number {
    return this.simulation.clock.now();
  }

  /** The region named by RegionId; 404 when there is no such region. */
  get region(): Region {
    return this.simulation.world.region(this.raw.get('RegionId') ?? '');
  }

  /** Notes an effect of this call in the ledger. */
  effect(
    effect: string,
    resourceId: string,
    regionId: string,
    detail?: Readonly<Record<string, unknown>>,
  ): void {
    const { ledger } = this.simulation;
    const extra = detail === undefined ? {} : { detail };
    ledger.effect({ time: this.now, effect, resourceId, regionId, requestId: this.requestId, ...extra });
  }

  /** One page of rows; `orderOf` rises along the rows. */
  page<T>(rows: readonly T[], orderOf: (row: T) => number, params: PageParams, limits: PageLimits): Page<T> {
    return paginate(rows, orderOf, params, limits, {
      identity: queryIdentity(this.action, this.raw),
      key: this.simulation.tokenKey,
      disorder: {
        shift: this.drawn.find('pageShift')?.by ?? 0,
        repeatToken: this.drawn.find('repeatedToken') !== undefined,
      },
      lastToken: this.simulation.switches.lastNextToken,
      badToken: this.simulation.switches.badNextToken,
    });
  }

  /** The fault of a kind that this call drew. */
  fault<K extends Fault['kind']>(kind: K): FaultOf<K> | undefined {
    return this.drawn.find(kind);
  }

  /** False while something created at that moment is not listed yet. */
  isVisible(createdAt: number): boolean {
    const lag = this.simulation.faults.condition('visibilityLag', this.action)?.ms ?? 0;
    return lag === 0 || this.now - createdAt >= lag;
  }

  /** The moment before which records are gone, or -Infinity. */
  get purgedBefore(): number {
    const fault = this.simulation.faults.condition('purgedRecords', this.action);
    return fault ? this.now - fault.olderThanMs : -Infinity;
  }

  /** The status that lists show, which may be older than the truth. */
  statusOf(instance: Instance): Instance['status'] {
    if (instance.staleUntil !== undefined && this.now < instance.staleUntil) return 'Running';
    const lag = this.simulation.faults.condition('staleStatus', this.action)?.ms ?? 0;
    return lag > 0 && this.now - instance.statusChangedAt < lag ? instance.statusBefore : instance.status;
  }

  /** The tags that searches see, which may be older than the truth. */
  searchableTags(instance: Instance): ReadonlyMap<string, string> {
    const lag = this.simulation.faults.condition('tagLag', this.action)?.ms ?? 0;
    return lag > 0 && this.now - instance.tagsChangedAt < lag ? instance.tagsBefore : instance.tags;
  }
}

/** The declaration of an action. */
export interface ActionSpec<S extends Schema, R extends keyof S & string> {
  readonly name: string;
  /** `2014-05-26` alone unless told. */
  readonly versions?: readonly string[];
  readonly params: S;
  /** The required parameters, in the order in which their absence is reported. */
  readonly required: readonly R[];
  readonly missing?: MissingFamily;
  /** The error of a bad value whose parameter declares none of its own. */
  readonly invalid?: ErrorSpec;
  readonly quota: Quota;
  /** Present on actions that take a ClientToken: the error of a malformed one. */
  readonly clientToken?: ErrorSpec;
  /** The error of a RegionId that names no region, where it is not 404 InvalidRegionId.NotFound. */
  readonly unknownRegion?: ErrorSpec;
  /** The error of a ClientToken used again with other parameters, where it is not 403 IdempotentParameterMismatch. */
  readonly tokenMismatch?: (switches: Switches) => EcsError;
  /** True when `DryRun=true` answers DryRunOperation after the parameters have been checked. */
  readonly dryRun?: boolean;
  handle(context: ActionContext, params: ParamsOf<S, R>): Answer | Promise<Answer>;
}

/** A call whose parameters have been checked. */
export interface PreparedCall {
  readonly unknownParameters: readonly string[];
  run(context: ActionContext): Answer | Promise<Answer>;
}

/** An action as the pipeline sees it. */
export interface Action {
  readonly name: string;
  readonly versions: readonly string[];
  readonly quota: Quota;
  readonly clientToken: boolean;
  readonly dryRun: boolean;
  /** The error of a RegionId that names no region. */
  unknownRegion(regionId: string): EcsError;
  /** The error of a ClientToken used again with other parameters. */
  tokenMismatch(switches: Switches): EcsError;
  /** Checks the parameters: first that the required ones are there, then every format and limit. */
  prepare(raw: ReadonlyMap<string, string>): PreparedCall;
}

/** The version of the API that is simulated. */
export const ECS_VERSION = '2014-05-26';
/** The version of the Vpc product, some of whose actions are answered on the same port. */
export const VPC_VERSION = '2016-04-28';

/** Accepted everywhere and meaningless. */
const EVERYWHERE = new Set([
  'OwnerId',
  'OwnerAccount',
  'ResourceOwnerId',
  'ResourceOwnerAccount',
  'RegionId',
]);

const INVALID: ErrorSpec = (name) =>
  new EcsError(
    400,
    `InvalidParameter.${name.replace(/\.\d.*$/, '')}`,
    `The specified parameter ${name} is not valid.`,
  );

/** Declares an action. */
export function defineAction<S extends Schema, R extends keyof S & string = never>(
  spec: ActionSpec<S, R>,
): Action {
  return {
    name: spec.name,
    versions: spec.versions ?? [ECS_VERSION],
    quota: spec.quota,
    clientToken: spec.clientToken !== undefined,
    dryRun: spec.dryRun ?? false,
    unknownRegion: (regionId) =>
      spec.unknownRegion ? toError(spec.unknownRegion, 'RegionId', regionId) : errors.regionNotFound(),
    tokenMismatch: spec.tokenMismatch ?? errors.idempotentMismatch,
    prepare(raw) {
      const reader = new ParamReader(raw);
      const missing = spec.missing ?? missingGateway;
      for (const name of spec.required) if (!reader.has(name)) throw missing(name);
      checkClientToken(spec.clientToken, reader);
      if (spec.dryRun) reader.get('DryRun');
      const entries = Object.entries(spec.params);
      const parsed = entries.map(([name, param]) => [
        name,
        param.parse(reader, name, spec.invalid ?? INVALID),
      ]);
      const params = Object.fromEntries(parsed) as ParamsOf<S, R>;
      return {
        unknownParameters: reader.unknown(EVERYWHERE),
        run: (context) => spec.handle(context, params),
      };
    },
  };
}

function checkClientToken(bad: ErrorSpec | undefined, reader: ParamReader): void {
  if (bad === undefined) return;
  const token = reader.get('ClientToken') ?? '';
  // eslint-disable-next-line no-control-regex -- "ASCII" is the documented rule
  if (token.length <= 64 && /^[\x00-\x7f]*$/.test(token)) return;
  if (typeof bad === 'function') throw bad('ClientToken', token);
  throw new EcsError(bad[0], bad[1], bad[2] ?? 'The specified ClientToken is not valid.');
}

/** A single-instance handler's first line: the instance, wherever it is. */
export function requireInstance(context: ActionContext, instanceId: string): Instance {
  const instance = context.simulation.world.findInstance(instanceId);
  if (!instance) throw errors.instanceNotFound();
  return instance;
}
