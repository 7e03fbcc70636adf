/**
 * The one table that says what an ECS error means for us. Every other file switches on `EcsError.kind`, never on a
 * code of its own and never on message text, so retry knowledge lives here alone.
 *
 * Sources: the error tables of the ECS API reference (2014-05-26) and the idempotence page of the developer guide
 * ("client retries belong to 500, 503 and no answer").
 */

/**
 * retry: the same call may succeed later (throttling, 5xx, no answer).
 * retryAfter: the call may succeed once the resource changed state; look before calling again.
 * terminal: never succeeds unchanged.
 * alreadyDone: the wanted state is there already.
 */
export type EcsErrorKind = 'retry' | 'retryAfter' | 'terminal' | 'alreadyDone';

export interface EcsErrorInit {
  /** The API action, e.g. `RunCommand`. */
  action: string;
  /** The API's error code, or `Transport.*` where no answer of ECS was read. */
  code: string;
  message: string;
  kind: EcsErrorKind;
  /** False where the call may have taken effect although no good answer came back. */
  effectExcluded: boolean;
  requestId?: string;
  httpStatus?: number;
  /** Milliseconds the service (or our own quota) asks to wait. */
  retryAfterMs?: number;
}

/** Every failure of a call to ECS. The message carries action, code and request id: what a support ticket needs. */
export class EcsError extends Error {
  override readonly name = 'EcsError';
  readonly action: string;
  readonly code: string;
  /** The message without action, code and request id. */
  readonly detail: string;
  readonly kind: EcsErrorKind;
  readonly effectExcluded: boolean;
  readonly requestId?: string;
  readonly httpStatus?: number;
  readonly retryAfterMs?: number;

  constructor(init: EcsErrorInit) {
    const id = init.requestId ? ` (request id ${init.requestId})` : '';
    const detail = withoutRequest(init.message);
    super(`${init.action}: ${init.code}: ${detail}${id}`);
    this.action = init.action;
    this.code = init.code;
    this.detail = detail;
    this.kind = init.kind;
    this.effectExcluded = init.effectExcluded;
    this.requestId = init.requestId;
    this.httpStatus = init.httpStatus;
    this.retryAfterMs = init.retryAfterMs;
  }

  /** The same error with a time to wait. */
  retryIn(retryAfterMs: number): EcsError {
    return new EcsError({ ...this, message: this.detail, retryAfterMs });
  }
}

/**
 * Errors reach histories, logs and terminals, and may repeat the request: transport errors its URL with every
 * parameter (the script among them), signature errors the text that was to be signed (the security token among them).
 */
