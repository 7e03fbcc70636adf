/**
 * From the options of `steward send` to the input of the workflow.
 *
 * The one rule: that of run-options.ts; a file travels byte for byte, as text where it is text.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { runIdErrors } from '../client';
import type { InputError } from '../domain/messages';
import { parseSendFileInput } from '../domain/send-file-input';
import { WINDOWS_PATH } from '../domain/sending';
import type { SendFileInput } from '../domain/sending';
import { messageOf } from './exit';
import { asOption, defined, numberOrText, rateOf, targetsOf } from './run-options';
import type { SendingOptions } from './run-options';

/** Options of `steward send` as commander gives them. */
export interface SendOptions extends SendingOptions {
  to: string;
  mode?: string;
  owner?: string;
  group?: string;
  overwrite?: boolean;
  description?: string;
}

const OPTION_OF: [path: RegExp, option: string][] = [
  [/^file\.(name|targetDirectory)/, '--to'],
  [/^file\.content/, 'file'],
  [/^file\.mode/, '--mode'],
  [/^file\.owner/, '--owner'],
  [/^file\.group/, '--group'],
  [/^file\.description/, '--description'],
  [/^file\.timeoutSeconds/, '--timeout'],
];

/** Reads options and the file; every error at once. */
export function readSendOptions(
  path: string,
  options: SendOptions,
  defaultRegion?: string,
): { ok: true; input: SendFileInput } | { ok: false; errors: InputError[] } {
  const content = readContent(path);
  const place = placeOf(path, options);
  const errors = [...content.errors, ...place.errors];
  const { mode, owner, group, overwrite, description, timeout, name, exclusive } = options;
  const parsed = parseSendFileInput({
    region: options.region ?? defaultRegion,
    targets: targetsOf(options),
    file: defined({
      ...place.place,
      ...content.content,
      ...{ mode, owner, group, overwrite, description },
      timeoutSeconds: timeout === undefined ? undefined : numberOrText(timeout),
    }),
    ...defined({ name, exclusive }),
    ...rateOf(options),
  });
  // What could not be read at all has its own error already.
  const judged = parsed.ok
    ? []
    : parsed.errors.filter(
        (error) =>
          !(content.errors.length > 0 && error.path === 'file.content') &&
          !(place.errors.length > 0 && /^file\.(name|targetDirectory)/.test(error.path)),
      );
  errors.push(
    ...judged.map((error) => asOption(error, OPTION_OF)),
    ...(options.id === undefined ? [] : runIdErrors(options.id).map((error) => asOption(error))),
  );
  return parsed.ok && errors.length === 0 ? { ok: true, input: parsed.input } : { ok: false, errors };
}

/** A path that ends in a parting sign is a directory; then the file keeps its name. */
function placeOf(
  path: string,
  { to, name }: SendOptions,
): { place?: { targetDirectory: string; name: string }; errors: InputError[] } {
  const wrong = (message: string): { errors: InputError[] } => ({ errors: [{ path: '--to', message }] });
  const isWindows = WINDOWS_PATH.test(to);
  if (!isWindows && !to.startsWith('/'))
    return wrong(
      `${JSON.stringify(to)} is not absolute; give a path on the instances such as /etc/app/app.conf or C:\\app\\`,
    );
  const parting = isWindows ? /[\\/]/ : /\//;
  const parts = to.split(parting);
  const last = parts.at(-1) ?? '';
  const head = to.slice(0, to.length - last.length);
  if (last === '' && path === '-')
    return name === undefined
      ? wrong('is a directory, and what comes from stdin has no name; give the whole path')
      : { place: { targetDirectory: directoryOf(head), name }, errors: [] };
  return { place: { targetDirectory: directoryOf(head), name: last || basename(path) }, errors: [] };
}

/** Without the sign at its end, except where it is all there is. */
function directoryOf(head: string): string {
  return /^(\/+|[A-Za-z]:[\\/]+)$/.test(head) ? head : head.replace(/[\\/]+$/, '');
}

function readContent(path: string): {
  content?: { content: string; contentType?: 'Base64' };
  errors: InputError[];
} {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path === '-' ? 0 : path);
  } catch (error) {
    return { errors: [{ path: 'file', message: `${path} cannot be read: ${messageOf(error)}` }] };
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return { content: { content: text }, errors: [] };
  } catch {
    return { content: { content: bytes.toString('base64'), contentType: 'Base64' }, errors: [] };
  }
}
