/**
 * The fixed way of every call: action, key, time, signature, nonce, throttle, permission, parameters, DryRun,
 * ClientToken, handler. The rule: this order, for every action, and one ledger line at the end of it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Simulation } from '../simulation';
import type { RawRequest } from '../wire/request';
import { allPairs, header } from '../wire/request';
import { Nonces } from '../wire/nonces';
import { verifySignature } from '../wire/signature';
import type { Action, Answer } from './action';
import { ActionContext, ECS_VERSION, VPC_VERSION } from './action';
import { EcsError, errors } from './errors';
import type { DrawnFaults } from './faults';
import { Keyring } from './keyring';
import { presentable } from './ledger';
import { authorize } from './policy';
import { PRODUCT_ACTIONS } from './product-actions';
import { newRequestId } from './random';
import { disfigure } from './spoil';
import { throttled } from './throttle';

/** What goes back to the client; `drawn` may still spoil the delivery. */
export interface Reply {
  readonly kind: 'answer' | 'reset' | 'html';
  readonly httpStatus: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Answer;
  readonly drawn: DrawnFaults | undefined;
  /** The server's idea of the time, for the Date header. */
  readonly date: number;
}

/** System parameters: of the wire, not of the action. */
const SYSTEM = new Set(
  'Action Version Format Timestamp AccessKeyId SecurityToken Signature SignatureMethod SignatureNonce SignatureVersion SignatureType BearerToken'.split(
    ' ',
  ),
);

/** What is known of a call so far. */
interface Call {
  readonly requestId: string;
  readonly endpoint: string;
  action: string;
  params: Map<string, string>;
  accessKeyId: string;
  drawn: DrawnFaults | undefined;
  unknownParameters: readonly string[];
  /** The handler was reached, so an effect may have happened. */
  date: number;
}

class Interrupted extends Error {
  constructor(
    readonly kind: 'reset' | 'html',
    readonly httpStatus: number,
  ) {
    super(kind);
  }
}

/** The front door of a simulation. */
export class Gateway {
  readonly keyring = new Keyring();
  private readonly nonces = new Nonces();
  private readonly actions: ReadonlyMap<string, Action>;

  constructor(
    private readonly simulation: Simulation,
    actions: readonly Action[],
  ) {
    this.actions = new Map(actions.map((action) => [action.name, action]));
  }

  /** Answers one request. Never throws. */
  async answer(request: RawRequest): Promise<Reply> {
    const call: Call = {
      requestId: newRequestId(),
      endpoint: header(request, 'host') ?? '',
      action: '',
      params: new Map(),
      accessKeyId: '',
      drawn: undefined,
      unknownParameters: [],
      date: this.simulation.clock.wall(),
    };
    try {
      const answer = await this.process(request, call);
      return this.finish(call, 'answer', 200, {}, { RequestId: call.requestId, ...answer });
    } catch (error) {
      if (error instanceof Interrupted) return this.finish(call, error.kind, error.httpStatus, {}, {});
      return this.refuse(call, error);
    }
  }

  /** The error answer to something that never became a call: a bad path, a bad method, a huge body. */
  reject(error: EcsError, endpoint: string): Reply {
    const call: Call = {
      requestId: newRequestId(),
      endpoint,
      action: '',
      params: new Map(),
      accessKeyId: '',
      drawn: undefined,
      unknownParameters: [],
      date: this.simulation.clock.wall(),
    };
    return this.refuse(call, error);
  }

  private async process(request: RawRequest, call: Call): Promise<Answer> {
    const { simulation } = this;
    const pairs = new Map(allPairs(request));
    call.params = new Map([...pairs].filter(([name]) => !SYSTEM.has(name)));
    call.action = header(request, 'x-acs-action') ?? pairs.get('Action') ?? '';
    const version = header(request, 'x-acs-version') ?? pairs.get('Version');
    const action = this.findAction(call.action, version);
    this.authenticate(request, call);
    const { faults, throttle, clock } = simulation;
    const drawn = (call.drawn = faults.draw(call.action, call.params, clock.now()));
    await pause(drawn, 'before');
    interrupt(drawn, 'before');
    if (drawn.find('throttle')) this.throwThrottled(drawn);
    const regionId = call.params.get('RegionId') ?? '';
    throttle.take(
      action.name,
      action.quota,
      simulation.world.regions.has(regionId) ? regionId : '',
      clock.now(),
    );
    authorize(simulation.policy, action.name, version === VPC_VERSION ? 'vpc' : 'ecs');
    const prepared = action.prepare(call.params);
    call.unknownParameters = prepared.unknownParameters;
    if (regionId !== '' && !simulation.world.regions.has(regionId)) throw action.unknownRegion(regionId);
    if (action.dryRun && call.params.get('DryRun')?.toLowerCase() === 'true') throw errors.dryRun();
    const context = new ActionContext(
      simulation,
      action.name,
      call.requestId,
      call.accessKeyId,
      call.params,
      drawn,
      call.endpoint,
    );
    const answer = await this.once(action, context, drawn, () => prepared.run(context));
    simulation.beforeAnswer?.();
    await pause(drawn, 'after');
    interrupt(drawn, 'after');
    return disfigure(answer, drawn);
  }

