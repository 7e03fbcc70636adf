/**
 * Bundles the compiled workflows into dist/workflow-bundle.js, once at build time: a worker starts with the finished
 * file in a fraction of a second, and what runs is what was built and tested.
 *
 * The one rule: the bundle is the same wherever it is built; no path of the machine gets into it.
 */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const workflowsPath = process.argv[2] ?? join(root, 'dist/src/workflows/index.js');
const target = process.argv[3] ?? join(root, 'dist/workflow-bundle.js');

/** The SDK's bundler talks at length at level info; only what is wrong is worth a line. */
const logger = {
  trace() {},
  debug() {},
  info() {},
  log() {},
  warn: (message) => console.error(message),
  error: (message) => console.error(message),
};

function withRelativeSources(config) {
  return {
    ...config,
    output: {
      ...config.output,
      devtoolModuleFilenameTemplate: ({ absoluteResourcePath }) =>
        relative(root, absoluteResourcePath).split(sep).join('/'),
    },
  };
}

/** The generated entry point and the names of left-out modules hold absolute paths, inside the inlined source map. */
function withoutMachinePaths(bundle) {
  return bundle.replace(
    /(sourceMappingURL=data:application\/json;[^,]*base64,)([A-Za-z0-9+/=]+)/,
    (_all, head, map) => {
      const text = Buffer.from(map, 'base64').toString('utf8').replaceAll(root, '.');
      return head + Buffer.from(text).toString('base64');
    },
  );
}

if (!existsSync(workflowsPath)) throw new Error(`no compiled workflows at ${relative(root, workflowsPath)}`);
const { code } = await bundleWorkflowCode({ workflowsPath, logger, webpackConfigHook: withRelativeSources });
writeFileSync(`${target}.part`, withoutMachinePaths(code));
renameSync(`${target}.part`, target);
