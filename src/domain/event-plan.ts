/**
 * When to act on a system event: one moment before the provider's, in a quiet window where there is one.
 *
 * The one rule: planning again changes nothing. As long as the moment lies ahead the same event and policy give the
 * same moment, and for some minutes after it has come they give "now": a timer that fires a little late finds its
 * moment still there. After that it is missed, and another one is found.
 */
import { describeDuration } from './durations';
import { TOO_LATE_MS, graceMs } from './event-times';
import type { EventPolicy } from './policy';
import { exclusionOf, parseExclusion, parseWindow, windowSpans } from './windows';

const DAY = 86_400_000;
/** Nobody announces events further ahead; windows beyond are not looked at. */
const HORIZON = 400 * DAY;
/** How far behind the deadline the first window too late is looked for: windows are weekly. */
const BEYOND = 8 * DAY;
/** A plan is read by people and kept in histories. */
const MAX_CONSIDERED = 20;
/** Moments an instance has in a window. Where all are over, the window is so nearly over that another one is better. */
const MOMENTS = 8;
const ALL_MOMENTS = 256;

/** What is planned for. Times are ISO 8601, `''` where there is none. */
export interface PlannedEvent {
  eventId: string;
  instanceId: string;
  type: string;
  notBefore: string;
  publishedAt: string;
}

/** The part of a policy that says when. */
export type PlanPolicy = Pick<
  EventPolicy,
  'name' | 'windows' | 'exclude' | 'marginMs' | 'workMs' | 'ifNoWindow'
>;

/**
 * Why a window was taken or not.
 * later: another comes first. nearly-over: too little is left to spread instances over, and another is better.
 * no-room: what is left of it, or it as a whole, is shorter than the work.
 */
export type WindowVerdict = 'chosen' | 'later' | 'nearly-over' | 'no-room' | 'excluded' | 'after-deadline';

/** One stretch of a window that was looked at. Times are ISO 8601 UTC. */
export interface ConsideredWindow {
  window: string;
  start: string;
  end: string;
  verdict: WindowVerdict;
}

interface PlanBase {
  /** One sentence for people. */
  reason: string;
  /** NotBefore minus the margin; `''` where the event has no NotBefore. */
  deadline: string;
  /** In order of time; at most 20, the chosen one among them. */
  considered: ConsideredWindow[];
}

/** What to do about an event; plain JSON. */
export type EventPlan =
  (PlanBase & { action: 'act'; at: string; window?: string }) | (PlanBase & { action: 'alert-only' });

interface Candidate extends ConsideredWindow {
  from: number;
  /** The last moment at which the work may begin. */
  latest: number;
}

/** Plans an event; `now` in epoch milliseconds. What `parsePolicyFile` would refuse in a policy is passed over. */
export function planEvent(request: { event: PlannedEvent; policy: PlanPolicy; now: number }): EventPlan {
  const { event, policy, now } = request;
  const notBefore = Date.parse(event.notBefore);
  if (!Number.isFinite(notBefore)) {
    const reason = `the event says no time (NotBefore) to be ahead of; policy ${policy.name} cannot place it`;
    return { action: 'alert-only', reason, deadline: '', considered: [] };
  }
  const deadline = notBefore - policy.marginMs;
  const missed = now - graceMs(policy);
  const candidates = candidatesOf(policy, missed, deadline);
  const tooLate = now > notBefore - TOO_LATE_MS;
  const chosen = tooLate ? undefined : choose(candidates, event.instanceId, missed);
  const base = { deadline: iso(deadline), considered: shown(candidates, chosen?.candidate) };
  if (!chosen) return withoutWindow(policy, { now, deadline, tooLate }, base);
  const at = Math.max(chosen.at, now);
  const ahead = describeDuration((deadline - at) / 1000);
  const { window } = chosen.candidate;
  const reason = `policy ${policy.name}: in the window ${window}, ${ahead} before the deadline`;
  return { action: 'act', at: iso(at), window, reason, ...base };
}

