import * as Models from '@alicloud/ecs20140526';
import { join } from 'node:path';
import { temporaryDirectory } from '../support/temporary';
import { assist, codeOf, REGION, useAssistant } from './support/assistant';
import type { Assistant } from './support/assistant';
import { ended, list, output, send, sent, tasksOf } from './support/files';
import type { SendInput } from './support/files';
import { faultsOf, gapsOf } from './support/model-check';

const folder = temporaryDirectory();

describe('a file', () => {
  const on = useAssistant();

  it('is on every instance afterwards, and the answer tells all of it', async () => {
    const row = await sent(on(), { description: 'settings', tag: [{ key: 'for', value: 'test' }] });
    expect(row).toMatchObject({
      invocationStatus: 'Success',
      name: 'app.conf',
      targetDir: '/etc/app',
      content: 'a = 1\n',
      contentType: 'PlainText',
      description: 'settings',
      fileMode: '0644',
      fileOwner: 'root',
      fileGroup: 'root',
      overwrite: 'false',
      vmCount: 3,
      tags: { tag: [{ tagKey: 'for', tagValue: 'test' }] },
    });
    expect(row.invokeId).toMatch(/^f-[a-z0-9]+$/);
    const tasks = row.invokeInstances?.invokeInstance ?? [];
    expect(tasks.map((task) => task.instanceId)).toEqual(on().instanceIds);
    for (const task of tasks) {
      expect(task).toMatchObject({ invocationStatus: 'Success', errorCode: '', errorInfo: '' });
      for (const time of [task.creationTime, task.startTime, task.finishTime, task.updateTime])
        expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    }
    expect(await output(on(), 'cat /etc/app/app.conf; ls -l /etc/app/app.conf')).toBe(
      'a = 1\n-rw-r--r-- 1 root root 6 /etc/app/app.conf\n',
    );
  });

  it('is answered with every field of the SDK and no other', async () => {
    const model = Models.DescribeSendFileResultsResponseBody;
    const invokeId = await send(on(), { name: 'fields', description: 'd', tag: [{ key: 'a', value: 'b' }] });
    const body = await on().ok('DescribeSendFileResults', { InvokeId: invokeId, PageSize: '1' });
    expect(faultsOf(body, model)).toEqual([]);
    expect(gapsOf(body, model)).toEqual([]);
  });

  it('is echoed as it was sent, with its ContentType', async () => {
    const content = Buffer.from('grüße').toString('base64');
    const over = { name: 'b', content, contentType: 'Base64', fileMode: '0750', fileOwner: 'ecs-user' };
    expect(await sent(on(), over)).toMatchObject({ content, contentType: 'Base64', fileMode: '0750' });
    expect(await output(on(), 'cat /etc/app/b; stat -c "%a %U" /etc/app/b')).toBe('grüße750 ecs-user\n');
  });

  it('is not overwritten unless that is asked for', async () => {
    await sent(on(), { name: 'twice' });
    const refused = await sent(on(), { name: 'twice', content: 'new' });
    expect(refused.invocationStatus).toBe('Failed');
    for (const task of tasksOf(refused)) expect(task.slice(0, 2)).toEqual(['Failed', 'FileAlreadyExists']);
    expect(await sent(on(), { name: 'twice', content: 'new', overwrite: true })).toMatchObject({
      overwrite: 'true',
      invocationStatus: 'Success',
    });
    expect(await output(on(), 'cat /etc/app/twice')).toBe('new');
  });

  it('that exists on one instance has failed in part', async () => {
    await sent(on(), { name: 'part', instanceId: on().instanceIds.slice(0, 1) });
    const row = await sent(on(), { name: 'part' });
    expect(row.invocationStatus).toBe('PartialFailed');
    expect(tasksOf(row).map(([status]) => status)).toEqual(['Failed', 'Success', 'Success']);
  });

  it('may replace a file of the system, which is there already', async () => {
    const refused = await sent(on(), { targetDir: '/etc', name: 'hosts', content: 'x' });
    expect(tasksOf(refused)[0]?.[1]).toBe('FileAlreadyExists');
    await sent(on(), { targetDir: '/etc/', name: 'hosts', content: 'x', overwrite: true });
    expect(await output(on(), 'cat /etc/hosts')).toBe('x');
  });

  it.each([
    [{ targetDir: '/proc', name: 'x' }, 'Failed', 'FileCreateFail', /Read-only file system/],
    [{ targetDir: '/', name: 'etc' }, 'Failed', 'FileCreateFail', /Is a directory/],
    [{ targetDir: '/etc/app/app.conf', name: 'x' }, 'Failed', 'FileCreateFail', /Not a directory/],
    [{ name: '../x' }, 'Invalid', 'FileNameInvalid', /name/],
    [{ name: '..' }, 'Invalid', 'FileNameInvalid', /name/],
    [{ name: 'a\0b' }, 'Invalid', 'FileNameInvalid', /name/],
    [{ targetDir: '/tmp/\0' }, 'Invalid', 'FilePathInvalid', /path/],
    [{ targetDir: 'C:\\app', name: 'x' }, 'Invalid', 'FilePathInvalid', /path/],
    [{ fileOwner: 'nobody-knows', name: 'x' }, 'Invalid', 'AccountNotExists', /account/],
    [{ fileGroup: 'nobody-knows', name: 'x' }, 'Invalid', 'UserGroupNotExists', /group/],
  ])('that cannot be written ends with its code: %j', async (over, status, code, info) => {
    const row = await sent(on(), { overwrite: true, ...over });
    const [task] = tasksOf(row);
    expect(task).toEqual([status, code, expect.stringMatching(info)]);
    expect(row.invocationStatus).toBe('Failed');
  });

  it('goes up from its directory no further than the root of its instance', async () => {
    await sent(on(), { targetDir: '/tmp/../../../srv', name: 'up', content: 'here' });
    expect(await output(on(), 'cat /srv/up')).toBe('here');
  });

  it.each<[string, SendInput | ((on: Assistant) => SendInput)]>([
    ['400 MissingParam.Name', { name: '' }],
    ['400 MissingParam.TargetDir', { targetDir: '' }],
    ['400 MissingParam.Content', { content: '' }],
    ['400 MissingParam.InstanceId', { instanceId: [] }],
    ['403 FileName.ExceedLimit', { name: 'x'.repeat(256) }],
    ['403 FileTargetDir.Invalid', { targetDir: 'etc' }],
    ['403 FileTargetDir.Invalid', { targetDir: `/${'x'.repeat(255)}` }],
    ['403 FileDesc.ExceedLimit', { description: 'x'.repeat(513) }],
    ['403 FileMode.Invalid', { fileMode: '0888' }],
    ['403 FileMode.Invalid', { fileMode: 'u+x' }],
    ['403 FileContentType.Invalid', { contentType: 'Gzip' }],
    ['403 FileContent.DecodeError', { contentType: 'Base64', content: 'no base64!' }],
    ['403 FileSize.ExceedLimit', { content: 'x'.repeat(24_577) }],
    ['OK', { name: 'full', content: 'x'.repeat(24_576) }],
    ['403 InstanceIds.ExceedLimit', { instanceId: Array.from({ length: 51 }, (_, n) => `i-${n}`) }],
    ['404 InvalidInstance.NotFound', ({ instanceIds }) => ({ instanceId: [...instanceIds, 'i-none'] })],
    ['400 InvalidClientToken.Malformed', { clientToken: 'x'.repeat(65) }],
  ])('is answered %s', async (code, over) => {
    expect(await codeOf(send(on(), typeof over === 'function' ? over(on()) : over))).toBe(code);
  });

  it('is sent once for one ClientToken', async () => {
    await on().control.mark('token');
    const over = { name: 'token', clientToken: 'one' };
    const first = await send(on(), over);
    expect(await send(on(), over)).toBe(first);
    expect(await codeOf(send(on(), { ...over, content: 'another' }))).toBe('403 IdempotentParameterMismatch');
    expect(await on().control.effects('file.sent', { sinceMark: 'token' })).toHaveLength(1);
    await ended(on(), first);
    const written = await on().control.effects('file.finished', { sinceMark: 'token' });
    expect(written.map(({ resourceId }) => resourceId)).toEqual(on().instanceIds);
    expect(written[0]).toMatchObject({ detail: { invokeId: first, status: 'Success', started: true } });
  });

  it('is found by id, instance, name, status, tag and page', async () => {
    const [one = ''] = on().instanceIds;
    const mine = { targetDir: '/srv/found', tag: [{ key: 'find', value: 'me' }] };
    const ids: (string | undefined)[] = [];
    for (const name of ['f1', 'f2', 'f3'])
      ids.unshift((await sent(on(), { ...mine, name, instanceId: [one] })).invokeId);
    const tag = [{ key: 'find', value: 'me' }];
    expect((await list(on(), { tag })).map((row) => row.invokeId)).toEqual(ids);
    expect((await list(on(), { tag, name: 'f2' })).map((row) => row.invokeId)).toEqual([ids[1]]);
    expect(await list(on(), { tag, instanceId: on().instanceIds[1] })).toEqual([]);
    expect(await list(on(), { tag, invocationStatus: 'Failed' })).toEqual([]);
    expect(await list(on(), { tag, invocationStatus: 'Success', instanceId: one })).toHaveLength(3);
    expect(await list(on(), { invokeId: 'f-none' })).toEqual([]);
    expect(await list(on(), { tag, pageSize: 2, pageNumber: 2 })).toHaveLength(1);
    expect(await codeOf(list(on(), { pageSize: 51 }))).toBe('403 InvalidParam.PageSize');
    const page = async (nextToken?: string): Promise<Models.DescribeSendFileResultsResponseBody> =>
      (
        await on().sdk.describeSendFileResults(
          new Models.DescribeSendFileResultsRequest({ regionId: REGION, tag, maxResults: 2, nextToken }),
        )
      ).body as Models.DescribeSendFileResultsResponseBody;
    const first = await page();
    const second = await page(first.nextToken);
    const both = [first, second].flatMap((body) => body.invocations?.invocation ?? []);
    expect(both.map((row) => row.invokeId)).toEqual(ids);
    expect(second.nextToken).toBe('');
  });
});

