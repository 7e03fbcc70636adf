/**
 * `steward policy check FILE`: is this a policy file a worker would take?
 *
 * The one rule: the same reader the worker has; every error at once, with its line. Nothing is connected to.
 */
import { readFileSync } from 'node:fs';
import { describeDuration } from '../domain/durations';
import type { EventPolicy, PolicyFile } from '../domain/policy';
import { parsePolicyFile } from '../hooks/policy-file';
import { messageOf, usageError } from './exit';
import { EXIT } from './exit';
import type { ExitCode } from './exit';
import type { Context } from './inspect';

/** Exit code 2 where the file has errors. */
export function policyCheck(
  path: string,
  options: { json?: boolean },
  { terminal }: Pick<Context, 'terminal'>,
): Promise<ExitCode> {
  const file = readPolicyFile(path);
  terminal.result(options.json ? JSON.stringify({ ok: true, ...file }, null, 2) : policyText(path, file));
  return Promise.resolve(EXIT.ok);
}

/** @throws a usage error with everything that is wrong */
export function readPolicyFile(path: string): PolicyFile {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    throw usageError([{ path, message: `cannot be read as text: ${messageOf(error)}` }]);
  }
  const parsed = parsePolicyFile(text);
  if (parsed.ok) return parsed.file;
  throw usageError(parsed.errors.map((error) => ({ ...error, path: error.path === '' ? path : error.path })));
}

function policyText(path: string, { policies, hooks }: PolicyFile): string {
  const names = Object.keys(hooks);
  return [
    `${path} is a good policy file.`,
    ...policies.map(({ policy }) => `  ${policyLine(policy)}`),
    '  and for everything else built-in: alerts only',
    names.length > 0 ? `Hooks: ${names.join(', ')}` : 'No hooks.',
  ].join('\n');
}

function policyLine({ name, windows, marginMs, ifNoWindow }: EventPolicy): string {
  const when = windows.length > 0 ? windows.join(', ') : 'no windows';
  return `${name}: ${when}; deadline ${describeDuration(marginMs / 1000)} before NotBefore; without a window ${ifNoWindow}`;
}
