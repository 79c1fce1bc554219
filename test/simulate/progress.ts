/** Whether each task has a cause for its next step, as its row tells. */
import type { DagRecord, TaskRecord } from '../../src/core/change';
import { isFinalDag, isFinalTask } from '../../src/core/dag';
import type { DagId } from '../../src/core/ids';
import { START_MS, type Cluster } from './cluster';

/** A due time is looked for each second. */
const OVERDUE_MS = 1000;
/** What was told to a log that was made again is told once more after this. */
const AFTER_HEALING_MS = 8000;
const LOOK_MS = 1000;

/** Why nothing will ever happen to a task; undefined where something will. */
const whyStuck = ({ tasks, reason, maxRunning }: DagRecord, task: TaskRecord, nowMs: number): string | undefined => {
  if (isFinalTask(task.status)) return undefined;
  if (task.dueAt !== null && task.dueAt < nowMs - OVERDUE_MS) return `is ${task.status} and due since ${String(nowMs - task.dueAt)} ms`;
  if (task.status === 'RETRYING' && task.dueAt === null) return 'is RETRYING and never due';
  // A hold waits for a person, a pause does, and an early end is told step by step.
  if (task.status !== 'PENDING' || task.reason !== null || reason !== null) return undefined;
  // It may wait behind a limit, and whoever took its shard over knows it as ready.
  if (maxRunning !== null || task.options?.pool !== undefined || task.options?.rateLimit !== undefined) return undefined;
  return task.dependencies.every((parent) => isFinalTask(tasks[parent]!.status)) ? 'is PENDING and waits for nothing' : undefined;
};

/** Looks each second at all rows; who is stuck at two looks is told to the history. */
export const createWatch = ({ memory, history, timeline }: Cluster, dags: readonly DagId[]) => {
  let lookedAt = 0;
  let before = new Set<string>();
  const look = async (): Promise<void> => {
    const found = new Set<string>();
    for (const dag of new Set(dags)) {
      const record = await memory.store.anyDag(dag);
      if (record === undefined || isFinalDag(record.status)) continue;
      for (const task of record.tasks) {
        const why = whyStuck(record, task, START_MS + timeline.now());
        if (why === undefined) continue;
        const key = `${dag}/${String(task.task)}/${String(task.dispatch)}/${task.status}`;
        found.add(key);
        if (before.has(key)) history.add({ kind: 'stuck', dag, task: task.task, why });
      }
    }
    before = found;
  };
  return (healedAt: number): void => {
    const now = timeline.now();
    if (now < healedAt + AFTER_HEALING_MS || now < lookedAt + LOOK_MS) return;
    lookedAt = now;
    timeline.stirred();
    void look();
  };
};
