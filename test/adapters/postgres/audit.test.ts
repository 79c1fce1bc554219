/** Each inconsistency planted into the rows by SQL: the doctor sees it, and sees nothing where nothing is wrong. */
import { createCommandStore } from '../../../src/adapters/postgres/commandStore';
import { createMemoryLeases, type MemoryLeases } from '../../../src/adapters/memory/leases';
import { createRowAudit } from '../../../src/adapters/postgres/audit';
import { createRunStore } from '../../../src/adapters/postgres/runStore';
import { createShardLeases } from '../../../src/adapters/postgres/shardLeases';
import type { Database } from '../../../src/adapters/postgres/database';
import { systemClock } from '../../../src/adapters/system/clock';
import { lookAtClaims } from '../../../src/audit/claims';
import { createDoctor } from '../../../src/audit/doctor';
import { failure } from '../../../src/core/failure';
import type { DagId } from '../../../src/core/ids';
import type { LiveWorker } from '../../../src/ports/leases';
import { describedAs, vitalsOf } from '../../contract/leases';
import { plannedDag } from '../../contract/records';
import { migrated, SERVERS } from './opened';

const NOW = { betweenMs: 0, stalledMs: 1000, cancellingMs: 1000, claimMs: 1000, dueMs: 1000, commandMs: 1000, letterMs: 1000, removalMs: 1000 };

interface Patient {
  readonly database: Database;
  readonly dag: DagId;
  /** Whose claims are looked at; whoever lives by the rows is told to `examine`. */
  readonly leases: MemoryLeases;
  sql(text: string): Promise<unknown>;
  /** The words of all findings, by check; `live` are the sessions that live. */
  examine(live?: readonly string[]): Promise<Record<string, readonly string[]>>;
}

const newLeases = (): MemoryLeases => createMemoryLeases({ clock: systemClock, leaseMs: 60_000, heartbeatMs: 20_000 });

const patient = async (): Promise<Patient> => {
  const database = await migrated(await (await SERVERS[0]![1]())());
  const leases = createShardLeases(database);
  await leases.define(1);
  await leases.acquire('somebody', 600_000, 1);
  const plan = plannedDag({}, [[], [0], [0], [1, 2]]);
  await createRunStore(database).admit([{ dag: plan, idempotency: null }]);
  const memory = newLeases();
  return {
    database,
    leases: memory,
    dag: plan.dagId,
    sql: (text) => database.engine.query(text.replaceAll(':dag', `'${plan.dagId}'`)),
    examine: async (live = []) => {
      const workers = live.map((session) => ({ session }) as LiveWorker);
      const doctor = createDoctor({
        rows: createRowAudit(database),
        roster: { read: () => Promise.resolve({ workers, trusted: true }) },
        claimAudit: memory.claimAudit,
        clock: systemClock,
        limits: NOW,
      });
      const { findings } = await doctor.examine();
      return Object.fromEntries([...findings].flatMap(([check, found]) => (found.length === 0 ? [] : [[check, found.map(({ words }) => words)]])));
    },
  };
};

test('where nothing is wrong nothing is found', async () => {
  const { examine, sql } = await patient();
  expect(await examine()).toEqual({});
  await sql(`UPDATE tasks SET status = 'RUNNING', session = 's1', worker = 'w1' WHERE index = 0`);
  await sql(`UPDATE dags SET status = 'RUNNING', due_at = now() + interval '1 hour'`);
  expect(await examine(['s1'])).toEqual({});
  await sql(`UPDATE tasks SET status = 'RETRYING', session = NULL, due_at = now() + interval '1 hour' WHERE index = 0`);
  expect(await examine()).toEqual({});
});

