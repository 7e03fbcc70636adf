/**
 * One call to ECS through the SDK: quota before, classification after, a time limit around it.
 *
 * The one rule: whatever happens in here leaves as an EcsError with the action, the code and, where there was an
 * answer, the request id. The SDK is imported by src/ecs alone.
 */
import Ecs from '@alicloud/ecs20140526';
import { Config } from '@alicloud/openapi-client';
import Credential, { Config as CredentialConfig } from '@alicloud/credentials';
import { setTimeout as delay } from 'node:timers/promises';
import { EcsError, isThrottling, toEcsError } from './errors';
import { Quota } from './quota';
import type { Lane, QuotaLimits } from './quota';

export interface EcsOptions {
  /** host:port of another endpoint, e.g. the simulator's; absent: the region's own endpoint of the cloud. */
  endpoint?: string;
  /** `http` only with an endpoint on loopback; checked by the configuration and again here. */
  protocol?: 'http' | 'https';
  /** A fixed key pair (tests); absent: the default chain of @alicloud/credentials. */
  accessKey?: { id: string; secret: string; securityToken?: string };
  quota?: QuotaLimits;
  /** Whole time of one call, in milliseconds. Default 20,000. */
  callTimeoutMs?: number;
  /** Called with every finished call, for logs and measurements. */
  onCall?: (call: CallRecord) => void;
  /** Called before anything else of each call; the time-skipping tests set the simulator's clock here. */
  beforeCall?: () => Promise<void>;
  /** Epoch milliseconds for the quota. Default Date.now. */
  now?: () => number;
}

export interface CallRecord {
  action: string;
  region: string;
  milliseconds: number;
  /** `ok` or the error's code. */
  code: string;
  requestId?: string;
}

interface SdkAnswer {
  body?: { requestId?: string };
}

/** An SDK answer whose body is known to be there. */
type BodyOf<A extends { body?: unknown }> = NonNullable<A['body']>;

const CONNECT_TIMEOUT_MS = 5_000;
const READ_TIMEOUT_MS = 15_000;
const CALL_TIMEOUT_MS = 20_000;
const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d+)?$/;

export class EcsTransport {
  private readonly clients = new Map<string, Ecs>();
  private readonly quota: Quota;
  private readonly credential: Credential;

  /** `shared`: the quota of another lane's transport of the same account. */
  constructor(
    private readonly options: EcsOptions = {},
    private readonly lane: Lane = 'ordinary',
    shared?: EcsTransport,
  ) {
    if (options.protocol === 'http' && !LOOPBACK.test(options.endpoint ?? '')) {
      throw new Error(
        `Plain http is allowed to loopback only, not to ${options.endpoint ?? 'the cloud'}; use https.`,
      );
    }
    this.quota = shared?.quota ?? new Quota(options.quota, options.now);
    this.credential = new Credential(options.accessKey ? fixedCredential(options.accessKey) : undefined);
  }

  /**
   * Makes one call.
   * @throws {EcsError} kind `retry` with `retryAfterMs` where our own quota says later.
   */
  async call<A extends SdkAnswer>(
    action: string,
    region: string,
    send: (sdk: Ecs) => Promise<A>,
  ): Promise<BodyOf<A>> {
    await this.options.beforeCall?.();
    await this.passQuota(action, region);
    const startedAt = performance.now();
    const record = (code: string, requestId?: string): void =>
      this.options.onCall?.({ action, region, milliseconds: performance.now() - startedAt, code, requestId });
    try {
      const answer = await this.withinTime(action, send(this.clientOf(region)));
      if (!answer.body) throw new SyntaxError('the answer has no body');
      record('ok', answer.body.requestId);
      return answer.body;
    } catch (thrown) {
      const error = this.noted(toEcsError(action, thrown), region);
      record(error.code, error.requestId);
      throw error;
    }
  }

  /** Where calls about a region go: protocol and host, port included. */
  urlOf(region: string): string {
    return `${this.options.protocol ?? 'https'}://${this.clientOf(region)._endpoint}`;
  }

  /** Throws, in the words of the credential chain, where it finds no credentials. */
  async checkCredentials(): Promise<void> {
    await this.credential.getCredential();
  }

  private async passQuota(action: string, region: string): Promise<void> {
    const verdict = this.quota.take(action, region, this.lane);
    if (verdict.grant === 'in') await delay(verdict.waitMs);
    if (verdict.grant !== 'later') return;
    throw new EcsError({
      action,
      code: 'Quota.Wait',
      kind: 'retry',
      effectExcluded: true,
      retryAfterMs: verdict.retryAfterMs,
      message: `our own share of the ${action} quota in ${region} is used up; next call in ${Math.ceil(verdict.retryAfterMs / 1000)} s`,
    });
  }

  /** A throttling answer closes that API's bucket for everyone in this worker and tells the caller when it opens. */
  private noted(error: EcsError, region: string): EcsError {
    if (!isThrottling(error.code)) return error;
    return error.retryIn(this.quota.close(error.action, region, error.retryAfterMs, this.lane));
  }

  private async withinTime<T>(action: string, promise: Promise<T>): Promise<T> {
    const limit = this.options.callTimeoutMs ?? CALL_TIMEOUT_MS;
    const abort = new AbortController();
    const timeout = delay(limit, undefined, { signal: abort.signal, ref: false }).then(() => {
      throw Object.assign(new Error(`${action} took longer than ${limit} ms`), { name: 'Timeout' });
    });
    try {
      return await Promise.race([promise, timeout]);
    } finally {
      abort.abort();
      timeout.catch(() => undefined);
      promise.catch(() => undefined);
    }
  }

  private clientOf(region: string): Ecs {
    const known = this.clients.get(region);
    if (known) return known;
    const config = new Config({
      regionId: region,
      endpoint: this.options.endpoint,
      protocol: this.options.protocol ?? 'https',
      credential: this.credential,
      connectTimeout: CONNECT_TIMEOUT_MS,
      readTimeout: READ_TIMEOUT_MS,
    });
    const client = new Ecs(config);
    this.clients.set(region, client);
    return client;
  }
}

function fixedCredential(key: NonNullable<EcsOptions['accessKey']>): CredentialConfig {
  return new CredentialConfig({
    type: key.securityToken ? 'sts' : 'access_key',
    accessKeyId: key.id,
    accessKeySecret: key.secret,
    securityToken: key.securityToken,
  });
}
