// Unit tests need nothing but this checkout; the others need the services that scripts/services starts (scripts/test does).
// The chaos project breaks services of its own, and must not share the machine: it runs after the others, alone.
// `npm run check` runs the unit project alone, `npm test` runs all.
const unitFolders = [
  'autoscale',
  'core',
  'plan',
  'lifecycle',
  'sdk',
  'config',
  'cli',
  'arch',
  'infra',
  'simulate',
  'advance',
  'dispatch',
  'execute',
  'report',
  'logs',
  'web',
];
const inChaosFolder = '<rootDir>/test/chaos/';
const inUnitFolder = `<rootDir>/test/(${unitFolders.join('|')})/`;

// TypeScript is compiled as tsc does it here: legacy decorators without metadata, so each column and field names its type.
const compiled = [
  '@swc/jest',
  {
    sourceMaps: 'inline',
    module: { type: 'commonjs' },
    jsc: {
      target: 'es2023',
      keepClassNames: true,
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: false },
    },
  },
];
// It imports Node's http when it is first used, which nothing can that Jest loads as it is.
const exporter = '@opentelemetry/otlp-exporter-base/';

const shared = {
  testEnvironment: 'node',
  transform: { '^.+\\.ts$': compiled, [`${exporter}.+\\.js$`]: compiled },
  transformIgnorePatterns: [`/node_modules/(?!${exporter})`],
  globalSetup: '<rootDir>/test/harness/globalSetup.ts',
  globalTeardown: '<rootDir>/test/harness/globalTeardown.ts',
  setupFilesAfterEnv: ['<rootDir>/test/harness/afterEachFile.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/data/'],
};

module.exports = {
  testTimeout: 30_000,
  // Most tests wait more than they compute: three keep two processors busy.
  maxWorkers: 3,
  reporters: ['default', '<rootDir>/test/harness/summaryReporter.js'],
  projects: [
    { ...shared, displayName: 'unit', testMatch: unitFolders.map((folder) => `<rootDir>/test/${folder}/**/*.test.ts`) },
    {
      ...shared,
      displayName: 'services',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', inUnitFolder, inChaosFolder],
    },
    { ...shared, displayName: 'chaos', testMatch: ['<rootDir>/test/chaos/**/*.test.ts'] },
  ],
};
