/**
 * Policies: when a system event may be acted upon, what goes before and after, and who is told.
 *
 * The one rule: an `EventPolicy` is complete. Defaults are filled in when the file is read, so nobody after that has
 * an opinion of his own, and a workflow keeps the policy it was planned with. Hooks are names in it: what they do stands
 * in the policy file of the worker only.
 */
import type { CommandType } from './messages';
import type { SpotMatch, SpotPolicy } from './spot-policy';

/** What to do where no window is left before the deadline. */
export const IF_NO_WINDOW = ['act-at-deadline', 'alert-only', 'now'] as const;
export type IfNoWindow = (typeof IF_NO_WINDOW)[number];

/** What a hook's failure, timeout or "no" means: stop and escalate, go on, or go on and alert. */
export const ON_FAILURE = ['abort', 'continue', 'alert'] as const;
export type OnFailure = (typeof ON_FAILURE)[number];

/** A script to run on the instance. */
export interface PolicyCommand {
  /** Absent: what the instance's operating system runs, a shell script or PowerShell. */
  type?: CommandType;
  content: string;
  timeoutSeconds: number;
}

/** What an instance must show after the reboot, beside a new boot. Absent parts are not asked for. */
export interface HealthCheck {
  /** A script that must exit with 0, as the instance's operating system runs it. */
  command?: string;
  /** For the command. */
  timeoutSeconds: number;
  /** Must accept a connection. */
  tcp?: { port: number };
  /** Must answer with a 2xx status. */
  http?: { port: number; path: string };
}

/** One policy with everything decided; plain JSON. */
export interface EventPolicy {
  name: string;
  /** As written; `parseWindow` reads them. */
  windows: string[];
  /** As written; `parseExclusion` reads them. */
  exclude: string[];
  /** The deadline is this long before NotBefore. */
  marginMs: number;
  /** How long the work takes: the last part of a window, in which nothing begins. */
  workMs: number;
  ifNoWindow: IfNoWindow;
  /** `byMs` before the deadline an approval that was not given becomes `otherwise`. */
  approval: { required: boolean; byMs: number; otherwise: 'act' | 'skip' };
  /**
   * Of the instances with the same value of this tag, at most `atOnce` are worked on at once. `otherwise`: where there is
   * no turn in time. Absent: no limit but the instance's own.
   */
  limit?: { tag: string; atOnce: number; otherwise: 'act' | 'alert' };
  /** Hooks before the reboot, in order. */
  pre: string[];
  /** Hooks after it, in order. */
  post: string[];
  /** Hooks that are told when somebody is needed. */
  notify: string[];
  health: HealthCheck;
  healthWithinMs: number;
  proveWithinMs: number;
}

interface HookBase {
  timeoutMs: number;
  onFailure: OnFailure;
}

/** A command on the instance, through Cloud Assistant. */
export interface CommandHook extends HookBase {
  kind: 'command';
  command: PolicyCommand;
}

/** A snapshot of every disk of the instance. */
export interface SnapshotHook extends HookBase {
  kind: 'snapshot';
  /** Whether to wait until the snapshots are complete. */
  wait: boolean;
}

/** A question to, or a message for, a service of yours. */
export interface WebhookHook extends HookBase {
  kind: 'webhook';
  url: string;
  /** The environment variable of the worker that holds the secret to sign with. */
  secretEnv?: string;
  /** Private networks the address may lie in, as `10.20.0.0/16`. */
  allowPrivate: string[];
}

/** A hook with everything decided; plain JSON. */
export type HookDefinition = CommandHook | SnapshotHook | WebhookHook;

/**
 * Which events a policy is for. The type is one of `eventTypes`, and the instance is one of `instanceIds` or has all
 * `tags`; what is empty asks nothing.
 */
export interface PolicyMatch {
  eventTypes: string[];
  instanceIds: string[];
  tags: { key: string; value?: string }[];
}

/** A policy file as read, checked and completed; plain JSON. */
export interface PolicyFile {
  version: 1;
  /** In order; the first that matches holds. */
  policies: { match: PolicyMatch; policy: EventPolicy }[];
  /** For spot instances that are taken back; in order, the first that matches holds. */
  spot?: { match: SpotMatch; policy: SpotPolicy }[];
  hooks: Record<string, HookDefinition>;
}

/** What a policy is chosen by. */
export interface PolicySubject {
  /** EventType name. */
  type: string;
  instanceId: string;
  tags: readonly { key: string; value: string }[];
}

const MINUTE = 60_000;

/** What a policy says where the file does not. */
export const POLICY_DEFAULTS = {
  marginMs: 30 * MINUTE,
  workMs: 15 * MINUTE,
  ifNoWindow: 'act-at-deadline',
  approval: { required: false, byMs: 60 * MINUTE, otherwise: 'skip' },
  limit: { atOnce: 1, otherwise: 'alert' },
  healthWithinMs: 10 * MINUTE,
  proveWithinMs: 5 * MINUTE,
  healthTimeoutSeconds: 60,
} as const;

/**
 * The policy of events no other policy is for. It alerts and never acts: a reboot nobody wrote a policy for is one
 * nobody agreed to, and without it happens only what would have happened anyway. A person can still say `now`.
 */
export const BUILT_IN_POLICY: EventPolicy = {
  name: 'built-in',
  windows: [],
  exclude: [],
  marginMs: POLICY_DEFAULTS.marginMs,
  workMs: POLICY_DEFAULTS.workMs,
  ifNoWindow: 'alert-only',
  approval: { ...POLICY_DEFAULTS.approval },
  pre: [],
  post: [],
  notify: [],
  health: { timeoutSeconds: POLICY_DEFAULTS.healthTimeoutSeconds },
  healthWithinMs: POLICY_DEFAULTS.healthWithinMs,
  proveWithinMs: POLICY_DEFAULTS.proveWithinMs,
};

/** The file of a worker that was given none: every event has the built-in policy. */
export const EMPTY_POLICY_FILE: PolicyFile = { version: 1, policies: [], hooks: {} };

/** The first policy that matches; the built-in one where none does. */
export function policyFor(file: PolicyFile, subject: PolicySubject): EventPolicy {
  return file.policies.find(({ match }) => matches(match, subject))?.policy ?? BUILT_IN_POLICY;
}

function matches(match: PolicyMatch, { type, instanceId, tags }: PolicySubject): boolean {
  if (match.eventTypes.length > 0 && !match.eventTypes.includes(type)) return false;
  if (match.instanceIds.length === 0 && match.tags.length === 0) return true;
  if (match.instanceIds.includes(instanceId)) return true;
  return (
    match.tags.length > 0 &&
    match.tags.every(({ key, value }) =>
      tags.some((tag) => tag.key === key && (value === undefined || tag.value === value)),
    )
  );
}
