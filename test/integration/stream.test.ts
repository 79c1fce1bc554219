/** What pages are shown live, by two schedulers on real services. */
import type { DagView, Overview } from '../../src/sdk';
import { openEvents, type EventReader, type Received } from '../harness/sse';
import { startRealStack, untilWorkers, type RealStack } from '../harness/stacks';
import type { RunningRole } from '../harness/processes';
import { until } from '../harness/until';

const TASKS = 4;
const bodyOf = (dagName: string) => ({
  dagName,
  simulate: { durationMs: 20, failureRate: 0 },
  tasks: ['a', 'b', 'c', 'd'].map((taskName, i, names) => ({ taskName, type: 'API_CALL' as const, dependencies: i === 0 ? [] : [names[i - 1]!] })),
});

let stack: RealStack;
let other: RunningRole;
beforeAll(async () => {
  stack = await startRealStack({ workers: 1 });
  other = await stack.startScheduler();
  await untilWorkers(other.url, ['worker-1']);
  await until(async () => (await schedulersIn(other.url)).length === 2, { what: 'two schedulers' });
}, 60_000);

const overviewOf = async (url: string) => (await (await fetch(`${url}/api/v1/overview`)).json()) as Overview;
const schedulersIn = async (url: string): Promise<readonly string[]> => (await overviewOf(url)).schedulers;
const streamOf = (url: string, topics: string, more?: Parameters<typeof openEvents>[1]): Promise<EventReader> =>
  openEvents(`${url}/api/v1/stream?topics=${topics}`, more);
const shows =
  (dagId: string, status: string) =>
  ({ event, data }: Received): boolean =>
    event === 'dags' && (data as { changed: DagView[] }).changed.some((dag) => dag.dagId === dagId && dag.status === status);
const finished: string[] = [];
const run = async (name: string): Promise<string> => {
  const { dagId } = await stack.api.submit(bodyOf(name));
  await stack.api.wait(dagId);
  finished.push(dagId);
  return dagId;
};

test('a page at one scheduler sees the DAGs of all shards: as the list shows them, and the tasks of those it watches', async () => {
  const page = await streamOf(other.url, 'overview,dags,workers');
  const [overview, workers] = await Promise.all(['overview', 'workers'].map((name) => page.next(name, ({ event }) => event === name)));
  expect(Object.keys(overview!.data as object).sort()).toEqual(
    Object.keys(await overviewOf(other.url))
      .filter((name) => name !== 'history')
      .sort(),
  );
  expect(workers!.data).toMatchObject([{ workerId: 'worker-1', state: 'ACTIVE' }]);
  // Until now nobody listened, and the other scheduler noted nothing.
  await page.next('a reset', ({ event }) => event === 'reset');
  // Of eight shards, four each: one is by chance of the one or the other.
  const ids = await Promise.all(Array.from({ length: 8 }, (_, i) => run(`live ${i}`)));
  for (const id of ids) await page.next(`the end of ${id}`, shows(id, 'COMPLETED'));
  const [shown] = (page.received.find(shows(ids[0]!, 'COMPLETED'))!.data as { changed: DagView[] }).changed.filter(({ dagId }) => dagId === ids[0]);
  expect([shown]).toEqual((await stack.api.dags({ name: 'live 0' })).items);
  page.close();
}, 30_000);

test('every change of a watched DAG is told, by whichever scheduler', async () => {
  const submitted = await Promise.all(
    ['here', 'there'].map((name) => stack.api.submit({ ...bodyOf(name), simulate: { durationMs: 300, failureRate: 0 } })),
  );
  for (const [i, { dagId }] of submitted.entries()) {
    const page = await streamOf([stack.url, other.url][i]!, `dag:${dagId}`);
    const before = await stack.api.tasks(dagId);
    await page.next('its end', ({ event, data }) => event === 'dag' && (data as { dag: DagView }).dag.status === 'COMPLETED');
    await stack.api.wait(dagId);
    const known = new Map(before.map((task) => [task.taskId, task]));
    const settled = async (): Promise<boolean> => {
      for (const { event, data } of page.received)
        if (event === 'dag') for (const task of (data as { tasks: typeof before }).tasks) known.set(task.taskId, task);
      return JSON.stringify([...known.values()]) === JSON.stringify(await stack.api.tasks(dagId));
    };
    await until(settled, { what: 'the tasks as they are' });
    expect(page.received.filter(({ event }) => event === 'reset').length).toBeLessThan(2);
    finished.push(dagId);
    page.close();
  }
}, 30_000);

