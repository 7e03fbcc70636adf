/**
 * The import graph as a whole. Lint looks at one import at a time; here is what only shows over several: what a
 * workflow reaches through others, cycles, and the wall between product and simulator.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { LAYERS, layerOf, violation } from '../../scripts/layers.cjs';

const root = resolve(__dirname, '../..');

interface Import {
  source: string;
  typeOnly: boolean;
}

const filesOf = (dir: string): string[] =>
  readdirSync(join(root, dir), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(dir, name));

function importsOf(file: string): Import[] {
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.ES2022);
  return source.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const { moduleSpecifier } = statement;
    if (!moduleSpecifier || !ts.isStringLiteral(moduleSpecifier)) return [];
    const typeOnly = ts.isImportDeclaration(statement)
      ? statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
      : statement.isTypeOnly;
    return [{ source: moduleSpecifier.text, typeOnly }];
  });
}

/** The file a relative import means. */
function target(file: string, source: string): string {
  const base = join(root, dirname(file), source);
  const found = [`${base}.ts`, join(base, 'index.ts')].find((path) => existsSync(path));
  if (!found) throw new Error(`${file} imports ${source}, which is not there`);
  return relative(root, found);
}

const files = [...filesOf('src'), ...filesOf('simulator')];
const graph = new Map(files.map((file) => [file, importsOf(file)]));

/** Everything that is loaded when this file is, packages included. */
function reached(from: string, seen = new Set<string>()): Set<string> {
  for (const { source, typeOnly } of graph.get(from) ?? []) {
    const next = source.startsWith('.') ? target(from, source) : source;
    if (typeOnly || seen.has(next)) continue;
    seen.add(next);
    if (source.startsWith('.')) reached(next, seen);
  }
  return seen;
}

test('workflows reach only what is deterministic, however many imports away', () => {
  const all = [...reached('src/workflows/index.ts')];
  expect(all).toContain('@temporalio/workflow');
  const allowed = /^(src\/(workflows|domain)\/|@temporalio\/(workflow|common)$|zod$)/;
  expect(all.filter((each) => !allowed.test(each))).toEqual([]);
});

test('the public door loads no worker, no SDK of the cloud and no server', () => {
  const all = [...reached('src/index.ts')];
  expect(all.filter((each) => /@alicloud|@temporalio\/(worker|testing)/.test(each))).toEqual([]);
});

test('product and simulator import nothing of each other', () => {
  const crossing = files.flatMap((file) =>
    (graph.get(file) ?? [])
      .filter(({ source }) => source.startsWith('.'))
      .filter(({ source }) => target(file, source).split('/')[0] !== file.split('/')[0])
      .map(({ source }) => `${file}: ${source}`),
  );
  expect(crossing).toEqual([]);
});

test('nothing is imported in a circle', () => {
  const circles = files.filter((file) => reached(file).has(file));
  expect(circles).toEqual([]);
});

test('every file is in a layer, and the table of layers names only what exists', () => {
  expect(files.filter((file) => layerOf(file) === undefined)).toEqual([]);
  expect(Object.keys(LAYERS).filter((name) => !existsSync(join(root, name)))).toEqual([]);
});

test.each([
  ['src/domain/plan.ts', '../ecs/client', false],
  ['src/domain/plan.ts', 'node:fs', false],
  ['src/domain/plan.ts', '@temporalio/workflow', false],
  ['src/workflows/run-command.ts', '../activities', false],
  ['src/workflows/run-command.ts', '../config', false],
  ['src/workflows/run-command.ts', 'node:crypto', false],
  ['src/workflows/run-command.ts', '@alicloud/ecs20140526', true],
  ['src/activities/run-command.ts', '@temporalio/client', true],
  ['src/activities/run-command.ts', '../worker/worker', false],
  ['src/ecs/client.ts', '@temporalio/common', false],
  ['src/cli/run.ts', '../ecs/client', false],
  ['src/cli/run.ts', '../worker/worker', false],
  ['src/cli/run.ts', '../../simulator', false],
  ['src/cli/policy.ts', '../hooks/webhook', false],
  ['simulator/main.ts', '../src/domain/messages', true],
])('lint refuses %s importing %s', (file, source, typeOnly) => {
  expect(violation(file, source, typeOnly)).toBeDefined();
});

test.each([
  ['src/workflows/run-command.ts', '../activities', true],
  ['src/workflows/run-command.ts', '../domain/plan', false],
  ['src/cli/run.ts', '../stack/stack', false],
  ['src/cli/policy.ts', '../hooks/policy-file', false],
  ['simulator/main.ts', 'node:http', false],
])('lint allows %s importing %s', (file, source, typeOnly) => {
  expect(violation(file, source, typeOnly)).toBeUndefined();
});
