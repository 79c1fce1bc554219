/** The statements of a commit as functions: generic plans, because planning each time would cost more than the writes. */

const body = (statements: string): string => `RETURNS void LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
BEGIN${statements}
END $$`;

const SHARD_ARGUMENTS = 's_id smallint[], s_epoch bigint[], s_offset bigint[], s_timestamp bigint[], s_hash text[]';

const TASK_ARGUMENTS = `
  t_dag uuid[], t_index integer[], t_status text[], t_attempt integer[], t_dispatch integer[], t_losses integer[],
  t_budgets text[], t_reason text[],
  t_worker text[], t_session text[], t_fence bigint[],
  t_queued double precision[], t_dispatched double precision[], t_started double precision[], t_completed double precision[],
  t_due double precision[],
  t_blocked_ms bigint[], t_queued_ms bigint[], t_dispatched_ms bigint[], t_running_ms bigint[], t_retry_wait_ms bigint[],
  t_told integer[], t_result text[], t_error text[], t_checkpoint text[], t_progress real[], t_payload text[]`;

const DAG_ARGUMENTS = `
  d_dag uuid[], d_status text[], d_completed integer[], d_failed integer[], d_skipped integer[], d_cancelled integer[],
  d_started double precision[], d_completed_at double precision[], d_reason text[], d_due double precision[]`;

// The epoch is compared while the row is locked: whoever slept through a takeover changes nothing.
const FENCE = `
  FOR i IN 1 .. cardinality(s_id) LOOP
    UPDATE shards SET next_offset = s_offset[i], last_timestamp = s_timestamp[i], last_hash = s_hash[i]
    WHERE id = s_id[i] AND epoch = s_epoch[i];
    IF NOT FOUND THEN
      RAISE EXCEPTION 'shard % is no longer owned under epoch %', s_id[i], s_epoch[i] USING ERRCODE = 'DS001';
    END IF;
  END LOOP;`;

const CHANGE_TASKS = `
  IF cardinality(t_dag) > 0 THEN
    -- u.told says which texts are meant: 1 result, 2 error, 4 checkpoint, 8 progress, 16 payload.
    UPDATE tasks t SET
      status = u.status, attempt = u.attempt, dispatch = u.dispatch, losses = u.losses, budgets = u.budgets, reason = u.reason,
      worker = u.worker, session = u.session, fence = u.fence,
      queued_at = to_timestamp(u.queued / 1000), dispatched_at = to_timestamp(u.dispatched / 1000),
      started_at = to_timestamp(u.started / 1000), completed_at = to_timestamp(u.completed / 1000),
      due_at = to_timestamp(u.due / 1000),
      blocked_ms = u.blocked_ms, queued_ms = u.queued_ms, dispatched_ms = u.dispatched_ms, running_ms = u.running_ms,
      retry_wait_ms = u.retry_wait_ms,
      result = CASE WHEN u.told & 1 > 0 THEN u.result ELSE t.result END,
      error = CASE WHEN u.told & 2 > 0 THEN u.error ELSE t.error END,
      checkpoint = CASE WHEN u.told & 4 > 0 THEN u.checkpoint ELSE t.checkpoint END,
      progress = CASE WHEN u.told & 8 > 0 THEN u.progress ELSE t.progress END,
      payload = CASE WHEN u.told & 16 > 0 THEN u.payload ELSE t.payload END
    FROM unnest(t_dag, t_index, t_status, t_attempt, t_dispatch, t_losses, t_budgets, t_reason, t_worker, t_session, t_fence,
      t_queued, t_dispatched, t_started, t_completed, t_due,
      t_blocked_ms, t_queued_ms, t_dispatched_ms, t_running_ms, t_retry_wait_ms,
      t_told, t_result, t_error, t_checkpoint, t_progress, t_payload)
      AS u (dag_id, index, status, attempt, dispatch, losses, budgets, reason, worker, session, fence,
        queued, dispatched, started, completed, due,
        blocked_ms, queued_ms, dispatched_ms, running_ms, retry_wait_ms,
        told, result, error, checkpoint, progress, payload)
    WHERE t.dag_id = u.dag_id AND t.index = u.index;
  END IF;`;

