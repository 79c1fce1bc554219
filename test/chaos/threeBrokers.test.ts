/** Kafka with three brokers, replication 3 and two in-sync replicas: the leader of a partition is killed under load. */
import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { until } from '../harness/until';
import type { Fault } from './faults/fault';
import { findings, judge, type Verdict } from './judge';
import { untilUp } from './members';
import { publish } from './report';
import { brokerAddresses, startWorld, untilBusy, type World } from './world';

const BROKERS = 3;
/** Longer than the others take to notice and to elect a leader. */
const SECONDS = process.env['CHAOS_FORM'] === 'full' ? 10 : 6;

let world: World;
const verdicts: Verdict[] = [];

beforeAll(async () => {
  world = await startWorld({ lanes: 12, width: 4, brokers: BROKERS });
}, 240_000);

afterAll(() => {
  publish(verdicts, 'brokers');
});

const metadataOf = async (topic: string) => {
  const admin = new Kafka({ brokers: brokerAddresses(BROKERS), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]!.partitions;
  } finally {
    await admin.disconnect();
  }
};

const leaderKilled: Fault = {
  name: `three brokers: the leader of a partition killed, back after ${SECONDS} s`,
  form: 'short',
  cause: async ({ topics, services, load, witness, schedulers }) => {
    const { leader } = (await metadataOf(topics.events))[0]!;
    const ids = load.open();
    const since = await witness.now();
    await services.kill(`kafka${leader}`);
    const killedAt = performance.now();
    await until(async () => (await metadataOf(topics.events)).every((partition) => partition.leader >= 0 && partition.leader !== leader), {
      what: 'every partition to have another leader',
      timeoutMs: 30_000,
      everyMs: 200,
    });
    const electedMs = Math.round(performance.now() - killedAt);
    await pause(Math.max(0, SECONDS * 1_000 - (performance.now() - killedAt)));
    await services.up('kafka');
    await Promise.all(schedulers.map((scheduler) => untilUp(scheduler)));
    return { of: 'dag', ids, since, seen: `broker ${leader} led, others did after ${electedMs} ms` };
  },
};

test('nothing is lost, done twice at once, or wrong', async () => {
  const replicas = [...(await metadataOf(world.topics.events)), ...(await metadataOf(world.topics.queue))].map(
    (partition) => partition.replicas.length,
  );
  expect(new Set(replicas)).toEqual(new Set([3]));
  await untilBusy(world);
  const { verdict, complaints, hit, dags } = await judge(world, leaderKilled);
  verdicts.push(verdict);
  process.stdout.write([`${JSON.stringify(verdict)} ${dags} DAGs; ${hit.seen ?? ''}`, ...complaints, ''].join('\n'));
  expect(complaints).toEqual([]);
  expect(await findings(world)).toEqual([]);
  expect(verdict).toMatchObject({ lost: 0, overlapped: 0, wrong: 0 });
  expect(dags).toBeGreaterThan(0);
  expect(verdict.recoveryMsMax).toBeLessThan(30_000);
}, 240_000);