test('who comes back, to any scheduler, is told what was missed; who comes from nowhere is told to read anew', async () => {
  const page = await streamOf(other.url, 'dags');
  const first = await run('before the break');
  await page.next('the first', shows(first, 'COMPLETED'));
  const lastEventId = page.lastEventId();
  expect(lastEventId).not.toBe('');
  page.close();
  const missed = await run('in the break');
  const again = await streamOf(stack.url, 'dags', { lastEventId });
  await again.next('what was missed', shows(missed, 'COMPLETED'));
  expect(again.received.filter(({ event }) => event === 'reset')).toEqual([]);
  for (const useless of ['nonsense', lastEventId.replace(/[.].*/, '.another'), lastEventId.replace(/^\d+/, '1700000000000')]) {
    const lost = await streamOf(stack.url, 'dags', { lastEventId: useless });
    expect((await lost.next('a reset', ({ event }) => event === 'reset')).data).toEqual({ reason: 'the last event is too old or unknown' });
    lost.close();
  }
  again.close();
}, 30_000);

test('topics that there are not are refused, HEAD and OPTIONS are answered', async () => {
  const ask = (query: string, method = 'GET') => fetch(`${stack.url}/api/v1/stream${query}`, { method });
  for (const query of [
    '',
    '?topics=',
    '?topics=dogs',
    '?topics=dags,dag:1',
    '?topics=dags&from=1',
    `?topics=${'dags,overview,workers,'.repeat(99)}`,
  ]) {
    const answer = await ask(query);
    expect([query.slice(0, 30), answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
      query.slice(0, 30),
      400,
      'WRONG_PARAMETER',
    ]);
  }
  await expect(stack.api.live(['dag:1']).next()).rejects.toMatchObject({ status: 400, problem: { code: 'WRONG_PARAMETER' } });
  for await (const { event, data } of stack.api.live(['overview'])) {
    expect([event, Object.keys(data).sort()]).toEqual([
      'overview',
      Object.keys(await stack.api.overview())
        .filter((name) => name !== 'history')
        .sort(),
    ]);
    break;
  }
  const head = await ask('?topics=dags', 'HEAD');
  expect([head.status, head.headers.get('content-type'), head.headers.get('x-accel-buffering')]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
    'no',
  ]);
  expect((await ask('?topics=dags', 'OPTIONS')).headers.get('allow')).toBe('GET, HEAD');
});

test('open pages do not delay a stop, and what the scheduler had counted stays', async () => {
  const pages = await Promise.all(Array.from({ length: 20 }, (_, i) => streamOf(other.url, 'overview,dags,workers', { paused: i % 2 === 0 })));
  const began = performance.now();
  expect(await other.terminate()).toMatchObject({ code: 0 });
  const tookMs = performance.now() - began;
  for (const page of pages) page.response.resume();
  await until(() => pages.every((page) => page.ended()), { what: 'the end of all streams' });
  process.stdout.write(`a stop with 20 open pages took ${tookMs.toFixed(0)} ms\n`);
  // Waiting for them would take the five seconds that answers under way are given.
  expect(tookMs).toBeLessThan(4000);
  const counted = async (): Promise<number> => {
    const { history } = await overviewOf(stack.url);
    return history.completed.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  };
  await until(async () => (await counted()) === finished.length * TASKS, { what: 'all tasks in the curve', timeoutMs: 10_000 });
  const { recent, history, failures, queued } = await overviewOf(stack.url);
  expect(recent).toMatchObject({ failed: 0, successRate: 100 });
  expect([history.completed.length, history.health['redis']!.at(-1), failures, queued]).toEqual([180, true, [], { total: 0, byPriority: {} }]);
}, 30_000);
