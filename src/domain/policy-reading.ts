/**
 * From the policy file as people write it to policies and hooks with everything decided.
 *
 * The one rule: every error is told at once, and a file with any error gives no policy at all.
 */
import { parseDuration } from './durations';
import { dangers, describeIssue, presentable } from './input-errors';
import type { InputError } from './messages';
import { POLICY_DEFAULTS } from './policy';
import type { EventPolicy, HookDefinition, PolicyFile } from './policy';
import { policyFileErrors } from './policy-checks';
import { policyFileSchema } from './policy-schema';
import type { WrittenHook, WrittenPolicy, WrittenPolicyFile, WrittenSpotPolicy } from './policy-schema';
import { BUILT_IN_SPOT_POLICY } from './spot-policy';
import type { SpotPolicy } from './spot-policy';

const COMMAND_SECONDS = 60;
const MINUTE = 60_000;

export type ReadPolicyFile = { ok: true; file: PolicyFile } | { ok: false; errors: InputError[] };

/** Checks and completes a policy file that was read as plain values. */
export function readPolicies(value: unknown): ReadPolicyFile {
  const dangerous = dangers(value);
  if (dangerous.length > 0) return { ok: false, errors: presentable(dangerous) };
  const parsed = policyFileSchema.safeParse(value);
  const errors = parsed.success
    ? []
    : parsed.error.issues.flatMap((issue) => describeIssue(issue, value, policyFileSchema));
  errors.push(...policyFileErrors(value));
  if (!parsed.success || errors.length > 0) return { ok: false, errors: presentable(errors) };
  return { ok: true, file: completed(parsed.data) };
}

function completed(written: WrittenPolicyFile): PolicyFile {
  return {
    version: 1,
    policies: written.policies.map((policy) => ({
      match: {
        eventTypes: policy.match?.eventTypes ?? [],
        instanceIds: policy.match?.instanceIds ?? [],
        tags: policy.match?.tags ?? [],
      },
      policy: completedPolicy(policy),
    })),
    ...(written.spot && {
      spot: written.spot.map((policy) => ({
        match: { instanceIds: policy.match?.instanceIds ?? [], tags: policy.match?.tags ?? [] },
        policy: completedSpotPolicy(policy),
      })),
    }),
    hooks: Object.fromEntries(
      Object.entries(written.hooks ?? {}).map(([name, hook]) => [name, completedHook(hook)]),
    ),
  };
}

function completedPolicy(written: WrittenPolicy): EventPolicy {
  const { approval } = POLICY_DEFAULTS;
  return {
    name: written.name,
    windows: written.windows ?? [],
    exclude: written.exclude ?? [],
    marginMs: msOf(written.margin, POLICY_DEFAULTS.marginMs),
    workMs: msOf(written.work, POLICY_DEFAULTS.workMs),
    ifNoWindow: written.ifNoWindow ?? POLICY_DEFAULTS.ifNoWindow,
    approval: {
      required: written.approval?.required ?? approval.required,
      byMs: msOf(written.approval?.by, approval.byMs),
      otherwise: written.approval?.otherwise ?? approval.otherwise,
    },
    ...(written.limit && { limit: { ...POLICY_DEFAULTS.limit, ...written.limit } }),
    pre: written.pre ?? [],
    post: written.post ?? [],
    notify: written.notify ?? [],
    health: completedHealth(written.health),
    healthWithinMs: msOf(written.healthWithin, POLICY_DEFAULTS.healthWithinMs),
    proveWithinMs: msOf(written.proveWithin, POLICY_DEFAULTS.proveWithinMs),
  };
}

function completedSpotPolicy(written: WrittenSpotPolicy): SpotPolicy {
  const standard = BUILT_IN_SPOT_POLICY;
  const { launch = {}, health = {} } = written;
  const { priceCap, passwordEnv } = launch;
  return {
    name: written.name,
    drain: written.drain ?? [],
    drainMs: msOf(written.drainWithin, standard.drainMs),
    undrain: written.undrain ?? [],
    save: written.save ?? standard.save,
    saveWithinMs: msOf(written.saveWithin, standard.saveWithinMs),
    warmMaxAgeMs: msOf(written.warmMaxAge, standard.warmMaxAgeMs),
    launch: {
      instanceTypes: launch.instanceTypes ?? [],
      vSwitchIds: launch.vSwitches ?? [],
      payAsYouGo: launch.payAsYouGo ?? standard.launch.payAsYouGo,
      withinMs: msOf(launch.within, standard.launch.withinMs),
      ...(priceCap !== undefined && { priceCap }),
      ...(passwordEnv !== undefined && { passwordEnv }),
    },
    ip: written.ip ?? standard.ip,
    userData: written.userData ?? standard.userData,
    health: {
      timeoutSeconds: msOf(health.timeout, standard.health.timeoutSeconds * 1000) / 1000,
      ...(health.command !== undefined && { command: health.command }),
    },
    healthWithinMs: msOf(written.healthWithin, standard.healthWithinMs),
    post: written.post ?? [],
    retentionMs: msOf(written.retention, standard.retentionMs),
    notify: written.notify ?? [],
  };
}

function completedHealth(written: WrittenPolicy['health']): EventPolicy['health'] {
  const standardMs = POLICY_DEFAULTS.healthTimeoutSeconds * 1000;
  const health: EventPolicy['health'] = { timeoutSeconds: msOf(written?.timeout, standardMs) / 1000 };
  if (written?.command !== undefined) health.command = written.command;
  if (written?.tcp) health.tcp = written.tcp;
  if (written?.http) health.http = { port: written.http.port, path: written.http.path ?? '/' };
  return health;
}

/** The checks have seen that exactly one kind is there. */
function completedHook(written: WrittenHook): HookDefinition {
  const { command, snapshot, webhook, timeout, onFailure = 'abort' } = written;
  if (command) {
    const { timeoutSeconds = COMMAND_SECONDS } = command;
    const timeoutMs = msOf(timeout, Math.max(10 * MINUTE, timeoutSeconds * 1000 + 2 * MINUTE));
    return { kind: 'command', command: { ...command, timeoutSeconds }, timeoutMs, onFailure };
  }
  const timeoutMs = msOf(timeout, 30 * MINUTE);
  if (!webhook) return { kind: 'snapshot', wait: snapshot?.wait ?? true, timeoutMs, onFailure };
  const { url, secretEnv, allowPrivate = [] } = webhook;
  return { kind: 'webhook', url, allowPrivate, ...(secretEnv && { secretEnv }), timeoutMs, onFailure };
}

function msOf(text: string | undefined, standard: number): number {
  const seconds = text === undefined ? undefined : parseDuration(text);
  return seconds === undefined ? standard : seconds * 1000;
}
