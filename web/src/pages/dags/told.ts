/** What the stream tells of DAGs, and what a list is afterwards. */
import type { DagView } from '../../../../src/sdk/responses';

export interface Told<T = DagView> {
  readonly changed: readonly T[];
  /** Ids of those that were deleted, by hand or because they are kept no longer. */
  readonly removed: readonly string[];
  /** There were others that aren't named. */
  readonly more: boolean;
}

/** The same rows as they are now, without those that were deleted and those that no longer belong to the list. */
export const afterwards = <T extends { readonly dagId: string }>(
  rows: readonly T[],
  { changed, removed }: Told<T>,
  belongs: (dag: T) => boolean,
): readonly T[] => {
  const news = new Map(changed.map((dag) => [dag.dagId, dag]));
  const gone = new Set(removed);
  return rows
    .filter(({ dagId }) => !gone.has(dagId))
    .map((dag) => news.get(dag.dagId) ?? dag)
    .filter(belongs);
};
