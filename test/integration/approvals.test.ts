/** Tasks that a person approves, on the real stack: nothing of them starts before, whichever scheduler has their DAG. */
import type { Client } from '../../src/sdk';
import type { RunningRole } from '../harness/processes';
import { clientOf, type RealStack, startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

let stack: RealStack;
let first: RunningRole;
beforeAll(async () => {
  stack = await startRealStack({ workers: 1 });
  first = stack.scheduler;
}, 90_000);

const quick = { durationMs: 1, failureRate: 0 };
const task = (taskName: string, dependencies: readonly string[], more: object = {}) =>
  ({ taskName, type: 'API_CALL', dependencies, simulate: quick, ...more }) as const;

const release = (deploy: object = {}) => ({
  dagName: 'Release',
  tasks: [task('build', []), task('deploy', ['build'], { requiresApproval: true, queueTimeoutSeconds: 1, ...deploy }), task('tell', ['deploy'])],
});

const idOf = async (api: Client, dagId: string, name: string): Promise<string> =>
  (await api.tasks(dagId)).find(({ taskName }) => taskName === name)!.taskId;

/** Until only a person is waited for. */
const untilAsked = (api: Client, taskId: string): Promise<unknown> =>
  until(async () => (await api.explain(taskId)).conditions.some(({ code }) => code === 'AWAITING_APPROVAL'), {
    what: 'the task to wait for approval',
  });

test('it waits for its approval over a change of schedulers, starts then, and the history says who let it go', async () => {
  const { dagId } = await stack.api.submit(release());
  const deploy = await idOf(stack.api, dagId, 'deploy');
  await untilAsked(stack.api, deploy);
  const second = await stack.startScheduler();
  const api = clientOf(second.url);
  await first.kill();
  await until(
    async () =>
      (
        await stack.sql(`SELECT FROM shards WHERE lease_until > now() AND owner = (SELECT owner FROM shards s
    WHERE s.lease_until > now() GROUP BY owner ORDER BY count(*) DESC LIMIT 1)`)
      ).length === 8,
    { what: 'one to own all shards', timeoutMs: 20_000 },
  );
  await expect(api.releaseTask(deploy)).rejects.toMatchObject({ status: 409, message: expect.stringContaining('approve it') as unknown });
  const waiting = await api.explain(deploy);
  expect(waiting).toMatchObject({ status: 'PENDING', conditions: [{ code: 'AWAITING_APPROVAL' }] });
  expect(waiting.summary).toMatch(new RegExp(`^it waits for approval since .* [(]dts approve ${deploy} frees it[)]$`));
  expect((await api.task(deploy)).startedAt).toBeNull();

  const answer = await api.approveTask(deploy, { by: 'ada', reason: 'tests are green' });
  expect(answer).toMatchObject({ outcome: 'APPLIED', affected: 1 });
  expect((await api.wait(dagId, { timeoutMs: 20_000 })).status).toBe('COMPLETED');
  expect(await api.approveTask(deploy)).toMatchObject({ outcome: 'APPLIED', affected: 0 });
  const { items } = await api.events(dagId);
  expect(items.map(({ kind, taskName, by, message }) => [kind, taskName, by, message])).toEqual([
    ['task.awaitsApproval', 'deploy', null, null],
    ['approve', 'deploy', 'ada', 'tests are green'],
    ['approve', 'deploy', null, null],
  ]);
}, 60_000);

test('its queue time begins with its approval; marked as failed it is rejected, and a retry asks again', async () => {
  const api = clientOf((await stack.startScheduler()).url);
  const { dagId } = await api.submit(release({ maxRetries: 0 }));
  const [build, deploy] = [await idOf(api, dagId, 'build'), await idOf(api, dagId, 'deploy')];
  await expect(api.approveTask(build)).rejects.toMatchObject({ status: 409, message: expect.stringContaining('requires no approval') as unknown });
  await untilAsked(api, deploy);
  const askedAt = Date.now();
  await until(() => Promise.resolve(Date.now() > askedAt + 1500), { what: 'the queue time to be over' });
  expect(await api.explain(deploy)).toMatchObject({ status: 'PENDING', conditions: [{ code: 'AWAITING_APPROVAL' }] });
  await api.markTask(deploy, 'FAILED', { by: 'bob', reason: 'not on a Friday' });
  expect((await api.wait(dagId, { timeoutMs: 20_000 })).status).toBe('FAILED');
  expect((await api.explain(deploy)).summary).toBe('it was marked as failed by bob (not on a Friday): not on a Friday');
  await expect(api.approveTask(deploy)).rejects.toMatchObject({ status: 409 });
  await api.retry(dagId);
  await untilAsked(api, deploy);
  await api.approveTask(deploy);
  expect((await api.wait(dagId, { timeoutMs: 20_000 })).status).toBe('COMPLETED');
  await api.rerun(dagId, { from: 'deploy' });
  await untilAsked(api, deploy);
  await api.cancel(dagId);
  expect((await api.wait(dagId, { timeoutMs: 20_000 })).status).toBe('CANCELLED');
}, 60_000);

test('an edit adds a task that waits for its approval', async () => {
  const api = clientOf((await stack.startScheduler()).url);
  const { dagId } = await api.submit({ dagName: 'Manual', tasks: [task('a', [], { requiresApproval: true })] });
  const a = await idOf(api, dagId, 'a');
  await untilAsked(api, a);
  await api.edit(dagId, { add: [task('b', [], { requiresApproval: true }), task('c', ['a'], { requiresApproval: true })] });
  const tasks = await api.tasks(dagId);
  for (const { taskId, taskName } of tasks) if (taskName !== 'c') await untilAsked(api, taskId);
  const c = tasks.find(({ taskName }) => taskName === 'c')!.taskId;
  expect((await api.explain(c)).summary).toBe('it waits for a (pending); then it needs an approval');
  for (const { taskId } of tasks.filter(({ taskName }) => taskName !== 'c')) await api.approveTask(taskId);
  await untilAsked(api, c);
  await api.approveTask(c);
  expect((await api.wait(dagId, { timeoutMs: 20_000 })).status).toBe('COMPLETED');
}, 60_000);
