import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '../../src/core/command';
import { TRIGGER_RULES, type PlannedDag } from '../../src/core/dag';
import type { LawSettings } from '../../src/core/law';
import { drawFrom } from '../../src/core/retry';
import { runOfPlan, type Run } from '../../src/core/run';
import { DAG_MOVES, statusOf, TASK_MOVES } from '../../src/core/states';
import { applyAll, commanded, completed, due, failed, lost, planOf, plannedTask, released, started, T0, withdrawn, type LawEvent } from './model';

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

const LAW: LawSettings = { maxLosses: 1, maxDeaths: 1, maxKills: 1, cascadeLimit: 3 };
const SHAPES = [[[]], [[], [0]], [[], [0], [0], [1, 2]], [[], [], [0, 1], [2]]];

type Pick = (n: number, salt: number) => number;

const anyPlan = (walk: number, pick: Pick): PlannedDag => {
  const retry = { maxRetries: pick(3, -1), backoff: { type: 'fixed', initialMs: 1, factor: 1, maxMs: 1, jitter: 0 } } as const;
  const tasks = SHAPES[walk % SHAPES.length]!.map((parents, i) => {
    const options = {
      triggerRule: TRIGGER_RULES[pick(TRIGGER_RULES.length, -i - 2)]!,
      ...(pick(2, -i - 20) === 0 ? { queueTimeoutSeconds: 0.005 } : {}),
      ...(pick(8, -i - 80) === 0 ? { requiresApproval: true } : {}),
      ...(pick(4, -i - 40) === 0 ? { totalTimeoutSeconds: 0.03 } : {}),
    };
    return plannedTask(String(i), parents, { retry, options: pick(3, -i - 60) === 0 ? null : options });
  });
  return { ...planOf(tasks), dueAt: walk % 7 === 0 ? T0 + 20 : null };
};

const anyCommand = (run: Run, task: number, pick: (n: number) => number): Command => {
  const tasks = [task];
  const commands: Command[] = [
    { kind: 'cancel', tasks },
    { kind: 'cancel', tasks: null },
    { kind: 'pause' },
    { kind: 'resume' },
    { kind: 'drain' },
    { kind: 'retry', tasks: null, downstream: true },
    { kind: 'retry', tasks, downstream: false },
    { kind: 'rerun', task },
    { kind: 'rerun', task: null },
    { kind: 'mark', task, as: 'COMPLETED' },
    { kind: 'mark', task, as: 'FAILED' },
    { kind: 'skip', tasks },
    { kind: 'hold', tasks, resumeAt: null },
    { kind: run.reasons.get(task)?.approval === undefined ? 'release' : 'approve', tasks },
  ];
  return commands[pick(commands.length)]!;
};

const anyEvent = (run: Run, pick: (n: number) => number): LawEvent => {
  const task = pick(run.specs.length);
  const dispatch = run.dispatch[task]!;
  const kind = pick(12);
  if (kind < 3) return commanded(anyCommand(run, task, pick));
  if (kind === 3) return { type: 'dagDue', dag: run.dag };
  if (kind === 4) return { type: 'continued', dag: run.dag };
  const make = [completed, failed, started, lost, released, due, withdrawn][kind - 5] as (task: number, dispatch: number) => LawEvent;
  return make(task, dispatch);
};

/** What a long random walk through many small DAGs saw, event by event. */
const explore = (): { tasks: Set<string>; dags: Set<string> } => {
  const [tasks, dags] = [new Set<string>(), new Set<string>()];
  for (let walk = 0; walk < 3000; walk++) {
    const pick: Pick = (n, salt) => Math.floor(drawFrom(`walk ${String(walk)}`, salt) * n);
    const run = runOfPlan(anyPlan(walk, pick));
    for (let step = 0; step < 40; step++) {
      let salt = step * 10;
      const before = { dag: run.status, tasks: [...run.state].map(statusOf), dispatch: [...run.dispatch] };
      applyAll(run, [anyEvent(run, (n) => pick(n, salt++))], T0 + step, LAW);
      run.state.forEach((code, i) => {
        if (before.tasks[i] !== statusOf(code) || (statusOf(code) === 'QUEUED' && before.dispatch[i] !== run.dispatch[i]))
          tasks.add(`${before.tasks[i]!} → ${statusOf(code)}`);
      });
      if (before.dag !== run.status) dags.add(`${before.dag} → ${run.status}`);
    }
  }
  return { tasks, dags };
};

test('the law makes exactly the moves of the table', () => {
  const seen = explore();
  expect([...seen.tasks].sort()).toEqual(movesOf(TASK_MOVES));
  expect([...seen.dags].sort()).toEqual(movesOf(DAG_MOVES));
});
