/** Where the Temporal CLI and the test server come from: the order, the cache, and the one error naming every way. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { provideTemporalCli, provideTestServer } from '../../../src/stack/binaries';
import { temporaryDirectory } from '../../support/temporary';

/** An environment in which nothing is found: an empty PATH, an empty cache, no network for the SDK's download. */
function bareMachine(): { env: Record<string, string>; bin: string; cache: string } {
  const root = temporaryDirectory();
  const [bin, cache] = [join(root, 'bin'), join(root, 'cache')];
  mkdirSync(bin);
  symlinkSync('/bin/sh', join(bin, 'sh'));
  const proxy = 'http://127.0.0.1:9';
  const env = { PATH: bin, HOME: root, XDG_CACHE_HOME: cache, HTTPS_PROXY: proxy, https_proxy: proxy };
  return { env, bin, cache };
}

function program(path: string, body: string): string {
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Stands for Go: `go install` leaves a `temporal` in GOBIN and notes that it was asked. */
const FAKE_GO = `
if [ "$1" = version ]; then echo go version go1.26; exit 0; fi
echo asked >> "$HOME/asked"
printf '#!/bin/sh\\necho temporal version 9\\n' > "$GOBIN/temporal"
`;

const ways = (error: unknown): string[] =>
  (error as Error).message.split('\n').filter((line) => line.startsWith('  - '));

test('the variable comes first, before PATH', async () => {
  const { env, bin } = bareMachine();
  program(join(bin, 'temporal'), 'echo temporal version 9');
  const path = program(join(bin, 'mine'), 'exit 0');
  const found = await provideTemporalCli({ env: { ...env, STEWARD_TEMPORAL_CLI: path }, report: fail });
  expect(found.path).toBe(path);
});

test.each(['/nowhere/temporal', '/etc/passwd', '/'])(
  'a variable naming %s is an error that says so',
  async (path) => {
    const { env } = bareMachine();
    const attempt = provideTemporalCli({ env: { ...env, STEWARD_TEMPORAL_CLI: path }, report: fail });
    await expect(attempt).rejects.toThrow(
      `STEWARD_TEMPORAL_CLI is set to ${path}, which is not an executable file`,
    );
  },
);

test('temporal on PATH is used when it runs', async () => {
  const { env, bin } = bareMachine();
  const path = program(join(bin, 'temporal'), 'echo temporal version 9');
  expect(await provideTemporalCli({ env, report: fail })).toEqual({ path, how: 'PATH, temporal version 9' });
});

test('Go builds into the cache, and the cache comes before building again', async () => {
  const { env, bin } = bareMachine();
  program(join(bin, 'go'), FAKE_GO);
  symlinkSync('/bin/cat', join(bin, 'cat'));
  const said: string[] = [];
  const built = await provideTemporalCli({ env, report: (line) => said.push(line) });
  expect(built.how).toBe('build with Go');
  expect(said.join('\n')).toContain('4 to 8 minutes');
  const again = await provideTemporalCli({ env, report: fail });
  expect(again).toEqual({ path: built.path, how: 'cache' });
});

test('two at once build once', async () => {
  const { env, bin } = bareMachine();
  program(join(bin, 'go'), FAKE_GO);
  const report = (): void => undefined;
  const both = await Promise.all([provideTemporalCli({ env, report }), provideTemporalCli({ env, report })]);
  expect(both[0].path).toBe(both[1].path);
  expect(readFileSync(join(env.HOME ?? '', 'asked'), 'utf8')).toBe('asked\n');
});

test('where nothing works, one error names all four ways, why each failed, and how to mend it', async () => {
  const { env, bin, cache } = bareMachine();
  program(join(bin, 'temporal'), 'echo broken >&2; exit 7');
  program(
    join(bin, 'go'),
    'if [ "$1" = version ]; then exit 0; fi; echo no route to the module proxy >&2; exit 1',
  );
  const error: unknown = await provideTemporalCli({ env, report: () => undefined }).catch(
    (each: unknown) => each,
  );
  const lines = ways(error);
  expect(lines).toHaveLength(4);
  expect(lines[0]).toBe('  - STEWARD_TEMPORAL_CLI: not set');
  expect(lines[1]).toMatch(/temporal on PATH: .*ended with 7: broken/);
  expect(lines[2]).toMatch(/download by the SDK: ./);
  expect(lines[3]).toBe('  - build with Go: ended with 1: no route to the module proxy');
  expect((error as Error).message).toMatch(/To mend it: install the Temporal CLI .* STEWARD_TEMPORAL_CLI/);
  expect(readdirSync(join(cache, 'ecs-steward'))).toEqual([]);
});

test('the test server: without Java or Maven the error says which is missing', async () => {
  const { env, bin } = bareMachine();
  const failure = async (): Promise<string> => {
    const error: unknown = await provideTestServer({ env, report: () => undefined }).catch(
      (each: unknown) => each,
    );
    return ways(error).at(-1) ?? '';
  };
  expect(await failure()).toContain('Java not installed');
  program(join(bin, 'java'), 'exit 0');
  expect(await failure()).toContain('Maven (mvn) not installed');
});

test('the test server: Maven fetches the libraries, a script starts them', async () => {
  const { env, bin } = bareMachine();
  program(join(bin, 'java'), 'exit 0');
  const out = 'for a in "$@"; do case $a in -DoutputDirectory=*) /bin/mkdir -p "${a#*=}";; esac; done';
  program(join(bin, 'mvn'), out);
  const found = await provideTestServer({ env, report: () => undefined });
  expect(found.how).toBe('Maven artifact with Java');
  expect(existsSync(join(found.path, '../lib'))).toBe(true);
  expect(readFileSync(found.path, 'utf8')).toContain('io.temporal.testserver.TestServer "$@"');
});

function fail(line: string): never {
  throw new Error(`nothing was to be done, but: ${line}`);
}
