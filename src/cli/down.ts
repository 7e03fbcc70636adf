/**
 * `steward down`: ends the stack that `steward up` runs on this state directory.
 *
 * The one rule: only processes the stack's own note names are ended, and each only while it is that very process.
 */
import { endStack } from '../stack/end-stack';
import { StackError } from '../stack/errors';
import { CliError, EXIT } from './exit';
import type { ExitCode } from './exit';
import type { Context } from './inspect';

/** Ends it and waits for its end; no stack is no error. */
export async function down({ config, terminal }: Context): Promise<ExitCode> {
  const { stateDir } = config.paths;
  try {
    const ended = await endStack(stateDir, (line) => terminal.say(line));
    terminal.say(ended ? 'Ended; history and results are kept.' : `No stack runs on ${stateDir}.`);
    return EXIT.ok;
  } catch (error) {
    if (error instanceof StackError) throw new CliError(EXIT.notCarriedOut, error.message);
    throw error;
  }
}