// A DAG that was deleted meanwhile: what the caller knows is out of date, as under an old epoch.
const CHANGE_DAGS = `
  IF cardinality(d_dag) > 0 THEN
    DECLARE changed integer;
    BEGIN
      UPDATE dags d SET
        status = u.status, completed_tasks = u.completed, failed_tasks = u.failed, skipped_tasks = u.skipped,
        cancelled_tasks = u.cancelled, started_at = to_timestamp(u.started / 1000), completed_at = to_timestamp(u.completed_at / 1000),
        reason = u.reason, due_at = to_timestamp(u.due / 1000)
      FROM unnest(d_dag, d_status, d_completed, d_failed, d_skipped, d_cancelled, d_started, d_completed_at, d_reason, d_due)
        AS u (dag_id, status, completed, failed, skipped, cancelled, started, completed_at, reason, due)
      WHERE d.dag_id = u.dag_id;
      GET DIAGNOSTICS changed = ROW_COUNT;
      IF changed < cardinality(d_dag) THEN
        RAISE EXCEPTION '% of % DAGs are no longer there', cardinality(d_dag) - changed, cardinality(d_dag) USING ERRCODE = 'DS001';
      END IF;
    END;
  END IF;`;

/** Takes the place of commit_batch, which schedulers of the version before still call during an upgrade. */
export const COMMIT_CHANGES = `CREATE FUNCTION commit_changes(${SHARD_ARGUMENTS},${TASK_ARGUMENTS},${DAG_ARGUMENTS})
${body(FENCE + CHANGE_TASKS + CHANGE_DAGS)}`;

export const FENCE_SHARDS = `CREATE FUNCTION fence_shards(${SHARD_ARGUMENTS}) ${body(FENCE)}`;

/** Rows of tasks that were added to a live DAG or take the place of others that haven't begun; their states are changed like all. */
export const EDIT_TASKS = `CREATE FUNCTION edit_tasks(
  g_dag uuid[], g_version integer[], g_added integer[],
  e_dag uuid[], e_index integer[], e_shard smallint[], e_priority smallint[], e_max_retries integer[], e_timeout double precision[],
  e_name text[], e_type text[], e_dependencies text[], e_tags text[], e_backoff text[], e_simulate text[], e_payload text[], e_options text[]
) ${body(`
  UPDATE dags d SET version = u.version, total_tasks = d.total_tasks + u.added
  FROM unnest(g_dag, g_version, g_added) AS u (dag_id, version, added) WHERE d.dag_id = u.dag_id;
  INSERT INTO tasks (dag_id, index, shard, priority, max_retries, timeout_seconds, name, type, dependencies, tags, backoff, simulate,
    payload, options, status)
  SELECT dag_id, index, shard, priority, max_retries, timeout_seconds, name, type, dependencies::integer[], tags::text[], backoff,
    simulate, payload, options, 'PENDING'
  FROM unnest(e_dag, e_index, e_shard, e_priority, e_max_retries, e_timeout, e_name, e_type, e_dependencies, e_tags, e_backoff,
    e_simulate, e_payload, e_options)
    AS u (dag_id, index, shard, priority, max_retries, timeout_seconds, name, type, dependencies, tags, backoff, simulate, payload, options)
  ON CONFLICT (dag_id, index) DO UPDATE SET
    priority = excluded.priority, max_retries = excluded.max_retries, timeout_seconds = excluded.timeout_seconds, name = excluded.name,
    type = excluded.type, dependencies = excluded.dependencies, tags = excluded.tags, backoff = excluded.backoff,
    simulate = excluded.simulate, payload = excluded.payload, options = excluded.options;`)}`;

