import fc from 'fast-check';
import { findCycles } from '../../src/plan/cycles';
import { editDistance } from '../../src/plan/nearest';
import { utf8Bytes } from '../../src/plan/payload';
import type { SubmittedTask } from '../../src/plan/submitted';
import { planOf, problemsOf } from './planning';

/** A random acyclic graph: each task depends on some that come earlier in a hidden order, and is then shuffled. */
const acyclic = fc
  .integer({ min: 1, max: 40 })
  .chain((n) =>
    fc.record({
      order: fc.shuffledSubarray(
        Array.from({ length: n }, (_, i) => i),
        { minLength: n, maxLength: n },
      ),
      edges: fc.array(fc.tuple(fc.nat(n - 1), fc.nat(n - 1)), { maxLength: 4 * n }),
    }),
  )
  .map(({ order, edges }): SubmittedTask[] => {
    const parents = order.map(() => new Set<string>());
    for (const [a, b] of edges) if (a !== b) parents[order[Math.max(a, b)]!]!.add(`t${order[Math.min(a, b)]}`);
    return parents.map((names, i) => ({ taskName: `t${i}`, type: 'API_CALL', dependencies: [...names] }));
  });

const withDependency = (tasks: readonly SubmittedTask[], task: number, name: string): SubmittedTask[] =>
  tasks.map((one, i) => (i === task ? { ...one, dependencies: [...(one.dependencies ?? []), name] } : one));

describe('graphs', () => {
  test('an acyclic graph is planned, and a topological order exists', () => {
    fc.assert(
      fc.property(acyclic, (tasks) => {
        const planned = planOf({ tasks });
        expect(problemsOf(planned)).toEqual([]);
        if (planned.kind !== 'planned') return;
        const waiting = new Map(planned.dag.tasks.map((task, i) => [i, new Set(task.dependencies)]));
        while (waiting.size > 0) {
          const ready = [...waiting].filter(([, on]) => on.size === 0).map(([task]) => task);
          expect(ready.length).toBeGreaterThan(0);
          for (const task of ready) waiting.delete(task);
          for (const on of waiting.values()) for (const task of ready) on.delete(task);
        }
        planned.dag.tasks.forEach((task, i) => {
          expect(task.dependencies.map((parent) => `t${parent}`)).toEqual(tasks[i]!.dependencies);
        });
      }),
    );
  });

  test('a planted cycle is found, and each cycle that is named is one', () => {
    fc.assert(
      fc.property(acyclic, fc.nat(), fc.nat(), (tasks, a, b) => {
        const [from, to] = [a % tasks.length, b % tasks.length];
        fc.pre(from !== to);
        const graph = tasks.map((task) => (task.dependencies ?? []).map((name) => Number(name.slice(1))));
        graph[from] = [...new Set([...graph[from]!, to])];
        graph[to] = [...new Set([...graph[to]!, from])];
        const cycles = findCycles(graph, 10);
        expect(cycles.length).toBeGreaterThan(0);
        for (const cycle of cycles)
          cycle.forEach((node, i) => {
            expect(graph[cycle[(i + 1) % cycle.length]!]).toContain(node);
          });
      }),
    );
  });

  test('a planted duplicate, a planted repeat and a planted missing name are each named with their path', () => {
    fc.assert(
      fc.property(acyclic, fc.nat(), (tasks, at) => {
        const task = at % tasks.length;
        const name = tasks[task]!.taskName;
        const count = tasks[task]!.dependencies!.length;
        expect(problemsOf(planOf({ tasks: [...tasks, { taskName: name, type: 'API_CALL' }] }))[0]).toMatch(
          `tasks[${tasks.length}].taskName: the name "${name}" is taken by tasks[${task}]`,
        );
        expect(problemsOf(planOf({ tasks: withDependency(tasks, task, 'nowhere') }))).toEqual([
          expect.stringContaining(`tasks[${task}].dependencies[${count}]: no task "nowhere"`),
        ]);
        expect(problemsOf(planOf({ tasks: withDependency(tasks, task, name) }))).toEqual([
          `tasks[${task}].dependencies[${count}]: the task "${name}" depends on itself`,
        ]);
        if (count === 0) return;
        const twice = tasks[task]!.dependencies![0]!;
        expect(problemsOf(planOf({ tasks: withDependency(tasks, task, twice) }))).toEqual([
          `tasks[${task}].dependencies[${count}]: the dependency "${twice}" is there twice`,
        ]);
      }),
    );
  });

  test('100,000 tasks with 1,000,000 dependencies', () => {
    const tasks = Array.from({ length: 100_000 }, (_, i) => ({
      taskName: `task-${i}`,
      type: 'API_CALL',
      dependencies: Array.from({ length: Math.min(i, 10) }, (_, d) => `task-${i - 1 - d}`),
    }));
    const begun = performance.now();
    expect(planOf({ tasks }).kind).toBe('planned');
    expect(problemsOf(planOf({ tasks: withDependency(tasks, 0, 'task-99999') }))).toHaveLength(1);
    // Half a second for both on a quiet machine; quadratic work would take minutes.
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});

test('bytes of UTF-8 are those of the encoder', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(utf8Bytes(text)).toBe(new TextEncoder().encode(text).length);
    }),
  );
});

test('the bounded edit distance agrees with itself without the bound', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
  fc.assert(
    fc.property(word, word, fc.nat(4), (a, b, limit) => {
      expect(editDistance(a, b, limit)).toBe(Math.min(editDistance(a, b, 100), limit + 1));
      expect(editDistance(a, b, 100)).toBe(editDistance(b, a, 100));
    }),
  );
});
