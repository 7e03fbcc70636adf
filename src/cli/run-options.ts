/**
 * From the options of `steward run` to the input of the workflow.
 *
 * The one rule: what can be wrong with the input is judged by the workflow's own check; here only what exists nowhere
 * but on the command line (`key=value`, files) is judged, and every error names the option it is about.
 */
import { readFileSync } from 'node:fs';
import { runIdErrors } from '../client';
import type { InputError, RunCommandInput, TagSelector } from '../domain/messages';
import { parseRunCommandInput } from '../domain/run-command-input';
import type { SavedCommand } from '../domain/saved-commands';
import { messageOf } from './exit';

/** Options that say which instances are meant. */
export interface TargetOptions {
  region?: string;
  instance: string[];
  tag: string[];
  resourceGroup?: string;
  all?: boolean;
  exclude: string[];
  limit?: string;
  allowEmpty?: boolean;
}

/** Options of everything that is sent: where to, how fast, how it is followed. */
export interface SendingOptions extends TargetOptions {
  timeout?: string;
  exclusive?: boolean;
  name?: string;
  maxConcurrency?: string;
  maxErrors?: string;
  canary?: string;
  approve?: boolean;
  startWith?: string;
  spreadZones?: boolean;
  id?: string;
  dryRun?: boolean;
  detach?: boolean;
  json?: boolean;
  yes?: boolean;
}

/** Options of `steward run` as commander gives them. */
export interface RunOptions extends SendingOptions {
  type: string;
  user?: string;
  workingDirectory?: string;
  passwordName?: string;
  ossOutput?: string;
  parameter: string[];
  env: string[];
  file?: string;
  /** Id or name of a saved command. */
  command?: string;
  /** … and what it is. */
  saved?: SavedCommand;
  askEcs?: boolean;
}

export type ReadOptions = { ok: true; input: RunCommandInput } | { ok: false; errors: InputError[] };

/** Reads options and the words after `--`; every error at once. */
export function readRunOptions(options: RunOptions, words: string[], defaultRegion?: string): ReadOptions {
  const errors: InputError[] = [];
  const { saved } = options;
  const script = readScript(options.file, words);
  errors.push(...script.errors);
  const content = saved?.content ?? script.content;
  if (saved && script.content !== undefined)
    errors.push({ path: '--command', message: 'is given together with a script; give one of them' });
  const parameters = pairs(options.parameter, '--parameter', errors);
  const environment = pairs(options.env, '--env', errors);
  const value = {
    region: options.region ?? defaultRegion,
    targets: targetsOf(options),
    command: defined({
      type: saved?.type ?? options.type,
      commandId: saved?.commandId,
      content,
      timeoutSeconds: options.timeout === undefined ? saved?.timeoutSeconds : numberOrText(options.timeout),
      workingDirectory: options.workingDirectory ?? (saved?.workingDirectory || undefined),
      user: options.user,
      windowsPasswordName: options.passwordName,
      ossOutputDelivery: options.ossOutput,
      parameters: parameters.length > 0 ? Object.fromEntries(parameters) : undefined,
      environment: environment.length > 0 ? Object.fromEntries(environment) : undefined,
    }),
    ...defined({ name: options.name ?? saved?.name }),
    ...rateOf(options),
    ...(options.exclusive === undefined ? {} : { exclusive: options.exclusive }),
  };
  const parsed = parseRunCommandInput(value);
  // What could not be read at all has its own error already.
  const read = errors.length > 0;
  const judged = parsed.ok ? [] : parsed.errors.filter(({ path }) => !(read && path === 'command.content'));
  errors.push(
    ...judged.map((error) => asOption(error)),
    ...(options.id === undefined ? [] : runIdErrors(options.id).map((error) => asOption(error))),
  );
  if (parsed.ok && errors.length === 0) return { ok: true, input: parsed.input };
  return { ok: false, errors };
}

/** The script: from a file, from the words after `--`, or neither. */
export function readScript(
  file: string | undefined,
  words: string[],
): { content?: string; errors: InputError[] } {
  const wrong = (message: string): { errors: InputError[] } => ({ errors: [{ path: '--file', message }] });
  if (file !== undefined && words.length > 0)
    return wrong('is given together with a command after --; give one of them');
  if (file === undefined) return { content: words.length > 0 ? words.join(' ') : undefined, errors: [] };
  try {
    // A decoder that refuses bytes that are not UTF-8, and leaves a byte order mark for the check to see.
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return { content: decoder.decode(readFileSync(file === '-' ? 0 : file)), errors: [] };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return wrong(
      code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
        ? `${file} is not UTF-8 text; convert it`
        : `${file} cannot be read: ${messageOf(error)}`,
    );
  }
}

