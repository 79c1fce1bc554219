/** Tasks and attempts by months: cut under load, and dropped. */
import type { Pool } from 'pg';
import type { Database } from '../../../src/adapters/postgres/database';
import { schemaDrift } from '../../../src/adapters/postgres/migrate';
import { partitionsOf } from '../../../src/adapters/postgres/partitions';
import { createRunStore } from '../../../src/adapters/postgres/runStore';
import type { DagId } from '../../../src/core/ids';
import { at, batch, dagChange, plannedDag, taskChange } from '../../contract/records';
import { bounds, countIn, DEC, EXPIRED, FEB, first, HOUR_MS, JAN, linesOf, MAR, world } from './monthsWorld';
import { SERVERS } from './opened';

/** Back to where tasks were one table. */
const formerSchema = async ({ source }: Database): Promise<void> => {
  const isThere = async (): Promise<boolean> => {
    const [row] = await source.query<{ there: boolean }[]>(`SELECT to_regclass('tasks_base') IS NOT NULL AS there`);
    return row!.there;
  };
  while (await isThere()) await source.undoLastMigration();
};

const FILE = (table: string): string => `SELECT pg_relation_filenode('${table}') AS file`;

describe.each(SERVERS)('months on %s', (_name, start) => {
  let started: ReturnType<typeof start> | undefined;
  /** One for all tests: to start it takes longer than they do. */
  const server = (): ReturnType<typeof start> => (started ??= start());

  test('a cut divides what comes later, with the settings and indexes of what is there; what is there stays as it is', async () => {
    const { database, months, ended, expiry } = await world(server);
    await database.engine.query('ALTER TABLE tasks_base SET (autovacuum_vacuum_scale_factor = 0.03, toast.autovacuum_vacuum_threshold = 77)');
    const dags = [await ended(JAN), await ended(FEB + HOUR_MS)];
    const before = await linesOf(expiry.lines(dags));
    expect(bounds(await months.all())).toEqual(['later']);
    expect([await months.cut(MAR), await months.cut(first(4)), await months.cut(MAR)]).toEqual(['cut', 'cut', 'cut']);
    expect(bounds(await months.all())).toEqual(['2026-03', '2026-04', 'later']);
    const [base, ...others] = await partitionsOf(database.engine, 'tasks');
    expect(base!.settings).toMatch(/fillfactor = '50'.*0\.03.*toast\.autovacuum_vacuum_threshold = '77'/);
    expect(others.map(({ settings }) => settings)).toEqual([base!.settings, base!.settings]);
    const { rows } = await database.engine.query<{ on: string; columns: string }>(
      `SELECT tablename AS on, substring(indexdef FROM 'USING.*') AS columns FROM pg_indexes WHERE tablename LIKE 'tasks\\_%' ORDER BY 1, 2`,
    );
    const columns = ['USING btree (dag_id, index)', 'USING btree (due_at) WHERE (due_at IS NOT NULL)'];
    expect(rows.map((row) => row.columns)).toEqual([...columns, ...columns, ...columns]);
    expect(await schemaDrift(database)).toEqual([]);
    await ended(MAR + HOUR_MS);
    expect(await linesOf(expiry.lines(dags))).toEqual(before);
  });

  test('where a clock was months ahead nothing is cut, and whatever comes finds a place', async () => {
    const { database, months, ended } = await world(server);
    await ended(first(7));
    expect(await months.cut(MAR)).toBe('occupied');
    expect(bounds(await months.all())).toEqual(['later']);
    expect(await months.cut(first(8))).toBe('cut');
    for (const time of [JAN, MAR, first(9), first(9, 2031)]) await ended(time);
    expect([await countIn(database, 'tasks'), await countIn(database, 'tasks_base')]).toEqual([20, 12]);
  });

  test('a month of which no DAG is left is dropped with all that lies there; the oldest takes its place', async () => {
    const { database, store, months, ended, expiry } = await world(server);
    for (const time of [JAN, FEB, MAR]) await months.cut(time);
    const [old, gone, kept] = [await ended(DEC), await ended(JAN + HOUR_MS), await ended(FEB)];
    expect(await months.drop(MAR)).toEqual([]);
    expect(await expiry.removeExpired([gone], EXPIRED, (dag) => dag === gone)).toEqual([gone]);
    expect([await countIn(database, 'dags'), await countIn(database, 'tasks'), await countIn(database, 'attempts')]).toEqual([2, 12, 3]);
    expect((await database.engine.query('SELECT 1 FROM removals')).rowCount).toBe(0);

    // Behind an older DAG it is an empty place, and takes in what comes late.
    expect((await months.drop(MAR)).map(({ table, until, bytes }) => [table, until, bytes > 8_000])).toEqual([
      ['tasks', FEB, true],
      ['attempts', FEB, true],
    ]);
    expect(bounds(await months.all())).toEqual(['2026-01', '2026-02', '2026-03', 'later']);
    expect([await countIn(database, 'tasks'), await countIn(database, 'attempts')]).toEqual([8, 2]);
    const late = await ended(JAN);
    expect(await months.drop(MAR)).toEqual([]);
    await expiry.removeExpired([old, late], EXPIRED, (dag) => dag === late);
    expect(await countIn(database, 'tasks')).toBe(8);
    expect((await months.drop(MAR)).map(({ table, until }) => [table, until])).toEqual([
      ['tasks', FEB],
      ['attempts', FEB],
    ]);
    expect(bounds(await months.all())).toEqual(['2026-02', '2026-03', 'later']);
    expect((await partitionsOf(database.engine, 'tasks')).map(({ settings }) => settings)).toEqual(Array(3).fill("WITH (fillfactor = '50')"));
    expect(await schemaDrift(database)).toEqual([]);

    await store.admit([{ dag: plannedDag({ createdAt: DEC }), idempotency: null }]);
    const { rows } = await database.engine.query<{ dag: DagId }>('SELECT DISTINCT dag_id AS dag FROM attempts');
    expect([rows, await countIn(database, 'tasks')]).toEqual([[{ dag: kept }], 8]);
  });

  test('a filled database gets there without a row being written, and back with all of them', async () => {
    const { database, months, ended, expiry } = await world(server);
    await formerSchema(database);
    const dags = [await ended(JAN), await ended(FEB), await ended(MAR)];
    const before = await linesOf(expiry.lines(dags));
    const { rows: file } = await database.engine.query(FILE('tasks'));
    await database.source.runMigrations();
    expect((await database.engine.query(FILE('tasks_base'))).rows).toEqual(file);
    expect([await linesOf(expiry.lines(dags)), await schemaDrift(database)]).toEqual([before, []]);
    expect(await months.cut(first(4))).toBe('cut');
    await ended(first(4));
    await formerSchema(database);
    expect((await database.engine.query(FILE('tasks'))).rows).toEqual(file);
    expect([await linesOf(expiry.lines(dags)), await countIn(database, 'tasks'), await countIn(database, 'attempts')]).toEqual([before, 16, 4]);
  });
});

