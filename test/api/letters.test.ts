/** Replays and discards of dead letters over a real PostgreSQL, without an engine: the owner of the shards is the test. */
import type { Commanded, CommandOutcome } from '../../src/core/command';
import { shardOf, type DagId } from '../../src/core/ids';
import { openWorld, type World } from './world';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
beforeEach(() => {
  world.live.append = () => Promise.resolve();
});

/** A DAG whose only task has given up; the answer is a filter that finds its letter, and the letter's id. */
const deadLetter = async (): Promise<{ filter: { dagId: DagId }; id: string }> => {
  const tasks = [{ taskName: 'a', type: 'API_CALL' }];
  const dagId = (await world.http.post('/api/v1/dags').send({ dagName: 'gave up', tasks })).body.dagId as DagId;
  const { rows } = await world.database.engine.query<{ id: string }>(
    `INSERT INTO dead_letters (dag_id, index, shard, dispatch, dag_name, task_name, type, kind, failed_at, state)
     VALUES ($1, 0, $2, 1, 'gave up', 'a', 'API_CALL', 'HANDLER', now(), 'OPEN') RETURNING id`,
    [dagId, shardOf(dagId)],
  );
  return { filter: { dagId }, id: rows[0]!.id };
};

const refuse = async (commands: readonly Commanded[]): Promise<void> => {
  const outcome = { outcome: 'REFUSED', detail: 'the DAG is on its way to an early end', affected: 0, at: Date.now() } as const;
  await world.commands.refuseCommands(commands.map(({ id, dag }): CommandOutcome => ({ id, dag, ...outcome })));
};

test('a replay of many that was refused is asked for anew, unless a key says that it is the same request', async () => {
  world.live.append = refuse;
  const { filter } = await deadLetter();
  const replay = async (key?: string): Promise<unknown> => {
    const request = world.http.post('/api/v1/dead-letters/replay');
    const answer = await (key === undefined ? request : request.set('Idempotency-Key', key)).send({ filter });
    return [answer.status, answer.body.letters, answer.body.repeated];
  };
  expect(await replay()).toEqual([202, 1, 0]);
  expect(await replay()).toEqual([202, 1, 0]);
  expect(await replay('once')).toEqual([202, 1, 0]);
  expect(await replay('once')).toEqual([202, 1, 1]);
});

test('one that waits for its turn is asked for once, and a discard takes it back', async () => {
  const waiting = [await deadLetter(), await deadLetter()];
  const bulk = { filter: { dagName: 'gave up' }, ratePerSecond: 0.001 };
  await world.http.post('/api/v1/dead-letters/replay').send(bulk);
  expect((await world.http.post('/api/v1/dead-letters/replay').send(bulk)).body.repeated).toBeGreaterThanOrEqual(2);
  // Newest first: the last one's turn is now, and the owner may have heard of it.
  const due = await world.http.post(`/api/v1/dead-letters/${waiting[1]!.id}/discard`);
  expect([due.status, due.body.code, due.body.detail]).toEqual([409, 'LETTER_CLOSED', 'its replay is due: cancel its task instead']);
  const discarded = await world.http.post(`/api/v1/dead-letters/${waiting[0]!.id}/discard`).send({ by: 'ada' });
  expect([discarded.status, discarded.body.letter.state]).toEqual([200, 'DISCARDED']);
  const { items } = (await world.http.get(`/api/v1/dags/${waiting[0]!.filter.dagId}/commands`)).body as { items: object[] };
  expect(items).toMatchObject([{ kind: 'retry', outcome: 'REFUSED', detail: 'its dead letter was discarded' }]);
  expect((await world.http.post(`/api/v1/dead-letters/${waiting[0]!.id}/discard`)).status).toBe(200);
});
