/**
 * What every run accepts, whatever it sends: region, targets, rate, names.
 *
 * The one rule: every error is told at once, with its place and how to mend it, and nothing is corrected silently.
 * Pure: this runs inside Temporal's workflow sandbox, where there is no Buffer and no code from strings.
 */
import { z } from 'zod';
import { dangers, describeIssue, presentable } from './input-errors';
import type { InputError } from './messages';
import { MAX_TARGETS } from './plan';
import { amountError } from './rate';

// Zod compiles validators with `new Function` otherwise, which the sandbox forbids.
z.config({ jitless: true });

/** RegionIds: cn-hangzhou, ap-southeast-1, cn-shanghai-finance-1. Letters, digits and hyphens only. */
export const REGION_PATTERN = /^[a-z]{2,3}-[a-z]+(-[a-z0-9]+){0,4}$/;

/** True for text that looks like a RegionId; whether the region exists only the API knows. */
export function isRegionId(text: string): boolean {
  return REGION_PATTERN.test(text);
}

const MAX_TAGS = 20;

const INSTANCE_ID = /^i-[a-z0-9]{1,62}$/;
const TIMEOUT = 'must be a whole number of seconds from 10 to 86400, without a unit';

/** Seconds on each instance. */
export const timeoutSeconds = z
  .int({ error: TIMEOUT })
  .min(10, { error: TIMEOUT })
  .max(86_400, { error: TIMEOUT });

function instanceIdError(value: unknown): string {
  if (typeof value !== 'string') return 'must be an instance id such as i-bp1abc';
  const hint = value.trim().toLowerCase();
  if (hint !== value && INSTANCE_ID.test(hint)) return `has spaces or capital letters; did you mean ${hint}?`;
  return 'is not an instance id; they look like i-bp1abc: i-, then a to z and 0 to 9';
}

/** Plain text of at most `max` characters. */
export function text(max: number, example: string): z.ZodString {
  return z
    .string()
    .min(1, { error: 'is empty; give a value or leave it out' })
    .max(max, {
      error: (issue) => `has ${lengthOf(issue.input)} characters, at most ${max} are allowed`,
    })
    .regex(/^\P{Cc}*$/u, { error: `contains a control character; give plain text such as ${example}` });
}

const tagSelector = z.strictObject({
  key: text(128, 'env')
    .regex(/^(?!aliyun|acs:)/, {
      error: 'begins with aliyun or acs:, which are kept for the system; choose your own tags',
    })
    .regex(/^(?!.*https?:\/\/)/, { error: 'contains http:// or https://, which tag keys never do' }),
  value: z
    .string()
    .max(128, { error: (issue) => `has ${lengthOf(issue.input)} characters, at most 128 are allowed` })
    .optional(),
});

export const instanceIdSchema = z
  .string({ error: (issue) => instanceIdError(issue.input) })
  .regex(INSTANCE_ID, { error: (issue) => instanceIdError(issue.input) });

const instanceIds = z.array(instanceIdSchema).max(MAX_TARGETS, {
  error: (issue) => `has ${lengthOf(issue.input)} ids, at most ${MAX_TARGETS} fit one run; start several`,
});

const LIMIT = `must be a whole number from 1 to ${MAX_TARGETS}`;

/** `targets` of any input. The checks across its fields are `targetErrors`. */
export const targetsSchema = z.strictObject({
  instanceIds: instanceIds.optional(),
  resourceGroupId: z
    .string()
    .regex(/^rg-[a-z0-9]{1,61}$/, { error: 'is not a resource group id; they look like rg-acfm1abc' })
    .optional(),
  all: z.boolean({ error: 'must be true or false' }).optional(),
  excludeInstanceIds: instanceIds.optional(),
  allowEmpty: z.boolean({ error: 'must be true or false' }).optional(),
  limit: z.int({ error: LIMIT }).min(1, { error: LIMIT }).max(MAX_TARGETS, { error: LIMIT }).optional(),
  tags: z
    .array(tagSelector)
    .max(MAX_TAGS, { error: (issue) => `has ${lengthOf(issue.input)} tags, at most ${MAX_TAGS} are allowed` })
    .optional(),
});

export const amountSchema = (least: 0 | 1): z.ZodType<number | string> =>
  z
    .union([z.number(), z.string()], { error: amountError('', least) })
    .refine((value) => amountError(value, least) === undefined, { error: amountError('', least) });

