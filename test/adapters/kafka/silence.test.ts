import { KafkaPartitionConsumer } from '../../../src/adapters/kafka/consumer';
import { createKafka } from '../../../src/adapters/kafka/connection';
import { atEnd } from '../../harness/cleanup';
import { freshPrefix, kafkaBrokers } from '../../harness/services';
import { until } from '../../harness/until';
import { asOperator } from './world';

/** Nothing of this process runs meanwhile. */
const suspended = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

test('a topic is not doubted while the broker keeps a question for as long as it may, but after a longer silence', async () => {
  const maxWaitMs = 1_000;
  const seen = { answers: 0, doubts: 0 };
  const topic = freshPrefix().topic('silent');
  await asOperator((admin) => admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 1, replicationFactor: 1 }] }));
  const kafka = createKafka({
    brokers: kafkaBrokers,
    clientId: 'test',
    onLog: () => undefined,
    onAnswer: (api) => (seen.answers += Number(api === 'Fetch')),
  });
  const consumer = new KafkaPartitionConsumer({
    kafka,
    topic,
    partitions: [0],
    maxWaitMs,
    onMessages: () => Promise.resolve(),
    onReset: () => undefined,
    onDoubt: () => (seen.doubts += 1),
    onTrouble: () => undefined,
  });
  atEnd(async () => {
    await consumer.close();
    await asOperator((admin) => admin.deleteTopics({ topics: [topic] }));
  });
  await consumer.start();
  consumer.seek(0, 0n);
  await until(() => seen.answers >= 3, { what: 'answers that the broker kept', timeoutMs: 20_000 });
  expect(seen.doubts).toBe(0);
  suspended(2 * maxWaitMs);
  await until(() => seen.doubts > 0, { what: 'a doubt after the silence', timeoutMs: 10_000 });
});
