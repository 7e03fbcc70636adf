/**
 * What the control plane refuses with. The rule: a status and a sentence.
 */
import { z } from 'zod';
import { EcsError } from '../core/errors';

/** A refused control call. */
export class ControlError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** The status and sentence for whatever was thrown. */
export function explain(error: unknown): { status: number; message: string } {
  if (error instanceof ControlError) return { status: error.status, message: error.message };
  if (error instanceof EcsError)
    return { status: error.httpStatus, message: `${error.code}: ${error.message}` };
  if (error instanceof z.ZodError) return { status: 400, message: z.prettifyError(error) };
  return { status: 500, message: error instanceof Error ? error.message : String(error) };
}