test('counters that disagree, of live DAGs and of ended ones, which are counted anew', async () => {
  const { examine, sql, dag, database } = await patient();
  await sql(`UPDATE dags SET completed_tasks = 2`);
  const words = (ends: string): string =>
    `DAG ${dag} (diamond): it says 2/0/0/0 of 4 tasks completed/failed/skipped/cancelled, its tasks say ${ends} of 4`;
  expect(await examine()).toEqual({ counters: [words('0/0/0/0')] });
  await sql(`UPDATE tasks SET status = 'COMPLETED'`);
  await sql(`UPDATE dags SET status = 'COMPLETED'`);
  expect(await examine()).toEqual({ counters: [words('4/0/0/0')] });
  const rows = createRowAudit(database);
  expect(await rows.recount(dag as never)).toBe(true);
  expect(await examine()).toEqual({});
  await sql(`UPDATE dags SET status = 'RUNNING'`);
  expect(await rows.recount(dag as never)).toBe(false);
});

test('a live DAG whose tasks are over, and one that waits for nothing', async () => {
  const { examine, sql } = await patient();
  await sql(`UPDATE tasks SET status = 'COMPLETED', completed_at = now() - interval '1 hour'`);
  await sql(`UPDATE dags SET completed_tasks = 4, status = 'RUNNING', created_at = now() - interval '1 hour'`);
  expect(await examine()).toEqual({ unfinished: [expect.stringMatching(/is RUNNING, and all of its 4 tasks are over$/)] });
  await sql(`UPDATE tasks SET status = 'PENDING', queued_at = NULL, completed_at = NULL WHERE index = 3`);
  await sql(`UPDATE dags SET completed_tasks = 3`);
  await sql(`UPDATE tasks SET queued_at = now() - interval '1 hour' WHERE queued_at IS NOT NULL`);
  expect(await examine()).toEqual({ stalled: [expect.stringMatching(/waits for nothing: 1 of its 4 tasks wait for their dependencies/)] });
  await sql(`UPDATE tasks SET reason = '{"code":"HELD","at":1}' WHERE index = 3`);
  expect(await examine()).toEqual({});
  // What is to be approved later waits for what comes before it, as all others do.
  await sql(`UPDATE tasks SET reason = '{"code":"HELD","at":1,"approval":"REQUIRED"}' WHERE index = 3`);
  expect(await examine()).toEqual({ stalled: [expect.stringMatching(/waits for nothing: 1 of its 4 tasks wait/)] });
  await sql(`UPDATE tasks SET reason = '{"code":"HELD","at":1,"approval":"AWAITED"}' WHERE index = 3`);
  expect(await examine()).toEqual({});
  await sql(`UPDATE tasks SET reason = NULL`);
  await sql(`UPDATE dags SET status = 'PAUSED'`);
  expect(await examine()).toEqual({});
});

test.each([
  `status = 'RETRYING'`,
  `status = 'RUNNING', options = '{"totalTimeoutSeconds":5}'`,
  `status = 'QUEUED', options = '{"queueTimeoutSeconds":5}'`,
  `status = 'PENDING', reason = '{"code":"HELD","at":1,"resumeAt":2}'`,
])('a wait without its time: %s', async (columns) => {
  const { examine, sql } = await patient();
  await sql(`UPDATE tasks SET ${columns} WHERE index = 0`);
  expect(await examine()).toEqual({ undue: [expect.stringMatching(/^task .+ waits for a time that its row doesn’t tell$/)] });
  await sql(`UPDATE tasks SET due_at = now() + interval '1 hour' WHERE index = 0`);
  expect(await examine()).toEqual({});
});

test('times that are over, while somebody owns the shard', async () => {
  const { examine, sql, dag } = await patient();
  await sql(`UPDATE tasks SET status = 'RETRYING', due_at = now() - interval '1 minute' WHERE index = 0`);
  await sql(`UPDATE dags SET due_at = now() - interval '1 minute'`);
  const found = await examine();
  expect(found).toEqual({
    overdue: [
      expect.stringMatching(`^what task 0 of DAG ${dag} waits for has been over for 60.\\d s$`),
      expect.stringMatching(`^the time of DAG ${dag} has been over for 60.\\d s$`),
    ],
  });
  await sql(`UPDATE shards SET lease_until = now() - interval '2 seconds'`);
  expect(await examine()).toEqual({ ownerless: [expect.stringMatching(/^shard 0 has no owner: the last lease ended 2.\d s ago$/)] });
});

