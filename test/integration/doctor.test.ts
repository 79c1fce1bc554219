/** The doctor on real processes and services: nothing in health, each planted inconsistency told and mended, one process on duty. */
import { type RunningRole, startProcess } from '../harness/processes';
import { startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

const task = (taskName: string, durationMs: number, dependencies: readonly string[] = []) => ({
  taskName,
  type: 'API_CALL',
  dependencies,
  simulate: { durationMs, failureRate: 0 },
});

const series = async ({ url }: Pick<RunningRole, 'url'>): Promise<string[]> => {
  const text = await (await fetch(`${url}/actuator/prometheus`)).text();
  return text.split('\n').filter((line) => line.startsWith('doctor_findings{'));
};

test('each planted inconsistency is told and mended, in health nothing is found, and the duty moves when its process is suspended', async () => {
  const stack = await startRealStack({ workers: 1, env: { SCHEDULER_ID: 'first' }, workerEnv: { WORKER_CONCURRENCY: '10' } });
  const { api, sql } = stack;
  const dts = async (...args: string[]) => {
    const running = await startProcess({ script: 'dist/cli/main.js', args: ['--url', stack.url, ...args] });
    const { code } = await running.exited;
    return { code, out: running.stdout(), err: running.stderr() };
  };
  const second = await stack.startScheduler({ env: { SCHEDULER_ID: 'second' } });
  // Only after its first examination has a process anything to tell.
  const both = [stack.scheduler, second];
  const onDuty = await until(async () => (await Promise.all(both.map(series))).findIndex((lines) => lines.length > 0) + 1, {
    what: 'one of the two schedulers to be on duty',
    timeoutMs: 40_000,
  });
  expect(await series(both[2 - onDuty]!)).toEqual([]);
  expect((await series(both[onDuty - 1]!)).filter((line) => !line.endsWith(' 0'))).toEqual([]);

  const submit = async (dagName: string, ...tasks: ReturnType<typeof task>[]): Promise<string> => (await api.submit({ dagName, tasks })).dagId;
  const ended = await submit('ended', task('a', 20));
  const reopened = await submit('over', task('a', 20), task('b', 20, ['a']));
  await api.wait(ended);
  await api.wait(reopened);
  const live = await submit('live', task('a', 60_000));
  const retrying = await submit('retrying', task('a', 20), task('held', 20));
  const ghost = await submit('ghost', task('a', 60_000));
  const cancelled = await submit('cancelled', task('a', 60_000));
  await until(async () => (await sql(`SELECT 1 FROM tasks WHERE status = 'RUNNING'`)).length === 3, { what: 'the long ones to run' });
  await until(async () => (await sql(`SELECT 1 FROM dags WHERE status = 'COMPLETED'`)).length === 3, { what: 'the short ones to be over' });

  expect(await dts('doctor')).toMatchObject({ code: 0, err: '' });

  await sql('UPDATE dags SET completed_tasks = 7 WHERE dag_id = ANY ($1::uuid[])', [[ended, live]]);
  await sql(`UPDATE dags SET status = 'RUNNING', completed_at = NULL WHERE dag_id = ANY ($1::uuid[])`, [[reopened, retrying]]);
  await sql(`UPDATE dags SET completed_tasks = 1 WHERE dag_id = $1`, [retrying]);
  await sql(`UPDATE tasks SET status = 'RETRYING', completed_at = now(), result = NULL WHERE dag_id = $1 AND name = 'a'`, [retrying]);
  await sql(`UPDATE tasks SET session = 'nobody.1' WHERE dag_id = $1`, [ghost]);
  const reason = JSON.stringify({ code: 'CANCELLED', at: Date.now() - 60_000 });
  await sql(`UPDATE tasks SET session = 'nobody.1', status = 'CANCELLING', reason = $2 WHERE dag_id = $1`, [cancelled, reason]);
  const found = await dts('doctor');
  process.stdout.write(found.out);
  expect(found.code).toBe(1);
  expect((await api.doctor()).checks.flatMap(({ check, count }) => (count === 0 ? [] : [`${check} ${String(count)}`]))).toEqual([
    'counters 2',
    'unfinished 1',
    'undue 1',
    'holderless 2',
  ]);
  const repaired = await dts('doctor', '--repair', '--by', 'ann', '--reason', 'ticket 7');
  process.stdout.write(repaired.out + repaired.err);
  expect((await api.doctor()).checks.flatMap(({ check, count }) => (count === 0 ? [] : [check]))).toEqual([]);
  // Its owner knew better who runs it: it was never run a second time.
  expect(await sql('SELECT status, dispatch FROM tasks WHERE dag_id = $1', [ghost])).toEqual([{ status: 'RUNNING', dispatch: 1 }]);
  expect(await sql('SELECT status, dispatch, reason FROM tasks WHERE dag_id = $1', [cancelled])).toEqual([
    { status: 'RUNNING', dispatch: 1, reason: null },
  ]);
  const line = { kind: 'dag.repaired', taskId: null, by: 'ann' };
  expect((await api.events(live)).items).toMatchObject([{ ...line, message: 'counters: ticket 7' }]);
  expect((await api.events(ghost)).items).toMatchObject([{ ...line, message: 'holderless: ticket 7' }]);
  expect([(await api.dag(ended)).completedTasks, (await api.dag(live)).completedTasks]).toEqual([1, 0]);
  expect([(await api.dag(reopened)).status, (await api.wait(retrying)).status]).toEqual(['COMPLETED', 'COMPLETED']);

  both[onDuty - 1]!.suspend();
  await until(async () => (await series(both[2 - onDuty]!)).length > 0, { what: 'the other scheduler to be on duty', timeoutMs: 40_000 });
  both[onDuty - 1]!.resume();
  await until(async () => (await series(both[onDuty - 1]!)).length === 0, { what: 'the first one to know that it is not', timeoutMs: 10_000 });
}, 180_000);
