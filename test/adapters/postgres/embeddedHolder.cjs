// A process that runs an embedded PostgreSQL as standalone does: `node embeddedHolder.cjs DATA_FOLDER [FOLDER_OF_DIST]`.
// Says what it has to say as lines of JSON, and stops the server on SIGTERM.
const path = require('node:path');
const dist = process.argv[3] ?? path.join(__dirname, '../../../dist');
const { createEmbeddedPostgres } = require(path.join(dist, 'adapters/postgres/embedded.js'));
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
const server = createEmbeddedPostgres({ dataDir: process.argv[2], log: (log) => say({ log }) });
process.once('SIGTERM', () => server.stop().then(() => process.exit(0)));
server.start().then(
  () => say({ url: server.url }),
  (error) => {
    say({ error: String(error) });
    process.exitCode = 1;
  },
);
