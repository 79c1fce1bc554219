/** npm run order -- [options]: W10 with durations. The recorded workflows, together, by each order, beside what list scheduling makes of them. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Api, createApi, type TaskState } from '../api';
import { runCommand } from '../command';
import { submitTogether, untilAllEnded, warmUp } from '../measure';
import { machine, row } from '../report';
import { startStack } from '../stacks';
import { boundsOf, listSchedule, type Order } from './listSchedule';
import { bodyOf, recorded, type Timed } from './recorded';

const ORDERS: readonly Order[] = ['fifo', 'critical-path'];
const WORKERS = 2;
const CONNECTIONS = 8;
const TIMEOUT_MS = 600_000;

const USAGE = `npm run order -- [options]

  --order NAME        fifo or critical-path (both by default)
  --stack NAME        standalone or real (real by default)
  --slots N           of all ${WORKERS} workers together; 64 by default
  --scale X           what recorded times are multiplied by; 0.001 by default
  --workflows N       only the first N of them
  --cold              without diamonds before, that warm the compilers up
  --json FILE         writes the figures

real needs the services that scripts/services up starts, or DATABASE_URL, KAFKA_BROKERS and REDIS_URL. The critical path is learned in a
run before the one that is measured, at a quarter of the durations: what counts are their ratios.
`;

interface Options {
  readonly orders: readonly Order[];
  readonly stack: 'standalone' | 'real';
  readonly slots: number;
  readonly workflows: readonly Timed[];
  readonly warmUp: 'warmed up' | 'cold';
  readonly json: string | undefined;
}

const numberFrom = (name: string, text: string): number => {
  const value = Number(text);
  if (!(value > 0)) throw new TypeError(`--${name} must be a number above 0, not ${text}`);
  return value;
};

const optionsFrom = (args: readonly string[]): Options | undefined => {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = {
    order: text,
    stack: text,
    slots: text,
    scale: text,
    workflows: text,
    json: text,
    cold: flag,
    help: { ...flag, short: 'h' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  if (values.help === true) return undefined;
  const orders = values.order === undefined ? ORDERS : ORDERS.filter((order) => order === values.order);
  if (orders.length === 0) throw new TypeError(`there is no order ${values.order}`);
  const { stack = 'real' } = values;
  if (stack !== 'real' && stack !== 'standalone') throw new TypeError(`--stack is standalone or real, not ${stack}`);
  const slots = numberFrom('slots', values.slots ?? '64');
  if (slots % WORKERS !== 0) throw new TypeError(`--slots must be a multiple of ${WORKERS}`);
  const workflows = recorded(
    numberFrom('scale', values.scale ?? '0.001'),
    values.workflows === undefined ? Infinity : numberFrom('workflows', values.workflows),
  );
  return { orders, stack, slots, workflows, warmUp: values.cold === true ? 'cold' : 'warmed up', json: values.json };
};

const LEARNED_AT = 0.25;

const shortened = ({ name, tasks }: Timed): Timed => ({ name, tasks: tasks.map((task) => ({ ...task, ms: Math.round(task.ms * LEARNED_AT) })) });

/** Runs all of them from one moment on: nothing is handed out before the last one is stored. */
const runTogether = async (
  api: Api,
  workflows: readonly Timed[],
  order: Order,
): Promise<{ readonly tookMs: number; readonly ids: readonly string[] }> => {
  await api.pauseAll();
  const ids = await submitTogether(
    api,
    workflows.map((workflow) => bodyOf(workflow, order)),
  );
  const began = performance.now();
  await api.resumeAll();
  await untilAllEnded(api, ids.at(-1)!);
  const tookMs = performance.now() - began;
  for (const id of ids) {
    const dag = await api.dag(id);
    if (dag.status !== 'COMPLETED' || dag.completedTasks !== dag.totalTasks) throw new Error(`DAG ${id} is ${JSON.stringify(dag)}`);
  }
  return { tookMs, ids };
};

