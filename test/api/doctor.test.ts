/** The doctor's paths: what is told of findings, and what repairs tell the logs. */
import { failure } from '../../src/core/failure';
import type { DagId } from '../../src/core/ids';
import { roundOf } from '../contract/claimAudit';
import { describedAs, vitalsOf } from '../contract/leases';
import { openWorld, type World } from './world';

interface Report {
  readonly findings: number;
  readonly checks: readonly {
    readonly check: string;
    readonly count: number;
    readonly unknown: string | null;
    readonly examples: readonly string[];
    readonly repair: string;
  }[];
  readonly repaired: Readonly<Record<string, number>>;
}

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.database.engine.query(`UPDATE shards SET owner = 'somebody', lease_until = now() + interval '1 hour'`);
});

const submitted = async (): Promise<string> => {
  const answer = await world.http.post('/api/v1/dags').send({ dagName: 'x', tasks: [{ taskName: 'a', type: 'API_CALL' }] });
  return (answer.body as { dagId: string }).dagId;
};
const sql = (text: string, ...values: unknown[]) => world.database.engine.query(text, values);
const report = async (): Promise<Report> => (await world.http.get('/api/v1/doctor')).body as Report;
const repair = async (body?: object): Promise<Report> => (await world.http.post('/api/v1/doctor/repair').send(body)).body as Report;

test('a healthy system has no findings, and each check says what should be so', async () => {
  await submitted();
  const { findings, checks } = await report();
  expect(findings).toBe(0);
  expect(checks.map(({ check, count, unknown, examples }) => [check, count, unknown, examples])).toEqual(
    ['counters', 'unfinished', 'stalled', 'undue', 'overdue', 'holderless', 'claims', 'ownerless', 'commands', 'letters', 'removals'].map((check) => [
      check,
      0,
      null,
      [],
    ]),
  );
});

test('findings are told in words, twenty of them, and mended only by the checks that are named', async () => {
  const dags = await Promise.all(Array.from({ length: 25 }, submitted));
  await sql('UPDATE dags SET failed_tasks = 1');
  await sql(`UPDATE tasks SET status = 'RUNNING', session = 'gone', dispatch = 3 WHERE dag_id = $1`, dags[0]);
  const [counters, ...others] = (await report()).checks.filter(({ count }) => count > 0);
  expect([counters?.count, counters?.examples.length, others.map(({ check }) => check)]).toEqual([25, 20, ['holderless']]);
  expect(counters?.examples[0]).toMatch(/: it says 0\/1\/0\/0 of 1 tasks completed\/failed\/skipped\/cancelled, its tasks say 0\/0\/0\/0 of 1$/);
  expect((await repair({ checks: ['holderless'] })).repaired).toEqual({ holderless: 1 });
  expect(world.appended).toEqual([
    { type: 'lost', session: 'gone', evidence: 'the doctor found its session over', tasks: [{ dag: dags[0], task: 0, dispatch: 3 }] },
    { type: 'audited', dag: dags[0], repair: { check: 'holderless', by: null, reason: null } },
  ]);
  world.appended.length = 0;
  expect((await repair({ checks: ['counters'] })).repaired).toEqual({ counters: 25 });
  expect(world.appended.filter(({ type }) => type === 'audited')).toHaveLength(25);
});

test('an ended DAG is counted anew, a letter published, a deletion finished, a retry told that it is due', async () => {
  const [ended, retrying] = [await submitted(), await submitted()];
  await sql(`UPDATE tasks SET status = 'COMPLETED' WHERE dag_id = $1`, ended);
  await sql(`UPDATE dags SET status = 'COMPLETED' WHERE dag_id = $1`, ended);
  await sql(`UPDATE tasks SET status = 'RETRYING', dispatch = 2 WHERE dag_id = $1`, retrying);
  await sql(
    `INSERT INTO dead_letters (shard, kind, failed_at, place, "offset", raw, hash) VALUES (0, 'UNDECODABLE', now() - interval '1 minute', 'p', 1, '', 'h')`,
  );
  await sql(`INSERT INTO removals (dag_id) VALUES ('00000000-0000-8000-8000-000000000000')`);
  expect((await repair()).repaired).toMatchObject({ counters: 1, undue: 1, letters: 1, removals: 1, stalled: 0 });
  expect(world.appended).toContainEqual({ type: 'due', tasks: [{ dag: retrying, task: 0, dispatch: 2 }] });
  expect((await report()).checks.filter(({ count }) => count > 0).map(({ check }) => check)).toEqual(['undue']);
  expect((await world.http.get(`/api/v1/dags/${ended}`)).body).toMatchObject({ completedTasks: 1 });
});

