/** The table of settings: the one place that knows the variables' names, the flags, the defaults and the bounds. */
import { broker, duration, fraction, handlers, id, listOf, nullable, numberFrom, oneOf, port, text, topic, url, whole, yesOrNo } from './readers';
import { autoscaling } from './autoscaling';
import { fairness } from './fairness';
import { notifications } from './notifications';
import { database } from './database';
import { log, taskLogs } from './logs';
import { retention } from './retention';
import { simulation, SIMULATED_TYPES } from './simulation';
import { setting, type Setting, type Spec } from './setting';
import { tracing } from './tracing';
import { ORDERS, type Role, type Sections } from './shape';

/** Told as a text within JSON it may take twice as much, and brokers take 100 MB of one request (socket.request.max.bytes). */
const LARGEST_REPORT = 50_000_000;

const services: Spec<Pick<Sections, 'server' | 'database' | 'kafka' | 'redis'>> = {
  server: {
    port: {
      ...setting(
        nullable(port),
        (role) => (role === 'worker' ? null : 8080),
        'SERVER_PORT',
        'The HTTP port. A worker that is given none takes the first free one from 8081; 0 takes any free one.',
      ),
      flag: 'port',
    },
    host: setting(text('a host name or an address'), '0.0.0.0', 'SERVER_HOST', 'The address to listen on.'),
    advertisedUrl: setting(
      nullable(url('http:', 'https:')),
      null,
      'SERVER_ADVERTISED_URL',
      "The URL under which other processes reach this one, if it isn't the host's name and the port.",
    ),
  },
  database,
  kafka: {
    brokers: setting(listOf(broker, 1), ['localhost:9092'], 'KAFKA_BROKERS', 'Brokers to ask first.'),
    clientId: setting(id, 'task-scheduler', 'KAFKA_CLIENT_ID', 'The name that the brokers see.'),
    topics: {
      queue: {
        name: setting(topic, 'task-queue', 'KAFKA_TOPIC_QUEUE', 'The topic that carries tasks to the workers.'),
        partitions: setting(
          whole(1, 10_000),
          3,
          'KAFKA_TOPIC_QUEUE_PARTITIONS',
          'Its partitions at first: each worker takes one, and more are added as workers come.',
        ),
        replication: setting(whole(1, 20), 1, 'KAFKA_TOPIC_QUEUE_REPLICATION', 'Its replicas where the topic is created.'),
      },
      events: {
        name: setting(topic, 'task-events', 'KAFKA_TOPIC_EVENTS', 'The topic that carries what happened: the logs of the shards.'),
        replication: setting(whole(1, 20), 1, 'KAFKA_TOPIC_EVENTS_REPLICATION', 'Its replicas where the topic is created.'),
      },
      deadLetters: {
        name: setting(
          topic,
          'task-dlq',
          'KAFKA_TOPIC_DEAD_LETTERS',
          'The topic that tells others of tasks that gave up and of records that can not be decoded.',
        ),
        partitions: setting(whole(1, 1000), 1, 'KAFKA_TOPIC_DEAD_LETTERS_PARTITIONS', 'Its partitions where the topic is created.'),
        replication: setting(whole(1, 20), 1, 'KAFKA_TOPIC_DEAD_LETTERS_REPLICATION', 'Its replicas where the topic is created.'),
      },
      logs: {
        name: setting(topic, 'task-logs', 'KAFKA_TOPIC_LOGS', 'The topic that carries what handlers log and print to the schedulers.'),
        replication: setting(whole(1, 20), 1, 'KAFKA_TOPIC_LOGS_REPLICATION', 'Its replicas where the topic is created.'),
      },
    },
  },
  redis: {
    url: { ...setting(url('redis:', 'rediss:'), 'redis://localhost:6379', 'REDIS_URL', 'Redis 7 or newer.'), secret: 'parts' },
    prefix: setting(text('a key prefix of 1 to 64 characters without blanks', /^\S{1,64}$/), 'dts:', 'REDIS_PREFIX', 'What every key begins with.'),
  },
};

