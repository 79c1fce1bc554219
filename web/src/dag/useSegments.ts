/** Where the time of each task went, with what only the tasks' own answers and the history tell. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { ask } from '../api/client';
import { now } from '../live/now';
import { isFinalTask, type Attempt, type HistoryEvent, type Task, type TaskDetail } from './model';
import { hasEarlierAttempts, reopenedAt, segmentsOf, type Segment } from './segments';

/** So many tasks are asked about their attempts, some at a time; the others show that there were some. */
const MOST_ASKED = 300;
const AT_ONCE = 6;

const attemptsOf = async ({ taskId }: Task, signal: AbortSignal): Promise<readonly Attempt[]> =>
  (await ask<TaskDetail>(`/api/v1/tasks/${encodeURIComponent(taskId)}`, { signal })).attempts;

/** What an answer about attempts is good for: until the task has had another. */
const stampOf = ({ taskId, attempt, status, budgets }: Task): string =>
  `${taskId} ${attempt} ${JSON.stringify(budgets)} ${isFinalTask(status) ? status : ''}`;

/** Attempts by the stamps of their tasks; they come in one after another. */
const useAttempts = (tasks: readonly Task[]): ReadonlyMap<string, readonly Attempt[]> => {
  const [known, setKnown] = useState<ReadonlyMap<string, readonly Attempt[]>>(new Map());
  const missing = tasks
    .filter(hasEarlierAttempts)
    .slice(0, MOST_ASKED)
    .filter((task) => !known.has(stampOf(task)));
  const key = missing.map(stampOf).join();
  useEffect(() => {
    const ending = new AbortController();
    const left = [...missing];
    const found: (readonly [string, readonly Attempt[]])[] = [];
    const askOn = async (): Promise<void> => {
      for (let task = left.shift(); task !== undefined; task = left.shift()) found.push([stampOf(task), await attemptsOf(task, ending.signal)]);
    };
    void Promise.allSettled(Array.from({ length: AT_ONCE }, askOn)).then(() => {
      if (found.length > 0 && !ending.signal.aborted) setKnown((before) => new Map([...before, ...found]));
    });
    return () => {
      ending.abort();
    };
  }, [key]);
  return known;
};

/** By the task's place; of tasks that aren't final, up to the second. */
export const useSegments = (tasks: readonly Task[], events: readonly HistoryEvent[]): readonly (readonly Segment[])[] => {
  const known = useAttempts(tasks);
  const isOver = tasks.every(({ status }) => isFinalTask(status));
  const moment = isOver ? 0 : now.value;
  return useMemo(() => {
    const reopened = reopenedAt(events);
    return tasks.map((task) => segmentsOf(task, { now: moment, reopened, attempts: known.get(stampOf(task)) ?? [] }));
  }, [tasks, events, known, moment]);
};
