import * as Models from '@alicloud/ecs20140526';
import { assist, REGION, useAssistant } from './support/assistant';
import type { Assistant } from './support/assistant';
import { until } from './support/simulated';

const list = async (on: Assistant, over: object = {}): Promise<string[]> => {
  const request = new Models.DescribeInvocationsRequest({ regionId: REGION, maxResults: 50, ...over });
  const { body } = await on.sdk.describeInvocations(request);
  return (body?.invocations?.invocation ?? []).map((row) => row.invokeId ?? '');
};

/** Every page to the end. */
async function pages<T>(
  next: (token: string | undefined) => Promise<{ rows: T[]; token: string | undefined }>,
) {
  const rows: T[] = [];
  let token: string | undefined;
  let count = 0;
  do {
    const page = await next(token);
    rows.push(...page.rows);
    token = page.token === '' ? undefined : page.token;
    count += 1;
  } while (token !== undefined);
  return { rows, count };
}

describe('a run on 100 instances', () => {
  const on = useAssistant({ instances: 100 });

  it('is read to its last row in pages of 50, each row once, in the order of the call', async () => {
    const { invokeId } = await on().run('hostname');
    await on().ended(invokeId);
    const { rows, count } = await pages(async (nextToken) => {
      const request = new Models.DescribeInvocationResultsRequest({
        regionId: REGION,
        invokeId,
        maxResults: 50,
        nextToken,
      });
      const found = (await on().sdk.describeInvocationResults(request)).body?.invocation;
      return { rows: found?.invocationResults?.invocationResult ?? [], token: found?.nextToken };
    });
    expect(count).toBe(2);
    expect(rows.map((row) => row.instanceId)).toEqual(on().instanceIds);
  });

  it('is read by page number too', async () => {
    const { invokeId } = await on().run('true');
    const page = async (pageNumber: number) => {
      const request = new Models.DescribeInvocationResultsRequest({
        regionId: REGION,
        invokeId,
        pageNumber,
        pageSize: 30,
      });
      return (await on().sdk.describeInvocationResults(request)).body?.invocation;
    };
    expect(await page(4)).toMatchObject({ totalCount: 100, pageNumber: 4, pageSize: 30 });
    expect((await page(4))?.invocationResults?.invocationResult).toHaveLength(10);
    expect((await page(5))?.invocationResults?.invocationResult).toEqual([]);
  });

  it('tells the state of every instance in one row of DescribeInvocations, even while it runs', async () => {
    const { invokeId } = await on().run('sleep 60');
    const states = async () => (await on().invocation(invokeId)).invokeInstances?.invokeInstance ?? [];
    const rows = await until(states, (found) => found.every((row) => row.invocationStatus === 'Running'));
    expect(rows.map((row) => row.instanceId)).toEqual(on().instanceIds);
    for (const row of rows) expect(row).toMatchObject({ instanceInvokeStatus: 'Running', finishTime: '' });
    for (const row of rows) expect(row).not.toMatchObject({ output: expect.anything() as string });
  });

  it('cannot be sent to 101 instances by tag', async () => {
    await on().control.addInstances({ count: 1, tags: { all: '1' } });
    for (const id of on().instanceIds) await on().control.updateInstance(id, { tags: { all: '1' } });
    await expect(on().run('true', { resourceTag: [{ key: 'all' }] })).rejects.toMatchObject({
      code: 'InstanceIds.ExceedLimit',
    });
  });
});

