/** Sentences about the law that stay true for any DAG and any sequence of events, true, late, doubled or made up. */
import fc from 'fast-check';
import { isFinalDag, isFinalTask, type PlannedTask } from '../../src/core/dag';
import { runOfRecord } from '../../src/core/restore';
import { runOfPlan, taskCount, type Run } from '../../src/core/run';
import { CODE, statusOf } from '../../src/core/states';
import type { Step } from '../../src/core/step';
import {
  applyAll,
  changesOf,
  completed,
  DAG,
  due,
  failed,
  lost,
  planOf,
  plannedTask,
  released,
  rowsOf,
  started,
  T0,
  type LawEvent,
  type Rows,
} from './model';

const LAW = { maxLosses: 2, maxDeaths: 2, maxKills: 1, cascadeLimit: 3 };

/** A random DAG: each task depends on some of those before it. */
const anyTasks: fc.Arbitrary<PlannedTask[]> = fc
  .array(fc.record({ parents: fc.array(fc.nat(1000), { maxLength: 4 }), maxRetries: fc.nat(2), payload: fc.boolean() }), {
    minLength: 1,
    maxLength: 60,
  })
  .map((shapes) =>
    shapes.map(({ parents, maxRetries, payload }, i) => {
      const dependencies = i === 0 ? [] : [...new Set(parents.map((pick) => pick % i))].sort((a, b) => a - b);
      return plannedTask(`t${String(i)}`, dependencies, {
        payload: payload ? '{}' : null,
        retry: { maxRetries, backoff: { type: 'exponential', initialMs: 50, factor: 2, maxMs: 400, jitter: 0.5 } },
      });
    }),
  );

/** What may happen next; `pick` chooses the task among those for which it means something, unless it is `wild`. */
interface Move {
  readonly kind: 'completed' | 'failed' | 'fatal' | 'started' | 'lost' | 'released' | 'due' | 'checkpointed' | 'again';
  readonly pick: number;
  readonly wild: boolean;
  readonly session: string;
}
const anyMove: fc.Arbitrary<Move> = fc.record({
  kind: fc.constantFrom('completed', 'completed', 'completed', 'failed', 'fatal', 'started', 'lost', 'released', 'due', 'checkpointed', 'again'),
  pick: fc.nat(10_000),
  wild: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
  session: fc.constantFrom('s1', 's1', 's2'),
});

const tasksIn = (run: Run, ...codes: number[]): number[] =>
  Array.from({ length: taskCount(run) }, (_, task) => task).filter((task) => codes.includes(run.state[task]!));

const eventOf = (run: Run, move: Move, now: number, log: readonly LawEvent[]): LawEvent => {
  const candidates = move.kind === 'due' ? tasksIn(run, CODE.RETRYING) : tasksIn(run, CODE.QUEUED, CODE.RUNNING);
  const task = move.wild || candidates.length === 0 ? move.pick % (taskCount(run) + 3) : candidates[move.pick % candidates.length]!;
  const dispatch = move.wild ? move.pick % 5 : (run.dispatch[task] ?? 1);
  const { session } = move;
  const other = { session, worker: `w-${session}`, fence: String(dispatch * 10 + (move.wild ? move.pick % 3 : session === 's1' ? 1 : 2)), at: now };
  switch (move.kind) {
    case 'completed':
      return completed(task, dispatch, { ...other, result: move.pick % 2 === 0 ? `{"n":${String(task)}}` : null });
    case 'failed':
      return failed(task, dispatch, other);
    case 'fatal':
      return failed(task, dispatch, { ...other, retryable: false });
    case 'started':
      return started(task, dispatch, other);
    case 'lost':
      return lost(task, dispatch, session);
    case 'released':
      return released(task, dispatch, session);
    case 'due':
      return due(task, dispatch);
    case 'checkpointed':
      return { ...started(task, dispatch, other), type: 'checkpointed', sequence: move.pick, state: '{"at":1}' } as LawEvent;
    case 'again':
      return log[move.pick % Math.max(1, log.length)] ?? due(task, dispatch);
  }
};

