/**
 * Custom parameters: `{{name}}` in a command. The rule: names are compared without case, and what the caller did
 * not pass becomes empty.
 */
import { EcsError } from '../core';

const PLACE = /\{\{\s*([^{}]*?)\s*\}\}/g;
const NAME = /^[A-Za-z0-9_-]+$/;
const MOST_NAMES = 20;
const MOST_VALUES = 10;
const LONGEST = 64;

/** The names that Cloud Assistant fills in by itself. */
export const BUILT_IN = [
  'ACS::RegionId',
  'ACS::AccountId',
  'ACS::InstanceId',
  'ACS::InstanceName',
  'ACS::InvokeId',
  'ACS::CommandId',
] as const;

/** Values for the built-in names. */
export type BuiltInValues = Readonly<Record<(typeof BUILT_IN)[number], string>>;

const isBuiltIn = (name: string): boolean =>
  BUILT_IN.some((built) => built.toLowerCase() === name.toLowerCase());

/** The custom names of a command, in the order of the text; refuses names that the API refuses. */
export function parameterNames(content: string): string[] {
  const names = new Map<string, string>();
  for (const [, name = ''] of content.matchAll(PLACE)) {
    if (isBuiltIn(name)) continue;
    if (name === '') throw new EcsError(403, 'CmdParam.EmptyKey', 'You must specify the parameter names.');
    if (Buffer.byteLength(name) > LONGEST)
      throw new EcsError(
        403,
        'CmdParamName.ExceedLimit',
        'The length of the parameter name exceeds the maximum limit.',
      );
    if (!NAME.test(name))
      throw new EcsError(
        403,
        'CmdParam.InvalidParamName',
        'Invalid parameter name. The name contains illegal characters.',
      );
    if (!names.has(name.toLowerCase())) names.set(name.toLowerCase(), name);
  }
  if (names.size > MOST_NAMES)
    throw new EcsError(403, 'ParameterCount.ExceedLimit', 'The number of parameters exceeds the limit.');
  return [...names.values()];
}

/** Checks the values of a call against the names of its command. */
export function checkValues(
  values: ReadonlyMap<string, string> | undefined,
  command: { readonly enableParameter: boolean; readonly parameterNames: readonly string[] },
  disabledStatus: number,
): void {
  if (!values || values.size === 0) return;
  if (!command.enableParameter)
    throw new EcsError(
      disabledStatus,
      'Parameter.Disabled',
      'The parameters should not be specified when parameters are disabled.',
    );
  if (values.size > MOST_VALUES)
    throw new EcsError(403, 'ParameterCount.ExceedLimit', 'The number of parameters exceeds the limit.');
  const known = new Set(command.parameterNames.map((name) => name.toLowerCase()));
  const seen = new Set<string>();
  for (const name of values.keys()) {
    if (name === '' || Buffer.byteLength(name) > LONGEST)
      throw new EcsError(403, 'ParameterKey.ExceedLimit', 'The parameter key exceeds the length limit.');
    if (seen.has(name.toLowerCase()))
      throw new EcsError(403, 'ParameterKey.Duplicate', 'The parameter key is duplicated.');
    seen.add(name.toLowerCase());
    if (!known.has(name.toLowerCase()))
      throw new EcsError(
        403,
        'Parameter.NotMatched',
        'The parameters do not match those of the specified command.',
      );
  }
}

/** The text with every name replaced. */
export function substitute(
  content: string,
  values: ReadonlyMap<string, string> | undefined,
  builtIn: BuiltInValues,
): string {
  const all = new Map<string, string>();
  for (const [name, value] of [...Object.entries(builtIn), ...(values ?? [])])
    all.set(name.toLowerCase(), value);
  return content.replace(PLACE, (_, name: string) => all.get(name.toLowerCase()) ?? '');
}
