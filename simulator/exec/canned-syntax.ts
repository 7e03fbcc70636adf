/**
 * The small part of shell syntax that canned mode understands: commands joined by `;`, newline, `&&`, `||` and
 * `|`, quotes, `$NAME`, `${NAME}`, `${NAME%end}`, `$?`, `$(command)`, comments, and redirections of what a command writes;
 * of PowerShell `$env:NAME`.
 * The rule: what is not understood is refused as a syntax error, never half obeyed.
 */

/** One piece of a word: text, or something to be put in its place. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'variable';
      readonly name: string;
      readonly quoted: boolean;
      /** What is taken off its end, where it ends so. */
      readonly end: string;
    }
  | { readonly kind: 'command'; readonly script: string; readonly quoted: boolean };

/** A word as it was written. */
export type Word = readonly Piece[];

/** One simple command. */
export interface Simple {
  readonly words: readonly Word[];
  /** Its output is thrown away. */
  readonly silent: boolean;
  /** The file its output goes to. */
  readonly target: Target | undefined;
}

/** A file that output goes to. */
export interface Target {
  readonly word: Word;
  readonly appends: boolean;
}

/** Commands joined by pipes, and what joins them to the pipeline before. */
export interface Pipeline {
  readonly joint: 'always' | 'and' | 'or';
  readonly commands: readonly Simple[];
}

type Token = { readonly op: string } | { readonly word: Word };

const REFUSED = new Set([
  'if',
  'then',
  'for',
  'while',
  'until',
  'case',
  'do',
  'function',
  '{',
  '(',
  '[[',
  '!',
]);
const OPERATOR =
  /^(?:\d?>&\d|&>\s*\/dev\/null|\d?>>?\s*\/dev\/null|<\s*\/dev\/null|&&|\|\||1?>>|1?>|[;|\n&<>()])/;
const NAME = /^(?:env:)?[A-Za-z_]\w*|^[?$#]/;

/** The pipelines of a script, in order. Throws `SyntaxError` for what is beyond canned mode. */
export function parseScript(script: string): Pipeline[] {
  const pipelines: Pipeline[] = [];
  let joint: Pipeline['joint'] = 'always';
  let commands: Simple[] = [];
  let words: Word[] = [];
  let silent = false;
  let target: Target | undefined;
  let redirection: string | undefined;
  const endCommand = (): void => {
    if (redirection !== undefined) throw new SyntaxError(`near unexpected token \`newline'`);
    if (words.length > 0) commands.push({ words, silent, target });
    target = undefined;
    words = [];
    silent = false;
  };
  const endPipeline = (next: Pipeline['joint']): void => {
    endCommand();
    if (commands.length > 0) pipelines.push({ joint, commands });
    commands = [];
    joint = next;
  };
  for (const token of tokens(script.replace(/\r\n/g, '\n'))) {
    if ('word' in token && redirection !== undefined) {
      target = { word: token.word, appends: redirection.endsWith('>>') };
      redirection = undefined;
    } else if ('word' in token) words.push(checked(token.word, words.length === 0));
    else if (redirection !== undefined) throw new SyntaxError(`near unexpected token \`${token.op}'`);
    else if (token.op === '&&') endPipeline('and');
    else if (token.op === '||') endPipeline('or');
    else if (token.op === ';' || token.op === '\n' || token.op === '&') endPipeline('always');
    else if (token.op === '|') endCommand();
    else if (/^[1&]?>>?\s*\/dev\/null$/.test(token.op)) silent = true;
    else if (/^1?>>?$/.test(token.op)) redirection = token.op;
    else if (/^[<()]$/.test(token.op)) throw new SyntaxError(`near unexpected token \`${token.op}'`);
  }
  endPipeline('always');
  return pipelines;
}

function checked(word: Word, isFirst: boolean): Word {
  const piece = word[0];
  if (isFirst && word.length === 1 && piece?.kind === 'text' && REFUSED.has(piece.text))
    throw new SyntaxError(`near unexpected token \`${piece.text}'`);
  return word;
}

function* tokens(script: string): Generator<Token> {
  let rest = script;
  while (rest !== '') {
    const blank = /^(?:[ \t]+|\\\n|#[^\n]*)/.exec(rest);
    const operator = blank ? null : OPERATOR.exec(rest);
    if (blank) rest = rest.slice(blank[0].length);
    else if (operator) {
      yield { op: operator[0] };
      rest = rest.slice(operator[0].length);
    } else {
      const [word, left] = readWord(rest);
      yield { word };
      rest = left;
    }
  }
}

function readWord(from: string): [Word, string] {
  const pieces: Piece[] = [];
  let rest = from;
  let quoted = false;
  const text = (value: string): void => void pieces.push({ kind: 'text', text: value });
  while (rest !== '' && (quoted || !/^[\s;|&<>()]/.test(rest))) {
    const first = rest[0] ?? '';
    if (first === '"') {
      quoted = !quoted;
      text('');
      rest = rest.slice(1);
    } else if (first === "'" && !quoted) {
      const end = rest.indexOf("'", 1);
      if (end < 0) throw new SyntaxError('unexpected EOF while looking for matching quote');
      text(rest.slice(1, end));
      rest = rest.slice(end + 1);
    } else if (first === '\\') {
      text(quoted && !/["\\$`]/.test(rest[1] ?? '') ? rest.slice(0, 2) : (rest[1] ?? ''));
      rest = rest.slice(2);
    } else if (first === '$' || first === '`') rest = readExpansion(rest, quoted, pieces);
    else {
      const plain = (quoted ? /^[^"\\$`]+/ : /^[^\s;|&<>()"'\\$`]+/).exec(rest)?.[0] ?? first;
      text(plain);
      rest = rest.slice(plain.length);
    }
  }
  if (quoted) throw new SyntaxError('unexpected EOF while looking for matching quote');
  return [pieces, rest];
}

function readExpansion(from: string, quoted: boolean, pieces: Piece[]): string {
  const command = /^\$\(([^()]*)\)|^`([^`]*)`/.exec(from);
  if (command) {
    pieces.push({ kind: 'command', script: command[1] ?? command[2] ?? '', quoted });
    return from.slice(command[0].length);
  }
  const braced = /^\$\{([A-Za-z_]\w*)(?:%([\w.,:/@+=-]+))?\}/.exec(from);
  const name = braced?.[1] ?? NAME.exec(from.slice(1))?.[0];
  if (name !== undefined && from.startsWith('$')) {
    pieces.push({ kind: 'variable', name: name.replace('env:', ''), quoted, end: braced?.[2] ?? '' });
    return from.slice(braced ? braced[0].length : name.length + 1);
  }
  if (/^\$[({]|^`/.test(from)) throw new SyntaxError(`near unexpected token \`${from.slice(0, 2)}'`);
  pieces.push({ kind: 'text', text: '$' });
  return from.slice(1);
}
