/** What the workflows around system events accept; every error at once, with how to mend it. */
import { z } from 'zod';
import type { InputError } from './messages';
import { REGION_PATTERN } from './run-input';
import type { DrillInput, ReportSystemEventsInput } from './event-report';
import { PATROL_KINDS } from './system-event';
import type { HandleSystemEventInput, PatrolState } from './system-event';

z.config({ jitless: true });

type Parsed<T> = { ok: true; input: T } | { ok: false; errors: InputError[] };

const region = z
  .string({ error: 'is missing; give a RegionId such as cn-hangzhou' })
  .max(64)
  .regex(REGION_PATTERN, {
    error: 'must be a RegionId such as cn-hangzhou; not a host name, URL or address',
  });

const eventId = z
  .string({ error: 'is missing; give an event id such as e-bp1abc' })
  .regex(/^e-[a-z0-9]{1,62}$/, { error: 'is not an event id; they look like e-bp1abc' });

function whole(min: number, max: number, unit: string): z.ZodNumber {
  const error = `must be a whole number of ${unit} from ${min} to ${max}`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

/** Input of `handleSystemEvent` as a schema. */
export const handleSystemEventInputSchema = z.strictObject({
  region,
  eventId,
});

/** Input of `reportSystemEvents` as a schema. */
export const reportInputSchema = z.strictObject({
  region,
  kind: z.enum(['open', 'history'], { error: 'must be open or history' }),
  days: whole(1, 30, 'days').optional(),
  eventId: eventId.optional(),
});

/** Input of `drillSystemEvent` as a schema. */
export const drillInputSchema = z.strictObject({
  region,
  instanceId: z
    .string({ error: 'is missing; give an instance id such as i-bp1abc' })
    .regex(/^i-[a-z0-9]{1,62}$/, { error: 'is not an instance id such as i-bp1abc' }),
  inMinutes: whole(5, 10_080, 'minutes').optional(),
});

/** Input of `patrolRegion` as a schema; what it carries over continue-as-new is accepted beside it. */
export const patrolInputSchema = z.looseObject({
  region,
  kinds: z
    .array(z.enum(PATROL_KINDS, { error: 'must be events or reclaims' }))
    .min(1, { error: 'is empty; leave it out for both' })
    .optional(),
  everySeconds: whole(10, 3_600, 'seconds').optional(),
  eventTypes: z
    .array(
      z
        .string()
        .regex(/^[A-Za-z:.]{3,64}$/, { error: 'is not an event type such as SystemMaintenance.Reboot' }),
    )
    .min(1)
    .optional(),
  instanceIds: z
    .array(z.string().regex(/^i-[a-z0-9]{1,62}$/, { error: 'is not an instance id such as i-bp1abc' }))
    .min(1)
    .optional(),
  tags: z
    .array(z.strictObject({ key: z.string().min(1).max(128), value: z.string().max(128).optional() }))
    .max(20)
    .optional(),
});

export function parseHandleSystemEventInput(value: unknown): Parsed<HandleSystemEventInput> {
  return result(handleSystemEventInputSchema.safeParse(value));
}

export function parsePatrolInput(value: unknown): Parsed<PatrolState> {
  return result(patrolInputSchema.safeParse(value)) as Parsed<PatrolState>;
}

export function parseReportInput(value: unknown): Parsed<ReportSystemEventsInput> {
  return result(reportInputSchema.safeParse(value));
}

export function parseDrillInput(value: unknown): Parsed<DrillInput> {
  return result(drillInputSchema.safeParse(value));
}

function result<T>(parsed: { success: true; data: T } | { success: false; error: z.ZodError }): Parsed<T> {
  if (parsed.success) return { ok: true, input: parsed.data };
  return {
    ok: false,
    errors: parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message })),
  };
}
