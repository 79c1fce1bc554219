/** What must hold of DAGs that have ended, asked of the API and of PostgreSQL independently of each other. */
import type { DagSubmission, DagView, TaskView } from '../../src/sdk';
import type { Stack } from './stacks';

export interface Ran {
  readonly submission: DagSubmission;
  readonly dagId: string;
}

export interface RunSettings {
  /** Requests under way at once. */
  readonly atOnce?: number;
  readonly timeoutMs?: number;
}

/** Does `work` for each item, at most `atOnce` at a time; answers in the items' order. */
export const inParallel = async <T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> => {
  const answers = new Array<R>(items.length);
  const left = items.entries();
  const lane = async (): Promise<void> => {
    for (const [i, item] of left) answers[i] = await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return answers;
};

/** Submits all, waits until each is final, and answers them. */
export const runAll = async ({ api }: Pick<Stack, 'api'>, submissions: readonly DagSubmission[], settings: RunSettings = {}): Promise<Ran[]> => {
  const { atOnce = 16, timeoutMs = 120_000 } = settings;
  const ran = await inParallel(submissions, atOnce, async (submission) => ({ submission, dagId: (await api.submit(submission)).dagId }));
  await untilFinal({ api }, ran, timeoutMs);
  return ran;
};

/** Resolves when all have ended; rejects, naming what is open, after `timeoutMs`. */
export const untilFinal = async ({ api }: Pick<Stack, 'api'>, ran: readonly Ran[], timeoutMs = 120_000): Promise<void> => {
  const deadline = performance.now() + timeoutMs;
  await inParallel(ran, 8, async ({ dagId }) => {
    const state = await api.wait(dagId, { timeoutMs: Math.max(1, deadline - performance.now()) });
    if (state.completedAt === null) throw new Error(`not final after ${timeoutMs} ms: ${JSON.stringify(state)}`);
  });
};

const ms = (time: string | null): number => (time === null ? NaN : Date.parse(time));

const countOf = (tasks: readonly TaskView[], status: TaskView['status']): number => tasks.filter((task) => task.status === status).length;

/** Everything that is wrong with one task beside its neighbours; empty where all is well. */
const complaintsOfTask = (task: TaskView, parents: readonly TaskView[]): string[] => {
  const wrong: string[] = [];
  const say = (what: string): void => void wrong.push(`${task.dagId} ${task.taskName} (${task.status}): ${what}`);
  const open = parents.filter(({ status }) => status !== 'COMPLETED');
  if (task.status === 'SKIPPED') {
    if (open.length === 0) say('skipped, though all its dependencies are complete');
    if (task.startedAt !== null || task.attempt !== 0) say('skipped, though it was started');
    return wrong;
  }
  if (task.status !== 'COMPLETED' && task.status !== 'FAILED') say('not final');
  if (open.length > 0) say(`started, though ${open.map(({ taskName, status }) => `${taskName} is ${status}`).join()}`);
  for (const parent of parents) {
    if (!(ms(task.startedAt) >= ms(parent.completedAt)))
      say(`started at ${task.startedAt} before ${parent.taskName} was complete at ${parent.completedAt}`);
  }
  if (task.attempt < 1 || task.attempt > task.maxRetries + 1) say(`attempt ${task.attempt} of ${task.maxRetries + 1}`);
  if (!(ms(task.completedAt) >= ms(task.startedAt))) say(`ended at ${task.completedAt}, started at ${task.startedAt}`);
  if (task.workerId === null) say('nobody ran it');
  return wrong;
};

const complaintsOfDag = (submission: DagSubmission, dag: DagView, tasks: readonly TaskView[]): string[] => {
  const wrong: string[] = [];
  const same = (what: string, actual: unknown, expected: unknown): void => {
    if (JSON.stringify(actual) !== JSON.stringify(expected))
      wrong.push(`${dag.dagId} ${what}: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
  };
  const { completedTasks, failedTasks, skippedTasks, cancelledTasks, totalTasks } = dag;
  const counters = [completedTasks, failedTasks, skippedTasks, cancelledTasks];
  same(
    'counters against tasks',
    counters,
    (['COMPLETED', 'FAILED', 'SKIPPED', 'CANCELLED'] as const).map((status) => countOf(tasks, status)),
  );
  same(
    'sum of the counters',
    counters.reduce((sum, count) => sum + count, 0),
    totalTasks,
  );
  same(
    'tasks',
    tasks.map(({ taskName, dependencies }) => [taskName, [...dependencies]]),
    submission.tasks.map((task) => [task.taskName, [...(task.dependencies ?? [])]]),
  );
  same('status', dag.status, completedTasks === totalTasks ? 'COMPLETED' : 'FAILED');
  const ends = Math.max(...tasks.map(({ completedAt }) => ms(completedAt)).filter((time) => !Number.isNaN(time)));
  if (!(ms(dag.completedAt) >= ends)) wrong.push(`${dag.dagId} ended at ${dag.completedAt}, its last task at ${new Date(ends).toISOString()}`);
  const starts = Math.min(...tasks.map(({ startedAt }) => ms(startedAt)).filter((time) => !Number.isNaN(time)));
  if (!(ms(dag.startedAt) <= starts)) wrong.push(`${dag.dagId} started at ${dag.startedAt}, its first task at ${new Date(starts).toISOString()}`);
  return wrong;
};

/** Everything that the API shows wrong of a DAG that has ended. */
const complaintsByApi = async ({ api }: Pick<Stack, 'api'>, { submission, dagId }: Ran): Promise<string[]> => {
  const [dag, tasks] = await Promise.all([api.dag(dagId), api.tasks(dagId)]);
  const byName = new Map(tasks.map((task) => [task.taskName, task]));
  const parentsOf = (task: TaskView): TaskView[] => task.dependencies.flatMap((name) => byName.get(name) ?? []);
  return [...complaintsOfDag(submission, dag, tasks), ...tasks.flatMap((task) => complaintsOfTask(task, parentsOf(task)))];
};

const OF_THESE = 'dag_id = ANY($1::uuid[])';

const ROWS = `SELECT count(*)::int AS tasks, coalesce(sum(cardinality(dependencies)), 0)::int AS edges,
    count(*) FILTER (WHERE status NOT IN ('COMPLETED', 'FAILED', 'SKIPPED'))::int AS open,
    count(*) FILTER (WHERE status = 'COMPLETED' AND (attempt < 1 OR started_at IS NULL OR completed_at IS NULL OR fence IS NULL OR worker IS NULL))::int AS hollow
  FROM tasks WHERE ${OF_THESE}`;

// Each edge is looked at from both rows; the count proves that none was left out.
const EDGES = `SELECT count(*)::int AS edges,
    count(*) FILTER (WHERE child.started_at IS NOT NULL AND NOT coalesce(child.started_at >= parent.completed_at AND parent.status = 'COMPLETED', false))::int AS early
  FROM tasks child CROSS JOIN LATERAL unnest(child.dependencies) AS d(index)
  JOIN tasks parent ON parent.dag_id = child.dag_id AND parent.index = d.index WHERE child.${OF_THESE}`;

const COUNTERS = `SELECT d.dag_id FROM dags d JOIN (SELECT dag_id, count(*) AS total, count(*) FILTER (WHERE status = 'COMPLETED') AS completed,
      count(*) FILTER (WHERE status = 'FAILED') AS failed, count(*) FILTER (WHERE status = 'SKIPPED') AS skipped FROM tasks WHERE ${OF_THESE} GROUP BY dag_id) t USING (dag_id)
  WHERE d.total_tasks = t.total AND d.completed_tasks = t.completed AND d.failed_tasks = t.failed AND d.skipped_tasks = t.skipped AND d.cancelled_tasks = 0
    AND d.completed_at IS NOT NULL AND d.status = CASE WHEN t.completed = t.total THEN 'COMPLETED' ELSE 'FAILED' END`;

export interface Proof {
  /** What the API shows wrong, in words. */
  readonly complaints: readonly string[];
  /** Rows and edges in PostgreSQL: all, those of tasks that aren't final, those without a proper result, those started too early. */
  readonly rows: { readonly tasks: number; readonly edges: number; readonly open: number; readonly hollow: number };
  readonly edges: { readonly edges: number; readonly early: number };
  /** DAGs whose row is final and whose counters equal their tasks' rows. */
  readonly consistentDags: number;
}

/** Looks at everything that was run; compare the answer with `flawless`. */
export const prove = async (stack: Pick<Stack, 'api' | 'sql'>, ran: readonly Ran[]): Promise<Proof> => {
  const ids = [ran.map(({ dagId }) => dagId)];
  const complaints = (await inParallel(ran, 4, (one) => complaintsByApi(stack, one))).flat();
  const [rows] = await stack.sql<Proof['rows']>(ROWS, ids);
  const [edges] = await stack.sql<Proof['edges']>(EDGES, ids);
  const consistent = await stack.sql(COUNTERS, ids);
  return { complaints: complaints.slice(0, 20), rows: rows!, edges: edges!, consistentDags: consistent.length };
};

/** The proof of a run in which nothing went wrong. */
export const flawless = (submissions: readonly DagSubmission[]): Proof => {
  const tasks = submissions.reduce((sum, dag) => sum + dag.tasks.length, 0);
  const edges = submissions.reduce((sum, dag) => sum + dag.tasks.reduce((of, { dependencies = [] }) => of + dependencies.length, 0), 0);
  return { complaints: [], rows: { tasks, edges, open: 0, hollow: 0 }, edges: { edges, early: 0 }, consistentDags: submissions.length };
};
