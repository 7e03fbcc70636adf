/** What `manageCommands` accepts; every error at once, with how to mend it. */
import { z } from 'zod';
import { contentErrors } from './command-content';
import { dangers, describeIssue, presentable } from './input-errors';
import type { InputError } from './messages';
import { REGION_PATTERN } from './run-input';
import type { ManageCommandsInput } from './saved-commands';

z.config({ jitless: true });

const region = z.string().regex(REGION_PATTERN, {
  error: 'must be a RegionId such as cn-hangzhou; not a host name, URL or address',
});
const TIMEOUT = 'must be a whole number of seconds from 10 to 86400, without a unit';
const line = (max: number): z.ZodString =>
  z
    .string()
    .max(max, { error: `has more than ${max} characters` })
    .regex(/^\P{Cc}+$/u, { error: 'is empty or contains a control character; give plain text' });

const name = line(128).regex(/^(?!c-)[^*]+$/, {
  error: 'begins with c-, as ids do, or has a *; choose another name',
});

const details = {
  timeoutSeconds: z
    .int({ error: TIMEOUT })
    .min(10, { error: TIMEOUT })
    .max(86_400, { error: TIMEOUT })
    .optional(),
  workingDirectory: line(200).optional(),
  description: line(512).optional(),
};

const command = z.strictObject({
  name,
  type: z.enum(['RunShellScript', 'RunBatScript', 'RunPowerShellScript'], {
    error: 'must be RunShellScript, RunBatScript or RunPowerShellScript',
  }),
  content: z.string(),
  ...details,
});

/** The API takes a content here and ignores it. */
const fixed = z
  .never({ error: 'cannot be changed; delete the command and create it anew, or create another' })
  .optional();

const changes = z
  .strictObject({ name: name.optional(), ...details, type: fixed, content: fixed })
  .refine((given) => Object.values(given).some((value) => value !== undefined), {
    error: 'has nothing in it; give a name, description, timeoutSeconds or workingDirectory',
  });

/** Input of `manageCommands` as a schema. */
export const manageCommandsInputSchema = z.discriminatedUnion(
  'action',
  [
    z.strictObject({ region, action: z.literal('create'), command }),
    z.strictObject({ region, action: z.literal('list') }),
    z.strictObject({ region, action: z.literal('show'), which: line(128) }),
    z.strictObject({ region, action: z.literal('delete'), which: line(128) }),
    z.strictObject({ region, action: z.literal('edit'), which: line(128), changes }),
  ],
  { error: 'must be create, list, show, edit or delete' },
);

/** Checks a value that may come from anybody. */
export function parseManageCommandsInput(
  value: unknown,
): { ok: true; input: ManageCommandsInput } | { ok: false; errors: InputError[] } {
  const dangerous = dangers(value);
  if (dangerous.length > 0) return { ok: false, errors: presentable(dangerous) };
  const parsed = manageCommandsInputSchema.safeParse(value);
  const errors = parsed.success
    ? []
    : parsed.error.issues.flatMap((issue) => describeIssue(issue, value, manageCommandsInputSchema));
  const given = (value as { command?: { content?: unknown; type?: unknown } } | undefined)?.command;
  if (typeof given?.content === 'string') errors.push(...contentErrors(given.content, given.type));
  if (parsed.success && errors.length === 0) return { ok: true, input: parsed.data };
  return { ok: false, errors: presentable(errors) };
}
