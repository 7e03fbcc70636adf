/**
 * The rules of dependency, as one table and the ESLint rule that enforces it (`steward/layers`).
 *
 * The one rule: what a layer may import is written here and nowhere else. `uses` are layers it may import, `types`
 * layers and packages it may import with `import type` only, `packages` packages, `node` Node's built-in modules.
 */
const { dirname, isAbsolute, join, relative, sep } = require('node:path');

const root = dirname(__dirname);

/** The first entry whose name is the file or a folder above it is the file's layer. */
const LAYERS = {
  // Pure: what workflows, activities and the command line have in common. Runs inside workflows.
  // luxon reads the host's zones; import-graph.test.ts keeps workflows from reaching it.
  'src/domain': { uses: ['src/domain'], packages: ['zod', 'luxon'] },
  'src/ecs': {
    uses: ['src/ecs', 'src/domain'],
    packages: ['@alicloud/credentials', '@alicloud/ecs20140526', '@alicloud/openapi-client'],
    node: true,
  },
  'src/results': { uses: ['src/results', 'src/domain'], node: true },
  // The reader of the policy file: a layer of its own, so that who checks a file cannot call a webhook.
  'src/hooks/policy-file.ts': { uses: ['src/domain'], packages: ['yaml'] },
  'src/hooks': { uses: ['src/hooks', 'src/domain'], node: true },
  // Thin. Temporal's client stays behind the port in waits.ts; the worker gives it its implementation.
  'src/activities': {
    uses: ['src/activities', 'src/ecs', 'src/results', 'src/hooks', 'src/hooks/policy-file.ts', 'src/domain'],
    packages: ['@temporalio/activity', '@temporalio/common'],
    node: true,
  },
  // Deterministic: no Node, nothing that could reach the network, activities only as types.
  'src/workflows': {
    uses: ['src/workflows', 'src/domain'],
    packages: ['@temporalio/workflow', '@temporalio/common'],
    types: ['src/activities'],
  },
  'src/worker': {
    uses: [
      'src/worker',
      'src/activities',
      'src/ecs',
      'src/results',
      'src/hooks',
      'src/hooks/policy-file.ts',
      'src/domain',
      'src/config.ts',
    ],
    packages: ['@temporalio/worker', '@temporalio/client', '@temporalio/common', 'pino'],
    types: ['src/workflows'],
    node: true,
  },
  'src/stack': {
    uses: ['src/stack', 'src/domain'],
    packages: ['@temporalio/client', '@temporalio/common', '@temporalio/testing', 'zod'],
    node: true,
  },
  // Acts through workflows and Temporal's client, starts the stack, and reads results.
  'src/cli': {
    uses: [
      'src/cli',
      'src/client.ts',
      'src/stack',
      'src/results',
      'src/hooks/policy-file.ts',
      'src/domain',
      'src/config.ts',
    ],
    packages: ['@temporalio/client', '@temporalio/common', 'cli-table3', 'commander', 'ical.js'],
    types: ['src/workflows'],
    node: true,
  },
  'src/config.ts': {
    uses: ['src/domain', 'src/stack'],
    packages: ['@temporalio/envconfig', 'zod'],
    node: true,
  },
  'src/client.ts': {
    uses: ['src/domain'],
    packages: ['@temporalio/client', '@temporalio/common'],
    node: true,
  },
  'src/index.ts': {
    uses: ['src/client.ts', 'src/domain'],
    packages: ['@temporalio/client'],
    types: ['src/workflows'],
  },
  // A separate program: it meets the product over HTTP only.
  simulator: { uses: ['simulator'], packages: ['zod'], node: true },
};

/** The layer of a path relative to the root of the project, or undefined outside all of them. */
function layerOf(path) {
  return Object.keys(LAYERS).find(
    (name) => path === name || `${path}.ts` === name || path.startsWith(`${name}/`),
  );
}

/** Why a file may not import this, in words; undefined where it may. Paths are relative to the root. */
function violation(file, source, typeOnly) {
  const layer = layerOf(file);
  if (!layer) return undefined;
  const rules = LAYERS[layer];
  const allowed = (name, list) => (list ?? []).includes(name);
  if (source.startsWith('node:')) return rules.node ? undefined : `${layer} may not use Node's ${source}`;
  if (!source.startsWith('.')) {
    const name = source
      .split('/')
      .slice(0, source.startsWith('@') ? 2 : 1)
      .join('/');
    if (allowed(name, rules.packages) || (typeOnly && allowed(name, rules.types))) return undefined;
    return `${layer} may not use the package ${name}`;
  }
  const path = join(dirname(file), source).split(sep).join('/');
  const target = layerOf(path);
  if (!target) return `${layer} may not import ${path}, which is in no layer`;
  if (allowed(target, rules.uses) || (typeOnly && allowed(target, rules.types))) return undefined;
  const hint = allowed(target, rules.types) ? ' except its types (import type)' : '';
  return `${layer} may not import from ${target}${hint}`;
}

/** The ESLint rule. */
const layers = {
  meta: { type: 'problem', schema: [], messages: { violation: '{{why}} (scripts/layers.cjs).' } },
  create(context) {
    const file = isAbsolute(context.filename) ? relative(root, context.filename) : context.filename;
    const path = file.split(sep).join('/');
    const check = (node, source, typeOnly) => {
      if (typeof source?.value !== 'string') return;
      const why = violation(path, source.value, typeOnly);
      if (why) context.report({ node: source, messageId: 'violation', data: { why } });
    };
    return {
      ImportDeclaration: (node) => check(node, node.source, node.importKind === 'type'),
      ExportNamedDeclaration: (node) => check(node, node.source, node.exportKind === 'type'),
      ExportAllDeclaration: (node) => check(node, node.source, node.exportKind === 'type'),
      ImportExpression: (node) => check(node, node.source, false),
      TSImportType: (node) => check(node, node.source ?? node.argument?.literal, true),
      'CallExpression[callee.name="require"]': (node) => check(node, node.arguments[0], false),
    };
  },
};

module.exports = { LAYERS, layerOf, violation, plugin: { rules: { layers } } };
