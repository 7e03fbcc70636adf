/** What the workflows around agents accept; every error at once, with how to mend it. */
import { z } from 'zod';
import type { InstallAgentsInput, RebootForAgentInput, ReportAgentsInput } from './agents';
import { dangers, describeIssue, presentable } from './input-errors';
import type { InputError } from './messages';
import { amountSchema, instanceIdSchema, regionSchema, targetErrors, targetsSchema } from './run-input';

z.config({ jitless: true });

const flag = z.boolean({ error: 'must be true or false' }).optional();
const WITHIN = 'must be a whole number of seconds from 60 to 3600, without a unit';
const withinSeconds = z
  .int({ error: WITHIN })
  .min(60, { error: WITHIN })
  .max(3_600, { error: WITHIN })
  .optional();

/** Input of `reportAgents` as a schema. */
export const reportAgentsInputSchema = z.strictObject({
  region: regionSchema,
  targets: targetsSchema,
  deadOnly: flag,
});

/** Input of `installAgents` as a schema. */
export const installAgentsInputSchema = z.strictObject({
  region: regionSchema,
  targets: targetsSchema,
  reboot: flag,
  force: flag,
  rate: z
    .strictObject({
      maxConcurrency: amountSchema(1).optional(),
      maxErrors: amountSchema(0).optional(),
      canary: amountSchema(1).optional(),
    })
    .optional(),
  withinSeconds,
});

/** Input of `rebootForAgent` as a schema. */
export const rebootForAgentInputSchema = z.strictObject({
  region: regionSchema,
  instanceId: instanceIdSchema,
  force: flag,
  withinSeconds,
});

type Parsed<T> = { ok: true; input: T } | { ok: false; errors: InputError[] };

export function parseReportAgentsInput(value: unknown): Parsed<ReportAgentsInput> {
  return parsed(reportAgentsInputSchema, value);
}

export function parseInstallAgentsInput(value: unknown): Parsed<InstallAgentsInput> {
  const { rate, reboot } = (value ?? {}) as Partial<Record<'rate' | 'reboot', unknown>>;
  const idle = rate !== undefined && reboot !== true;
  const message = 'is about reboots; give reboot: true too (--reboot)';
  return parsed(installAgentsInputSchema, value, idle ? [{ path: 'rate', message }] : []);
}

export function parseRebootForAgentInput(value: unknown): Parsed<RebootForAgentInput> {
  return parsed(rebootForAgentInputSchema, value, []);
}

function parsed<S extends z.ZodType>(schema: S, given: unknown, more?: InputError[]): Parsed<z.output<S>> {
  const value = given ?? {};
  const dangerous = dangers(value);
  if (dangerous.length > 0) return { ok: false, errors: presentable(dangerous) };
  const result = schema.safeParse(value);
  const errors = result.success
    ? []
    : result.error.issues.flatMap((issue) => describeIssue(issue, value, schema));
  errors.push(...targetErrors((value as { targets?: unknown }).targets), ...(more ?? []));
  if (result.success && errors.length === 0) return { ok: true, input: result.data };
  return { ok: false, errors: presentable(errors) };
}
