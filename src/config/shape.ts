/** What a process is told at its start: one frozen value. Durations end in Ms or Seconds, sizes in Bytes. */

export const ROLES = ['scheduler', 'worker', 'standalone'] as const;
export type Role = (typeof ROLES)[number];

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface ServerConfig {
  /** Null for a worker that was given none: it takes the first free port from 8081. 0: any free port. */
  readonly port: number | null;
  readonly host: string;
  /** The URL under which other processes reach this one; null: made of the host's name and the port. */
  readonly advertisedUrl: string | null;
}

export const POOLERS = ['none', 'transaction', 'transaction-prepared'] as const;

export interface DatabaseConfig {
  readonly url: string;
  readonly pooler: (typeof POOLERS)[number];
  readonly poolSize: number;
  readonly viewPoolSize: number;
  readonly statementTimeoutMs: number;
  readonly viewTimeoutMs: number;
  readonly idleTransactionTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly connectTimeoutMs: number;
}

export interface KafkaConfig {
  /** `host:port` each. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly topics: {
    readonly queue: { readonly name: string; readonly partitions: number; readonly replication: number };
    /** It has as many partitions as there are shards. */
    readonly events: { readonly name: string; readonly replication: number };
    readonly deadLetters: { readonly name: string; readonly partitions: number; readonly replication: number };
    /** It has as many partitions as there are shards, too. */
    readonly logs: { readonly name: string; readonly replication: number };
  };
}

export interface RedisConfig {
  readonly url: string;
  /** What every key begins with. */
  readonly prefix: string;
}

export const ORDERS = ['fifo', 'critical-path'] as const;

export interface SchedulerConfig {
  /** Null: made of host and process. */
  readonly id: string | null;
  readonly shards: number;
  readonly shardLeaseMs: number;
  readonly renewMs: number;
  readonly rosterMs: number;
  readonly sweepMs: number;
  /** Which ready tasks of a DAG go first where it doesn't say it. */
  readonly order: (typeof ORDERS)[number];
  readonly startupTimeoutMs: number;
}

export const ISOLATIONS = ['none', 'thread', 'process'] as const;
/** A user's own handler: the default export of a module. */
export interface HandlerConfig {
  readonly type: string;
  /** A file, relative to the folder that the process was started in, or the name of a package there. */
  readonly module: string;
  /** Where each execution runs: on the worker's main loop, in a thread, or in a process of its own. */
  readonly isolation: (typeof ISOLATIONS)[number];
  /** Heap of one thread or process; null: worker.isolatedHeapMb. */
  readonly heapMb: number | null;
}

export interface WorkerConfig {
  /** Null: made of host and process. */
  readonly id: string | null;
  readonly concurrency: number;
  readonly prefetch: number;
  /** Those of `handlers` are among them. */
  readonly types: readonly string[];
  readonly handlers: readonly HandlerConfig[];
  readonly hardLimitGraceMs: number;
  readonly isolatedHeapMb: number;
  readonly resultBytes: number;
  readonly checkpointBytes: number;
  readonly region: string;
  readonly tags: readonly string[];
  readonly drainMs: number;
}

export interface LeasesConfig {
  readonly heartbeatMs: number;
  readonly leaseMs: number;
}

export interface LimitsConfig {
  readonly tasksPerDag: number;
  readonly edgesPerDag: number;
  readonly bodyBytes: number;
  readonly payloadBytes: number;
  readonly openTasks: number;
  readonly pendingSubmissions: number;
  readonly submissionWaitMs: number;
}

/** How many days after their ends DAGs are kept, by how they ended; null: for ever. */
export interface RetentionConfig {
  readonly completedDays: number | null;
  readonly failedDays: number | null;
  readonly cancelledDays: number | null;
  /** How long rows of removed DAGs may lie until all of their month is dropped; 0: each row is deleted at once. */
  readonly lingerDays: number;
  /** Where they are archived before they are removed; null: they are only removed, if there is no bucket either. */
  readonly archiveDir: string | null;
  readonly s3: ArchiveS3Config;
}

/** A bucket for archives. */
export interface ArchiveS3Config {
  /** Null: no archive here. */
  readonly bucket: string | null;
  readonly prefix: string;
  /** Null: Amazon's own. */
  readonly endpoint: string | null;
  readonly region: string | null;
  /** Null, as the secret then is: the usual credentials. */
  readonly accessKeyId: string | null;
  readonly secretAccessKey: string | null;
  /** Null: where there is an endpoint. */
  readonly pathStyle: boolean | null;
  readonly timeoutMs: number;
  readonly attempts: number;
}

