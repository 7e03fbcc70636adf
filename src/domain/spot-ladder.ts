/**
 * The ladder by which an instance is saved: which rungs can be tried now, what each gives, and what is lost on it.
 *
 * The one rule: it is adapted to what has happened. A rung that failed is not climbed again, one that needs the
 * instance is over when the instance is gone, and what was lost is said as it is.
 */
import type { NoticeState } from './spot-messages';
import type { SaveRung } from './spot-policy';
import type { SpotRecord } from './spot-record';

/** Rungs that copy the instance itself: they need it to be there. */
const COPIES: readonly SaveRung[] = ['image', 'snapshot'];

/** Rungs that fall back on an image which exists already. */
const BASES: readonly SaveRung[] = ['warm-image', 'original-image'];

/** The next rung that makes a copy, in the policy's order; none left: `undefined`. */
export function nextCopy(
  rungs: readonly SaveRung[],
  tried: readonly SaveRung[],
  instanceIsThere: boolean,
): SaveRung | undefined {
  if (!instanceIsThere) return undefined;
  return rungs.find((rung) => COPIES.includes(rung) && !tried.includes(rung));
}

/** The images to launch from where no copy came about, in the policy's order. The original one always exists. */
export function basesOf(rungs: readonly SaveRung[]): SaveRung[] {
  const named = rungs.filter((rung) => BASES.includes(rung));
  return named.length > 0 ? named : ['original-image'];
}

/** True where disks are to be kept: asked for early, as it cannot be asked when the instance is gone. */
export function keepsDisks(rungs: readonly SaveRung[]): boolean {
  return rungs.includes('keep-disks');
}

/** Disks that will live on when the instance is released. */
export function livingDisks(record: Pick<SpotRecord, 'disks'>, kept: readonly string[]): string[] {
  return record.disks
    .filter(({ diskId, deleteWithInstance }) => !deleteWithInstance || kept.includes(diskId))
    .map(({ diskId }) => diskId);
}

/** What is lost on a rung, for people. `asOf`: the moment the copy was taken. */
export function lostOn(
  rung: SaveRung,
  record: Pick<SpotRecord, 'disks'>,
  about: { asOf?: string; living: readonly string[] },
): string {
  const lives = (type: 'system' | 'data'): boolean =>
    record.disks.filter((disk) => disk.type === type).every(({ diskId }) => about.living.includes(diskId));
  const hasData = record.disks.some(({ type }) => type === 'data');
  const after = `what was written after ${about.asOf ?? 'the copy was begun'}`;
  const data = !hasData
    ? ''
    : lives('data')
      ? '; nothing of the data disks'
      : '; everything on data disks that went with the instance';
  switch (rung) {
    case 'image':
      return `${after}; and what was only in memory`;
    case 'snapshot':
      return `${after} to the system disk${data}; and what was only in memory`;
    case 'keep-disks':
      return 'what was only in memory; the old system disk is a data disk now, its files have to be copied or mounted';
    case 'warm-image':
      return `${after} to the system disk${data}`;
    case 'original-image':
      return `everything on the system disk${data}`;
  }
}

/** One rung of the plan, for `steward spot relaunch --plan`. */
export interface PlannedRung {
  rung: SaveRung;
  needs: string;
  lost: string;
}

const NEEDS: Record<SaveRung, string> = {
  image: 'CreateImage accepted before the instance is gone, and an image that survives it',
  snapshot: 'a snapshot of the system disk that is accomplished, taken before the instance is gone',
  'keep-disks': 'the same zone, for disks do not leave it',
  'warm-image': 'a warm image of the instance that is young enough',
  'original-image': 'nothing',
};

/** The ladder of an instance as the policy has it. */
export function plannedLadder(rungs: readonly SaveRung[], record: Pick<SpotRecord, 'disks'>): PlannedRung[] {
  const kept = keepsDisks(rungs) ? record.disks.map(({ diskId }) => diskId) : [];
  const living = livingDisks(record, kept);
  return rungs.map((rung) => ({ rung, needs: NEEDS[rung], lost: lostOn(rung, record, { living }) }));
}

/** What a reading says of the notice. An instance that shuts down in order to be released looks stopped for a moment. */
export function noticeOf(
  now: { locked: boolean; status: string } | undefined,
  interruptionBehavior: string,
): NoticeState {
  if (now === undefined) return 'released';
  if (interruptionBehavior === 'Stop' && now.status === 'Stopped') return 'stopped';
  if (now.locked || now.status === 'Stopping') return 'held';
  return 'withdrawn';
}
