/** Bad input of `sendFile` is refused with every error at once; the command line reads what the workflow takes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSendOptions } from '../../src/cli/send-options';
import type { SendOptions } from '../../src/cli/send-options';
import { newRunId } from '../../src/client';
import { previewOf } from '../../src/domain/run-preview';
import { inputJsonSchema } from '../../src/domain/schemas';
import { parseSendFileInput } from '../../src/domain/send-file-input';
import { pathOf, sendingOf } from '../../src/domain/sending';
import type { FileSpec, SendFileInput } from '../../src/domain/sending';

const GOOD: SendFileInput = {
  region: 'cn-hangzhou',
  targets: { instanceIds: ['i-bp1abc'] },
  file: { name: 'app.conf', targetDirectory: '/etc/app', content: 'a = 1\n' },
};

/** Without the value itself, which is told before what is wrong with it. */
const bare = (message: string): string =>
  message.replace(/^(?:"(?:[^"\\]|\\.)*…?"|\d+) (?=is |must|contains)/, '');

const errorsOf = (value: unknown): string[] => {
  const parsed = parseSendFileInput(value);
  return parsed.ok ? [] : parsed.errors.map(({ path, message }) => `${path}: ${bare(message)}`);
};
const withFile = (change: Record<string, unknown>): unknown => ({
  ...GOOD,
  file: { ...GOOD.file, ...change },
});
const base64 = (bytes: number): string => Buffer.alloc(bytes, 1).toString('base64');

test('good input passes unchanged', () => {
  expect(parseSendFileInput(GOOD)).toEqual({ ok: true, input: GOOD });
  const all: FileSpec = {
    ...GOOD.file,
    contentType: 'Base64',
    content: base64(24_576),
    mode: '0755',
    owner: 'ecs-user',
    group: 'www-data',
    overwrite: true,
    description: 'settings',
    timeoutSeconds: 10,
  };
  const rest = { name: 'n', rate: { canary: 1 }, exclusive: true, retryOf: 'before' };
  expect(parseSendFileInput({ ...GOOD, ...rest, file: all })).toMatchObject({ ok: true });
  expect(errorsOf(withFile({ content: 'x'.repeat(24_576) }))).toEqual([]);
  expect(errorsOf(withFile({ targetDirectory: 'C:\\app' }))).toEqual([]);
  expect(errorsOf(withFile({ targetDirectory: '/' }))).toEqual([]);
});

test.each<[string, Record<string, unknown>, RegExp]>([
  [
    'an empty file',
    { content: '' },
    /^file\.content: is empty, and SendFile takes no empty file; make one by a command/,
  ],
  [
    'a large file',
    { content: 'x'.repeat(24_577) },
    /^file\.content: has 24577 bytes, 32772 after Base64; at most 32768.*OSS/,
  ],
  [
    'a large file in Base64',
    { content: base64(24_577), contentType: 'Base64' },
    /has 24577 bytes, 32772 after Base64/,
  ],
  ['a large file of wide characters', { content: 'ü'.repeat(12_289) }, /has 24578 bytes/],
  ['no Base64', { content: 'no base64', contentType: 'Base64' }, /^file\.content: is not Base64/],
  ['cut Base64', { content: 'YWJ', contentType: 'Base64' }, /is not Base64/],
  ['half a character', { content: 'a\ud800' }, /half of a character/],
  ['an unknown type', { contentType: 'Gzip' }, /^file\.contentType: must be PlainText or Base64/],
  ['a long name', { name: 'x'.repeat(256) }, /^file\.name: has 256 characters, at most 255/],
  ['a name with a slash', { name: 'a/b' }, /^file\.name: is a path or a directory/],
  ['a name of dots', { name: '..' }, /^file\.name: is a path or a directory/],
  ['a name with a NUL', { name: 'a\0' }, /^file\.name: contains a control character/],
  ['no name', { name: '' }, /^file\.name: is empty/],
  ['a name Windows has not', { name: 'a:b', targetDirectory: 'C:\\' }, /^file\.name: has a character/],
  ['a relative directory', { targetDirectory: 'etc' }, /^file\.targetDirectory: is not absolute/],
  ['a directory at home', { targetDirectory: '~/x' }, /^file\.targetDirectory: is not absolute/],
  [
    'a long directory',
    { targetDirectory: `/${'x'.repeat(255)}` },
    /^file\.targetDirectory: has 256 characters/,
  ],
  ['a mode in letters', { mode: 'u+x' }, /^file\.mode: must be three or four octal digits/],
  ['a mode that is not octal', { mode: '0888' }, /^file\.mode: must be three or four octal digits/],
  ['an owner that is none', { owner: 'root; id' }, /^file\.owner: is not the name of an account/],
  ['a group of digits', { group: '1000' }, /^file\.group: is not the name of an account/],
  [
    'a mode on Windows',
    { targetDirectory: 'C:\\app', mode: '0600' },
    /^file\.mode: has no meaning on Windows/,
  ],
  ['a long description', { description: 'x'.repeat(513) }, /^file\.description: has 513 characters/],
  [
    'a short timeout',
    { timeoutSeconds: 9 },
    /^file\.timeoutSeconds: must be a whole number of seconds from 10/,
  ],
  ['an unknown field', { owned: 'x' }, /^file\.owned: is unknown/],
])('%s is refused', (_what, change, answer) => {
  expect(errorsOf(withFile(change))).toEqual([expect.stringMatching(answer)]);
});