function withoutRequest(message: string): string {
  return message
    .replace(/(https?:\/\/[^\s?#'"]*)[?#][^\s'"]*/gi, '$1?…')
    .replace(/((string to sign|canonical ?request)\W*(is)?\W*:)[\s\S]*/i, '$1 (left out)')
    .slice(0, MAX_MESSAGE);
}

const MAX_MESSAGE = 1_000;

const RETRY = [
  /^(.*\.)?Throttling(\..*)?$/,
  /^ServiceUnavailable/,
  /^InternalError(\..*)?$/,
  /^IdempotentProcessing$/,
  /^LastTokenProcessing$/,
  /^SignatureNonceUsed$/,
];

/** Terminal whatever their status says. */
const TERMINAL = [/^NotImplemented\./];

const RETRY_AFTER_STATE_CHANGE = [
  /^IncorrectInstanceStatus(\..*)?$/,
  /^IncorrectDiskStatus/,
  /^OperationConflict$/,
  /^InvalidOperation\.Conflict$/,
  /^InstanceNotReady$/,
  /^OperationDenied\.NoStock$/,
  /^DependencyViolation\./,
  /^ImageUsingByInstance$/,
  /^CannotDeleteWhileRunning$/,
];

/**
 * Classifies an error answer. Unknown codes: a 4xx is terminal, a 5xx may pass.
 * @param code the API's `Code`
 * @param httpStatus the status it came with, where known
 */
export function classify(code: string, httpStatus?: number): EcsErrorKind {
  if (TERMINAL.some((pattern) => pattern.test(code))) return 'terminal';
  if (RETRY.some((pattern) => pattern.test(code))) return 'retry';
  if (RETRY_AFTER_STATE_CHANGE.some((pattern) => pattern.test(code))) return 'retryAfter';
  return httpStatus !== undefined && httpStatus >= 400 && httpStatus < 500 ? 'terminal' : 'retry';
}

/** True for answers that mean "you call too often", whatever their HTTP status. */
export function isThrottling(code: string): boolean {
  return /(^|\.)Throttling(\.|$)/.test(code);
}

/** What a refusal is about: permissions, the key pair, the clock of this machine, or the request itself. */
export type RefusalSubject = 'permission' | 'keys' | 'clock' | 'request';

/** The subject of a terminal code. */
export function subjectOf(code: string): RefusalSubject {
  if (/^(Forbidden(\.(RAM|NotAuthorized|SubUser))?|NoPermission|NotAuthorized)$/.test(code))
    return 'permission';
  if (/^InvalidTimeStamp/.test(code)) return 'clock';
  if (
    /^(InvalidAccessKey|InvalidSecurityToken|MissingSecurityToken|SignatureDoesNotMatch|IncompleteSignature)/.test(
      code,
    )
  )
    return 'keys';
  return 'request';
}

interface SdkErrorShape {
  code?: unknown;
  message?: unknown;
  statusCode?: unknown;
  retryAfter?: unknown;
  data?: unknown;
  accessDeniedDetail?: unknown;
  name?: unknown;
}

/** Translates whatever the SDK threw into an EcsError; `effectExcluded` is decided here as well. */
export function toEcsError(action: string, thrown: unknown): EcsError {
  if (thrown instanceof EcsError) return thrown;
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as SdkErrorShape;
  const httpStatus = typeof error.statusCode === 'number' ? error.statusCode : undefined;
  const code = typeof error.code === 'string' ? error.code : '';
  if (httpStatus === undefined || code === '') return transportError(action, error, thrown);
  const kind = classify(code, httpStatus);
  return new EcsError({
    action,
    code,
    kind,
    httpStatus,
    // A 4xx was refused before anything was done; a 5xx may hide an effect.
    effectExcluded: httpStatus < 500 && code !== 'IdempotentProcessing',
    message: explain(code, cleanMessage(error), error),
    requestId: requestIdOf(error.data),
    retryAfterMs: typeof error.retryAfter === 'number' ? error.retryAfter : undefined,
  });
}

/** No answer of ECS could be read: refused, reset, timed out, HTML from a proxy, a cut body. Always worth a retry. */
function transportError(action: string, error: SdkErrorShape, thrown: unknown): EcsError {
  const raw =
    typeof error.code === 'string' && error.code !== ''
      ? error.code
      : typeof error.name === 'string'
        ? error.name
        : 'Unknown';
  const refused = raw === 'ECONNREFUSED' || raw === 'ENOTFOUND' || raw === 'EAI_AGAIN';
  const message = typeof error.message === 'string' ? error.message : String(thrown);
  return new EcsError({
    action,
    code: `Transport.${raw}`,
    kind: 'retry',
    effectExcluded: refused,
    message: `no readable answer: ${withoutRequest(message).slice(0, 300)}`,
  });
}

/** The SDK prefixes the code and status and appends the request id; we carry those ourselves. */
function cleanMessage(error: SdkErrorShape): string {
  const data = error.data as { Message?: unknown } | undefined;
  if (typeof data?.Message === 'string') return data.Message;
  return typeof error.message === 'string' ? error.message : '';
}

function requestIdOf(data: unknown): string | undefined {
  const id = (data as { RequestId?: unknown } | undefined)?.RequestId;
  return typeof id === 'string' ? id : undefined;
}

function explain(code: string, message: string, error: SdkErrorShape): string {
  if (!/^Forbidden/.test(code) && code !== 'NoPermission') return message;
  const detail = (error.accessDeniedDetail ??
    (error.data as { AccessDeniedDetail?: unknown } | undefined)?.AccessDeniedDetail) as
    { AuthAction?: unknown } | undefined;
  const action = typeof detail?.AuthAction === 'string' ? detail.AuthAction : undefined;
  return action ? `${message} Missing permission: ${action}.` : message;
}