/** `targets` of an input. */
export function targetsOf({
  instance,
  tag,
  resourceGroup,
  all,
  exclude,
  limit,
  allowEmpty,
}: TargetOptions): object {
  return defined({
    instanceIds: instance.length > 0 ? instance : undefined,
    tags: tag.length > 0 ? tag.map(tagOf) : undefined,
    resourceGroupId: resourceGroup,
    all,
    excludeInstanceIds: exclude.length > 0 ? exclude : undefined,
    limit: limit === undefined ? undefined : numberOrText(limit),
    allowEmpty,
  });
}

/** How fast it may go. */
export function rateOf(options: SendingOptions): { rate?: object } {
  const rate = defined({
    maxConcurrency: amountOf(options.maxConcurrency),
    maxErrors: amountOf(options.maxErrors),
    canary: amountOf(options.canary),
    approve: options.approve,
    startWith: amountOf(options.startWith),
    spreadOverZones: options.spreadZones,
  });
  return Object.keys(rate).length > 0 ? { rate } : {};
}

/** A number of instances, or text such as `10%`. */
export function amountOf(text?: string): number | string | undefined {
  return text === undefined ? undefined : numberOrText(text);
}

/** `key=value`, or the key alone for any value. */
export function tagOf(text: string): TagSelector {
  const at = text.indexOf('=');
  return at < 0 ? { key: text } : { key: text.slice(0, at), value: text.slice(at + 1) };
}

function pairs(texts: string[], option: string, errors: InputError[]): [string, string][] {
  const found = new Map<string, string>();
  for (const text of texts) {
    const at = text.indexOf('=');
    const name = text.slice(0, Math.max(0, at));
    if (at <= 0) errors.push({ path: option, message: `${JSON.stringify(text)} must be name=value` });
    else if (found.has(name)) errors.push({ path: option, message: `${name} is given twice; keep one` });
    else found.set(name, text.slice(at + 1));
  }
  return [...found];
}

/** Anything but digits stays text, so that the check can say what it was. */
export function numberOrText(text: string): number | string {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

const OPTION_OF: [path: RegExp, option: string][] = [
  [/^region/, '--region'],
  [/^targets\.instanceIds/, '--instance'],
  [/^targets\.tags/, '--tag'],
  [/^targets\.resourceGroupId/, '--resource-group'],
  [/^targets\.excludeInstanceIds/, '--exclude'],
  [/^targets\.limit/, '--limit'],
  [/^targets$/, '--instance, --tag'],
  [/^command\.type/, '--type'],
  [/^command\.timeoutSeconds/, '--timeout'],
  [/^command\.workingDirectory/, '--working-directory'],
  [/^command\.windowsPasswordName/, '--password-name'],
  [/^command\.ossOutputDelivery/, '--oss-output'],
  [/^command\.user/, '--user'],
  [/^command\.parameters/, '--parameter'],
  [/^command\.environment/, '--env'],
  [/^command\.content/, 'command'],
  [/^rate\.maxConcurrency/, '--max-concurrency'],
  [/^rate\.maxErrors/, '--max-errors'],
  [/^rate\.canary/, '--canary'],
  [/^rate\.approve/, '--approve'],
  [/^rate\.startWith/, '--start-with'],
  [/^withinSeconds/, '--within'],
  [/^rate$/, '--reboot'],
  [/^name/, '--name'],
  [/^id/, '--id'],
];

const OPTION_HINTS: Record<string, string> = {
  targets:
    'name nothing to run on; give --instance ID or --tag key=value, as often as needed, --resource-group ID or --all',
  'command.content':
    'is missing; give it after --, for example: steward run … -- cat /proc/meminfo (or --file PATH)',
};

/** An error of the input, with the option it comes from; `own`: the options of that command alone. */
export function asOption(
  { path, message }: InputError,
  own: readonly [path: RegExp, option: string][] = [],
): InputError {
  const option = [...own, ...OPTION_OF].find(([pattern]) => pattern.test(path))?.[1] ?? path;
  const missing = path === 'targets' || message.startsWith('is missing');
  return { path: option, message: (missing && OPTION_HINTS[path]) || message };
}

/** Without what is undefined. */
export function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T;
}
