/** What happened, as it becomes deliveries on a real database. */
import type { Database } from '../../src/adapters/postgres/database';
import { createDeadLetterOutbox } from '../../src/adapters/postgres/deadLetterOutbox';
import { createRunStore } from '../../src/adapters/postgres/runStore';
import { createShardLeases } from '../../src/adapters/postgres/shardLeases';
import { systemClock } from '../../src/adapters/system/clock';
import type { DagChange } from '../../src/core/change';
import { mintDagId, type DagId } from '../../src/core/ids';
import { createWanted } from '../../src/notify/wanted';
import type { CommitBatch, OwnedShard, RunStore } from '../../src/ports/store';
import { migrated } from '../adapters/postgres/opened';
import { atEnd } from '../harness/cleanup';
import { freshDatabase } from '../harness/services';
import { until } from '../harness/until';
import { openSending } from './sending';

const NOW = Date.now();
let database: Database;
let world: ReturnType<typeof openSending>;
let store: RunStore;
let owned: OwnedShard;
const committed: CommitBatch[] = [];

beforeAll(async () => {
  database = await migrated((await freshDatabase()).url);
  world = openSending(database);
  const leases = createShardLeases(database);
  await leases.define(1);
  [owned] = (await leases.acquire('me', 60_000, 1)) as [OwnedShard];
  const plain = createRunStore(database);
  store = {
    ...plain,
    commit: (batch) => {
      committed.push(batch);
      return plain.commit(batch);
    },
  };
});
beforeEach(async () => {
  committed.length = 0;
  for (const table of ['subscriptions', 'deliveries', 'notices']) await database.engine.query(`DELETE FROM ${table}`);
});

const admit = async (name: string, tags: readonly string[], lateAt?: number): Promise<DagId> => {
  const dagId = mintDagId(0, NOW, Math.random);
  const dag = {
    dagId,
    shard: 0,
    name,
    description: null,
    tags,
    createdAt: NOW - 5000,
    dueAt: null,
    tasks: [],
    ...(lateAt !== undefined && { lateAt }),
  };
  await store.admit([{ dag, idempotency: null }]);
  return dagId;
};

const ending = (dag: DagId, status: DagChange['status'], completedAt: number | null = NOW): DagChange => ({
  ...{ dag, status, completedTasks: 3, failedTasks: 1, skippedTasks: 0, cancelledTasks: 0, startedAt: NOW - 4000, completedAt, dueAt: null },
  reason: status === 'CANCELLED' ? { code: 'CANCELLED', at: NOW, by: 'ada', message: 'enough' } : null,
});

const batchOf = (...dags: DagChange[]): CommitBatch => ({
  ...{ shards: [owned], tasks: [], dags, attempts: [], deadLetters: [], history: [], commands: [], edits: [] },
});

/** A store as a scheduler has it that has read the subscriptions. */
const reading = async (): Promise<RunStore> => {
  let isRead = false;
  const subscriptions = () => world.subscriptions.subscriptions().finally(() => (isRead = true));
  const wanted = createWanted({ store: { subscriptions }, clock: systemClock, onError: () => undefined });
  atEnd(() => wanted.service.stop());
  await wanted.service.start();
  await until(() => isRead, { what: 'the subscriptions to be read' });
  await wanted.service.stop();
  return wanted.watched(store);
};

const count = async (table: string): Promise<number> =>
  (await database.engine.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`)).rows[0]!.count;
const toldTo = async (subscription: { id: string }): Promise<string[]> => (await world.deliveries(subscription)).map(({ title }) => title).sort();

test('without a subscription a commit has nothing more to write', async () => {
  const watched = await reading();
  await watched.commit(batchOf(ending(await admit('a', []), 'COMPLETED')));
  expect(committed[0]).not.toHaveProperty('notices');
  expect(await count('notices')).toBe(0);
});

test('each end is told to whom it concerns, once, with what was true then', async () => {
  const all = await world.subscribe('http://127.0.0.1:9');
  const failures = await world.subscribe('http://127.0.0.1:9', { events: ['DAG_FAILED'], dagName: 'import-*' });
  const tagged = await world.subscribe('http://127.0.0.1:9', { tags: ['billing'], events: ['DAG_COMPLETED', 'DAG_CANCELLED'] });
  const later = await world.subscribe('http://127.0.0.1:9', { createdAt: NOW + 120_000 });
  const off = await world.subscribe('http://127.0.0.1:9', { enabled: false });
  const watched = await reading();
  const dags = [await admit('import-a', []), await admit('export', ['x', 'billing']), await admit('import-b', ['billing'])] as const;
  await watched.commit(batchOf(ending(dags[0], 'FAILED'), ending(dags[1], 'CANCELLED'), ending(dags[2], 'RUNNING', null)));
  await watched.commit(batchOf(ending(dags[2], 'COMPLETED')));
  // A final DAG that is written again, as by a mark of one of its tasks, has no second end.
  await watched.commit(batchOf(ending(dags[2], 'COMPLETED')));
  // Set in motion again, its end was an end all the same.
  await watched.commit(batchOf(ending(dags[0], 'RUNNING', null)));
  expect(await world.fanOut()).toBe(6);
  expect(await toldTo(all)).toEqual(['DAG export was cancelled', 'DAG import-a failed', 'DAG import-b completed']);
  expect(await toldTo(failures)).toEqual(['DAG import-a failed']);
  expect(await toldTo(tagged)).toEqual(['DAG export was cancelled', 'DAG import-b completed']);
  for (const nobody of [later, off]) expect(await toldTo(nobody)).toEqual([]);
  expect(await count('notices')).toBe(0);
  const taken = await world.store.take(0, { total: 10, ofOne: 10, busy: new Map() });
  const cancelled = taken.find(({ subscription, event }) => subscription === all.id && event === 'DAG_CANCELLED');
  expect(JSON.parse(cancelled!.body)).toEqual({
    type: 'DAG_CANCELLED',
    timestamp: new Date(NOW).toISOString(),
    data: {
      dag: {
        ...{ dagId: dags[1], dagName: 'export', tags: ['x', 'billing'], status: 'CANCELLED', totalTasks: 0, completedTasks: 3, failedTasks: 1 },
        ...{ skippedTasks: 0, cancelledTasks: 0, createdAt: new Date(NOW - 5000).toISOString(), startedAt: new Date(NOW - 4000).toISOString() },
        ...{ completedAt: new Date(NOW).toISOString(), lateAt: null, reason: { code: 'CANCELLED', by: 'ada', message: 'enough' } },
        link: `http://here/dags/${dags[1]}`,
      },
      letter: null,
    },
  });
  // The next end is another one.
  await watched.commit(batchOf(ending(dags[0], 'FAILED', NOW + 2)));
  expect(await world.fanOut()).toBe(2);
});