/** What a task that says nothing about retries gets. */
export interface RetriesConfig {
  readonly maxRetries: number;
  readonly backoff: {
    readonly type: 'exponential' | 'linear' | 'fixed';
    readonly initialMs: number;
    readonly factor: number;
    readonly maxMs: number;
    readonly jitter: number;
  };
}

/** When a task type whose handlers fail everywhere is quarantined, and when it is tried again. */
export interface BreakerConfig {
  readonly enabled: boolean;
  readonly attempts: number;
  readonly tasks: number;
  readonly coolDownMs: number;
  readonly maxCoolDownMs: number;
  readonly probes: number;
}

/** What a tenant, or a DAG's name, gets of the slots. */
export interface FlowConfig {
  readonly weight: number;
  /** A part of all that is handed out. */
  readonly reserved: number;
}

export interface FairnessConfig {
  readonly ageingMs: number;
  readonly flows: Readonly<Record<string, FlowConfig>>;
}

export const SCALING_DRIVERS = ['local', 'kubernetes', 'docker'] as const;
/** How many workers there are to be, and who brings that about. */
export interface AutoscalingConfig {
  readonly enabled: boolean;
  readonly dryRun: boolean;
  readonly driver: (typeof SCALING_DRIVERS)[number];
  readonly min: number;
  readonly max: number;
  readonly targetWaitSeconds: number;
  readonly coolDownSeconds: number;
  readonly intervalMs: number;
  /** Null: by the driver. */
  readonly workerPrefix: string | null;
  readonly historyDays: number;
  readonly kubernetes: {
    readonly url: string;
    /** Null: the one of the service account. */
    readonly namespace: string | null;
    readonly deployment: string | null;
    readonly accountDir: string;
  };
  readonly docker: {
    readonly socket: string;
    readonly image: string;
    readonly network: string | null;
    /** `NAME=value` each. */
    readonly env: readonly string[];
  };
}

/** How a simulated task of one type behaves where its submission doesn't say. */
export interface SimulatedType {
  readonly durationMs: readonly [min: number, max: number];
  readonly failureRate: number;
}

export interface SimulationConfig {
  /** For every type at once, over what `types` says; null: each type's own. Already applied to `types`. */
  readonly durationMs: readonly [min: number, max: number] | null;
  readonly failureRate: number | null;
  /** By task type; has an entry for each type that the worker runs. */
  readonly types: Readonly<Record<string, SimulatedType>>;
}

export interface StandaloneConfig {
  readonly dataDir: string;
  /** Null: a free port, kept in the data folder. */
  readonly databasePort: number | null;
  readonly workers: number;
}

export interface LogConfig {
  readonly level: LogLevel;
  /** What is kept out of logs under names that hold one of these. */
  readonly redact: readonly string[];
}

/** What is kept of what handlers log and print. */
export interface TaskLogsConfig {
  readonly lineBytes: number;
  readonly attemptBytes: number;
  readonly bufferBytes: number;
  readonly bytesPerSecond: number;
  /** Null: as long as their DAGs. */
  readonly keepDays: number | null;
  readonly followers: number;
}

/** Where spans go; without an endpoint there are none. */
export interface TracingConfig {
  readonly endpoint: string | null;
  /** `name=value` each. */
  readonly headers: readonly string[];
  readonly serviceName: string;
  readonly sampleRatio: number;
  readonly timeoutMs: number;
  readonly queueSpans: number;
}

/** Everything but the role, by section: what the table of settings describes. */
export interface NotificationsConfig {
  readonly subscriptions: number;
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly attempts: number;
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
  readonly keepDays: number;
  readonly allowedHosts: readonly string[];
  readonly smtp: {
    readonly url: string | null;
    readonly from: string | null;
  };
}

export interface Sections {
  readonly server: ServerConfig;
  readonly database: DatabaseConfig;
  readonly kafka: KafkaConfig;
  readonly redis: RedisConfig;
  readonly scheduler: SchedulerConfig;
  readonly worker: WorkerConfig;
  readonly leases: LeasesConfig;
  readonly limits: LimitsConfig;
  readonly retention: RetentionConfig;
  readonly retries: RetriesConfig;
  readonly breaker: BreakerConfig;
  readonly fairness: FairnessConfig;
  readonly autoscaling: AutoscalingConfig;
  readonly simulation: SimulationConfig;
  readonly standalone: StandaloneConfig;
  readonly log: LogConfig;
  readonly taskLogs: TaskLogsConfig;
  readonly notifications: NotificationsConfig;
  readonly tracing: TracingConfig;
}

export interface Config extends Sections {
  readonly role: Role;
}
