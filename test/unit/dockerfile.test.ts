/** The image: built from what it names, run as an ordinary user, without dev dependencies and without secrets. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
/** Instructions, each in one line. */
const instructions = read('Dockerfile')
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '');
const stages = instructions.reduce<string[][]>((all, line) => {
  if (line.startsWith('FROM ')) all.push([]);
  all.at(-1)?.push(line);
  return all;
}, []);
const last = stages.at(-1) ?? [];

test('every stage begins with one version of Node, which this package runs on', () => {
  const bases = stages.map(([from]) => /^FROM (\S+)/.exec(from ?? '')?.[1]);
  expect(bases.length).toBe(3);
  expect(new Set(bases).size).toBe(1);
  const [, major, minor] = /^node:(\d+)\.(\d+)\.\d+-bookworm-slim$/.exec(bases[0] ?? '') ?? [];
  const [, leastMajor, leastMinor] =
    /(\d+)\.(\d+)/.exec(read('package.json').match(/"node": "(.*)"/)?.[1] ?? '') ?? [];
  expect(Number(major)).toBe(Number(leastMajor));
  expect(Number(minor)).toBeGreaterThanOrEqual(Number(leastMinor));
});

test('what is installed is the lock file, without dev dependencies where it runs, and no script of a package runs', () => {
  const installs = instructions.filter((line) => /\bnpm\b/.test(line));
  expect(installs).toHaveLength(2);
  for (const line of installs) expect(line).toMatch(/^RUN npm ci .*--ignore-scripts/);
  const source = stages.find((stage) => stage.some((line) => line.includes('--omit=dev'))) ?? [];
  const name = / AS (\w+)$/.exec(source[0] ?? '')?.[1];
  expect(last).toContain(`COPY --from=${name} /app/node_modules node_modules`);
  expect(last.filter((line) => line.includes('node_modules'))).toHaveLength(1);
});

test('it runs as an ordinary user, and nothing comes after that but how it is started', () => {
  const at = last.findIndex((line) => line.startsWith('USER '));
  expect(last[at]).toBe('USER node');
  expect(last.slice(at + 1).map((line) => line.split(' ')[0])).toEqual(['ENTRYPOINT', 'CMD']);
  const { bin } = JSON.parse(read('package.json')) as { bin: { steward: string } };
  expect(last.join('\n')).toContain(`ENTRYPOINT ["node", "/app/${bin.steward}"]`);
});

test('what it copies is there, and .dockerignore lets that through and nothing else', () => {
  const copied = instructions
    .filter((line) => /^COPY (?!--from)/.test(line))
    .flatMap((line) => line.split(' ').slice(1, -1));
  const allowed = read('.dockerignore').match(/^!.*$/gm) ?? [];
  expect(allowed.map((line) => line.slice(1)).sort()).toEqual([...new Set(copied)].sort());
  for (const path of copied) expect(existsSync(join(root, path))).toBe(true);
});

test('no secret and no way to pass one in', () => {
  expect(instructions.join('\n')).not.toMatch(/^ARG |SECRET|PASSWORD|TOKEN|ACCESS_KEY|LTAI/m);
});
