/** Times become firings, and firings DAGs: once each, whatever ends in between and whoever else sweeps. */
import { failure } from '../../src/core/failure';
import { refusal } from '../../src/core/refusal';
import type { Bodies } from '../../src/control/bodies';
import { DAG, openWorld, type World } from './world';

let world: World;
beforeAll(async () => {
  world = await openWorld('2026-03-02T05:30:00Z');
});
beforeEach(async () => {
  await world.database.engine.query('TRUNCATE schedules, schedule_firings, dags, tasks, idempotency_keys');
  world.now = Date.parse('2026-03-02T05:30:00Z');
});

const create = async (over: Partial<Bodies['ScheduleBody']> = {}): Promise<string> =>
  (await world.control.create({ name: 'hourly', cron: '0 * * * *', dag: DAG, ...over })).scheduleId;
const at = (time: string): void => {
  world.now = Date.parse(`2026-03-02T${time}Z`);
};

test('a time fires once it has come, and the next one is known', async () => {
  const id = await create();
  await world.sweep().once();
  expect(await world.firings(id)).toEqual([]);
  at('06:00:01');
  const told: unknown[] = [];
  world.events.listen('schedule.fired', (what) => void told.push(what));
  await world.sweep().once();
  await world.sweep().once();
  expect([await world.firings(id), await world.dags(id)]).toEqual([['SUBMITTED 03-02T06:00'], ['03-02T06:00']]);
  expect(told).toEqual([{ schedule: id, outcome: 'submitted', lateMs: 1000, reason: null }]);
  const [dag] = (await world.database.engine.query<{ dag_id: string }>('SELECT dag_id FROM dags')).rows;
  expect(await world.schedules.schedule(id)).toMatchObject({
    ...{ lastDag: dag!.dag_id, lastStatus: 'CREATED', lastFireAt: Date.parse('2026-03-02T06:00Z'), nextFireAt: Date.parse('2026-03-02T07:00Z') },
  });
});

test('of many that sweep at once each time is fired by one', async () => {
  const ids = await Promise.all(Array.from({ length: 150 }, (_, i) => create({ name: `every ${i}` })));
  at('06:00:01');
  await Promise.all(Array.from({ length: 4 }, () => world.sweep().once()));
  await world.sweep().once();
  for (const id of ids) expect([await world.firings(id), await world.dags(id)]).toEqual([['SUBMITTED 03-02T06:00'], ['03-02T06:00']]);
});

test('who dies between the firing and the submission leaves it to the next, who dies behind it leaves no second one', async () => {
  const id = await create({ overlap: 'skip' });
  at('06:00:01');
  const dying = failure('STORE_UNAVAILABLE', 'died');
  await expect(world.sweep({ submit: () => Promise.reject(dying) }).once()).rejects.toBe(dying);
  expect([await world.firings(id), await world.dags(id)]).toEqual([['DUE 03-02T06:00'], []]);
  const silent = { ...world.schedules, settle: () => Promise.reject(dying) };
  await expect(world.sweep({ schedules: silent }).once()).rejects.toBe(dying);
  expect([await world.firings(id), await world.dags(id)]).toEqual([['DUE 03-02T06:00'], ['03-02T06:00']]);
  // Its document is another one by now: the DAG that is there counts, and is no reason to skip itself.
  await world.control.change(id, { dag: { ...DAG, dagName: 'other' } });
  await world.sweep().once();
  expect([await world.firings(id), await world.dags(id)]).toEqual([['SUBMITTED 03-02T06:00'], ['03-02T06:00']]);
});

test('while it is paused its times pass', async () => {
  const id = await create();
  await world.control.pause(id, {});
  at('08:10:00');
  await world.sweep().once();
  await world.control.resume(id, {});
  await world.sweep().once();
  expect(await world.firings(id)).toEqual([]);
  at('09:00:01');
  await world.sweep().once();
  expect(await world.firings(id)).toEqual(['SUBMITTED 03-02T09:00']);
});

test.each([
  ['none', ['MISSED 03-02T08:00'], []],
  ['latest', ['MISSED 03-02T07:00', 'SUBMITTED 03-02T08:00'], ['03-02T08:00']],
  ['all', ['MISSED 03-02T06:00', 'SUBMITTED 03-02T07:00', 'SUBMITTED 03-02T08:00'], ['03-02T07:00', '03-02T08:00']],
] as const)('after an outage %s of the times fire', async (catchUp, firings, dags) => {
  const id = await create({ catchUp, catchUpLimit: 2 });
  at('08:10:00');
  await world.sweep().once();
  expect([await world.firings(id), await world.dags(id)]).toEqual([firings, dags]);
  expect((await world.schedules.firings(id, 10)).at(-1)?.reason).toMatch(/^nobody could fire it in time/);
  at('09:00:01');
  await world.finish();
  await world.sweep().once();
  expect((await world.firings(id)).at(-1)).toBe('SUBMITTED 03-02T09:00');
});

