/**
 * The configuration of every program of this package: worker, command line, embedded stack.
 *
 * The one rule: this is the only reader of the environment, and it reports everything that is wrong at once: what,
 * where, and how to mend it. Credentials of the cloud are not read here; the worker's credential chain does that.
 */
import { loadClientConfigProfile, toClientOptions } from '@temporalio/envconfig';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { DEFAULT_ACCOUNT, taskQueueOf } from './domain/messages';
import { REGION_PATTERN } from './domain/run-input';
import { cacheDirOf, stateDirOf } from './stack/paths';

/** Where Temporal is. */
export interface TemporalConfig {
  /** False where neither environment nor profile file names an address: a running `steward up` may be used then. */
  addressGiven: boolean;
  /** False where neither names a namespace. */
  namespaceGiven: boolean;
  address: string;
  namespace: string;
  /** For `Connection.connect` and `NativeConnection.connect`: address, TLS, API key, metadata. */
  connectionOptions: ClientConnectConfig['connectionOptions'];
  /** Address of the Web UI, for links. */
  uiUrl?: string;
}

/** Everything the environment decides. */
export interface Config {
  paths: { stateDir: string; cacheDir: string };
  /** Short name of the cloud account this worker or command line serves. */
  account: string;
  /** The task queue of `account`. */
  taskQueue: string;
  temporal: TemporalConfig;
  ecs: {
    /** Absent: the cloud's own endpoint of each region. */
    endpoint?: { host: string; protocol: 'http' | 'https' };
    /** Region used where a command names none. */
    region?: string;
    /** Calls a minute the worker allows itself, by action, where the built-in share does not fit the account. */
    quota?: Record<string, number>;
  };
  logLevel: LogLevel;
  binaries: { temporalCli?: string; testServer?: string };
  worker: WorkerConfig;
  resultsDir: string;
  /** The policy file of system events; absent: every event has the built-in policy, which alerts and never acts. */
  policyFile?: string;
  /** A file the worker touches as long as it works; absent: none. */
  healthFile?: string;
}

/** Settings of the Temporal worker; every duration in milliseconds. */
export interface WorkerConfig {
  /** How long a workflow task waits for the worker that has the workflow in its cache. */
  stickyTimeoutMs: number;
  /** Heartbeats of an activity are sent at most this often. */
  heartbeatThrottleMs: number;
  /** How long activities may go on after a request to end. */
  shutdownGraceMs: number;
  maxCachedWorkflows: number;
  maxConcurrentActivities: number;
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One thing wrong with the configuration. */
export interface ConfigIssue {
  /** The variable or file it is in. */
  where: string;
  message: string;
}

/** The configuration cannot be used; `message` lists every reason. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly issues: ConfigIssue[]) {
    super(issues.map((issue) => `${issue.where}: ${issue.message}`).join('\n'));
  }
}

/**
 * Reads the configuration. An empty variable counts as not set, as the shell's `VAR= command` means it.
 * @throws {ConfigError} with every error
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const given = withoutEmpty(env);
  const issues: ConfigIssue[] = [];
  const variables = parseVariables(given, issues);
  const temporal = readTemporal(given, issues);
  if (!variables || !temporal || issues.length > 0) throw new ConfigError(issues);
  const stateDir = stateDirOf(given);
  return {
    paths: { stateDir, cacheDir: cacheDirOf(given) },
    account: variables.STEWARD_ACCOUNT,
    taskQueue: taskQueueOf(variables.STEWARD_ACCOUNT),
    temporal: { ...temporal, uiUrl: variables.STEWARD_UI_URL },
    ecs: {
      endpoint: variables.ECS_ENDPOINT,
      region: variables.STEWARD_REGION,
      quota: variables.STEWARD_ECS_QUOTA,
    },
    logLevel: variables.STEWARD_LOG_LEVEL,
    binaries: {
      temporalCli: variables.STEWARD_TEMPORAL_CLI,
      testServer: variables.STEWARD_TEMPORAL_TEST_SERVER,
    },
    worker: {
      stickyTimeoutMs: variables.STEWARD_STICKY_TIMEOUT_MS,
      heartbeatThrottleMs: variables.STEWARD_HEARTBEAT_THROTTLE_MS,
      shutdownGraceMs: variables.STEWARD_SHUTDOWN_GRACE_MS,
      maxCachedWorkflows: variables.STEWARD_MAX_CACHED_WORKFLOWS,
      maxConcurrentActivities: variables.STEWARD_MAX_CONCURRENT_ACTIVITIES,
    },
    policyFile: variables.STEWARD_POLICY_FILE,
    resultsDir: variables.STEWARD_RESULTS_DIR ?? join(stateDir, 'results'),
    healthFile: variables.STEWARD_HEALTH_FILE,
  };
}

/** The environment as it is, for child processes and for the search for binaries. */
export function environment(): NodeJS.ProcessEnv {
  return { ...process.env };
}

// --- one variable each ---

const path = z.string().refine(isAbsolute, { error: 'must be an absolute path' });

function wholeNumber(
  min: number,
  max: number,
  unit: string,
): z.ZodPipe<z.ZodString, z.ZodTransform<number, string>> {
  return z.string().transform((text, context) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    context.addIssue(`must be a whole number of ${unit} from ${min} to ${max}, without a unit`);
    return z.NEVER;
  });
}

