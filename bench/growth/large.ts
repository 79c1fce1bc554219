/** W6: one large DAG. */
import { setTimeout as pause } from 'node:timers/promises';
import { percentile } from '../measure';
import { ratesIn } from './rates';
import type { Scenario } from './scenario';

const TASKS = 100_000;
const WIDTH = 1000;
const DEPENDENCIES = 3;
const LOOK_MS = 20;

/** Layers of a thousand tasks, each of which depends on three of the layer before. */
const layered = (tasks: number): string => {
  const width = Math.min(WIDTH, Math.ceil(tasks / 10));
  const dependenciesOf = (task: number): string[] =>
    task < width ? [] : Array.from({ length: DEPENDENCIES }, (_, i) => `t${(Math.floor(task / width) - 1) * width + ((task + i * 37) % width)}`);
  return JSON.stringify({
    dagName: 'layers',
    simulate: { durationMs: 0, failureRate: 0 },
    tasks: Array.from({ length: tasks }, (_, i) => ({ taskName: `t${i}`, type: 'DATA_PROCESSING', dependencies: [...new Set(dependenciesOf(i))] })),
  });
};

export const large: Scenario = {
  name: 'W6',
  about: 'one DAG of 100,000 tasks and 300,000 edges',
  limitMinutes: 5,
  run: async ({ api, databaseUrl, scaled }) => {
    const tasks = scaled(TASKS);
    const began = performance.now();
    const dag = await api.submit(layered(tasks));
    const acceptedMs = performance.now() - began;
    const askedMs: number[] = [];
    for (;;) {
      const asked = performance.now();
      const { status, completedTasks } = await api.dag(dag);
      askedMs.push(performance.now() - asked);
      if (status === 'COMPLETED' && completedTasks === tasks) break;
      if (status === 'FAILED' || status === 'CANCELLED') throw new Error(`the DAG is ${status}`);
      await pause(LOOK_MS);
    }
    const tookMs = performance.now() - began;
    return {
      figures: [
        { name: 'accepted', value: acceptedMs, unit: 'ms', goal: 'under 5,000' },
        { name: 'tasks', value: (tasks / (tookMs - acceptedMs)) * 1000, unit: 'a second', goal: "at least W1's" },
        { name: 'API meanwhile, p99', value: percentile(askedMs, 0.99), unit: 'ms', goal: 'under 50' },
      ],
      curves: [{ name: 'w6-rate', title: 'W6: the rate within one DAG', ...(await ratesIn(databaseUrl)) }],
    };
  },
};
