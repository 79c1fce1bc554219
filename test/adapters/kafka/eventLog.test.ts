import { ConfigResourceTypes, Partitioners } from 'kafkajs';
import { createKafka } from '../../../src/adapters/kafka/connection';
import { createEventLog } from '../../../src/adapters/kafka/eventLog';
import { createProducer } from '../../../src/adapters/kafka/producer';
import { type LargestRecord, provideTopics } from '../../../src/adapters/kafka/topics';
import { after, eventLogContract, listening, numbered, numberOf, numbersIn, START } from '../../contract/eventLog';
import { kafkaBrokers } from '../../harness/services';
import { until } from '../../harness/until';
import { asOperator, namesOf, openWorld, operator } from './world';

describe('the event log on Kafka', () => {
  eventLogContract(() => openWorld());
});

test('a record that cannot be decoded is told of and passed over, but moves the position on', async () => {
  const world = await openWorld();
  const { reader, records } = await listening(world.log);
  reader.take(0, START);
  await world.log.append(new Map([[0, [numbered(1)]]]));
  const producer = operator().producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const strange = ['{', '{"v":2}', '[]', null];
  await producer.send({ topic: world.topics.events, messages: strange.map((value) => ({ partition: 0, value })) });
  await producer.disconnect();
  await world.log.append(new Map([[0, [numbered(2)]]]));
  await world.until(() => numbersIn(records).includes(2), 'what came after');
  expect(records.map(({ offset, events }) => [offset, events.map(numberOf)])).toEqual([
    [0n, [1]],
    [1n, []],
    [2n, []],
    [3n, []],
    [4n, []],
    [5n, [2]],
  ]);
  expect(world.undecodable).toEqual([1n, 2n, 3n, 4n].map((offset) => [0, offset]));
  await reader.close();
  await world.close();
});

test('events beyond the size of a record are divided, in order', async () => {
  const world = await openWorld(namesOf(), 2, 1_000);
  const { reader, records } = await listening(world.log);
  reader.take(0, START);
  await world.log.append(new Map([[0, Array.from({ length: 200 }, (_, n) => numbered(n))]]));
  await world.until(() => numbersIn(records).length === 200, 'all events');
  expect(numbersIn(records)).toEqual(Array.from({ length: 200 }, (_, n) => n));
  expect(records.length).toBeGreaterThan(4);
  await reader.close();
  await world.close();
});

test('a topic that was deleted and made again is read from its beginning', async () => {
  const world = await openWorld();
  const { reader, records } = await listening(world.log);
  reader.take(0, START);
  reader.take(1, START);
  for (let n = 0; n < 20; n++) await world.log.append(new Map([[0, [numbered(n)]]]));
  await world.until(() => numbersIn(records).length === 20, 'what the first topic had');
  await asOperator(async (admin) => {
    await admin.deleteTopics({ topics: [world.topics.events] });
    await until(async () => !(await admin.listTopics()).includes(world.topics.events), { what: 'the topic to be gone' });
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic: world.topics.events, numPartitions: 4, replicationFactor: 1 }] });
  });
  const before = records.length;
  await until(() => world.log.append(new Map([[0, [numbered(100)]]])).then(() => true), { what: 'appends to work again', timeoutMs: 20_000 });
  await world.log.append(
    new Map([
      [0, [numbered(101)]],
      [1, [numbered(102)]],
    ]),
  );
  await world.until(() => numbersIn(records.slice(before)).includes(101) && numbersIn(records, 1).includes(102), 'the new topic');
  expect(numbersIn(records.slice(before)).filter((n) => n >= 100)).toContain(100);
  expect(records.slice(before).find(({ shard }) => shard === 0)!.offset).toBe(0n);
  await reader.close();
  await world.close();
});

test('the same while it is read, with more in the new topic than was read', async () => {
  const world = await openWorld();
  const { reader, records } = await listening(world.log);
  reader.take(0, START);
  for (let n = 0; n < 3; n++) await world.log.append(new Map([[0, [numbered(n)]]]));
  await world.until(() => numbersIn(records).length === 3, 'what the first topic had');
  const [before, troubles] = [records.length, world.troubles.length];
  await asOperator(async (admin) => {
    await admin.deleteTopics({ topics: [world.topics.events] });
    await until(async () => !(await admin.listTopics()).includes(world.topics.events), { what: 'the topic to be gone' });
    // Within one fetch, a tenth of a second, Kafka's protocol shows no difference between the two topics.
    await until(() => world.troubles.length > troubles, { what: 'the reader to miss its topic', timeoutMs: 20_000 });
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic: world.topics.events, numPartitions: 4, replicationFactor: 1 }] });
  });
  const all = Array.from({ length: 10 }, (_, n) => n + 100);
  await until(() => Promise.all(all.map((n) => world.log.append(new Map([[0, [numbered(n)]]])))).then(() => true), {
    what: 'appends to work again',
    timeoutMs: 20_000,
  });
  for (let n = 110; n < 120; n++) await world.log.append(new Map([[0, [numbered(n)]]]));
  await world.until(() => numbersIn(records.slice(before)).includes(119), 'the new topic');
  expect(new Set(numbersIn(records.slice(before)))).toEqual(new Set(Array.from({ length: 20 }, (_, n) => n + 100)));
  await reader.close();
  await world.close();
});

