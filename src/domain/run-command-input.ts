/**
 * What the workflow `runCommand` accepts. The command line and the workflow ask here, so that what one takes the other
 * takes, and a bare `temporal workflow start` is answered as well as `steward run`.
 *
 * The one rule: that of run-input.ts.
 */
import { z } from 'zod';
import { contentErrors, parameterErrors } from './command-content';
import { environmentErrors } from './command-environment';
import type { InputError, RunCommandInput } from './messages';
import { isObject, parseRun, runFields, text, timeoutSeconds } from './run-input';
import type { Parsed } from './run-input';

const command = z.strictObject({
  type: z.enum(['RunShellScript', 'RunBatScript', 'RunPowerShellScript'], {
    error: 'must be RunShellScript, RunBatScript or RunPowerShellScript',
  }),
  commandId: z
    .string()
    .regex(/^c-[a-z0-9-]{1,62}$/, { error: 'is not the id of a saved command; they look like c-hz01abc' })
    .optional(),
  content: z.string(),
  timeoutSeconds: timeoutSeconds.optional(),
  workingDirectory: text(200, '/root').optional(),
  user: text(255, 'nobody').optional(),
  windowsPasswordName: text(255, 'axtSecretPassword')
    .regex(/^[A-Za-z0-9_./-]+$/, {
      error: 'is not the name of a parameter; give its NAME, never the password itself',
    })
    .optional(),
  ossOutputDelivery: text(1_000, 'oss://my-bucket/outputs')
    .regex(/^oss:\/\/[a-z0-9][a-z0-9-]{1,61}[a-z0-9](\/[\w./-]*)?$/, {
      error: 'is not a place in OSS; they look like oss://my-bucket/outputs',
    })
    .optional(),
  parameters: z.record(z.string(), z.string()).optional(),
  environment: z.record(z.string(), z.string()).optional(),
});

const { region, targets, ...others } = runFields;

/** Input of `runCommand` as a schema; `steward schema runCommand` prints it. The checks across fields are in the parser. */
export const runCommandInputSchema = z.strictObject({ region, targets, command, ...others });

/** Checks a value that may come from anybody. */
export function parseRunCommandInput(value: unknown): Parsed<RunCommandInput> {
  return parseRun<RunCommandInput>(value, runCommandInputSchema, (input) => [
    ...passwordErrors(input?.command),
    ...commandErrors(input?.command),
  ]);
}

function commandErrors(value: unknown): InputError[] {
  if (!isObject(value)) return [];
  const { content, type } = value;
  const parameters = isObject(value.parameters) ? value.parameters : undefined;
  const environment = isObject(value.environment) ? value.environment : undefined;
  const script = typeof content === 'string' ? content : undefined;
  return [
    ...(script === undefined ? [] : contentErrors(script, type, { parameters, environment })),
    ...(parameters ? parameterErrors(parameters, type, script) : []),
    ...(environment ? environmentErrors(environment, value) : []),
  ];
}

function passwordErrors(value: unknown): InputError[] {
  if (!isObject(value) || value.windowsPasswordName === undefined) return [];
  const path = 'command.windowsPasswordName';
  return [
    ...(value.type === 'RunShellScript'
      ? [{ path, message: 'is for Windows; a shell script needs no password' }]
      : []),
    ...(value.user === undefined
      ? [{ path, message: 'is the password of a user; give command.user too' }]
      : []),
  ];
}
