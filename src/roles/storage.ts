/** PostgreSQL for a process that schedules: opened, migrated, its adapters made. */
import type { Config } from '../config';
import { maskUrl } from '../config';
import { createDatabaseIfMissing, openDatabase, type Database } from '../adapters/postgres/database';
import { createRowAudit } from '../adapters/postgres/audit';
import { createCommandStore } from '../adapters/postgres/commandStore';
import { createDagViews } from '../adapters/postgres/dagViews';
import { createDeadLetterOutbox } from '../adapters/postgres/deadLetterOutbox';
import { createDeadLetterStore, createDeadLetterViews } from '../adapters/postgres/deadLetters';
import { createGateStore } from '../adapters/postgres/gateStore';
import { createHistoryViews } from '../adapters/postgres/historyViews';
import { createLimitStore } from '../adapters/postgres/limitStore';
import { migrate } from '../adapters/postgres/migrate';
import { createExpiry } from '../adapters/postgres/expiry';
import { createDagRemoval } from '../adapters/postgres/removal';
import { createScalingHistory } from '../adapters/postgres/scalings';
import { createRunStore } from '../adapters/postgres/runStore';
import { createShardLeases } from '../adapters/postgres/shardLeases';
import { createTaskViews } from '../adapters/postgres/taskViews';
import { createWorkIndex } from '../adapters/postgres/workIndex';
import type { GateStore } from '../ports/gates';
import type { RowAudit } from '../ports/audit';
import type { DagRemoval, HistoryViews } from '../ports/history';
import type { LimitStore } from '../ports/limits';
import type { DeadLetterOutbox, DeadLetterStore, DeadLetterViews } from '../ports/letters';
import type { ScalingHistory } from '../ports/scaling';
import type { ExpiredDags } from '../ports/retention';
import type { CommandStore, RunStore, ShardLeases, WorkIndex } from '../ports/store';
import type { DagViews, TaskViews } from '../ports/views';
import type { ProcessLife } from './processLife';

export interface Storage {
  readonly database: Database;
  readonly store: RunStore;
  readonly work: WorkIndex;
  readonly commands: CommandStore;
  readonly gates: GateStore;
  readonly limitStore: LimitStore;
  readonly shardLeases: ShardLeases;
  readonly views: DagViews & TaskViews;
  readonly history: HistoryViews;
  readonly letters: DeadLetterViews;
  readonly letterStore: DeadLetterStore;
  readonly outbox: DeadLetterOutbox;
  readonly removal: DagRemoval;
  readonly expiry: ExpiredDags;
  readonly audit: RowAudit;
  readonly scalings: ScalingHistory;
}

/** Views may take a moment, but never long: a list is no reason to keep a connection. */
const VIEW_TIMEOUT_MS = 10_000;
const VIEW_CONNECTIONS = 4;

/** Waits for the database at `url`, makes it where it is missing, brings its schema up to date and defines the shards. */
export const openStorage = async (config: Config, url: string, life: ProcessLife, stopping: AbortSignal): Promise<Storage> => {
  const { poolSize, connectTimeoutMs, statementTimeoutMs } = config.database;
  const database = await life.waitFor({ name: 'PostgreSQL', address: maskUrl(url), stopping }, async () => {
    await createDatabaseIfMissing(url, connectTimeoutMs);
    return openDatabase({
      url,
      poolSize,
      connectTimeoutMs,
      statementTimeoutMs,
      viewPoolSize: VIEW_CONNECTIONS,
      viewTimeoutMs: VIEW_TIMEOUT_MS,
      onIdleError: (error) => {
        life.log.warn({ error }, 'a database connection broke');
      },
    });
  });
  try {
    const migrations = await migrate(database, { url, connectTimeoutMs });
    if (migrations.length > 0) life.log.info({ migrations }, 'the schema was brought up to date');
    const shardLeases = createShardLeases(database);
    await shardLeases.define(config.scheduler.shards);
    const tasks = createTaskViews(database);
    return {
      database,
      store: createRunStore(database),
      work: createWorkIndex(database),
      commands: createCommandStore(database),
      gates: createGateStore(database),
      limitStore: createLimitStore(database),
      shardLeases,
      views: { ...createDagViews(database), ...tasks },
      history: createHistoryViews(database),
      letters: createDeadLetterViews(database, tasks),
      letterStore: createDeadLetterStore(database),
      outbox: createDeadLetterOutbox(database),
      removal: createDagRemoval(database),
      expiry: createExpiry(database),
      audit: createRowAudit(database),
      scalings: createScalingHistory(database),
    };
  } catch (error) {
    await database.close();
    throw error;
  }
};