test('a task that runs nowhere; where nobody knows who lives nothing is claimed', async () => {
  const { examine, sql, database } = await patient();
  await sql(`UPDATE tasks SET status = 'RUNNING', session = 's1', worker = 'w1' WHERE index = 0`);
  expect(await examine(['s2'])).toEqual({ holderless: [expect.stringMatching(/ runs in the session s1, which is over$/)] });
  const unknown = async (read: () => Promise<{ workers: LiveWorker[]; trusted: boolean }>) => {
    const { findings, unknown: why } = await createDoctor({
      rows: createRowAudit(database),
      roster: { read },
      claimAudit: newLeases().claimAudit,
      clock: systemClock,
      limits: NOW,
    }).examine();
    return [findings.get('holderless'), findings.get('claims'), [...why.keys()]];
  };
  expect(await unknown(() => Promise.resolve({ workers: [], trusted: false }))).toEqual([[], [], ['holderless', 'claims']]);
  expect(await unknown(() => Promise.reject(failure('LEASES_UNAVAILABLE', 'away')))).toEqual([[], [], ['holderless', 'claims']]);
});

test('a task that has long been taken away from a session that is over', async () => {
  const { examine, sql } = await patient();
  const since = (ms: number) =>
    sql(`UPDATE tasks SET status = 'CANCELLING', session = 's1', reason = '{"code":"CANCELLED","at":${String(Date.now() - ms)}}' WHERE index = 0`);
  await since(500);
  expect(await examine(['s2'])).toEqual({});
  await since(1500);
  expect(await examine(['s2'])).toEqual({ holderless: [expect.stringMatching(/ is being taken away from the session s1, which is over$/)] });
  expect(await examine(['s1'])).toEqual({});
  await sql(`UPDATE tasks SET session = NULL`);
  expect(await examine()).toEqual({});
});

test('claims of a session that is over count once their rows have been done with them for a while', async () => {
  const { examine, sql, leases, dag } = await patient();
  const session = await leases.sessions.open(describedAs('w'), vitalsOf());
  const gone = '00000000-0000-8000-8000-000000000000' as DagId;
  await leases.claims.claim(session.id, [0, 1, 2, 3].map((task) => ({ dag, task, dispatch: 1 })).concat({ dag: gone, task: 0, dispatch: 3 }));
  await sql(`UPDATE tasks SET queued_at = now() - interval '1 hour'`);
  await sql(`UPDATE tasks SET status = 'FAILED', dispatch = 1, completed_at = now() - interval '1 minute' WHERE index = 0`);
  await sql(`UPDATE tasks SET status = 'QUEUED', dispatch = 2 WHERE index = 1`);
  await sql(`UPDATE tasks SET status = 'RUNNING', dispatch = 1, session = 's1' WHERE index = 2`);
  await sql(`UPDATE dags SET failed_tasks = 1, status = 'RUNNING'`);
  expect(await examine(['s1'])).toEqual({});
  await session.close();
  const words = (dispatch: number, task: number, of = dag): string =>
    `the session ${session.id}, which is over, still holds dispatch ${String(dispatch)} of task ${String(task)} of DAG ${of}, and its row is done with that`;
  expect(await examine(['s1'])).toEqual({ claims: [words(1, 0), words(1, 1), words(3, 0, gone)] });
  await sql(`UPDATE tasks SET completed_at = now() WHERE index = 0`);
  await sql(`UPDATE tasks SET queued_at = now() WHERE index = 1`);
  expect(await examine(['s1'])).toEqual({ claims: [words(3, 0, gone)] });
});

test('where a round over all keys takes long, a claim counts only when three of them are over', async () => {
  const { sql, leases, dag, database } = await patient();
  const session = await leases.sessions.open(describedAs('w'), vitalsOf());
  await leases.claims.claim(session.id, [{ dag, task: 0, dispatch: 1 }]);
  await session.close();
  const claimAudit = { abandoned: async (from: string | null) => ({ ...(await leases.claimAudit.abandoned(from)), looks: 30 }) };
  const look = async (minutes: number) => {
    await sql(`UPDATE tasks SET status = 'FAILED', queued_at = NULL, completed_at = now() - interval '${String(minutes)} minutes' WHERE index = 0`);
    return (await lookAtClaims({ claimAudit, rows: createRowAudit(database) }, null, 60_000)).suspicions.length;
  };
  // 30 looks of 2 s each, three times.
  expect([await look(2), await look(4)]).toEqual([0, 1]);
});

