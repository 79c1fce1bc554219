import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DagStatus, TaskStatus } from '../../src/core/dag';
import { drawFrom } from '../../src/core/retry';
import { runOfPlan } from '../../src/core/run';
import { DAG_MOVES, statusOf, TASK_MOVES } from '../../src/core/states';
import { applyAll, completed, due, failed, lost, planOf, plannedTask, released, started, T0, type LawEvent } from './model';

/** The arrows of the nth mermaid drawing, those from the start aside. */
const drawnIn = (page: string, drawing: number): string[] => {
  const text = page.split('```mermaid')[drawing + 1]!.split('```')[0]!;
  return [...text.matchAll(/^\s*([A-Z]+) --> ([A-Z]+)/gm)].map(([, from, to]) => `${from!} → ${to!}`).sort();
};
const movesOf = (table: Readonly<Record<string, readonly string[]>>): string[] =>
  Object.entries(table)
    .flatMap(([from, all]) => all.map((to) => `${from} → ${to}`))
    .sort();

const page = readFileSync(join(__dirname, '../../docs/lifecycle.md'), 'utf8');

test('docs/lifecycle.md draws exactly the moves of the table', () => {
  expect(drawnIn(page, 0)).toEqual(movesOf(TASK_MOVES));
  expect(drawnIn(page, 1)).toEqual(movesOf(DAG_MOVES));
});

/** What a long random walk through many small DAGs saw, event by event. */
const explore = (): { tasks: Set<string>; dags: Set<string> } => {
  const [tasks, dags] = [new Set<string>(), new Set<string>()];
  const shapes = [[[]], [[], [0]], [[], [0], [0], [1, 2]], [[], [], [0, 1], [2]]];
  for (let walk = 0; walk < 600; walk++) {
    const pick = (n: number, salt: number): number => Math.floor(drawFrom(`walk ${String(walk)}`, salt) * n);
    const policy = { maxRetries: pick(3, -1), backoff: { type: 'fixed', initialMs: 1, factor: 1, maxMs: 1, jitter: 0 } } as const;
    const run = runOfPlan(planOf(shapes[walk % shapes.length]!.map((parents, i) => plannedTask(String(i), parents, { retry: policy }))));
    for (let step = 0; step < 40; step++) {
      const task = pick(run.specs.length, step * 3);
      const dispatch = run.dispatch[task]!;
      const make = [completed, failed, started, lost, released, due][pick(6, step * 3 + 1)] as (task: number, dispatch: number) => LawEvent;
      const before = { dag: run.status, tasks: [...run.state].map(statusOf), dispatch: [...run.dispatch] };
      applyAll(run, [make(task, dispatch)], T0 + step, { maxLosses: 1, cascadeLimit: 100 });
      run.state.forEach((code, i) => {
        if (before.tasks[i] !== statusOf(code) || (statusOf(code) === 'QUEUED' && before.dispatch[i] !== run.dispatch[i]))
          tasks.add(`${before.tasks[i]!} → ${statusOf(code)}`);
      });
      if (before.dag !== run.status) dags.add(`${before.dag} → ${run.status}`);
    }
  }
  return { tasks, dags };
};

test('the law makes exactly the moves of the table, those of commands aside', () => {
  const ofCommands: readonly (TaskStatus | DagStatus)[] = ['WAITING', 'CANCELLING', 'CANCELLED', 'PAUSED'];
  const ofEvents = (moves: readonly string[]): string[] => moves.filter((move) => !ofCommands.some((status) => move.split(' → ').includes(status)));
  const seen = explore();
  expect([...seen.tasks].sort()).toEqual(ofEvents(movesOf(TASK_MOVES)));
  expect([...seen.dags].sort()).toEqual(ofEvents(movesOf(DAG_MOVES)));
});
