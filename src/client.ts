/**
 * Starting and following workflows from a program, over a plain Temporal client. The command line is built on this.
 *
 * The one rule: an input is checked before anything is started, by the same function the workflow uses.
 */
import { WorkflowIdReusePolicy } from '@temporalio/client';
import type { Client, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { createHash, randomUUID } from 'node:crypto';
import { DEFAULT_ACCOUNT, PROGRESS_QUERY, taskQueueOf } from './domain/messages';
import type { InputError, RunCommandInput, RunCommandProgress, RunCommandResult } from './domain/messages';
import { parseRunCommandInput } from './domain/run-command-input';
import { formatInputErrors } from './domain/run-input';
import { parseSendFileInput } from './domain/send-file-input';
import { isFileInput, pathOf, sendingOf } from './domain/sending';
import type { RunInput } from './domain/sending';
import { escapeMarkdown, firstLine, shorten } from './domain/text';

/** The type of the workflow `runCommand`, for typed clients. */
export type RunCommandWorkflow = (input: RunCommandInput) => Promise<RunCommandResult>;

/** An input that was refused before anything was started; `errors` has everything that is wrong with it. */
export class InvalidInputError extends Error {
  override readonly name = 'InvalidInputError';
  constructor(readonly errors: InputError[]) {
    super(formatInputErrors(errors));
  }
}

/** How a run is started. */
export interface StartRunOptions {
  /** The workflow id. An id means one run, ever; absent: made from the command, the time and a random part. */
  id?: string;
  /** The account whose worker is to do it. Default `default`. */
  account?: string;
}

/**
 * Starts `runCommand`.
 * @throws {InvalidInputError} where input or id are wrong; nothing was started then
 * @throws {WorkflowExecutionAlreadyStartedError} where the id was used before
 */
export function startRunCommand(
  client: Client,
  input: RunCommandInput,
  options: StartRunOptions = {},
): Promise<WorkflowHandleWithFirstExecutionRunId<RunCommandWorkflow>> {
  return startRun(client, input, options);
}

/** Starts `sendFile`, or `runCommand`, by what the input is to send; otherwise as `startRunCommand`. */
export async function startRun(
  client: Client,
  input: RunInput,
  options: StartRunOptions = {},
): Promise<WorkflowHandleWithFirstExecutionRunId<RunCommandWorkflow>> {
  const parsed = isFileInput(input) ? parseSendFileInput(input) : parseRunCommandInput(input);
  const errors = [
    ...(parsed.ok ? [] : parsed.errors),
    ...(options.id === undefined ? [] : runIdErrors(options.id)),
  ];
  if (errors.length > 0) throw new InvalidInputError(errors);
  return client.workflow.start<RunCommandWorkflow>(sendingOf(input).workflow, {
    workflowId: options.id ?? newRunId(input),
    workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
    taskQueue: taskQueueOf(options.account ?? DEFAULT_ACCOUNT),
    // Both take one input and end with the same kind of result.
    args: [input as RunCommandInput],
    staticSummary: summaryFor(input),
  });
}

const MAX_SUMMARY_BYTES = 400;

/** The line people see in the Web UI, which takes it for Markdown; the server takes 400 bytes of it. */
function summaryFor(input: RunInput): string {
  const text = firstLine(input.name ?? (isFileInput(input) ? pathOf(input.file) : input.command.content));
  for (let length = [...text].length; ; length -= 10) {
    const summary = escapeMarkdown(shorten(text, length));
    if (length <= 10 || Buffer.byteLength(summary) <= MAX_SUMMARY_BYTES) return summary;
  }
}

/** Waits for the end of a run; a run whose instances failed ends with a result, not with an exception. */
export function runCommandResult(client: Client, id: string, runId?: string): Promise<RunCommandResult> {
  return client.workflow.getHandle<RunCommandWorkflow>(id, runId).result();
}

/** How far a run is. Needs a worker that answers. */
export function runCommandProgress(client: Client, id: string, runId?: string): Promise<RunCommandProgress> {
  return client.workflow.getHandle<RunCommandWorkflow>(id, runId).query<RunCommandProgress>(PROGRESS_QUERY);
}

/**
 * An id for a run: `run-<name or first word>-<time in UTC>-<eight random hex digits>`, of a file
 * `send-<name>-…`. Only the first word of the
 * script gets into it: ids are seen by everybody who may see the namespace.
 */
export function newRunId(input: RunInput, now = new Date()): string {
  const isFile = isFileInput(input);
  const word = input.name ?? (isFile ? input.file.name : firstWordOf(input.command.content));
  const slug = word
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '');
  const time = now.toISOString().replace(/[-:]|\.\d+Z$/g, '');
  const hash = createHash('sha256')
    .update(JSON.stringify(input))
    .update(time)
    .update(randomUUID())
    .digest('hex');
  return [isFile ? 'send' : 'run', ...(slug === '' ? [] : [slug]), time, hash.slice(0, 8)].join('-');
}

function firstWordOf(script: string): string {
  return /^\s*(\S+)/.exec(script)?.[1]?.split('/').at(-1) ?? '';
}

/** Ids of workflows that exist once per region, event or instance begin so; a run may not take their place. */
const RESERVED_PREFIX =
  /^(watch|patrol|preview|commands|agents|system-event|drill|event-report|spot|gate|hours|hours-report|temporal|temporal-sys-[^/]*)[/:]/;
const MAX_ID_BYTES = 1_000;

/** What is wrong with an id somebody wants to give a run. */
export function runIdErrors(id: string): InputError[] {
  const messages: string[] = [];
  const bytes = Buffer.byteLength(id);
  if (id.trim() === '') messages.push('is empty; leave it out and one is made');
  if (id !== id.trim()) messages.push('begins or ends with a space');
  if (bytes > MAX_ID_BYTES) messages.push(`has ${bytes} bytes, at most ${MAX_ID_BYTES} are allowed`);
  if (/\p{Cc}/u.test(id)) messages.push('contains a control character');
  if (RESERVED_PREFIX.test(id))
    messages.push(`begins with ${id.split(/[/:]/)[0]}/, kept for workflows of that kind`);
  return messages.map((message) => ({ path: 'id', message }));
}
