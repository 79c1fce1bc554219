/** graphile-worker, with the batching that its manual advises for throughput. It has no dependencies: a graph in SQL stands beside it. */
import { makeWorkerUtils, run } from 'graphile-worker';
import pg from 'pg';
import { createGraph, durabilityOf } from './graph.mjs';

const CONCURRENCY = 24;
const LOCAL_QUEUE = 500;

export const open = async ({ databaseUrl, ran }) => {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: CONCURRENCY + 2 });
  pool.on('error', (error) => {
    console.error(error);
  });
  pool.on('connect', (client) => {
    client.on('error', (error) => {
      console.error(error);
    });
  });
  const query = async (text, values) => (await pool.query(text, values)).rows;
  const utils = await makeWorkerUtils({ pgPool: pool });
  await utils.migrate();
  const graph = await createGraph(query);
  const add = async (payloads) => {
    if (payloads.length > 0) await utils.addJobs(payloads.map((payload) => ({ identifier: 'task', payload })));
  };
  const firstOf = ({ number, tasks }) =>
    tasks.flatMap(({ dependencies }, task) => (dependencies.length > 0 ? [] : [{ dag: number, task, alone: tasks.length === 1 }]));
  const runner = await run({
    pgPool: pool,
    concurrency: CONCURRENCY,
    noHandleSignals: true,
    parsedCronItems: [],
    preset: { worker: { localQueue: { size: LOCAL_QUEUE }, completeJobBatchDelay: 0 } },
    taskList: {
      task: async ({ dag, task, alone }) => {
        ran(dag, task);
        if (!alone) await add(await graph.end([{ dag, task }]));
      },
    },
  });
  return {
    durability: await durabilityOf(query),
    submit: async (dag) => {
      await graph.add([dag]);
      await add(firstOf(dag));
    },
    submitAll: async (dags) => {
      await graph.add(dags);
      await add(dags.flatMap(firstOf));
    },
    close: async () => {
      await runner.stop();
      await utils.release();
      await pool.end();
    },
  };
};
