/**
 * The handler of the chaos tests. Each call leaves a row of its own in `calls`, from its begin to its end by the clock of one
 * database, so that two calls of a task that overlap are seen. Its result is also written to `effects`, one row for each
 * task, guarded by the fence: the write of a call that was overtaken is refused and noted.
 * The tables lie in a database that no fault touches.
 */
const { setTimeout: pause } = require('node:timers/promises');
const { Pool } = require('pg');

const pool = new Pool({ connectionString: process.env.WITNESS_URL, max: 8 });
pool.on('error', () => undefined);

const BEGIN = `INSERT INTO calls (task_id, fence, worker, attempt) VALUES ($1, $2, $3, $4)`;
const END = `UPDATE calls SET ended_at = clock_timestamp(), outcome = $3 WHERE task_id = $1 AND fence = $2`;
const EFFECT = `INSERT INTO effects (task_id, fence, value) VALUES ($1, $2, $3)
  ON CONFLICT (task_id) DO UPDATE SET fence = excluded.fence, value = excluded.value WHERE effects.fence < excluded.fence`;

module.exports = async ({ task, payload, upstream, attempt, fence, signal }) => {
  const key = [task.taskId, String(fence)];
  await pool.query(BEGIN, [...key, process.env.TEST_WORKER_ID, attempt]);
  let outcome = 'aborted';
  try {
    await pause(payload.ms, undefined, { signal });
    const value = Object.values(upstream).reduce((sum, result) => sum + result.value, 1);
    const { rowCount } = await pool.query(EFFECT, [...key, value]);
    outcome = rowCount === 1 ? 'written' : 'refused';
    return { value };
  } finally {
    await pool.query(END, [...key, outcome]);
  }
};
