import { readFileSync } from 'node:fs';
import { codeOf, useAssistant } from './support/assistant';

const on = useAssistant({ instances: 2 });

/** What lies in the simulated bucket under this address. */
function objectAt(uri = ''): string {
  const [, bucket = '', key = ''] = /^oss:\/\/([^/]+)\/(.*)$/.exec(uri) ?? [];
  return readFileSync(on().simulation.assistant.buckets.pathOf(bucket, key), 'utf8');
}

describe('delivery to OSS', () => {
  it('keeps the whole output, one object an instance, also what the record lacks', async () => {
    on().simulation.assistant.answers.add({ content: 'long', outputBytes: 100_000 });
    const { invokeId } = await on().run('long', { ossOutputDelivery: 'oss://outputs/nightly' });
    const rows = await on().ended(invokeId);
    for (const row of rows) {
      expect(row).toMatchObject({
        invocationStatus: 'Success',
        dropped: 75_424,
        ossOutputDelivery: 'oss://outputs/nightly',
        ossOutputStatus: 'Finished',
        ossOutputUri: `oss://outputs/nightly/${invokeId}/${row.instanceId}.txt`,
        ossOutputErrorCode: '',
      });
      expect(objectAt(row.ossOutputUri)).toHaveLength(100_000);
    }
    const { invokeInstances } = await on().invocation(invokeId);
    expect(invokeInstances?.invokeInstance?.[0]).toMatchObject({ ossOutputStatus: 'Finished' });
  });

  it.each([
    ['missing', 'NoSuchBucket'],
    ['forbidden', 'AccessDenied'],
  ] as const)('to a bucket that is %s fails with %s, and the command does not', async (state, code) => {
    await on().control.setBucket({ bucket: `is-${state}`, state });
    const { invokeId } = await on().run('echo hello', { ossOutputDelivery: `oss://is-${state}` });
    for (const row of await on().ended(invokeId))
      expect(row).toMatchObject({
        invocationStatus: 'Success',
        output: 'hello\n',
        ossOutputStatus: 'Failed',
        ossOutputUri: '',
        ossOutputErrorCode: code,
      });
  });

  it('stays in its bucket, whatever the prefix says', async () => {
    const { invokeId } = await on().run('echo hello', { ossOutputDelivery: 'oss://outputs/../../x' });
    const [row] = await on().ended(invokeId);
    expect(row?.ossOutputUri).toBe(`oss://outputs/x/${invokeId}/${row?.instanceId}.txt`);
    expect(objectAt(row?.ossOutputUri)).toBe('hello\n');
  });

  it('is not spoken of where none was asked for, and what is no place is refused', async () => {
    const { invokeId } = await on().run('echo hello');
    const [row] = await on().ended(invokeId);
    expect([row?.ossOutputStatus, row?.ossOutputUri]).toEqual([undefined, undefined]);
    expect(await codeOf(on().run('echo', { ossOutputDelivery: 'https://x' }))).toBe(
      '400 InvalidParameter.OssOutputDelivery',
    );
  });
});
