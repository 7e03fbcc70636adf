/**
 * Where an EcsError becomes an ApplicationFailure: classified once, at the activity boundary, so that workflows switch
 * on `failure.type` (the ECS code) and never on message text.
 */
import { ApplicationFailure } from '@temporalio/common';
import { EcsError } from '../ecs/errors';

/** The first of an ApplicationFailure's details when ECS refused. Plain JSON. */
export interface EcsFailureDetail {
  action: string;
  code: string;
  requestId?: string;
  /** True where the call certainly did nothing. */
  effectExcluded: boolean;
}

/** Runs `work`; whatever it throws leaves as a failure Temporal retries or not, as the error table says. */
export async function atBoundary<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof EcsError ? toFailure(error) : error;
  }
}

function toFailure(error: EcsError): ApplicationFailure {
  const detail: EcsFailureDetail = {
    action: error.action,
    code: error.code,
    requestId: error.requestId,
    effectExcluded: error.effectExcluded,
  };
  return ApplicationFailure.create({
    type: error.code,
    message: error.message,
    nonRetryable: error.kind === 'terminal' || error.kind === 'alreadyDone',
    nextRetryDelay: error.retryAfterMs === undefined ? undefined : withJitter(error.retryAfterMs),
    details: [detail],
  });
}

/** Everybody who was told to wait comes back at the same moment otherwise. */
function withJitter(milliseconds: number): number {
  return Math.ceil(milliseconds + Math.random() * Math.min(5_000, 200 + milliseconds * 0.2));
}