export const ADD_ATTEMPTS = `CREATE FUNCTION add_attempts(
  a_dag uuid[], a_index integer[], a_dispatch integer[], a_attempt integer[], a_worker text[], a_session text[],
  a_started double precision[], a_ended double precision[], a_error text[]
) ${body(`
  INSERT INTO attempts (dag_id, index, dispatch, attempt, worker, session, started_at, ended_at, error)
  SELECT dag_id, index, dispatch, attempt, worker, session, to_timestamp(started / 1000), to_timestamp(ended / 1000), error
  FROM unnest(a_dag, a_index, a_dispatch, a_attempt, a_worker, a_session, a_started, a_ended, a_error)
    AS u (dag_id, index, dispatch, attempt, worker, session, started, ended, error)
  ON CONFLICT DO NOTHING;`)}`;

/**
 * The task's error is copied: a replay clears it in the task's own row. A task has one open letter at most: it may have been set
 * in motion again in this same batch, or have given up again.
 */
export const ADD_DEAD_LETTERS = `CREATE FUNCTION add_dead_letters(
  l_dag uuid[], l_index integer[], l_dispatch integer[], l_failed double precision[], l_kind text[]
) ${body(`
  IF cardinality(l_dag) > 0 THEN
    INSERT INTO dead_letters (dag_id, index, shard, dispatch, dag_name, task_name, type, kind, error, failed_at, state)
    SELECT u.dag_id, u.index, t.shard, u.dispatch, d.name, t.name, t.type, u.kind, t.error, to_timestamp(u.failed / 1000),
      CASE WHEN t.status = 'FAILED' THEN 'OPEN' ELSE 'REPLAYED' END
    FROM unnest(l_dag, l_index, l_dispatch, l_failed, l_kind) WITH ORDINALITY AS u (dag_id, index, dispatch, failed, kind, n)
    JOIN tasks t ON t.dag_id = u.dag_id AND t.index = u.index
    JOIN dags d ON d.dag_id = u.dag_id
    ORDER BY u.n
    ON CONFLICT DO NOTHING;
    UPDATE dead_letters l SET state = 'REPLAYED', settled_at = to_timestamp(u.failed / 1000)
    FROM unnest(l_dag, l_index, l_dispatch, l_failed) AS u (dag_id, index, dispatch, failed)
    WHERE l.dag_id = u.dag_id AND l.index = u.index AND l.dispatch < u.dispatch AND l.state = 'OPEN';
  END IF;`)}`;

export const ADD_HISTORY = `CREATE FUNCTION add_history(
  h_dag uuid[], h_at double precision[], h_kind text[], h_index integer[], h_by text[], h_message text[]
) ${body(`
  INSERT INTO dag_events (dag_id, at, kind, index, by, message)
  SELECT dag_id, to_timestamp(at / 1000), kind, index, by, message
  FROM unnest(h_dag, h_at, h_kind, h_index, h_by, h_message) WITH ORDINALITY AS u (dag_id, at, kind, index, by, message, n)
  ORDER BY n;`)}`;

/** A command may have set a task that had given up in motion again: then its dead letter was replayed. */
export const SETTLE_COMMANDS = `CREATE FUNCTION settle_commands(
  c_id bigint[], c_dag uuid[], c_outcome text[], c_detail text[], c_affected integer[], c_at double precision[]
) ${body(`
  IF cardinality(c_id) > 0 THEN
    UPDATE commands c SET outcome = u.outcome, detail = u.detail, affected = u.affected, settled_at = to_timestamp(u.at / 1000)
    FROM unnest(c_id, c_outcome, c_detail, c_affected, c_at) AS u (id, outcome, detail, affected, at)
    WHERE c.id = u.id AND c.outcome IS NULL;
    UPDATE dead_letters l SET state = 'REPLAYED', settled_by = u.by, settled_at = to_timestamp(u.at / 1000)
    FROM (
      SELECT DISTINCT ON (c.dag_id) c.dag_id, c.by, o.at FROM unnest(c_id, c_outcome, c_at) AS o (id, outcome, at)
      JOIN commands c ON c.id = o.id WHERE o.outcome = 'APPLIED' ORDER BY c.dag_id, o.id DESC
    ) u, tasks t
    WHERE l.dag_id = u.dag_id AND l.state = 'OPEN' AND t.dag_id = l.dag_id AND t.index = l.index AND t.status <> 'FAILED';
  END IF;`)}`;
