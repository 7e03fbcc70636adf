/** What the workflows around spot instances accept; every error at once, with how to mend it. */
import { z } from 'zod';
import { dangers, describeIssue, presentable } from './input-errors';
import type { InputError } from './messages';
import { REGION_PATTERN } from './run-input';
import type {
  DiscardCopiesInput,
  LaunchSpotInput,
  RelaunchSpotInput,
  SpotReportInput,
} from './spot-messages';

z.config({ jitless: true });

type Parsed<T> = { ok: true; input: T } | { ok: false; errors: InputError[] };

function like(pattern: RegExp, message: string): z.ZodString {
  return z.string({ error: message }).regex(pattern, { error: message });
}

const region = z.string({ error: 'must be a RegionId such as cn-hangzhou' }).max(64).regex(REGION_PATTERN, {
  error: 'must be a RegionId such as cn-hangzhou; not a host name, URL or address',
});
const instanceId = like(/^i-[a-z0-9]{1,62}$/, 'is not an instance id such as i-bp1abc');
const instanceType = like(/^ecs\.[a-z0-9.-]{2,60}$/, 'is not an instance type such as ecs.g7.large');

function whole(min: number, max: number, unit: string): z.ZodNumber {
  const error = `must be a whole number${unit} from ${min} to ${max}`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

/** Input of `relaunchSpotInstance`, `warmSpotImage` and `drillSpotReclaim` as a schema. */
export const relaunchSpotInputSchema = z.strictObject({ region, instanceId });

/** Input of `launchSpotInstance` as a schema. */
export const launchSpotInputSchema = z.strictObject({
  region,
  imageId: like(/^[A-Za-z0-9_.-]{3,128}$/, 'is not an image id such as m-bp1abc'),
  instanceType,
  zoneId: like(/^[a-z0-9-]{3,40}$/, 'is not a zone id such as cn-hangzhou-h').optional(),
  vSwitchId: like(/^vsw-[a-z0-9]{1,62}$/, 'is not a vSwitch id such as vsw-bp1abc').optional(),
  securityGroupId: like(/^sg-[a-z0-9]{1,62}$/, 'is not a security group id such as sg-bp1abc'),
  instanceName: like(
    /^(?!https?:\/\/)\p{L}[\p{L}\p{N}:_\-.,[\]]{1,127}$/u,
    'must have 2 to 128 characters and begin with a letter',
  ).optional(),
  internetMaxBandwidthOut: whole(0, 100, ' of Mbit/s').optional(),
  spotDuration: z.union([z.literal(0), z.literal(1)], { error: 'must be 0 or 1' }).optional(),
  spotPriceLimit: z
    .number({ error: 'must be a price an hour such as 0.35' })
    .min(0.001, { error: 'must be at least 0.001' })
    .max(10_000, { error: 'must be at most 10000' })
    .optional(),
  spotInterruptionBehavior: z.enum(['Terminate', 'Stop'], { error: 'must be Terminate or Stop' }).optional(),
  keyPairName: like(/^\S.{0,127}$/, 'must be the name of a key pair').optional(),
  passwordInherit: z.boolean({ error: 'must be true or false' }).optional(),
  ramRoleName: like(/^[A-Za-z0-9.@_-]{1,64}$/, 'must be the name of a RAM role').optional(),
  tags: z
    .array(
      z.strictObject({
        key: like(/^(?!aliyun|acs:|https?:\/\/).{1,128}$/, 'is not the key of a tag'),
        value: z.string().max(128),
      }),
    )
    .max(20, { error: 'has too many entries; at most 20 are allowed' })
    .optional(),
  withinMinutes: whole(1, 1_440, ' of minutes').optional(),
});

/** Input of `reportSpot` as a schema. */
export const spotReportInputSchema = z
  .strictObject({
    region,
    kind: z.enum(['plan', 'prices'], { error: 'must be plan or prices' }),
    instanceId: instanceId.optional(),
    instanceTypes: z.array(instanceType).min(1).max(10, { error: 'at most 10 types at once' }).optional(),
  })
  .superRefine((input, context) => {
    const missing = input.kind === 'plan' ? 'instanceId' : 'instanceTypes';
    if (input[missing] === undefined)
      context.addIssue({ code: 'custom', path: [missing], message: `is missing; ${input.kind} needs it` });
  });

const ids = (prefix: string): z.ZodArray<z.ZodString> =>
  z.array(like(new RegExp(`^${prefix}-[a-z0-9]{1,62}$`), `is not an id such as ${prefix}-bp1abc`)).max(50);

/** Input of `discardSpotCopies` as a schema. */
export const discardCopiesInputSchema = z.strictObject({
  region,
  instanceId,
  imageIds: ids('m'),
  snapshotIds: ids('s'),
  diskIds: ids('d'),
  after: z.iso.datetime({ error: 'must be a time such as 2026-12-01T02:00:00.000Z' }),
});

export function parseRelaunchSpotInput(value: unknown): Parsed<RelaunchSpotInput> {
  return parsed(relaunchSpotInputSchema, value);
}

export function parseLaunchSpotInput(value: unknown): Parsed<LaunchSpotInput> {
  return parsed(launchSpotInputSchema, value);
}

export function parseDiscardCopiesInput(value: unknown): Parsed<DiscardCopiesInput> {
  return parsed(discardCopiesInputSchema, value);
}

export function parseSpotReportInput(value: unknown): Parsed<SpotReportInput> {
  return parsed(spotReportInputSchema, value);
}

function parsed<S extends z.ZodType>(schema: S, given: unknown): Parsed<z.infer<S>> {
  const value = given ?? {};
  const dangerous = dangers(value);
  if (dangerous.length > 0) return { ok: false, errors: presentable(dangerous) };
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, input: result.data };
  const errors = result.error.issues.flatMap((issue) => describeIssue(issue, value, schema));
  return { ok: false, errors: presentable(errors) };
}