const rate = z.strictObject({
  maxConcurrency: amountSchema(1).optional(),
  maxErrors: amountSchema(0).optional(),
  canary: amountSchema(1).optional(),
  approve: z.boolean({ error: 'must be true or false' }).optional(),
  startWith: amountSchema(1).optional(),
  spreadOverZones: z.boolean({ error: 'must be true or false' }).optional(),
});

export const regionSchema = z
  .string()
  .max(64, { error: 'is too long for a RegionId' })
  .regex(REGION_PATTERN, {
    error: 'must be a RegionId such as cn-hangzhou; not a host name, URL or address',
  });

/** The fields of a run beside what it sends. */
export const runFields = {
  region: regionSchema,
  targets: targetsSchema,
  name: text(128, 'memory check').optional(),
  rate: rate.optional(),
  exclusive: z.boolean({ error: 'must be true or false' }).optional(),
  retryOf: text(1_000, 'nightly-check').optional(),
};

export type Parsed<T> = { ok: true; input: T } | { ok: false; errors: InputError[] };

/** Unchecked: anything may be missing, and what is there may be of any type. */
type Unchecked = { [field: string]: unknown } | undefined;

/** Checks a value that may come from anybody. Every error at once, the first 50 of them. `more`: across fields. */
export function parseRun<T>(
  value: unknown,
  schema: z.ZodType<T>,
  more: (input: Unchecked) => InputError[],
): Parsed<T> {
  const dangerous = dangers(value);
  if (dangerous.length > 0) return { ok: false, errors: presentable(dangerous) };
  const parsed = schema.safeParse(value);
  const errors = parsed.success
    ? []
    : parsed.error.issues.flatMap((issue) => describeIssue(issue, value, schema));
  const input = value as Unchecked;
  errors.push(...targetErrors(input?.targets), ...more(input), ...rateErrors(input?.rate, input?.targets));
  if (parsed.success && errors.length === 0) return { ok: true, input: parsed.data };
  return { ok: false, errors: presentable(errors) };
}

/** One line per error, as people read it. */
export function formatInputErrors(errors: readonly InputError[]): string {
  return errors.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('\n');
}

/** What is wrong with `targets` as a whole. */
export function targetErrors(value: unknown): InputError[] {
  if (!isObject(value)) return [];
  const ids = Array.isArray(value.instanceIds) ? value.instanceIds : [];
  const tags = Array.isArray(value.tags) ? value.tags : [];
  const wellFormed = [value.instanceIds ?? [], value.tags ?? []].every(Array.isArray);
  const everything = value.all === true || value.resourceGroupId !== undefined;
  if (wellFormed && ids.length + tags.length === 0 && !everything) {
    const message =
      'name nothing to run on; give at least one id in instanceIds or one {key, value} in tags, a resourceGroupId, or all';
    return [{ path: 'targets', message }];
  }
  return [
    ...duplicates(ids, (index) => `targets.instanceIds[${index}]`),
    ...duplicates(
      tags.map((tag: unknown) => (isObject(tag) ? tag.key : undefined)),
      (index) => `targets.tags[${index}].key`,
    ),
  ];
}

function duplicates(values: unknown[], pathOf: (index: number) => string): InputError[] {
  const first = new Map<unknown, number>();
  const errors: InputError[] = [];
  values.forEach((value, index) => {
    const earlier = first.get(value);
    if (typeof value !== 'string') return;
    if (earlier === undefined) first.set(value, index);
    else
      errors.push({
        path: pathOf(index),
        message: `${quote(value)} is already at ${pathOf(earlier)}; remove one`,
      });
  });
  return errors;
}

function rateErrors(value: unknown, targets: unknown): InputError[] {
  if (!isObject(value)) return [];
  const ids = isObject(targets) && Array.isArray(targets.instanceIds) ? targets.instanceIds.length : 0;
  const byTag = isObject(targets) && (targets.tags ?? targets.resourceGroupId ?? targets.all) !== undefined;
  const tooMany = typeof value.maxErrors === 'number' && !byTag && ids > 0 && value.maxErrors > ids;
  return [
    ...(value.approve === true && value.canary === undefined
      ? [{ path: 'rate.approve', message: 'needs a canary, after which it asks; give rate.canary too' }]
      : []),
    ...(tooMany
      ? [
          {
            path: 'rate.maxErrors',
            message: `is more than the ${ids} instances there are; leave it out for no limit`,
          },
        ]
      : []),
  ];
}

function quote(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}

/** Of a list or a text. */
export function lengthOf(value: unknown): number {
  return Array.isArray(value) || typeof value === 'string' ? value.length : 0;
}

/** True for a plain object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
