import { createKafka } from '../../../src/adapters/kafka/connection';
import { createLogFeed, createLogSender } from '../../../src/adapters/kafka/taskLogs';
import { provideTopic } from '../../../src/adapters/kafka/topics';
import { mintDagId } from '../../../src/core/ids';
import type { LogChunk } from '../../../src/ports/taskLogs';
import { atEnd } from '../../harness/cleanup';
import { freePort } from '../../harness/ports';
import { startServiceSet } from '../../harness/serviceSet';
import { freshPrefix, kafkaBrokers } from '../../harness/services';
import { until } from '../../harness/until';
import { asOperator } from './world';

const SHARD = 0;
const make = (topic: string) =>
  asOperator((admin) => admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions: 1, replicationFactor: 1 }] }));

/** A topic with a reader, which begins at `from`, and a sender of chunks that their first lines name. */
const open = async (from: bigint, brokers = kafkaBrokers) => {
  const topic = freshPrefix().topic('logs');
  const troubles: unknown[] = [];
  const onTrouble = (error: unknown) => troubles.push(error);
  const kafka = createKafka({ brokers, clientId: 'test', onLog: onTrouble });
  const admin = kafka.admin();
  await admin.connect();
  await provideTopic(admin, { name: topic, partitions: 1, replication: 1 }, false);
  await admin.disconnect();
  const sender = createLogSender({ kafka, topic });
  atEnd(() => sender.close());
  const read: number[] = [];
  const feed = createLogFeed({ kafka, topic, shards: 1, onUndecodable: onTrouble, onTrouble });
  const reader = await feed.open((_shard, chunks) => {
    read.push(...chunks.map(({ first }) => first));
    return Promise.resolve();
  });
  atEnd(() => reader.close());
  reader.take(SHARD, from);
  const chunk = { dag: mintDagId(SHARD, Date.now(), () => 0.5), task: 0, fence: '1', attempt: 1, worker: 'w' };
  const say = (first: number) => sender.append([{ ...chunk, first, count: 1, position: 0, bytes: 1, ended: false, lines: '[]' } satisfies LogChunk]);
  return { topic, troubles, read, say };
};

const deleteWhile = async (topic: string, missed: () => boolean): Promise<void> => {
  await asOperator(async (admin) => {
    await admin.deleteTopics({ topics: [topic] });
    await until(async () => !(await admin.listTopics()).includes(topic), { what: 'the topic to be gone' });
  });
  // Within one fetch Kafka's protocol shows no difference between the two topics.
  await until(missed, { what: 'the reader to miss its topic', timeoutMs: 20_000 });
};

test('a topic that was made again is read from its start, also where it has more already than was read of the old one', async () => {
  const { topic, troubles, read, say } = await open(0n);
  for (const line of [1, 2, 3]) await say(line);
  await until(() => read.length === 3, { what: 'the lines of the first topic' });
  const before = troubles.length;
  await deleteWhile(topic, () => troubles.length > before);
  await make(topic);
  await until(() => say(11).then(() => true), { what: 'sends to work again', timeoutMs: 20_000 });
  for (const line of [12, 13, 14, 15, 16]) await say(line);
  await until(() => read.includes(16), { what: 'the lines of the new topic', timeoutMs: 20_000 });
  expect(new Set(read.slice(3))).toEqual(new Set([11, 12, 13, 14, 15, 16]));
}, 60_000);

test('a place that the store knows is read on at; what it says of another topic counts from then on', async () => {
  const { topic, troubles, read, say } = await open(2n);
  for (const line of [1, 2, 3]) await say(line);
  await until(() => read.length > 0, { what: 'the line behind the place', timeoutMs: 20_000 });
  expect(read).toEqual([3]);
  const before = troubles.length;
  await deleteWhile(topic, () => troubles.length > before);
  await make(topic);
  await until(() => say(11).then(() => true), { what: 'sends to work again', timeoutMs: 20_000 });
  await until(() => read.includes(11), { what: 'the line of the new topic', timeoutMs: 20_000 });
}, 60_000);

test('lines flow again when Kafka was killed and is back, in order and none left out', async () => {
  const kafkaPort = await freePort();
  const set = await startServiceSet({ name: `logs-${String(process.pid)}`, kinds: ['kafka'], kafkaPort });
  const { read, say } = await open(0n, [`127.0.0.1:${String(kafkaPort)}`]);
  for (const line of [1, 2, 3]) await say(line);
  await until(() => read.length === 3, { what: 'the lines before' });
  await set.kill('kafka');
  await set.up();
  await until(() => say(4).then(() => true), { what: 'sends to work again', timeoutMs: 30_000 });
  await say(5);
  await until(() => read.includes(5), { what: 'the lines after', timeoutMs: 30_000 });
  // What was sent without an answer may be there twice.
  expect([...new Set(read)]).toEqual([1, 2, 3, 4, 5]);
}, 180_000);
