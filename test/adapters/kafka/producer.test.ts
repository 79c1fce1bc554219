import { createKafka } from '../../../src/adapters/kafka/connection';
import { createProducer } from '../../../src/adapters/kafka/producer';
import { provideTopics } from '../../../src/adapters/kafka/topics';
import { atEnd } from '../../harness/cleanup';
import { readTopic } from '../../harness/messages';
import { kafkaBrokers } from '../../harness/services';
import { until } from '../../harness/until';
import { asOperator, namesOf } from './world';

test('what is sent at once to one partition is durable, in order, also where a broker does not take so much at once', async () => {
  const topics = namesOf();
  const kafka = createKafka({ brokers: kafkaBrokers, clientId: 'test', onLog: () => undefined });
  await provideTopics(kafka, {
    events: { name: topics.events, partitions: 2, replication: 1 },
    queue: { name: topics.queue, partitions: 1, replication: 1 },
  });
  atEnd(() => asOperator((admin) => admin.deleteTopics({ topics: [topics.events, topics.queue] })));
  const producer = createProducer(kafka);
  await producer.connect();
  atEnd(() => producer.close());
  // Three bytes a character: a record of 600 KB.
  const values = Array.from({ length: 12 }, (_, i) => `${String(i)} ${'…'.repeat(i % 3 === 0 ? 200_000 : 10)}`);
  await Promise.all(values.map((value) => producer.send([{ topic: topics.events, partition: 1, value }])));
  await producer.send(values.map((value) => ({ topic: topics.events, partition: 0, value })));
  const found = await readTopic(topics.events);
  for (const partition of [0, 1])
    expect(found.filter((message) => message.partition === partition).map(({ value }) => value.slice(0, 9))).toEqual(
      values.map((value) => value.slice(0, 9)),
    );
}, 60_000);

test('the queue grows where it has fewer partitions than there are inboxes; no other topic does', async () => {
  const { queue, events } = namesOf();
  await asOperator((admin) => admin.createTopics({ topics: [queue, events].map((topic) => ({ topic, numPartitions: 1 })) }));
  atEnd(() => asOperator((admin) => admin.deleteTopics({ topics: [queue, events] })));
  const producer = createProducer(createKafka({ brokers: kafkaBrokers, clientId: 'test', onLog: () => undefined }), queue);
  await producer.connect();
  atEnd(() => producer.close());
  const send = (topic: string) => producer.send([{ topic, partition: 2, value: 'v' }]);
  for (const topic of [events, queue])
    await expect(send(topic)).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE', message: expect.stringContaining('there is no partition') });
  await until(() => send(queue).then(() => true), { what: 'the queue to have grown' });
  expect((await readTopic(queue)).map(({ partition }) => partition)).toEqual([2]);
  await expect(send(events)).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
});

test('headers count for what a broker takes at once', async () => {
  const { events: topic } = namesOf();
  await asOperator((admin) => admin.createTopics({ topics: [{ topic, numPartitions: 1 }] }));
  atEnd(() => asOperator((admin) => admin.deleteTopics({ topics: [topic] })));
  const producer = createProducer(createKafka({ brokers: kafkaBrokers, clientId: 'test', onLog: () => undefined }));
  await producer.connect();
  atEnd(() => producer.close());
  const record = { topic, partition: 0, value: 'v'.repeat(440_000), headers: { traceparents: 'h'.repeat(165_000) } };
  await producer.send([record, record]);
  expect((await readTopic(topic)).map(({ value }) => value.length)).toEqual([440_000, 440_000]);
});
