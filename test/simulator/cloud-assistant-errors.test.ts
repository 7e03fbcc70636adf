import { assist, codeOf, useAssistant } from './support/assistant';

const on = useAssistant({
  instances: [{}, {}, { osType: 'windows', imageId: 'win2022_21H2_x64_dtc_en-us_40G_alibase_20240515.vhd' }],
  switches: { unknownImage: 'accept' },
});

const linux = (): string[] => on().instanceIds.slice(0, 2);
const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `i-${index}`);
const base64Of = (bytes: number): string => 'x'.repeat(Math.floor((bytes / 4) * 3));
const names = (count: number): string =>
  Array.from({ length: count }, (_, index) => `{{p${index}}}`).join(' ');
const values = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, 'v']));

type Over = Record<string, unknown>;
const enabled = { enableParameter: true };

/** What RunCommand answers to each wrong call. */
const RUN: [what: string, code: string, over: () => Over, content?: string][] = [
  ['an unknown type', '403 InvalidCmdType.NotFound', () => ({ type: 'RunPython' })],
  ['no type', '400 MissingType', () => ({ type: undefined })],
  ['no content', '400 MissingCommandContent', () => ({ commandContent: undefined })],
  ['no instance', '400 MissingParam.InstanceId', () => ({ instanceId: [] })],
  [
    'an unknown instance among known ones',
    '404 InvalidInstance.NotFound',
    () => ({ instanceId: [...linux(), 'i-none'] }),
  ],
  ['more than 100 instances', '403 InstanceIds.ExceedLimit', () => ({ instanceId: many(101) })],
  ['a shell script for Windows', '400 InvalidInstance.NotMatch', () => ({ instanceId: on().instanceIds })],
  ['a Windows script for Linux', '400 InvalidInstance.NotMatch', () => ({ type: 'RunBatScript' })],
  ['content longer than 24 KB once encoded', '403 CmdContent.ExceedLimit', () => ({}), base64Of(24_576 + 4)],
  [
    'content that fits only without its parameters',
    '403 CmdContent.ExceedLimit',
    () => ({ ...enabled, parameters: { p: 'x'.repeat(600) } }),
    `{{p}}${base64Of(24_000)}`,
  ],
  [
    'content that is not Base64',
    '403 CmdContent.DecodeError',
    () => ({ contentEncoding: 'Base64' }),
    'not base64!',
  ],
  ['a long name', '403 CmdName.ExceedLimit', () => ({ name: 'n'.repeat(129) })],
  ['a long description', '403 CmdDesc.ExceedLimit', () => ({ description: 'd'.repeat(513) })],
  ['a long user name', '403 Username.ExceedLimit', () => ({ username: 'u'.repeat(256) })],
  ['a long directory', '400 InvalidParameter.WorkingDir', () => ({ workingDir: `/${'w'.repeat(200)}` })],
  ['a long launcher', '403 InvalidLauncher.LengthLimitExceeded', () => ({ launcher: 'l'.repeat(1_025) })],
  ['a Timeout of zero', '400 InvalidParameter.Timeout', () => ({ timeout: 0 })],
  ['an unknown repeat mode', '404 InvalidRepeatMode.NotFound', () => ({ repeatMode: 'Twice' })],
  [
    'an unknown termination mode',
    '404 InvalidTerminationMode.NotFound',
    () => ({ terminationMode: 'Softly' }),
  ],
  ['a period without a frequency', '400 MissingParam.Frequency', () => ({ repeatMode: 'Period' })],
  ['a frequency that is none', '400 InvalidParam.Frequency', () => ({ frequency: 'every day' })],
  ['a rate below a minute', '400 InvalidParam.Frequency', () => ({ frequency: 'rate(59s)' })],
  [
    'a moment that has passed',
    '400 InvalidParam.Frequency',
    () => ({ frequency: 'at(2020-01-01 00:00:00)' }),
  ],
  ['a dry run that passes', '400 DryRunOperation', () => ({ repeatMode: 'DryRun' })],
  ['a malformed container id', '400 InvalidContainerId.Malformed', () => ({ containerId: 'docker://xyz' })],
  ['a malformed container name', '400 InvalidContainerName.Malformed', () => ({ containerName: '-x' })],
  ['a malformed resource group', '404 InvalidResourceGroup.NotFound', () => ({ resourceGroupId: 'none' })],
  ['a token that is too long', '400 InvalidClientToken.Malformed', () => ({ clientToken: 't'.repeat(65) })],
  ['an unknown region', '404 InvalidRegionId.NotFound', () => ({ regionId: 'cn-atlantis' })],
  ['parameters that are not enabled', '400 Parameter.Disabled', () => ({ parameters: { p: 'v' } })],
  [
    'a parameter that is not in the command',
    '403 Parameter.NotMatched',
    () => ({ ...enabled, parameters: { q: 'v' } }),
    'echo {{p}}',
  ],
  [
    'more than 10 parameters',
    '403 ParameterCount.ExceedLimit',
    () => ({ ...enabled, parameters: values(11) }),
    names(11),
  ],
  ['more than 20 names', '403 ParameterCount.ExceedLimit', () => ({ ...enabled }), names(21)],
  [
    'an empty parameter key',
    '403 ParameterKey.ExceedLimit',
    () => ({ ...enabled, parameters: { '': 'v' } }),
    '{{p}}',
  ],
  [
    'a long parameter key',
    '403 ParameterKey.ExceedLimit',
    () => ({ ...enabled, parameters: { ['k'.repeat(65)]: 'v' } }),
    '{{p}}',
  ],
  [
    'one parameter twice',
    '403 ParameterKey.Duplicate',
    () => ({ ...enabled, parameters: { p: '1', P: '2' } }),
    '{{p}}',
  ],
  [
    'a parameter that is an object',
    '403 ParameterType.NotSupported',
    () => ({ ...enabled, parameters: { p: { deep: 1 } } }),
    '{{p}}',
  ],
  ['an empty name', '403 CmdParam.EmptyKey', () => enabled, 'echo {{ }}'],
  [
    'a name with other characters',
    '403 CmdParam.InvalidParamName',
    () => enabled,
    'docker ps --format {{.Names}}',
  ],
  ['a name of an unknown built-in', '403 CmdParam.InvalidParamName', () => enabled, '{{ACS::Unknown}}'],
  ['a long name of a parameter', '403 CmdParamName.ExceedLimit', () => enabled, `{{${'p'.repeat(65)}}}`],
  [
    'tags and instances',
    '400 InvalidResourceTag.ConflictWithInstanceIds',
    () => ({ instanceId: linux(), resourceTag: [{ key: 'a' }] }),
  ],
  [
    'a tag that nothing carries',
    '400 InvalidResourceTag.InstanceNotFound',
    () => ({ instanceId: [], resourceTag: [{ key: 'nobody' }] }),
  ],
  [
    'a tag without a key',
    '400 MissingParameter.ResourceTagKey',
    () => ({ instanceId: [], resourceTag: [{ value: 'v' }] }),
  ],
  [
    'one tag key twice',
    '400 Duplicate.ResourceTagKey',
    () => ({ instanceId: [], resourceTag: [{ key: 'a' }, { key: 'a' }] }),
  ],
  [
    'more than 20 target tags',
    '400 NumberExceed.ResourceTags',
    () => ({ instanceId: [], resourceTag: many(21).map((key) => ({ key })) }),
  ],
  [
    'more than 20 tags',
    '400 NumberExceed.Tags',
    () => ({ tag: many(21).map((key) => ({ key, value: '' })) }),
  ],
];

