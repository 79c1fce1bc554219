import type { QueryResult } from 'pg';
import { createCommandStore } from '../../../src/adapters/postgres/commandStore';
import { createExpiry } from '../../../src/adapters/postgres/expiry';
import { createRunStore } from '../../../src/adapters/postgres/runStore';
import { createShardLeases } from '../../../src/adapters/postgres/shardLeases';
import type { DagId } from '../../../src/core/ids';
import type { OwnedShard } from '../../../src/ports/store';
import { at, batch, dagChange, plannedDag, plannedTask, taskChange } from '../../contract/records';
import { migrated, SERVERS } from './opened';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const HOUR_MS = 3_600_000;

const opened = async () => {
  const database = await migrated(await (await SERVERS[0]![1]())());
  const [store, leases, commands] = [createRunStore(database), createShardLeases(database), createCommandStore(database)];
  await leases.define(1);
  const owned: OwnedShard[] = await leases.acquire('expiry', 60_000, 1);
  /** A DAG that ended so many hours ago. */
  const ended = async (status: 'COMPLETED' | 'FAILED' | 'CANCELLED', hours: number): Promise<DagId> => {
    const dag = plannedDag({ createdAt: NOW - hours * HOUR_MS - 1000 });
    await store.admit([{ dag, idempotency: { key: `key of ${dag.dagId}`, bodyHash: 'h' } }]);
    await store.commit(
      batch(at(owned, 1n), {
        dags: [dagChange(dag, { status, startedAt: dag.createdAt, completedAt: NOW - hours * HOUR_MS })],
        tasks: [taskChange(dag, 0, { status: 'FAILED', error: '{"kind":"HANDLER","message":"\\u0000 ü"}' })],
        history: [{ dag: dag.dagId, at: NOW, kind: 'retry', task: 0, by: 'ann', message: null }],
        attempts: [{ dag: dag.dagId, task: 0, dispatch: 1, attempt: 1, worker: 'w', session: 's', startedAt: NOW, endedAt: NOW, error: '{}' }],
        deadLetters: [{ dag: dag.dagId, task: 0, dispatch: 1, failedAt: NOW, kind: 'HANDLER' }],
      }),
    );
    return dag.dagId;
  };
  return { database, store, owned, commands, ended, expiry: createExpiry(database) };
};

test('what ended before its time is found, oldest first, and what is kept or still goes on is not', async () => {
  const { store, ended, expiry } = await opened();
  const [old, , failed, older] = [await ended('COMPLETED', 30), await ended('COMPLETED', 3), await ended('FAILED', 30), await ended('COMPLETED', 40)];
  await store.admit([{ dag: plannedDag({ createdAt: NOW - 100 * HOUR_MS }), idempotency: null }]);
  const found = async (cutoffs: Parameters<typeof expiry.expired>[0]) => {
    const { dags, next } = await expiry.expired(cutoffs, null);
    expect(next).toBeNull();
    return dags.map(({ dag }) => dag);
  };
  expect(await found({ COMPLETED: NOW - 24 * HOUR_MS })).toEqual([old, older]);
  expect(await found({ COMPLETED: NOW - 35 * HOUR_MS, FAILED: NOW - 24 * HOUR_MS })).toEqual([failed, older]);
  expect(await found({ CANCELLED: NOW })).toEqual([]);
  expect(await found({})).toEqual([]);
});

test('every row of a DAG is a line, and after its removal nothing of it is left', async () => {
  const { database, ended, expiry } = await opened();
  const [gone, kept] = [await ended('FAILED', 30), await ended('FAILED', 30)];
  const lines: { table: string; row: { dag_id: DagId; error?: string } }[] = [];
  for await (const line of expiry.lines([gone])) {
    expect(line.endsWith('}\n')).toBe(true);
    lines.push(JSON.parse(line) as (typeof lines)[number]);
  }
  expect(lines.map(({ table }) => table)).toEqual(['dags', 'tasks', 'tasks', 'tasks', 'tasks', 'attempts', 'dag_events', 'dead_letters']);
  expect(new Set(lines.map(({ row }) => row.dag_id))).toEqual(new Set([gone]));
  expect(JSON.parse(lines[1]!.row.error!)).toEqual({ kind: 'HANDLER', message: '\u0000 ü' });

  expect(await expiry.removeExpired([gone], { FAILED: NOW }, () => false)).toEqual([gone]);
  for (const table of ['dags', 'tasks', 'attempts', 'dag_events', 'dead_letters', 'idempotency_keys']) {
    const { rows } = await database.engine.query<{ dag: DagId }>(`SELECT DISTINCT dag_id AS dag FROM ${table}`);
    expect([table, rows]).toEqual([table, [{ dag: kept }]]);
  }
  expect((await database.engine.query('SELECT 1 FROM removals')).rowCount).toBe(0);
});

