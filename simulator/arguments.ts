/**
 * The command line of the simulator. The rule: a wrong argument is one sentence on stderr and exit code 2, before
 * anything has been started.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { TimeMode } from './core/clock';
import { faultSchema } from './core/faults';
import { policySchema } from './core/policy';
import { DEFAULT_DURATIONS, switchesSchema } from './core/settings';
import type { SimulatorOptions } from './index';
import type { ExecMode } from './simulation';

/** A wrong argument. */
export class UsageError extends Error {}

/** What `--help` prints. */
export const HELP = `Usage: steward simulate [options]

A simulated Alibaba Cloud ECS on a loopback port. Prints one line of JSON when it is ready.

  --port N              port of the ECS API (default: a free one)
  --control-port N      port of the control plane (default: a free one)
  --region ID           region, may be repeated (default: cn-hangzhou); the first one gets the instances
  --instances N         running instances at the start (default: 0)
  --windows N           so many of these run Windows (default: 0)
  --tag KEY=VALUE       tag of these instances, may be repeated
  --time MODE           real | xN (the provider's own processes N times as fast) | driven (default: real)
  --start-time TIME     where driven time starts, such as 2026-01-01T00:00:00Z (default: now)
  --exec MODE           sandbox | shell | canned: how commands run (default: sandbox where possible)
  --state FILE          keep the state in this file
  --work-dir DIR        where instances keep their files (default: a temporary directory)
  --quota ACTION=N      calls per minute, may be repeated; * for all other actions
  --no-throttling       no limit of calls
  --duration NAME=MS    how long a process takes, may be repeated: ${Object.keys(DEFAULT_DURATIONS).join(', ')}
  --switch NAME=VALUE   decides a doubt of the documentation, may be repeated: ${Object.keys(switchesSchema.shape).join(', ')}
  --policy FILE         RAM policy to enforce, JSON
  --fault JSON          fault to set, may be repeated
  --random N            number from which chance is drawn, to repeat a run
  --ledger-limit N      lines the ledger keeps (default: 50000)
  --credentials-file F  keep the key pair in this file, which is made where it is not there; a worker finds it by
                        ALIBABA_CLOUD_CREDENTIALS_FILE
  --allow-real-key      accept a key id that begins with LTAI

The key pair is taken from ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET when both are set and is
then never printed, nor is one in a file; otherwise one is made for the run.
`;

const OPTIONS = {
  port: { type: 'string' },
  'control-port': { type: 'string' },
  region: { type: 'string', multiple: true },
  instances: { type: 'string' },
  windows: { type: 'string' },
  tag: { type: 'string', multiple: true },
  time: { type: 'string' },
  'start-time': { type: 'string' },
  exec: { type: 'string' },
  state: { type: 'string' },
  'work-dir': { type: 'string' },
  quota: { type: 'string', multiple: true },
  'no-throttling': { type: 'boolean' },
  duration: { type: 'string', multiple: true },
  switch: { type: 'string', multiple: true },
  policy: { type: 'string' },
  fault: { type: 'string', multiple: true },
  random: { type: 'string' },
  'ledger-limit': { type: 'string' },
  'credentials-file': { type: 'string' },
  'allow-real-key': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

/** What the command line asks for. */
export interface ParsedArguments {
  readonly help: boolean;
  /** The key pair comes from the environment or a file and must not be printed. */
  readonly adopted: boolean;
  /** The file of the key pair; goes before one in the environment. */
  readonly credentialsFile?: string;
  readonly allowRealKey: boolean;
  readonly options: SimulatorOptions;
}

/** Reads the command line and the key pair of the environment. */
export function parseArguments(argv: readonly string[], environment: NodeJS.ProcessEnv): ParsedArguments {
  const values = readValues(argv);
  const allowRealKey = values['allow-real-key'] ?? false;
  const credentialsFile = values['credentials-file'];
  const keys = credentialsFile === undefined ? adoptedKeys(environment, allowRealKey) : {};
  const options: SimulatorOptions = {
    port: whole('--port', values.port, 65_535),
    controlPort: whole('--control-port', values['control-port'], 65_535),
    regions: values.region?.map(regionId),
    instances: whole('--instances', values.instances, 20_000),
    windows: whole('--windows', values.windows, 20_000),
    tags: Object.fromEntries((values.tag ?? []).map((entry) => pair('--tag', entry))),
    time: timeMode(values.time ?? 'real', values['start-time']),
    exec: oneOf('--exec', values.exec, ['sandbox', 'shell', 'canned']) as ExecMode | undefined,
    stateFile: values.state,
    workDir: values['work-dir'],
    quotas: Object.fromEntries((values.quota ?? []).map((entry) => counted('--quota', entry))),
    throttling: !(values['no-throttling'] ?? false),
    durations: durations(values.duration ?? []),
    switches: switches(values.switch ?? []),
    policy:
      values.policy === undefined ? undefined : checked('--policy', policySchema, readText(values.policy)),
    faults: (values.fault ?? []).map((text) => checked('--fault', faultSchema, text)),
    randomStart: whole('--random', values.random, 2 ** 32 - 1),
    ledgerLimit: whole('--ledger-limit', values['ledger-limit'], 10_000_000),
    ...keys,
  };
  const adopted = credentialsFile !== undefined || keys.accessKeyId !== undefined;
  return { help: values.help ?? false, adopted, credentialsFile, allowRealKey, options };
}

function readValues(argv: readonly string[]): Values {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(
      (error as Error).message.split('\n')[0]?.replace(/\. To specify a positional.*$/s, '.'),
    );
  }
}