  private findAction(name: string, version: string | undefined): Action {
    if (name === '') throw new EcsError(400, 'MissingAction', 'Action is mandatory for this action.');
    const action = this.actions.get(name);
    if (!action && !PRODUCT_ACTIONS.has(name))
      throw new EcsError(
        404,
        'InvalidApi.NotFound',
        'Specified api is not found, please check your url and method.',
      );
    if (!version) throw new EcsError(400, 'MissingVersion', 'Version is mandatory for this action.');
    if (!(action?.versions ?? [ECS_VERSION]).includes(version))
      throw new EcsError(400, 'InvalidVersion', 'Specified parameter Version is not valid.');
    if (action) return action;
    throw new EcsError(
      501,
      'NotImplemented.Simulator',
      `${name} exists in ECS but this simulator does not implement it.`,
    );
  }

  private authenticate(request: RawRequest, call: Call): void {
    const { faults, clock, switches } = this.simulation;
    const now = clock.wall() + (faults.condition('clockSkew', call.action)?.ms ?? 0);
    call.date = now;
    const secretOf = (id: string): string | undefined => {
      call.accessKeyId = id;
      return this.keyring.secretOf(id);
    };
    const verified = verifySignature(request, secretOf, now, switches.unknownKeyStatus);
    if (!this.nonces.use(verified.accessKeyId, verified.nonce, now))
      throw new EcsError(400, 'SignatureNonceUsed', 'Specified signature nonce was used already.');
    const expired = faults.condition('expiredCredentials', call.action);
    if (expired && verified.securityToken !== undefined)
      throw new EcsError(400, 'InvalidSecurityToken.Expired', 'Specified SecurityToken is expired.');
    if (expired?.keys || !this.keyring.isActive(verified.accessKeyId))
      throw new EcsError(400, 'InvalidAccessKeyId.Inactive', 'Specified access key is disabled.');
  }

  private async once(
    action: Action,
    context: ActionContext,
    drawn: DrawnFaults,
    run: () => Answer | Promise<Answer>,
  ): Promise<Answer> {
    const token = action.clientToken ? (context.raw.get('ClientToken') ?? '') : '';
    if (token === '') {
      await pause(drawn, 'during');
      return run();
    }
    const { tokens, faults, clock, clientTokenLifetimeMs, switches } = this.simulation;
    const lifetime = faults.condition('clientTokenLifetime', action.name)?.ms ?? clientTokenLifetimeMs;
    const scope = JSON.stringify([context.raw.get('RegionId') ?? '', action.name, token]);
    const verdict = tokens.claim(scope, context.raw, clock.now(), lifetime, () =>
      action.tokenMismatch(switches),
    );
    if (verdict.kind === 'known') return verdict.answer;
    try {
      await pause(drawn, 'during');
      const answer = await run();
      verdict.settle(answer);
      return answer;
    } catch (error) {
      verdict.release();
      throw error;
    }
  }

  private throwThrottled(drawn: DrawnFaults): never {
    const fault = drawn.find('throttle');
    throw throttled(this.simulation.clock.now(), fault?.code, fault?.httpStatus);
  }

  private refuse(call: Call, error: unknown): Reply {
    const known = error instanceof EcsError ? error : errors.internal();
    const regionId = call.params.get('RegionId') ?? '';
    const body = {
      RequestId: call.requestId,
      HostId: regionId === '' ? call.endpoint : `ecs.${regionId}.aliyuncs.com`,
      Code: known.code,
      Message:
        error instanceof EcsError ? known.message : `${known.message} (${String(error).slice(0, 200)})`,
      Recommend: `https://api.aliyun.com/troubleshoot?q=${known.code}&product=Ecs&requestId=${call.requestId}`,
      ...known.extra,
    };
    const headers = this.simulation.switches.retryAfterHeader ? known.headers : {};
    return this.finish(call, 'answer', known.httpStatus, headers, body);
  }

  private finish(
    call: Call,
    kind: Reply['kind'],
    httpStatus: number,
    headers: Reply['headers'],
    body: Answer,
  ): Reply {
    const token = call.params.get('ClientToken');
    const faults = call.drawn?.names() ?? [];
    const code = kind === 'answer' ? ((body['Code'] as string | undefined) ?? 'OK') : `(${kind})`;
    if (call.action !== '')
      this.simulation.ledger.call({
        time: this.simulation.clock.now(),
        action: call.action,
        regionId: call.params.get('RegionId') ?? '',
        params: presentable(call.params),
        requestId: call.requestId,
        accessKeyId: call.accessKeyId,
        httpStatus,
        code: httpStatus < 400 && kind === 'answer' ? 'OK' : code,
        ...(token === undefined ? {} : { clientToken: token }),
        ...(call.unknownParameters.length > 0 ? { unknownParameters: call.unknownParameters } : {}),
        ...(faults.length > 0 ? { faults } : {}),
      });
    return { kind, httpStatus, headers, body, drawn: call.drawn, date: call.date };
  }
}

async function pause(drawn: DrawnFaults, phase: string): Promise<void> {
  const fault = drawn.find('delay', phase);
  if (fault) await sleep(fault.ms, undefined, { ref: false });
}

function interrupt(drawn: DrawnFaults, phase: 'before' | 'after'): void {
  const error = drawn.find('error', phase);
  if (error) {
    const usual = error.httpStatus === 500 ? errors.internal() : errors.unavailable();
    const headers: Record<string, string> =
      error.retryAfterMs === undefined ? {} : { 'x-acs-retry-after': String(error.retryAfterMs) };
    throw new EcsError(
      error.httpStatus,
      error.code ?? usual.code,
      error.message ?? usual.message,
      {},
      headers,
    );
  }
  if (drawn.find('reset', phase)) throw new Interrupted('reset', 0);
  const html = drawn.find('html', phase);
  if (html) throw new Interrupted('html', html.httpStatus);
}
