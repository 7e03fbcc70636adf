/**
 * `steward send`: one file to many instances, followed as a run is.
 *
 * The one rule: that of `steward run`: everything that can be refused is refused before anything is started.
 */
import { carryOut } from './run';
import { usageError } from './exit';
import type { ExitCode } from './exit';
import type { Context } from './inspect';
import { readSendOptions } from './send-options';
import type { SendOptions } from './send-options';

/** Sends the file; the exit code is that of a run. */
export async function send(path: string, options: SendOptions, context: Context): Promise<ExitCode> {
  const read = readSendOptions(path, options, context.config.ecs.region);
  if (!read.ok) throw usageError(read.errors);
  return carryOut(read.input, options, context);
}