describe('RunCommand refuses', () => {
  it.each(RUN)('%s with %s', async (_, code, over, content = 'echo hello') => {
    await on().control.mark('refused');
    expect(await codeOf(on().run(content, { instanceId: linux(), ...over() }))).toBe(code);
    expect(await on().control.effects('invocation.created', { sinceMark: 'refused' })).toEqual([]);
  });

  it('parameters that are not an object', async () => {
    const params = {
      Type: 'RunShellScript',
      CommandContent: 'x',
      EnableParameter: 'true',
      'InstanceId.1': linux()[0] ?? '',
    };
    for (const Parameters of ['[1]', 'not json', '"text"'])
      expect(await on().fails('RunCommand', { ...params, Parameters })).toBe(
        '400 InvalidParameter.Parameters',
      );
  });

  it('nothing at the very limits', async () => {
    const over = {
      instanceId: linux(),
      name: 'n'.repeat(128),
      description: 'd'.repeat(512),
      launcher: 'l'.repeat(1_024),
    };
    expect(await codeOf(on().run(base64Of(24_576), over))).toBe('OK');
    expect(
      await codeOf(on().run(names(20), { instanceId: linux(), ...enabled, parameters: values(10) })),
    ).toBe('OK');
  });
});

test('the older documents are a switch away', async () => {
  const old = await assist({
    instances: 1,
    switches: { assistantErrorStatus: '2021', keptCommandLimit: '18K' },
  });
  expect(await codeOf(old.run('x', { type: 'RunBatScript' }))).toBe('403 InvalidInstance.NotMatch');
  expect(await codeOf(old.run('x', { repeatMode: 'Period' }))).toBe('403 MissingParam.Frequency');
  expect(await codeOf(old.run('x', { frequency: 'often' }))).toBe('403 InvalidParam.Frequency');
  expect(await codeOf(old.run('x', { parameters: { a: 'b' } }))).toBe('403 Parameter.Disabled');
  expect(await codeOf(old.run(base64Of(18_436), { keepCommand: true }))).toBe('403 CmdContent.ExceedLimit');
  expect(await codeOf(old.run(base64Of(18_436)))).toBe('OK');
  await old.close();
});
