// `node scripts/migrations.js check`     fails when the entities and the migrations differ;
// `node scripts/migrations.js generate NAME`   writes the migration that is missing.
// Both build an empty database of their own on the server of TEST_DATABASE_URL, from the compiled migrations, and drop it.
const fs = require('node:fs');
const path = require('node:path');
const { Client } = require('pg');

const compiled = path.join(__dirname, '../dist/adapters/postgres');
const { openDatabase } = require(path.join(compiled, 'database.js'));
const { migrate } = require(path.join(compiled, 'migrate.js'));

const server = process.env.TEST_DATABASE_URL ?? 'postgres://postgres@127.0.0.1:15432/postgres';
const CONNECT_MS = 5_000;

const onServer = async (sql) => {
  const client = new Client({ connectionString: server, connectionTimeoutMillis: CONNECT_MS });
  await client.connect();
  await client.query(sql).finally(() => client.end());
};

const differences = async (url) => {
  const database = await openDatabase({
    url,
    pooler: 'none',
    application: 'task-scheduler/migrations',
    idleTransactionTimeoutMs: 5_000,
    idleTimeoutMs: 10_000,
    poolSize: 1,
    viewPoolSize: 1,
    connectTimeoutMs: CONNECT_MS,
    statementTimeoutMs: 60_000,
    viewTimeoutMs: 60_000,
    onIdleError: () => undefined,
  });
  try {
    await migrate(database, { url, connectTimeoutMs: CONNECT_MS });
    const { upQueries, downQueries } = await database.source.driver.createSchemaBuilder().log();
    return { up: upQueries.map((one) => one.query.trim()), down: downQueries.map((one) => one.query.trim()).reverse() };
  } finally {
    await database.close();
  }
};

const onEmptyDatabase = async (step) => {
  const name = `migrations_${process.pid}_${Date.now().toString(36)}`;
  await onServer(`CREATE DATABASE ${name}`);
  try {
    const url = new URL(server);
    url.pathname = `/${name}`;
    return await step(url.toString());
  } finally {
    await onServer(`DROP DATABASE ${name} WITH (FORCE)`);
  }
};

const source = (name, { up, down }) => {
  const lines = (queries) => queries.map((query) => `    await queryRunner.query(\`${query.replaceAll('`', '\\`')}\`);`).join('\n');
  return `import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Generated from the entities. */
export class ${name} implements MigrationInterface {
  readonly name = '${name}';

  async up(queryRunner: QueryRunner): Promise<void> {
${lines(up)}
  }

  async down(queryRunner: QueryRunner): Promise<void> {
${lines(down)}
  }
}
`;
};

const write = (found, title) => {
  const stamp = Date.now();
  const file = path.join(__dirname, `../src/adapters/postgres/migrations/${stamp}-${title}.ts`);
  fs.writeFileSync(file, source(`${title}${stamp}`, found));
  console.log(`wrote ${file}: add it to migrations/index.ts`);
};

const main = async ([command, title]) => {
  if (command !== 'check' && !(command === 'generate' && /^[A-Z]\w+$/.test(title ?? '')))
    throw new Error('usage: migrations.js check | generate NameOfIt');
  const found = await onEmptyDatabase(differences);
  if (found.up.length === 0) console.log('the migrations lead to exactly what the entities say');
  else if (command === 'generate') write(found, title);
  else throw new Error(`the entities differ from what the migrations make; missing:\n${found.up.join('\n')}`);
};

main(process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
