/** Learned run times in memory. */
import type { RunTime } from '../../core/runTimes';
import type { RunTimeStore } from '../../ports/runTimes';

/** A turn of its own, as every call of a store takes one. */
const answered = <T>(answer: () => T): Promise<T> => Promise.resolve().then(answer);

const keyOf = ({ dagName, name }: RunTime): string => JSON.stringify([dagName, name]);

/** A new, empty store. */
export const createMemoryRunTimes = (): RunTimeStore => {
  /** What was written last stands last. */
  const rows = new Map<string, { readonly time: RunTime; readonly version: number }>();
  let version = 0;
  return {
    write: (times) =>
      answered(() => {
        for (const time of times) {
          rows.delete(keyOf(time));
          rows.set(keyOf(time), { time, version: ++version });
        }
      }),
    read: (after, limit) =>
      answered(() => {
        const found = [...rows.values()].filter((row) => row.version > Number(after ?? 0)).slice(0, limit);
        const last = found.at(-1);
        return { times: found.map(({ time }) => time), next: last === undefined ? after : String(last.version) };
      }),
    trim: (most) =>
      answered(() => {
        const old = [...rows.keys()].slice(0, Math.max(0, rows.size - most));
        for (const key of old) rows.delete(key);
        return old.length;
      }),
  };
};