test('what Redis would have to tell is unknown while it is away; a wrong body names the field', async () => {
  const away = failure('LEASES_UNAVAILABLE', 'away');
  world.live.redis = () => Promise.reject(away);
  expect((await report()).checks.find(({ check }) => check === 'holderless')?.unknown).toBe('Redis is out of reach: nobody knows who lives');
  expect((await report()).checks.find(({ check }) => check === 'claims')?.unknown).toBe('Redis is out of reach: nobody knows who lives');
  world.live.redis = () => Promise.resolve();
  world.leases.forget();
  expect((await report()).checks.find(({ check }) => check === 'claims')?.unknown).toBe('Redis is out of reach: nobody knows what is held there');
  const wrong = await world.http.post('/api/v1/doctor/repair').send({ checks: ['counters', 'heart'], now: true, by: '', reason: 7 });
  const errors = [{ path: 'now' }, { path: 'checks[1]' }, { path: 'by' }, { path: 'reason' }];
  expect([wrong.status, wrong.body]).toMatchObject([400, { errors }]);
  for (const by of ['a\0', '\ud800', 'x'.repeat(129)])
    expect((await world.http.post('/api/v1/doctor/repair').send({ by })).body).toMatchObject({ errors: [{ path: 'by' }] });
  expect((await world.http.post('/api/v1/doctor/repair').send([])).body).toMatchObject({ errors: [{ path: 'body' }] });
});

test('claims that a dead session left behind are found, and given back; who asked for a repair is told', async () => {
  const told: unknown[] = [];
  world.events.listen('audit.repaired', (what) => told.push(what));
  const [left, needed] = [(await submitted()) as DagId, (await submitted()) as DagId];
  const { sessions, claims, ledger } = world.leases;
  const session = await sessions.open(describedAs('w'), vitalsOf());
  await claims.claim(
    session.id,
    [left, needed].map((dag) => ({ dag, task: 0, dispatch: 1 })),
  );
  await sql(`UPDATE tasks SET status = 'FAILED', queued_at = NULL, completed_at = now() - interval '61 seconds' WHERE dag_id = $1`, left);
  await sql(`UPDATE dags SET status = 'FAILED', failed_tasks = 1 WHERE dag_id = $1`, left);
  expect((await report()).findings).toBe(0);
  await session.close();
  const found = (await report()).checks.filter(({ count }) => count > 0);
  expect(found).toMatchObject([{ check: 'claims', count: 1, repair: 'give the claim back, as its session would have' }]);
  expect((await repair({ checks: ['claims'], by: 'ann', reason: 'ticket 7' })).repaired).toEqual({ claims: 1 });
  expect(told).toEqual([{ repaired: { claims: 1 }, by: 'ann', reason: 'ticket 7' }]);
  expect((await report()).findings).toBe(0);
  // What its row still needs isn't touched.
  expect(await roundOf(world.leases.claimAudit)).toEqual([{ dag: needed, task: 0, dispatch: 1, session: session.id }]);
  expect(await ledger.holders([{ dag: left, task: 0, dispatch: 1 }])).toEqual([{ kind: 'absent' }]);
});

test('a DAG with several findings of a check is counted anew once, behind the rest', async () => {
  const answer = await world.http.post('/api/v1/dags').send({ dagName: 'x', tasks: ['a', 'b'].map((taskName) => ({ taskName, type: 'API_CALL' })) });
  const { dagId } = answer.body as { dagId: string };
  await sql(`UPDATE tasks SET status = 'RUNNING', session = 'gone', dispatch = 1`);
  await repair({ by: 'ann' });
  expect(world.appended.map(({ type }) => type)).toEqual(['lost', 'lost', 'audited']);
  expect(world.appended[2]).toEqual({ type: 'audited', dag: dagId, repair: { check: 'holderless', by: 'ann', reason: null } });
});
