import { Kafka, logLevel } from 'kafkajs';
import { createClient } from 'redis';
import { overlapping, readExecutions } from '../harness/executions';
import { flawless, inParallel, prove, type Ran, untilFinal } from '../harness/proof';
import { kafkaBrokers, redisUrl } from '../harness/services';
import { type RealStack, startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

const chains = (dagName: string, width: number) => ({
  dagName,
  tasks: Array.from({ length: width * 5 }, (_, i) => ({
    taskName: `t${i}`,
    type: 'API_CALL',
    dependencies: i < width ? [] : [`t${i - width}`],
    simulate: { durationMs: 400, failureRate: 0 },
  })),
});

const submissions = Array.from({ length: 12 }, (_, i) => chains(`chains ${i}`, 5));

const halfWay = async (): Promise<{ stack: RealStack; ran: Ran[] }> => {
  const stack = await startRealStack({ workers: 2, workerEnv: { WORKER_CONCURRENCY: '20' } });
  const ran = await inParallel(submissions, 6, async (submission) => ({ submission, dagId: (await stack.api.submit(submission)).dagId }));
  await until(async () => (await stack.sql(`SELECT 1 FROM tasks WHERE status = 'COMPLETED'`)).length > 30, { what: 'the work to be under way' });
  return { stack, ran };
};

test('Redis that loses its memory in the middle loses no work and doubles none', async () => {
  const { stack, ran } = await halfWay();
  const redis = createClient({ url: redisUrl });
  await redis.connect();
  const keys: string[] = [];
  for await (const some of redis.scanIterator({ MATCH: `${stack.env['REDIS_PREFIX']}*`, COUNT: 1_000 })) keys.push(...some);
  expect(keys.length).toBeGreaterThan(3);
  await redis.unlink(keys);
  const forgotAt = performance.now();
  await redis.close();
  await untilFinal(stack, ran, 60_000);
  process.stdout.write(`all was done ${Math.round(performance.now() - forgotAt)} ms after Redis forgot everything\n`);
  expect(await prove(stack, ran)).toEqual(flawless(submissions));
  expect(await stack.sql(`SELECT name FROM tasks WHERE attempt <> 1 OR status <> 'COMPLETED'`)).toEqual([]);
  expect(overlapping(await readExecutions(stack.topics.events))).toEqual([]);
}, 120_000);

test('topics that are made again in the middle lose no work', async () => {
  const { stack, ran } = await halfWay();
  const admin = new Kafka({ brokers: [...kafkaBrokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const { queue, events } = stack.topics;
  await admin.deleteTopics({ topics: [queue, events] });
  const configEntries = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }];
  await until(
    () =>
      admin.createTopics({
        waitForLeaders: false,
        topics: [
          // Fewer than there are workers.
          { topic: queue, numPartitions: 1 },
          { topic: events, numPartitions: 8, configEntries },
        ],
      }),
    { what: 'the topics to be made again' },
  );
  const madeAt = performance.now();
  await admin.disconnect();
  await untilFinal(stack, ran, 90_000);
  process.stdout.write(`all was done ${Math.round(performance.now() - madeAt)} ms after the topics were made again\n`);
  expect(await prove(stack, ran)).toEqual(flawless(submissions));
  // Whoever reads a partition that wasn't there any more works on, too.
  await inParallel(submissions.slice(0, 4), 4, async (submission) =>
    stack.api.wait((await stack.api.submit(submission)).dagId, { timeoutMs: 30_000 }),
  );
  const since = new Date(Date.now() - (performance.now() - madeAt)).toISOString();
  const late = await stack.sql<{ worker: string }>(`SELECT DISTINCT worker FROM tasks WHERE started_at > '${since}' ORDER BY worker`);
  expect(late.map(({ worker }) => worker)).toEqual(['worker-1', 'worker-2']);
}, 150_000);
