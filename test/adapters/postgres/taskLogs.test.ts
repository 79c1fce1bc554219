import type { Database } from '../../../src/adapters/postgres/database';
import { createDagRemoval } from '../../../src/adapters/postgres/removal';
import { createRunStore } from '../../../src/adapters/postgres/runStore';
import { createTaskLogStore, createTaskLogViews } from '../../../src/adapters/postgres/taskLogs';
import { mintDagId } from '../../../src/core/ids';
import { plannedDag } from '../../contract/records';
import { taskLogsContract } from '../../contract/taskLogs';
import { until } from '../../harness/until';
import { migrated, SERVERS } from './opened';

describe.each(SERVERS.slice(0, 1))('task logs on %s', (_name, start) => {
  let database: Database | undefined;
  const open = async () => {
    database ??= await migrated(await (await start())());
    await database.engine.query('DELETE FROM task_logs; DELETE FROM task_log_places');
    const dag = plannedDag();
    await createRunStore(database).admit([{ dag, idempotency: null }]);
    return {
      logs: { ...createTaskLogStore(database), ...createTaskLogViews(database) },
      dag: dag.dagId,
      absent: mintDagId(0, Date.now(), Math.random),
    };
  };
  taskLogsContract(open);

  test('lines go with their DAG', async () => {
    const { logs, dag } = await open();
    const line = { dag, task: 0, fence: '1', attempt: 1, worker: 'w', count: 1, bytes: 9, ended: false, lines: '[[1,1,0,"a"]]' };
    await logs.keep([{ ...line, first: 0, position: 0 }], 1000);
    await database!.engine.query(`UPDATE dags SET status = 'CANCELLED' WHERE dag_id = $1`, [dag]);
    expect(await createDagRemoval(database!).remove(dag)).toBe('removed');
    expect((await database!.engine.query('SELECT 1 FROM task_logs WHERE dag_id = $1', [dag])).rows).toEqual([]);
    await logs.keep([{ ...line, first: 1, position: 9 }], 1000);
    expect(await logs.chunks({ dag, task: 0 }, {}, 10)).toEqual([]);
  });

  test('lines that are being stored while their DAG is deleted go with it', async () => {
    const { logs, dag } = await open();
    const pool = database!.engine;
    await pool.query(`UPDATE dags SET status = 'CANCELLED' WHERE dag_id = $1`, [dag]);
    const waiting = async (): Promise<number> =>
      (await database!.views.query(`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)).rows.length;
    // Holds the transaction of the lines open, after they were written.
    const other = await pool.connect();
    await other.query('BEGIN; INSERT INTO task_log_places (shard, next) VALUES (7, 0)');
    const line = { dag, task: 0, fence: '1', attempt: 1, worker: 'w', count: 1, bytes: 9, ended: false, lines: '[[1,1,0,"a"]]' };
    const stored = logs.keep([{ ...line, first: 0, position: 0 }], 1000, { shard: 7, next: 1n });
    await until(async () => (await waiting()) === 1, { what: 'the lines to be written' });
    let isRemoved = false;
    const removed = createDagRemoval(database!)
      .remove(dag)
      .finally(() => {
        isRemoved = true;
      });
    await until(async () => isRemoved || (await waiting()) === 2, { what: 'the deletion to be done or to wait' });
    await other.query('COMMIT');
    other.release();
    await stored;
    expect(await removed).toBe('removed');
    expect(await logs.chunks({ dag, task: 0 }, {}, 10)).toEqual([]);
  });
});
