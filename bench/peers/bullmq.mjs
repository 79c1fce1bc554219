/**
 * BullMQ. A flow is a tree: a job waits for its children, and has one parent. Where several tasks depend on the same first one, that one
 * adds the flow of all the others when it is done, as its authors advise.
 */
import { FlowProducer, Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';

const CONCURRENCY = 100;

const optionsOf = (redisUrl) => {
  const { hostname, port, username, password } = new URL(redisUrl);
  return { host: hostname, port: Number(port || 6379), username: username || undefined, password: password || undefined, maxRetriesPerRequest: null };
};

/** The tree below a task; undefined where the tasks that are left aren't one. */
const treeOf = (queueName, { number, tasks }, root, without) => {
  let count = 0;
  const jobOf = (task) => {
    count += 1;
    const children = tasks[task].dependencies.filter((each) => each !== without).map(jobOf);
    return { name: 'task', queueName, data: { dag: number, task }, ...(children.length === 0 ? {} : { children }) };
  };
  const tree = jobOf(root);
  return count === tasks.length - (without === undefined ? 0 : 1) ? tree : undefined;
};

/** What is added first for a DAG; `data.then` is the flow that follows the first task. */
const flowOf = (queueName, dag) => {
  const { number, tasks } = dag;
  const ends = tasks.flatMap(({ children }, task) => (children.length === 0 ? [task] : []));
  if (ends.length !== 1) throw new Error('a flow has one last task');
  const tree = treeOf(queueName, dag, ends[0]);
  if (tree !== undefined) return tree;
  const [first] = tasks.flatMap(({ dependencies }, task) => (dependencies.length === 0 ? [task] : []));
  const then = treeOf(queueName, dag, ends[0], first);
  if (then === undefined) throw new Error('BullMQ cannot run this shape');
  return { name: 'task', queueName, data: { dag: number, task: first, then } };
};

export const open = async ({ redisUrl, ran }) => {
  const queueName = `bench${randomBytes(4).toString('hex')}`;
  const connection = optionsOf(redisUrl);
  const queue = new Queue(queueName, { connection });
  const flows = new FlowProducer({ connection });
  const worker = new Worker(
    queueName,
    async ({ data: { dag, task, then } }) => {
      ran(dag, task);
      if (then !== undefined) await flows.add(then);
    },
    { connection, concurrency: CONCURRENCY },
  );
  for (const each of [queue, flows, worker])
    each.on('error', (error) => {
      console.error(error);
    });
  await worker.waitUntilReady();
  const redis = new Redis(redisUrl);
  const [appendonly, appendfsync] = await Promise.all(['appendonly', 'appendfsync'].map(async (name) => (await redis.config('GET', name))[1]));
  redis.disconnect();
  return {
    durability: `Redis alone, appendonly ${appendonly}, appendfsync ${appendfsync}`,
    submit: async (dag) => {
      await flows.add(flowOf(queueName, dag));
    },
    submitAll: async (dags) => {
      await flows.addBulk(dags.map((dag) => flowOf(queueName, dag)));
    },
    close: async () => {
      await worker.close();
      await queue.obliterate({ force: true });
      await Promise.all([queue.close(), flows.close()]);
    },
  };
};
