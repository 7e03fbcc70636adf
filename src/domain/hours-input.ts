/**
 * What the workflows of working hours accept; every error at once, with how to mend it.
 *
 * The one rule: the same check for the command line, for workflows and for updates.
 */
import { z } from 'zod';
import { compileHours } from './hours-calendar';
import type {
  ApplyWorkingHoursInput,
  OrderGroup,
  StartByTagInput,
  StopByTagInput,
  WorkingHours,
} from './hours-messages';
import { HOURS_ACTIONS } from './hours-messages';
import type { HoursReportInput, WorkingHoursState } from './hours-state';
import { MAX_DAYS, daysOf } from './hours-spec';
import { dangers, describeIssue, presentable } from './input-errors';
import type { InputError } from './messages';
import { NAME_MESSAGE, isName } from './policy-schema';
import { REGION_PATTERN } from './run-input';

z.config({ jitless: true });

export type Parsed<T> = { ok: true; input: T } | { ok: false; errors: InputError[] };

const region = z
  .string({ error: 'must be a RegionId such as cn-hangzhou' })
  .max(64)
  .regex(REGION_PATTERN, { error: 'must be a RegionId such as cn-hangzhou' });

const name = z.string({ error: 'must be a name' }).refine(isName, { error: NAME_MESSAGE });

const instanceId = z
  .string({ error: 'must be an instance id such as i-bp1abc' })
  .regex(/^i-[a-z0-9]{1,62}$/, { error: 'is not an instance id; they look like i-bp1abc' });

const tag = z.strictObject({
  key: z.string().min(1, { error: 'is empty; give the key of a tag' }).max(128),
  value: z.string().max(128).optional(),
});

const tags = z
  .array(tag)
  .min(1, { error: 'is empty; give at least one {key} or {key, value}' })
  .max(20, { error: 'has more than 20 tags; ECS takes no more' });

const instanceIds = z.array(instanceId).min(1, { error: 'is empty; leave it out' }).max(1_000);

function whole(min: number, max: number, unit: string): z.ZodNumber {
  const error = `must be a whole number of ${unit} from ${min} to ${max}`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

const order = z
  .array(
    z.strictObject({
      name,
      tag: tag.optional(),
      instanceIds: instanceIds.optional(),
      needs: z.array(name).max(20).optional(),
      health: z
        .strictObject({
          command: z.string().min(1).max(10_000),
          withinMinutes: whole(1, 120, 'minutes').optional(),
        })
        .optional(),
    }),
  )
  .max(20, { error: 'has more than 20 groups' });

const time = z.iso.datetime({
  offset: true,
  error: 'must be a time with a zone such as 2026-12-01T08:00:00+09:00',
});

const stopFields = {
  stoppedMode: z
    .enum(['StopCharging', 'KeepCharging'], { error: 'must be StopCharging or KeepCharging' })
    .optional(),
  beforeStop: name.optional(),
  forceAfterMinutes: whole(1, 120, 'minutes').optional(),
};
const stockMinutes = whole(0, 1_440, 'minutes').optional();
const withinMinutes = whole(1, 240, 'minutes').optional();
const notify = z.array(name).max(10).optional();
const days = z
  .array(z.string().max(40))
  .max(400, { error: 'has more than 400 entries; use ranges' })
  .optional();

/** The definition of working hours as a schema. */
export const workingHoursSchema = z.strictObject({
  name,
  regions: z.array(region).min(1, { error: 'is empty; give at least one RegionId' }).max(30),
  tags,
  timeZone: z.string({ error: 'must be an IANA name such as Asia/Tokyo' }).max(64),
  start: z.string().max(100).optional(),
  stop: z.string().max(100).optional(),
  days: z.string().max(100).optional(),
  mode: z.enum(['edge', 'enforce'], { error: 'must be edge or enforce' }).optional(),
  ownHours: z.boolean().optional(),
  holidays: days,
  workdays: days,
  freezes: days,
  onHoliday: z.enum(['stay-stopped', 'as-usual'], { error: 'must be stay-stopped or as-usual' }).optional(),
  maxRunHours: whole(1, 720, 'hours').optional(),
  order: order.optional(),
  ...stopFields,
  stockMinutes,
  withinMinutes,
  notify,
  prices: z.record(z.string().max(64), z.number().nonnegative()).optional(),
  catchUpMinutes: whole(1, 1_440, 'minutes').optional(),
  jitterSeconds: whole(0, 3_600, 'seconds').optional(),
});

const keptOverride = z.strictObject({
  id: z.string(),
  keep: z.enum(['running', 'stopped', 'as-is']),
  until: time,
  reason: z.string(),
  instanceIds: instanceIds.optional(),
  tag: tag.optional(),
  at: time,
});

const context = z.strictObject({
  definition: workingHoursSchema,
  overrides: z.array(keptOverride),
  action: z.enum(HOURS_ACTIONS),
  at: time,
  lookedAt: time.optional(),
});

const byTag = { region, tags, order: order.optional(), withinMinutes, notify, hours: context.optional() };

export const startByTagSchema = z.strictObject({ ...byTag, stockMinutes, notAfter: time.optional() });
export const stopByTagSchema = z.strictObject({ ...byTag, ...stopFields });
export const applyHoursSchema = z.strictObject({
  hours: name,
  action: z.enum(HOURS_ACTIONS, { error: 'must be start, stop or enforce' }),
});
/** What `workingHours` carries over continue-as-new is accepted beside the definition. */
export const workingHoursStateSchema = z.looseObject({ definition: workingHoursSchema });
export const hoursReportSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('survey'), hours: name }),
  z.strictObject({
    kind: z.literal('savings'),
    hours: name,
    month: z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, { error: 'must be a month such as 2026-12' }),
  }),
]);

