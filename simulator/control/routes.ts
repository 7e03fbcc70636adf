/**
 * The operations of the control plane. The rule: a table of method and path; bodies are checked before anything
 * is changed.
 */
import type { ControlTarget } from './server';

/** A refused control call. */
export class ControlError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** A control call. */
export interface ControlRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

type Handler = (target: ControlTarget, request: ControlRequest) => unknown;

const ROUTES: Readonly<Record<string, Handler>> = {
  'GET /health': ({ simulation }) => ({
    status: 'ok',
    time: simulation.clock.now(),
    mode: simulation.clock.mode,
  }),
};

/** Carries out one control call. */
export async function route(target: ControlTarget, request: ControlRequest): Promise<unknown> {
  const handler = ROUTES[`${request.method} ${request.path}`];
  if (!handler) throw new ControlError(404, `There is no ${request.method} ${request.path}.`);
  return handler(target, request);
}
