/** Reads what changed, for pages that are shown it live. */
import type { ChangedRows } from '../../ports/live';
import { readDags } from './dagViews';
import type { Database } from './database';
import { reaching } from './failures';
import { readTasks } from './taskViews';
import { TASK_ROW } from './taskRows';

// A PENDING row whose dependencies are over is shown as QUEUED: its row needn't have changed for that.
const TASKS = `SELECT ${TASK_ROW} FROM tasks t JOIN dags d ON d.dag_id = t.dag_id
  WHERE t.dag_id = $1 AND (t.index = ANY ($2::integer[]) OR t.status = 'PENDING' AND t.dependencies && $2::integer[]) ORDER BY t.index`;

/** Makes the ChangedRows of an open, migrated database. */
export const createChangedRows = ({ views: pool }: Pick<Database, 'views'>): ChangedRows => ({
  dags: (dags) => reaching(() => readDags(pool, dags)),
  tasks: (dag, indexes) => reaching(() => readTasks(pool, TASKS, [dag, indexes])),
});