export function parseStartByTag(value: unknown): Parsed<StartByTagInput> {
  return parse(startByTagSchema, value, (input) => orderErrors(input.order, 'order'));
}

export function parseStopByTag(value: unknown): Parsed<StopByTagInput> {
  return parse(stopByTagSchema, value, (input) => orderErrors(input.order, 'order'));
}

export function parseWorkingHours(value: unknown): Parsed<WorkingHours> {
  return parse(workingHoursSchema, value, hoursErrors);
}

export function parseWorkingHoursState(value: unknown): Parsed<WorkingHoursState> {
  return parse(workingHoursStateSchema, value, ({ definition }) =>
    hoursErrors(definition).map((error) => ({ ...error, path: `definition.${error.path}` })),
  ) as Parsed<WorkingHoursState>;
}

export function parseApplyHours(value: unknown): Parsed<ApplyWorkingHoursInput> {
  return parse(applyHoursSchema, value);
}

export function parseHoursReport(value: unknown): Parsed<HoursReportInput> {
  return parse(hoursReportSchema, value);
}

function parse<S extends z.ZodType>(
  schema: S,
  value: unknown,
  across: (input: z.infer<S>) => InputError[] = () => [],
): Parsed<z.infer<S>> {
  const dangerous = dangers(value);
  if (dangerous.length > 0) return { ok: false, errors: presentable(dangerous) };
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    return {
      ok: false,
      errors: presentable(parsed.error.issues.flatMap((issue) => describeIssue(issue, value, schema))),
    };
  const errors = across(parsed.data);
  return errors.length === 0 ? { ok: true, input: parsed.data } : { ok: false, errors: presentable(errors) };
}

function hoursErrors(hours: WorkingHours): InputError[] {
  const compiled = compileHours(hours);
  const errors = compiled.ok ? [] : [...compiled.errors];
  const needsBoth = hours.mode === 'enforce' && (hours.start === undefined || hours.stop === undefined);
  if (needsBoth) errors.push({ path: 'mode', message: 'enforce needs a start and a stop' });
  if (hours.mode === 'enforce' && hours.maxRunHours !== undefined)
    errors.push({
      path: 'maxRunHours',
      message: 'does not go with enforce, which would start again what it stops',
    });
  if (hours.ownHours && hours.tags.every(({ value }) => value !== undefined))
    errors.push({
      path: 'ownHours',
      message: 'needs a tag selected by its key alone, whose value can carry hours',
    });
  if (compiled.ok) {
    const { holidays, workdays, freezes } = compiled.compiled;
    const count = daysOf([...holidays, ...workdays, ...freezes]).length;
    if (count > MAX_DAYS)
      errors.push({
        path: 'holidays',
        message: `are ${count} days with workdays and freezes, at most ${MAX_DAYS} fit`,
      });
  }
  return [...errors, ...orderErrors(hours.order, 'order')];
}

function orderErrors(groups: OrderGroup[] = [], path: string): InputError[] {
  const errors: InputError[] = [];
  const at = new Map(groups.map((group, index) => [group.name, index]));
  groups.forEach((group, index) => {
    const here = `${path}[${index}]`;
    if (at.get(group.name) !== index)
      errors.push({ path: `${here}.name`, message: `${group.name} is there twice` });
    if (group.tag === undefined && group.instanceIds === undefined)
      errors.push({ path: here, message: 'has no instances; give a tag or instanceIds' });
    for (const need of group.needs ?? [])
      if (!at.has(need)) errors.push({ path: `${here}.needs`, message: `names ${need}, which is no group` });
  });
  if (errors.length === 0 && hasCircle(groups))
    errors.push({ path, message: 'goes in a circle: a group needs itself' });
  return errors;
}

function hasCircle(groups: readonly OrderGroup[]): boolean {
  let open = [...groups];
  while (open.length > 0) {
    const names = new Set(open.map(({ name: of }) => of));
    const rest = open.filter(({ needs = [] }) => needs.some((need) => names.has(need)));
    if (rest.length === open.length) return true;
    open = rest;
  }
  return false;
}
