/**
 * What stands after an action of working hours and somebody has to mend, and who has been told of it.
 *
 * The one rule: a trouble has a key that is the same at each look, so that people are told once and not every five
 * minutes; what changes at each look, such as a request id, is in its text alone.
 */
import type { ApplyWorkingHoursResult, HoursAction } from './hours-messages';
import { FAILED_LOOK, TAG_VALUE } from './hours-state';
import type { HoursLook } from './hours-state';

/** What an action found in one region. */
export interface RegionFindings {
  end: ApplyWorkingHoursResult['regions'][number];
  /** What is wrong with tag values, by instance. */
  badTags: Record<string, string>;
}

export interface Trouble {
  region: string;
  key: string;
  text: string;
}

/** Instances a key names; more are counted. */
const NAMED = 5;

/** What is wrong in a region. A boundary's runs tell of their failures themselves. */
export function troublesOf({ end, badTags }: RegionFindings, action: HoursAction): Trouble[] {
  const { region } = end;
  const of = (key: string, text: string): Trouble => ({ region, key: `${region}${key}`, text });
  const tags = Object.entries(badTags).map(([instanceId, reason]) =>
    of(`${TAG_VALUE}${instanceId}: ${reason}`.slice(0, 400), `${instanceId}: ${reason}`),
  );
  if (action !== 'enforce') return tags;
  if (end.error !== undefined) return [...tags, of(`${FAILED_LOOK}failed`, end.error)];
  const failed = end.results.filter(({ totals, refusal }) => totals.failed > 0 || refusal !== undefined);
  return [
    ...tags,
    ...failed.map(({ purpose, totals, exceptions, summary }) => {
      const ids = exceptions.filter(({ outcome }) => outcome !== 'Success' && outcome !== 'Unfit');
      const named = ids.map(({ instanceId }) => instanceId).sort();
      return of(`${FAILED_LOOK}${purpose} ${totals.failed}: ${named.slice(0, NAMED).join(', ')}`, summary);
    }),
  ];
}

/** Of what was known before, what this action says nothing about: other kinds, and regions that could not be read. */
export function stillKnown(
  before: readonly string[],
  findings: readonly RegionFindings[],
  action: HoursAction,
): string[] {
  const unread = findings
    .filter(({ end }) => end.error !== undefined || end.results.some(({ refusal }) => refusal !== undefined))
    .map(({ end }) => `${end.region}:`);
  return before.filter((key) =>
    key.includes(FAILED_LOOK) ? action !== 'enforce' : unread.some((region) => key.startsWith(region)),
  );
}

/** True where the two say the same. */
export function sameLook(a: HoursLook, b: HoursLook): boolean {
  const text = ({ troubles, told, lookedAt }: HoursLook): string =>
    JSON.stringify([troubles, told, lookedAt]);
  return text(a) === text(b);
}