/** What brings any DAG to its end: whatever waits is due, whatever is ready completes or fails. */
const nextTowardsEnd = (run: Run, pick: number): LawEvent | undefined => {
  const waiting = tasksIn(run, CODE.RETRYING)[0];
  if (waiting !== undefined) return due(waiting, run.dispatch[waiting]!);
  const ready = tasksIn(run, CODE.QUEUED, CODE.RUNNING)[0];
  if (ready === undefined) return run.cascade.size > 0 && !isFinalDag(run.status) ? { type: 'continued', dag: DAG } : undefined;
  const report = pick % 3 === 0 ? failed : completed;
  return report(ready, run.dispatch[ready], { session: 's9', worker: 'w9', fence: '9000' });
};

interface Seen {
  readonly state: Uint8Array;
  readonly dispatch: Uint16Array;
  readonly failures: Uint16Array;
}
const seen = (run: Run): Seen => ({ state: run.state.slice(), dispatch: run.dispatch.slice(), failures: run.failures.slice() });

const must = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(what);
};

const checkTask = (run: Run, before: Seen, task: number, event: LawEvent): void => {
  const [was, is] = [statusOf(before.state[task]!), statusOf(run.state[task]!)];
  if (isFinalTask(was)) must(is === was, 'a final state changed');
  must(run.dispatch[task]! >= before.dispatch[task]!, 'a dispatch number fell');
  must(
    run.failures[task]! - before.failures[task]! === (event.type === 'failed' && event.task === task && was !== is ? 1 : 0),
    'an attempt was counted that did not fail',
  );
  must(Math.max(0, run.failures[task]! - 1) <= run.specs[task]!.retry.maxRetries, 'a budget was exceeded');
  if (is === 'RETRYING') must(run.failures[task]! <= run.specs[task]!.retry.maxRetries, 'a budget was exceeded');
  must(run.losses[task]! <= LAW.maxLosses + 1, 'a budget was exceeded');
  if (is !== 'PENDING' && is !== 'SKIPPED')
    for (const parent of run.specs[task]!.dependencies)
      must(run.state[parent] === CODE.COMPLETED, 'a task went on before its dependencies were complete');
  if (is === 'SKIPPED')
    must(
      run.specs[task]!.dependencies.some((parent) => run.state[parent] === CODE.FAILED || run.state[parent] === CODE.SKIPPED),
      'a task was skipped for nothing',
    );
};

const checkRun = (run: Run): void => {
  const count = (code: number) => tasksIn(run, code).length;
  expect([run.completed, run.failed, run.skipped, run.cancelled]).toEqual([
    count(CODE.COMPLETED),
    count(CODE.FAILED),
    count(CODE.SKIPPED),
    count(CODE.CANCELLED),
  ]);
  const settled = run.completed + run.failed + run.skipped + run.cancelled;
  must(isFinalDag(run.status) === (settled === taskCount(run)), 'final is not what its counters say');
  if (run.status === 'COMPLETED') must(run.completed === taskCount(run), 'COMPLETED without all its tasks');
  for (let task = 0; task < taskCount(run); task++) {
    must(
      run.unmet[task] === run.specs[task]!.dependencies.filter((parent) => run.state[parent] !== CODE.COMPLETED).length,
      'the counter of unmet dependencies is wrong',
    );
    must(run.dueTimes.has(task) === (run.state[task] === CODE.RETRYING), 'a due time without a wait, or a wait without one');
    must(run.running.has(task) === (run.state[task] === CODE.RUNNING), 'an execution without RUNNING, or RUNNING without one');
  }
};

/** Every task that the step calls ready is ready, and every one that became ready is called so. */
const checkReady = (run: Run, before: Seen, step: Step): void => {
  const became = tasksIn(run, CODE.QUEUED).filter((task) => before.state[task] !== CODE.QUEUED || before.dispatch[task] !== run.dispatch[task]);
  expect(step.ready.map(({ task }) => task).sort((a, b) => a - b)).toEqual(became);
};

const checkRows = (rows: Rows): void => {
  for (const row of rows.record().tasks) {
    for (const ms of [row.blockedMs, row.queuedMs, row.dispatchedMs, row.runningMs, row.retryWaitMs]) must(ms >= 0, `a stage took ${String(ms)} ms`);
  }
};

