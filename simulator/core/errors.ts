/**
 * The one error class of the simulator and the errors that more than one action answers with.
 * The rule: an error is its HTTP status, its code and its message, exactly as the API documents them.
 */

/** An answer that is an error. `extra` adds fields to the body, `headers` to the response. */
export class EcsError extends Error {
  constructor(
    readonly httpStatus: number,
    readonly code: string,
    message: string,
    readonly extra: Readonly<Record<string, unknown>> = {},
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = 'EcsError';
  }
}

/** How a declared parameter says which error a bad value gives: status, code and, where documented, the text. */
export type ErrorSpec =
  readonly [status: number, code: string, message?: string] | ((name: string, value: string) => EcsError);

/** Turns a declared error into the error itself. */
export function toError(spec: ErrorSpec, name: string, value: string): EcsError {
  if (typeof spec === 'function') return spec(name, value);
  const [status, code, message] = spec;
  return new EcsError(status, code, message ?? `The specified ${name} is invalid.`);
}

/** How the actions of one family name a required parameter that is absent. */
export type MissingFamily = (name: string) => EcsError;

/** Actions whose required parameters the gateway declares: `MissingInstanceId`. */
export const missingGateway: MissingFamily = (name) =>
  new EcsError(400, `Missing${name.replace(/\..*$/, '')}`, `${name} is mandatory for this action.`);
/** Cloud Assistant: `MissingParam.InstanceId`. */
export const missingParam: MissingFamily = (name) =>
  new EcsError(400, `MissingParam.${name}`, `The parameter ${name} is required.`);
/** Tag actions: `MissingParameter.RegionId`, with status 404. */
export const missingTagParameter: MissingFamily = (name) =>
  new EcsError(404, `MissingParameter.${name}`, `The parameter - ${name} should not be null.`);

/** The errors that several actions share. */
export const errors = {
  instanceNotFound: () =>
    new EcsError(404, 'InvalidInstanceId.NotFound', 'The specified InstanceId does not exist.'),
  assistantInstanceNotFound: () =>
    new EcsError(404, 'InvalidInstance.NotFound', 'The specified instance does not exist.'),
  regionNotFound: () =>
    new EcsError(404, 'InvalidRegionId.NotFound', 'The specified RegionId does not exist.'),
  incorrectStatus: (httpStatus = 403) =>
    new EcsError(
      httpStatus,
      'IncorrectInstanceStatus',
      'The current status of the resource does not support this operation.',
    ),
  initializing: () =>
    new EcsError(
      403,
      'IncorrectInstanceStatus.Initializing',
      'The specified instance status does not support this operation.',
    ),
  lockedForSecurity: (httpStatus = 403) =>
    new EcsError(
      httpStatus,
      'InstanceLockedForSecurity',
      'The instance is locked due to security and cannot be operated.',
    ),
  deletionProtection: () =>
    new EcsError(
      403,
      'InvalidOperation.DeletionProtection',
      'The operation is not allowed due to deletion protection.',
    ),
  noStock: () =>
    new EcsError(
      403,
      'OperationDenied.NoStock',
      'The requested resource is sold out in the specified zone; try other types of resources or other regions and zones.',
    ),
  dryRun: () =>
    new EcsError(400, 'DryRunOperation', 'Request validation has been passed with DryRun flag set.'),
  dryRunBatch: () =>
    new EcsError(400, 'DRYRUN.SUCCESS', 'Request validation has been passed with DryRun flag set.'),
  idempotentMismatch: () =>
    new EcsError(
      403,
      'IdempotentParameterMismatch',
      'The specified parameter has changed while using an already used clientToken.',
    ),
  idempotentProcessing: () =>
    new EcsError(403, 'IdempotentProcessing', 'The previous idempotent request(s) is still processing.'),
  invalidNextToken: (code: string) =>
    new EcsError(400, code, 'The specified NextToken is invalid or belongs to another query.'),
  internal: () =>
    new EcsError(500, 'InternalError', 'The request processing has failed due to some unknown error.'),
  unavailable: () =>
    new EcsError(
      503,
      'ServiceUnavailable',
      'The request has failed due to a temporary failure of the server.',
    ),
} as const;