/** The same workflows with the times that their handlers took: timers are late, and rows tell whole milliseconds. */
const asRun = async (api: Api, ids: readonly string[]): Promise<readonly Timed[]> => {
  const tasksOf = new Map<string, TaskState[]>(ids.map((id) => [id, []]));
  for await (const page of api.tasks()) for (const task of page) tasksOf.get(task.dagId)?.push(task);
  return ids.map((id) => {
    const tasks = tasksOf.get(id)!;
    const at = new Map(tasks.map(({ taskName }, i) => [taskName, i]));
    return {
      name: id,
      tasks: tasks.map(({ taskName, dependencies, startedAt, completedAt }) => ({
        name: taskName,
        parents: dependencies.map((name) => at.get(name)!),
        ms: Date.parse(completedAt!) - Date.parse(startedAt!),
      })),
    };
  });
};

interface Measured {
  readonly order: Order;
  readonly makespanMs: number;
  /** With the durations that were asked for, and with those that the handlers took. */
  readonly simulatedMs: number;
  readonly simulatedAsRunMs: number;
  readonly grahamAsRunMs: number;
}

const measureOrder = async (order: Order, { stack: name, slots, workflows, warmUp: how }: Options): Promise<Measured> => {
  const programEnv = { WORKER_CONCURRENCY: String(slots / WORKERS) };
  const stack = await startStack(name, { env: process.env, programEnv, workers: WORKERS, profileDir: undefined });
  const api = createApi({ url: stack.url, connections: CONNECTIONS, timeoutMs: TIMEOUT_MS });
  const run = async (): Promise<Measured> => {
    if (how === 'warmed up') await warmUp(api);
    if (order === 'critical-path') console.error(`learned in ${Math.round((await runTogether(api, workflows.map(shortened), order)).tookMs)} ms`);
    const { tookMs, ids } = await runTogether(api, workflows, order);
    const took = await asRun(api, ids);
    return {
      order,
      makespanMs: tookMs,
      simulatedMs: listSchedule(workflows, slots, order),
      simulatedAsRunMs: listSchedule(took, slots, order),
      grahamAsRunMs: boundsOf(took, slots).grahamMs,
    };
  };
  try {
    return await Promise.race([run(), ...stack.programs.map(({ died }) => died)]);
  } finally {
    api.close();
    await stack.stop();
  }
};

const shown = (ms: number): string => Math.round(ms).toLocaleString('en-US');

const main = async (options: Options): Promise<void> => {
  const { orders, slots, workflows, json } = options;
  const bounds = boundsOf(workflows, slots);
  const tasks = workflows.reduce((sum, workflow) => sum + workflow.tasks.length, 0);
  console.log(`${machine()}; ${workflows.length} workflows, ${tasks} tasks, ${slots} slots, ${options.stack}`);
  console.log(
    `${shown(bounds.workMs)} ms of work, longest path ${shown(bounds.longestPathMs)} ms: no schedule under ${shown(bounds.lowestMs)} ms, no list schedule over ${shown(bounds.grahamMs)} ms\n`,
  );
  const head = ['order', 'makespan ms', 'simulated ms', 'above it', 'simulated with the times as run', 'above it', "Graham's bound"];
  console.log([row(head), row(head.map((_, i) => (i === 0 ? '---' : '--:')))].join('\n'));
  const results: Measured[] = [];
  for (const order of orders) {
    const measured = await measureOrder(order, options);
    results.push(measured);
    const { makespanMs, simulatedMs, simulatedAsRunMs, grahamAsRunMs } = measured;
    const above = (simulated: number): string => `${((makespanMs / simulated - 1) * 100).toFixed(1)} %`;
    const cells = [shown(makespanMs), shown(simulatedMs), above(simulatedMs), shown(simulatedAsRunMs), above(simulatedAsRunMs), shown(grahamAsRunMs)];
    console.log(row([order, ...cells]));
  }
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ machine: machine(), tasks, slots, bounds, results }, undefined, 2)}\n`);
};

void runCommand(USAGE, optionsFrom, main);
