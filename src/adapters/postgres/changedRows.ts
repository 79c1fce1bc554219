/** Reads what changed, for pages that are shown it live. */
import { isFinalTask, TASK_STATUSES } from '../../core/dag';
import type { ChangedRows } from '../../ports/live';
import { literalList } from './conditions';
import { readDags } from './dagViews';
import type { Database } from './database';
import { reaching } from './failures';
import { readTasks, shownAs } from './taskViews';
import { TASK_ROW } from './taskRows';

// A PENDING row whose dependencies are over is shown as QUEUED: its row needn't have changed for that. Asked of those only that depend on
// what is final now, because a task may have 100,000 that depend on it, and tell of its progress each second.
const TASKS = `SELECT ${TASK_ROW} FROM tasks t JOIN dags d ON d.dag_id = t.dag_id
  WHERE t.dag_id = $1 AND (t.index = ANY ($2::integer[]) OR t.dependencies && (
      SELECT array_agg(c.index) FROM tasks c
      WHERE c.dag_id = $1 AND c.index = ANY ($2::integer[]) AND c.status IN (${literalList(TASK_STATUSES.filter(isFinalTask))})
    ) AND ${shownAs('QUEUED')})
  ORDER BY t.index LIMIT $3`;

/** Makes the ChangedRows of an open, migrated database. */
export const createChangedRows = ({ views: pool }: Pick<Database, 'views'>): ChangedRows => ({
  dags: (dags) => reaching(() => readDags(pool, dags)),
  tasks: (dag, indexes, limit) => reaching(() => readTasks(pool, TASKS, [dag, indexes, limit])),
});