const engine: Spec<Pick<Sections, 'scheduler' | 'worker' | 'leases'>> = {
  scheduler: {
    id: setting(nullable(id), null, 'SCHEDULER_ID', "The scheduler's name, if it isn't made of host and process."),
    shards: setting(whole(1, 4096), 8, 'SCHEDULER_SHARDS', 'Shards of the installation. Set once: a running installation refuses another number.'),
    shardLeaseMs: setting(
      duration(300, 600_000),
      3_000,
      'SCHEDULER_SHARD_LEASE_MS',
      'How long a shard stays with a scheduler that says nothing: the time that losing a scheduler costs.',
    ),
    renewMs: setting(duration(50, 200_000), 500, 'SCHEDULER_RENEW_MS', 'How often shards are renewed.'),
    rosterMs: setting(duration(20, 60_000), 200, 'SCHEDULER_ROSTER_MS', 'How often the list of workers is read.'),
    sweepMs: setting(duration(20, 60_000), 250, 'SCHEDULER_SWEEP_MS', 'How often due times are looked for.'),
    order: setting(
      oneOf(...ORDERS),
      'fifo',
      'SCHEDULER_ORDER',
      'Which ready tasks of a DAG go first where the DAG does not say it: those that were ready first, or those on its critical path.',
    ),
    startupTimeoutMs: setting(
      duration(1_000),
      120_000,
      'SCHEDULER_STARTUP_TIMEOUT_MS',
      'How long a process waits for its services at its start before it gives up.',
    ),
  },
  worker: {
    id: {
      ...setting(nullable(id), null, 'WORKER_ID', "The worker's name, if it isn't made of host and process. Only one live worker has it."),
      flag: 'worker-id',
    },
    concurrency: setting(whole(1, 10_000), 100, 'WORKER_CONCURRENCY', 'Tasks that run at once; those that a handler takes in one call count as one.'),
    prefetch: setting(
      whole(0, 10_000),
      1000,
      'WORKER_PREFETCH',
      'Tasks that may wait at the worker at most, beyond those that run; how many do is what it begins in a quarter of a second. Of a type that takes many in one call, one batch for each slot at the most.',
    ),
    types: setting(listOf(id, 1), SIMULATED_TYPES, 'WORKER_TYPES', 'Task types that it runs.'),
    handlers: setting(
      handlers,
      [],
      'WORKER_HANDLERS',
      "Handlers of your own (as a variable: JSON). Their types needn't be listed in `worker.types`; schedulers accept the types that they are told here, too.",
    ),
    hardLimitGraceMs: setting(
      duration(0, 3_600_000),
      5_000,
      'WORKER_HARD_LIMIT_GRACE_MS',
      'How long a handler may go on after its signal fired (timeout, cancel, lost session) before it is ended by force.',
    ),
    isolatedHeapMb: setting(
      whole(16, 1_048_576),
      512,
      'WORKER_ISOLATED_HEAP_MB',
      "Megabytes of an isolated handler's heap, where the handler doesn't say.",
    ),
    resultBytes: setting(
      whole(0, LARGEST_REPORT),
      262_144,
      'WORKER_RESULT_BYTES',
      "Bytes of one task's result as JSON. The topic of events must take twice as much at once (max.message.bytes): a worker doesn't start where it doesn't.",
    ),
    checkpointBytes: setting(
      whole(0, LARGEST_REPORT),
      262_144,
      'WORKER_CHECKPOINT_BYTES',
      'Bytes of one checkpoint as JSON. What is said of resultBytes holds here, too.',
    ),
    region: setting(id, 'default', 'WORKER_REGION', 'Where it stands.'),
    tags: setting(listOf(id), [], 'WORKER_TAGS', 'What else tasks may ask for.'),
    drainMs: setting(duration(0), 10_000, 'WORKER_DRAIN_MS', 'How long a stopping worker lets its tasks finish before it gives them back.'),
  },
  leases: {
    heartbeatMs: setting(duration(50, 60_000), 400, 'LEASES_HEARTBEAT_MS', 'How often a worker says that it lives.'),
    leaseMs: setting(
      duration(200, 600_000),
      1_600,
      'LEASES_LEASE_MS',
      'How long it counts as alive without saying so: the time that losing a worker costs.',
    ),
  },
};

