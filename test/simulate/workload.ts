/** Seeded DAGs, and the handler that runs their tasks: it takes time, fails, checkpoints, and honours its signal. */
import type { DagRecord } from '../../src/core/change';
import type { GraphEdit } from '../../src/core/command';
import { TRIGGER_RULES, type PlannedDag, type PlannedTask, type TaskOptions } from '../../src/core/dag';
import { mintDagId, parseTaskId, type DagId } from '../../src/core/ids';
import type { Handler } from '../../src/core/handler';
import { pause } from '../../src/lifecycle/timing';
import { STEPS } from './circumstances';
import { START_MS, TYPES } from './cluster';
import type { History } from './history';
import type { Process } from './process';
import { seeded, type Random } from './random';

/** What a task's handler does in an attempt. */
interface Script {
  readonly steps: readonly number[];
  readonly checkpoints: boolean;
  readonly fails: boolean;
  readonly leavesResult: boolean;
}

export interface Planned {
  readonly atMs: number;
  readonly dag: Omit<PlannedDag, 'dagId' | 'shard' | 'createdAt' | 'dueAt'>;
  /** The time that the DAG is given, from its submission; null for all that it needs. */
  readonly withinMs: number | null;
}

const drawOptions = (random: Random): TaskOptions | null => {
  const options: TaskOptions = {
    ...(random.chance(0.4) ? { triggerRule: random.pick(TRIGGER_RULES) } : {}),
    ...(random.chance(0.1) ? { queueTimeoutSeconds: random.between(0.1, 1.5) } : {}),
    ...(random.chance(0.1) ? { progressTimeoutSeconds: random.between(0.1, 0.5) } : {}),
    ...(random.chance(0.1) ? { totalTimeoutSeconds: random.between(0.2, 4) } : {}),
    ...(random.chance(0.05) ? { maxTimeoutRetries: random.whole(0, 1) } : {}),
  };
  return Object.keys(options).length === 0 ? null : options;
};

const drawTask = (random: Random, index: number): PlannedTask => {
  const parents = new Set<number>();
  if (index > 0 && random.chance(0.8)) for (let i = random.whole(1, 3); i > 0; i--) parents.add(random.whole(Math.max(0, index - 8), index - 1));
  return {
    name: `t${String(index)}`,
    type: random.pick(TYPES),
    dependencies: [...parents].sort((a, b) => a - b),
    priority: random.whole(0, 9),
    tags: [],
    retry: { maxRetries: random.whole(0, 4), backoff: { type: 'exponential', initialMs: 100, factor: 2, maxMs: 800, jitter: 0.5 } },
    timeoutSeconds: random.chance(0.1) ? 0.4 : null,
    payload: random.chance(0.2) ? JSON.stringify({ index }) : null,
    simulate: null,
    options: drawOptions(random),
  };
};

/** Now and then all come at once, so that there is a backlog. */
export const drawDags = (random: Random, loadMs: number): Planned[] => {
  const arrivalMs = random.chance(0.3) ? 100 : loadMs;
  return Array.from({ length: random.whole(7, 12) }, (_, i) => ({
    atMs: random.between(0, arrivalMs),
    withinMs: random.chance(0.12) ? random.between(1, 3000) : null,
    dag: {
      name: `dag ${String(i)}`,
      description: null,
      tags: [],
      tasks: Array.from({ length: random.chance(0.2) ? random.whole(1, 3) : random.whole(4, 22) }, (_task, t) => drawTask(random, t)),
    },
  }));
};

/** A change of a DAG as it was seen: a task more, one replaced and one removed, or some of that. */
export const drawEdit = (random: Random, { version, tasks }: DagRecord): GraphEdit => {
  const pending = tasks.filter(({ status }) => status === 'PENDING').map(({ task }) => task);
  const fresh = (index: number, name: string): PlannedTask => ({ ...drawTask(random, index), name: `${name} of ${String(version + 1)}` });
  const replaced = pending.length > 0 && random.chance(0.5) ? [random.pick(pending)] : [];
  const removable = pending.filter((task) => !replaced.includes(task) && !tasks.some(({ dependencies }) => dependencies.includes(task)));
  return {
    version,
    added: random.chance(0.7) ? [fresh(tasks.length, 'added')] : [],
    replaced: replaced.map((task) => ({ task, as: fresh(task, 'replaced') })),
    removed: removable.length > 0 && random.chance(0.5) ? [random.pick(removable)] : [],
  };
};

export const identified = ({ dag, withinMs }: Planned, shard: number, nowMs: number, random: Random): PlannedDag => ({
  ...dag,
  dagId: mintDagId(shard, nowMs, () => random.next()),
  shard,
  createdAt: nowMs,
  dueAt: withinMs === null ? null : Math.floor(nowMs + withinMs),
});

const scriptOf = (seed: number, dag: DagId, name: string, attempt: number): Script => {
  const random = seeded(seed).fork(`${dag}/${name}/${String(attempt)}`);
  const long = random.chance(0.12);
  const kind = name.split(' ')[0]!;
  const [low, high] = STEPS[kind] ?? [0, long ? 900 : 80];
  const steps = Array.from({ length: random.whole(1, 3) }, () => random.between(low, high));
  return { steps, checkpoints: random.chance(0.15), fails: random.chance(kind === 'failing' ? 1 : 0.12), leavesResult: random.chance(0.6) };
};

/** The handler of a process; what it does is written into the history. */
export const handlerOf =
  (seed: number, history: History) =>
  (process: Process): Handler => {
    let calls = 0;
    return async ({ task: { dagId, taskId, name }, attempt, fence, signal, restored, checkpoint }) => {
      const call = ++calls;
      const { task } = parseTaskId(taskId)!;
      const who = { process: process.id, call, dag: dagId, task };
      const script = scriptOf(seed, dagId, name, attempt);
      history.add({ kind: 'began', ...who, attempt, fence: fence.toString(), restored: restored === null ? null : JSON.stringify(restored) });
      const abort = (): void => {
        history.add({ kind: 'ended', ...who, how: 'aborted' });
      };
      signal.addEventListener('abort', abort, { once: true });
      for (const [i, ms] of script.steps.entries()) {
        await pause(process.main.clock, ms, signal);
        if (signal.aborted) throw new Error('aborted');
        if (!script.checkpoints) continue;
        const state = { step: i, call: `${process.id}/${String(call)}` };
        await checkpoint(state);
        history.add({ kind: 'checkpointed', ...who, state: JSON.stringify(state) });
      }
      if (signal.aborted) throw new Error('aborted');
      signal.removeEventListener('abort', abort);
      history.add({ kind: 'ended', ...who, how: script.fails ? 'threw' : 'returned' });
      if (script.fails) throw new Error('it failed');
      return script.leavesResult ? name : undefined;
    };
  };

export const nowOf = (virtualMs: number): number => Math.floor(START_MS + virtualMs);
