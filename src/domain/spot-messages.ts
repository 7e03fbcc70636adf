/**
 * The workflows around spot instances: names, ids, inputs, progress and results. Plain JSON only.
 *
 * The one rule: what became of an instance is a result (`relaunched`, `withdrawn` …) that says what was lost, never a
 * failed workflow.
 */
import type { EventStep } from './system-event';
import type { Candidate, MarketFact } from './spot-candidates';
import type { PlannedRung } from './spot-ladder';
import type { SaveRung, SpotPolicy } from './spot-policy';
import type { SpotRecord } from './spot-record';

export const RELAUNCH_SPOT_INSTANCE = 'relaunchSpotInstance';
export const LAUNCH_SPOT_INSTANCE = 'launchSpotInstance';
export const DISCARD_SPOT_COPIES = 'discardSpotCopies';
export const WARM_SPOT_IMAGE = 'warmSpotImage';
export const REPORT_SPOT = 'reportSpot';
export const DRILL_SPOT_RECLAIM = 'drillSpotReclaim';

/** The task queue of what cannot wait: a worker polls it with slots of its own. */
export function urgentQueueOf(account: string): string {
  return `steward-${account}-urgent`;
}

/** A rescue runs under this id and no other; it may happen again, one at a time. */
export function spotIdOf(account: string, region: string, instanceId: string): string {
  return `spot/${account}/${region}/${instanceId}`;
}

export interface RelaunchSpotInput {
  /** RegionId. */
  region: string;
  /** `i-…`, a spot instance that is being taken back. */
  instanceId: string;
}

/**
 * What became of it.
 * relaunched: a replacement runs and is well. withdrawn: the reclaim was taken back. stopped-not-released: the instance
 * stays, stopped (SpotInterruptionBehavior Stop). not-locked: nobody takes it back. not-found: it does not exist (any
 * more). saved-not-launched: a copy is there, and no place to launch. escalated: a step failed; `step` and `reason`.
 */
export const SPOT_OUTCOMES = [
  'relaunched',
  'withdrawn',
  'stopped-not-released',
  'not-locked',
  'not-found',
  'saved-not-launched',
  'escalated',
] as const;
export type SpotOutcome = (typeof SPOT_OUTCOMES)[number];

export type SpotPhase =
  'reading' | 'saving' | 'waiting-for-the-end' | 'launching' | 'checking' | 'settling' | 'watching' | 'done';

/** What has become of the notice: `held` until one of the others is read. */
export type NoticeState = 'held' | 'withdrawn' | 'stopped' | 'released';

/** What there is of an instance, and what is not. */
export interface SavedState {
  rung: SaveRung;
  /** The image to launch from. */
  imageId: string;
  /** Disks of the instance that live on and are attached to the replacement. */
  diskIds: string[];
  /** ISO 8601: the state of the instance at this moment is what is there; absent where there is nothing of it. */
  asOf?: string;
  /** One sentence for people. */
  lost: string;
}

/** One RunInstances call. */
export interface LaunchAttempt {
  at: string;
  candidate: Candidate;
  instanceId?: string;
  /** ECS's code and words where it refused. */
  error?: string;
}

export interface SpotProgress {
  phase: SpotPhase;
  region: string;
  instanceId: string;
  notice: NoticeState;
  policy?: string;
  /** When the lock was seen. */
  lockSeenAt?: string;
  /** When ECS accepted CreateImage. */
  imageAcceptedAt?: string;
  imageId?: string;
  saved?: SavedState;
  attempts: LaunchAttempt[];
  replacementId?: string;
  outcome?: SpotOutcome;
  steps: EventStep[];
}

export interface RelaunchSpotResult {
  outcome: SpotOutcome;
  summary: string;
  region: string;
  instanceId: string;
  notice: NoticeState;
  replacementId?: string;
  saved?: SavedState;
  /** For `escalated`: which step, and why. */
  step?: string;
  reason?: string;
  lockSeenAt?: string;
  imageAcceptedAt?: string;
  /** When the replacement had passed its checks. */
  servingAt?: string;
  attempts: LaunchAttempt[];
  steps: EventStep[];
  startedAt: string;
  finishedAt: string;
}

