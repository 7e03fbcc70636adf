/**
 * TagResources, UntagResources, ListTagResources. The rule: one bad id or one bad tag and nothing is changed.
 */
import { cloudAssistant } from '../assistant';
import type { ActionContext, PageLimits } from '../core';
import { defineAction, EcsError, flag, list, missingTagParameter, rawText, struct, text } from '../core';
import type { Image } from '../model/storage';
import { carries, newTags, tagList } from './tag-rules';
import type { RequestTag } from './tag-rules';

type Tags = ReadonlyMap<string, string>;

/** What tags can be put on. */
interface Tagged {
  readonly id: string;
  readonly order: number;
  readonly tags: Tags;
  replace(tags: Map<string, string>): void;
}

const MOST_TAGS = 20;
const LIMITS: PageLimits = { defaultSize: 50, max: 50 };
const NOT_HERE =
  'volume eni ddh ddhcluster keypair launchtemplate reservedinstance snapshotpolicy elasticityassurance capacityreservation activation managedinstance dedicatedblockstoragecluster'.split(
    ' ',
  );

/** Where the resources of a type are. */
type TagSource = (context: ActionContext) => Iterable<Tagged>;

const SOURCES: Readonly<Record<string, TagSource>> = {
  instance: (context) =>
    [...context.region.instances.values()].map((instance) => ({
      id: instance.instanceId,
      order: instance.sequence,
      tags: context.searchableTags(instance),
      replace(tags) {
        instance.tagsBefore = instance.tags;
        instance.tagsChangedAt = context.now;
        instance.tags = tags;
      },
    })),
  disk: (context) =>
    [...context.region.disks.values()].map((disk) => ({
      id: disk.diskId,
      order: disk.sequence,
      tags: disk.tags,
      replace: (tags) => void (disk.tags = tags),
    })),
  snapshot: (context) =>
    [...context.region.snapshots.values()].map((snapshot) => ({
      id: snapshot.snapshotId,
      order: snapshot.sequence,
      tags: snapshot.tags,
      replace: (tags) => void (snapshot.tags = tags),
    })),
  image: (context) =>
    [...context.region.images.values()].filter(isOwn).map((image) => ({
      id: image.imageId,
      order: image.sequence,
      tags: image.tags,
      replace: (tags) => void (image.tags = tags),
    })),
  securitygroup: (context) =>
    [...context.region.securityGroups.values()].map((group, order) => ({
      id: group.securityGroupId,
      order,
      tags: group.tags,
      replace: (tags) => void (group.tags = tags),
    })),
  command: (context) => ofAssistant(context, cloudAssistant(context.simulation).store.commands),
  // A sending of a file is an invocation too.
  *invocation(context) {
    const { store } = cloudAssistant(context.simulation);
    yield* ofAssistant(context, store.invocations);
    yield* ofAssistant(context, store.files.records);
  },
};

/** What Cloud Assistant has of a region, by its id. */
function* ofAssistant<T extends { readonly regionId: string; readonly sequence: number; tags: Tags }>(
  { region: { regionId } }: ActionContext,
  records: ReadonlyMap<string, T>,
): Iterable<Tagged> {
  for (const [id, record] of records)
    if (record.regionId === regionId)
      yield {
        id,
        order: record.sequence,
        tags: record.tags,
        replace: (tags) => void (record.tags = tags),
      };
}

const isOwn = (image: Image): boolean => image.ownerAlias === 'self';

const resourceType = text({
  pattern: new RegExp(`^(${[...Object.keys(SOURCES), ...NOT_HERE].join('|')})$`),
  bad: [404, 'InvalidResourceType.NotFound', 'The ResourceType provided does not exist in our records.'],
});
const resourceIds = list(text(), {
  max: 50,
  tooMany: [400, 'NumberExceed.ResourceIds', 'The ResourceIds parameter number is exceed , Valid : 50'],
});
const tooManyTags: [number, string, string] = [
  400,
  'NumberExceed.Tags',
  'The Tags parameter number is exceed , Valid : 20',
];

function find(context: ActionContext, type: string, ids: readonly string[]): Tagged[] {
  const all = new Map([...(SOURCES[type]?.(context) ?? [])].map((resource) => [resource.id, resource]));
  return [...new Set(ids)].map((id) => {
    const resource = all.get(id);
    if (!resource)
      throw new EcsError(
        404,
        'InvalidResourceId.NotFound',
        'The specified ResourceIds are not found in our records.',
      );
    return resource;
  });
}

