/** The client of one process; producer.ts and consumer.ts open the connections. */
import { Kafka, logLevel, type AdminConfig, type ConsumerConfig, type LogEntry, type ProducerConfig, type RequestEvent } from 'kafkajs';
import { failure, isFailure } from '../../core/failure';
import { quietIdleQueues } from './idleQueue';

export interface KafkaNeeds {
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Told what kafkajs has to say, at its levels 'error' and 'warn'. */
  readonly onLog: (level: 'error' | 'warn', message: string, details: Readonly<Record<string, unknown>>) => void;
  /** Told of each request that was answered: its kind in Kafka's protocol, and how long it took. */
  readonly onAnswer?: (api: string, ms: number) => void;
}

const CONNECT_MS = 3000;
const REQUEST_MS = 10_000;
/** For whoever asks whether a broker is there at all, and asks again by itself. */
const ASK_MS = 2000;

const logTo =
  (onLog: KafkaNeeds['onLog']) =>
  () =>
  ({ level, log }: LogEntry): void => {
    const { message, ...details } = log;
    onLog(level === logLevel.ERROR ? 'error' : 'warn', message, details);
  };

interface Requesting {
  readonly events: { readonly REQUEST: 'producer.network.request' | 'consumer.network.request' | 'admin.network.request' };
  on(name: string, listener: (event: RequestEvent) => void): unknown;
}

/** Every producer, consumer and admin that it makes tells of its requests. */
const tellingAnswers = (kafka: Kafka, onAnswer: NonNullable<KafkaNeeds['onAnswer']>): Kafka => {
  const told = <Client>(client: Client): Client => {
    const requesting = client as unknown as Requesting;
    requesting.on(requesting.events.REQUEST, ({ payload: { apiName, duration } }) => {
      onAnswer(apiName, duration);
    });
    return client;
  };
  const [producer, consumer, admin] = [kafka.producer.bind(kafka), kafka.consumer.bind(kafka), kafka.admin.bind(kafka)];
  return Object.assign(kafka, {
    producer: (config?: ProducerConfig) => told(producer(config)),
    consumer: (config: ConsumerConfig) => told(consumer(config)),
    admin: (config?: AdminConfig) => told(admin(config)),
  });
};

/** A client with bounded waits; nothing is connected yet. */
export const createKafka = ({ brokers, clientId, onLog, onAnswer }: KafkaNeeds): Kafka => {
  quietIdleQueues();
  const kafka = new Kafka({
    clientId,
    brokers: [...brokers],
    connectionTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    // Off by default: a request without an answer would wait for ever.
    enforceRequestTimeout: true,
    retry: { initialRetryTime: 50, retries: 8, maxRetryTime: 2000 },
    logLevel: logLevel.WARN,
    logCreator: logTo(onLog),
  });
  return onAnswer === undefined ? kafka : tellingAnswers(kafka, onAnswer);
};

/**
 * Resolves where a broker answers, and rejects with BROKER_UNAVAILABLE after one try at each: without the seconds of tries and
 * the warnings by which kafkajs meets an absence. `brokers` are asked in the order of chance.
 */
export const askForBroker = ({ brokers, clientId }: Pick<KafkaNeeds, 'brokers' | 'clientId'>): Promise<void> =>
  reachingKafka('asking for a broker', async () => {
    quietIdleQueues();
    const admin = new Kafka({
      clientId,
      brokers: [...brokers],
      connectionTimeout: ASK_MS,
      requestTimeout: ASK_MS,
      enforceRequestTimeout: true,
      retry: { initialRetryTime: 20, maxRetryTime: 50, retries: brokers.length - 1 },
      logLevel: logLevel.NOTHING,
    }).admin();
    try {
      await admin.connect();
    } finally {
      await closeWithin(ASK_MS, admin.disconnect());
    }
  });

/** Turns whatever kafkajs rejects with into the failure that callers know. */
export const reachingKafka = async <T>(what: string, call: () => Promise<T>): Promise<T> => {
  try {
    return await call();
  } catch (error) {
    if (isFailure(error)) throw error;
    throw failure('BROKER_UNAVAILABLE', `Kafka: ${what} failed: ${error instanceof Error ? error.message : String(error)}`, error);
  }
};

/** Resolves when `closing` does or after `ms`: kafkajs may wait for a fetch that never comes back. */
export const closeWithin = async (ms: number, closing: Promise<unknown>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([
    closing.then(
      () => undefined,
      () => undefined,
    ),
    late,
  ]);
  clearTimeout(timer);
};
