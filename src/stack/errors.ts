/**
 * The one kind of error this folder throws at people: the message says what failed, where, and how to mend it.
 *
 * The one rule: its message is complete in itself, so a caller prints it without a stack and ends.
 */
export class StackError extends Error {
  override readonly name = 'StackError';
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  const message = propertyOf(error, 'message');
  return typeof message === 'string' ? message : String(error);
}

/** The `code` of a Node system error (`ENOENT` …), else undefined. */
export function codeOf(error: unknown): string | undefined {
  const code = propertyOf(error, 'code');
  return typeof code === 'string' ? code : undefined;
}

// Not `instanceof Error`: under jest, Node's own errors are of another realm.
function propertyOf(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
}