test('no sequence of events brings a run into a state that it must not be in', () => {
  fc.assert(
    fc.property(anyTasks, fc.array(anyMove, { maxLength: 120 }), fc.nat(), (tasks, moves, pick) => {
      const plan = planOf(tasks);
      const [run, rows, log] = [runOfPlan(plan), rowsOf(plan), [] as LawEvent[]];
      let now = T0;
      const settledBy: number[] = [];
      const apply = (event: LawEvent): void => {
        const [before, waited] = [seen(run), run.cascade.size > 0];
        now += 7;
        log.push(event);
        const step = applyAll(run, [event], now, LAW);
        for (let task = 0; task < taskCount(run); task++) checkTask(run, before, task, event);
        checkRun(run);
        checkReady(run, before, step);
        for (const settled of step.settled) settledBy.push(settled.completed);
        rows.apply(changesOf(step));
        checkRows(rows);
        // Nothing waits for an event that nobody will send.
        if (!isFinalDag(run.status) && run.cascade.size > 0 && (!waited || event.type === 'continued')) expect(step.continued.has(DAG)).toBe(true);
      };
      for (const move of moves) apply(eventOf(run, move, now, log));
      for (let steps = 0; ; steps++) {
        const event = nextTowardsEnd(run, pick + steps);
        if (event === undefined) break;
        expect(steps).toBeLessThan(1000);
        apply(event);
      }
      expect(isFinalDag(run.status)).toBe(true);
      expect(run.completed + run.failed + run.skipped + run.cancelled).toBe(taskCount(run));
      expect(settledBy).toHaveLength(1);
    }),
    { numRuns: 60 },
  );
});

const TIMES = [
  'queuedAt',
  'dispatchedAt',
  'startedAt',
  'completedAt',
  'dueAt',
  'blockedMs',
  'queuedMs',
  'dispatchedMs',
  'runningMs',
  'retryWaitMs',
] as const;
const withoutTimes = (rows: Rows): unknown => {
  const { tasks, ...dag } = rows.record();
  return {
    dag: { ...dag, startedAt: null, completedAt: null, reason: dag.reason === null ? null : { ...dag.reason, at: 0 } },
    tasks: tasks.map((task) => ({
      ...Object.fromEntries(Object.entries(task).filter(([key]) => !TIMES.includes(key as never))),
      reason: task.reason === null ? null : { ...task.reason, at: 0 },
      texts: rows.texts(task.task),
    })),
  };
};

/** Applies a log from the start in batches, committing each; `crashes` says after which batches the memory is lost before the commit. */
const replay = (plan: ReturnType<typeof planOf>, log: readonly LawEvent[], sizes: readonly number[], crashes: ReadonlySet<number>): Rows => {
  const rows = rowsOf(plan);
  let run = runOfPlan(plan);
  let position = 0;
  for (let batch = 0; position < log.length; batch++) {
    const to = Math.min(log.length, position + (sizes[batch % sizes.length] ?? 1));
    const step = applyAll(run, log.slice(position, to), T0 + to, LAW);
    if (crashes.has(batch)) {
      const record = rows.record();
      if (isFinalDag(record.status)) return rows;
      run = runOfRecord(record, T0 + 500);
      continue;
    }
    rows.apply(changesOf(step));
    position = to;
    // A final DAG is in memory no more: what comes later finds nobody.
    if (isFinalDag(run.status)) break;
  }
  return rows;
};

test('whatever is lost in a crash, the log brings back: the same rows as without the crash', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(
      anyTasks,
      fc.array(anyMove, { minLength: 5, maxLength: 100 }),
      fc.tuple(sizes, sizes),
      fc.uniqueArray(fc.nat(40), { maxLength: 12 }),
      (tasks, moves, [calm, rough], crashes) => {
        const plan = planOf(tasks);
        const run = runOfPlan(plan);
        const log: LawEvent[] = [];
        for (const move of moves) {
          const event = eventOf(run, move, T0 + log.length, log);
          const step = applyAll(run, [event], T0 + log.length, LAW);
          log.push(event);
          if (step.continued.has(DAG)) {
            log.push({ type: 'continued', dag: DAG });
            applyAll(run, [log.at(-1)!], T0 + log.length, LAW);
          }
        }
        for (let event = nextTowardsEnd(run, 1), i = 0; event !== undefined && i < 1000; event = nextTowardsEnd(run, ++i)) {
          log.push(event);
          applyAll(run, [event], T0 + log.length, LAW);
        }
        expect(isFinalDag(run.status)).toBe(true);
        const without = replay(plan, log, calm, new Set());
        expect(isFinalDag(without.record().status)).toBe(true);
        expect(withoutTimes(replay(plan, log, rough, new Set(crashes)))).toEqual(withoutTimes(without));
      },
    ),
    { numRuns: 200 },
  );
});