test('where DAGs must not overlap a time is left out while one is live, also among those that are caught up', async () => {
  const id = await create({ overlap: 'skip', catchUp: 'all' });
  at('07:00:01');
  await world.sweep().once();
  expect(await world.firings(id)).toEqual(['SUBMITTED 03-02T06:00', 'SKIPPED 03-02T07:00']);
  expect((await world.schedules.firings(id, 1))[0]?.reason).toMatch(/^the DAG [0-9a-f-]{36} was still live$/);
  await world.finish();
  at('08:00:01');
  await world.sweep().once();
  expect(await world.dags(id)).toEqual(['03-02T06:00', '03-02T08:00']);
});

test('a submission that can not be taken now is tried again; one that is refused says why', async () => {
  const id = await create();
  at('06:00:01');
  await world.sweep({ submit: () => Promise.reject(refusal('BACKLOG_FULL', 'too much')) }).once();
  expect(await world.firings(id)).toEqual(['DUE 03-02T06:00']);
  await world.sweep({ submit: () => Promise.reject(refusal('INVALID_DAG', 'no such type')) }).once();
  expect(await world.firings(id)).toEqual(['REFUSED 03-02T06:00']);
  expect((await world.schedules.firings(id, 1))[0]?.reason).toBe('INVALID_DAG: no such type');
});

test('a jitter delays it by its own time', async () => {
  const id = await create({ jitterSeconds: 600 });
  const { rows } = await world.database.engine.query<{ due: Date; fire: Date }>('SELECT next_due_at AS due, next_fire_at AS fire FROM schedules');
  const delay = rows[0]!.due.getTime() - rows[0]!.fire.getTime();
  expect(delay > 0 && delay < 600_000).toBe(true);
  world.now = rows[0]!.due.getTime() - 1;
  await world.sweep().once();
  expect(await world.firings(id)).toEqual([]);
  world.now += 1;
  await world.sweep().once();
  expect(await world.firings(id)).toEqual(['SUBMITTED 03-02T06:00']);
});

test('a zone that is not known any more stops it with a word, and what is removed fires no more', async () => {
  const id = await create();
  await world.database.engine.query(`UPDATE schedules SET time_zone = 'Mars/Olympus'`);
  at('06:00:01');
  await world.sweep().once();
  expect(await world.schedules.firings(id, 1)).toMatchObject([{ state: 'MISSED', reason: expect.stringContaining('timeZone must be a time zone') }]);
  expect((await world.schedules.schedule(id))?.nextFireAt).toBeNull();
  const other = await create({ name: 'other' });
  await world.control.remove(other);
  at('07:00:01');
  await world.sweep().once();
  expect([await world.dags(other), await world.schedules.counts()]).toEqual([[], { active: 1, paused: 0 }]);
});

test('old firings go, the newest stay', async () => {
  const id = await create({ catchUp: 'all' });
  at('10:00:01');
  await world.sweep().once();
  await world.schedules.forget(2);
  expect(await world.firings(id)).toEqual(['SUBMITTED 03-02T09:00', 'SUBMITTED 03-02T10:00']);
});

test('what is due is read off its index alone', async () => {
  await world.database.engine.query(`
    INSERT INTO schedules (schedule_id, name, cron, time_zone, document, dag_name, overlap, catch_up, catch_up_limit, jitter_seconds, paused,
      created_at, updated_at, next_fire_at, next_due_at)
    SELECT gen_random_uuid(), 's' || i, '0 * * * *', 'UTC', repeat('x', 200), 'd', 'allow', 'none', 1, 0, i % 2 = 0, now(), now(),
      CASE i % 2 WHEN 0 THEN NULL ELSE now() + i * interval '1 s' END, CASE i % 2 WHEN 0 THEN NULL ELSE now() + i * interval '1 s' END
    FROM generate_series(1, 20000) i`);
  await world.database.engine.query('VACUUM ANALYZE schedules');
  const plan = await world.database.engine.query<Record<string, string>>(
    'EXPLAIN SELECT schedule_id FROM schedules WHERE next_due_at <= now() ORDER BY next_due_at LIMIT 100',
  );
  expect(plan.rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('Index Only Scan using schedules_due');
});
