/**
 * What a start or stop by tag makes of what it sees: rows, totals, warnings, the outcome.
 *
 * The one rule: each instance ends in one row, and one that goes on costing after a stop says why.
 */
import type { ByTagProgress, ByTagResult, ByTagTotals, OrderGroup, StoppedMode } from './hours-messages';
import type { InstanceRow } from './messages';

/** Exceptions and warnings a result carries; all rows are in the result store. */
export const SHOWN = 50;

export type Purpose = 'start' | 'stop';

/** An instance as far as starting and stopping it is concerned. Words are the API's. */
export interface FleetInstance {
  instanceId: string;
  name: string;
  status: string;
  /** Only to be read where Status is Stopped. */
  stoppedMode: string;
  chargeType: string;
  instanceType: string;
  zoneId: string;
  osType: string;
  /** It has local disks; StopCharging does not apply. */
  localDisks: boolean;
  /** It has a public address that is not an EIP: StopCharging may change it. */
  staticPublicIp: boolean;
  /** ISO 8601; `''` where it never ran. */
  startedAt: string;
  tags: { key: string; value: string }[];
}

export function emptyByTagTotals(): ByTagTotals {
  return { targets: 0, done: 0, already: 0, skipped: 0, failed: 0, charging: 0 };
}

/** The Status everything is to have. */
export function wantedStatus(purpose: Purpose): 'Running' | 'Stopped' {
  return purpose === 'start' ? 'Running' : 'Stopped';
}

/** Why a stopped instance is charged for; `undefined` where it is not, or was meant to be. */
export function chargingReason(
  instance: FleetInstance,
  wanted: StoppedMode | undefined,
  how: 'stopped' | 'already' = 'stopped',
): string | undefined {
  if (wanted !== 'StopCharging' || instance.status !== 'Stopped' || instance.stoppedMode === 'StopCharging')
    return undefined;
  const mode = instance.stoppedMode === '' ? 'unknown' : instance.stoppedMode;
  return `goes on costing (StoppedMode ${mode}): ${whyCharged(instance, how)}`;
}

function whyCharged({ chargeType, localDisks }: FleetInstance, how: 'stopped' | 'already'): string {
  if (chargeType === 'PrePaid') return 'it is a subscription, paid whether it runs or not';
  if (localDisks) return 'its type has local disks, for which ECS has no StopCharging';
  if (how === 'already')
    return 'it was stopped before, and StoppedMode is set by the stop; start it and stop it again to change that';
  return 'ECS did not apply StopCharging and does not say why';
}

/** The row of an instance that is as it was wanted. */
export function goodRow(
  instance: FleetInstance,
  { how, mode }: { how: 'started' | 'stopped' | 'already'; mode?: StoppedMode },
): { row: InstanceRow; charging: boolean } {
  const charging = chargingReason(instance, mode, how === 'already' ? how : 'stopped');
  const said = how === 'already' ? `was ${instance.status} before` : how;
  const reason = charging === undefined ? said : `${said}, but ${charging}`;
  const { instanceId, status } = instance;
  return { row: { instanceId, outcome: 'Success', status, reason }, charging: charging !== undefined };
}

/** Failed ones first, then those left alone, then those that cost; the first 50 of each kind were kept. */
export function exceptionsOf(rows: readonly InstanceRow[]): InstanceRow[] {
  const rank = ({ outcome }: InstanceRow): number =>
    outcome === 'Success' ? 2 : outcome === 'Unfit' ? 1 : 0;
  return [...rows].sort((a, b) => rank(a) - rank(b)).slice(0, SHOWN);
}

export function outcomeOfByTag(
  totals: ByTagTotals,
  { refusal, cancelled }: { refusal?: string; cancelled: boolean },
): ByTagResult['outcome'] {
  if (cancelled) return 'cancelled';
  if (refusal !== undefined) return 'failed';
  const good = totals.done + totals.already;
  if (totals.failed > 0) return good > 0 ? 'partly-failed' : 'failed';
  return totals.done > 0 ? 'succeeded' : 'nothing-to-do';
}

/** One sentence for people. */
export function byTagSummary(
  purpose: Purpose,
  region: string,
  { totals, outcome, refusal }: Pick<ByTagResult, 'totals' | 'outcome' | 'refusal'>,
): string {
  if (refusal !== undefined) return `Nothing was done in ${region}: ${refusal}`;
  const verb = purpose === 'start' ? 'started' : 'stopped';
  const parts = [
    `${totals.done} ${verb}`,
    ...(totals.already > 0 ? [`${totals.already} were so before`] : []),
    ...(totals.skipped > 0 ? [`${totals.skipped} left alone`] : []),
    ...(totals.failed > 0 ? [`${totals.failed} failed`] : []),
    ...(totals.charging > 0 ? [`${totals.charging} stopped but still charged for`] : []),
  ];
  const end = outcome === 'cancelled' ? ' (cancelled)' : '';
  return `${region}: of ${totals.targets} selected ${parts.join(', ')}${end}.`;
}

/** Markdown for the Web UI. */
export function byTagDetails({ phase, region, purpose, totals, waitingForStock }: ByTagProgress): string {
  const stock = waitingForStock > 0 ? `, ${waitingForStock} wait for stock` : '';
  return `**${purpose}** in ${region}: ${phase}, ${totals.done + totals.already} of ${totals.targets} there, ${totals.failed} failed${stock}`;
}

/** Groups that something that is acted on waits for, directly or through others. */
export function awaitedGroups(
  ordered: readonly { group: OrderGroup; after: string[] }[],
  acts: (name: string) => boolean,
): ReadonlySet<string> {
  const awaited = new Set<string>();
  for (const { group, after } of [...ordered].reverse())
    if (acts(group.name) || awaited.has(group.name)) for (const name of after) awaited.add(name);
  return awaited;
}

/**
 * Groups in the order in which they act, each after the groups it waits for: at a start after those it needs, at a stop
 * after those that need it. The schema has refused circles.
 */
export function orderOf(
  purpose: Purpose,
  groups: readonly OrderGroup[],
): { group: OrderGroup; after: string[] }[] {
  const waitsFor = (group: OrderGroup): string[] =>
    purpose === 'start'
      ? (group.needs ?? [])
      : groups.filter(({ needs = [] }) => needs.includes(group.name)).map(({ name }) => name);
  const ordered: { group: OrderGroup; after: string[] }[] = [];
  const placed = new Set<string>();
  while (ordered.length < groups.length) {
    const ready = groups.filter(
      (group) => !placed.has(group.name) && waitsFor(group).every((name) => placed.has(name)),
    );
    if (ready.length === 0) break;
    for (const group of ready) {
      ordered.push({ group, after: waitsFor(group) });
      placed.add(group.name);
    }
  }
  return ordered;
}