/** What a rescue reads first: one look at the lock, and what an earlier run has left. */
export interface SpotReading {
  record?: Omit<SpotRecord, 'disks' | 'ramRoleName' | 'userData'>;
  policy: SpotPolicy;
  /** A replacement of this very reclaim. */
  replacementId?: string;
  /** An image made because of this very reclaim. */
  imageId?: string;
}

/** Input of `launchSpotInstance`: RunInstances for one spot instance. */
export interface LaunchSpotInput {
  region: string;
  imageId: string;
  instanceType: string;
  zoneId?: string;
  vSwitchId?: string;
  securityGroupId: string;
  instanceName?: string;
  /** Mbit/s to the Internet; 0: no public address. */
  internetMaxBandwidthOut?: number;
  /** Hours without a reclaim: 0 or 1. */
  spotDuration?: 0 | 1;
  /** Absent: whatever the market asks (SpotAsPriceGo). */
  spotPriceLimit?: number;
  spotInterruptionBehavior?: 'Terminate' | 'Stop';
  keyPairName?: string;
  passwordInherit?: boolean;
  ramRoleName?: string;
  tags?: { key: string; value: string }[];
  /** Minutes until it has to run with its agent; default 15. */
  withinMinutes?: number;
}

export interface LaunchSpotProgress {
  phase: 'launching' | 'starting' | 'done';
  region: string;
  instanceId?: string;
}

export interface LaunchSpotResult {
  /** not-ready: launched, and not running with an agent in time. */
  outcome: 'running' | 'not-ready' | 'refused';
  summary: string;
  region: string;
  instanceId?: string;
  error?: string;
  startedAt: string;
  finishedAt: string;
}

/** Input of `discardSpotCopies`: what a rescue made and nobody needs after a while. */
export interface DiscardCopiesInput {
  region: string;
  instanceId: string;
  imageIds: string[];
  snapshotIds: string[];
  diskIds: string[];
  /** ISO 8601. */
  after: string;
}

export interface DiscardCopiesResult {
  deleted: string[];
  /** With the reason. */
  kept: string[];
}

/** Result of `warmSpotImage`. */
export interface WarmImageResult {
  outcome: 'made' | 'failed';
  imageId?: string;
  reason?: string;
  /** Older ones that were deleted, with their snapshots. */
  deleted: string[];
}

/** One report at a time is enough for people; `nonce` tells them apart. */
export function spotReportIdOf(account: string, region: string, nonce: string): string {
  return `spot-report/${account}/${region}/${nonce}`;
}

/** Input of `reportSpot`. */
export interface SpotReportInput {
  region: string;
  /** plan: how this instance would be rescued. prices: what these types cost where. */
  kind: 'plan' | 'prices';
  instanceId?: string;
  instanceTypes?: string[];
}

/** One type in one zone. */
export interface MarketRow extends MarketFact {
  /** How often instances were taken back lately, as ECS says it: `0-3%`. */
  interruptions: string;
}

export interface SpotPlan {
  instanceId: string;
  policy: string;
  locked: boolean;
  interruptionBehavior: string;
  rungs: PlannedRung[];
  /** The image the rung warm-image would use. */
  warmImage?: { imageId: string; asOf: string };
  places: Candidate[];
  leftOut: string[];
}

export interface SpotReport {
  region: string;
  kind: 'plan' | 'prices';
  at: string;
  /** Absent where there is no such instance. */
  plan?: SpotPlan;
  rows: MarketRow[];
}

/** One drill an instance at a time. */
export function spotDrillIdOf(account: string, region: string, instanceId: string): string {
  return `spot-drill/${account}/${region}/${instanceId}`;
}

/** What became of a rescue. */
export interface RescueEnd {
  /** Temporal's word; `none` where there never was one. */
  status: string;
  result?: RelaunchSpotResult;
}

export interface SpotDrillProgress {
  phase: 'raising' | 'waiting-for-the-notice' | 'rescuing' | 'done';
  region: string;
  instanceId: string;
  eventId?: string;
}

export interface SpotDrillResult {
  /** passed: relaunched. no-notice: ECS did not lock the instance in time. */
  outcome: 'passed' | 'not-passed' | 'no-notice' | 'refused';
  summary: string;
  region: string;
  instanceId: string;
  eventId?: string;
  rescue?: RelaunchSpotResult;
  startedAt: string;
  finishedAt: string;
}
