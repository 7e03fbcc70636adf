/**
 * What may be in a command's script and its parameters.
 *
 * The one rule: Cloud Assistant puts a parameter's value into the script before any shell sees it, so a value is code;
 * what a shell could take for more than a word is refused.
 */
import { sentScript } from './command-environment';
import type { CommandSpec, InputError } from './messages';

/** The API's limit for the script after Base64, parameters included. */
export const MAX_CONTENT_BYTES = 24 * 1024;
const MAX_PARAMETERS = 10;
const PARAMETER_NAME = /^[A-Za-z0-9_-]{1,64}$/;
const PLACEHOLDER = /\{\{([A-Za-z0-9_-]{1,64})\}\}/g;

const BOM = '\ufeff';

/** Characters of a value beside letters, digits and spaces. No quotes, no operators, no substitutions, no wildcards. */
const VALUE_CHARACTERS: Record<string, RegExp> = {
  RunShellScript: /^[\p{L}\p{N} _.,:/@%+=-]*$/u,
  RunBatScript: /^[\p{L}\p{N} _.,:/@+=\\-]*$/u,
  RunPowerShellScript: /^[\p{L}\p{N} _.:/+=\\-]*$/u,
};

/** Errors of the script itself. */
export function contentErrors(
  content: string,
  type: unknown,
  { parameters, environment }: { parameters?: Record<string, unknown>; environment?: unknown } = {},
): InputError[] {
  const messages: string[] = [];
  if (content.trim() === '') return [error('command.content', 'is empty; give the script to run')];
  const bytes = utf8Length(content);
  const values = Object.entries(parameters ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  const parameterBytes = values.reduce((sum, [name, value]) => sum + utf8Length(name) + utf8Length(value), 0);
  const valueBytes = environmentBytes({ content, type, environment });
  const encoded = base64Length(bytes + valueBytes) + parameterBytes;
  if (encoded > MAX_CONTENT_BYTES) {
    const values = valueBytes > 0 ? ` and ${valueBytes} more for the values of its environment` : '';
    const extra = parameterBytes > 0 ? ` with ${parameterBytes} bytes of parameters` : '';
    messages.push(
      `has ${bytes} bytes${values}, ${encoded} after Base64${extra}; at most ${MAX_CONTENT_BYTES} are allowed (18432 bytes of ` +
        'plain script). Let a short script fetch the rest.',
    );
  }
  if (content.includes('\0')) messages.push('contains a NUL byte; a script is text');
  if (content.startsWith(BOM))
    messages.push(
      'begins with a byte order mark (U+FEFF), which shells do not understand; save the file without it',
    );
  if (type === 'RunShellScript' && content.includes('\r')) {
    messages.push(
      `has Windows line ends (CR) in line ${lineOf(content, '\r')}, with which shell scripts fail; convert it: sed -i 's/\\r$//' FILE`,
    );
  }
  if (/\p{Cs}/u.test(content))
    messages.push('contains half of a character (a lone surrogate); save it as UTF-8');
  return messages.map((message) => error('command.content', message));
}

/** What the values of the environment, already Base64, add to the script; 0 where they are refused anyway. */
function environmentBytes({
  content,
  ...rest
}: {
  content: string;
  type: unknown;
  environment: unknown;
}): number {
  const values = Object.values(rest.environment ?? {});
  if (values.some((value) => typeof value !== 'string')) return 0;
  return utf8Length(sentScript({ content, ...rest } as CommandSpec)) - utf8Length(content);
}

/** Errors of the parameters, and of the names the script uses where there are parameters. */
export function parameterErrors(
  parameters: Record<string, unknown>,
  type: unknown,
  content?: string,
): InputError[] {
  const errors: InputError[] = [];
  const names = Object.keys(parameters);
  if (names.length > MAX_PARAMETERS) {
    errors.push(
      error('command.parameters', `has ${names.length} entries, at most ${MAX_PARAMETERS} are allowed`),
    );
  }
  for (const name of names) {
    const path = `command.parameters.${/^[\w-]{1,64}$/.test(name) ? name : JSON.stringify(name.slice(0, 70))}`;
    const wrong = nameError(name) ?? valueError(parameters[name], type);
    if (wrong !== undefined) errors.push(error(path, wrong));
  }
  const twice = names.find((name, index) => names.findIndex((other) => sameName(other, name)) !== index);
  if (twice !== undefined) {
    errors.push(
      error(
        `command.parameters.${twice}`,
        'is there in another spelling; capital letters make no difference',
      ),
    );
  }
  if (content !== undefined && names.length > 0) errors.push(...placeholderErrors(names, content));
  return errors;
}

function nameError(name: string): string | undefined {
  if (/^acs::/i.test(name))
    return 'begins with acs::, which is kept for built-in parameters; choose another name';
  if (name.length > 64) return `has ${name.length} characters, at most 64 are allowed`;
  return PARAMETER_NAME.test(name)
    ? undefined
    : 'is not a parameter name: a to z, A to Z, 0 to 9, _ and - only';
}

function valueError(value: unknown, type: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (value.includes('{{')) return 'contains {{, which Cloud Assistant would substitute again';
  const allowed = VALUE_CHARACTERS[typeof type === 'string' ? type : ''] ?? VALUE_CHARACTERS.RunShellScript;
  if (allowed?.test(value)) return undefined;
  const first = [...value].find((character) => !allowed?.test(character)) ?? '';
  return (
    `contains ${JSON.stringify(first)}: the value becomes part of the script before the shell reads it. Pass it by ` +
    'command.environment (--env); to a saved command, as Base64 that its script decodes'
  );
}

function placeholderErrors(names: string[], content: string): InputError[] {
  const used = [...content.matchAll(PLACEHOLDER)].map((match) => match[1] ?? '');
  const missing = [...new Set(used)].filter((name) => !names.some((given) => sameName(given, name)));
  const unused = names.filter(
    (name) => PARAMETER_NAME.test(name) && !used.some((other) => sameName(other, name)),
  );
  return [
    ...missing.map((name) =>
      error('command.parameters', `lacks ${name}, which the script uses as {{${name}}}`),
    ),
    ...unused.map((name) =>
      error(`command.parameters.${name}`, `is not used: the script has no {{${name}}}`),
    ),
  ];
}

/** Names differ by more than capitals. */
function sameName(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

/** Bytes of a text as UTF-8; a lone surrogate counts as the three bytes that replace it. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/** Characters of Base64 for so many bytes. */
export function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

function lineOf(content: string, mark: string): number {
  return content.slice(0, content.indexOf(mark)).split('\n').length;
}

function error(path: string, message: string): InputError {
  return { path, message };
}