test('everything wrong is told at once, and garbage is told as such', () => {
  const errors = errorsOf({
    region: 'x',
    targets: {},
    file: { name: 'a/b', content: '' },
    rate: { approve: true },
  });
  for (const path of [
    'region',
    'targets',
    'file.name',
    'file.content',
    'file.targetDirectory',
    'rate.approve',
  ])
    expect(errors.some((error) => error.startsWith(`${path}: `))).toBe(true);
  for (const value of [undefined, null, 1, 'x', [], { file: 1 }])
    expect(errorsOf(value).length).toBeGreaterThan(0);
});

test('what is sent follows from the input alone', () => {
  expect(sendingOf(GOOD)).toMatchObject({
    workflow: 'sendFile',
    need: 'LinuxPath',
    maxBatch: 50,
    timeoutSeconds: 60,
  });
  const windows = { ...GOOD, file: { ...GOOD.file, targetDirectory: 'C:\\app' } };
  expect(sendingOf(windows).need).toBe('WindowsPath');
  expect([pathOf(GOOD.file), pathOf(windows.file)]).toEqual(['/etc/app/app.conf', 'C:\\app\\app.conf']);
  expect(newRunId(GOOD)).toMatch(/^send-app-conf-\d{8}T\d{6}-[0-9a-f]{8}$/);
  expect(inputJsonSchema('sendFile')).toMatchObject({ title: 'Input of the workflow sendFile' });
  const fit = Array.from({ length: 130 }, (_, n) => `i-${n}`);
  const preview = previewOf(GOOD, { fit, unfit: [], left: [], calls: {} });
  expect(preview.batches.sizes).toEqual([33, 32, 33, 32]);
  expect(preview.calls).toEqual({ SendFile: 4, DescribeSendFileResults: 4 });
  expect(preview.script).toBe(
    '/etc/app/app.conf, mode 0644, owner root:root, not where one is there already',
  );
});

describe('the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'steward-send-'));
  const file = join(folder, 'app.conf');
  const binary = join(folder, 'icon');
  beforeAll(() => {
    writeFileSync(file, 'a = grüße\n');
    writeFileSync(binary, Buffer.from([0xff, 0xfe, 0x00]));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const options = (over: Partial<SendOptions>): SendOptions => ({
    region: 'cn-hangzhou',
    instance: ['i-bp1abc'],
    tag: [],
    exclude: [],
    to: '/etc/app/',
    ...over,
  });
  const read = (path: string, over: Partial<SendOptions> = {}): Partial<FileSpec> | string[] => {
    const found = readSendOptions(path, options(over));
    return found.ok ? found.input.file : found.errors.map((error) => `${error.path}: ${bare(error.message)}`);
  };

  test.each([
    ['/etc/app/', '/etc/app', 'app.conf'],
    ['/etc/app/other', '/etc/app', 'other'],
    ['/motd', '/', 'motd'],
    ['/', '/', 'app.conf'],
    ['C:\\app\\', 'C:\\app', 'app.conf'],
    ['C:\\app\\other.ini', 'C:\\app', 'other.ini'],
    ['C:\\x', 'C:\\', 'x'],
  ])('--to %s is the directory %s and the name %s', (to, targetDirectory, name) => {
    expect(read(file, { to })).toEqual({ targetDirectory, name, content: 'a = grüße\n' });
  });

  test('bytes that are no text travel as Base64, options by their names', () => {
    const over = {
      mode: '0600',
      owner: 'www',
      group: 'www',
      overwrite: true,
      timeout: '30',
      description: 'd',
    };
    expect(read(binary, over)).toEqual({
      targetDirectory: '/etc/app',
      name: 'icon',
      content: '//4A',
      contentType: 'Base64',
      ...{ mode: '0600', owner: 'www', group: 'www', overwrite: true, timeoutSeconds: 30, description: 'd' },
    });
  });

  test('errors name their option, and a file that cannot be read is told once', () => {
    expect(read(file, { to: 'etc/app' })).toEqual([expect.stringMatching(/^--to: is not absolute/)]);
    expect(read(file, { to: '/etc/..' })).toEqual([expect.stringMatching(/^--to: is a path or a directory/)]);
    expect(read(join(folder, 'none'))).toEqual([expect.stringMatching(/^file: .*cannot be read/)]);
    expect(read(file, { mode: '9', timeout: '1h' })).toEqual([
      expect.stringMatching(/^--mode: must be/),
      expect.stringMatching(/^--timeout: must be/),
    ]);
    expect(read(file, { instance: [] })).toEqual([expect.stringMatching(/^--instance, --tag: name nothing/)]);
  });
});
