/** Kafka: gone, silent, slow, and with topics that were deleted. */
import { Kafka, logLevel } from 'kafkajs';
import { until } from '../../harness/until';
import { PORTS, type World } from '../world';
import { type Fault, outage, slowness } from './fault';

const recreateTopics = async ({ topics: { queue, events } }: World): Promise<void> => {
  const admin = new Kafka({ brokers: [`127.0.0.1:${PORTS.kafka}`], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const configEntries = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }];
    await admin.deleteTopics({ topics: [queue, events] });
    await until(
      () =>
        admin.createTopics({
          waitForLeaders: false,
          topics: [
            { topic: queue, numPartitions: 4 },
            { topic: events, numPartitions: 8, configEntries },
          ],
        }),
      { what: 'the topics to be made again' },
    );
  } finally {
    await admin.disconnect();
  }
};

const topicsMadeAgain: Fault = {
  name: 'Kafka: topics deleted and made again',
  form: 'short',
  lines: 60,
  cause: async (world) => {
    const ids = world.load.open();
    await recreateTopics(world);
    return { of: 'dag', ids, since: await world.witness.now() };
  },
};

const killed = (seconds: number, form: Fault['form']): Fault =>
  outage({
    name: `Kafka killed, back after ${seconds} s`,
    form,
    component: 'kafka',
    seconds,
    begin: ({ services }) => services.kill('kafka'),
    end: ({ services }) => services.up('kafka'),
  });

const silent = (seconds: number, form: Fault['form']): Fault =>
  outage({
    name: `Kafka stopped for ${seconds} s (SIGSTOP)`,
    form,
    component: 'kafka',
    seconds,
    begin: ({ services }) => services.pause('kafka'),
    end: ({ services }) => services.cont('kafka'),
  });

export const kafkaFaults: readonly Fault[] = [
  killed(3, 'short'),
  killed(20, 'full'),
  silent(60, 'full'),
  slowness({ name: 'Kafka slow: 200 ms each way', form: 'full', component: 'kafka', seconds: 15, delayMs: 200 }),
  topicsMadeAgain,
];
