/** The DAGs that are not over, kept up to date. */
import type { DagView } from '../../../../src/sdk/responses';

export const MOST_RUNNING = 8;

export const isLive = ({ status }: Pick<DagView, 'status'>): boolean => status === 'CREATED' || status === 'RUNNING' || status === 'PAUSED';

/** The live DAGs after some changed: those that are over leave, new ones come first. */
export const withChanged = <T extends Pick<DagView, 'id' | 'dagId' | 'status'>>(before: readonly T[], changed: readonly T[]): readonly T[] => {
  const news = new Map(changed.map((dag) => [dag.dagId, dag]));
  const known = new Set(before.map(({ dagId }) => dagId));
  const added = changed.filter(({ dagId }) => !known.has(dagId)).sort((a, b) => b.id - a.id);
  return [...added, ...before.map((dag) => news.get(dag.dagId) ?? dag)].filter(isLive).slice(0, MOST_RUNNING);
};
