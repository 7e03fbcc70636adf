/**
 * Reads the policy file: YAML, as strict as YAML can be.
 *
 * The one rule: every error is told at once, with line and column and how to mend it, and the text can cost no more than
 * its length: no tags, no key twice, few aliases, one document, at most 64 KB.
 */
import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
} from 'yaml';
import type { Document, Node, ParsedNode, YAMLError } from 'yaml';
import { pathOf, presentable } from '../domain/input-errors';
import type { InputError } from '../domain/messages';
import type { PolicyFile } from '../domain/policy';
import { readPolicies } from '../domain/policy-reading';

const MAX_CHARACTERS = 64 * 1024;
/** An alias of a list of aliases grows like a bomb; a policy file shares a list or two. */
const MAX_ALIASES = 50;
const MAX_BRACKETS = 200;

export type ParsedPolicyFile = { ok: true; file: PolicyFile } | { ok: false; errors: InputError[] };

type Positions = Map<string, number>;

/** Checks and completes the text of a policy file. Paths of errors are as `policies[0].margin (3:5)`. */
export function parsePolicyFile(text: string): ParsedPolicyFile {
  const tooMuch = tooMuchOf(text);
  if (tooMuch !== undefined) return { ok: false, errors: [{ path: '', message: tooMuch }] };
  const lines = new LineCounter();
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `(${line}:${col})`;
  };
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    strict: true,
    uniqueKeys: true,
    prettyErrors: false,
    stringKeys: true,
    logLevel: 'error',
    lineCounter: lines,
  });
  const broken = [
    ...[...document.errors, ...document.warnings].map((error) => ({
      path: place(error.pos[0]),
      message: describeYamlError(error),
    })),
    ...strangers(document, place),
  ];
  if (broken.length > 0) return { ok: false, errors: presentable(broken) };
  const value = valueOf(document);
  if (value instanceof Error) return { ok: false, errors: [{ path: '', message: TOO_MANY_ALIASES }] };
  if (value === null || value === undefined) return { ok: false, errors: [{ path: '', message: EMPTY }] };
  const read = readPolicies(value);
  if (read.ok) return read;
  const positions = positionsIn(document.contents);
  const errors = read.errors.map(({ path, message }) => {
    const offset = offsetOf(path, positions);
    return { path: offset === undefined ? path : `${path} ${place(offset)}`.trim(), message };
  });
  return { ok: false, errors };
}

const NO_TAGS = 'uses a tag (!name), which policy files do not have; remove it';
const EMPTY = 'is empty; a policy file begins with version: 1 and policies:';
const TOO_MANY_ALIASES = `uses more than ${MAX_ALIASES} aliases (*name); write the lists out`;

/** What must not reach the parser: its time grows with the square of the size, and its stack with the depth. */
function tooMuchOf(text: string): string | undefined {
  if (text.length > MAX_CHARACTERS) {
    return `has ${text.length} characters, at most ${MAX_CHARACTERS} are allowed; is this the right file?`;
  }
  const inLine = (text.match(/^[ ]*([-?:] +){20}/m) ?? []).length;
  return inLine > 0 || openBrackets(text) > MAX_BRACKETS
    ? 'is nested too deep; no policy file needs that'
    : undefined;
}

/** The most brackets open at once, those in scripts included. */
function openBrackets(text: string): number {
  let open = 0;
  let most = 0;
  for (const character of text) {
    if (character === '[' || character === '{') most = Math.max(most, (open += 1));
    if (character === ']' || character === '}') open = Math.max(0, open - 1);
  }
  return most;
}

function describeYamlError({ code, message }: YAMLError): string {
  if (code === 'DUPLICATE_KEY') return 'has a name that this place has already; remove one of the two';
  if (code === 'MULTIPLE_DOCS') return 'begins a second document; a policy file is one';
  if (code === 'TAG_RESOLVE_FAILED') return NO_TAGS;
  if (code === 'TAB_AS_INDENT') return 'is indented with a tab; use spaces';
  return `is not YAML: ${message}`;
}

/**
 * What YAML allows and a policy file does not have: tags, even the standard ones, as they can make a value another than
 * it looks; and aliases of nothing.
 */
function strangers(document: Document.Parsed, place: (offset: number) => string): InputError[] {
  const errors: InputError[] = [];
  visit(document, {
    Node: (_, node) => {
      const path = place(node.range?.[0] ?? 0);
      if (isAlias(node)) {
        if (node.resolve(document)) return;
        errors.push({ path, message: `refers to &${node.source}, which nothing before it is called` });
      } else if (node.tag !== undefined) errors.push({ path, message: NO_TAGS });
    },
  });
  return errors;
}

function valueOf(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Where every value of the file begins; for those with a name, where the name begins. */
function positionsIn(root: ParsedNode | null): Positions {
  const positions: Positions = new Map();
  const pending: { node: Node; keys: (string | number)[] }[] = root ? [{ node: root, keys: [] }] : [];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { node, keys } = next;
    if (!isCollection(node)) continue;
    const add = (key: string | number, at: unknown, value: unknown): void => {
      const path = [...keys, key];
      if (isNode(at) && at.range) positions.set(pathOf(path), at.range[0]);
      if (isNode(value)) pending.push({ node: value, keys: path });
    };
    if (isSeq(node)) node.items.forEach((item, index) => add(index, item, item));
    if (isMap(node)) {
      for (const { key, value } of node.items) add(String(isScalar(key) ? key.value : key), key, value);
    }
  }
  return positions;
}

const LAST_PART = /(\.[^.[\]]*|\[\d+\])$/;

/** The position of the place, or of what it is in: what is missing stands nowhere, and an alias hides what is in it. */
function offsetOf(path: string, positions: Positions): number | undefined {
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.search(LAST_PART)))) {
    const offset = positions.get(at);
    if (offset !== undefined) return offset;
  }
  return undefined;
}
