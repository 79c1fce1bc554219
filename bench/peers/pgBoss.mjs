/** pg-boss. Its own flows are resolved by a poll of a second at the least; a graph in SQL beside it is faster. */
import { PgBoss } from 'pg-boss';
import { createGraph, durabilityOf } from './graph.mjs';

const QUEUE = 'tasks';
const BATCH = 500;
const CONNECTIONS = 10;

export const open = async ({ databaseUrl, ran }) => {
  const boss = new PgBoss({ connectionString: databaseUrl, max: CONNECTIONS, useListenNotify: true });
  boss.on('error', (error) => {
    console.error(error);
  });
  await boss.start();
  await boss.createQueue(QUEUE, { notify: true });
  const query = async (text, values) => (await boss.getDb().executeSql(text, values)).rows;
  const graph = await createGraph(query);
  const insert = async (jobs) => {
    if (jobs.length > 0)
      await boss.insert(
        QUEUE,
        jobs.map((data) => ({ data })),
      );
  };
  const firstOf = ({ number, tasks }) =>
    tasks.flatMap(({ dependencies }, task) => (dependencies.length > 0 ? [] : [{ dag: number, task, alone: tasks.length === 1 }]));
  await boss.work(QUEUE, { batchSize: BATCH, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 }, async (jobs) => {
    for (const { data } of jobs) ran(data.dag, data.task);
    const ended = jobs.map(({ data }) => data).filter(({ alone }) => !alone);
    if (ended.length > 0) await insert(await graph.end(ended));
  });
  return {
    durability: await durabilityOf(query),
    submit: async (dag) => {
      await graph.add([dag]);
      await insert(firstOf(dag));
    },
    submitAll: async (dags) => {
      await graph.add(dags);
      await insert(dags.flatMap(firstOf));
    },
    close: () => boss.stop({ graceful: false }),
  };
};
