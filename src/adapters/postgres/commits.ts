/** How the engine's decisions reach the rows: one statement in one round trip, behind the fence of the shards' epochs. */
import type { Pool } from 'pg';
import type { DagChange, TaskChange } from '../../core/change';
import type { CommitBatch, OwnedShard } from '../../ports/store';
import { type ArrayColumn, json, parametersOf, plain, texts, valuesOf } from './arrays';
import { editCall, editValues, EXTRA_COUNT, extraCalls, extraValues, hasExtras } from './extras';
import { reaching } from './failures';

const SHARD_COLUMNS: readonly ArrayColumn<OwnedShard>[] = [
  plain('smallint', (owned) => owned.shard),
  plain('bigint', (owned) => owned.epoch),
  plain('bigint', (owned) => owned.position.nextOffset),
  plain('bigint', (owned) => owned.position.last?.timestamp ?? null),
  texts((owned) => owned.position.last?.hash),
];

/** Which of the optional fields a change carries: null clears, absence leaves what is stored. */
const told = (change: TaskChange): number =>
  (change.result === undefined ? 0 : 1) |
  (change.error === undefined ? 0 : 2) |
  (change.checkpoint === undefined ? 0 : 4) |
  (change.progress === undefined ? 0 : 8) |
  (change.payload === undefined ? 0 : 16);

// The order is that of commit_changes' arguments.
const TASK_COLUMNS: readonly ArrayColumn<TaskChange>[] = [
  plain('uuid', (change) => change.dag),
  plain('integer', (change) => change.task),
  plain('text', (change) => change.status),
  plain('integer', (change) => change.attempt),
  plain('integer', (change) => change.dispatch),
  plain('integer', (change) => change.losses),
  json((change) => change.budgets),
  json((change) => change.reason),
  texts((change) => change.worker),
  texts((change) => change.session),
  plain('bigint', (change) => change.fence),
  plain('double precision', (change) => change.queuedAt),
  plain('double precision', (change) => change.dispatchedAt),
  plain('double precision', (change) => change.startedAt),
  plain('double precision', (change) => change.completedAt),
  plain('double precision', (change) => change.dueAt),
  plain('bigint', (change) => Math.round(change.blockedMs)),
  plain('bigint', (change) => Math.round(change.queuedMs)),
  plain('bigint', (change) => Math.round(change.dispatchedMs)),
  plain('bigint', (change) => Math.round(change.runningMs)),
  plain('bigint', (change) => Math.round(change.retryWaitMs)),
  plain('integer', told),
  texts((change) => change.result),
  texts((change) => change.error),
  texts((change) => change.checkpoint),
  plain('real', (change) => change.progress ?? null),
  texts((change) => change.payload),
];

const DAG_COLUMNS: readonly ArrayColumn<DagChange>[] = [
  plain('uuid', (change) => change.dag),
  plain('text', (change) => change.status),
  plain('integer', (change) => change.completedTasks),
  plain('integer', (change) => change.failedTasks),
  plain('integer', (change) => change.skippedTasks),
  plain('integer', (change) => change.cancelledTasks),
  plain('double precision', (change) => change.startedAt),
  plain('double precision', (change) => change.completedAt),
  json((change) => change.reason),
  plain('double precision', (change) => change.dueAt),
];

const CHANGE_PARAMETERS = parametersOf([...SHARD_COLUMNS, ...TASK_COLUMNS, ...DAG_COLUMNS]);
const CHANGE_COUNT = SHARD_COLUMNS.length + TASK_COLUMNS.length + DAG_COLUMNS.length;

const COMMIT = `SELECT commit_changes(${CHANGE_PARAMETERS})`;

/**
 * What an ordinary batch has nothing of rides along in the same statement. The subqueries are evaluated from the inside out (OFFSET 0
 * keeps them apart): the fence first, then new rows, then the changes to them, then what is told about the changed rows.
 */
const COMMIT_WITH_EXTRAS = `
  SELECT ${extraCalls(CHANGE_COUNT + 1)} FROM (
    SELECT commit_changes(${CHANGE_PARAMETERS}) FROM (
      SELECT ${editCall(CHANGE_COUNT + EXTRA_COUNT + 1)} FROM (
        SELECT fence_shards(${parametersOf(SHARD_COLUMNS)}) OFFSET 0
      ) fenced OFFSET 0
    ) edited OFFSET 0
  ) changed`;

/** Makes `RunStore.commit`. */
export const createCommit =
  (pool: Pool) =>
  (batch: CommitBatch): Promise<void> =>
    reaching(async () => {
      // Everyone locks shards in this order, so that nobody waits in a circle.
      const shards = [...batch.shards].sort((a, b) => a.shard - b.shard);
      const values = [...valuesOf(SHARD_COLUMNS, shards), ...valuesOf(TASK_COLUMNS, batch.tasks), ...valuesOf(DAG_COLUMNS, batch.dags)];
      if (!hasExtras(batch)) await pool.query({ name: 'commit_changes', text: COMMIT, values });
      else
        await pool.query({ name: 'commit_extras', text: COMMIT_WITH_EXTRAS, values: [...values, ...extraValues(batch), ...editValues(batch.edits)] });
    });
