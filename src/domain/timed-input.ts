/**
 * What `manageTimed` accepts; every error at once, with how to mend it.
 *
 * The one rule: targets and command are judged as those of a run, by the very same check.
 */
import { z } from 'zod';
import { parseDuration } from './durations';
import { dangers, describeIssue, presentable } from './input-errors';
import type { InputError } from './messages';
import { parseRunCommandInput, runCommandInputSchema } from './run-command-input';
import { REGION_PATTERN } from './run-input';
import type { ManageTimedInput, TimedStart, TimedWhen } from './timed-commands';
import { whenErrors } from './timed-times';
import { DEFAULT_TIMEOUT_SECONDS } from './waiting';

z.config({ jitless: true });

const region = z.string().regex(REGION_PATTERN, {
  error: 'must be a RegionId such as cn-hangzhou; not a host name, URL or address',
});
const NAME = 'must be 1 to 100 letters, digits, dots, hyphens or underscores';
const name = z
  .string()
  .regex(/^[\w.-]{1,100}$/, { error: NAME })
  .regex(/^(?!t-)/, { error: 'begins with t-, as ids of invocations do; choose another name' });
const which = z
  .string()
  .regex(/^[\w.-]{1,128}$/, { error: 'must be a name, or the id of an invocation such as t-hz01abc' });
const { targets, command } = runCommandInputSchema.shape;
const instanceIds = targets.shape.instanceIds;
const text = z.string().max(200, { error: 'is too long' });

const when = z.strictObject({
  cron: text.optional(),
  every: text.optional(),
  at: text.optional(),
  zone: text.optional(),
  reboot: z.enum(['next', 'every'], { error: 'must be next or every' }).optional(),
});

const LIMIT = 'must be a whole number from 1 to 100000';

/** Input of `manageTimed` as a schema; `steward schema manageTimed` prints it. */
export const manageTimedInputSchema = z.discriminatedUnion(
  'action',
  [
    z.strictObject({ region, action: z.literal('start'), name, targets, command, when }),
    z.strictObject({
      region,
      action: z.literal('list'),
      active: z.boolean({ error: 'must be true or false' }).optional(),
    }),
    z.strictObject({ region, action: z.literal('show'), which }),
    z.strictObject({
      region,
      action: z.literal('history'),
      which,
      instanceIds,
      failed: z.boolean({ error: 'must be true or false' }).optional(),
      since: text
        .refine((since) => sinceOf(since, 0) !== undefined, {
          error: 'must be a duration such as 12h, or a time with its zone such as 2026-12-24T21:30:00+08:00',
        })
        .optional(),
      limit: z.int({ error: LIMIT }).min(1, { error: LIMIT }).max(100_000, { error: LIMIT }).optional(),
    }),
    z.strictObject({ region, action: z.literal('stop'), which, instanceIds }),
  ],
  { error: 'must be start, list, show, history or stop' },
);

/** Checks a value that may come from anybody; `now` in epoch milliseconds. */
export function parseManageTimedInput(
  value: unknown,
  now: number,
): { ok: true; input: ManageTimedInput } | { ok: false; errors: InputError[] } {
  const dangerous = dangers(value);
  if (dangerous.length > 0) return { ok: false, errors: presentable(dangerous) };
  const parsed = manageTimedInputSchema.safeParse(value);
  const found = parsed.success
    ? []
    : parsed.error.issues.flatMap((issue) => describeIssue(issue, value, manageTimedInputSchema));
  const start = value as Partial<TimedStart> & { action?: unknown; region?: unknown };
  const errors = start.action === 'start' ? [...found.filter(isOfTimed), ...startErrors(start, now)] : found;
  if (parsed.success && errors.length === 0) return { ok: true, input: parsed.data };
  return { ok: false, errors: presentable(errors.length > 0 ? errors : found) };
}

/** What the check of runs does not say itself. */
function isOfTimed({ path }: InputError): boolean {
  return !/^(region|targets|command)\b/.test(path);
}

function startErrors(
  { targets, command, when, ...start }: Partial<TimedStart> & { region?: unknown },
  now: number,
): InputError[] {
  const run = parseRunCommandInput({ region: start.region, targets, command });
  const { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = command ?? {};
  const readable = isWhen(when) && typeof timeoutSeconds === 'number';
  return [...(run.ok ? [] : run.errors), ...(readable ? whenErrors(when, timeoutSeconds, now) : [])];
}

function isWhen(value: unknown): value is TimedWhen {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((each) => typeof each === 'string')
  );
}

/** Epoch milliseconds of a duration ago, or of a time that names its zone. */
export function sinceOf(text: string, now: number): number | undefined {
  const seconds = parseDuration(text);
  if (seconds !== undefined) return now - seconds * 1_000;
  const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : NaN;
  return Number.isFinite(moment) ? moment : undefined;
}