const VARIABLES = z.object({
  STEWARD_STATE_DIR: path.optional(),
  STEWARD_POLICY_FILE: path.optional(),
  STEWARD_RESULTS_DIR: path.optional(),
  STEWARD_HEALTH_FILE: path.optional(),
  STEWARD_ACCOUNT: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, {
      error: 'must be a short name: a to z, 0 to 9 and -, beginning with a letter, at most 32 characters',
    })
    .default(DEFAULT_ACCOUNT),
  STEWARD_REGION: z
    .string()
    .regex(REGION_PATTERN, { error: 'must be a RegionId such as cn-hangzhou' })
    .optional(),
  STEWARD_UI_URL: z
    .url({ protocol: /^https?$/, error: 'must be a URL such as http://localhost:8233' })
    .optional(),
  ECS_ENDPOINT: z.string().transform(readEndpoint).optional(),
  STEWARD_ECS_QUOTA: z.string().transform(readQuota).optional(),
  STEWARD_LOG_LEVEL: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }).default('info'),
  STEWARD_TEMPORAL_CLI: z.string().optional(),
  STEWARD_TEMPORAL_TEST_SERVER: z.string().optional(),
  // Half of a worker's recovery time is this wait; the server's default of 10 s is twice what a busy worker needs.
  STEWARD_STICKY_TIMEOUT_MS: wholeNumber(500, 60_000, 'milliseconds').prefault('5000'),
  // A third of the activities' heartbeat timeout of 6 s.
  STEWARD_HEARTBEAT_THROTTLE_MS: wholeNumber(100, 4_000, 'milliseconds').prefault('2000'),
  STEWARD_SHUTDOWN_GRACE_MS: wholeNumber(0, 600_000, 'milliseconds').prefault('10000'),
  STEWARD_MAX_CACHED_WORKFLOWS: wholeNumber(1, 100_000, 'workflows').prefault('500'),
  STEWARD_MAX_CONCURRENT_ACTIVITIES: wholeNumber(1, 10_000, 'activities').prefault('100'),
});

function parseVariables(
  env: Record<string, string>,
  issues: ConfigIssue[],
): z.infer<typeof VARIABLES> | undefined {
  const parsed = VARIABLES.safeParse(env);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const name = String(issue.path[0]);
    issues.push({
      where: name,
      message: `${JSON.stringify(env[name])} ${issue.message}. Correct it or unset it.`,
    });
  }
  return undefined;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** `host`, `host:port` or a URL of those; http only to loopback, https only there and to the cloud's own names. */
function readEndpoint(text: string, context: z.RefinementCtx): { host: string; protocol: 'http' | 'https' } {
  const refuse = (message: string): never => {
    context.addIssue(message);
    return z.NEVER;
  };
  const parts = /^(?:(https?):\/\/)?([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?\/?$/i.exec(text);
  if (!parts?.[2]) return refuse('must be host, host:port or a URL of those, such as http://127.0.0.1:8080');
  const [, scheme, name, port] = parts;
  const loopback = LOOPBACK.test(name.toLowerCase());
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535))
    return refuse('has a port outside 1 to 65535');
  if (!loopback && scheme?.toLowerCase() === 'http') {
    return refuse('is plain http, allowed only to loopback (127.0.0.1, localhost, [::1]); use https://');
  }
  if (!loopback && !name.toLowerCase().endsWith('.aliyuncs.com')) {
    return refuse(
      'is neither on loopback nor a host of the cloud (*.aliyuncs.com); signed calls go nowhere else',
    );
  }
  const protocol = scheme ? (scheme.toLowerCase() as 'http' | 'https') : loopback ? 'http' : 'https';
  return { host: port === undefined ? name : `${name}:${port}`, protocol };
}

/** `RunCommand=200,Describe*=600,*=60`: calls a minute by action. */
function readQuota(text: string, context: z.RefinementCtx): Record<string, number> {
  const entries = text.split(',').map((entry) => /^\s*([A-Za-z]+\*?|\*)=([1-9]\d{0,6})\s*$/.exec(entry));
  if (entries.every((entry) => entry !== null))
    return Object.fromEntries(
      entries.map(([, action = '*', perMinute]): [string, number] => [action, Number(perMinute)]),
    );
  context.addIssue('must be calls a minute by action, such as RunCommand=200,Describe*=600');
  return z.NEVER;
}

// --- Temporal: the variables and the profile file of the `temporal` command ---

const DEFAULT_ADDRESS = 'localhost:7233';
const DEFAULT_NAMESPACE = 'default';

function readTemporal(env: Record<string, string>, issues: ConfigIssue[]): TemporalConfig | undefined {
  try {
    const profile = loadClientConfigProfile({ overrideEnvVars: env });
    const { connectionOptions } = toClientOptions(profile);
    const address = profile.address ?? DEFAULT_ADDRESS;
    if (!/^[^\s/]+:\d{1,5}$/.test(address)) {
      const where = env.TEMPORAL_ADDRESS ? 'TEMPORAL_ADDRESS' : 'address in the profile file of temporal';
      const message = `${JSON.stringify(address)} must be host:port, such as ${DEFAULT_ADDRESS}. Correct it or unset it.`;
      issues.push({ where, message });
      return undefined;
    }
    return {
      addressGiven: profile.address !== undefined,
      namespaceGiven: profile.namespace !== undefined,
      address,
      namespace: profile.namespace ?? DEFAULT_NAMESPACE,
      connectionOptions: { ...connectionOptions, address },
    };
  } catch (error) {
    const where = env.TEMPORAL_CONFIG_FILE ?? 'TEMPORAL_* variables or the profile file of temporal';
    const reason = error instanceof Error ? error.message : String(error);
    issues.push({ where, message: `${reason}. Compare with the output of: temporal config list` });
    return undefined;
  }
}

function withoutEmpty(env: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(env).filter((entry): entry is [string, string] => !!entry[1]);
  return Object.fromEntries(entries);
}
