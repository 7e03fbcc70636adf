// Kinds of tests, so that each kind pays only for what it needs:
//   unit       pure code and the simulator over HTTP; no Temporal server
//   skipping   workflows on the time-skipping server; one file at a time, the clock is shared
//   live       the dev server, workers and the command line as real processes
//   long       many seeds, many instances; only with `npm run test:long`
const { cpus } = require('node:os');

const common = {
  rootDir: __dirname,
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
};

module.exports = {
  maxWorkers: Math.min(2, cpus().length),
  workerIdleMemoryLimit: '700MB',
  testTimeout: 60_000,
  reporters: ['default', '<rootDir>/test/support/budget-reporter.js'],
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/unit/**/*.test.ts', '<rootDir>/test/simulator/**/*.test.ts'],
    },
    { ...common, displayName: 'skipping', testMatch: ['<rootDir>/test/skipping/**/*.test.ts'] },
    { ...common, displayName: 'live', testMatch: ['<rootDir>/test/live/**/*.test.ts'] },
    { ...common, displayName: 'long', testMatch: ['<rootDir>/test/long/**/*.test.ts'] },
  ],
};
