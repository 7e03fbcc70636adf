import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import layers from './scripts/layers.cjs';

// An update's validator must be synchronous: an async one does not reject the update, it breaks the workflow task.
const SYNCHRONOUS_VALIDATORS = {
  selector: 'Property[key.name="validator"][value.async=true]',
  message: "An update's validator must be synchronous: an async one breaks the workflow task.",
};
const NO_CLOCK = [
  {
    selector: 'CallExpression[callee.object.name="Date"][callee.property.name="now"]',
    message: 'Take the time as an argument.',
  },
  {
    selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
    message: 'Take the time as an argument.',
  },
];
const NO_CHANCE = {
  selector: 'MemberExpression[object.name="Math"][property.name="random"]',
  message: 'Take chance as an argument.',
};

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'coverage/**'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    plugins: { steward: layers.plugin },
    languageOptions: {
      parserOptions: { project: './tsconfig.check.json', tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'steward/layers': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      // A promise nobody waits for loses its error and, in a workflow, its place in history.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // `_name` says that leaving it unused is meant.
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      'max-depth': ['error', 4],
      'no-console': 'error',
      'no-restricted-syntax': ['error', SYNCHRONOUS_VALIDATORS],
    },
  },
  {
    // The environment has one reader; the mains hand it over. The simulator's shell mode passes it on to commands.
    files: ['src/**/*.ts', 'simulator/**/*.ts'],
    ignores: ['src/config.ts', 'src/*/main.ts', 'simulator/main.ts', 'simulator/exec/shell.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'Only src/config.ts and the mains read the environment.',
        },
      ],
    },
  },
  {
    files: ['src/domain/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', 'process', 'setTimeout', 'setInterval', 'fetch'],
      'no-restricted-syntax': ['error', SYNCHRONOUS_VALIDATORS, NO_CHANCE, ...NO_CLOCK],
    },
  },
  {
    // Time in the simulator is the simulator's own; its clock is the only reader of the wall's.
    files: ['simulator/**/*.ts'],
    ignores: ['simulator/core/clock.ts'],
    rules: { 'no-restricted-syntax': ['error', SYNCHRONOUS_VALIDATORS, ...NO_CLOCK] },
  },
  {
    // Jest's asymmetric matchers are `any`.
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-unsafe-assignment': 'off' },
  },
  {
    files: ['**/*.mjs', '**/*.cjs', '**/*.js'],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: {
      ...tseslint.configs.disableTypeChecked.languageOptions,
      globals: {
        process: 'readonly',
        console: 'readonly',
        require: 'readonly',
        module: 'readonly',
        __dirname: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
      },
    },
    rules: {
      ...tseslint.configs.disableTypeChecked.rules,
      '@typescript-eslint/no-require-imports': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      'no-console': 'off',
    },
  },
);