/** What the policy says where no window can be used. */
function withoutWindow(
  policy: PlanPolicy,
  times: { now: number; deadline: number; tooLate: boolean },
  base: Omit<PlanBase, 'reason'>,
): EventPlan {
  const { now, deadline, tooLate } = times;
  const none =
    policy.windows.length === 0
      ? `policy ${policy.name} has no windows`
      : `policy ${policy.name}: no window can be used before the deadline`;
  if (policy.ifNoWindow === 'alert-only') {
    return { action: 'alert-only', reason: `${none}; it says alert-only`, ...base };
  }
  if (tooLate) {
    const reason = `${none}; less than a minute before NotBefore, or after it, a reboot could be the second one`;
    return { action: 'alert-only', reason, ...base };
  }
  if (policy.ifNoWindow === 'now') {
    return { action: 'act', at: iso(now), reason: `${none}; it says now`, ...base };
  }
  if (now <= deadline) {
    return { action: 'act', at: iso(deadline), reason: `${none}; it says act-at-deadline`, ...base };
  }
  const reason = `${none}; it says act-at-deadline, and the deadline is over: at once, before NotBefore`;
  return { action: 'act', at: iso(now), reason, ...base };
}

/** All stretches of all windows from now to the deadline, and of each window the first that is too late. */
function candidatesOf(policy: PlanPolicy, now: number, deadline: number): Candidate[] {
  const exclusions = policy.exclude.flatMap((text) => {
    const parsed = parseExclusion(text);
    return parsed.ok ? [parsed.exclusion] : [];
  });
  const from = now;
  const until = Math.min(Math.max(now, deadline), now + HORIZON);
  const found = policy.windows.flatMap((text) => {
    const parsed = parseWindow(text);
    const spans = parsed.ok ? windowSpans(parsed.window, from, until + BEYOND) : [];
    const late = spans.findIndex(({ start }) => start > until);
    return spans.slice(0, late < 0 ? undefined : late + 1).map((span): Candidate => {
      const latest = Math.min(span.end - policy.workMs, deadline);
      const excluded = exclusionOf(span.day, exclusions) !== undefined;
      const verdict = firstVerdict(span.start, latest, { now, deadline, excluded });
      return { window: text, start: iso(span.start), end: iso(span.end), verdict, from: span.start, latest };
    });
  });
  // Of windows that begin together the one with the most room comes first.
  return found.sort((a, b) => a.from - b.from || b.latest - a.latest);
}

function firstVerdict(
  start: number,
  latest: number,
  { now, deadline, excluded }: { now: number; deadline: number; excluded: boolean },
): WindowVerdict {
  if (start > deadline || now > deadline) return 'after-deadline';
  if (excluded) return 'excluded';
  return latest < Math.max(start, now) ? 'no-room' : 'later';
}

/**
 * The first window with a moment of this instance ahead: the first leaves the most time to try again. Else, of those
 * nearly over, the one with the most time left. Marks what it passes over.
 */
function choose(
  candidates: Candidate[],
  instanceId: string,
  now: number,
): { candidate: Candidate; at: number } | undefined {
  const usable = candidates.filter(({ verdict }) => verdict === 'later');
  for (const candidate of usable) {
    const at = momentIn(candidate, instanceId, now, MOMENTS);
    if (at !== undefined) return take(candidate, at);
    candidate.verdict = 'nearly-over';
  }
  const longest = [...usable].sort((a, b) => b.latest - a.latest)[0];
  return longest && take(longest, momentIn(longest, instanceId, now, ALL_MOMENTS) ?? longest.latest);
}

function take(candidate: Candidate, at: number): { candidate: Candidate; at: number } {
  candidate.verdict = 'chosen';
  return { candidate, at };
}

/**
 * The first of the instance's moments in this window that is not over. They depend on the window and the instance
 * alone, so planning again gives the same one; and whoever comes late is spread over what is left.
 */
function momentIn(
  { from, latest }: Candidate,
  instanceId: string,
  now: number,
  count: number,
): number | undefined {
  for (let index = 0; index < count; index += 1) {
    const exact = from + fraction(`${instanceId}/${index}`) * (latest - from);
    const at = Math.max(from, Math.floor(exact / 1000) * 1000);
    if (at >= now) return at;
  }
  return undefined;
}

/** A number from 0 to 1 (excluded) that looks like chance and is always the same for a text (FNV-1a, then mixed). */
function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

function shown(candidates: readonly Candidate[], chosen: Candidate | undefined): ConsideredWindow[] {
  const at = chosen ? candidates.indexOf(chosen) : 0;
  const first = Math.max(0, at - MAX_CONSIDERED + 1);
  return candidates
    .slice(first, first + MAX_CONSIDERED)
    .map(({ window, start, end, verdict }) => ({ window, start, end, verdict }));
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
