/**
 * Tags: limits and codes, one bad part and nothing changes, and the cap on searches by tag.
 */
import { useSimulator } from './support/simulated';

const sim = useSimulator({ instances: 1100, tags: { env: 'prod' }, throttling: false });
const numbered = (prefix: string, values: readonly string[]): Record<string, string> =>
  Object.fromEntries(values.map((value, index) => [`${prefix}.${index + 1}`, value]));
const ON = { ResourceType: 'instance' };

async function listAll(params: Record<string, string>): Promise<{ ids: Set<string>; pages: number }> {
  const ids = new Set<string>();
  let token = '';
  let pages = 0;
  do {
    const next: Record<string, string> = token === '' ? {} : { NextToken: token };
    const answer = await sim().ok('ListTagResources', { ...ON, ...params, ...next });
    for (const row of (answer['TagResources'] as { TagResource: { ResourceId: string }[] }).TagResource)
      ids.add(row.ResourceId);
    token = answer['NextToken'] as string;
    pages += 1;
  } while (token !== '');
  return { ids, pages };
}

test('ListTagResources finds all 1,100, 50 a page; DescribeInstances by tag ends at 1,000', async () => {
  const { ids, pages } = await listAll({ 'Tag.1.Key': 'env', 'Tag.1.Value': 'prod' });
  expect(ids.size).toBe(1100);
  expect(pages).toBe(22);
  expect((await sim().ok('DescribeInstances', { 'Tag.1.Key': 'env' }))['TotalCount']).toBe(1000);
  expect((await sim().ok('DescribeInstances'))['TotalCount']).toBe(1100);
});

test.each([
  [
    'no resource type',
    { ResourceType: '', 'ResourceId.1': 'i-x', 'Tag.1.Key': 'a' },
    '404 MissingParameter.ResourceType',
  ],
  ['no tags', { ...ON, 'ResourceId.1': 'i-x' }, '404 MissingParameter.Tags'],
  [
    'no region',
    { ...ON, RegionId: '', 'ResourceId.1': 'i-x', 'Tag.1.Key': 'a' },
    '404 MissingParameter.RegionId',
  ],
  [
    'an unknown type',
    { ResourceType: 'unicorn', 'ResourceId.1': 'i-x', 'Tag.1.Key': 'a' },
    '404 InvalidResourceType.NotFound',
  ],
  ['an unknown id', { ...ON, 'ResourceId.1': 'i-x', 'Tag.1.Key': 'a' }, '404 InvalidResourceId.NotFound'],
  [
    '51 ids',
    { ...ON, ...numbered('ResourceId', Array<string>(51).fill('i-x')), 'Tag.1.Key': 'a' },
    '400 NumberExceed.ResourceIds',
  ],
  [
    '21 tags',
    {
      ...ON,
      'ResourceId.1': 'i-x',
      ...Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`Tag.${i + 1}.Key`, `k${i}`])),
    },
    '400 NumberExceed.Tags',
  ],
  [
    'a key twice',
    { ...ON, 'ResourceId.1': 'i-x', 'Tag.1.Key': 'a', 'Tag.2.Key': 'a' },
    '400 Duplicate.TagKey',
  ],
  [
    'a reserved key',
    { ...ON, 'ResourceId.1': 'i-x', 'Tag.1.Key': 'aliyun-x' },
    '400 InvalidTagKey.Malformed',
  ],
])('TagResources with %s is refused', async (_what, params, code) => {
  expect(await sim().fails('TagResources', params)).toBe(code);
});

test('one unknown id and no resource is tagged; a second value replaces the first', async () => {
  const [id = ''] = sim().instanceIds;
  const tag = { 'Tag.1.Key': 'owner', 'Tag.1.Value': 'x' };
  expect(await sim().fails('TagResources', { ...ON, ...numbered('ResourceId', [id, 'i-x']), ...tag })).toBe(
    '404 InvalidResourceId.NotFound',
  );
  expect((await listAll({ 'Tag.1.Key': 'owner' })).ids.size).toBe(0);
  for (const value of ['x', 'y'])
    await sim().ok('TagResources', { ...ON, 'ResourceId.1': id, 'Tag.1.Key': 'owner', 'Tag.1.Value': value });
  expect((await sim().control.instances()).find((i) => i.instanceId === id)?.tags).toEqual({
    env: 'prod',
    owner: 'y',
  });
});