describe('a Windows instance', () => {
  const on = useAssistant({
    instances: [{ osType: 'windows', imageId: 'win2022_21H2_x64_dtc_en-us_40G_alibase_20240515.vhd' }],
    switches: { unknownImage: 'accept' },
  });

  it('takes paths with a drive, and neither mode nor owner', async () => {
    const over = { targetDir: 'C:\\app', name: 'a.ini', fileMode: '0600', fileOwner: 'nobody-knows' };
    expect((await sent(on(), over)).invocationStatus).toBe('Success');
    const script = 'type C:\\app\\a.ini; Get-Content "c:/app/a.ini"';
    expect(await output(on(), script, { type: 'RunPowerShellScript' })).toBe('a = 1\na = 1\n');
  });

  it('has no paths of Linux, and names of its own', async () => {
    expect(tasksOf(await sent(on(), { targetDir: '/etc' }))[0]?.[1]).toBe('FilePathInvalid');
    expect(tasksOf(await sent(on(), { targetDir: 'C:\\', name: 'a:b' }))[0]?.[1]).toBe('FileNameInvalid');
  });
});

describe('delivery, in driven time', () => {
  const driven = { time: { kind: 'driven', startAt: Date.UTC(2026, 0, 2, 3) }, instances: 2 } as const;
  const whole = async (on: Assistant, invokeId: string): Promise<unknown[]> => {
    const [row] = await list(on, { invokeId });
    const tasks = row ? tasksOf(row) : [];
    return [row?.invocationStatus, ...tasks.map(([status, code]) => `${status} ${code}`)];
  };

  it('takes its time, and one that comes is waited for as long, one that is down gets nothing', async () => {
    const on = await assist({ ...driven, durations: { delivery: 1_000, deliveryTimeout: 60_000 } });
    const [one = '', two = ''] = on.instanceIds;
    await on.control.updateInstance(one, { status: 'Stopped' });
    await on.control.updateInstance(two, { status: 'Starting' });
    const invokeId = await send(on);
    expect(await whole(on, invokeId)).toEqual(['Pending', 'Pending ', 'Pending ']);
    await on.control.advance(1_000);
    expect(await whole(on, invokeId)).toEqual(['Pending', 'Aborted InstanceNotRunning', 'Pending ']);
    await on.control.advance(60_000);
    expect(await whole(on, invokeId)).toEqual([
      'Failed',
      'Aborted InstanceNotRunning',
      'Aborted InstanceNotRunning',
    ]);
    expect(await on.control.effects('file.started')).toEqual([]);
    await on.close();
  });

  it('ends at its Timeout, which is ten seconds at least; answers can be set for files alone', async () => {
    const on = await assist({ ...driven, durations: { delivery: 0 } });
    const [one = '', two = ''] = on.instanceIds;
    await on.control.scriptAnswers({ file: '^/etc/app/app.conf$', instanceId: one, hang: true });
    await on.control.scriptAnswers({ file: 'conf', instanceId: two, error: 'FileAuthorityInvalid' });
    await expect(on.control.scriptAnswers({ error: 'FileCreateFail' })).rejects.toThrow(/give file too/);
    const invokeId = await send(on, { timeout: 1 });
    await on.control.advance(9_999);
    expect(await whole(on, invokeId)).toEqual(['Running', 'Running ', 'Invalid FileAuthorityInvalid']);
    await on.control.advance(1);
    expect((await whole(on, invokeId))[1]).toBe('Timeout ExecutionTimeout');
    const command = await on.run('echo conf');
    await on.control.advance(1);
    expect(await on.invocation(command.invokeId)).toMatchObject({ invocationStatus: 'Success' });
    await on.close();
  });

  it('is over for an instance that is stopped or released meanwhile', async () => {
    const on = await assist({ ...driven, durations: { delivery: 0 } });
    const [one = '', two = ''] = on.instanceIds;
    await on.control.scriptAnswers({ file: '.', hang: true });
    const invokeId = await send(on);
    await on.control.advance(1);
    await on.ok('StopInstance', { InstanceId: one });
    await on.control.removeInstance(two);
    await on.control.advance(1);
    expect(await whole(on, invokeId)).toEqual([
      'Failed',
      'Error ExecutionInterrupted',
      'Error InstanceReleased',
    ]);
    await on.close();
  });

  it('is forgotten after thirty days, and at once where a test says so', async () => {
    const on = await assist({ ...driven, durations: { delivery: 0 } });
    const invokeId = await send(on);
    await on.control.advance(1_000);
    await on.control.setFaults({
      kind: 'purgedRecords',
      action: 'DescribeSendFileResults',
      olderThanMs: 500,
    });
    expect(await list(on, { invokeId })).toEqual([]);
    await on.control.clearFaults();
    expect(await list(on, { invokeId })).toHaveLength(1);
    await on.control.advance(31 * 86_400_000);
    expect(await list(on, { invokeId })).toEqual([]);
    await on.close();
  });

  it('survives a restart: the record, the file, and what was on its way', async () => {
    const options = { ...driven, stateFile: join(folder, 'state.json'), durations: { delivery: 1_000 } };
    const before = await assist(options);
    const invokeId = await send(before, { fileMode: '0600' });
    await before.control.advance(2_000);
    const [row] = await list(before, { invokeId });
    const waiting = await send(before, { name: 'waiting' });
    await before.close();
    const after = await assist(options);
    expect(await list(after, { invokeId })).toEqual([row]);
    await after.control.advance(2_000);
    expect((await whole(after, waiting))[0]).toBe('Success');
    const command = await after.run('cat /etc/app/waiting; stat -c %a /etc/app/app.conf');
    await after.control.advance(2_000);
    expect((await after.results(command.invokeId))[0]?.output).toBe('a = 1\n600\n');
    await after.close();
  });
});
