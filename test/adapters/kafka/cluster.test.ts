import type { Admin, Kafka } from 'kafkajs';
import { createCluster } from '../../../src/adapters/kafka/cluster';
import { createProducer } from '../../../src/adapters/kafka/producer';
import { atEnd } from '../../harness/cleanup';
import { asOperator, namesOf, operator } from './world';

/** What kafkajs answers for ever once a broker's connection was lost while it was being made. */
const stuck = (): Promise<never> => Promise.reject(new Error('Broker not connected'));

test('a client that got stuck is replaced: the next question is answered', async () => {
  const kafka = operator();
  const admins: Admin[] = [];
  const spied = {
    admin: () => {
      const admin = kafka.admin();
      if (admins.length === 0) admin.describeCluster = stuck;
      admins.push(admin);
      return admin;
    },
  } as unknown as Kafka;
  const cluster = createCluster(spied);
  atEnd(() => cluster.close());
  await expect(cluster.ping()).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
  await cluster.ping();
  await cluster.ping();
  expect(admins).toHaveLength(2);
});

test('a producer that got stuck is replaced before the send is given up', async () => {
  const { events: topic } = namesOf();
  await asOperator((admin) => admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true }));
  const kafka = operator();
  let made = 0;
  const spied = {
    producer: (config: Parameters<Kafka['producer']>[0]) => {
      const producer = kafka.producer(config);
      made += 1;
      if (made === 1) producer.sendBatch = stuck;
      return producer;
    },
  } as unknown as Kafka;
  const producer = createProducer(spied);
  atEnd(() => producer.close());
  await producer.connect();
  await producer.send([{ topic, partition: 0, value: 'kept' }]);
  expect(made).toBe(2);
  const offsets = await asOperator((admin) => admin.fetchTopicOffsets(topic));
  expect(offsets[0]).toMatchObject({ high: '1' });
});
