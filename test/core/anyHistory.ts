/** Random DAGs with every rule and deadline, and whatever may happen to them, commands included. */
import fc from 'fast-check';
import type { Command, GraphEdit } from '../../src/core/command';
import { isFinalDag, TRIGGER_RULES, type FailureKind, type PlannedDag, type PlannedTask, type TaskOptions } from '../../src/core/dag';
import { isCutOff, isHeld, taskCount, type Run } from '../../src/core/run';
import { CODE } from '../../src/core/states';
import { commanded, completed, DAG, due, failed, lost, planOf, plannedTask, released, started, T0, withdrawn, type LawEvent } from './model';

/** Milliseconds between two events of a history. */
export const TICK_MS = 7;

const options: fc.Arbitrary<TaskOptions | null> = fc.oneof(
  fc.constant(null),
  fc.record(
    {
      triggerRule: fc.constantFrom(...TRIGGER_RULES),
      queueTimeoutSeconds: fc.constantFrom(0.02, 0.1),
      totalTimeoutSeconds: fc.constantFrom(0.05, 0.3),
      maxTimeoutRetries: fc.nat(1),
      noRetryOn: fc.constant(['Fatal']),
      requiresApproval: fc.constant(true),
    },
    { requiredKeys: [] },
  ),
);

const retry = fc
  .nat(2)
  .map((maxRetries) => ({ maxRetries, backoff: { type: 'exponential', initialMs: 20, factor: 2, maxMs: 40, jitter: 0.5 } }) as const);

/** A DAG each of whose tasks depends on some of those before it; some with a time of their own. */
export const anyDag: fc.Arbitrary<PlannedDag> = fc
  .tuple(
    fc.array(fc.record({ parents: fc.array(fc.nat(1000), { maxLength: 4 }), retry, options, payload: fc.boolean() }), {
      minLength: 1,
      maxLength: 20,
    }),
    fc.option(fc.integer({ min: 30, max: 600 }), { freq: 4 }),
  )
  .map(([shapes, dueAfterMs]) => {
    const tasks = shapes.map(({ parents, payload, ...rest }, i) => {
      const dependencies = i === 0 ? [] : [...new Set(parents.map((pick) => pick % i))].sort((a, b) => a - b);
      return plannedTask(`t${String(i)}`, dependencies, { ...rest, payload: payload ? '{}' : null });
    });
    return { ...planOf(tasks), dueAt: dueAfterMs === null ? null : T0 + dueAfterMs };
  });

export const KINDS = [
  ...(['completed', 'completed', 'completed', 'failed', 'failed', 'started', 'started', 'lost', 'released', 'due', 'due', 'checkpointed'] as const),
  ...(['withdrawn', 'withdrawn', 'dagDue', 'continued', 'audited', 'command', 'command', 'command', 'again'] as const),
];

/** What may happen next; `pick` chooses the task among those for which it means something, unless it is `wild`. */
export interface Move {
  readonly kind: (typeof KINDS)[number];
  readonly pick: number;
  readonly wild: boolean;
  readonly session: string;
  readonly command: number;
}
export const anyMove: fc.Arbitrary<Move> = fc.record({
  kind: fc.constantFrom(...KINDS),
  pick: fc.nat(10_000),
  wild: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  session: fc.constantFrom('s1', 's1', 's2'),
  command: fc.nat(10_000),
});

export const tasksIn = (run: Run, ...codes: number[]): number[] =>
  Array.from({ length: taskCount(run) }, (_, task) => task).filter((task) => codes.includes(run.state[task]!));

const anyEdit = (run: Run, picked: number, pick: number): GraphEdit => {
  const task = picked % taskCount(run);
  const asNew = (name: string, dependencies: number[]): PlannedTask =>
    plannedTask(name, dependencies, {
      options: { triggerRule: TRIGGER_RULES[pick % 5]!, ...(pick % 4 === 0 ? { requiresApproval: true } : {}) },
    });
  const earlier = task === 0 ? [] : [pick % task];
  return {
    version: pick % 11 === 0 ? run.version + 1 : run.version,
    added: pick % 2 === 0 ? [asNew(`n${String(taskCount(run))}`, [task])] : [],
    replaced: pick % 3 === 0 ? [{ task, as: asNew(run.specs[task]!.name, earlier) }] : [],
    removed: pick % 3 === 1 ? [task] : [],
  };
};

const anyCommand = (run: Run, task: number, { command, pick }: Move, now: number): Command => {
  const tasks = [task, ...(pick % 4 === 0 ? [pick % taskCount(run)] : [])];
  const all: Command[] = [
    { kind: 'cancel', tasks },
    ...(pick % 3 === 0 ? [{ kind: 'cancel', tasks: null } as const] : []),
    { kind: 'pause' },
    { kind: 'resume' },
    ...(pick % 3 === 0 ? [{ kind: 'drain' } as const] : []),
    { kind: 'retry', tasks: null, downstream: pick % 2 === 0 },
    { kind: 'retry', tasks: [task], downstream: pick % 2 === 0, ...(pick % 3 === 0 ? { payload: pick % 2 === 0 ? null : '{"again":1}' } : {}) },
    { kind: 'rerun', task },
    { kind: 'rerun', task: null },
    { kind: 'mark', task, as: 'COMPLETED', ...(pick % 2 === 0 ? { result: '"by hand"' } : {}) },
    { kind: 'mark', task, as: 'FAILED' },
    { kind: 'skip', tasks },
    { kind: 'hold', tasks, resumeAt: pick % 2 === 0 ? now + 50 : null },
    { kind: 'release', tasks },
    { kind: 'approve', tasks: [task] },
    { kind: 'edit', edit: anyEdit(run, task, pick) },
    { kind: 'edit', edit: anyEdit(run, task, pick) },
  ];
  return all[command % all.length]!;
};