/** TagResources. */
export const tagResources = defineAction({
  name: 'TagResources',
  required: ['RegionId', 'ResourceType', 'ResourceId', 'Tag'],
  missing: (name) =>
    missingTagParameter(name === 'Tag' ? 'Tags' : name === 'ResourceId' ? 'ResourceIds' : name),
  quota: 'mutate',
  params: {
    RegionId: text(),
    ResourceType: resourceType,
    ResourceId: resourceIds,
    Tag: tagList(tooManyTags),
  },
  handle(context, params) {
    const added = newTags(params.Tag);
    const resources = find(context, params.ResourceType, params.ResourceId);
    const merged = resources.map((resource) => new Map([...resource.tags, ...added]));
    if (merged.some((tags) => tags.size > MOST_TAGS))
      throw new EcsError(403, 'QuotaExceed.Tags', 'The number of tags of a resource exceeds the quota.');
    resources.forEach((resource, index) => {
      resource.replace(merged[index] ?? new Map<string, string>());
      context.effect(`${params.ResourceType}.tagged`, resource.id, context.region.regionId, {
        keys: [...added.keys()],
      });
    });
    return {};
  },
});

/** UntagResources. */
export const untagResources = defineAction({
  name: 'UntagResources',
  required: ['RegionId', 'ResourceType', 'ResourceId'],
  missing: (name) => missingTagParameter(name === 'ResourceId' ? 'ResourceIds' : name),
  quota: 'mutate',
  params: {
    RegionId: text(),
    ResourceType: resourceType,
    ResourceId: resourceIds,
    TagKey: list(text(), { max: 20, tooMany: tooManyTags }),
    All: flag(),
  },
  handle(context, params) {
    const resources = find(context, params.ResourceType, params.ResourceId);
    const all = params.TagKey.length === 0 && (params.All ?? false);
    for (const resource of resources) {
      const kept = all ? [] : [...resource.tags].filter(([key]) => !params.TagKey.includes(key));
      if (kept.length === resource.tags.size) continue;
      resource.replace(new Map(kept));
      context.effect(`${params.ResourceType}.untagged`, resource.id, context.region.regionId);
    }
    return {};
  },
});

interface TagFilter {
  readonly TagKey?: string | undefined;
  readonly TagValues: readonly string[];
}

/** ListTagResources: one row per resource and tag. */
export const listTagResources = defineAction({
  name: 'ListTagResources',
  required: ['RegionId', 'ResourceType'],
  missing: missingTagParameter,
  quota: 'describe',
  params: {
    RegionId: text(),
    ResourceType: resourceType,
    ResourceId: resourceIds,
    Tag: tagList(tooManyTags),
    TagFilter: list(struct({ TagKey: text(), TagValues: list(rawText(), { max: 5 }) }), { max: 5 }),
    NextToken: text(),
  },
  handle(context, params) {
    if (params.ResourceId.length + params.Tag.length + params.TagFilter.length === 0)
      throw missingTagParameter('Tags');
    const ids = new Set(params.ResourceId);
    const source = [...(SOURCES[params.ResourceType]?.(context) ?? [])];
    const found = source.filter(
      (r) =>
        (ids.size === 0 || ids.has(r.id)) && carries(r.tags, params.Tag) && passes(r.tags, params.TagFilter),
    );
    const rows = found.flatMap((r) =>
      shown(r.tags, params.Tag, params.TagFilter).map(([key, value], index) => ({
        r,
        key,
        value,
        order: r.order * 100 + index,
      })),
    );
    const page = context.page(
      rows,
      (row) => row.order,
      { NextToken: params.NextToken, MaxResults: LIMITS.defaultSize },
      LIMITS,
    );
    const list = page.items.map(({ r, key, value }) => ({
      ResourceId: r.id,
      ResourceType: params.ResourceType,
      TagKey: key,
      TagValue: value,
    }));
    return {
      TagResources: { TagResource: list },
      ...('NextToken' in page.fields ? { NextToken: page.fields['NextToken'] } : {}),
    };
  },
});

function passes(tags: ReadonlyMap<string, string>, filters: readonly TagFilter[]): boolean {
  return filters.every(({ TagKey = '', TagValues }) => {
    const value = tags.get(TagKey);
    return value !== undefined && (TagValues.length === 0 || TagValues.includes(value));
  });
}

/** With tags in the question only those are answered; without, all of a resource. */
function shown(
  tags: ReadonlyMap<string, string>,
  wanted: readonly RequestTag[],
  filters: readonly TagFilter[],
): [string, string][] {
  const keys = new Set([...wanted.map((tag) => tag.Key), ...filters.map((filter) => filter.TagKey)]);
  return [...tags].filter(([key]) => keys.size === 0 || keys.has(key));
}
