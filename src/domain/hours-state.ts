/**
 * What the workflow `workingHours` remembers, and how it changes: definition, overrides, audit, what was done lately.
 *
 * The one rule: plain data in, plain data out; it is carried over continue-as-new whole.
 */
import type { ApplyWorkingHoursResult, Override, WorkingHours } from './hours-messages';

/** Overrides that may hold at one time, and lines of audit and of runs that are kept. */
export const MAX_OVERRIDES = 200;
/** Instances all overrides name together: the state is a workflow input, at most 2 MB, and travels with every action. */
export const MAX_NAMED = 10_000;
const KEPT_LINES = 200;
const KEPT_RUNS = 30;

/** An override as it is asked for. */
export type NewOverride = Omit<Override, 'id' | 'at'>;

export interface AuditLine {
  /** ISO 8601 UTC. */
  at: string;
  what: string;
}

/** One action, in a line. */
export interface HoursRun {
  at: string;
  action: ApplyWorkingHoursResult['action'];
  outcome: ApplyWorkingHoursResult['outcome'];
  summary: string;
  workflowId: string;
}

export function isHoursRun(value: unknown): value is HoursRun {
  if (typeof value !== 'object' || value === null) return false;
  const { at, action, outcome, summary, workflowId } = value as Partial<Record<keyof HoursRun, unknown>>;
  return [at, action, outcome, summary, workflowId].every((text) => typeof text === 'string');
}

/** What stands after an action and somebody has to mend. Keys, so that the same trouble is the same text at each look. */
export interface HoursLook {
  /** `<region>: tag value …` and `<region>: look …`. */
  troubles: string[];
  /** Those of which people have been told. */
  told: string[];
  /** Nominal time of the last look every five minutes, ISO 8601; only where instances may carry hours of their own. */
  lookedAt?: string;
}

/** How the key of a tag value that was not understood goes on after its region. */
export const TAG_VALUE = ': tag value of ';
/** How that of a look that did not bring everything about does. */
export const FAILED_LOOK = ': look ';
const MOST_TROUBLES = 200;

export function isHoursLook(value: unknown): value is HoursLook {
  if (typeof value !== 'object' || value === null) return false;
  const { troubles, told, lookedAt } = value as Partial<Record<keyof HoursLook, unknown>>;
  const areTexts = [troubles, told].every(
    (list) => Array.isArray(list) && list.every((text) => typeof text === 'string'),
  );
  return (
    areTexts && (lookedAt === undefined || (typeof lookedAt === 'string' && !isNaN(Date.parse(lookedAt))))
  );
}

export function withLook(state: WorkingHoursState, { troubles, told, lookedAt }: HoursLook): void {
  state.look = {
    troubles: troubles.slice(0, MOST_TROUBLES),
    told: told.slice(0, MOST_TROUBLES),
    lookedAt: lookedAt ?? state.look?.lookedAt,
  };
}

/** What `StewardAttention` says: an action that failed until one succeeds, and tag values until they are mended. */
export function attentionOf({ definition, runs, look }: WorkingHoursState): string | undefined {
  const last = runs.findLast(({ outcome }) => outcome === 'partly-failed' || outcome === 'done');
  if (last?.outcome === 'partly-failed') return `${last.action} of ${definition.name}`;
  const bad = look?.troubles.some((key) => key.includes(TAG_VALUE));
  return bad ? `tag values of ${definition.name}` : undefined;
}

/** The whole state of `workingHours`; also its input, and the answer of its `progress` query. */
export interface WorkingHoursState {
  definition: WorkingHours;
  overrides: Override[];
  audit: AuditLine[];
  runs: HoursRun[];
  look?: HoursLook;
}

/** Updates of `workingHours`. */
export const HOURS_UPDATES = { override: 'override', lift: 'lift', edit: 'edit' } as const;
/** Signal: an action has ended; argument HoursRun. */
export const HOURS_RAN_SIGNAL = 'hoursRan';
/** Signal: what stands after it; argument HoursLook. */
export const HOURS_LOOKED_SIGNAL = 'hoursLooked';

/** Input of `reportWorkingHours`. */
export type HoursReportInput =
  { kind: 'survey'; hours: string } | { kind: 'savings'; hours: string; month: string };

/** What is wrong with an override; workflows ask this too, so it reaches no schema library. */
export function overrideErrors(value: unknown, now: number): { path: string; message: string }[] {
  if (typeof value !== 'object' || value === null) return [{ path: '', message: 'is not an override' }];
  const { keep, until, reason, instanceIds, tag } = value as Partial<Record<keyof NewOverride, unknown>>;
  const errors: { path: string; message: string }[] = [];
  const wrong = (path: string, message: string): void => void errors.push({ path, message });
  if (!['running', 'stopped', 'as-is'].includes(keep as string))
    wrong('keep', 'must be running, stopped or as-is');
  const end =
    typeof until === 'string' && /^\d{4}-.*T.*(Z|[+-]\d\d:\d\d)$/.test(until) ? Date.parse(until) : NaN;
  if (!Number.isFinite(end)) wrong('until', 'must be a time with a zone such as 2026-12-01T08:00:00+09:00');
  else if (end <= now) wrong('until', 'has passed already');
  if (typeof reason !== 'string' || reason.trim() === '' || reason.length > 200)
    wrong('reason', 'is what others read later: give 1 to 200 characters');
  const isId = (id: unknown): boolean => typeof id === 'string' && /^i-[a-z0-9]{1,62}$/.test(id);
  if (
    instanceIds !== undefined &&
    !(Array.isArray(instanceIds) && instanceIds.length <= 1_000 && instanceIds.every(isId))
  )
    wrong('instanceIds', 'must be instance ids such as i-bp1abc, at most 1,000');
  const { key, value: tagValue } = (tag ?? {}) as { key?: unknown; value?: unknown };
  const tagIsGood =
    typeof key === 'string' && key !== '' && (tagValue === undefined || typeof tagValue === 'string');
  if (tag !== undefined && !tagIsGood) wrong('tag', 'must have a key, and may have a value');
  return errors;
}

/** How many instances these name. */
export function namedBy(overrides: readonly Pick<Override, 'instanceIds'>[]): number {
  return overrides.reduce((sum, { instanceIds = [] }) => sum + instanceIds.length, 0);
}

export function withAudit(state: WorkingHoursState, at: string, what: string): void {
  state.audit = [...state.audit, { at, what }].slice(-KEPT_LINES);
}

export function withRun(state: WorkingHoursState, run: HoursRun): void {
  state.runs = [...state.runs, run].slice(-KEPT_RUNS);
}

/** One line about an override: what it keeps, where, until when, why. */
export function overrideText({ id, keep, until, reason, instanceIds, tag }: Override): string {
  const where = [
    ...(instanceIds
      ? [instanceIds.length > 3 ? `${instanceIds.length} instances` : instanceIds.join(', ')]
      : []),
    ...(tag ? [tag.value === undefined ? `tag ${tag.key}` : `tag ${tag.key}=${tag.value}`] : []),
  ].join(' and ');
  return `${id}: keep ${keep === 'as-is' ? 'as it is' : keep}, ${where === '' ? 'everything' : where}, until ${until}: ${reason}`;
}

/** Takes away the overrides that have ended, with a line of audit for each. */
export function expire(state: WorkingHoursState, now: number): void {
  const ended = state.overrides.filter(({ until }) => Date.parse(until) <= now);
  for (const override of ended) withAudit(state, override.until, `ended: ${overrideText(override)}`);
  if (ended.length > 0) state.overrides = state.overrides.filter((override) => !ended.includes(override));
}