test('the same with more in the new topic than the old one had', async () => {
  const world = await openWorld();
  const { reader, records } = await listening(world.log);
  reader.take(0, START);
  for (let n = 0; n < 3; n++) await world.log.append(new Map([[0, [numbered(n)]]]));
  await world.until(() => numbersIn(records).length === 3, 'what the first topic had');
  reader.drop(0);
  await asOperator(async (admin) => {
    await admin.deleteTopics({ topics: [world.topics.events] });
    await until(async () => !(await admin.listTopics()).includes(world.topics.events), { what: 'the topic to be gone' });
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic: world.topics.events, numPartitions: 4, replicationFactor: 1 }] });
  });
  const before = records.length;
  for (let n = 100; n < 110; n++)
    await until(() => world.log.append(new Map([[0, [numbered(n)]]])).then(() => true), { what: 'appends to work again', timeoutMs: 20_000 });
  reader.take(0, after(records[2]!));
  await world.until(() => numbersIn(records.slice(before)).includes(109), 'the new topic');
  expect(new Set(numbersIn(records.slice(before)))).toEqual(new Set([100, 101, 102, 103, 104, 105, 106, 107, 108, 109]));
  await reader.close();
  await world.close();
});

describe('topics', () => {
  const provide = (topics: { events: string; queue: string }, events: number, queue: number, largest?: LargestRecord): Promise<void> => {
    const kafka = createKafka({ brokers: kafkaBrokers, clientId: 'test', onLog: () => undefined });
    return provideTopics(kafka, {
      events: { name: topics.events, partitions: events, replication: 1, ...(largest !== undefined && { largest }) },
      queue: { name: topics.queue, partitions: queue, replication: 1 },
    });
  };
  const settingOf = (topic: string, name: string) =>
    asOperator(async (admin) => {
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: [name] }],
      });
      return resources[0]!.configEntries[0]!.configValue;
    });
  const stamps = (topic: string) => settingOf(topic, 'message.timestamp.type');
  const sizes = (topics: { events: string; queue: string }) =>
    asOperator(async (admin) => {
      const { topics: found } = await admin.fetchTopicMetadata({ topics: [topics.events, topics.queue] });
      return [topics.events, topics.queue].map((name) => found.find((topic) => topic.name === name)?.partitions.length);
    });

  test('are made with their sizes, by several processes at once', async () => {
    const topics = namesOf();
    await Promise.all([provide(topics, 5, 3), provide(topics, 5, 3), provide(topics, 5, 3)]);
    expect(await sizes(topics)).toEqual([5, 3]);
    expect(await stamps(topics.events)).toBe('LogAppendTime');
  });

  test("an operator's own topics are grown and told to stamp by appending, and keep their other settings", async () => {
    const topics = namesOf();
    const configEntries = [{ name: 'retention.ms', value: '86400000' }];
    await asOperator((admin) =>
      admin.createTopics({
        topics: [
          { topic: topics.queue, numPartitions: 1 },
          { topic: topics.events, numPartitions: 4, configEntries },
        ],
      }),
    );
    await provide(topics, 4, 3);
    expect(await sizes(topics)).toEqual([4, 3]);
    expect(await stamps(topics.events)).toBe('LogAppendTime');
    expect(await settingOf(topics.events, 'retention.ms')).toBe('86400000');
    await provide(topics, 4, 2);
    expect(await sizes(topics)).toEqual([4, 3]);
  });

  test('a log with another number of partitions than shards is refused', async () => {
    const topics = namesOf();
    await provide(topics, 4, 1);
    await expect(provide(topics, 3, 1)).rejects.toMatchObject({ code: 'TOPIC_TOO_SMALL' });
  });

  test('a log that takes less at once than may have to be sent is refused, with the setting that needs it', async () => {
    const topics = namesOf();
    const configEntries = [{ name: 'max.message.bytes', value: '5000' }];
    await asOperator((admin) => admin.createTopics({ topics: [{ topic: topics.events, numPartitions: 1, configEntries }] }));
    const needing = (bytes: number) => provide(topics, 1, 1, { bytes, because: 'the.setting 7' });
    await needing(5000);
    await expect(needing(5001)).rejects.toMatchObject({
      code: 'TOPIC_TOO_SMALL',
      message: `topic ${topics.events} takes 5000 bytes at once (max.message.bytes), but the.setting 7 needs 5001: raise max.message.bytes of the topic, or lower the setting`,
    });
  });
});

test('a broker that is away is a failure with a code, and health knows it within a second', async () => {
  const kafka = createKafka({ brokers: ['127.0.0.1:1'], clientId: 'test', onLog: () => undefined });
  await expect(
    provideTopics(kafka, { events: { name: 'x', partitions: 1, replication: 1 }, queue: { name: 'y', partitions: 1, replication: 1 } }),
  ).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
  const log = createEventLog({
    kafka,
    producer: createProducer(kafka),
    topic: 'x',
    shards: 1,
    onUndecodable: () => undefined,
    onTrouble: () => undefined,
  });
  const began = performance.now();
  await expect(log.ping()).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
  expect(performance.now() - began).toBeLessThan(1_300);
  await log.close();
});
