/**
 * What the commands around a region have in common: which region is meant, a connection with a worker behind it, and a
 * workflow run to its result.
 *
 * The one rule: a command that needs a worker says so before it starts anything.
 */
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Config } from '../config';
import { INVALID_INPUT } from '../domain/messages';
import type { InputError } from '../domain/messages';
import { isRegionId } from '../domain/run-input';
import { runningStack } from '../stack/stack-file';
import { connectTemporal, findObstacles } from './connection';
import type { Temporal } from './connection';
import { CliError, EXIT, messageOf, usageError } from './exit';
import type { ExitCode } from './exit';

/** Options most commands around a region have. */
export interface RegionOptions {
  region?: string;
  json?: boolean;
}

/** `--region`, else STEWARD_REGION, else that of a running `steward up`. */
export function regionOf({ region }: RegionOptions, config: Config): string {
  const stack = config.temporal.addressGiven ? undefined : runningStack(config.paths.stateDir);
  const chosen = region ?? config.ecs.region ?? stack?.simulator?.regionId;
  const path = '--region';
  if (chosen === undefined)
    throw usageError([{ path, message: 'is missing; give a RegionId such as cn-hangzhou' }]);
  if (!isRegionId(chosen)) throw usageError([{ path, message: 'must be a RegionId such as cn-hangzhou' }]);
  return chosen;
}

/** Connects for the time of `act`; with `worker`, one has to poll. */
export async function withTemporal(
  config: Config,
  needs: { worker: boolean },
  act: (temporal: Temporal) => Promise<ExitCode>,
): Promise<ExitCode> {
  const temporal = await connectTemporal(config);
  try {
    const obstacles = needs.worker ? await findObstacles(temporal) : [];
    if (obstacles.length > 0)
      throw new CliError(EXIT.notCarriedOut, `${obstacles.join('\n')}\nNothing was done.`);
    return await act(temporal);
  } finally {
    await temporal.close();
  }
}

/** The result of a workflow; a refused input is bad usage, everything else could not be carried out. */
export async function resultOrError<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const cause = rootOf(error);
    if (cause instanceof ApplicationFailure && cause.type === INVALID_INPUT) {
      const errors = cause.details?.[0] as InputError[] | undefined;
      throw errors ? usageError(errors) : new CliError(EXIT.usage, cause.message);
    }
    throw new CliError(EXIT.notCarriedOut, messageOf(cause));
  }
}

/** The failure everything else was caused by. */
function rootOf(error: Error): Error {
  let at = error;
  while (at.cause instanceof Error) at = at.cause;
  return at;
}