function adoptedKeys(
  environment: NodeJS.ProcessEnv,
  allowReal: boolean,
): Partial<Record<'accessKeyId' | 'accessKeySecret', string>> {
  const accessKeyId = environment['ALIBABA_CLOUD_ACCESS_KEY_ID'];
  const accessKeySecret = environment['ALIBABA_CLOUD_ACCESS_KEY_SECRET'];
  if (!accessKeyId || !accessKeySecret) return {};
  if (/^LTAI/i.test(accessKeyId) && !allowReal)
    throw new UsageError(
      'ALIBABA_CLOUD_ACCESS_KEY_ID looks like a real key (LTAI…). Unset it for the simulator, or pass --allow-real-key.',
    );
  return { accessKeyId, accessKeySecret };
}

function whole(name: string, value: string | undefined, most: number): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d{1,10}$/.test(value) || Number(value) > most)
    throw new UsageError(`${name} must be a whole number from 0 to ${most}, not "${value}".`);
  return Number(value);
}

function oneOf(name: string, value: string | undefined, allowed: readonly string[]): string | undefined {
  if (value === undefined || allowed.includes(value)) return value;
  throw new UsageError(`${name} must be one of ${allowed.join(', ')}, not "${value}".`);
}

function regionId(value: string): string {
  if (/^[a-z0-9][a-z0-9-]{1,62}$/.test(value)) return value;
  throw new UsageError(`--region must be a region id such as cn-hangzhou, not "${value}".`);
}

function pair(name: string, entry: string): [string, string] {
  const cut = entry.indexOf('=');
  if (cut < 1) throw new UsageError(`${name} must be NAME=VALUE, not "${entry}".`);
  return [entry.slice(0, cut), entry.slice(cut + 1)];
}

function counted(name: string, entry: string): [string, number] {
  const [key, value] = pair(name, entry);
  return [key, whole(`${name} ${key}`, value, 1_000_000_000) ?? 0];
}

function timeMode(value: string, start: string | undefined): TimeMode {
  const startAt = start === undefined ? undefined : Date.parse(start);
  if (startAt !== undefined && Number.isNaN(startAt))
    throw new UsageError(`--start-time must be a time such as 2026-01-01T00:00:00Z, not "${start ?? ''}".`);
  if (startAt !== undefined && value !== 'driven') throw new UsageError('--start-time needs --time driven.');
  if (value === 'real') return { kind: 'real' };
  if (value === 'driven') return startAt === undefined ? { kind: 'driven' } : { kind: 'driven', startAt };
  const factor = /^x(\d{1,6}(?:\.\d{1,3})?)$/.exec(value)?.[1];
  if (factor === undefined || Number(factor) < 1)
    throw new UsageError(`--time must be real, driven or xN such as x10, not "${value}".`);
  return { kind: 'fast', factor: Number(factor) };
}

function durations(entries: readonly string[]): SimulatorOptions['durations'] {
  const given = entries.map((entry) => counted('--duration', entry));
  for (const [name] of given) oneOf('--duration', name, Object.keys(DEFAULT_DURATIONS));
  return Object.fromEntries(given);
}

function switches(entries: readonly string[]): SimulatorOptions['switches'] {
  const given = entries.map((entry): [string, unknown] => {
    const [name, value] = pair('--switch', entry);
    return [
      name,
      value === 'true' ? true : value === 'false' ? false : /^\d+$/.test(value) ? Number(value) : value,
    ];
  });
  return verified('--switch', switchesSchema, Object.fromEntries(given));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`--policy cannot be read: ${(error as Error).message}`);
  }
}

function checked<T>(name: string, schema: z.ZodType<T>, text: string): T {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new UsageError(`${name} must be JSON.`);
  }
  return verified(name, schema, parsed);
}

function verified<T>(name: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new UsageError(`${name} is wrong: ${z.prettifyError(result.error).replace(/\s*\n\s*/g, ' ')}`);
}
