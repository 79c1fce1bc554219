import type { Consumer } from 'kafkajs';
import { createKafka } from '../../../src/adapters/kafka/connection';
import { KafkaPartitionConsumer } from '../../../src/adapters/kafka/consumer';
import { createProducer } from '../../../src/adapters/kafka/producer';
import { createWorkQueue } from '../../../src/adapters/kafka/workQueue';
import { atEnd } from '../../harness/cleanup';
import { freshPrefix, kafkaBrokers } from '../../harness/services';
import { until } from '../../harness/until';
import { asOperator } from './world';

/** A real client whose consumers do something before each connection, and tell what is done with them. */
const spied = (beforeConnect: () => Promise<void>) => {
  const kafka = createKafka({ brokers: kafkaBrokers, clientId: 'test', onLog: () => undefined });
  const done: string[] = [];
  const make = kafka.consumer.bind(kafka);
  kafka.consumer = (config) => {
    const consumer = make(config);
    const { connect, run, disconnect } = consumer;
    done.push('made');
    const told = (what: string, then: () => Promise<void>) => async (): Promise<void> => {
      await then();
      done.push(what);
    };
    const spy: Partial<Consumer> = {
      connect: async () => {
        await beforeConnect();
        await connect();
      },
      run: (options) => told('run', () => run(options))(),
      disconnect: told('disconnected', disconnect),
    };
    return Object.assign(consumer, spy);
  };
  return { kafka, done };
};

const freshTopic = async (): Promise<string> => {
  const topic = freshPrefix().topic('closing');
  await asOperator((admin) => admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 1, replicationFactor: 1 }] }));
  atEnd(() => asOperator((admin) => admin.deleteTopics({ topics: [topic] })));
  return topic;
};

test('what is closed while it connects reads nothing, and stays connected to nobody', async () => {
  let letGo: () => void = () => undefined;
  const { kafka, done } = spied(() => new Promise((resolve) => (letGo = resolve)));
  const consumer = new KafkaPartitionConsumer({
    ...{ kafka, topic: await freshTopic(), partitions: [0] },
    ...{ onMessages: () => Promise.resolve(), onReset: () => undefined, onTrouble: () => undefined },
  });
  const starting = consumer.start();
  await consumer.close();
  letGo();
  await starting;
  await until(() => done.filter((what) => what === 'disconnected').length === 2, { what: 'the second goodbye' });
  expect(done).toEqual(['made', 'disconnected', 'disconnected']);
});

test('an inbox whose group can not be joined leaves no reader behind', async () => {
  const { kafka, done } = spied(() => Promise.reject(new Error('no way')));
  const readings = { add: jest.fn(), remove: jest.fn() };
  const queue = createWorkQueue({
    ...{ kafka, producer: createProducer(kafka), topic: await freshTopic(), replication: 1, readings },
    ...{ onUndecodable: () => undefined, onTrouble: () => undefined },
  });
  await expect(queue.receive(0, () => Promise.resolve())).rejects.toThrow();
  expect(done).toEqual(['made', 'disconnected']);
  expect(readings.remove).toHaveBeenCalledTimes(1);
});
