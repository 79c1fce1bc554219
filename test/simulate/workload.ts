/** Seeded DAGs, and the handler that runs their tasks: it takes time, fails, checkpoints, and honours its signal. */
import type { PlannedDag, PlannedTask } from '../../src/core/dag';
import { mintDagId, parseTaskId, type DagId } from '../../src/core/ids';
import type { Handler } from '../../src/execute/handler';
import { pause } from '../../src/lifecycle/timing';
import { START_MS, TYPES } from './cluster';
import type { History } from './history';
import type { Process } from './process';
import { seeded, type Random } from './random';

/** What a task's handler does in an attempt. */
interface Script {
  readonly steps: readonly number[];
  readonly checkpoints: boolean;
  readonly fails: boolean;
}

export interface Planned {
  readonly atMs: number;
  readonly dag: Omit<PlannedDag, 'dagId' | 'shard' | 'createdAt'>;
}

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
    options: null,
  };
};

export const drawDags = (random: Random, withinMs: number): Planned[] =>
  Array.from({ length: random.whole(6, 12) }, (_, i) => ({
    atMs: random.between(0, withinMs),
    dag: {
      name: `dag ${String(i)}`,
      description: null,
      tags: [],
      dueAt: null,
      tasks: Array.from({ length: random.whole(2, 22) }, (_task, t) => drawTask(random, t)),
    },
  }));

export const identified = ({ dag }: Planned, shard: number, nowMs: number, random: Random): PlannedDag => ({
  ...dag,
  dagId: mintDagId(shard, nowMs, () => random.next()),
  shard,
  createdAt: nowMs,
});

const scriptOf = (seed: number, dag: DagId, name: string, attempt: number): Script => {
  const random = seeded(seed).fork(`${dag}/${name}/${String(attempt)}`);
  const long = random.chance(0.12);
  const steps = Array.from({ length: random.whole(1, 3) }, () => random.between(0, long ? 900 : 80));
  return { steps, checkpoints: random.chance(0.15), fails: random.chance(0.12) };
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
      return name;
    };
  };

export const nowOf = (virtualMs: number): number => Math.floor(START_MS + virtualMs);
