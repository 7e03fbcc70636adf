/**
 * Rules of tags: how they are written in requests and what a search by tag finds.
 * The rule: a search by tag looks at no more than 1,000 resources that carry the tags.
 */
import { EcsError, list, rawText, struct, text } from '../core';
import type { ErrorSpec } from '../core/errors';
import type { Param } from '../core/schema';

/** A search by tag or resource group looks at no more resources than this. */
export const TAG_SEARCH_CAP = 1000;

const badKey: ErrorSpec = [400, 'InvalidTagKey.Malformed', 'The specified Tag.n.Key is not valid.'];
const badValue: ErrorSpec = [400, 'InvalidTagValue.Malformed', 'The specified Tag.n.Value is not valid.'];

const TOO_MANY: ErrorSpec = [400, 'InvalidTagCount', 'The specified tags are beyond the permitted range.'];

/** `Tag.N.Key` / `Tag.N.Value` as they come, at most 20. */
export function tagList(tooMany: ErrorSpec = TOO_MANY): Param<RequestTag[]> {
  return list(struct({ Key: text(), Value: rawText() }), { max: 20, tooMany });
}

/** A tag of a request. */
export interface RequestTag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** Keys on what Cloud Assistant has are shorter than all others. */
export const ASSISTANT_KEY = 64;

/** Tags that are to be put on something: keys unique and well-formed. */
export function newTags(tags: readonly RequestTag[], longestKey = 128): Map<string, string> {
  const made = new Map<string, string>();
  for (const { Key: key = '', Value: value = '' } of tags) {
    const reserved = /^(aliyun|acs:)/i.test(key) || /https?:\/\//i.test(key);
    if (key === '' || key.length > longestKey || reserved) throw failed(badKey);
    if (value.length > 128 || /https?:\/\//i.test(value)) throw failed(badValue);
    if (made.has(key)) throw new EcsError(400, 'Duplicate.TagKey', 'The Tag.N.Key contain duplicate key.');
    made.set(key, value);
  }
  return made;
}

function failed(spec: ErrorSpec): EcsError {
  if (typeof spec === 'function') return spec('Tag', '');
  return new EcsError(spec[0], spec[1], spec[2] ?? '');
}

/** Tags of a search: a value without its key makes no sense. */
export function requireSearchable(tags: readonly RequestTag[]): void {
  if (tags.some((tag) => tag.Key === undefined))
    throw new EcsError(400, 'InvalidTag.Mismatch', 'The specified Tag.n.Key and Tag.n.Value are not match.');
}

/** True when every tag is there; a tag without a value matches any value. */
export function carries(tags: ReadonlyMap<string, string>, wanted: readonly RequestTag[]): boolean {
  return wanted.every(({ Key = '', Value }) => {
    const value = tags.get(Key);
    return value !== undefined && (Value === undefined || Value === '' || Value === value);
  });
}
