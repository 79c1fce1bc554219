import type { MigrationInterface, QueryRunner } from 'typeorm';

const TASK_ARGUMENTS = `
  t_dag uuid[], t_index integer[], t_status text[], t_attempt integer[], t_dispatch integer[], t_losses integer[],
  t_worker text[], t_session text[], t_fence bigint[],
  t_queued double precision[], t_dispatched double precision[], t_started double precision[], t_completed double precision[],
  t_due double precision[],
  t_blocked_ms bigint[], t_queued_ms bigint[], t_dispatched_ms bigint[], t_running_ms bigint[], t_retry_wait_ms bigint[],
  t_told integer[], t_result text[], t_error text[], t_checkpoint text[], t_progress real[]`;

const DAG_ARGUMENTS = `
  d_dag uuid[], d_status text[], d_completed integer[], d_failed integer[], d_skipped integer[], d_cancelled integer[],
  d_started double precision[], d_completed_at double precision[]`;

// One call is one round trip and one transaction. Generic plans, because their estimate for an array of unknown length leads to
// the primary keys, and because planning each time would cost more than the update.
const COMMIT = `
CREATE FUNCTION commit_batch(
  s_id smallint[], s_epoch bigint[], s_offset bigint[], s_timestamp bigint[], s_hash text[],${TASK_ARGUMENTS},${DAG_ARGUMENTS}
) RETURNS void LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  -- The epoch is compared while the row is locked: whoever slept through a takeover changes nothing.
  FOR i IN 1 .. cardinality(s_id) LOOP
    UPDATE shards SET next_offset = s_offset[i], last_timestamp = s_timestamp[i], last_hash = s_hash[i]
    WHERE id = s_id[i] AND epoch = s_epoch[i];
    IF NOT FOUND THEN
      RAISE EXCEPTION 'shard % is no longer owned under epoch %', s_id[i], s_epoch[i] USING ERRCODE = 'DS001';
    END IF;
  END LOOP;
  IF cardinality(t_dag) > 0 THEN
    -- u.told says which texts are meant: 1 result, 2 error, 4 checkpoint, 8 progress.
    UPDATE tasks t SET
      status = u.status, attempt = u.attempt, dispatch = u.dispatch, losses = u.losses,
      worker = u.worker, session = u.session, fence = u.fence,
      queued_at = to_timestamp(u.queued / 1000), dispatched_at = to_timestamp(u.dispatched / 1000),
      started_at = to_timestamp(u.started / 1000), completed_at = to_timestamp(u.completed / 1000),
      due_at = to_timestamp(u.due / 1000),
      blocked_ms = u.blocked_ms, queued_ms = u.queued_ms, dispatched_ms = u.dispatched_ms, running_ms = u.running_ms,
      retry_wait_ms = u.retry_wait_ms,
      result = CASE WHEN u.told & 1 > 0 THEN u.result ELSE t.result END,
      error = CASE WHEN u.told & 2 > 0 THEN u.error ELSE t.error END,
      checkpoint = CASE WHEN u.told & 4 > 0 THEN u.checkpoint ELSE t.checkpoint END,
      progress = CASE WHEN u.told & 8 > 0 THEN u.progress ELSE t.progress END
    FROM unnest(t_dag, t_index, t_status, t_attempt, t_dispatch, t_losses, t_worker, t_session, t_fence,
      t_queued, t_dispatched, t_started, t_completed, t_due,
      t_blocked_ms, t_queued_ms, t_dispatched_ms, t_running_ms, t_retry_wait_ms,
      t_told, t_result, t_error, t_checkpoint, t_progress)
      AS u (dag_id, index, status, attempt, dispatch, losses, worker, session, fence,
        queued, dispatched, started, completed, due,
        blocked_ms, queued_ms, dispatched_ms, running_ms, retry_wait_ms,
        told, result, error, checkpoint, progress)
    WHERE t.dag_id = u.dag_id AND t.index = u.index;
  END IF;
  IF cardinality(d_dag) > 0 THEN
    UPDATE dags d SET
      status = u.status, completed_tasks = u.completed, failed_tasks = u.failed, skipped_tasks = u.skipped,
      cancelled_tasks = u.cancelled, started_at = to_timestamp(u.started / 1000), completed_at = to_timestamp(u.completed_at / 1000)
    FROM unnest(d_dag, d_status, d_completed, d_failed, d_skipped, d_cancelled, d_started, d_completed_at)
      AS u (dag_id, status, completed, failed, skipped, cancelled, started, completed_at)
    WHERE d.dag_id = u.dag_id;
  END IF;
END $$`;

/** The one statement by which the engine writes what the law decided. A later form gets a name of its own: old and new schedulers run beside each other during an upgrade. */
export class CommitFunction1764000000002 implements MigrationInterface {
  readonly name = 'CommitFunction1764000000002';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(COMMIT);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP FUNCTION commit_batch');
  }
}
