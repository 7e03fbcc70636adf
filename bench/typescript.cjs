/**
 * Lets Node run the benchmarks as they are written: `node --require ./bench/typescript.cjs bench/<name>.ts`.
 *
 * The one rule: the same translation as in the tests (jest.config.js); types are checked elsewhere.
 */
const { readFileSync } = require('node:fs');
const { transformSync } = require('@swc/core');

require.extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
    swcrc: false,
  });
  module._compile(code, filename);
};
