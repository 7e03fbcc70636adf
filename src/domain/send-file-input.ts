/**
 * What the workflow `sendFile` accepts: that of `runCommand`, with a file in the place of the command.
 *
 * The one rule: what SendFile or an agent would refuse of the file itself is refused here, before any call.
 */
import { z } from 'zod';
import { base64Length, utf8Length } from './command-content';
import type { InputError } from './messages';
import { isObject, lengthOf, parseRun, runFields, text, timeoutSeconds } from './run-input';
import type { Parsed } from './run-input';
import { WINDOWS_PATH } from './sending';
import type { SendFileInput } from './sending';

/** Of the content after Base64. */
const MAX_FILE_BYTES = 32 * 1024;

/** Names of accounts on Linux, as useradd takes them. */
const account = (example: string): z.ZodType<string> =>
  text(64, example).regex(/^[A-Za-z_][A-Za-z0-9_.-]*\$?$/, {
    error: `is not the name of an account; they look like ${example}`,
  });

const file = z.strictObject({
  name: text(255, 'app.conf'),
  targetDirectory: text(255, '/etc/app'),
  content: z.string(),
  contentType: z.enum(['PlainText', 'Base64'], { error: 'must be PlainText or Base64' }).optional(),
  mode: z
    .string()
    .regex(/^[0-7]{3,4}$/, { error: 'must be three or four octal digits such as 0644' })
    .optional(),
  owner: account('root').optional(),
  group: account('root').optional(),
  overwrite: z.boolean({ error: 'must be true or false' }).optional(),
  description: z
    .string()
    .max(512, { error: (issue) => `has ${lengthOf(issue.input)} characters, at most 512 are allowed` })
    .optional(),
  timeoutSeconds: timeoutSeconds.optional(),
});

const { region, targets, ...others } = runFields;

/** Input of `sendFile` as a schema; `steward schema sendFile` prints it. The checks across fields are in the parser. */
export const sendFileInputSchema = z.strictObject({ region, targets, file, ...others });

/** Checks a value that may come from anybody. */
export function parseSendFileInput(value: unknown): Parsed<SendFileInput> {
  return parseRun<SendFileInput>(value, sendFileInputSchema, (input) =>
    isObject(input?.file)
      ? [...contentErrors(input.file), ...pathErrors(input.file), ...windowsErrors(input.file)]
      : [],
  );
}

type Unchecked = Record<string, unknown>;

const error = (field: string, message: string): InputError => ({ path: `file.${field}`, message });

function contentErrors({ content, contentType }: Unchecked): InputError[] {
  if (typeof content !== 'string') return [];
  if (content === '')
    return [
      error(
        'content',
        'is empty, and SendFile takes no empty file; make one by a command: steward run … -- "> PATH"',
      ),
    ];
  const isBase64 = contentType === 'Base64';
  if (isBase64 && (!/^[A-Za-z0-9+/]+={0,2}$/.test(content) || content.length % 4 !== 0))
    return [error('content', 'is not Base64; leave contentType out for plain text')];
  if (/\p{Cs}/u.test(content))
    return [error('content', 'contains half of a character (a lone surrogate); give the bytes as Base64')];
  const bytes = isBase64
    ? (content.length / 4) * 3 - (/=*$/.exec(content)?.[0].length ?? 0)
    : utf8Length(content);
  const encoded = base64Length(bytes);
  if (encoded <= MAX_FILE_BYTES) return [];
  return [
    error(
      'content',
      `has ${bytes} bytes, ${encoded} after Base64; at most ${MAX_FILE_BYTES} are allowed (24576 bytes of file). ` +
        'Put it into OSS and fetch it by a command: steward run … -- curl -fsSo PATH URL',
    ),
  ];
}

function pathErrors({ name, targetDirectory }: Unchecked): InputError[] {
  const errors: InputError[] = [];
  const isWindows = typeof targetDirectory === 'string' && WINDOWS_PATH.test(targetDirectory);
  if (
    typeof targetDirectory === 'string' &&
    targetDirectory !== '' &&
    !isWindows &&
    !targetDirectory.startsWith('/')
  )
    errors.push(error('targetDirectory', 'is not absolute; give a path such as /etc/app or C:\\app'));
  if (typeof name !== 'string') return errors;
  if (/^\.{1,2}$/.test(name) || name.includes('/'))
    errors.push(
      error('name', 'is a path or a directory; give the name alone, and the directory as targetDirectory'),
    );
  else if (isWindows && /[\\:*?"<>|]/.test(name))
    errors.push(error('name', 'has a character that names on Windows cannot have: \\ : * ? " < > |'));
  return errors;
}

function windowsErrors({ targetDirectory, ...given }: Unchecked): InputError[] {
  if (typeof targetDirectory !== 'string' || !WINDOWS_PATH.test(targetDirectory)) return [];
  return ['mode', 'owner', 'group']
    .filter((field) => given[field] !== undefined)
    .map((field) => error(field, 'has no meaning on Windows; leave it out'));
}