test('a large DAG is read in pages, each task once and in order', async () => {
  const { store, expiry } = await opened();
  const dag = plannedDag(
    {},
    Array.from({ length: 2_500 }, () => []),
  );
  await store.admit([{ dag, idempotency: null }]);
  const indexes: number[] = [];
  for await (const line of expiry.lines([dag.dagId])) {
    const { table, row } = JSON.parse(line) as { table: string; row: { index: number } };
    if (table === 'tasks') indexes.push(row.index);
  }
  expect(indexes).toEqual(Array.from({ length: 2_500 }, (_, i) => i));
});

test('no answer of the database is large, however large the texts of the tasks are', async () => {
  const { database, store } = await opened();
  const payload = JSON.stringify('x'.repeat(250_000));
  const dag = plannedDag({ tasks: Array.from({ length: 60 }, (_, i) => plannedTask(`t${String(i)}`, i % 20 === 0 ? {} : { payload })) });
  await store.admit([{ dag, idempotency: null }]);
  const answers: number[] = [];
  const query = database.engine.query.bind(database.engine) as (text: string, values: unknown[]) => Promise<QueryResult<{ json: string }>>;
  const engine = {
    query: async (text: string, values: unknown[]) => {
      const answer = await query(text, values);
      answers.push(answer.rows.reduce((sum, { json }) => sum + json.length, 0));
      return answer;
    },
  } as unknown as typeof database.engine;
  let tasks = 0;
  for await (const line of createExpiry({ engine }).lines([dag.dagId])) tasks += line.startsWith('{"table":"tasks"') ? 1 : 0;
  expect(tasks).toBe(60);
  expect(answers.filter((bytes) => bytes > 1_000_000).length).toBeGreaterThan(3);
  expect(Math.max(...answers)).toBeLessThan(4_500_000);
});

test('what a command may set in motion again, and what somebody holds, is left for later', async () => {
  const { database, commands, ended, expiry } = await opened();
  const [asked, locked, free] = [await ended('FAILED', 30), await ended('FAILED', 30), await ended('FAILED', 30)];
  await commands.request([{ dag: asked, command: { kind: 'rerun', task: null }, by: null, reason: null, notBefore: null, key: null }]);
  const client = await database.engine.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT 1 FROM dags WHERE dag_id = $1 FOR UPDATE', [locked]);
    expect(await expiry.removeExpired([asked, locked, free], { FAILED: NOW }, () => false)).toEqual([free]);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
});

test('what has ended anew since it was read for its archive is left, and what has ended otherwise', async () => {
  const { store, owned, ended, expiry } = await opened();
  const [again, otherwise, gone] = [await ended('FAILED', 30), await ended('FAILED', 30), await ended('FAILED', 30)];
  const cutoffs = { FAILED: NOW - 24 * HOUR_MS };
  const endsAnew = (dag: DagId, status: 'COMPLETED' | 'FAILED', completedAt: number) =>
    store.commit(
      batch(at(owned, 2n), { dags: [dagChange({ ...plannedDag(), dagId: dag }, { status, startedAt: NOW - 31 * HOUR_MS, completedAt })] }),
    );
  await endsAnew(again, 'FAILED', NOW);
  await endsAnew(otherwise, 'COMPLETED', NOW - 30 * HOUR_MS);
  expect(await expiry.removeExpired([again, otherwise, gone], cutoffs, () => false)).toEqual([gone]);
});