test('a row is done with a dispatch where it is final, where it has another number, or where there is none', async () => {
  const { sql, dag, database } = await patient();
  const isDone = async (dispatch: number): Promise<boolean> => {
    const asked = [dispatch, 99].map((number) => ({ dag, task: 1, dispatch: number, more: 'kept' }));
    const [first, ...others] = (await createRowAudit(database).unneeded(asked)).map(({ wanted }) => wanted);
    expect((others.at(-1) ?? first)?.more).toBe('kept');
    return first?.dispatch === dispatch;
  };
  const row = (status: string, dispatch: number) => sql(`UPDATE tasks SET status = '${status}', dispatch = ${String(dispatch)} WHERE index = 1`);
  for (const status of ['PENDING', 'QUEUED', 'RUNNING', 'CANCELLING']) {
    await row(status, 0);
    expect([status, await isDone(1), await isDone(2)]).toEqual([status, false, true]);
    await row(status, 2);
    expect([status, await isDone(1), await isDone(2), await isDone(3)]).toEqual([status, true, false, true]);
  }
  for (const status of ['RETRYING', 'COMPLETED', 'FAILED', 'SKIPPED', 'CANCELLED']) {
    await row(status, 2);
    expect([status, await isDone(1), await isDone(2)]).toEqual([status, true, true]);
  }
  expect(await createRowAudit(database).unneeded([])).toEqual([]);
});

test('commands without an outcome, letters that nobody published, deletions half done', async () => {
  const { examine, sql, database, dag } = await patient();
  const command = { dag: dag as never, command: { kind: 'pause' }, by: null, reason: null, key: null } as const;
  const commands = createCommandStore(database);
  await commands.request([
    { ...command, notBefore: null },
    { ...command, notBefore: Date.now() + 3_600_000 },
  ]);
  await sql(`INSERT INTO dead_letters (shard, kind, failed_at) VALUES (0, 'UNDECODABLE', now() - interval '1 minute')`);
  await sql(`INSERT INTO removals (dag_id) VALUES ('00000000-0000-8000-8000-000000000000')`);
  await sql(`UPDATE commands SET requested_at = now() - interval '1 minute'`);
  await sql(`UPDATE removals SET requested_at = now() - interval '1 minute'`);
  expect(await examine()).toEqual({
    commands: [expect.stringMatching(`^command \\d+ \\(pause of DAG ${dag}\\) has had no outcome for 60.\\d s$`)],
    letters: [expect.stringMatching(/^dead letter \d+ has not been published for 60.\d s$/)],
    removals: [expect.stringMatching(/^the deletion of DAG 00000000-0000-8000-8000-000000000000 was begun 60.\d s ago$/)],
  });
});

test('all live DAGs are looked at, page by page, and what is over costs nothing', async () => {
  const { database, sql } = await patient();
  const store = createRunStore(database);
  const tasks = Array.from({ length: 30 }, () => []);
  await store.admit(Array.from({ length: 1_100 }, () => ({ dag: plannedDag({}, tasks), idempotency: null })));
  const rows = createRowAudit(database);
  const pages: number[] = [];
  const seen = new Set<string>();
  for (let at: Parameters<typeof rows.liveDags>[0] = null; ;) {
    const page = await rows.liveDags(at, { sessions: [], cancellingMs: 0 });
    if (page.next === null) break;
    pages.push(page.dags.length);
    for (const { dag } of page.dags) seen.add(dag);
    at = page.next;
  }
  expect([seen.size, Math.max(...pages)]).toEqual([1_101, 500]);
  await sql(`UPDATE dags SET status = 'COMPLETED'`);
  await sql(`ANALYZE dags`);
  const { rows: plan } = await database.engine.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN SELECT * FROM dags WHERE status IN ('CREATED', 'RUNNING', 'PAUSED') AND (shard, id) > (0, 0) ORDER BY shard, id LIMIT 500`,
  );
  expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toContain('Index Scan using dags_live');
});