const [, onServices] = SERVERS[0]!;

test('nothing is lost and nobody sees an error while months are cut and dropped under load', async () => {
  const { database, store, owned, months, ended, expiry } = await world(onServices);
  await months.cut(FEB);
  const load = { goesOn: true, admitted: 0 };
  const lane = async (): Promise<void> => {
    while (load.goesOn) {
      const dags = Array.from({ length: 20 }, () => plannedDag({ createdAt: FEB + Math.floor(Math.random() * 27 * 24 * HOUR_MS) }));
      await store.admit(dags.map((dag) => ({ dag, idempotency: null })));
      const tasks = dags.flatMap((dag) => [0, 1, 2, 3].map((task) => taskChange(dag, task)));
      await store.commit(batch(at(owned, 1n), { tasks, dags: dags.map((dag) => dagChange(dag, { completedTasks: 4 })) }));
      load.admitted += dags.length;
    }
  };
  const lanes = Promise.all([lane(), lane(), lane()]);
  // Where the tables don't come free in time it is tried again, as the leader does.
  const insisting = async <T>(step: () => Promise<T>): Promise<T> => step().catch(() => insisting(step));
  for (const month of [4, 5, 6]) expect(await insisting(() => months.cut(first(month)))).toBe('cut');
  const gone = await ended(JAN);
  await expiry.removeExpired([gone], EXPIRED, () => true);
  await months.cut(first(7)).catch(() => undefined);
  expect(await insisting(() => months.drop(FEB))).toHaveLength(2);
  load.goesOn = false;
  await lanes;
  expect(load.admitted).toBeGreaterThan(20);
  const { rows } = await database.engine.query<{ n: number; dags: number }>(
    `SELECT count(*)::integer AS n, count(DISTINCT dag_id)::integer AS dags FROM tasks WHERE status = 'COMPLETED'`,
  );
  expect(rows).toEqual([{ n: 4 * load.admitted, dags: load.admitted }]);
});

test('a DAG of old times that is just being stored is not dropped with its month', async () => {
  const { database, store, months, ended } = await world(onServices);
  for (const time of [JAN, FEB]) await months.cut(time);
  const client = await database.engine.connect();
  try {
    await client.query('BEGIN');
    const writer = createRunStore({ engine: client as unknown as Pool });
    await writer.admit([{ dag: plannedDag({ createdAt: JAN }), idempotency: null }]);
    await expect(months.drop(FEB)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await client.query('COMMIT');
  } finally {
    client.release();
  }
  expect(await months.drop(FEB)).toEqual([]);
  expect(await countIn(database, 'tasks')).toBe(4);
  await store.admit([{ dag: plannedDag({ createdAt: DEC }), idempotency: null }]);
  await ended(FEB);
});

test('rows that lie in a month which is kept are deleted, and those of its DAGs stay', async () => {
  const { database, store, months, ended, expiry } = await world(onServices);
  await months.cut(FEB);
  const wide = plannedDag(
    { createdAt: JAN },
    Array.from({ length: 6_000 }, () => []),
  );
  await store.admit([{ dag: wide, idempotency: null }]);
  const gone = [await ended(JAN), await ended(JAN + HOUR_MS)];
  await ended(FEB);
  await expiry.removeExpired(gone, EXPIRED, () => true);
  expect(await months.clear({ from: null, to: FEB })).toBe(10);
  await database.engine.query('DELETE FROM dags WHERE dag_id = $1', [wide.dagId]);
  expect(await months.clear({ from: null, to: FEB })).toBe(6_000);
  expect([await countIn(database, 'tasks'), await countIn(database, 'attempts')]).toEqual([4, 1]);
});
