/** When DAGs are expected to end, on the real stack: learned in one run, shown in the next, by every scheduler and after a restart. */
import type { DagSubmission } from '../../src/sdk';
import { type RealStack, startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

const SLOTS = 4;

const sleeps = (dagName: string, tasks: readonly (readonly [name: string, ms: number, ...after: readonly string[]])[]): DagSubmission => ({
  dagName,
  order: 'critical-path',
  simulate: { failureRate: 0 },
  tasks: tasks.map(([taskName, durationMs, ...dependencies]) => ({ taskName, type: 'API_CALL', dependencies, simulate: { durationMs } })),
});

/** A chain of 2 s beside work that the other slots do meanwhile. */
const chain = sleeps('chain', [
  ['one', 500],
  ['two', 700, 'one'],
  ['three', 800, 'two'],
  ...Array.from({ length: 9 }, (_, i) => [`beside ${i}`, 250] as const),
]);
/** 6 s of work for four slots, in small pieces. */
const wide = sleeps(
  'wide',
  Array.from({ length: 60 }, (_, i) => [`one of many ${i}`, 50 + (i % 3) * 50] as const),
);

let stack: RealStack;

beforeAll(async () => {
  stack = await startRealStack({ workers: 1, workerEnv: { WORKER_CONCURRENCY: String(SLOTS) } });
}, 60_000);

/** Milliseconds from `now` to the expected end, as one of the schedulers tells it; null while it doesn't know. */
const expectedIn = async (dagId: string, url = stack.url): Promise<number | null> => {
  const answer = (await (await fetch(`${url}/api/v1/dags/${dagId}`)).json()) as { readonly expectedEndAt: string | null };
  return answer.expectedEndAt === null ? null : Date.parse(answer.expectedEndAt);
};

const rows = async (): Promise<number> => (await stack.sql<{ n: number }>('SELECT count(*)::int AS n FROM run_times'))[0]!.n;

test('nothing is known of what never ran', async () => {
  const { dagId } = await stack.api.submit(chain);
  expect(await expectedIn(dagId)).toBeNull();
  const { dagId: other } = await stack.api.submit(wide);
  for (const each of [dagId, other]) expect(await stack.api.wait(each)).toMatchObject({ status: 'COMPLETED' });
  expect(await expectedIn(dagId)).toBeNull();
}, 30_000);

test.each([chain, wide])(
  'at half time of its next run the end of $dagName is told within 20 % of what is left',
  async (submission) => {
    const { dagId } = await stack.api.submit(submission);
    const begun = await until(async () => (await stack.api.dag(dagId)).startedAt, { what: 'the DAG to begin', timeoutMs: 10_000 });
    const first = (await expectedIn(dagId))!;
    const halfTime = (Date.parse(begun) + first) / 2;
    await until(() => Promise.resolve(Date.now() >= halfTime), { what: 'half time', timeoutMs: 10_000 });
    const asked = Date.now();
    const expected = (await expectedIn(dagId))!;
    const { status, completedAt, order } = await stack.api.wait(dagId);
    expect([status, order]).toEqual(['COMPLETED', 'critical-path']);
    const left = Date.parse(completedAt!) - asked;
    process.stdout.write(`${submission.dagName}: ${Math.round(expected - Date.parse(completedAt!))} ms off, ${left} ms before its end\n`);
    expect(left).toBeGreaterThan(500);
    expect(Math.abs(expected - Date.parse(completedAt!)) / left).toBeLessThan(0.2);
  },
  30_000,
);

test('a scheduler that owns none of its DAGs tells it from the rows, and the next start knows it, too', async () => {
  await until(async () => (await rows()) >= 73, { what: 'what was learned to be written', timeoutMs: 15_000 });
  const second = await stack.startScheduler();
  await until(async () => (await stack.sql('SELECT DISTINCT owner FROM shards WHERE lease_until > now()')).length === 2, {
    what: 'both schedulers to own shards',
    timeoutMs: 20_000,
  });
  const { dagId } = await stack.api.submit(chain);
  const [owners, others] = await Promise.all([expectedIn(dagId), expectedIn(dagId, second.url)]);
  expect(Math.abs(owners! - others!)).toBeLessThan(300);
  await stack.scheduler.terminate();
  const { status, completedAt } = await until(
    async () => {
      const dag = (await (await fetch(`${second.url}/api/v1/dags/${dagId}`)).json()) as { status: string; completedAt: string | null };
      return dag.status === 'COMPLETED' ? dag : undefined;
    },
    { what: 'the DAG to end', timeoutMs: 20_000 },
  );
  expect([status, completedAt !== null]).toEqual(['COMPLETED', true]);
}, 60_000);