test('UntagResources takes off named keys, or all when none is named', async () => {
  const [, id = ''] = sim().instanceIds;
  const at = { ...ON, 'ResourceId.1': id };
  await sim().ok('TagResources', { ...at, 'Tag.1.Key': 'a', 'Tag.2.Key': 'b' });
  const tags = async (): Promise<unknown> =>
    Object.keys((await sim().control.instances()).find((i) => i.instanceId === id)?.tags ?? {});
  await sim().ok('UntagResources', { ...at, 'TagKey.1': 'a', All: 'true' });
  expect(await tags()).toEqual(['env', 'b']);
  await sim().ok('UntagResources', { ...at, All: 'true' });
  expect(await tags()).toEqual([]);
});

test('ListTagResources by tag shows those tags; by resource all of them', async () => {
  const [, , id = ''] = sim().instanceIds;
  await sim().ok('TagResources', { ...ON, 'ResourceId.1': id, 'Tag.1.Key': 'x', 'Tag.1.Value': '1' });
  const rows = async (params: Record<string, string>): Promise<unknown> =>
    ((await sim().ok('ListTagResources', { ...ON, ...params }))['TagResources'] as { TagResource: unknown[] })
      .TagResource;
  const row = { ResourceId: id, ResourceType: 'instance' };
  expect(await rows({ 'Tag.1.Key': 'x' })).toEqual([{ ...row, TagKey: 'x', TagValue: '1' }]);
  expect(await rows({ 'ResourceId.1': id })).toHaveLength(2);
  expect(await rows({ 'TagFilter.1.TagKey': 'x', 'TagFilter.1.TagValues.1': '2' })).toEqual([]);
});

test('commands, invocations and sendings of files are tagged, found and untagged like the rest', async () => {
  const [InstanceId = ''] = sim().instanceIds;
  const content = { Type: 'RunShellScript', CommandContent: 'ZWNobw==', Name: 'c' };
  const command = String((await sim().ok('CreateCommand', content))['CommandId']);
  const target = { 'InstanceId.1': InstanceId };
  const invocation = String((await sim().ok('InvokeCommand', { CommandId: command, ...target }))['InvokeId']);
  const file = { Name: 'f', TargetDir: '/root', Content: 'x', ...target };
  const sending = String((await sim().ok('SendFile', file))['InvokeId']);
  const tag = { 'Tag.1.Key': 'owner', 'Tag.1.Value': 'ops' };
  for (const [ResourceType, id] of [
    ['command', command],
    ['invocation', invocation],
    ['invocation', sending],
  ] as const) {
    await sim().ok('TagResources', { ResourceType, 'ResourceId.1': id, ...tag });
    const { TagResources: list } = await sim().ok('ListTagResources', { ResourceType, 'ResourceId.1': id });
    const row = { ResourceId: id, ResourceType, TagKey: 'owner', TagValue: 'ops' };
    expect(list).toEqual({ TagResource: [row] });
  }
  const total = async (action: string): Promise<unknown> => (await sim().ok(action, tag))['TotalCount'];
  for (const action of ['DescribeCommands', 'DescribeInvocations', 'DescribeSendFileResults'])
    expect([action, await total(action)]).toEqual([action, 1]);
  await sim().ok('UntagResources', { ResourceType: 'command', 'ResourceId.1': command, All: 'true' });
  expect(await total('DescribeCommands')).toBe(0);
  const elsewhere = { ResourceType: 'command', 'ResourceId.1': command, RegionId: 'cn-beijing', ...tag };
  expect(await sim().fails('TagResources', elsewhere)).toBe('404 InvalidResourceId.NotFound');
});

test.each([
  ['RunCommand', { Type: 'RunShellScript', CommandContent: 'echo' }],
  ['CreateCommand', { Type: 'RunShellScript', CommandContent: 'ZWNobw==', Name: 'c' }],
  ['SendFile', { Name: 'f', TargetDir: '/root', Content: 'x' }],
])('a tag of %s has a key of at most 64 characters, any other one of 128', async (action, params) => {
  const [InstanceId = ''] = sim().instanceIds;
  const call = (length: number): Promise<string> =>
    sim().fails(action, { ...params, 'InstanceId.1': InstanceId, 'Tag.1.Key': 'k'.repeat(length) });
  expect(await call(64)).toBe('200 OK');
  expect(await call(65)).toBe('400 InvalidTagKey.Malformed');
  const instance = { ...ON, 'ResourceId.1': InstanceId, 'Tag.1.Key': 'k'.repeat(128) };
  expect(await sim().fails('TagResources', instance)).toBe('200 OK');
});