describe('the list of invocations', () => {
  const on = useAssistant({ instances: 2 });
  const made: Record<string, string> = {};

  beforeAll(async () => {
    const [first = ''] = on().instanceIds;
    const run = async (name: string, script: string, over: object = {}) => {
      made[name] = (await on().run(script, { name, ...over })).invokeId;
    };
    await run('good', 'true', { tag: [{ key: 'team', value: 'a' }] });
    await run('bad', 'false', { tag: [{ key: 'team', value: 'b' }] });
    await run('one', 'true', { instanceId: [first], resourceGroupId: 'rg-x' });
    await run('long', 'sleep 600');
    await run('timed', 'true', { frequency: 'rate(1d)' });
    await until(
      () => list(on(), { invokeStatus: 'Running' }),
      (found) => found.length === 2,
    );
    for (const name of ['good', 'bad', 'one']) await on().ended(made[name] ?? '');
  });

  it.each<[string, object, string[]]>([
    ['everything, newest first', {}, ['timed', 'long', 'one', 'bad', 'good']],
    // What is timed is Running, in these words, until it is stopped.
    ['Running', { invokeStatus: 'Running' }, ['timed', 'long']],
    ['Scheduled', { invokeStatus: 'Scheduled' }, ['timed']],
    ['Pending', { invokeStatus: 'Pending' }, []],
    ['Stopping', { invokeStatus: 'Stopping' }, []],
    ['Success', { invokeStatus: 'Success' }, ['one', 'good']],
    ['Failed', { invokeStatus: 'Failed' }, ['bad']],
    ['Finished', { invokeStatus: 'Finished' }, ['one', 'bad', 'good']],
    ['a tag', { tag: [{ key: 'team', value: 'a' }] }, ['good']],
    ['a tag key', { tag: [{ key: 'team' }] }, ['bad', 'good']],
    ['a resource group', { resourceGroupId: 'rg-x' }, ['one']],
    ['a name', { commandName: 'bad' }, ['bad']],
    ['a repeat mode', { repeatMode: 'Period' }, ['timed']],
    ['timed ones', { timed: true }, ['timed']],
    ['an unknown id', { invokeId: 't-none' }, []],
    ['a type', { commandType: 'RunBatScript' }, []],
  ])('finds %s', async (_, over, names) => {
    expect(await list(on(), over)).toEqual(names.map((name) => made[name]));
  });

  it('of one instance shows that instance alone, with its output when asked', async () => {
    const [, second = ''] = on().instanceIds;
    const found = await list(on(), { instanceId: second });
    expect(found).toEqual(['timed', 'long', 'bad', 'good'].map((name) => made[name]));
    const row = await on().invocation(made['bad'] ?? '', { instanceId: second, includeOutput: true });
    expect(row.invokeInstances?.invokeInstance).toMatchObject([
      { instanceId: second, output: '', exitCode: 1 },
    ]);
  });

  it('is paged by tokens that are bound to their question', async () => {
    const ask = async (nextToken: string | undefined, over: object = {}) => {
      const request = new Models.DescribeInvocationsRequest({
        regionId: REGION,
        maxResults: 2,
        nextToken,
        ...over,
      });
      const { body } = await on().sdk.describeInvocations(request);
      return {
        rows: (body?.invocations?.invocation ?? []).map((row) => row.invokeId),
        token: body?.nextToken,
      };
    };
    const { rows, count } = await pages(ask);
    expect(count).toBe(3);
    expect(rows).toEqual(['timed', 'long', 'one', 'bad', 'good'].map((name) => made[name]));
    const { token } = await ask(undefined);
    await expect(ask(token, { commandName: 'bad' })).rejects.toMatchObject({ code: 'InvalidNextToken' });
  });

  it('has another order where the switch says so', async () => {
    await on().control.setSwitches({ invocationOrder: 'oldest' });
    expect(await list(on())).toEqual(['good', 'bad', 'one', 'long', 'timed'].map((name) => made[name]));
    await on().control.setSwitches({ invocationOrder: 'random' });
    expect((await list(on())).sort()).toEqual(Object.values(made).sort());
    await on().control.setSwitches({ invocationOrder: 'newest' });
  });

  it('filters results by their own status, in the older or newer words', async () => {
    const rows = (invokeRecordStatus: string) => on().results(made['bad'] ?? '', { invokeRecordStatus });
    expect(await rows('Finished')).toHaveLength(2);
    expect(await rows('Failed')).toHaveLength(2);
    expect(await rows('Running')).toEqual([]);
  });

  it('knows nothing of another region', async () => {
    expect(await list(on(), { regionId: 'cn-shanghai' })).toEqual([]);
  });
});

describe('records', () => {
  it('are gone after thirty days', async () => {
    const on = await assist({ instances: 1, time: { kind: 'driven' } });
    const { invokeId } = await on.run('true');
    await on.control.advance(29 * 86_400_000);
    expect(await list(on)).toEqual([invokeId]);
    await on.control.advance(2 * 86_400_000);
    expect(await list(on)).toEqual([]);
    expect(await on.results(invokeId)).toEqual([]);
    await on.close();
  });

  it('beyond the newest 10,000 are gone, but not while they run', async () => {
    const on = await assist({ instances: 100, time: { kind: 'driven' } });
    const { invokeId: running } = await on.run('sleep 3600', { timeout: 7_200 });
    const { invokeId: first } = await on.run('true');
    await on.control.advance(1_000);
    for (let count = 0; count < 100; count += 1) await on.run('true');
    const { body } = await on.sdk.describeInvocations(
      new Models.DescribeInvocationsRequest({ regionId: REGION, invokeId: first }),
    );
    expect(body?.invocations?.invocation).toEqual([]);
    expect((await on.invocation(running)).invocationStatus).toBe('Running');
    await on.close();
  }, 30_000);

  it('can be hidden and delayed by faults', async () => {
    const on = await assist({ instances: 1 });
    const { invokeId } = await on.run('true');
    await on.control.setFaults({ id: 'gone', kind: 'purgedRecords' });
    expect(await list(on)).toEqual([]);
    await on.control.clearFaults('gone');
    await on.control.setVisibilityLag(3_600_000, ['DescribeInvocations']);
    expect(await list(on)).toEqual([]);
    expect(await on.results(invokeId)).toHaveLength(1);
    await on.close();
  });
});

test('a search by tag looks at no more than 1,000 invocations', async () => {
  const on = await assist({ instances: 1, time: { kind: 'driven' } });
  for (let count = 0; count < 1_001; count += 1) await on.run('true', { tag: [{ key: 'k', value: 'v' }] });
  const request = new Models.DescribeInvocationsRequest({
    regionId: REGION,
    pageSize: 1,
    tag: [{ key: 'k' }],
  });
  expect((await on.sdk.describeInvocations(request)).body?.totalCount).toBe(1_000);
  await on.close();
}, 30_000);
