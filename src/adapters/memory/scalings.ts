/** Decisions of the autoscaler in memory. */
import type { Scaling, ScalingHistory } from '../../ports/scaling';

/** A turn of its own, as every call of a store takes one. */
const answered = <T>(answer: () => T): Promise<T> => Promise.resolve().then(answer);

/** A new, empty history. */
export const createMemoryScalings = (): ScalingHistory => {
  let rows: readonly Scaling[] = [];
  let ids = 0;
  let newest = 0n;
  return {
    note: (scaling) =>
      answered(() => {
        const { fence, ...decision } = scaling;
        if (newest > BigInt(fence)) return undefined;
        newest = BigInt(fence);
        const id = String(++ids);
        rows = [...rows, { ...decision, id, done: null, error: null }];
        return id;
      }),
    finish: (id, result) =>
      answered(() => {
        rows = rows.map((row) => (row.id === id ? { ...row, ...result } : row));
      }),
    scalings: (limit, before) =>
      answered(() =>
        rows
          .filter(({ id }) => before === undefined || Number(id) < Number(before))
          .slice(-limit)
          .reverse(),
      ),
    forget: (beforeMs, keep) =>
      answered(() => {
        rows = rows.slice(-keep).filter(({ at }) => at >= beforeMs);
      }),
  };
};
