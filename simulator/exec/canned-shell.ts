/**
 * Carries a parsed script out, one step at a time. The rule: it is a generator, so that whoever runs it decides
 * when time passes and may stop at any step.
 */
import { COMMANDS, Exit } from './canned-commands';
import type { Context, Step } from './canned-commands';
import { absolute, MOST_BYTES } from './canned-files';
import { parseScript } from './canned-syntax';
import type { Pipeline, Simple, Target, Word } from './canned-syntax';

/** A command in a pipe is stopped after this much, as the closed pipe would stop it. */
const PIPE_BYTES = 262_144;

/** Runs a script; the result is its exit code. */
export function* runScript(script: string, context: Context): Generator<Step, number> {
  try {
    return yield* runPipelines(parseScript(script), context);
  } catch (error) {
    if (error instanceof Exit) return error.code;
    if (!(error instanceof SyntaxError)) throw error;
    yield {
      kind: 'output',
      text: `sh: syntax error ${error.message} (beyond the simulator's canned mode)\n`,
    };
    return 2;
  }
}

function* runPipelines(pipelines: readonly Pipeline[], context: Context): Generator<Step, number> {
  let status = 0;
  for (const { joint, commands } of pipelines) {
    if ((joint === 'and' && status !== 0) || (joint === 'or' && status === 0)) continue;
    status = yield* runPipeline(commands, context);
    context.variables.set('?', String(status));
  }
  return status;
}

function* runPipeline(commands: readonly Simple[], context: Context): Generator<Step, number> {
  let input = '';
  let status = 0;
  for (const [index, command] of commands.entries()) {
    const piped: Context = index === 0 ? context : { ...context, input };
    if (index === commands.length - 1) return yield* runSimple(command, piped);
    const collected = yield* collect(runSimple(command, piped));
    input = collected.text;
    status = collected.status;
  }
  return status;
}

/** Keeps what a command writes; time passes as ever. */
function* collect(
  run: Generator<Step, number>,
  most = PIPE_BYTES,
): Generator<Step, { text: string; status: number }> {
  let text = '';
  for (let next = run.next(); ; next = run.next()) {
    if (next.done) return { text, status: next.value };
    if (next.value.kind === 'output') text += next.value.text;
    else yield next.value;
    if (text.length > most) return { text, status: 141 };
  }
}

function* runSimple(simple: Simple, context: Context): Generator<Step, number> {
  const words: string[] = [];
  let status = 0;
  for (const word of simple.words) {
    const expanded = yield* expand(word, context);
    status = expanded.status ?? status;
    const [name = '', ...value] =
      words.length === 0 && isAssignment(word) ? (expanded.words[0] ?? '').split('=') : [];
    if (name === '') words.push(...expanded.words);
    else context.variables.set(name, value.join('='));
  }
  const [name, ...args] = words;
  // Nothing but assignments: how the last `$(command)` among them ended.
  if (name === undefined) return status;
  const path = /^(?:\/usr)?\/s?bin\/([\w.-]+)$/.exec(name)?.[1] ?? name;
  const command = Object.hasOwn(COMMANDS, path) ? COMMANDS[path] : undefined;
  const run = command ? command(args, context) : unknown(name);
  if (!simple.silent && !simple.target) return yield* run;
  const collected = yield* collect(run, simple.target && MOST_BYTES + 1);
  return simple.target
    ? yield* store(simple.target, collected.text, collected.status, context)
    : collected.status;
}

/** `NAME=…` as it was written; what only becomes so by an expansion is a command's name. */
function isAssignment([first]: Word): boolean {
  return first?.kind === 'text' && /^[A-Za-z_]\w*=/.test(first.text);
}

function* store(target: Target, text: string, status: number, context: Context): Generator<Step, number> {
  const [name = ''] = (yield* expand(target.word, context)).words;
  const path = absolute(name, context.directory);
  const before = target.appends ? (context.files.read(context.guest.id, path) ?? '') : '';
  const problem = context.files.write(context.guest.id, path, before + text);
  if (problem === undefined) return status;
  yield { kind: 'output', text: `sh: ${name}: ${problem}\n` };
  return 1;
}

function* unknown(name: string): Generator<Step, number> {
  const text = `sh: ${name}: command not found (the simulator's canned mode answers a fixed list of commands)\n`;
  yield { kind: 'output', text };
  return 127;
}

/** The words a word becomes, and how the last command in it ended. */
function* expand(word: Word, context: Context): Generator<Step, { words: string[]; status?: number }> {
  let text = '';
  let isQuoted = false;
  let status: number | undefined;
  for (const piece of word) {
    if (piece.kind === 'text') {
      text += piece.text;
      isQuoted = true;
    } else if (piece.kind === 'variable') {
      const value = variable(piece.name, context);
      text += value.endsWith(piece.end) ? value.slice(0, value.length - piece.end.length) : value;
    } else {
      const inner = yield* collect(runScript(piece.script, { ...context, input: '' }));
      text += inner.text.replace(/\n+$/, '');
      status = inner.status;
    }
    isQuoted ||= piece.kind !== 'text' && piece.quoted;
  }
  // A word that is nothing but an unquoted expansion falls into its words; an empty one disappears.
  const words = isQuoted ? [text] : text.split(/\s+/).filter((part) => part !== '');
  return { words, status };
}

function variable(name: string, { variables, guest, user, directory }: Context): string {
  const given: Readonly<Record<string, string>> = {
    HOSTNAME: guest.hostName,
    COMPUTERNAME: guest.hostName,
    USER: user,
    HOME: user === 'root' ? '/root' : `/home/${user}`,
    PWD: directory,
    $: '4567',
    '#': '0',
    '?': '0',
  };
  return variables.get(name) ?? given[name] ?? '';
}
