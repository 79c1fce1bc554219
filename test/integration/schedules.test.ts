/** Schedules in the compiled program, on the real services and in one process. */
import type { Client } from '../../src/sdk';
import { startRealStack, startStandalone } from '../harness/stacks';
import { until } from '../harness/until';

const dag = { dagName: 'scheduled', tasks: [{ taskName: 'only', type: 'NOTIFICATION', simulate: { durationMs: 5, failureRate: 0 } }] };
type Sql = Awaited<ReturnType<typeof startStandalone>>['sql'];

/** The minute that began last, each day. */
const lastMinute = (): { readonly at: Date; readonly cron: string } => {
  const at = new Date(Math.floor(Date.now() / 60_000) * 60_000);
  return { at, cron: `${at.getUTCMinutes()} ${at.getUTCHours()} * * *` };
};

/** Nobody waits for a minute's end: that time is said to be due in a moment. */
const dueSoon = async (sql: Sql, at: Date): Promise<number> => {
  const due = new Date(Date.now() + 1500);
  await sql(`UPDATE schedules SET next_fire_at = '${at.toISOString()}', next_due_at = '${due.toISOString()}', version = version + 1`);
  return due.getTime();
};

const firesInTime = async ({ api, sql, url }: { api: Client; sql: Sql; url: string }): Promise<void> => {
  const { at, cron } = lastMinute();
  const { scheduleId } = await api.createSchedule({ name: 'one', cron, dag });
  const due = await dueSoon(sql, at);
  const firing = await until(
    async () => {
      const { firings } = await api.schedule(scheduleId);
      return firings
        .filter(({ state }) => state === 'SUBMITTED')
        .map(({ fireTime, dueAt, settledAt, dagId }) => ({ fireTime, dueAt, settledAt: settledAt ?? '', dagId: dagId ?? '' }))[0];
    },
    { what: 'the schedule to fire', timeoutMs: 15_000 },
  );
  expect(Date.parse(firing.settledAt) - due).toBeLessThan(2000);
  expect(await api.wait(firing.dagId, { timeoutMs: 20_000 })).toMatchObject({ status: 'COMPLETED', scheduleId, scheduledFor: firing.fireTime });
  const metrics = await (await fetch(`${url}/actuator/prometheus`)).text();
  expect(metrics).toMatch(/^schedule_firings_total\{outcome="submitted"\} 1$/m);
  expect(metrics).toMatch(/^schedule_lateness_seconds_count 1$/m);
  await api.removeSchedule(scheduleId);
  expect((await api.schedules()).items).toEqual([]);
};

test('standalone fires within two seconds', async () => {
  await firesInTime(await startStandalone());
}, 90_000);

test('on the real services it does as well; the leader dies while it fires, and each time still has exactly one DAG', async () => {
  const stack = await startRealStack({ workers: 1 });
  await firesInTime(stack);
  // It leads, as nobody else was there.
  const second = await stack.startScheduler();
  const count = 150;
  const { at, cron } = lastMinute();
  await Promise.all(Array.from({ length: count }, (_, i) => stack.api.createSchedule({ name: `many ${i}`, cron, overlap: 'skip', dag })));
  await dueSoon(stack.sql, at);
  await until(async () => (await stack.sql('SELECT 1 FROM schedule_firings LIMIT 1')).length > 0, { what: 'the first firing', everyMs: 1 });
  await stack.scheduler.kill();
  const left = async (): Promise<number> =>
    (await stack.sql(`SELECT 1 FROM schedules s LEFT JOIN schedule_firings f USING (schedule_id) WHERE f.state IS DISTINCT FROM 'SUBMITTED'`)).length;
  await until(async () => (await left()) === 0, { what: 'the other scheduler to fire the rest', timeoutMs: 30_000 });
  const dags =
    await stack.sql(`SELECT d.schedule_id FROM dags d JOIN schedule_firings f ON f.schedule_id = d.schedule_id AND f.fire_time = d.scheduled_for
    AND f.dag_id = d.dag_id`);
  expect(dags).toHaveLength(count);
  expect((await stack.sql('SELECT 1 FROM dags')).length).toBe(count + 1);
  expect((await fetch(`${second.url}/api/v1/schedules?limit=1`)).status).toBe(200);
}, 120_000);
