/**
 * What the region's one poller remembers and decides: who waits for what, since when, and when to look again.
 *
 * The one rule: a tick removes only what it was given and what has not been registered anew since. A registration that
 * arrives while a tick is running carries another generation and stays.
 */

/** What can be waited for. A kind is added here and in src/activities/wait-kinds.ts, nowhere else. */
export const WAIT_KIND_NAMES = [
  'invocation',
  'file',
  'agent',
  'snapshot',
  'systemEvent',
  'instances',
  'image',
  'reclaim',
] as const;
export type WaitKind = (typeof WAIT_KIND_NAMES)[number];

/** One wait. Plain JSON: it is signalled, carried over continue-as-new and handed to the tick. */
export interface Wait {
  kind: WaitKind;
  /** What is waited for: invokeId (of a command or a file), instanceId (its agent being back), snapshotId, eventId, `instancesKeyOf`, imageId or instanceId (its reclaim being over). */
  key: string;
  /** Workflow id of who waits; the run id is left out, so that a continued run is found. */
  waiter: string;
  /** Different for every registration; the tick's verdict is about this one only. */
  generation: string;
  /** Epoch milliseconds of the first registration of this wait: its age. */
  since: number;
  /** It has been listed at least once: from then on absence is evidence. */
  seen: boolean;
}

export type WaitRegistration = Omit<Wait, 'seen'>;

/** A signal may come from anybody: what is no registration is passed over, for one bad wait would fail every look. */
export function isWaitRegistration(value: unknown): value is WaitRegistration {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, key, waiter, generation, since } = value as Partial<Record<keyof Wait, unknown>>;
  const texts = [key, waiter, generation].every((text) => typeof text === 'string' && text !== '');
  return texts && (WAIT_KIND_NAMES as readonly unknown[]).includes(kind) && Number.isFinite(since);
}

/**
 * The key of waiting until every one of `instanceIds` has this Status or is gone. One wait for a whole batch: its waiter
 * is told once, and the truth of each it reads itself.
 */
export function instancesKeyOf(status: string, instanceIds: readonly string[]): string {
  return `${status}/${[...instanceIds].sort().join(',')}`;
}

/** The parts of an `instancesKeyOf`. */
export function readInstancesKey(key: string): { status: string; instanceIds: string[] } {
  const [status = '', ids = ''] = key.split('/');
  return { status, instanceIds: ids.split(',').filter((id) => id !== '') };
}

/** What the last look cost and found; shown to people. */
export interface TickReport {
  at: string;
  waits: number;
  ended: number;
  calls: number;
  /** How the tick asked, e.g. `newest 2, by status 0, by id 3`. */
  how: string;
  error?: string;
}

/** What a kind learnt about the account and wants to remember until the next look. */
export interface WatchMemory {
  /** Answers have been seen in another order than newest first; listing newest first is no evidence then. */
  unordered?: boolean;
  /** The same of file tasks. */
  files?: Omit<WatchMemory, 'files'>;
  /** Pages the last listing by status took: how much of the account is alive, ours and foreign. */
  livePages?: number;
}

/** The whole state of `watchRegion`; also its input, so that continuing as new loses nothing. */
export interface WatchState {
  region: string;
  waits: Wait[];
  memory: WatchMemory;
  /** Since the workflow was first started, over all its runs. */
  ticks: number;
  lastTick?: TickReport;
  /** As in TickVerdict, of each wait's last tick. */
  states?: Record<string, Record<string, number>>;
  /** Ticks of one run before it continues as new; absent: when the server suggests it. For tests. */
  ticksPerRun?: number;
}

export interface TickVerdict {
  /** Waits that are over, by their place in what the tick was given. */
  ended: number[];
  seen: number[];
  memory: WatchMemory;
  /** Instances by InvocationStatus, by key, of what was seen alive; only while few are waited for. */
  states: Record<string, Record<string, number>>;
  report: Omit<TickReport, 'at'>;
}

/**
 * Gaps between looks at one wait: a twentieth of its age, rounded down to one of these. The steps make waits of like
 * age due in the same tick, where a page of a listing serves them all.
 */
const GAPS_MS = [1_500, 3_000, 6_000, 12_000, 24_000] as const;
const AGE_PER_GAP = 20;

function gapOf(wait: Wait, now: number): number {
  const wanted = (now - wait.since) / AGE_PER_GAP;
  return GAPS_MS.findLast((gap) => gap <= wanted) ?? GAPS_MS[0];
}

/** When to look next, in epoch milliseconds; `undefined` where nothing is waited for. */
export function nextLookAt(waits: readonly Wait[], lastLookAt: number): number | undefined {
  if (waits.length === 0) return undefined;
  const nextOn = (gap: number): number => (Math.floor(lastLookAt / gap) + 1) * gap;
  return waits.reduce((soonest, wait) => Math.min(soonest, nextOn(gapOf(wait, lastLookAt))), Infinity);
}

/** The waits to look at now: those whose gap has a multiple between the last look and now. */
export function dueWaits(waits: readonly Wait[], lastLookAt: number, now: number): Wait[] {
  return waits.filter((wait) => {
    const gap = gapOf(wait, lastLookAt);
    return Math.floor(now / gap) > Math.floor(lastLookAt / gap);
  });
}

/** Adds a registration; the same waiter asking for the same thing again replaces its older one and keeps its age. */
export function register(waits: readonly Wait[], registration: WaitRegistration): Wait[] {
  const same = (wait: Wait): boolean =>
    wait.kind === registration.kind && wait.key === registration.key && wait.waiter === registration.waiter;
  const older = waits.find(same);
  const wait: Wait = {
    ...registration,
    since: Math.min(older?.since ?? Infinity, registration.since),
    seen: older?.seen ?? false,
  };
  return [...waits.filter((each) => !same(each)), wait];
}

/** Applies a tick's verdict on `given` to the waits of now. */
export function settle(
  waits: readonly Wait[],
  given: readonly Wait[],
  verdict: Pick<TickVerdict, 'ended' | 'seen'>,
): Wait[] {
  const generationsOf = (places: number[]): Set<string | undefined> =>
    new Set(places.map((place) => given[place]?.generation));
  const ended = generationsOf(verdict.ended);
  const seen = generationsOf(verdict.seen);
  return waits
    .filter((wait) => !ended.has(wait.generation))
    .map((wait) => (!wait.seen && seen.has(wait.generation) ? { ...wait, seen: true } : wait));
}

/** What is known of waits still open: of those just looked at by the verdict, of the others from before. */
export function statesAfter(
  before: TickVerdict['states'] = {},
  given: readonly Wait[],
  verdict: Pick<TickVerdict, 'states'>,
  open: readonly Wait[],
): TickVerdict['states'] {
  const looked = new Set(given.map((wait) => wait.key));
  const known = open.map(({ key }) => [key, (looked.has(key) ? verdict.states : before)[key]] as const);
  return Object.fromEntries(
    known.flatMap(([key, states]) => (states === undefined ? [] : [[key, states] as const])),
  );
}
