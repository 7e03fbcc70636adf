/**
 * How what was sent is listed, commands and files alike. The rule: an id nobody knows is an empty list, and the order is
 * the one that is set.
 */
import { createHash } from 'node:crypto';
import type { History, Sent } from '../assistant/history';
import type { ActionContext } from '../core';
import { pageParams, text } from '../core';
import { ASSISTANT_PAGES } from './assistant-params';
import type { RequestTag } from './tag-rules';
import { carries, tagList, TAG_SEARCH_CAP } from './tag-rules';

/** More than any of it has instances, so that rows of one stay together. */
const ROWS = 4_096;

/** Filters that all lists have. */
export interface SentFilters {
  readonly InvokeId: string | undefined;
  readonly InstanceId: string | undefined;
  readonly ResourceGroupId: string | undefined;
  readonly Tag: readonly RequestTag[];
}

/** … and their parameters, with those of paging. */
export const sentFilters = {
  InvokeId: text(),
  InstanceId: text(),
  ResourceGroupId: text(),
  Tag: tagList(),
  ...pageParams(ASSISTANT_PAGES),
};

type Listed = Sent & {
  readonly sequence: number;
  readonly resourceGroupId: string;
  readonly tags: ReadonlyMap<string, string>;
};

/** What can be seen and carries everything that was asked for, oldest first. */
export function sentMatching<T extends Listed>(
  context: ActionContext,
  history: History<T>,
  given: SentFilters,
): T[] {
  const found = history
    .visible(context.region.regionId, context.now, context.purgedBefore)
    .filter(
      (sent) =>
        context.isVisible(sent.createdAt) &&
        (given.InvokeId === undefined || sent.invokeId === given.InvokeId) &&
        (given.ResourceGroupId === undefined || sent.resourceGroupId === given.ResourceGroupId) &&
        (given.InstanceId === undefined || sent.tasks.some((task) => task.instanceId === given.InstanceId)) &&
        carries(sent.tags, given.Tag),
    );
  return given.Tag.length > 0 ? found.slice(-TAG_SEARCH_CAP) : found;
}

/** Each with its place in the order that is set. */
export function ordered<T extends Pick<Listed, 'invokeId' | 'sequence'>>(
  context: ActionContext,
  found: readonly T[],
): { readonly sent: T; readonly order: number }[] {
  const order = (sent: T): number => {
    switch (context.simulation.switches.invocationOrder) {
      case 'newest':
        return -sent.sequence * ROWS;
      case 'oldest':
        return sent.sequence * ROWS;
      case 'random':
        return createHash('sha256').update(sent.invokeId).digest().readUInt32BE(0) * ROWS;
    }
  };
  return found.map((sent) => ({ sent, order: order(sent) })).sort((a, b) => a.order - b.order);
}
