/**
 * Exit codes and the error that carries one.
 *
 * The one rule: commands throw or return a code; only main.ts ends the process.
 */
import type { InputError } from '../domain/messages';

/** What the shell gets; documented in docs/operations.md. */
export const EXIT = {
  /** All instances succeeded, or the run was started detached. */
  ok: 0,
  /** The run ended and some instance did not succeed. */
  someFailed: 1,
  /** Bad usage or input; nothing was called. */
  usage: 2,
  /** The run could not be carried out. */
  notCarriedOut: 3,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

/** For the help of commands. */
export const EXIT_CODES = `
Exit codes: 0 all succeeded, or started detached; 1 some instance did not succeed; 2 bad usage or input, nothing was
called; 3 could not be carried out; 130 Ctrl-C. Results go to stdout, everything else to stderr.`;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An end that is told to people in `message` alone, without a stack. */
export class CliError extends Error {
  override readonly name = 'CliError';
  constructor(
    readonly exitCode: ExitCode,
    message: string,
    /** Where several things are wrong, each of them. */
    readonly errors?: InputError[],
  ) {
    super(message);
  }
}

/** Usage or input that is wrong, every error on a line of its own. */
export function usageError(errors: InputError[]): CliError {
  const lines = errors.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  return new CliError(EXIT.usage, lines.join('\n'), errors);
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
