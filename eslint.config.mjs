import tseslint from 'typescript-eslint';
import ownLines from './scripts/eslint/own-lines.mjs';

const nondeterminism = ['Date.now', 'Math.random'].map((path) => {
  const [object, property] = path.split('.');
  return { object, property, message: 'Pass it in: core and plan must give the same answer twice.' };
});

const noEnvironment = { object: 'process', property: 'env', message: 'Only main.ts touches the environment; everything else is handed its values.' };

const noModuleState = {
  selector: 'Program > VariableDeclaration[kind="let"], Program > ExportNamedDeclaration > VariableDeclaration[kind="let"]',
  message: 'No module-level mutable state: two schedulers must be able to live in one process.',
};

// A test that sleeps is slow and still fails now and then: wait on a condition with test/harness/until.ts.
const noSleep = {
  selector: "NewExpression[callee.name='Promise'] CallExpression[callee.name='setTimeout']",
  message: 'Wait on a condition (test/harness/until.ts), never for a time.',
};

export default tseslint.config(
  { ignores: ['dist/**', 'data/**', 'coverage/**', 'node_modules/**', '**/*.js', '**/*.cjs', '**/*.mjs'] },
  ...tseslint.configs.strict,
  // Rules that need types are oxlint's (.oxlintrc.json), which reads the same comments.
  { plugins: { local: ownLines }, linterOptions: { reportUnusedDisableDirectives: 'off' } },
  {
    files: ['src/**/*.ts', 'web/src/**/*.{ts,tsx}'],
    rules: {
      'no-restricted-properties': ['error', noEnvironment],
      'no-restricted-syntax': ['error', noModuleState],
      'no-console': 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'local/own-lines': ['error', { max: 50 }],
      'max-params': ['error', 4],
      'max-classes-per-file': ['error', 1],
      '@typescript-eslint/no-extraneous-class': 'error',
    },
  },
  {
    rules: {
      // An index that is in range by construction says so with `!`, since every indexed read counts as possibly undefined.
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['src/core/**/*.ts', 'src/plan/**/*.ts'],
    rules: {
      'no-restricted-properties': ['error', noEnvironment, ...nondeterminism],
      'no-restricted-globals': ['error', 'process', 'setTimeout', 'setInterval', 'setImmediate', 'fetch', 'Buffer'],
      'no-restricted-syntax': [
        'error',
        noModuleState,
        { selector: 'AwaitExpression, FunctionDeclaration[async=true], ArrowFunctionExpression[async=true]', message: 'The core never waits.' },
        { selector: 'ThrowStatement', message: 'The core is total: return the refusal.' },
        { selector: 'ClassDeclaration', message: 'The core is values and functions.' },
        { selector: "NewExpression[callee.name='Date']", message: 'Pass `now` in.' },
      ],
    },
  },
  {
    // save() selects before it writes, and the last of two schedulers would win.
    files: ['src/adapters/postgres/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        noModuleState,
        { selector: "CallExpression[callee.property.name='save']", message: 'Insert, or update on a condition and check the count.' },
      ],
    },
  },
  // Decorated values that only frameworks fill: DTOs, entities and migrations.
  {
    files: ['src/**/dto.ts', 'src/adapters/postgres/entities/**/*.ts', 'src/adapters/postgres/migrations/**/*.ts'],
    rules: { 'max-classes-per-file': 'off', 'local/own-lines': 'off', '@typescript-eslint/no-extraneous-class': 'off' },
  },
  // The program's start and the terminal's commands: they read the environment and print.
  { files: ['src/main.ts', 'src/cli/main.ts'], rules: { 'no-restricted-properties': 'off' } },
  { files: ['src/main.ts', 'src/cli/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts', 'scripts/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': ['error', noSleep],
    },
  },
  { files: ['test/harness/**/*.ts'], rules: { 'no-restricted-syntax': 'off' } },
);
