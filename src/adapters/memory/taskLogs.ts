/** The logs of tasks in memory: for what runs without a database. */
import { unpackLines } from '../../core/logLine';
import type { LogChunk, TaskLogStore, TaskLogViews } from '../../ports/taskLogs';

interface Stored extends LogChunk {
  readonly id: number;
  readonly storedAt: number;
}

export interface MemoryTaskLogsNeeds {
  readonly now: () => number;
  /** Whether there is such a DAG. */
  readonly hasDag: (dag: LogChunk['dag']) => boolean;
}

const FIRST_PART = 4;

const isSameLog = (one: LogChunk, other: LogChunk): boolean => one.dag === other.dag && one.task === other.task && one.fence === other.fence;

/** Makes both sides of the store. */
export const createMemoryTaskLogs = ({ now, hasDag }: MemoryTaskLogsNeeds): TaskLogStore & TaskLogViews => {
  let stored: Stored[] = [];
  let last = 0;
  const places = new Map<number, bigint>();

  const add = (chunk: LogChunk, attemptBytes: number): void => {
    if (!hasDag(chunk.dag) || stored.some((one) => isSameLog(one, chunk) && one.first === chunk.first)) return;
    stored.push({ ...chunk, id: ++last, storedAt: now() });
    const head = attemptBytes / FIRST_PART;
    const until = chunk.position + chunk.bytes - (attemptBytes - head);
    stored = stored.filter((one) => !isSameLog(one, chunk) || one.position < head || one.position + one.bytes > until || one.ended);
  };
  return {
    keep: (chunks, attemptBytes, place) => {
      for (const chunk of chunks) add(chunk, attemptBytes);
      if (place !== undefined) places.set(place.shard, place.next);
      return Promise.resolve();
    },
    places: (shards) => Promise.resolve(shards.map((shard) => ({ shard, next: places.get(shard) ?? 0n }))),
    removeBefore: (time, limit) => {
      const old = new Set(stored.filter(({ storedAt }) => storedAt < time).slice(0, limit));
      stored = stored.filter((one) => !old.has(one));
      return Promise.resolve(old.size);
    },
    chunks: ({ dag, task }, { attempt, from = '0' }, limit) => {
      const ofTask = stored.filter((one) => one.dag === dag && one.task === task);
      const endBefore = (chunk: Stored): number =>
        Math.max(0, ...ofTask.filter((one) => isSameLog(one, chunk) && one.first < chunk.first).map(({ first, count }) => first + count));
      const page = ofTask.filter((one) => one.id >= Number(from) && (attempt === undefined || one.attempt === attempt)).slice(0, limit);
      return Promise.resolve(
        page.map((chunk) => ({
          id: String(chunk.id),
          attempt: chunk.attempt,
          worker: chunk.worker,
          first: chunk.first,
          missing: chunk.first - endBefore(chunk),
          ended: chunk.ended,
          storedAt: chunk.storedAt,
          lines: unpackLines(chunk.lines),
        })),
      );
    },
  };
};