test('a crash between the deliveries and the notices writes no delivery twice', async () => {
  const all = await world.subscribe('http://127.0.0.1:9');
  await (await reading()).commit(batchOf(ending(await admit('twice', []), 'FAILED')));
  const kept = await database.engine.query('SELECT * FROM notices');
  expect(await world.fanOut()).toBe(1);
  const { event, at, dag_id: dag, facts } = kept.rows[0] as Record<string, unknown>;
  await database.engine.query('INSERT INTO notices (event, at, dag_id, facts) VALUES ($1, $2, $3, $4)', [event, at, dag, facts]);
  expect(await world.fanOut()).toBe(0);
  expect(await toldTo(all)).toHaveLength(1);
});

test('a scheduler that has read no subscriptions yet notes everything, and a removed DAG is told to nobody', async () => {
  const all = await world.subscribe('http://127.0.0.1:9');
  const unread = createWanted({ store: world.subscriptions, clock: systemClock, onError: () => undefined }).watched(store);
  const [kept, removed] = [await admit('kept', []), await admit('removed', [])];
  await unread.commit(batchOf(ending(kept, 'COMPLETED'), ending(removed, 'COMPLETED')));
  await database.engine.query('DELETE FROM dags WHERE dag_id = $1', [removed]);
  expect(await world.fanOut()).toBe(1);
  expect(await toldTo(all)).toEqual(['DAG kept completed']);
  expect(await count('notices')).toBe(0);
});

test('a stale owner leaves no notice', async () => {
  await world.subscribe('http://127.0.0.1:9');
  const watched = await reading();
  const stale = { ...batchOf(ending(await admit('stale', []), 'COMPLETED')), shards: [{ ...owned, epoch: owned.epoch - 1 }] };
  await expect(watched.commit(stale)).rejects.toMatchObject({ code: 'STALE_EPOCH' });
  expect(await count('notices')).toBe(0);
});

test('a DAG that is not over at its time is late, once, also where nobody looked before it was', async () => {
  const all = await world.subscribe('http://127.0.0.1:9', { events: ['DAG_LATE'] });
  const past = NOW - 1000;
  const [running, inTime, tooLate, notYet] = [
    ...[await admit('running', [], past), await admit('in-time', [], past), await admit('too-late', [], past)],
    await admit('not-yet', [], NOW + 3_600_000),
  ] as [DagId, DagId, DagId, DagId];
  const watched = await reading();
  await watched.commit(batchOf(ending(inTime, 'COMPLETED', past - 1), ending(tooLate, 'COMPLETED', past + 1), ending(notYet, 'RUNNING', null)));
  expect(await world.fanOut()).toBe(2);
  expect(await toldTo(all)).toEqual(['DAG running is late', 'DAG too-late is late']);
  // In time once is in time: run again, it is not late.
  await watched.commit(batchOf(ending(inTime, 'RUNNING', null), ending(running, 'RUNNING', null)));
  expect(await world.fanOut()).toBe(0);
});

test('a dead letter is told when the topic was told of it, with its DAG or without one', async () => {
  const all = await world.subscribe('http://127.0.0.1:9');
  const named = await world.subscribe('http://127.0.0.1:9', { dagName: 'letters' });
  const dag = await admit('letters', []);
  const { rows } = await database.engine.query<{ id: string }>(
    `INSERT INTO dead_letters (dag_id, index, shard, dispatch, dag_name, task_name, type, kind, error, failed_at) VALUES
      ($1, 0, 0, 1, 'letters', 'load', 'API_CALL', 'HANDLER', '{"kind":"HANDLER","message":"no"}', now()),
      (NULL, NULL, 0, NULL, NULL, NULL, NULL, 'UNDECODABLE', '{"kind":"UNDECODABLE","message":"what?"}', now()) RETURNING id`,
    [dag],
  );
  const outbox = createDeadLetterOutbox(database);
  const ids = rows.map(({ id }) => id);
  await outbox.markPublished(ids);
  await outbox.markPublished(ids);
  expect(await world.fanOut()).toBe(3);
  expect(await toldTo(named)).toEqual(['DAG letters has a dead letter: task load gave up']);
  expect(await toldTo(all)).toEqual([
    `A record that can't be decoded became dead letter ${ids[1]!}`,
    'DAG letters has a dead letter: task load gave up',
  ]);
});
