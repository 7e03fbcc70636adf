/**
 * How a schema's verdict becomes something a person can act on, and what is refused before any schema looks.
 *
 * The one rule: an input is plain, shallow JSON or it is refused; nothing in it can reach a prototype or a deep stack.
 */
import { z } from 'zod';
import type { InputError } from './messages';
import { stripControl } from './text';

const MAX_DEPTH = 8;
/** A workflow failure has to stay readable, and small. */
const MAX_ERRORS = 50;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/** What must not even be looked at: depth, prototype keys, things that are not JSON. At most one error. */
export function dangers(value: unknown): InputError[] {
  const pending: { value: unknown; path: (string | number)[] }[] = [{ value, path: [] }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { value: current, path } = next;
    if (typeof current !== 'object' || current === null) continue;
    if (path.length >= MAX_DEPTH) {
      return [
        { path: pathOf(path), message: `is nested deeper than ${MAX_DEPTH} levels; no input needs that` },
      ];
    }
    const prototype: unknown = Object.getPrototypeOf(current);
    const plain = Array.isArray(current) || prototype === null || isPlainPrototype(prototype);
    if (!plain) return [{ path: pathOf(path), message: 'must be plain JSON, not an object of a class' }];
    for (const key of Object.keys(current)) {
      if (FORBIDDEN_KEYS.has(key))
        return [{ path: pathOf([...path, key]), message: 'is not allowed as a name; remove it' }];
      pending.push({
        value: (current as Record<string, unknown>)[key],
        path: [...path, Array.isArray(current) ? Number(key) : key],
      });
    }
  }
  return [];
}

/**
 * One issue of `schema` as errors: an unknown key each, a missing value, a wrong type, or the schema's own sentence.
 * `root` is the value that was checked.
 */
export function describeIssue(issue: z.core.$ZodIssue, root: unknown, schema: z.ZodType): InputError[] {
  const keys = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code === 'unrecognized_keys') {
    const known = namesAt(schema, keys, root);
    return issue.keys.map((key) => ({
      path: pathOf([...keys, key]),
      message: unknownKey(key, known),
    }));
  }
  const value = valueAt(root, keys);
  const path = pathOf(keys);
  if (value === undefined) return [{ path, message: `is missing${hintFor(keys)}` }];
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input')) {
    return [{ path, message: `must be ${WORDS[issue.expected] ?? issue.expected}, not ${kindOf(value)}` }];
  }
  return [{ path, message: `${shownValue(value)}${issue.message}` }];
}

/** Safe to show, the first 50 of them: messages repeat what was given, which may be meant to upset a terminal. */
export function presentable(found: readonly InputError[]): InputError[] {
  const errors = found.map(({ path, message }) => ({
    path: stripControl(path),
    message: stripControl(message),
  }));
  if (errors.length <= MAX_ERRORS) return errors;
  const message = `and ${errors.length - MAX_ERRORS} more errors like these`;
  return [...errors.slice(0, MAX_ERRORS), { path: '', message }];
}

/** The names the object at this place of a schema may have; for the hint at an unknown one. */
function namesAt(schema: unknown, keys: readonly (string | number)[], root: unknown): string[] {
  let at = schema;
  for (const [depth, key] of [...keys, undefined].entries()) {
    while (at instanceof z.ZodOptional) at = at.unwrap();
    if (at instanceof z.ZodDiscriminatedUnion) at = choiceOf(at, valueAt(root, keys.slice(0, depth)));
    if (key === undefined) break;
    if (at instanceof z.ZodObject) at = (at.shape as Record<string, unknown>)[key];
    else if (at instanceof z.ZodArray) at = at.element;
    else if (at instanceof z.ZodRecord) at = at.valueType;
  }
  if (!(at instanceof z.ZodObject)) return [];
  const isNever = (field: unknown): boolean =>
    field instanceof z.ZodOptional && field.unwrap() instanceof z.ZodNever;
  // A field that is there only to be refused with a reason is nobody's hint.
  return Object.entries(at.shape).flatMap(([name, field]) => (isNever(field) ? [] : [name]));
}

/** The one of several schemas that a value says it is of. */
function choiceOf({ options, def }: z.ZodDiscriminatedUnion, value: unknown): unknown {
  const said = (value as Record<string, unknown> | undefined)?.[def.discriminator];
  return options.find((option) => {
    const field: unknown = option instanceof z.ZodObject ? option.shape[def.discriminator] : undefined;
    return field instanceof z.ZodLiteral && field.values.has(said as string);
  });
}

const HINTS: Record<string, string> = {
  '': '; give one JSON object {"region", "targets", "command"}',
  region: '; give a RegionId such as cn-hangzhou',
  targets: '; give {"instanceIds": ["i-…"]} or {"tags": [{"key": "env", "value": "test"}]}',
  command: '; give {"type": "RunShellScript", "content": "…"}',
  'command.type': '; give RunShellScript, RunBatScript or RunPowerShellScript',
  'command.content': '; give the script to run',
};

const WORDS: Record<string, string> = {
  string: 'text',
  object: 'an object',
  array: 'a list',
  record: 'an object',
  number: 'a number',
};

function hintFor(keys: (string | number)[]): string {
  return HINTS[keys.join('.')] ?? '';
}

function unknownKey(key: string, known: readonly string[]): string {
  const nearest = nearestName(key, known);
  if (nearest !== undefined) return `is unknown; did you mean ${nearest}?`;
  return known.length > 0 ? `is unknown; known are ${known.join(', ')}` : 'is unknown';
}

/** The known name that was probably meant; `undefined` where none is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const near = known
    .map((each) => ({ each, far: distance(name, each) }))
    .filter(({ each, far }) => far <= Math.max(2, each.length / 3));
  return near.sort((a, b) => a.far - b.far)[0]?.each;
}

/** Edits from one name to another, capitals and separators aside. */
function distance(left: string, right: string): number {
  const a = left.toLowerCase().replace(/[-_ ]/g, '').slice(0, 64);
  const b = right.toLowerCase();
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function valueAt(root: unknown, keys: (string | number)[]): unknown {
  return keys.reduce<unknown>(
    (value, key) => (value as Record<string | number, unknown> | undefined)?.[key],
    root,
  );
}

/** A place in an input, as messages name it: `policies[0].windows[1]`. */
export function pathOf(keys: readonly (string | number)[]): string {
  return keys.reduce<string>((path, key) => {
    if (typeof key === 'number') return `${path}[${key}]`;
    return path === '' ? shown(key) : `${path}.${shown(key)}`;
  }, '');
}

/** A name or value of the input in a message: short, on one line, quoted where it is unusual. */
function shown(key: string): string {
  return /^[\w.-]{1,60}$/.test(key) ? key : JSON.stringify(key.slice(0, 60));
}

function shownValue(value: unknown): string {
  if (typeof value === 'string') return value.length <= 60 ? `${JSON.stringify(value)} ` : '';
  return typeof value === 'number' || typeof value === 'boolean' ? `${value} ` : '';
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string'
    ? `text (${shownValue(value).trim() || 'long'})`
    : `${typeof value} (${JSON.stringify(value)})`;
}

/** A prototype that is the Object.prototype of some realm: the sandbox has another one than its host. */
function isPlainPrototype(prototype: unknown): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'hasOwnProperty');
}
