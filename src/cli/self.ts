/**
 * How this program was called, so that a command shown to people works when it is copied.
 *
 * The one rule: what is shown is what would run this very program again from the current directory.
 */
import { basename, relative } from 'node:path';

/** `steward` where it is on the PATH under that name, else `node` and the path of the program. */
export function selfCommand(argv1 = process.argv[1] ?? '', cwd = process.cwd()): string {
  if (basename(argv1) === 'steward') return 'steward';
  const path = relative(cwd, argv1);
  return `node ${path.startsWith('..') ? argv1 : path}`;
}
