/** One workload on a running stack: time it, then prove that everything really happened. */
import type { Api, DagState, TaskState } from './api';
import { WARM_UP, warmUpBodies, type Workload } from './workloads';

/** What one run measured; `undefined` where a workload has no such figure. */
export interface Timing {
  readonly makespanMs: number;
  readonly tasksPerSecond: number | undefined;
  readonly hopMsP50: number | undefined;
  readonly hopMsP99: number | undefined;
}

const CLIENTS = 8;
const WARM_UP_TOGETHER = 3000;
const WARM_UP_ONE_BY_ONE = 20;

/** The value below which the given part of the sorted values lies (nearest rank). */
export const percentile = (values: readonly number[], part: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? NaN;
};

export const submitTogether = async (api: Api, bodies: readonly string[]): Promise<readonly string[]> => {
  const ids: string[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < bodies.length) ids.push(await api.submit(bodies[next++]!));
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return ids;
};

export const submitBatch = (api: Api, bodies: readonly string[]): Promise<readonly string[]> => api.submitBatch(bodies);

/** Asks for one DAG at a time, each question being answered when that DAG ends: watching costs the server next to nothing. */
export const untilAllEnded = async (api: Api, lastId: string): Promise<void> => {
  await api.final(lastId);
  for (let open = await api.unfinished(); open.length > 0; open = await api.unfinished()) {
    // Listed newest first.
    for (const id of open) await api.final(id);
  }
};

type Submit = (api: Api, bodies: readonly string[]) => Promise<readonly string[]>;

/** Submits everything by several clients or in one request; milliseconds until the last DAG is final. */
export const allAtOnce = async (api: Api, bodies: readonly string[], submit: Submit): Promise<number> => {
  const began = performance.now();
  const ids = await submit(api, bodies);
  await untilAllEnded(api, ids.at(-1)!);
  return performance.now() - began;
};

/** Submits each when the one before has ended; milliseconds of each. */
export const oneByOne = async (api: Api, bodies: readonly string[]): Promise<readonly number[]> => {
  const tookMs: number[] = [];
  for (const body of bodies) {
    const began = performance.now();
    await api.final(await api.submit(body));
    tookMs.push(performance.now() - began);
  }
  return tookMs;
};

/** Runs diamonds, so that the compilers and caches of all processes are warm. */
export const warmUp = async (api: Api): Promise<void> => {
  await allAtOnce(api, warmUpBodies(WARM_UP_TOGETHER), submitTogether);
  await oneByOne(api, warmUpBodies(WARM_UP_ONE_BY_ONE));
};

/** The figures of a workload from what was measured: `dagsMs` of each DAG by itself where they ran one by one. */
export const timingOf = ({ tasks, levels, pace }: Workload, makespanMs: number, dagsMs: readonly number[]): Timing => {
  if (pace !== 'oneByOne') return { makespanMs, tasksPerSecond: (tasks / makespanMs) * 1000, hopMsP50: undefined, hopMsP99: undefined };
  const hops = dagsMs.map((ms) => ms / levels);
  const several = hops.length > 1;
  return {
    makespanMs,
    tasksPerSecond: several ? undefined : (tasks / makespanMs) * 1000,
    hopMsP50: percentile(hops, 0.5),
    hopMsP99: several ? percentile(hops, 0.99) : undefined,
  };
};

const time = async (api: Api, workload: Workload): Promise<Timing> => {
  const { bodies, pace } = workload;
  if (pace !== 'oneByOne') return timingOf(workload, await allAtOnce(api, bodies, pace === 'batch' ? submitBatch : submitTogether), []);
  const dagsMs = await oneByOne(api, bodies);
  return timingOf(
    workload,
    dagsMs.reduce((sum, ms) => sum + ms, 0),
    dagsMs,
  );
};

const isWhole = (dag: DagState): boolean =>
  dag.status === 'COMPLETED' && dag.completedTasks === dag.totalTasks && dag.failedTasks + dag.skippedTasks + dag.cancelledTasks === 0;

/** What is wrong with the DAGs that were run, in words; those of a warm-up aren't counted. */
export const verifyDags = async (api: Api, { bodies, tasks }: Pick<Workload, 'bodies' | 'tasks'>): Promise<readonly string[]> => {
  const wrong: string[] = [];
  let [dags, counted] = [0, 0];
  for await (const page of api.dags()) {
    for (const dag of page) {
      if (!isWhole(dag)) wrong.push(`DAG ${dag.dagId} is ${JSON.stringify(dag)}`);
      if (dag.dagName.startsWith(WARM_UP)) continue;
      dags += 1;
      counted += dag.completedTasks;
    }
  }
  if (dags !== bodies.length) wrong.push(`${dags} DAGs are stored, ${bodies.length} were submitted`);
  if (counted !== tasks) wrong.push(`the DAGs count ${counted} completed tasks, ${tasks} were submitted`);
  return wrong;
};

/** Each task COMPLETED, once, and none begun before its dependencies had ended. */
const verifyTasks = async (api: Api, { tasks }: Workload): Promise<readonly string[]> => {
  const ended = new Map<string, TaskState>();
  for await (const page of api.tasks())
    for (const each of page) if (!each.taskName.startsWith(WARM_UP)) ended.set(`${each.dagId} ${each.taskName}`, each);
  const wrong = ended.size === tasks ? [] : [`${ended.size} tasks are stored, ${tasks} were submitted`];
  for (const each of ended.values()) {
    if (each.status !== 'COMPLETED') wrong.push(`task ${each.taskName} of ${each.dagId} is ${each.status}`);
    for (const name of each.dependencies) {
      const dependency = ended.get(`${each.dagId} ${name}`);
      if (!(Date.parse(each.startedAt ?? '') >= Date.parse(dependency?.completedAt ?? '')))
        wrong.push(`task ${each.taskName} of ${each.dagId} began before ${name} had ended`);
    }
  }
  return wrong;
};

/**
 * Runs a workload on a fresh stack; `around` is given what is timed, without the warm-up and the proof. Rejects where a DAG, a counter,
 * a task or the order of two tasks isn't as it must be.
 */
export const measure = async (
  api: Api,
  workload: Workload,
  around: (work: () => Promise<Timing>) => Promise<Timing> = (work) => work(),
): Promise<Timing> => {
  await warmUp(api);
  const timing = await around(() => time(api, workload));
  const wrong = [...(await verifyDags(api, workload)), ...(await verifyTasks(api, workload))];
  if (wrong.length > 0) throw new Error(`${workload.name} ended wrong (${wrong.length} complaints):\n  ${wrong.slice(0, 10).join('\n  ')}`);
  return timing;
};
