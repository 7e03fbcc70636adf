/**
 * Spot policies: how a reclaimed instance is drained, saved and replaced.
 *
 * The one rule: a `SpotPolicy` is complete, as an `EventPolicy` is; a rescue keeps the policy it began with. Hooks are
 * names in it, and so is a password: the name of a variable of the worker, never a value.
 */
import type { PolicyFile } from './policy';

/** Ways to save what is on an instance, best first where nobody says otherwise. */
export const SAVE_RUNGS = ['image', 'snapshot', 'keep-disks', 'warm-image', 'original-image'] as const;
export type SaveRung = (typeof SAVE_RUNGS)[number];

/** Either the replacement comes first, or it has the private address of what it replaces: it cannot be both. */
export const IP_POLICIES = ['replacement-first', 'same-private-ip'] as const;
export type IpPolicy = (typeof IP_POLICIES)[number];

export interface SpotLaunchPolicy {
  /** Beside the type of the instance itself, which is always tried. */
  instanceTypes: string[];
  /** Beside the vSwitch of the instance itself; each is in one zone. */
  vSwitchIds: string[];
  /** The most an hour may cost. */
  priceCap?: number;
  /** At last without the spot market. */
  payAsYouGo: boolean;
  /** The variable of the worker that holds the password; absent: the key pair, or the image's own password. */
  passwordEnv?: string;
  /** How long a place is looked for. */
  withinMs: number;
}

/** One policy with everything decided; plain JSON. */
export interface SpotPolicy {
  name: string;
  /** Hooks that take the instance out of service, in order; all of them within `drainMs`. */
  drain: string[];
  drainMs: number;
  /** Hooks that put it back where it stays after all. */
  undrain: string[];
  save: SaveRung[];
  /** How long a copy is waited for. */
  saveWithinMs: number;
  /** Older warm images are not used. */
  warmMaxAgeMs: number;
  launch: SpotLaunchPolicy;
  ip: IpPolicy;
  /** False: user data is not read, and not given to the replacement. */
  userData: boolean;
  health: { command?: string; timeoutSeconds: number };
  healthWithinMs: number;
  /** Hooks for the replacement, in order. */
  post: string[];
  /** Copies we made are deleted after this. */
  retentionMs: number;
  notify: string[];
}

/** Which instances a spot policy is for; what is empty asks nothing. */
export interface SpotMatch {
  instanceIds: string[];
  tags: { key: string; value?: string }[];
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The policy where the file says nothing: everything is saved, the same type in the same place, spot only. */
export const BUILT_IN_SPOT_POLICY: SpotPolicy = {
  name: 'built-in',
  drain: [],
  drainMs: 90_000,
  undrain: [],
  save: [...SAVE_RUNGS],
  saveWithinMs: HOUR,
  warmMaxAgeMs: 7 * DAY,
  launch: { instanceTypes: [], vSwitchIds: [], payAsYouGo: false, withinMs: HOUR },
  ip: 'replacement-first',
  userData: true,
  health: { timeoutSeconds: 60 },
  healthWithinMs: 10 * MINUTE,
  post: [],
  retentionMs: 7 * DAY,
  notify: [],
};

/** The first that matches; the built-in one where none does. */
export function spotPolicyFor(
  file: PolicyFile,
  subject: { instanceId: string; tags: readonly { key: string; value: string }[] },
): SpotPolicy {
  return (file.spot ?? []).find(({ match }) => matches(match, subject))?.policy ?? BUILT_IN_SPOT_POLICY;
}

function matches(
  { instanceIds, tags }: SpotMatch,
  subject: { instanceId: string; tags: readonly { key: string; value: string }[] },
): boolean {
  if (instanceIds.length === 0 && tags.length === 0) return true;
  if (instanceIds.includes(subject.instanceId)) return true;
  return (
    tags.length > 0 &&
    tags.every(({ key, value }) =>
      subject.tags.some((tag) => tag.key === key && (value === undefined || tag.value === value)),
    )
  );
}