const FAILURES: readonly FailureKind[] = ['HANDLER', 'HANDLER', 'TIMEOUT', 'OUT_OF_MEMORY', 'KILLED'];

const failure = (task: number, dispatch: number, other: object, pick: number): LawEvent => {
  const error = {
    kind: FAILURES[pick % FAILURES.length]!,
    message: 'it broke',
    ...(pick % 7 === 0 ? { name: 'Fatal' } : {}),
    retryAfterMs: pick % 40,
  };
  return { ...failed(task, dispatch, { ...other, retryable: pick % 9 !== 0 }), error } as LawEvent;
};

const candidatesFor = (run: Run, kind: Move['kind']): number[] => {
  if (kind === 'withdrawn') return tasksIn(run, CODE.CANCELLING);
  if (kind === 'due') return [...run.dueTimes.keys()];
  if (kind === 'command') return tasksIn(run, ...Array.from({ length: 10 }, (_, code) => code));
  return tasksIn(run, CODE.QUEUED, CODE.RUNNING, CODE.CANCELLING);
};

/** The event of a move on the run as it stands. */
export const eventOf = (run: Run, move: Move, now: number, log: readonly LawEvent[]): LawEvent => {
  const { kind, pick, wild, session } = move;
  const candidates = candidatesFor(run, kind);
  const task = wild || candidates.length === 0 ? pick % (taskCount(run) + 2) : candidates[pick % candidates.length]!;
  const dispatch = wild ? pick % 5 : (run.dispatch[task] ?? 1);
  const other = { session, worker: `w-${session}`, fence: String(dispatch * 10 + (wild ? pick % 3 : session === 's1' ? 1 : 2)), at: now };
  const earlier = log.filter(({ type }) => type !== 'commanded');
  switch (kind) {
    case 'completed':
      return completed(task, dispatch, { ...other, result: pick % 2 === 0 ? `{"n":${String(task)}}` : null });
    case 'failed':
      return failure(task, dispatch, other, pick);
    case 'started':
      return started(task, dispatch, other);
    case 'lost':
      return lost(task, dispatch, session);
    case 'released':
      return released(task, dispatch, session);
    case 'due':
      return due(task, dispatch);
    case 'withdrawn':
      return withdrawn(task, dispatch, pick % 2 === 0 ? null : session);
    case 'checkpointed':
      return { ...started(task, dispatch, other), type: 'checkpointed', sequence: pick, state: '{"at":1}' } as LawEvent;
    case 'dagDue':
    case 'continued':
    case 'audited':
      return { type: kind, dag: DAG };
    case 'command':
      return commanded(anyCommand(run, wild ? task : task % taskCount(run), move, now), { id: String(log.length), by: 'somebody' });
    case 'again':
      return earlier[pick % Math.max(1, earlier.length)] ?? due(task, dispatch);
  }
};

/** What brings any DAG to its end: whatever waits is let go, whatever is ready completes or fails. */
export const nextTowardsEnd = (run: Run, pick: number, now: number): LawEvent | undefined => {
  if (isFinalDag(run.status)) return undefined;
  if (isCutOff(run)) return { type: 'continued', dag: DAG };
  if (run.status === 'PAUSED') return commanded({ kind: 'resume' }, { id: `end ${String(pick)}` });
  const cancelling = tasksIn(run, CODE.CANCELLING)[0];
  if (cancelling !== undefined) return withdrawn(cancelling, run.dispatch[cancelling]);
  const waiting = tasksIn(run, CODE.RETRYING)[0];
  if (waiting !== undefined) return due(waiting, run.dispatch[waiting]!);
  const ready = tasksIn(run, CODE.QUEUED, CODE.RUNNING)[0];
  if (ready !== undefined)
    return (pick % 3 === 0 ? failed : completed)(ready, run.dispatch[ready], { session: 's9', worker: 'w9', fence: '9000', at: now });
  const held = tasksIn(run, CODE.PENDING).filter((task) => isHeld(run, task));
  const byHand = held.filter((task) => run.reasons.get(task)!.approval === undefined);
  if (byHand.length > 0) return commanded({ kind: 'release', tasks: byHand }, { id: `end ${String(pick)}` });
  const asked = held.filter((task) => run.reasons.get(task)!.approval === 'AWAITED');
  return asked.length === 0 ? undefined : commanded({ kind: 'approve', tasks: asked }, { id: `end ${String(pick)}` });
};