const policies: Spec<Pick<Sections, 'limits' | 'retention' | 'retries' | 'breaker' | 'fairness'>> = {
  limits: {
    tasksPerDag: setting(whole(1, 16_000_000), 100_000, 'LIMITS_TASKS_PER_DAG', 'Tasks of one DAG.'),
    edgesPerDag: setting(whole(0, 100_000_000), 1_000_000, 'LIMITS_EDGES_PER_DAG', 'Dependencies of one DAG.'),
    bodyBytes: setting(whole(1_024, 1_073_741_824), 67_108_864, 'LIMITS_BODY_BYTES', 'Bytes of one submission.'),
    payloadBytes: setting(whole(0, 67_108_864), 262_144, 'LIMITS_PAYLOAD_BYTES', "Bytes of one task's payload as JSON."),
    openTasks: setting(
      whole(1, 1_000_000_000),
      2_000_000,
      'LIMITS_OPEN_TASKS',
      'Tasks that are not final in the DAGs of one scheduler; above, submissions are told to come again.',
    ),
    pendingSubmissions: setting(
      whole(1, 1_000_000),
      1_000,
      'LIMITS_PENDING_SUBMISSIONS',
      'Submissions of up to 500 tasks that may wait to be stored, and as many larger ones, before others are told to come again.',
    ),
    submissionWaitMs: setting(
      duration(100, 600_000),
      5_000,
      'LIMITS_SUBMISSION_WAIT_MS',
      'How long a submission may have to wait to be stored, by the pace of the last ones, before it is told to come again at once.',
    ),
  },
  retention,
  retries: {
    maxRetries: setting(whole(0, 1_000), 3, 'RETRIES_MAX_RETRIES', "Retries of a task that doesn't say."),
    backoff: {
      type: setting(oneOf('exponential', 'linear', 'fixed'), 'exponential', 'RETRIES_BACKOFF_TYPE', 'How the wait before a retry grows.'),
      initialMs: setting(duration(0), 500, 'RETRIES_BACKOFF_INITIAL_MS', 'The wait before the first retry.'),
      factor: setting(
        numberFrom(0, 100),
        2,
        'RETRIES_BACKOFF_FACTOR',
        'What each further wait is multiplied by (linear: how many first waits are added).',
      ),
      maxMs: setting(duration(0, 604_800_000), 60_000, 'RETRIES_BACKOFF_MAX_MS', 'The longest wait.'),
      jitter: setting(fraction, 0.5, 'RETRIES_BACKOFF_JITTER', 'The part of the wait that is left to chance.'),
    },
  },
  breaker: {
    enabled: setting(yesOrNo, true, 'BREAKER_ENABLED', 'Whether a task type whose handlers fail everywhere is quarantined for a while.'),
    attempts: setting(
      whole(4, 1_000),
      20,
      'BREAKER_ATTEMPTS',
      'So many attempts of a type in a row must have failed, with at most half of them from one DAG, and on two workers where two run the type.',
    ),
    tasks: setting(whole(2, 1_000), 5, 'BREAKER_TASKS', 'They must have been of so many different tasks.'),
    coolDownMs: setting(duration(100, 86_400_000), 30_000, 'BREAKER_COOL_DOWN_MS', 'The first quarantine; each further one is twice as long.'),
    maxCoolDownMs: setting(duration(100, 86_400_000), 600_000, 'BREAKER_MAX_COOL_DOWN_MS', 'The longest quarantine.'),
    probes: setting(
      whole(1, 1_000),
      3,
      'BREAKER_PROBES',
      'Tasks that each scheduler lets through after a quarantine: one that completes ends it, and so many that fail begin another.',
    ),
  },
  fairness,
};

const rest: Spec<Pick<Sections, 'autoscaling' | 'simulation' | 'standalone' | 'log' | 'taskLogs' | 'notifications' | 'tracing'>> = {
  autoscaling,
  simulation,
  standalone: {
    dataDir: setting(text('a folder', /^[^\0]{1,4096}$/), './data', 'STANDALONE_DATA_DIR', 'Where standalone keeps its database.'),
    databasePort: setting(nullable(port), null, 'STANDALONE_DATABASE_PORT', "The port of standalone's own PostgreSQL, if it isn't any free one."),
    workers: setting(whole(1, 64), 1, 'STANDALONE_WORKERS', 'Workers in a standalone process.'),
  },
  log,
  taskLogs,
  notifications,
  tracing,
};

/** The whole table, nested as the configuration is. */
export const spec: Spec<Sections> = { ...services, ...engine, ...policies, ...rest };

export interface Row {
  /** `kafka.topics.queue.name` */
  readonly path: string;
  readonly setting: Setting<unknown>;
}

const isSetting = (node: object): node is Setting<unknown> => 'reader' in node && 'env' in node;

const rowsOf = (node: object, prefix: string): readonly Row[] =>
  Object.entries(node).flatMap(([key, child]: [string, object]) =>
    isSetting(child) ? [{ path: prefix + key, setting: child }] : rowsOf(child, `${prefix}${key}.`),
  );

/** The table as rows, in its order. */
export const rows: readonly Row[] = rowsOf(spec, '');

export const fallbackOf = ({ fallback }: Setting<unknown>, role: Role): unknown =>
  typeof fallback === 'function' ? (fallback as (role: Role) => unknown)(role) : fallback;
